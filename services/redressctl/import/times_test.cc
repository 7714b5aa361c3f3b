#include "services/redressctl/import/times.h"

#include <gtest/gtest.h>

#include "services/redressctl/import/test_support.h"

namespace redress::importer {
namespace {

constexpr char kLocal[] = "%Y-%m-%d %H:%M:%E*S";
constexpr char kOffset[] = "%Y-%m-%dT%H:%M:%E*S%Ez";

std::optional<ReadTime> Read(const std::string& text, const std::string& format = kLocal,
                             const std::string& zone = "America/New_York", Midnight midnight = Midnight::kInstant) {
  return TimeReader({format}, LoadZone(zone).value(), midnight).Read(text);
}

TEST(TimesTest, ANaiveTimeIsLocal) {
  EXPECT_EQ(Read("2018-06-26 10:58:54")->at, At("2018-06-26T10:58:54-04:00"));
  EXPECT_EQ(Read("06/26/2018 12:50:01 AM", "%m/%d/%Y %I:%M:%S %p")->at, At("2018-06-26T00:50:01-04:00"));
  EXPECT_EQ(Read("2018-01-26 10:58:54.125")->at, At("2018-01-26T10:58:54.125-05:00"));
}

TEST(TimesTest, AnOffsetIsKept) {
  EXPECT_EQ(Read("2012-05-03T01:05:29.000+02:00", kOffset)->at, At("2012-05-02T23:05:29Z"));
  EXPECT_EQ(Read("2012-05-03T01:05:29Z", kOffset)->at, At("2012-05-03T01:05:29Z"));
  EXPECT_EQ(Read("1336000000", "%s")->at, 1336000000000);
}

TEST(TimesTest, ASkippedTimeIsTheFirstInstantAfterTheGap) {
  EXPECT_EQ(Read("2018-03-11 01:59:59")->at, At("2018-03-11T06:59:59Z"));
  for (const char* skipped : {"2018-03-11 02:00:00", "2018-03-11 02:30:00", "2018-03-11 02:59:59"}) {
    EXPECT_EQ(Read(skipped)->at, At("2018-03-11T07:00:00Z")) << skipped;
  }
  EXPECT_EQ(Read("2018-03-11 03:00:00")->at, At("2018-03-11T07:00:00Z"));
}

TEST(TimesTest, ARepeatedTimeIsTheEarlier) { EXPECT_EQ(Read("2018-11-04 01:30:00")->at, At("2018-11-04T05:30:00Z")); }

TEST(TimesTest, MidnightIsADayWhereTheMappingSaysSo) {
  const auto begins = Read("2018-06-26 00:00:00", kLocal, "America/New_York", Midnight::kDayBegins);
  EXPECT_TRUE(begins->day_only);
  EXPECT_EQ(begins->at, At("2018-06-26T04:00:00Z"));
  const auto ends = Read("2018-06-26 00:00:00", kLocal, "America/New_York", Midnight::kDayEnds);
  EXPECT_TRUE(ends->day_only);
  EXPECT_EQ(ends->at, At("2018-06-27T03:59:59Z"));
  EXPECT_FALSE(Read("2018-06-26 00:00:00")->day_only);
  EXPECT_FALSE(Read("2018-06-26 00:00:00.001", kLocal, "America/New_York", Midnight::kDayEnds)->day_only);
  // Of a time with offset the zone's midnight counts, not UTC's.
  EXPECT_TRUE(Read("2018-06-26T04:00:00Z", kOffset, "America/New_York", Midnight::kDayEnds)->day_only);
  EXPECT_FALSE(Read("2018-06-26T00:00:00Z", kOffset, "America/New_York", Midnight::kDayEnds)->day_only);
}

TEST(TimesTest, ASkippedMidnightIsStillADay) {
  // Clocks in Beirut went from 24:00 to 01:00.
  const auto begins = Read("2021-03-28 00:00:00", kLocal, "Asia/Beirut", Midnight::kDayBegins);
  EXPECT_TRUE(begins->day_only);
  EXPECT_EQ(begins->at, At("2021-03-27T22:00:00Z"));
}

TEST(TimesTest, ADayEndsAtItsOwnOffset) {
  EXPECT_EQ(Read("2018-03-11 00:00:00", kLocal, "America/New_York", Midnight::kDayEnds)->at,
            At("2018-03-12T03:59:59Z"));
}

TEST(TimesTest, WhatIsNoTimeIsUnreadable) {
  for (const char* text : {"", "yesterday", "2018-02-30 10:00:00", "2018-13-01 10:00:00", "2018-06-26",
                           "2018-06-26 10:00:00 x", "infinite-future", "infinite-past", "2018-06-26 25:00:00"}) {
    EXPECT_FALSE(Read(text).has_value()) << text;
  }
}

TEST(TimesTest, FarYearsAreReadAsTheyAre) {
  EXPECT_EQ(Read("0001-01-01 00:00:00", kLocal, "UTC")->at, At("0001-01-01T00:00:00Z"));
  EXPECT_EQ(Read("9999-12-31 23:59:59", kLocal, "UTC", Midnight::kDayEnds)->at, At("9999-12-31T23:59:59Z"));
  EXPECT_TRUE(Read("292277026596-12-04 15:30:07", kLocal, "America/New_York", Midnight::kDayEnds).has_value());
  EXPECT_TRUE(Read("-292277022399-01-01 00:00:00", kLocal, "America/New_York", Midnight::kDayEnds).has_value());
}

TEST(TimesTest, FormatsAreTriedInTurn) {
  const TimeReader reader({kLocal, "%Y-%m-%d"}, LoadZone("UTC").value(), Midnight::kInstant);
  EXPECT_EQ(reader.Read("2018-06-26")->at, At("2018-06-26T00:00:00Z"));
  EXPECT_EQ(reader.Read("2018-06-26 01:00:00")->at, At("2018-06-26T01:00:00Z"));
}

TEST(TimesTest, FormatsMustGiveADay) {
  for (const char* good : {kLocal, kOffset, "%m/%d/%Y %I:%M:%S %p", "%d.%m.%y", "%s", "%A, %d %B %Y"})
    EXPECT_EQ(FormatFault(good), "") << good;
  for (const char* bad : {"", "%H:%M", "%Y-%m", "%d/%m", "%Q"}) EXPECT_NE(FormatFault(bad), "") << bad;
}

TEST(TimesTest, ZonesAreNamed) {
  EXPECT_TRUE(LoadZone("Africa/Casablanca").ok());
  for (const char* name : {"", "localtime", "Mars/Olympus"})
    EXPECT_EQ(ReasonOf(LoadZone(name).status()), "NO_SUCH_ZONE") << name;
}

}  // namespace
}  // namespace redress::importer
