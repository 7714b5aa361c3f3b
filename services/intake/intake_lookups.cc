// Tables (outside digests: what they hold depends on which keys live):
//
//   C0 look-up      raw(hash, 16 bytes) raw(owner)   → ""
//   C1 look-ups of  raw(owner)                       → LookupKeys: rests of its C0 rows
//   C2 pending      raw(owner)                       → ""               its rows are still to be made
//   C3 mark                                          → ""               there are pending ones, perhaps
//   C4 rotation                                      → LookupRotation   rows under another index key than this one
//
// e.g. the phone number of people/01 in shard 3: 00 03 C0 <16 bytes> 70 65 6F 70 6C 65 2F 30 31
#include "services/intake/intake_lookups.h"

#include <utility>

#include "libs/clock/millis.h"
#include "libs/ids/ids.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "libs/store/table.h"
#include "redress/intake/rows/v1/rows.pb.h"
#include "services/intake/intake_errors.h"

namespace redress::intake {
namespace {

constexpr uint8_t kLookups = 0xC0;
constexpr store::Table<rows::v1::LookupKeys> kLookupsOf(0xC1);
constexpr uint8_t kPending = 0xC2;
constexpr uint8_t kMark = 0xC3;
constexpr store::Table<rows::v1::LookupRotation> kRotation(0xC4);
// Owners tried with one event, so that a key store that comes back is met in pieces.
constexpr size_t kRetriedAtOnce = 16;
// Owners whose rows are made anew in one piece: some milliseconds.
constexpr size_t kRotatedAtOnce = 64;

std::string MarkOf(uint16_t shard) { return store::Key(shard, kMark).Take(); }

// Never to be opened again: its key is gone, or the box is no box of this place.
bool IsGone(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  return reason == "KEY_DESTROYED" || reason == "KEY_LOST" || reason == "SEAL_BROKEN" ||
         absl::IsInvalidArgument(status);
}

// A projection that hashes tells nobody anything: there is no reader to note.
class NobodyReads : public ReadAudit {
 public:
  absl::Status Record(const ReadEntry&) override { return absl::OkStatus(); }
};
ReadAudit* Nobody() {
  static NobodyReads nobody;
  return &nobody;
}

}  // namespace

Lookups::Lookups(std::string installation, std::string country_prefix, KeyStore* keys)
    : country_prefix_(std::move(country_prefix)), keys_(keys), opener_(std::move(installation), keys, Nobody()) {}

absl::StatusOr<std::string> Lookups::Open(const types::v1::Sealed& sealed, absl::string_view owner,
                                          absl::string_view field) const {
  return opener_.Open(sealed, owner, field, {"service/intake", "look_up"});
}

absl::StatusOr<std::string> Lookups::Normalise(LookupKind kind, const std::string& text) const {
  switch (kind) {
    case LookupKind::kPhone: return NormalisePhone(text, country_prefix_);
    case LookupKind::kMail: return NormaliseMail(text);
    case LookupKind::kDwelling: return NormaliseDwelling(text);
    case LookupKind::kTrackingCode: return ParseTrackingCode(text);
    case LookupKind::kStaffName: break;  // no owner has one
  }
  return absl::InvalidArgumentError("nothing that is looked up");
}

absl::StatusOr<std::vector<std::string>> Lookups::RestsOf(absl::string_view owner, const std::vector<LookupText>& texts,
                                                          const Key& index_key) const {
  std::vector<std::string> rests;
  for (const LookupText& text : texts) {
    const auto plain = Open(text.sealed, owner, text.field);
    if (!plain.ok() && IsGone(plain.status())) continue;
    RETURN_IF_ERROR(plain.status());
    const auto normalised = Normalise(text.kind, *plain);
    if (!normalised.ok()) continue;  // given as it is, and nothing that could be asked for
    rests.push_back(
        store::Key(0, 0).Raw(LookupHash(index_key.secret, text.kind, *normalised)).Raw(owner).bytes().substr(3));
  }
  return rests;
}

absl::Status Lookups::TryAdd(uint16_t shard, absl::string_view owner, const std::vector<LookupText>& texts,
                             store::View* rows) const {
  if (texts.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<Key> living, keys_->IndexKeys());
  return TryAddUnder(living.front(), shard, owner, texts, rows);
}

absl::Status Lookups::TryAddUnder(const Key& index_key, uint16_t shard, absl::string_view owner,
                                  const std::vector<LookupText>& texts, store::View* rows) const {
  ASSIGN_OR_RETURN(const std::vector<std::string> rests, RestsOf(owner, texts, index_key));
  Remove(shard, owner, rows);
  if (rests.empty()) return absl::OkStatus();
  rows::v1::LookupKeys of;
  of.set_index_key(index_key.id);
  for (const std::string& rest : rests) {
    rows->Put(store::Key(shard, kLookups).Raw(rest).Take(), "");
    of.add_keys(rest);
  }
  kLookupsOf.Put(*rows, shard, owner, of);
  return absl::OkStatus();
}

void Lookups::AddPending(uint16_t shard, absl::string_view owner, store::View* rows) const {
  rows->Put(store::Key(shard, kPending).Raw(owner).Take(), "");
  rows->Put(MarkOf(shard), "");
}

void Lookups::Add(uint16_t shard, absl::string_view owner, const std::vector<LookupText>& texts,
                  store::View* rows) const {
  if (rows->speculative() || texts.empty() || TryAdd(shard, owner, texts, rows).ok()) return;
  AddPending(shard, owner, rows);
}

bool Lookups::Rotate(uint16_t shard, absl::FunctionRef<std::vector<LookupText>(absl::string_view owner)> texts_of,
                     store::View* rows) const {
  const auto living = keys_->IndexKeys();
  if (!living.ok()) return false;
  const Key& index_key = living->front();
  auto at = kRotation.Get(*rows, shard, "").value_or(rows::v1::LookupRotation());
  if (at.index_key() != index_key.id) {
    at.Clear();
    at.set_index_key(index_key.id);
  }
  if (at.done()) return false;
  const std::string of = kLookupsOf.KeyIn(shard).Take();
  const std::string from = at.after().empty() ? of : kLookupsOf.KeyIn(shard).Raw(at.after()).Take() + '\0';
  std::vector<std::pair<std::string, bool>> owners;  // and whether their rows are what they are to be
  rows->Scan(from, store::After(of), [&](absl::string_view key, absl::string_view value) {
    rows::v1::LookupKeys keys;
    keys.ParseFromArray(value.data(), static_cast<int>(value.size()));
    owners.emplace_back(key.substr(of.size()), keys.index_key() == index_key.id);
    return owners.size() < kRotatedAtOnce;
  });
  for (const auto& [owner, is_new] : owners) {
    if (!is_new) {
      const absl::Status added = TryAddUnder(index_key, shard, owner, texts_of(owner), rows);
      if (absl::IsUnavailable(added)) {
        kRotation.Put(*rows, shard, "", at);
        return false;
      }
      // Its key is there and cannot be read: it must not hold back all others.
      if (!added.ok()) {
        Remove(shard, owner, rows);
        AddPending(shard, owner, rows);
      }
    }
    at.set_after(owner);
  }
  at.set_done(owners.size() < kRotatedAtOnce);
  kRotation.Put(*rows, shard, "", at);
  return !at.done();
}

void Lookups::RetryPending(uint16_t shard, absl::FunctionRef<std::vector<LookupText>(absl::string_view owner)> texts_of,
                           store::View* rows) const {
  if (rows->speculative() || !rows->Get(MarkOf(shard)).has_value()) return;
  const std::string from = store::Key(shard, kPending).Take();
  std::vector<std::string> owners;
  rows->Scan(from, store::After(from), [&](absl::string_view key, absl::string_view) {
    owners.emplace_back(key.substr(from.size()));
    return owners.size() <= kRetriedAtOnce;
  });
  const bool more = owners.size() > kRetriedAtOnce;
  if (more) owners.pop_back();
  size_t left = 0;
  for (const std::string& owner : owners) {
    if (TryAdd(shard, owner, texts_of(owner), rows).ok()) {
      rows->Delete(store::Key(shard, kPending).Raw(owner).Take());
    } else {
      ++left;
    }
  }
  if (!more && left == 0) rows->Delete(MarkOf(shard));
}

void Lookups::Remove(uint16_t shard, absl::string_view owner, store::View* rows) const {
  if (rows->speculative()) return;
  rows->Delete(store::Key(shard, kPending).Raw(owner).Take());
  const auto of = kLookupsOf.Get(*rows, shard, owner);
  if (!of.has_value()) return;
  for (const std::string& rest : of->keys()) rows->Delete(store::Key(shard, kLookups).Raw(rest).Take());
  kLookupsOf.Delete(*rows, shard, owner);
}

absl::StatusOr<std::vector<std::string>> Lookups::Find(const store::Rows& rows, uint32_t shard_count, LookupKind kind,
                                                       absl::string_view normalised) const {
  ASSIGN_OR_RETURN(const std::vector<Key> living, keys_->IndexKeys());
  std::vector<std::string> owners;
  for (const Key& key : living) {
    const std::string hash = LookupHash(key.secret, kind, normalised);
    for (uint32_t shard = 0; shard < shard_count; ++shard) {
      const std::string from = store::Key(static_cast<uint16_t>(shard), kLookups).Raw(hash).Take();
      rows.Scan(from, store::After(from), [&](absl::string_view found, absl::string_view) {
        owners.emplace_back(found.substr(from.size()));
        return true;
      });
    }
  }
  for (uint32_t shard = 0; owners.empty() && shard < shard_count; ++shard) {
    if (!rows.Get(MarkOf(static_cast<uint16_t>(shard))).has_value()) continue;
    return LookUpsPending();
  }
  return owners;
}

absl::StatusOr<std::vector<std::string>> Lookups::FindTrackingCode(const store::Rows& rows, uint32_t shard_count,
                                                                   absl::string_view code) const {
  ASSIGN_OR_RETURN(const std::string symbols, ParseTrackingCode(code));
  return Find(rows, shard_count, LookupKind::kTrackingCode, symbols);
}

absl::StatusOr<std::vector<std::string>> Lookups::FindPhone(const store::Rows& rows, uint32_t shard_count,
                                                            absl::string_view phone) const {
  ASSIGN_OR_RETURN(const std::string normalised, NormalisePhone(phone, country_prefix_));
  return Find(rows, shard_count, LookupKind::kPhone, normalised);
}

absl::StatusOr<std::vector<std::string>> Lookups::FindEmail(const store::Rows& rows, uint32_t shard_count,
                                                            absl::string_view email) const {
  ASSIGN_OR_RETURN(const std::string normalised, NormaliseMail(email));
  return Find(rows, shard_count, LookupKind::kMail, normalised);
}

absl::StatusOr<std::vector<std::string>> Lookups::FindDwelling(const store::Rows& rows, uint32_t shard_count,
                                                               absl::string_view dwelling) const {
  ASSIGN_OR_RETURN(const std::string normalised, NormaliseDwelling(dwelling));
  return Find(rows, shard_count, LookupKind::kDwelling, normalised);
}

}  // namespace redress::intake
