#include "libs/privacy/key.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"

namespace redress {
namespace {
constexpr size_t kKeyIdSymbols = 22;
// Picks the fastest implementation for this processor; without it the portable ones are used.
[[maybe_unused]] const int kSodiumReady = sodium_init();
}  // namespace

SecretKey::~SecretKey() { sodium_memzero(bytes_.data(), bytes_.size()); }

std::string MakeKeyId(IdSource& random) {
  const uint64_t bits[2] = {random.Random64(), random.Random64()};
  char bytes[sizeof(bits)];
  std::memcpy(bytes, bits, sizeof(bits));
  return absl::WebSafeBase64Escape(absl::string_view(bytes, sizeof(bytes)));
}

bool IsKeyId(absl::string_view text) {
  return text.size() == kKeyIdSymbols &&
         std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isalnum(c) || c == '-' || c == '_'; });
}

SecretKey MakeSecretKey(IdSource& random) {
  std::array<uint8_t, kSecretBytes> bytes;
  for (size_t at = 0; at < bytes.size(); at += sizeof(uint64_t)) {
    const uint64_t bits = random.Random64();
    std::memcpy(bytes.data() + at, &bits, sizeof(bits));
  }
  SecretKey key(bytes);
  sodium_memzero(bytes.data(), bytes.size());
  return key;
}

}  // namespace redress
