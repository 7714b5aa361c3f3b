// Look-ups of personal data without keeping it: keyed hashes, and the one spelling that is hashed.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/privacy/key.h"

namespace redress {

// Stored in hashes: numbers are only ever added.
enum class LookupKind : uint8_t { kPhone = 1, kMail = 2, kDwelling = 3, kTrackingCode = 4, kStaffName = 5 };

// 16 bytes: BLAKE2b keyed with `index_key` over the kind and the value. Stable for ever for the same three.
std::string LookupHash(const SecretKey& index_key, LookupKind kind, absl::string_view normalised);

// "+" and 6 to 15 digits. Spaces, dots, dashes, slashes, brackets and a "(0)" after an international prefix are
// dropped; a number that begins with "+" or "00" is international, another loses one leading 0 and gets
// `country_prefix` (digits, e.g. "33"). INVALID_ARGUMENT if it is none; the message does not hold the number.
absl::StatusOr<std::string> NormalisePhone(absl::string_view text, absl::string_view country_prefix);

// Trimmed, ASCII letters in lower case. INVALID_ARGUMENT unless it is something@something without spaces; the message
// does not hold the address.
absl::StatusOr<std::string> NormaliseMail(absl::string_view text);

// Trimmed, ASCII letters in upper case, runs of spaces as one: codes of flats as people write them.
// INVALID_ARGUMENT if nothing is left.
absl::StatusOr<std::string> NormaliseDwelling(absl::string_view text);

}  // namespace redress
