#include "libs/status/utf8.h"

#include <cstdint>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace redress {

size_t FirstInvalidUtf8(absl::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const auto lead = static_cast<uint8_t>(text[at]);
    if (lead < 0x80) {
      ++at;
      continue;
    }
    const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || at + length > text.size()) return at;
    uint32_t symbol = lead & (0xFF >> (length + 1));
    for (size_t i = 1; i < length; ++i) {
      const auto next = static_cast<uint8_t>(text[at + i]);
      if ((next & 0xC0) != 0x80) return at;
      symbol = symbol << 6 | (next & 0x3F);
    }
    const bool overlong = (length == 3 && symbol < 0x800) || (length == 4 && symbol < 0x10000);
    if (overlong || symbol > 0x10FFFF || (symbol >= 0xD800 && symbol <= 0xDFFF)) return at;
    at += length;
  }
  return absl::string_view::npos;
}

std::string EscapeInvalidUtf8(absl::string_view text) {
  std::string escaped;
  for (size_t bad; (bad = FirstInvalidUtf8(text)) != absl::string_view::npos; text.remove_prefix(bad + 1)) {
    absl::StrAppend(&escaped, text.substr(0, bad), "\\x", absl::BytesToHexString(text.substr(bad, 1)));
  }
  return absl::StrCat(escaped, text);
}

}  // namespace redress
