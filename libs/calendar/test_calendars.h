// For tests: calendars and instants in a line each.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "libs/calendar/working_calendar.h"
#include "redress/register/v1/calendar.pb.h"

namespace redress::calendar::testing {

// "09:30" -> 570; "26:00" -> 1560.
inline int Minute(absl::string_view clock) {
  const std::vector<absl::string_view> parts = absl::StrSplit(clock, ':');
  int hours = 0, minutes = 0;
  EXPECT_TRUE(parts.size() == 2 && absl::SimpleAtoi(parts[0], &hours) && absl::SimpleAtoi(parts[1], &minutes)) << clock;
  return hours * 60 + minutes;
}

// "08:00-12:00 13:00-18:00" as spans of a WeeklyHours or a CalendarException.
template <typename Holder>
void AddSpans(absl::string_view hours, Holder& holder) {
  for (absl::string_view span : absl::StrSplit(hours, ' ', absl::SkipEmpty())) {
    const std::vector<absl::string_view> ends = absl::StrSplit(span, '-');
    auto* added = holder.add_spans();
    added->set_start_minute(Minute(ends.at(0)));
    added->set_end_minute(Minute(ends.at(1)));
  }
}

// Days by ISO number: Draft("Europe/Paris", {{"12345", "08:00-18:00"}}).
struct Hours {
  std::string weekdays;
  std::string spans;
};
inline register_::v1::Calendar Draft(const std::string& zone, const std::vector<Hours>& weekly) {
  register_::v1::Calendar result;
  result.set_id("test");
  result.set_zone(zone);
  for (const Hours& hours : weekly) {
    auto* added = result.add_weekly();
    for (const char c : hours.weekdays) added->add_weekdays(static_cast<register_::v1::Weekday>(c - '0'));
    AddSpans(hours.spans, *added);
  }
  return result;
}

// Other hours on a date; "" closes it.
inline void AddException(const std::string& date, absl::string_view spans, register_::v1::Calendar& calendar) {
  auto* added = calendar.add_exceptions();
  added->set_date(date);
  added->set_closed(spans.empty());
  AddSpans(spans, *added);
}

inline WorkingCalendar Compiled(const register_::v1::Calendar& draft) {
  auto result = WorkingCalendar::Compile(draft);
  if (!result.ok()) ADD_FAILURE() << result.status();
  return result.value();
}

inline WorkingCalendar Compiled(const std::string& zone, const std::vector<Hours>& weekly) {
  return Compiled(Draft(zone, weekly));
}

// "2026-03-29T01:30:00Z", with any offset.
inline Millis At(absl::string_view text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << text << ": " << error;
  return absl::ToUnixMillis(time);
}

// How a failing test shows an instant.
inline std::string Show(Millis instant, Zone zone = absl::UTCTimeZone()) {
  return absl::FormatTime(absl::RFC3339_full, absl::FromUnixMillis(instant), zone);
}

inline Zone ZoneNamed(const std::string& name) { return ZoneFor(name).value(); }

}  // namespace redress::calendar::testing
