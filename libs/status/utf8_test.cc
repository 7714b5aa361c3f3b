#include "libs/status/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace redress {
namespace {

TEST(Utf8Test, WellFormedTextPasses) {
  for (const char* text : {"", "plain ascii, longer than eight", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
                           "\xF4\x8F\xBF\xBF", "\xED\x9F\xBF", "\xEF\xBF\xBF"}) {
    EXPECT_EQ(FirstInvalidUtf8(text), absl::string_view::npos) << text;
  }
}

TEST(Utf8Test, TheFirstBadSequenceIsFound) {
  struct Case {
    const char* text;
    size_t at;
  };
  const Case cases[] = {{"\x80", 0},                // a continuation alone
                        {"12345678\xC3", 8},        // cut off
                        {"\xC0\xAF", 0},            // overlong
                        {"a\xE0\x9F\xBF", 1},       // overlong
                        {"\xF0\x8F\xBF\xBF", 0},    // overlong
                        {"\xED\xA0\x80", 0},        // a surrogate
                        {"\xF4\x90\x80\x80", 0},    // past U+10FFFF
                        {"\xC3\xA9\xFF", 2},        // no such byte
                        {"\xE2\x82 abcdefgh", 0}};  // broken in the middle
  for (const Case& one : cases) EXPECT_EQ(FirstInvalidUtf8(one.text), one.at) << one.text;
}

}  // namespace
}  // namespace redress
