// When one run of a line is due: its target from its start, moved by pauses and extensions. Pure.
#pragma once

#include <cstddef>
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
  Millis counted = 0;  // in the line's own unit of time
  bool exhausted = false;
};

// The target of `line` for an urgency; null when there is none.
const register_v1::Target* TargetFor(const register_v1::Line& line, types::v1::Urgency urgency);

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

// The instants of warnings for a due instant, ascending, none at or before the start: in the calendar's open time for
// working units, else by wall clock.
std::vector<Millis> WarningsOf(const RunTime& run, Millis due);

}  // namespace redress::sla
