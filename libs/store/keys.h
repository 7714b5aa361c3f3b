// Keys whose byte order is the order meant.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace redress::store {

// Builds a key piece by piece: Key(shard, table).Str(aggregate).I64(due).Take().
class Key {
 public:
  Key(uint16_t shard, uint8_t table) {
    bytes_.reserve(kUsual);
    U16(shard).U8(table);
  }
  Key& U8(uint8_t v) {
    bytes_.push_back(static_cast<char>(v));
    return *this;
  }
  Key& U16(uint16_t v) { return BigEndian(v, 2); }
  Key& U32(uint32_t v) { return BigEndian(v, 4); }
  Key& U64(uint64_t v) { return BigEndian(v, 8); }
  // Signed numbers sort as numbers: the sign bit is flipped.
  Key& I64(int64_t v) { return BigEndian(static_cast<uint64_t>(v) ^ (uint64_t{1} << 63), 8); }
  // Text that more pieces follow: ended by 00, a 00 inside becomes 00 FF. So what follows must not begin with FF: no
  // bytes of a caller's choice, no number whose first byte is FF.
  Key& Str(absl::string_view text) {
    for (size_t zero = text.find('\0'); zero != absl::string_view::npos; zero = text.find('\0')) {
      Raw(text.substr(0, zero + 1)).U8(0xFF);
      text.remove_prefix(zero + 1);
    }
    Raw(text).U8(0);
    return *this;
  }
  // The last piece, as it is.
  Key& Raw(absl::string_view bytes) {
    bytes_.append(bytes.data(), bytes.size());
    return *this;
  }
  std::string Take() { return std::move(bytes_); }
  const std::string& bytes() const { return bytes_; }

 private:
  // Most keys fit, and are allocated once.
  static constexpr size_t kUsual = 63;

  Key& BigEndian(uint64_t v, int width) {
    char bytes[8];
    for (int i = 0; i < width; ++i) bytes[i] = static_cast<char>(v >> (8 * (width - 1 - i)));
    return Raw({bytes, static_cast<size_t>(width)});
  }
  std::string bytes_;
};

// Reads the pieces back, in the order they were written. A key that is too short sets ok() to false and reads zeros.
class KeyReader {
 public:
  explicit KeyReader(absl::string_view bytes) : rest_(bytes) {}
  uint8_t U8() { return static_cast<uint8_t>(BigEndian(1)); }
  uint16_t U16() { return static_cast<uint16_t>(BigEndian(2)); }
  uint32_t U32() { return static_cast<uint32_t>(BigEndian(4)); }
  uint64_t U64() { return BigEndian(8); }
  int64_t I64() { return static_cast<int64_t>(BigEndian(8) ^ (uint64_t{1} << 63)); }
  std::string Str() {
    std::string text;
    while (!rest_.empty()) {
      const char c = rest_[0];
      rest_.remove_prefix(1);
      if (c != '\0') {
        text.push_back(c);
      } else if (!rest_.empty() && rest_[0] == '\xFF') {
        text.push_back('\0');
        rest_.remove_prefix(1);
      } else {
        return text;
      }
    }
    ok_ = false;
    return text;
  }
  std::string Raw() {
    std::string text(rest_);
    rest_ = {};
    return text;
  }
  bool ok() const { return ok_; }

 private:
  uint64_t BigEndian(size_t width) {
    if (rest_.size() < width) {
      ok_ = false;
      rest_ = {};
      return 0;
    }
    uint64_t v = 0;
    for (size_t i = 0; i < width; ++i) v = v << 8 | static_cast<uint8_t>(rest_[i]);
    rest_.remove_prefix(width);
    return v;
  }
  absl::string_view rest_;
  bool ok_ = true;
};

// The smallest key greater than every key that begins with `prefix`; "" when there is none.
inline std::string After(absl::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xFF') end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(end.back() + 1);
  return end;
}

}  // namespace redress::store
