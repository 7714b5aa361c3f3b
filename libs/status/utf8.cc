#include "libs/status/utf8.h"

#include <cstdint>
#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace redress {
namespace {

// Length of the well-formed sequence at `p` (RFC 3629, section 4), 0 if there is none.
size_t SequenceLength(const uint8_t* p, size_t left) {
  if (p[0] < 0x80) return 1;
  if (p[0] < 0xC2 || p[0] > 0xF4) return 0;
  const size_t length = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
  if (left < length) return 0;
  // The second byte's range rules out overlong forms, surrogates and what lies past U+10FFFF.
  const uint8_t low = p[0] == 0xE0 ? 0xA0 : p[0] == 0xF0 ? 0x90 : 0x80;
  const uint8_t high = p[0] == 0xED ? 0x9F : p[0] == 0xF4 ? 0x8F : 0xBF;
  if (p[1] < low || p[1] > high) return 0;
  for (size_t i = 2; i < length; ++i) {
    if ((p[i] & 0xC0) != 0x80) return 0;
  }
  return length;
}

}  // namespace

size_t FirstInvalidUtf8(absl::string_view text) {
  const auto* p = reinterpret_cast<const uint8_t*>(text.data());
  size_t i = 0;
  while (i < text.size()) {
    // Eight bytes of ASCII at once: most of most files.
    uint64_t eight;
    if (text.size() - i >= sizeof(eight)) {
      std::memcpy(&eight, p + i, sizeof(eight));
      if ((eight & 0x8080808080808080u) == 0) {
        i += sizeof(eight);
        continue;
      }
    }
    const size_t length = SequenceLength(p + i, text.size() - i);
    if (length == 0) return i;
    i += length;
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

std::string CutUtf8(absl::string_view text, size_t limit) {
  if (text.size() <= limit) return std::string(text);
  constexpr absl::string_view kCut = "…";
  size_t end = limit - kCut.size();
  while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) --end;
  return absl::StrCat(text.substr(0, end), kCut);
}

}  // namespace redress
