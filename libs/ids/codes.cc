#include "libs/ids/codes.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "libs/status/utf8.h"

namespace redress {
namespace {

// Of valid UTF-8: C0, DEL and C1, and Unicode's own separators of lines and paragraphs.
bool HasControl(absl::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    if (byte < 0x20 || byte == 0x7F) return true;
    if (byte == 0xC2 && static_cast<uint8_t>(text[i + 1]) < 0xA0) return true;
    const absl::string_view symbol = text.substr(i, 3);
    if (symbol == "\xE2\x80\xA8" || symbol == "\xE2\x80\xA9") return true;
  }
  return false;
}

}  // namespace

std::string CodeFault(absl::string_view code) {
  if (code.size() > kLongestCode) {
    return absl::StrCat("has ", code.size(), " bytes; at most ", kLongestCode, " fit");
  }
  const size_t bad = FirstInvalidUtf8(code);
  if (bad != absl::string_view::npos) return absl::StrCat("is not valid UTF-8 at byte ", bad);
  return HasControl(code) ? "has a control character" : "";
}

bool IsVisibleAscii(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

}  // namespace redress
