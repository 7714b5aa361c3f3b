#include "libs/calendar/working_calendar.h"

#include <limits>

#include "gtest/gtest.h"
#include "libs/calendar/test_calendars.h"

namespace redress::calendar {
namespace {

using testing::AddException;
using testing::At;
using testing::Compiled;
using testing::Draft;
using testing::Show;

TEST(WorkingCalendarTest, SpansAreHalfOpen) {
  const auto calendar = Compiled("Europe/Paris", {{"12345", "08:00-12:00 13:00-18:00"}});
  EXPECT_FALSE(calendar.IsOpen(At("2026-03-02T08:00:00+01:00") - 1));
  EXPECT_TRUE(calendar.IsOpen(At("2026-03-02T08:00:00+01:00")));
  EXPECT_TRUE(calendar.IsOpen(At("2026-03-02T12:00:00+01:00") - 1));
  EXPECT_FALSE(calendar.IsOpen(At("2026-03-02T12:00:00+01:00")));
  EXPECT_EQ(calendar.NextOpening(At("2026-03-02T12:00:00+01:00")), At("2026-03-02T13:00:00+01:00"));
  EXPECT_EQ(calendar.NextOpening(At("2026-03-02T13:30:00+01:00")), At("2026-03-02T13:30:00+01:00"));
  EXPECT_EQ(calendar.PreviousClosing(At("2026-03-02T12:00:00+01:00")), At("2026-03-02T12:00:00+01:00"));
  EXPECT_EQ(calendar.PreviousClosing(At("2026-03-02T13:00:00+01:00")), At("2026-03-02T12:00:00+01:00"));
  EXPECT_EQ(calendar.PreviousClosing(At("2026-03-07T13:00:00+01:00")), At("2026-03-06T18:00:00+01:00"));
}

TEST(WorkingCalendarTest, NightShiftsRunOverMidnightAndCountOnce) {
  // Each evening 22:00-06:00; on Tuesdays also 05:00-07:00, of which an hour is Monday's already.
  auto draft = Draft("Europe/Paris", {{"13456", "22:00-30:00"}, {"2", "05:00-07:00 22:00-30:00"}});
  AddException("2026-03-05", "", draft);  // Thursday: Wednesday's night runs to its end
  const auto calendar = Compiled(draft);
  EXPECT_EQ(calendar.WorkingTimeBetween(At("2026-03-02T00:00:00+01:00"), At("2026-03-03T12:00:00+01:00")), 9 * kHour);
  const auto openings = calendar.Openings(At("2026-03-02T12:00:00+01:00"), At("2026-03-07T03:00:00+01:00"));
  const std::vector<Interval> expected = {
      {At("2026-03-02T22:00:00+01:00"), At("2026-03-03T07:00:00+01:00")},
      {At("2026-03-03T22:00:00+01:00"), At("2026-03-04T06:00:00+01:00")},
      {At("2026-03-04T22:00:00+01:00"), At("2026-03-05T06:00:00+01:00")},
      {At("2026-03-06T22:00:00+01:00"), At("2026-03-07T03:00:00+01:00")},
  };
  EXPECT_EQ(openings, expected);
  EXPECT_TRUE(calendar.IsOpen(At("2026-03-05T05:59:59+01:00")));
  EXPECT_FALSE(calendar.IsWorkingDay(absl::CivilDay(2026, 3, 5)));
  // Sunday has Saturday's tail alone.
  EXPECT_TRUE(calendar.IsOpen(At("2026-03-08T03:00:00+01:00")));
  EXPECT_FALSE(calendar.IsWorkingDay(absl::CivilDay(2026, 3, 8)));
}

TEST(WorkingCalendarTest, RoundTheClockNeverCloses) {
  const auto calendar = Compiled("Europe/Paris", {{"1234567", "00:00-24:00"}});
  const Millis from = At("2026-03-01T00:00:00+01:00"), to = At("2026-11-01T00:00:00+01:00");
  EXPECT_EQ(calendar.WorkingTimeBetween(from, to), to - from);
  EXPECT_EQ(calendar.Openings(from, to), (std::vector<Interval>{{from, to}}));
  EXPECT_EQ(calendar.AddWorkingTime(from, to - from), to);
  EXPECT_EQ(calendar.SubtractWorkingTime(to, to - from), from);
}

TEST(WorkingCalendarTest, ClockChangesInsideOpeningHours) {
  const auto calendar = Compiled("Europe/Paris", {{"7", "00:00-06:00"}});
  const Millis spring = At("2026-03-29T00:00:00+01:00"), autumn = At("2026-10-25T00:00:00+02:00");
  EXPECT_EQ(calendar.WorkingTimeBetween(spring, spring + kDay), 5 * kHour);
  EXPECT_EQ(calendar.WorkingTimeBetween(autumn, autumn + kDay), 7 * kHour);
  EXPECT_EQ(Show(calendar.AddWorkingTime(spring, 3 * kHour)), Show(At("2026-03-29T04:00:00+02:00")));
  EXPECT_EQ(Show(calendar.AddWorkingTime(autumn, 3 * kHour)), Show(At("2026-10-25T02:00:00+01:00")));
  // A span that the gap swallows whole is no time at all, yet the day stays a working day.
  const auto swallowed = Compiled("Europe/Paris", {{"7", "02:00-03:00"}});
  EXPECT_EQ(swallowed.WorkingTimeBetween(spring, spring + kDay), 0);
  EXPECT_TRUE(swallowed.IsWorkingDay(absl::CivilDay(2026, 3, 29)));
  EXPECT_EQ(Show(swallowed.NextOpening(spring)), Show(At("2026-04-05T02:00:00+02:00")));
}

TEST(WorkingCalendarTest, CasablancaKeepsLocalHoursAroundRamadan) {
  const auto calendar = Compiled("Africa/Casablanca", {{"12345", "08:30-16:30"}});
  struct Case {
    const char* day;
    const char* opens;
  } cases[] = {{"2026-02-13T00:00:00+01:00", "2026-02-13T07:30:00Z"},  // the Friday before
               {"2026-02-16T00:00:00+00:00", "2026-02-16T08:30:00Z"},  // Ramadan's clocks
               {"2026-03-20T00:00:00+00:00", "2026-03-20T08:30:00Z"},
               {"2026-03-23T00:00:00+01:00", "2026-03-23T07:30:00Z"}};
  for (const Case& c : cases) EXPECT_EQ(Show(calendar.NextOpening(At(c.day))), Show(At(c.opens))) << c.day;
  EXPECT_EQ(calendar.WorkingTimeBetween(At("2026-02-09T00:00:00Z"), At("2026-03-30T00:00:00Z")), 7 * 5 * 8 * kHour);
}

TEST(WorkingCalendarTest, PrecedenceIsExceptionHolidayWeekday) {
  auto draft = Draft("Europe/Paris", {{"12345", "08:00-18:00"}});
  draft.add_holiday_sets("FR");
  AddException("2026-05-01", "08:00-10:00", draft);  // Labour Day, a Friday
  AddException("2026-05-04", "", draft);
  const auto calendar = Compiled(draft);
  EXPECT_EQ(calendar.WorkingTimeBetween(At("2026-05-01T00:00:00+02:00"), At("2026-05-02T00:00:00+02:00")), 2 * kHour);
  EXPECT_FALSE(calendar.IsWorkingDay(absl::CivilDay(2026, 5, 4)));
  EXPECT_TRUE(calendar.IsWorkingDay(absl::CivilDay(2026, 5, 5)));
  EXPECT_FALSE(calendar.IsWorkingDay(absl::CivilDay(2026, 5, 8)));
}

TEST(WorkingCalendarTest, WorkingDaysGoBothWays) {
  const auto calendar = Compiled("Europe/Paris", {{"12345", "08:00-18:00"}});
  const Millis monday = At("2026-03-02T10:00:00+01:00");
  EXPECT_EQ(Show(calendar.AddWorkingDays(monday, -1, EndRule::kSameTime)), Show(At("2026-02-27T10:00:00+01:00")));
  EXPECT_EQ(Show(calendar.AddWorkingDays(monday, -6, EndRule::kEndOfDay)), Show(At("2026-02-20T23:59:59.999+01:00")));
  EXPECT_EQ(calendar.WorkingDaysBetween(monday, calendar.AddWorkingDays(monday, 17, EndRule::kEndOfDay)), 17);
  EXPECT_EQ(calendar.WorkingDaysBetween(monday, monday + kHour), 0);
  EXPECT_EQ(calendar.WorkingDaysBetween(monday + kDay, monday), 0);
}

TEST(WorkingCalendarTest, TotalOverAllInstants) {
  const auto calendar = Compiled("Pacific/Auckland", {{"1", "00:00-24:00"}});
  constexpr Millis kLeast = std::numeric_limits<Millis>::min(), kMost = std::numeric_limits<Millis>::max();
  EXPECT_EQ(calendar.AddWorkingTime(kMost, kMost), kMaxInstant);
  EXPECT_EQ(calendar.AddWorkingTime(kMaxInstant - kDay, kMost), kMaxInstant);
  EXPECT_EQ(calendar.SubtractWorkingTime(kMinInstant + kDay, kMost), kMinInstant);
  EXPECT_EQ(calendar.AddWorkingTime(kLeast, kLeast), kMinInstant);
  EXPECT_EQ(calendar.WorkingTimeBetween(kMost, kLeast), 0);
  EXPECT_EQ(calendar.AddWorkingDays(kMost, kMost, EndRule::kSameTime), kMaxInstant);
  EXPECT_EQ(calendar.AddWorkingDays(kLeast, kLeast, EndRule::kSameTime), kMinInstant);
  EXPECT_TRUE(calendar.Openings(kMost, kMost).empty());
}

}  // namespace
}  // namespace redress::calendar
