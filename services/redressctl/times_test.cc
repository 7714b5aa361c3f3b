#include "services/redressctl/times.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "libs/status/errors.h"

namespace redress::ctl {
namespace {

using ::testing::HasSubstr;

const calendar::Zone kUtc = absl::UTCTimeZone();

calendar::Zone Paris() {
  const auto zone = calendar::ZoneFor("Europe/Paris");
  EXPECT_TRUE(zone.ok());
  return *zone;
}

std::string Read(absl::string_view text, calendar::Zone zone) {
  const auto instant = ParseInstant(text, zone);
  return instant.ok() ? FormatInstant(*instant, kUtc) : ReasonOf(instant.status());
}

TEST(ParseInstant, ReadsIso8601) {
  EXPECT_EQ(Read("2026-03-01T14:30:00Z", Paris()), "2026-03-01T14:30:00Z");
  EXPECT_EQ(Read("2026-03-01T14:30:00.250+01:00", kUtc), "2026-03-01T13:30:00.250Z");
  EXPECT_EQ(Read("2026-03-01T14:30-0530", kUtc), "2026-03-01T20:00:00Z");
  EXPECT_EQ(Read("2026-03-01T14:30+02", kUtc), "2026-03-01T12:30:00Z");
  EXPECT_EQ(Read("2026-03-01 14:30:00.5Z", kUtc), "2026-03-01T14:30:00.500Z");
  EXPECT_EQ(Read("0001-01-01T00:00:00Z", kUtc), "0001-01-01T00:00:00Z");
  EXPECT_EQ(Read("9999-12-31T23:59:59.999Z", kUtc), "9999-12-31T23:59:59.999Z");
}

TEST(ParseInstant, TakesTimesWithoutOffsetAsLocal) {
  EXPECT_EQ(Read("2026-07-01T14:30", Paris()), "2026-07-01T12:30:00Z");
  EXPECT_EQ(Read("2026-07-01", Paris()), "2026-06-30T22:00:00Z");
  // In the gap of a clock change the first instant after it, of a repeated hour the earlier.
  EXPECT_EQ(Read("2026-03-29T02:30", Paris()), "2026-03-29T01:00:00Z");
  EXPECT_EQ(Read("2026-10-25T02:30", Paris()), "2026-10-25T00:30:00Z");
}

TEST(ParseInstant, SaysWhatIsWrong) {
  for (const char* text :
       {"", "yesterday", "2026", "2026-3-1", "2026-02-30", "2026-03-01T", "2026-03-01T24:00", "2026-03-01T14:30:60Z",
        "2026-03-01T14:30:00.1234Z", "2026-03-01T14:30:00+15:00", "2026-03-01T14:30:00 Z", "2026-03-01T14:30:00Zx",
        "0000-01-01", "10000-01-01", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"}) {
    EXPECT_EQ(Read(text, kUtc), "BAD_TIME") << text;
  }
  EXPECT_THAT(ParseInstant("2026-02-30", kUtc).status().message(), HasSubstr("there is no day 2026-02-30"));
}

TEST(FormatInstant, HasTheOffsetOfItsZone) {
  EXPECT_EQ(FormatInstant(1751373000000, Paris()), "2025-07-01T14:30:00+02:00");
  EXPECT_EQ(FormatInstant(-1, kUtc), "1969-12-31T23:59:59.999Z");
}

TEST(ParseDuration, ReadsBothForms) {
  EXPECT_EQ(*ParseDuration("2d4h30m"), 2 * kDay + 4 * kHour + 30 * kMinute);
  EXPECT_EQ(*ParseDuration("45s"), 45 * kSecond);
  EXPECT_EQ(*ParseDuration("1s500ms"), 1500);
  EXPECT_EQ(*ParseDuration("0s"), 0);
  EXPECT_EQ(*ParseDuration("PT1H30M"), 90 * kMinute);
  EXPECT_EQ(*ParseDuration("P2DT1S"), 2 * kDay + kSecond);
  EXPECT_EQ(*ParseDuration("10000d"), 10000 * kDay);
}

TEST(ParseDuration, RefusesAllElse) {
  for (const char* text : {"", "5", "s", "-5s", "5x", "1h1h", "1m1h", "10001d", "99999999999999999999s", "P", "PT",
                           "P1H", "PT1D", "PT1S1H", "1.5h"}) {
    EXPECT_EQ(ReasonOf(ParseDuration(text).status()), "BAD_DURATION") << text;
  }
}

TEST(FormatDuration, IsExact) {
  EXPECT_EQ(FormatDuration(0), "0s");
  EXPECT_EQ(FormatDuration(2 * kDay + 5 * kSecond + 7), "2d 5s 7ms");
  EXPECT_EQ(FormatDuration(-90 * kMinute), "-1h 30m");
  EXPECT_EQ(FormatDuration(std::numeric_limits<Millis>::min()).substr(0, 2), "-1");
}

TEST(FormatRoughly, KeepsTwoParts) {
  EXPECT_EQ(FormatRoughly(INT64_MIN), "-106751991167d 7h");
  EXPECT_EQ(FormatRoughly(12 * kDay + 4 * kHour + 59 * kMinute), "12d 4h");
  EXPECT_EQ(FormatRoughly(3 * kHour + 20 * kMinute + 5 * kSecond), "3h 20m");
  EXPECT_EQ(FormatRoughly(45 * kSecond + 300), "45s");
  EXPECT_EQ(FormatRoughly(250), "250ms");
}

}  // namespace
}  // namespace redress::ctl
