// What is hashed, version 1 (BLAKE2b, 16 bytes out, keyed with the 32 bytes of the key):
//
//   input = version field*
//   field = tag(4 bytes, big endian) type(1 byte) length(8 bytes, big endian) bytes
//   type  = 's' string / 'i' integer (8 bytes, big endian, two's complement) / 'b' bool (1 byte)
//           / '(' begin / ')' end, both empty
//
// and what is stored: version(1 byte) hash(16). Worked: Add(1, "lift"), Add(2, true) hashes
//
//   01  00000001 's' 0000000000000004 "lift"  00000002 'b' 0000000000000001 01
#include "libs/privacy/fingerprint.h"

#include <sodium.h>

namespace redress {
namespace {

constexpr char kVersion = 1;
constexpr size_t kHashBytes = 16;

void AppendBigEndian(std::string* out, uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out->push_back(static_cast<char>(value >> shift));
}

void Update(crypto_generichash_state* hash, absl::string_view bytes) {
  crypto_generichash_update(hash, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

}  // namespace

struct FingerprintBuilder::State {
  crypto_generichash_state hash;
};

FingerprintBuilder::FingerprintBuilder(const SecretKey& key) : state_(std::make_unique<State>()) {
  crypto_generichash_init(&state_->hash, key.data(), kSecretBytes, kHashBytes);
  Update(&state_->hash, absl::string_view(&kVersion, 1));
}

FingerprintBuilder::~FingerprintBuilder() { sodium_memzero(&state_->hash, sizeof(state_->hash)); }

void FingerprintBuilder::Append(uint32_t tag, char type, absl::string_view value) {
  std::string head;
  AppendBigEndian(&head, tag, 4);
  head.push_back(type);
  AppendBigEndian(&head, value.size(), 8);
  Update(&state_->hash, head);
  Update(&state_->hash, value);
}

FingerprintBuilder& FingerprintBuilder::Add(uint32_t tag, absl::string_view value) {
  Append(tag, 's', value);
  return *this;
}

FingerprintBuilder& FingerprintBuilder::AddInteger(uint32_t tag, int64_t value) {
  std::string bytes;
  AppendBigEndian(&bytes, static_cast<uint64_t>(value), 8);
  Append(tag, 'i', bytes);
  return *this;
}

FingerprintBuilder& FingerprintBuilder::AddBool(uint32_t tag, bool value) {
  Append(tag, 'b', absl::string_view(value ? "\1" : "\0", 1));
  return *this;
}

FingerprintBuilder& FingerprintBuilder::Begin(uint32_t tag) {
  Append(tag, '(', "");
  return *this;
}

FingerprintBuilder& FingerprintBuilder::End() {
  Append(0, ')', "");
  return *this;
}

std::string FingerprintBuilder::Finish() {
  std::string out(1 + kHashBytes, kVersion);
  crypto_generichash_final(&state_->hash, reinterpret_cast<unsigned char*>(out.data() + 1), kHashBytes);
  return out;
}

FingerprintMatch CompareFingerprints(absl::string_view stored, absl::string_view computed) {
  if (stored.empty() || computed.empty() || stored[0] != computed[0]) return FingerprintMatch::kNotComparable;
  return stored == computed ? FingerprintMatch::kSame : FingerprintMatch::kDifferent;
}

}  // namespace redress
