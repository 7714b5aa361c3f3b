// Fields of tables as programs of any kind read them (RFC 4180).
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace redress::reference {

// The text as a field: in quotes where it holds a comma, a quote or a line's end; as it is otherwise.
std::string CsvField(absl::string_view text);

}  // namespace redress::reference
