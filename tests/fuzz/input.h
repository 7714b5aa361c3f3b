// Takes values off the front of an input; zeros and empty texts when it is used up.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace redress::fuzz {

class Input {
 public:
  explicit Input(absl::string_view bytes) : rest_(bytes) {}

  bool AtEnd() const { return rest_.empty(); }
  uint8_t U8() { return static_cast<uint8_t>(Number(1)); }
  uint16_t U16() { return static_cast<uint16_t>(Number(2)); }
  uint32_t U32() { return static_cast<uint32_t>(Number(4)); }
  uint64_t U64() { return Number(8); }
  int64_t I64() { return static_cast<int64_t>(Number(8)); }
  // Its length comes first, in a byte.
  std::string Text() {
    const size_t wanted = U8();
    const size_t size = std::min(wanted, rest_.size());
    const std::string text(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return text;
  }
  // Up to the next line feed, which goes too.
  absl::string_view TextLine() {
    const size_t end = std::min(rest_.find('\n'), rest_.size());
    const absl::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return line;
  }
  absl::string_view Rest() {
    const absl::string_view rest = rest_;
    rest_ = {};
    return rest;
  }

 private:
  // Little endian.
  uint64_t Number(size_t bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes && !rest_.empty(); ++i) {
      value |= static_cast<uint64_t>(static_cast<uint8_t>(rest_.front())) << (8 * i);
      rest_.remove_prefix(1);
    }
    return value;
  }

  absl::string_view rest_;
};

}  // namespace redress::fuzz
