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

TEST(Utf8Test, EachByteThatBelongsToNoCharacterIsEscaped) {
  EXPECT_EQ(EscapeInvalidUtf8("caf\xC3\xA9"), "caf\xC3\xA9");
  EXPECT_EQ(EscapeInvalidUtf8("caf\xE9 \xED\xA0\x80\xC3"), "caf\\xe9 \\xed\\xa0\\x80\\xc3");
}

TEST(Utf8Test, ALongTextIsCutAfterAWholeCharacter) {
  EXPECT_EQ(CutUtf8("12345", 5), "12345");
  EXPECT_EQ(CutUtf8("123456", 5), "12…");
  EXPECT_EQ(CutUtf8("123456", 3), "…");
  EXPECT_EQ(CutUtf8("ééé", 5), "é…");
  EXPECT_EQ(CutUtf8("aéé", 4), "a…");
  EXPECT_EQ(CutUtf8("a😀😀", 7), "a…");
}

}  // namespace
}  // namespace redress
