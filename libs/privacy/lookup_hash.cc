#include "libs/privacy/lookup_hash.h"

#include <sodium.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "libs/status/errors.h"

namespace redress {
namespace {

//   hash := BLAKE2b-128(kind ‖ value), key: the index key, salt: zeros, personalisation: "redress look-up" and a 00
//   kind := one byte, the LookupKind
//
//   under 32 bytes of 01, a phone "+33612345678", so of 01 2b3333363132333435363738  ─▶  d25d01dda4ec3ab20e8bc2c706d44830
constexpr size_t kHashBytes = 16;
constexpr absl::string_view kPersonalisation = "redress look-up";
static_assert(kPersonalisation.size() < crypto_generichash_blake2b_PERSONALBYTES);
}  // namespace

std::string LookupHash(const SecretKey& index_key, LookupKind kind, absl::string_view normalised) {
  const std::string input = absl::StrCat(std::string(1, static_cast<char>(kind)), normalised);
  // Set apart from whatever else is ever hashed under the same key.
  unsigned char personal[crypto_generichash_blake2b_PERSONALBYTES] = {};
  kPersonalisation.copy(reinterpret_cast<char*>(personal), kPersonalisation.size());
  const unsigned char salt[crypto_generichash_blake2b_SALTBYTES] = {};
  std::string hash(kHashBytes, '\0');
  crypto_generichash_blake2b_salt_personal(reinterpret_cast<unsigned char*>(hash.data()), hash.size(),
                                           reinterpret_cast<const unsigned char*>(input.data()), input.size(),
                                           index_key.data(), kSecretBytes, salt, personal);
  return hash;
}

absl::StatusOr<std::string> NormalisePhone(absl::string_view text, absl::string_view country_prefix) {
  absl::string_view rest = absl::StripAsciiWhitespace(text);
  const bool international = absl::ConsumePrefix(&rest, "+") || absl::ConsumePrefix(&rest, "00");
  // "+33 (0)6 …" shows the zero of national calls; "(0)" of a national number is that zero itself.
  const std::string without_trunk = international ? absl::StrReplaceAll(rest, {{"(0)", ""}}) : std::string(rest);
  std::string digits;
  for (const char c : absl::StrReplaceAll(without_trunk, {{"\u00A0", ""}, {"\u202F", ""}})) {
    if (absl::ascii_isdigit(c)) {
      digits.push_back(c);
    } else if (absl::string_view(" .-/()\t").find(c) == absl::string_view::npos) {
      return InvalidFields({{"phone", "has a character that is no part of a phone number"}});
    }
  }
  if (!international) {
    absl::string_view national = digits;
    absl::ConsumePrefix(&national, "0");
    digits = absl::StrCat(country_prefix, national);
  }
  if (digits.size() < 6 || digits.size() > 15 || digits[0] == '0') {
    return InvalidFields({{"phone", "must have 6 to 15 digits with its country's prefix"}});
  }
  return absl::StrCat("+", digits);
}

absl::StatusOr<std::string> NormaliseMail(absl::string_view text) {
  const std::string mail = absl::AsciiStrToLower(absl::StripAsciiWhitespace(text));
  const size_t at = mail.find('@');
  if (at == std::string::npos || at == 0 || at + 1 == mail.size() || mail.find('@', at + 1) != std::string::npos ||
      mail.find_first_of(" \t\r\n") != std::string::npos) {
    return InvalidFields({{"mail", "must be one address of the form name@domain"}});
  }
  return mail;
}

absl::StatusOr<std::string> NormaliseDwelling(absl::string_view text) {
  std::string code = absl::AsciiStrToUpper(text);
  absl::RemoveExtraAsciiWhitespace(&code);
  if (code.empty()) return InvalidFields({{"dwelling", "is empty"}});
  return code;
}

}  // namespace redress
