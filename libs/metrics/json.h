// Text as a JSON string, for lines that programs write about themselves.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace redress {

// Appends `text` in quotes. Bytes that are no UTF-8 become U+FFFD.
void AppendJsonString(std::string* out, absl::string_view text);

}  // namespace redress
