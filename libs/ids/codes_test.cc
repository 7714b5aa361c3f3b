#include "libs/ids/codes.h"

#include <gtest/gtest.h>

namespace redress {
namespace {

TEST(Codes, AreOneLineOfAnyScript) {
  for (const char* code :
       {"", "A-1", "\xC3\x8Ele-Nord", "gaz chauffage", "\xD8\xA7\xD9\x84", "\xC2\xA0", "\xE2\x80\xAA"}) {
    EXPECT_EQ(CodeFault(code), "") << code;
  }
  EXPECT_EQ(CodeFault(std::string(kLongestCode, 'x')), "");
  EXPECT_EQ(CodeFault(std::string(kLongestCode + 1, 'x')), "has 129 bytes; at most 128 fit");
  EXPECT_EQ(CodeFault("a\xC3"), "is not valid UTF-8 at byte 1");
  for (const char* code : {"two\nlines", "a\tb", "\x7F", "\xC2\x85",
                           "a\xE2\x80\xA8"
                           "b",
                           "\xE2\x80\xA9"}) {
    EXPECT_EQ(CodeFault(code), "has a control character") << code;
  }
  EXPECT_EQ(CodeFault(absl::string_view("a\0", 2)), "has a control character");
}

TEST(Codes, VisibleAsciiHasNoSpace) {
  for (const char* text : {"", "!", "~", "SR-2019/12"}) EXPECT_TRUE(IsVisibleAscii(text)) << text;
  for (const char* text : {"a b", "a\t", "\x7F", "\xC3\xA9"}) EXPECT_FALSE(IsVisibleAscii(text)) << text;
  EXPECT_FALSE(IsVisibleAscii(absl::string_view("a\0", 2)));
}

}  // namespace
}  // namespace redress
