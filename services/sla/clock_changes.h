// The difference between what is written of a clock's lines and what they come to now, as events. Used by clock.cc.
#pragma once

#include <string>
#include <vector>

#include "services/sla/clock.h"
#include "services/sla/plan.h"

namespace redress::sla {

// Null when the row has no such run.
const Run* FindRun(const ClockRow& row, absl::string_view line, int run);

// Whether a due instant and its warnings are written as they are planned.
bool SameDue(const rows::v1::DueVersion& written, const events::v1::LineStarted& planned);

// A run as it is written.
events::v1::JudgedLine AsJudged(const Run& run);

// What occasioned a decision: the earliest of the new facts, and what to say of due instants that move.
struct Occasion {
  Occasion(const ClockRow& before, const std::vector<const commands::v1::Note*>& notes, const Promises& promises);
  // A change of the register, which touches nothing that has ended.
  Occasion(const ClockRow& before, const events::v1::ReplanBegun& change);

  // Runs that ended before it are untouched, whatever calendars say now.
  Millis first = kForEver;
  Millis occurred_at = 0;
  std::string why;
  // Of an imported complaint: what was due by then was history when it was told here, and alarms nobody.
  Millis silent_until = -kForEver;
};

// An import's line that was due when it was first heard of.
bool IsSilent(const events::v1::JudgedLine& line, Millis silent_until);

// The events that make the lines of `row` what `plan` says.
std::vector<Event> LineChanges(const ClockRow& row, const std::vector<PlannedRun>& plan, const Occasion& occasion);
// The same as one event.
Event WholeJudgement(const ClockRow& row, const std::vector<PlannedRun>& plan, const Occasion& occasion);

}  // namespace redress::sla
