// Why a line stands as it does, in sentences; what figures and clocks say of one complaint. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "redress/sla/rows/v1/rows.pb.h"
#include "services/sla/grouping.h"
#include "services/sla/plan.h"
#include "services/sla/segments.h"

namespace redress::sla {

// One run of a line as of an instant: as written, or, as of an instant past, planned from the facts that count then.
struct LineView {
  events::v1::JudgedLine judged;
  // As far as it was written by then; absent when it was not.
  std::optional<rows::v1::Run> written;
  // By the plan; empty where that has another run.
  std::vector<CountedPause> pauses;
};
// The lines of a row as `question` sees them, of `facts`. With neither a past instant nor a past knowledge asked for,
// those written; `promises` then only tell of pauses. Views are valid while facts and promises are.
std::vector<LineView> LinesOf(const ClockRow& row, const Facts& facts, const Promises& promises,
                              const Question& question);
// What had been written of a run by `instant`: its due instants and alarms; absent when nothing. Alarms raised are
// history, whatever facts say by now.
std::optional<rows::v1::Run> WrittenBy(const rows::v1::Run& run, Millis instant);

// How the due instant came about, what moved it, how the verdict follows; in English, one sentence each.
std::vector<std::string> ReasonsOf(const LineView& line, Millis now);

// The open time of the agency's calendar inside the segments, but for paused ones. Absent without such a calendar.
std::optional<Millis> WorkingTimeIn(const std::vector<WaitSegment>& segments, const Promises& promises);

// "visit_requested".
std::string NameOf(types::v1::FactKind kind);

}  // namespace redress::sla
