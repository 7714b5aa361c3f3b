#include "libs/ids/ids.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"

namespace redress {
namespace {

RC_GTEST_PROP(Ids, ParseIsTheInverseOfMake, (uint16_t placement, uint64_t random)) {
  const int64_t at = *rc::gen::inRange<int64_t>(0, int64_t{1} << 48);
  const auto parts = ParseId(MakeId(at, placement, random));
  RC_ASSERT(parts.ok());
  RC_ASSERT(parts->at_ms == at);
  RC_ASSERT(parts->placement == placement);
  RC_ASSERT(parts->random == random);
}

TEST(Ids, SortByTime) { EXPECT_LT(MakeId(1000, 0xFFFF, ~0ull), MakeId(1001, 0, 0)); }

TEST(Ids, PlacementIsFrozen) {
  EXPECT_EQ(PlacementOf("residence-1"), PlacementOf("residence-1"));
  EXPECT_EQ(PlacementOf(""), 0xcae6);
}

// Computed by another implementation (Python's hashlib).
TEST(Ids, BitsOfImportedOnesAreFrozen) {
  EXPECT_EQ(ImportedIdBits("crm", "A-17"), 0x4cf6e668655413c0u);
  EXPECT_EQ(ImportedIdBits("crm", ""), 0x6481eb51d34adb87u);
}

TEST(Ids, RefusesWhatMakeNeverWrites) {
  for (const char* bad : {"", "0", "0000000000000000000000000I", "00000000000000000000000000U",
                          "80000000000000000000000000", "0000000000000000000000000a"}) {
    EXPECT_FALSE(ParseId(bad).ok()) << bad;
  }
}

RC_GTEST_PROP(TrackingCode, OneWrongSymbolAlwaysShows, (uint64_t random)) {
  const std::string code = *ParseTrackingCode(MakeTrackingCode(random));
  const int at = *rc::gen::inRange(0, 10);
  const char other = *rc::gen::elementOf(std::string("0123456789ABCDEFGHJKMNPQRSTVWXYZ"));
  std::string wrong = code;
  wrong[at] = other;
  RC_ASSERT(ParseTrackingCode(wrong).ok() == (wrong == code));
}

TEST(TrackingCode, IsReadAsPeopleWriteIt) {
  const std::string code = MakeTrackingCode(0x123456789ABCD);
  std::string spoken = code;
  for (char& c : spoken) c = c == '-' ? ' ' : absl::ascii_tolower(c);
  EXPECT_EQ(*ParseTrackingCode(spoken), *ParseTrackingCode(code));
  EXPECT_EQ(FormatTrackingCode(*ParseTrackingCode(code)), code);
}

RC_GTEST_PROP(TrackingCode, ZeroAndOneAreReadAsLettersEverywhere, (uint64_t random)) {
  const std::string code = MakeTrackingCode(random);
  for (const auto& [digit, letters] : {std::pair('0', "oO"), std::pair('1', "iIlL")}) {
    for (const char* letter = letters; *letter != '\0'; ++letter) {
      std::string written = code;
      std::replace(written.begin(), written.end(), digit, *letter);
      RC_ASSERT(*ParseTrackingCode(written) == *ParseTrackingCode(code));
    }
  }
}

TEST(ContentHash, IsFrozen) {
  EXPECT_EQ(absl::BytesToHexString(ContentHash("redress")), "be49350ee09fb397b6b6e5743bddb549");
  EXPECT_NE(ContentHash("a"), ContentHash("b"));
}

}  // namespace
}  // namespace redress
