// The difference between what is written of a clock's lines and what they come to now, as events. Used by clock.cc.
#pragma once

#include <string>
#include <vector>

#include "services/sla/clock.h"
#include "services/sla/plan.h"

namespace redress::sla {

const Run* FindRun(const ClockRow& row, absl::string_view line, int run);

// A run as it is written.
events::v1::JudgedLine AsJudged(const Run& run);

// What occasioned a decision: the earliest of the new facts, and what to say of due instants that move.
struct Occasion {
  Occasion(const ClockRow& before, const std::vector<const commands::v1::Note*>& notes, const Promises& promises);

  // Runs that ended before it are untouched, whatever calendars say now.
  Millis first = kForEver;
  Millis occurred_at = 0;
  std::string why;
};

// The events that make the lines of `row` what `plan` says.
std::vector<Event> LineChanges(const ClockRow& row, const std::vector<PlannedRun>& plan, const Occasion& occasion,
                               Millis now);
// The same as one event.
Event WholeJudgement(const ClockRow& row, const std::vector<PlannedRun>& plan, const Occasion& occasion, Millis now);

}  // namespace redress::sla
