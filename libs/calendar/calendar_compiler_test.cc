#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "libs/calendar/test_calendars.h"
#include "libs/calendar/working_calendar.h"
#include "libs/status/errors.h"

namespace redress::calendar {
namespace {

using register_::v1::Calendar;

Calendar Parsed(const std::string& text) {
  Calendar calendar;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &calendar)) << text;
  return calendar;
}

constexpr char kGood[] = R"(
  id: "agency-1" zone: "Europe/Paris"
  weekly { weekdays: [WEEKDAY_MONDAY, WEEKDAY_FRIDAY]
           spans { start_minute: 480 end_minute: 720 } spans { start_minute: 720 end_minute: 1560 } }
  weekly { weekdays: WEEKDAY_SUNDAY spans { end_minute: 1440 } }
  holiday_sets: "FR"
  holidays { date: "2026-05-15" name: "Pont" }
  exceptions { date: "2026-05-15" spans { start_minute: 480 end_minute: 500 } reason: "stand" }
  exceptions { date: "2026-05-16" closed: true })";

TEST(CompileTest, TakesTheWholeShape) {
  const auto compiled = WorkingCalendar::Compile(Parsed(kGood));
  ASSERT_TRUE(compiled.ok()) << compiled.status();
  EXPECT_EQ(compiled->id(), "agency-1");
  EXPECT_EQ(compiled->zone().name(), "Europe/Paris");
  EXPECT_TRUE(compiled->IsWorkingDay(absl::CivilDay(2026, 5, 11)));
  EXPECT_FALSE(compiled->IsWorkingDay(absl::CivilDay(2026, 5, 12)));
  EXPECT_EQ(compiled->HolidayOn(absl::CivilDay(2026, 5, 15)), "Pont");
  EXPECT_TRUE(compiled->IsWorkingDay(absl::CivilDay(2026, 5, 15)));  // the exception opens it
  EXPECT_EQ(compiled->ExceptionOn(absl::CivilDay(2026, 5, 15)), "stand");
  EXPECT_EQ(compiled->HolidayOn(absl::CivilDay(2026, 5, 14)), "Ascension");
  EXPECT_EQ(compiled->HolidayOn(absl::CivilDay(2026, 5, 18)), std::nullopt);
  EXPECT_EQ(compiled->ExceptionOn(absl::CivilDay(2026, 5, 18)), std::nullopt);
}

TEST(CompileTest, ListsEveryBadField) {
  const auto compiled = WorkingCalendar::Compile(Parsed(R"(
    id: "Agency 1" zone: "Europe/Pariss"
    weekly { weekdays: [WEEKDAY_MONDAY, WEEKDAY_MONDAY, WEEKDAY_UNSPECIFIED] spans { start_minute: 480 end_minute: 480 } }
    weekly { spans { start_minute: 600 end_minute: 700 } spans { start_minute: 650 end_minute: 800 }
             spans { start_minute: 1440 end_minute: 1500 } spans { start_minute: -1 end_minute: 5 }
             spans { start_minute: 1000 end_minute: 2441 } }
    weekly { weekdays: WEEKDAY_TUESDAY }
    holiday_sets: ["FR", "NONE", "MARS", "FR"]
    holidays { date: "2026-02-29" } holidays { date: "2026-05-15" } holidays { date: "2026-05-15" }
    exceptions { date: "tomorrow" closed: true }
    exceptions { date: "2026-05-15" }
    exceptions { date: "2026-05-15" closed: true spans { start_minute: 480 end_minute: 500 } })"));
  EXPECT_EQ(compiled.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(compiled.status()), "INVALID_FIELDS");
  std::vector<std::string> fields;
  for (const FieldViolation& violation : ViolationsOf(compiled.status())) fields.push_back(violation.field);
  EXPECT_THAT(fields,
              ::testing::UnorderedElementsAre(
                  "id", "zone", "weekly[0].weekdays[1]", "weekly[0].weekdays[2]", "weekly[0].spans[0].end_minute",
                  "weekly[1].weekdays", "weekly[1].spans[1].start_minute", "weekly[1].spans[2].start_minute",
                  "weekly[1].spans[3].start_minute", "weekly[1].spans[4].end_minute", "weekly[2].spans",
                  "holiday_sets[1]", "holiday_sets[2]", "holiday_sets[3]", "holidays[0].date", "holidays[2].date",
                  "exceptions[0].date", "exceptions[1].spans", "exceptions[2].date", "exceptions[2].closed"));
}

TEST(CompileTest, RefusesACalendarThatNeverOpens) {
  for (const char* text : {R"(id: "a" zone: "Etc/UTC")",
                           R"(id: "a" zone: "Etc/UTC" exceptions { date: "2026-05-15" spans { end_minute: 600 } })"}) {
    const auto compiled = WorkingCalendar::Compile(Parsed(text));
    EXPECT_EQ(compiled.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ReasonOf(compiled.status()), "CALENDAR_NEVER_OPENS") << text;
  }
}

}  // namespace
}  // namespace redress::calendar
