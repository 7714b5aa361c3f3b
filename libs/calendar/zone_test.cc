#include "libs/calendar/zone.h"

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "gtest/gtest.h"
#include "libs/calendar/test_calendars.h"
#include "libs/status/errors.h"

namespace redress::calendar {
namespace {

using testing::At;
using testing::Show;
using testing::ZoneNamed;

TEST(ZoneForTest, KnowsIanaNamesAlone) {
  EXPECT_TRUE(ZoneFor("Europe/Paris").ok());
  EXPECT_TRUE(ZoneFor("Africa/Casablanca").ok());
  EXPECT_TRUE(ZoneFor("Etc/UTC").ok());
  EXPECT_TRUE(ZoneFor("Etc/GMT+5").ok());
  for (const char* name : {"", "Europe/Pariss", "/usr/share/zoneinfo/Europe/Paris", "../zoneinfo/UTC", "localtime",
                           "libc:localtime", "Fixed/UTC+01:00:00", "file:UTC", "tzdata.zi"}) {
    const auto zone = ZoneFor(name);
    EXPECT_EQ(ReasonOf(zone.status()), "UNKNOWN_ZONE") << name;
    EXPECT_EQ(zone.status().code(), absl::StatusCode::kInvalidArgument) << name;
  }
}

TEST(ToInstantTest, GapsEndAndRepeatsStartEarly) {
  struct Case {
    const char* name;
    const char* zone;
    absl::CivilSecond civil;
    const char* instant;
    CivilKind kind;
  } cases[] = {
      {"paris_winter", "Europe/Paris", absl::CivilSecond(2026, 1, 15, 12, 0, 0), "2026-01-15T11:00:00Z",
       CivilKind::kUnique},
      {"paris_summer", "Europe/Paris", absl::CivilSecond(2026, 7, 15, 12, 0, 0), "2026-07-15T10:00:00Z",
       CivilKind::kUnique},
      {"paris_before_gap", "Europe/Paris", absl::CivilSecond(2026, 3, 29, 1, 59, 59), "2026-03-29T00:59:59Z",
       CivilKind::kUnique},
      {"paris_in_gap", "Europe/Paris", absl::CivilSecond(2026, 3, 29, 2, 30, 0), "2026-03-29T01:00:00Z",
       CivilKind::kSkipped},
      {"paris_after_gap", "Europe/Paris", absl::CivilSecond(2026, 3, 29, 3, 0, 0), "2026-03-29T01:00:00Z",
       CivilKind::kUnique},
      {"paris_repeat", "Europe/Paris", absl::CivilSecond(2026, 10, 25, 2, 30, 0), "2026-10-25T00:30:00Z",
       CivilKind::kRepeated},
      {"paris_after_repeat", "Europe/Paris", absl::CivilSecond(2026, 10, 25, 3, 0, 0), "2026-10-25T02:00:00Z",
       CivilKind::kUnique},
      {"ramadan_begins", "Africa/Casablanca", absl::CivilSecond(2026, 2, 15, 2, 30, 0), "2026-02-15T01:30:00Z",
       CivilKind::kRepeated},
      {"in_ramadan", "Africa/Casablanca", absl::CivilSecond(2026, 3, 1, 12, 0, 0), "2026-03-01T12:00:00Z",
       CivilKind::kUnique},
      {"ramadan_ends", "Africa/Casablanca", absl::CivilSecond(2026, 3, 22, 2, 30, 0), "2026-03-22T02:00:00Z",
       CivilKind::kSkipped},
      {"after_ramadan", "Africa/Casablanca", absl::CivilSecond(2026, 4, 1, 12, 0, 0), "2026-04-01T11:00:00Z",
       CivilKind::kUnique},
      {"beyond_the_tables", "Europe/Paris", absl::CivilSecond(2150, 7, 15, 12, 0, 0), "2150-07-15T10:00:00Z",
       CivilKind::kUnique},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Zone zone = ZoneNamed(c.zone);
    EXPECT_EQ(Show(ToInstant({c.civil, 0}, zone)), Show(At(c.instant)));
    EXPECT_EQ(KindOf(c.civil, zone), c.kind);
  }
  // The first instant after a gap is a whole one, whatever the milliseconds asked for.
  EXPECT_EQ(ToInstant({absl::CivilSecond(2026, 3, 29, 2, 30, 0), 999}, ZoneNamed("Europe/Paris")),
            At("2026-03-29T01:00:00Z"));
  EXPECT_EQ(ToInstant({absl::CivilSecond(2026, 3, 30, 2, 30, 0), 999}, ZoneNamed("Europe/Paris")),
            At("2026-03-30T00:30:00Z") + 999);
}

TEST(ToCivilTest, KeepsMilliseconds) {
  const CivilTime before_epoch = ToCivil(-1, absl::UTCTimeZone());
  EXPECT_EQ(before_epoch.second, absl::CivilSecond(1969, 12, 31, 23, 59, 59));
  EXPECT_EQ(before_epoch.millis, 999);
}

TEST(LocalDayTest, DaysTileTimeOverClockChanges) {
  struct Case {
    const char* zone;
    absl::CivilDay day;
    Millis length;
  } cases[] = {
      {"Europe/Paris", absl::CivilDay(2026, 3, 28), 24 * kHour},
      {"Europe/Paris", absl::CivilDay(2026, 3, 29), 23 * kHour},
      {"Europe/Paris", absl::CivilDay(2026, 10, 25), 25 * kHour},
      {"Africa/Casablanca", absl::CivilDay(2026, 2, 15), 25 * kHour},
      {"Africa/Casablanca", absl::CivilDay(2026, 3, 22), 23 * kHour},
      {"Africa/Cairo", absl::CivilDay(2026, 4, 24), 23 * kHour},  // midnight skipped
      {"Pacific/Apia", absl::CivilDay(2011, 12, 30), 0},
      {"Australia/Lord_Howe", absl::CivilDay(2026, 10, 4), 23 * kHour + 30 * kMinute},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.zone) + " " + FormatDay(c.day));
    const Zone zone = ZoneNamed(c.zone);
    const Millis start = StartOfDay(c.day, zone), next = StartOfDay(c.day + 1, zone);
    EXPECT_EQ(next - start, c.length);
    EXPECT_EQ(LocalDay(start - 1, zone), c.day - 1);
    EXPECT_EQ(LocalDay(next, zone), c.day + 1);
    if (c.length > 0) {
      EXPECT_EQ(EndOfDay(c.day, zone), next - 1);
      EXPECT_EQ(LocalDay(start, zone), c.day);
      EXPECT_EQ(LocalDay(next - 1, zone), c.day);
    }
  }
}

TEST(LocalDayTest, ADateShownAgainAfterMidnightBelongsToTheNewDay) {
  // Clocks went from 00:01 on 7 November back to 23:01 on the 6th.
  const Zone zone = ZoneNamed("America/St_Johns");
  const Millis midnight = StartOfDay(absl::CivilDay(2010, 11, 7), zone);
  EXPECT_EQ(LocalDay(midnight - 1, zone), absl::CivilDay(2010, 11, 6));
  EXPECT_EQ(ToCivil(midnight + 30 * kMinute, zone).second, absl::CivilSecond(2010, 11, 6, 23, 30, 0));
  EXPECT_EQ(LocalDay(midnight + 30 * kMinute, zone), absl::CivilDay(2010, 11, 7));
}

TEST(LocalDayTest, InstantsAreClampedToYears1To9999) {
  const Zone zone = ZoneNamed("Pacific/Kiritimati");
  for (const Millis far : {std::numeric_limits<Millis>::min(), std::numeric_limits<Millis>::max()}) {
    const Millis start = StartOfDay(LocalDay(far, zone), zone);
    EXPECT_GE(start, kMinInstant);
    EXPECT_LE(start, kMaxInstant);
  }
  EXPECT_EQ(kMinInstant, At("0001-01-01T00:00:00Z"));
  EXPECT_EQ(kMaxInstant, At("9999-12-31T23:59:59.999Z"));
}

TEST(ParseDayTest, TakesDatesThatExist) {
  EXPECT_EQ(ParseDay("2026-05-01").value(), absl::CivilDay(2026, 5, 1));
  EXPECT_EQ(ParseDay("2024-02-29").value(), absl::CivilDay(2024, 2, 29));
  EXPECT_EQ(FormatDay(ParseDay("0001-01-01").value()), "0001-01-01");
  for (const char* text : {"", "2026-5-1", "2026-02-29", "2026-04-31", "2026-13-01", "2026-00-10", "0000-01-01",
                           "2026-01-00", "2026/01/01", "+026-01-01", "2026-01-1 ", "2026-01-01T"}) {
    EXPECT_EQ(ReasonOf(ParseDay(text).status()), "BAD_DATE") << text;
  }
}

TEST(TzdataVersionTest, IsReadFromEitherFile) {
  namespace fs = std::filesystem;
  const fs::path directory = fs::path(::testing::TempDir()) / "tzdata_version_test";
  fs::remove_all(directory);
  fs::create_directories(directory);
  EXPECT_EQ(ReasonOf(TzdataVersion(directory).status()), "TZDATA_VERSION_UNKNOWN");
  std::ofstream(directory / "+VERSION") << "2024a\n";
  EXPECT_EQ(TzdataVersion(directory).value(), "2024a");
  std::ofstream(directory / "tzdata.zi") << "# version 2024b\nR A 1916 o - Jun 14 23s 1 S\n";
  EXPECT_EQ(TzdataVersion(directory).value(), "2024b");
  fs::remove_all(directory);
}

TEST(TzdataVersionTest, OfTheSystemIsAYearAndALetter) {
  const auto version = TzdataVersion();
  ASSERT_TRUE(version.ok()) << version.status();
  EXPECT_GE(version->size(), 5u);
  EXPECT_EQ(version->substr(0, 2), "20");
}

}  // namespace
}  // namespace redress::calendar
