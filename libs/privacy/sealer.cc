// A sealed box:
//
//   box             = nonce(24) ciphertext tag(16)
//   associated data = part(installation) part(key id) part(owner) part(field)
//   part            = length(4 bytes, big endian) bytes
//
// Worked: installation "oph", key id "k" (real ones have 22 symbols), owner "people/1", field "name":
//
//   00000003 "oph" 00000001 "k" 00000008 "people/1" 00000004 "name"
//
// A derived key = BLAKE2b-256("redress key 1" associated data), keyed with the secret. Under 32 bytes of 01, for "oph", "k",
// "complaints/1", "attachment/a": 9c4b102d01bbd21582ef8f235f94f1a1c1472924da0f04287f97d98209925ab1.
#include "libs/privacy/sealer.h"

#include <sodium.h>

#include <cstring>

#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"

namespace redress {
namespace {

constexpr size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr absl::string_view kDerived = "redress key 1";
static_assert(kNonceBytes == 24 && kTagBytes == 16);
static_assert(kSecretBytes == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);

const unsigned char* Bytes(absl::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::string AssociatedData(absl::string_view installation, absl::string_view key_id, absl::string_view owner,
                           absl::string_view field) {
  std::string data;
  for (const absl::string_view part : {installation, key_id, owner, field}) {
    for (int shift = 24; shift >= 0; shift -= 8) data.push_back(static_cast<char>(part.size() >> shift));
    absl::StrAppend(&data, part);
  }
  return data;
}

absl::Status Broken(absl::string_view owner, absl::string_view field) {
  return MakeError(absl::StatusCode::kDataLoss, "SEAL_BROKEN",
                   absl::StrCat(owner, ", ", field, ": what is sealed there was changed or belongs elsewhere"));
}

}  // namespace

Sealed Sealer::Seal(const Key& key, absl::string_view owner, absl::string_view field,
                    absl::string_view plaintext) const {
  std::string box(kNonceBytes + plaintext.size() + kTagBytes, '\0');
  for (size_t at = 0; at < kNonceBytes; at += sizeof(uint64_t)) {
    const uint64_t bits = nonces_->Random64();
    std::memcpy(box.data() + at, &bits, sizeof(bits));
  }
  const std::string data = AssociatedData(installation_, key.id, owner, field);
  auto* out = reinterpret_cast<unsigned char*>(box.data());
  crypto_aead_xchacha20poly1305_ietf_encrypt(out + kNonceBytes, nullptr, Bytes(plaintext), plaintext.size(),
                                             Bytes(data), data.size(), nullptr, out, key.secret.data());
  types::v1::Sealed proto;
  proto.set_key_id(key.id);
  proto.set_box(std::move(box));
  return Sealed(std::move(proto));
}

absl::StatusOr<Key> Opener::FindKey(const std::string& key_id, absl::string_view owner, absl::string_view field) const {
  absl::StatusOr<Key> key = keys_->Find(key_id);
  if (absl::IsNotFound(key.status())) {
    return MakeError(absl::StatusCode::kNotFound, "KEY_DESTROYED",
                     absl::StrCat(owner, ", ", field, ": was erased, its key is gone"));
  }
  if (!key.ok()) return Annotate(key.status(), absl::StrCat(owner, ", ", field));
  return key;
}

absl::StatusOr<std::string> Opener::DeriveKey(const std::string& key_id, absl::string_view owner,
                                              absl::string_view field, const Reader& reader) const {
  if (reader.caller.empty() || reader.purpose.empty()) {
    return InvalidFields({{"reader", "must say who reads and for what purpose"}});
  }
  ASSIGN_OR_RETURN(const Key key, FindKey(key_id, owner, field));
  RETURN_IF_ERROR(audit_->Record({reader, owner, field, key_id}));
  const std::string data = absl::StrCat(kDerived, AssociatedData(installation_, key_id, owner, field));
  std::string derived(kSecretBytes, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(derived.data()), derived.size(), Bytes(data), data.size(),
                     key.secret.data(), kSecretBytes);
  return derived;
}

absl::StatusOr<std::string> Opener::Open(const Sealed& sealed, absl::string_view owner, absl::string_view field,
                                         const Reader& reader) const {
  return Open(sealed.proto(), owner, field, reader);
}

absl::StatusOr<std::string> Opener::Open(const types::v1::Sealed& sealed, absl::string_view owner,
                                         absl::string_view field, const Reader& reader) const {
  if (reader.caller.empty() || reader.purpose.empty()) {
    return InvalidFields({{"reader", "must say who reads and for what purpose"}});
  }
  if (sealed.box().empty()) return InvalidFields({{"sealed", "holds nothing"}});
  ASSIGN_OR_RETURN(const Key key, FindKey(sealed.key_id(), owner, field));
  const absl::string_view box = sealed.box();
  if (box.size() < kNonceBytes + kTagBytes) return Broken(owner, field);
  RETURN_IF_ERROR(audit_->Record({reader, owner, field, sealed.key_id()}));

  const std::string data = AssociatedData(installation_, sealed.key_id(), owner, field);
  const absl::string_view ciphertext = box.substr(kNonceBytes);
  std::string plaintext(ciphertext.size() - kTagBytes, '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(reinterpret_cast<unsigned char*>(plaintext.data()), nullptr, nullptr,
                                                 Bytes(ciphertext), ciphertext.size(), Bytes(data), data.size(),
                                                 Bytes(box), key.secret.data()) != 0) {
    return Broken(owner, field);
  }
  return plaintext;
}

}  // namespace redress
