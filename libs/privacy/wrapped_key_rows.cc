// A wrapped secret:
//
//   secret          = nonce(24) ciphertext(32) tag(16)           XChaCha20-Poly1305 under the master key
//   associated data = part(installation) part(key id) kind(1 byte) part(month)
//   part            = length(4 bytes, big endian) bytes
//
// Worked: associated data of the text key "k" (real ids have 22 symbols) of installation "oph":
//
//   00000003 "oph" 00000001 "k" 02 00000000
#include "libs/privacy/wrapped_key_rows.h"

#include <sodium.h>

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"

namespace redress {
namespace {

constexpr size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr size_t kWrappedBytes = kNonceBytes + kSecretBytes + kTagBytes;
static_assert(kSecretBytes == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
// Of a rotation's step: what waits for it meanwhile is a batch of new keys or an erasure.
constexpr int kStep = 256;

unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* Bytes(const std::string& text) { return reinterpret_cast<const unsigned char*>(text.data()); }

void AppendPart(std::string* out, absl::string_view bytes) {
  for (int shift = 24; shift >= 0; shift -= 8) out->push_back(static_cast<char>(bytes.size() >> shift));
  absl::StrAppend(out, bytes);
}

std::string AssociatedData(absl::string_view installation, const KeyRow& row) {
  std::string data;
  AppendPart(&data, installation);
  AppendPart(&data, row.id);
  data.push_back(static_cast<char>(row.kind));
  AppendPart(&data, row.month);
  return data;
}

std::string Ids(const MasterKeys& keys) {
  return absl::StrJoin(keys.all(), ",", [](std::string* out, const MasterKey& key) { absl::StrAppend(out, key.id); });
}

absl::Status CheckKnown(const std::set<std::string>& wrappers, const MasterKeys& keys) {
  for (const std::string& id : wrappers) {
    if (id.empty() || keys.Find(id) != nullptr) continue;
    if (keys.empty()) {
      return MakeError(absl::StatusCode::kFailedPrecondition, "KEY_WRAPPED",
                       absl::StrCat("the keys are wrapped by master key ", id, ", and none is given: give its file"),
                       {{"wanted", id}, {"given", ""}});
    }
    return MakeError(absl::StatusCode::kFailedPrecondition, "MASTER_KEY_MISSING",
                     absl::StrCat("keys are wrapped by master key ", id, ", which the file does not hold; it holds ",
                                  Ids(keys), ". What that one wraps cannot be read without it"),
                     {{"wanted", id}, {"given", Ids(keys)}});
  }
  return absl::OkStatus();
}

absl::Status CheckReadable(KeyRows* rows, const MasterKeys& keys) {
  ASSIGN_OR_RETURN(const std::set<std::string> wrappers, rows->Wrappers());
  return CheckKnown(wrappers, keys);
}

void Wipe(std::vector<KeyRow>* rows) {
  for (KeyRow& row : *rows) sodium_memzero(row.secret.data(), row.secret.size());
}

}  // namespace

WrappedKeyRows::WrappedKeyRows(KeyRows* rows, std::string installation, MasterKeys keys, IdSource* nonces,
                               ErasureList* erasures)
    : rows_(rows),
      installation_(std::move(installation)),
      erasures_(erasures),
      nonces_(nonces),
      keys_(std::make_shared<const MasterKeys>(std::move(keys))) {}

absl::StatusOr<std::unique_ptr<WrappedKeyRows>> WrappedKeyRows::Open(KeyRows* rows, std::string installation,
                                                                     MasterKeys keys, IdSource* nonces,
                                                                     ErasureList* erasures) {
  RETURN_IF_ERROR(CheckReadable(rows, keys));
  return std::unique_ptr<WrappedKeyRows>(
      new WrappedKeyRows(rows, std::move(installation), std::move(keys), nonces, erasures));
}

KeyRow WrappedKeyRows::Wrap(const KeyRow& row, const MasterKey& master) {
  KeyRow wrapped = row;
  wrapped.wrapped_by = master.id;
  wrapped.secret.assign(kWrappedBytes, '\0');
  for (size_t at = 0; at < kNonceBytes; at += sizeof(uint64_t)) {
    const uint64_t bits = nonces_->Random64();
    std::memcpy(wrapped.secret.data() + at, &bits, sizeof(bits));
  }
  const std::string data = AssociatedData(installation_, row);
  crypto_aead_xchacha20poly1305_ietf_encrypt(Bytes(wrapped.secret) + kNonceBytes, nullptr, Bytes(row.secret),
                                             row.secret.size(), Bytes(data), data.size(), nullptr,
                                             Bytes(wrapped.secret), master.secret.data());
  return wrapped;
}

absl::Status WrappedKeyRows::Unwrap(KeyRow* row) {
  if (row->destroyed || row->wrapped_by.empty()) return absl::OkStatus();
  std::shared_ptr<const MasterKeys> keys;
  {
    MutexLock lock(mutex_);
    keys = keys_;
  }
  const MasterKey* const master = keys->Find(row->wrapped_by);
  // Left as it is: whoever needs it says which master key that takes.
  if (master == nullptr) return absl::OkStatus();
  const std::string data = AssociatedData(installation_, *row);
  std::string secret(kSecretBytes, '\0');
  if (row->secret.size() != kWrappedBytes ||
      crypto_aead_xchacha20poly1305_ietf_decrypt(Bytes(secret), nullptr, nullptr, Bytes(row->secret) + kNonceBytes,
                                                 kSecretBytes + kTagBytes, Bytes(data), data.size(), Bytes(row->secret),
                                                 master->secret.data()) != 0) {
    return MakeError(absl::StatusCode::kDataLoss, "KEY_ROW_UNREADABLE",
                     absl::StrCat("key ", row->id, ": what master key ", row->wrapped_by, " wraps was changed"));
  }
  row->secret = std::move(secret);
  row->wrapped_by.clear();
  return absl::OkStatus();
}

absl::Status WrappedKeyRows::Put(absl::Span<const KeyRow> rows) {
  MutexLock changing(changing_);
  std::shared_ptr<const MasterKeys> keys;
  {
    MutexLock lock(mutex_);
    keys = keys_;
  }
  if (erasures_ != nullptr) {
    std::vector<std::string> destroyed;
    for (const KeyRow& row : rows) {
      if (row.destroyed) destroyed.push_back(row.id);
    }
    // Before they go: a restore forgets rather too much than too little.
    if (!destroyed.empty()) RETURN_IF_ERROR(erasures_->Append(destroyed));
  }
  if (keys->empty()) return rows_->Put(rows);
  std::vector<KeyRow> wrapped;
  for (const KeyRow& row : rows) {
    wrapped.push_back(row.destroyed || !row.wrapped_by.empty() ? row : Wrap(row, *keys->current()));
  }
  return rows_->Put(wrapped);
}

absl::StatusOr<std::optional<KeyRow>> WrappedKeyRows::Get(absl::string_view id) {
  ASSIGN_OR_RETURN(std::optional<KeyRow> row, rows_->Get(id));
  if (row.has_value()) RETURN_IF_ERROR(Unwrap(&*row));
  return row;
}

absl::StatusOr<std::vector<KeyRow>> WrappedKeyRows::IndexRows() {
  ASSIGN_OR_RETURN(std::vector<KeyRow> rows, rows_->IndexRows());
  for (KeyRow& row : rows) RETURN_IF_ERROR(Unwrap(&row));
  return rows;
}

absl::StatusOr<std::vector<KeyRow>> WrappedKeyRows::Scan(absl::string_view after, int limit) {
  ASSIGN_OR_RETURN(std::vector<KeyRow> rows, rows_->Scan(after, limit));
  for (KeyRow& row : rows) RETURN_IF_ERROR(Unwrap(&row));
  return rows;
}

absl::StatusOr<bool> WrappedKeyRows::NeedsRotation() {
  ASSIGN_OR_RETURN(const std::set<std::string> wrappers, rows_->Wrappers());
  MutexLock lock(mutex_);
  const std::string current = keys_->empty() ? "" : keys_->current()->id;
  for (const std::string& id : wrappers) {
    if (id != current) return true;
  }
  return false;
}

absl::StatusOr<WrappedKeyRows::Rotation> WrappedKeyRows::Rotate(MasterKeys keys) {
  if (keys.empty()) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "NO_MASTER_KEY",
                     "this process was started without a master key file");
  }
  const std::string current = keys.current()->id;
  {
    MutexLock changing(changing_);
    RETURN_IF_ERROR(CheckReadable(rows_, keys));
    MutexLock lock(mutex_);
    keys_ = std::make_shared<const MasterKeys>(std::move(keys));
  }
  return WrapAll(current);
}

absl::StatusOr<WrappedKeyRows::Rotation> WrappedKeyRows::Rotate() {
  MasterKeys keys;
  {
    MutexLock lock(mutex_);
    keys = *keys_;
  }
  return Rotate(std::move(keys));
}

absl::StatusOr<WrappedKeyRows::Rotation> WrappedKeyRows::WrapAll(const std::string& current) {
  Rotation rotation;
  std::string after;
  while (true) {
    MutexLock changing(changing_);
    ASSIGN_OR_RETURN(std::vector<KeyRow> rows, rows_->Scan(after, kStep));
    if (rows.empty()) break;
    after = rows.back().id;
    std::shared_ptr<const MasterKeys> keys;
    {
      MutexLock lock(mutex_);
      keys = keys_;
    }
    std::vector<KeyRow> wrapped;
    for (KeyRow& row : rows) {
      if (row.destroyed) continue;
      ++rotation.living;
      if (row.wrapped_by == current) continue;
      RETURN_IF_ERROR(Unwrap(&row));
      // Its master key is not among those in use: what it hides is not wrapped a second time.
      if (!row.wrapped_by.empty()) return CheckKnown({row.wrapped_by}, *keys);
      wrapped.push_back(Wrap(row, *keys->current()));
    }
    Wipe(&rows);
    if (wrapped.empty()) continue;
    RETURN_IF_ERROR(rows_->Put(wrapped));
    rotation.wrapped += static_cast<int64_t>(wrapped.size());
  }
  // All that is there now is wrapped by the current one; what others put meanwhile was, too.
  ASSIGN_OR_RETURN(const std::set<std::string> wrappers, rows_->Wrappers());
  for (const std::string& id : wrappers) {
    if (id != current) RETURN_IF_ERROR(rows_->ForgetWrapper(id));
  }
  return rotation;
}

}  // namespace redress
