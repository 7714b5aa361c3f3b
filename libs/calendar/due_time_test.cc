#include "libs/calendar/due_time.h"

#include <limits>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "libs/calendar/test_calendars.h"
#include "libs/status/errors.h"

namespace redress::calendar {
namespace {

using testing::AddException;
using testing::At;
using testing::Compiled;
using testing::Draft;
using testing::Show;

constexpr EndRule kSame = EndRule::kSameTime;
constexpr EndRule kEnd = EndRule::kEndOfDay;

WorkingCalendar Office() { return Compiled("Europe/Paris", {{"12345", "08:00-18:00"}}); }
WorkingCalendar NineToFive() { return Compiled("Europe/Paris", {{"12345", "09:00-17:00"}}); }
WorkingCalendar TuesdaysOnly() { return Compiled("Europe/Paris", {{"2", "09:00-12:00"}}); }
WorkingCalendar Rabat() { return Compiled("Africa/Casablanca", {{"12345", "08:30-16:30"}}); }

// Twelve hours each day, closed on two of those that follow Monday 2 March 2026.
WorkingCalendar TwelveHoursTwoHolidays() {
  auto draft = Draft("Europe/Paris", {{"1234567", "08:00-20:00"}});
  draft.add_holidays()->set_date("2026-03-04");
  draft.add_holidays()->set_date("2026-03-06");
  return Compiled(draft);
}

WorkingCalendar EidOn(const std::string& date) {
  auto draft = Draft("Africa/Casablanca", {{"12345", "08:30-16:30"}});
  draft.add_holidays()->set_date(date);
  return Compiled(draft);
}

TEST(DueTimeTest, CasesThatOtherSystemsGotWrong) {
  struct Case {
    const char* name;
    WorkingCalendar calendar;
    const char* start;
    int64_t quantity;
    Unit unit;
    EndRule end;
    const char* due;
  };
  const std::vector<Case> cases = {
      {"four_hours_over_night", Office(), "2026-03-02T17:00:00+01:00", 4, Unit::kWorkingHours, kSame,
       "2026-03-03T11:00:00+01:00"},
      {"one_hour_over_a_week_end", NineToFive(), "2026-03-06T16:30:00+01:00", 1, Unit::kWorkingHours, kSame,
       "2026-03-09T09:30:00+01:00"},
      {"open_on_tuesdays_only", TuesdaysOnly(), "2026-03-04T10:00:00+01:00", 7, Unit::kWorkingHours, kSame,
       "2026-03-24T10:00:00+01:00"},
      {"open_on_tuesdays_only_days", TuesdaysOnly(), "2026-03-03T10:00:00+01:00", 3, Unit::kWorkingDays, kSame,
       "2026-03-24T10:00:00+01:00"},
      {"two_holidays_in_range", TwelveHoursTwoHolidays(), "2026-03-02T23:00:00+01:00", 48, Unit::kWorkingHours, kSame,
       "2026-03-08T20:00:00+01:00"},
      {"received_outside_hours_working", Office(), "2026-03-02T22:00:00+01:00", 2, Unit::kWorkingHours, kSame,
       "2026-03-03T10:00:00+01:00"},
      {"received_outside_hours_wall", Office(), "2026-03-02T22:00:00+01:00", 2, Unit::kHours, kSame,
       "2026-03-03T00:00:00+01:00"},
      {"56_days_over_a_clock_change", Office(), "2026-03-02T14:37:21.5+01:00", 56, Unit::kCalendarDays, kSame,
       "2026-04-27T14:37:21.5+02:00"},
      {"56_days_back_to_winter", Office(), "2026-09-10T14:37:00+02:00", 56, Unit::kCalendarDays, kSame,
       "2026-11-05T14:37:00+01:00"},
      {"ramadan_calendar_days", Rabat(), "2026-02-10T10:00:00+01:00", 20, Unit::kCalendarDays, kSame,
       "2026-03-02T10:00:00+00:00"},
      {"ramadan_over_both_changes", Rabat(), "2026-02-10T10:00:00+01:00", 60, Unit::kCalendarDays, kSame,
       "2026-04-11T10:00:00+01:00"},
      {"ramadan_working_hours", Rabat(), "2026-02-13T15:30:00+01:00", 2, Unit::kWorkingHours, kSame,
       "2026-02-16T09:30:00+00:00"},
      {"ramadan_ends_working_hours", Rabat(), "2026-03-20T15:30:00+00:00", 2, Unit::kWorkingHours, kSame,
       "2026-03-23T09:30:00+01:00"},
      {"ramadan_round_the_clock", Rabat(), "2026-02-14T23:00:00+01:00", 24, Unit::kHours, kSame,
       "2026-02-15T22:00:00+00:00"},
      {"ramadan_end_of_day", Rabat(), "2026-02-14T10:00:00+01:00", 1, Unit::kCalendarDays, kEnd,
       "2026-02-15T23:59:59.999+00:00"},
      {"provisional_holiday_as_announced", EidOn("2026-03-20"), "2026-03-19T10:00:00+00:00", 1, Unit::kWorkingDays,
       kSame, "2026-03-23T10:00:00+01:00"},
      {"provisional_holiday_moved", EidOn("2026-03-23"), "2026-03-19T10:00:00+00:00", 1, Unit::kWorkingDays, kSame,
       "2026-03-20T10:00:00+00:00"},
      {"provisional_holiday_moved_two_days", EidOn("2026-03-23"), "2026-03-19T10:00:00+00:00", 2, Unit::kWorkingDays,
       kSame, "2026-03-24T10:00:00+01:00"},
      // What the rows above rest on.
      {"day_1_is_the_day_after", Office(), "2026-03-02T00:00:00+01:00", 1, Unit::kWorkingDays, kEnd,
       "2026-03-03T23:59:59.999+01:00"},
      {"day_1_after_a_saturday", Office(), "2026-03-07T12:00:00+01:00", 1, Unit::kWorkingDays, kEnd,
       "2026-03-09T23:59:59.999+01:00"},
      {"ten_working_days", Office(), "2026-03-02T12:00:00+01:00", 10, Unit::kWorkingDays, kEnd,
       "2026-03-16T23:59:59.999+01:00"},
      {"same_time_though_closed", Office(), "2026-03-02T22:00:00+01:00", 1, Unit::kWorkingDays, kSame,
       "2026-03-03T22:00:00+01:00"},
      {"twelve_weeks", Office(), "2026-03-02T12:00:00+01:00", 84, Unit::kCalendarDays, kEnd,
       "2026-05-25T23:59:59.999+02:00"},
      {"lands_in_a_gap", Office(), "2026-03-28T02:30:00.250+01:00", 1, Unit::kCalendarDays, kSame,
       "2026-03-29T03:00:00+02:00"},
      {"lands_in_a_repeat", Office(), "2026-10-24T02:30:00+02:00", 1, Unit::kCalendarDays, kSame,
       "2026-10-25T02:30:00+02:00"},
      {"end_of_a_long_day", Office(), "2026-10-24T12:00:00+02:00", 1, Unit::kCalendarDays, kEnd,
       "2026-10-25T23:59:59.999+01:00"},
      {"a_day_of_hours_is_24", Office(), "2026-03-28T12:00:00+01:00", 24, Unit::kHours, kSame,
       "2026-03-29T13:00:00+02:00"},
      {"hours_to_the_end_of_day", Office(), "2026-03-02T17:00:00+01:00", 4, Unit::kWorkingHours, kEnd,
       "2026-03-03T23:59:59.999+01:00"},
      {"ends_at_closing", Office(), "2026-03-02T08:00:00+01:00", 10, Unit::kWorkingHours, kSame,
       "2026-03-02T18:00:00+01:00"},
      {"nothing_is_due_at_once", Office(), "2026-03-07T12:00:00+01:00", 0, Unit::kCalendarDays, kSame,
       "2026-03-07T12:00:00+01:00"},
      {"nothing_in_days_to_the_end", Office(), "2026-03-07T12:00:00+01:00", 0, Unit::kWorkingDays, kEnd,
       "2026-03-07T23:59:59.999+01:00"},
  };
  for (const Case& c : cases) {
    const Millis due = DueTime(At(c.start), c.quantity, c.unit, c.end, c.calendar);
    EXPECT_EQ(Show(due, c.calendar.zone()), Show(At(c.due), c.calendar.zone())) << c.name;
  }
}

TEST(DueTimeTest, WarningAnOpenHourBefore) {
  const WorkingCalendar office = Office();
  EXPECT_EQ(office.SubtractWorkingTime(At("2026-03-03T11:00:00+01:00"), kHour), At("2026-03-03T10:00:00+01:00"));
  EXPECT_EQ(office.SubtractWorkingTime(At("2026-03-03T08:30:00+01:00"), kHour), At("2026-03-02T17:30:00+01:00"));
}

// What a pause takes of a line is counted in the line's own unit, so closed hours are never a pause.
TEST(DueTimeTest, APauseOverAWeekEndIsNotTheWeekEnd) {
  const WorkingCalendar office = NineToFive();
  const Millis paused = At("2026-03-06T15:00:00+01:00"), resumed = At("2026-03-09T10:00:00+01:00");
  EXPECT_EQ(office.WorkingTimeBetween(paused, resumed), 3 * kHour);
  EXPECT_EQ(office.WorkingDaysBetween(paused, resumed), 1);
  const Millis due = DueTime(At("2026-03-05T16:00:00+01:00"), 1, Unit::kWorkingDays, kSame, office);
  EXPECT_EQ(Show(due), Show(At("2026-03-06T16:00:00+01:00")));
  EXPECT_EQ(Show(office.AddWorkingDays(due, office.WorkingDaysBetween(paused, resumed), kSame)),
            Show(At("2026-03-09T16:00:00+01:00")));
}

TEST(DueTimeTest, EveryDayClosedIsRefused) {
  auto draft = Draft("Europe/Paris", {});
  AddException("2026-03-03", "", draft);
  EXPECT_EQ(ReasonOf(WorkingCalendar::Compile(draft).status()), "CALENDAR_NEVER_OPENS");
}

TEST(DueTimeTest, SaturatesInsteadOfOverflowing) {
  const WorkingCalendar office = Office();
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  for (const Unit unit : {Unit::kHours, Unit::kWorkingHours, Unit::kCalendarDays, Unit::kWorkingDays}) {
    for (const EndRule end : {kSame, kEnd}) {
      EXPECT_EQ(DueTime(At("9999-01-01T00:00:00Z"), kMost, unit, end, office), kMaxInstant);
      EXPECT_EQ(DueTime(kMost, 1, unit, end, office), kMaxInstant);
    }
    EXPECT_EQ(DueTime(At("2026-03-02T09:00:00Z"), -5, unit, kSame, office), At("2026-03-02T09:00:00Z"));
  }
}

}  // namespace
}  // namespace redress::calendar
