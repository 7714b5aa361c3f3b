// Valid UTF-8, as RFC 3629 has it: no overlong forms, no surrogates, nothing past U+10FFFF.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace redress {

// The first byte that belongs to no valid character; npos when all do.
size_t FirstInvalidUtf8(absl::string_view text);

// The text with each such byte as \xNN: what was given to us, as it can be shown, sent and read. Valid text as it is.
std::string EscapeInvalidUtf8(absl::string_view text);

// Valid text of at most `limit` bytes (three or more): a longer one ends in "…", after a whole character.
std::string CutUtf8(absl::string_view text, size_t limit);

}  // namespace redress
