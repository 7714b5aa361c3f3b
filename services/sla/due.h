// When one run of a line is due: its target from its start, moved by pauses and extensions. Pure.
//
// What a pause from one instant to another moves it by, in the unit of the target:
//   hours            as long as the pause lasts
//   working hours    the open time in it
//   calendar days    the local days that begin in it: 0 within a day, 1 from Monday to Tuesday at whatever hours
//   working days     of those days, the working ones (as WorkingCalendar::WorkingDaysBetween counts)
// So a target in days is moved by whole days, whatever the hour of its start and whichever its end rule.
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <vector>

#include "libs/calendar/working_calendar.h"
#include "services/sla/facts.h"
#include "services/sla/pauses.h"

namespace redress::sla {

// A pause as it moved a due instant.
struct CountedPause {
  const register_v1::PauseType* type = nullptr;
  const NotedFact* evidence = nullptr;
  Millis begin = 0;
  Millis end = 0;      // or when it resumes by itself
  Millis counted = 0;  // in the target's unit of time; of days, kDay for each
  bool exhausted = false;
};

// The target of `line` for an urgency; null when there is none.
const register_v1::Target* TargetFor(const register_v1::Line& line, types::v1::Urgency urgency);

// Whether `target` is a number of days.
bool CountsDays(const register_v1::Target& target);

// The reason of an extension notice that the resident agrees with.
inline constexpr absl::string_view kResidentConsented = "resident_consented";

struct RunTime {
  const register_v1::Line* line = nullptr;
  const register_v1::Target* target = nullptr;
  const calendar::WorkingCalendar* calendar = nullptr;
  Millis started_at = 0;
  // Indexes of the facts it starts and ends with (kNever: it runs). Facts from the end on do not count.
  size_t begin = 0;
  size_t end = kNever;
};

struct Due {
  Millis at = 0;
  bool extended = false;
  Millis unextended_at = 0;
  std::vector<CountedPause> pauses;
};
// `pauses` are those of `facts`.
Due DueOf(const RunTime& run, const Facts& facts, const std::vector<PauseSpan>& pauses);

struct PlannedWarning {
  Millis at = 0;
  std::string role;
  friend auto operator<=>(const PlannedWarning&, const PlannedWarning&) = default;
};
// The warnings for a due instant, each instant and role once, ascending, none at or before the start: in the calendar's
// open time for working units, else by wall clock.
std::vector<PlannedWarning> WarningsOf(const RunTime& run, Millis due);

}  // namespace redress::sla
