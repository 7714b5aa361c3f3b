#include "libs/ids/ids.h"

#include <sodium.h>

#include <array>

#include "absl/numeric/int128.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"

namespace redress {
namespace {

constexpr absl::string_view kSymbols = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
// Crockford's check alphabet goes on where 32 symbols end: 37 is prime, so one wrong or two swapped symbols always
// show.
constexpr absl::string_view kCheckSymbols = "0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U";
constexpr int kTrackingSymbols = 10;

int ValueOf(char symbol) {
  const auto at = kSymbols.find(symbol);
  return at == absl::string_view::npos ? -1 : static_cast<int>(at);
}

uint64_t HashBits(absl::string_view a, absl::string_view b, int bytes) {
  std::array<unsigned char, 16> hash;
  const std::string joined = b.empty() ? std::string(a) : absl::StrCat(a, absl::string_view("\0", 1), b);
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(joined.data()), joined.size(),
                     nullptr, 0);
  uint64_t bits = 0;
  for (int i = 0; i < bytes; ++i) bits = bits << 8 | hash[i];
  return bits;
}

}  // namespace

uint64_t SystemIdSource::Random64() {
  uint64_t bits;
  randombytes_buf(&bits, sizeof(bits));
  return bits;
}

uint64_t SeededIdSource::Random64() {
  state_ += 0x9E3779B97F4A7C15u;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

uint16_t PlacementOf(absl::string_view key) { return static_cast<uint16_t>(HashBits(key, "", 2)); }

uint64_t ImportedIdBits(absl::string_view system, absl::string_view reference) {
  return HashBits(system, reference, 8);
}

std::string ContentHash(absl::string_view bytes) {
  std::string hash(16, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(hash.data()), hash.size(),
                     reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), nullptr, 0);
  return hash;
}

std::string MakeId(int64_t at_ms, uint16_t placement, uint64_t random) {
  const uint64_t high = static_cast<uint64_t>(at_ms) << 16 | placement;
  absl::uint128 bits = absl::MakeUint128(high, random);
  std::string id(26, '0');
  for (int i = 25; i >= 0; --i) {
    id[i] = kSymbols[static_cast<int>(absl::Uint128Low64(bits) & 31)];
    bits >>= 5;
  }
  return id;
}

absl::StatusOr<IdParts> ParseId(absl::string_view id) {
  if (id.size() != 26) return InvalidFields({{"id", "must have 26 symbols"}});
  absl::uint128 bits = 0;
  for (const char symbol : id) {
    const int value = ValueOf(symbol);
    if (value < 0) return InvalidFields({{"id", "has a symbol that is none of Crockford's base32"}});
    bits = bits << 5 | static_cast<uint64_t>(value);
  }
  // 26 symbols hold 130 bits: the first may only use three of its five.
  if (ValueOf(id[0]) > 7) return InvalidFields({{"id", "is larger than 128 bits"}});
  const uint64_t high = absl::Uint128High64(bits);
  return IdParts{static_cast<int64_t>(high >> 16), static_cast<uint16_t>(high), absl::Uint128Low64(bits)};
}

std::string MakeTrackingCode(uint64_t random) {
  uint64_t bits = random & ((uint64_t{1} << 50) - 1);
  std::string symbols(kTrackingSymbols, '0');
  const char check = kCheckSymbols[bits % 37];
  for (int i = kTrackingSymbols - 1; i >= 0; --i, bits >>= 5) symbols[i] = kSymbols[bits & 31];
  return FormatTrackingCode(symbols + check);
}

absl::StatusOr<std::string> ParseTrackingCode(absl::string_view text) {
  std::string symbols;
  for (char c : text) {
    if (c == '-' || c == ' ') continue;
    c = absl::ascii_toupper(c);
    // The check symbol, too: none of these three is one.
    if (c == 'O') c = '0';
    if (c == 'I' || c == 'L') c = '1';
    symbols.push_back(c);
    if (symbols.size() > kTrackingSymbols + 1) break;
  }
  if (symbols.size() != kTrackingSymbols + 1) {
    return InvalidFields({{"tracking_code", "must have 10 symbols and a check symbol"}});
  }
  uint64_t bits = 0;
  for (int i = 0; i < kTrackingSymbols; ++i) {
    const int value = ValueOf(symbols[i]);
    if (value < 0) return InvalidFields({{"tracking_code", "has a symbol that is none of Crockford's base32"}});
    bits = bits << 5 | static_cast<uint64_t>(value);
  }
  if (kCheckSymbols[bits % 37] != symbols.back()) {
    return InvalidFields({{"tracking_code", "has a wrong check symbol: one symbol was misread or two were swapped"}});
  }
  return symbols;
}

std::string FormatTrackingCode(absl::string_view symbols) {
  return absl::StrCat(symbols.substr(0, 5), "-", symbols.substr(5, 5), "-", symbols.substr(10));
}

}  // namespace redress
