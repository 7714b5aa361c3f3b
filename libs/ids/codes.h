// Codes of places, categories, teams and skills, as landlords and their other systems give them: one rule, so that what
// one part accepts every other can use.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace redress {

inline constexpr size_t kLongestCode = 128;  // bytes

// What keeps `code` from being one line of valid UTF-8, without control characters, of at most kLongestCode bytes;
// empty when nothing does. An empty code is none, which is for the caller to judge.
std::string CodeFault(absl::string_view code);

// Nothing but ASCII that can be seen: no space, no control character. Names that programs give each other.
bool IsVisibleAscii(absl::string_view text);

}  // namespace redress
