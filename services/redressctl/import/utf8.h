// Whether bytes are UTF-8 as RFC 3629 has it: no surrogates, no overlong forms, nothing past U+10FFFF.
#pragma once

#include <cstddef>

#include "absl/strings/string_view.h"

namespace redress::importer {

// Offset of the first byte of the first sequence that is not UTF-8; npos when all is.
size_t FindInvalidUtf8(absl::string_view text);

}  // namespace redress::importer
