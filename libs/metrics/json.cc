#include "libs/metrics/json.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "libs/status/utf8.h"

namespace redress {
namespace {

void AppendValid(std::string* out, absl::string_view text) {
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (c == '\n') {
      absl::StrAppend(out, "\\n");
    } else if (static_cast<uint8_t>(c) < 0x20) {
      absl::StrAppend(out, "\\u", absl::Hex(static_cast<uint8_t>(c), absl::kZeroPad4));
    } else {
      out->push_back(c);
    }
  }
}

}  // namespace

void AppendJsonString(std::string* out, absl::string_view text) {
  out->push_back('"');
  for (size_t bad; (bad = FirstInvalidUtf8(text)) != absl::string_view::npos; text.remove_prefix(bad + 1)) {
    AppendValid(out, text.substr(0, bad));
    absl::StrAppend(out, "\\ufffd");
  }
  AppendValid(out, text);
  out->push_back('"');
}

}  // namespace redress
