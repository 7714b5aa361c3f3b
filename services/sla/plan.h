// What a complaint's lines come to, from its facts and its promises alone: the rules of clocks.
//
//   start fact ──────── running ────────┬── stop fact ≤ due ──▶ met       a line starts again when its start fact comes
//        due: so much time from there,  ├── stop fact > due ──▶ late      after its end; one that ends with a resolution
//        moved by pauses, extensions    └── cancelling fact ──▶ cancelled  also at each re-opening, with its whole target
//
// - The outcome depends on the sequence of facts alone, so neither on their order of arrival nor on when it is asked.
//   Neither warnings nor breaches raised matter to it.
// - A run ends with the line's own stop fact, or one that the pack says stops it as well.
// - Facts after a run's end do not touch it: its due instant is frozen there.
// - A withdrawal, or a resolution as a duplicate, cancels what still runs.
// - A line that a resolution cancels does not start while the complaint is resolved.
// - A line that a visit's request starts is cancelled when the last visit asked for is freed and none is asked for at
//   that instant.
// - A chained line starts where a run of another stops. It does not start when its own stop fact came before.
// - A pause that begins by the due instant moves it by as much of the line's own unit of time as it covers (due.h).
//   Pauses that overlap count once. While it lasts it counts with all that is left of its budget, so a due instant
//   never waits for the end of a pause to be known.
// - An extension notice by the due instant that names the line, with a reason and a later instant, moves it there; the
//   pack says whether the resident's consent is needed, or none is taken.
// - An amended urgency counts from the line's start.
// Pure.
#pragma once

#include <vector>

#include "redress/sla/events/v1/events.pb.h"
#include "services/sla/due.h"
#include "services/sla/facts.h"
#include "services/sla/promises.h"

namespace redress::sla {

struct PlannedRun {
  events::v1::JudgedLine judged;
  std::vector<CountedPause> pauses;
};

// In the order of the pack's lines, then of runs. `facts` are in order, `start` says what the complaint is. Pointers in
// the result are into `facts` and `promises`.
std::vector<PlannedRun> PlanLines(const events::v1::ClockStarted& start, const Facts& facts, const Promises& promises);

// Stopped by its due instant.
inline bool IsMet(const events::v1::JudgedLine& judged) {
  return judged.state() == events::v1::JudgedLine::STATE_STOPPED && judged.ended_at() <= judged.started().due_at();
}

}  // namespace redress::sla
