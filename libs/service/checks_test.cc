#include "libs/service/checks.h"

#include <string>

#include "gtest/gtest.h"

namespace redress::service {
namespace {

template <typename Check>
bool Passes(Check check) {
  Violations violations;
  check(&violations);
  return violations.empty();
}
bool IsReason(absl::string_view text) {
  return Passes([&](Violations* violations) { CheckReason("reason", text, true, violations); });
}
bool IsCode(absl::string_view text) {
  return Passes([&](Violations* violations) { CheckCode("code", text, true, violations); });
}

TEST(Checks, ReasonsAreCodesSoThatNoNameSlipsIn) {
  EXPECT_TRUE(IsReason("resident_asked"));
  EXPECT_TRUE(IsReason("law:2025-10.b"));
  EXPECT_FALSE(IsReason("Mme Martin, flat 12"));
  EXPECT_FALSE(IsReason("martin refuses"));
  EXPECT_FALSE(IsReason(std::string(65, 'a')));
  EXPECT_FALSE(IsReason(""));
}

TEST(Checks, ALanguageIsATag) {
  const auto language = [](absl::string_view text, bool required = false) {
    return Passes([&](Violations* violations) { CheckLanguage("language", text, required, violations); });
  };
  EXPECT_TRUE(language("fr"));
  EXPECT_TRUE(language("zh-Hant-TW"));
  EXPECT_TRUE(language(""));
  EXPECT_FALSE(language("", /*required=*/true));
  EXPECT_FALSE(language("Jeanne Martin"));
  EXPECT_FALSE(language("français"));
  EXPECT_FALSE(language(std::string(36, 'a')));
}

TEST(Checks, CodesAreOneLineOfAnyScript) {
  EXPECT_TRUE(IsCode("Île-Nord"));
  EXPECT_TRUE(IsCode("gaz chauffage"));
  EXPECT_FALSE(IsCode("two\nlines"));
  EXPECT_FALSE(IsCode("\xC3"));
  EXPECT_FALSE(IsCode(std::string(129, 'a')));
}

TEST(Checks, VisibleIsAsciiWithoutBlanks) {
  const auto visible = [](absl::string_view text) {
    return Passes([&](Violations* violations) { CheckVisible("reference", text, 8, false, violations); });
  };
  EXPECT_TRUE(visible("A-1"));
  EXPECT_TRUE(visible(""));
  EXPECT_FALSE(visible("A 1"));
  EXPECT_FALSE(visible("\xC3\x89"));
  EXPECT_FALSE(visible("123456789"));
}

}  // namespace
}  // namespace redress::service
