// How a clock's events fold into its row.
#include <algorithm>

#include "services/sla/clock.h"
#include "services/sla/clock_changes.h"

namespace redress::sla {
namespace {

using events::v1::JudgedLine;
using events::v1::LineStarted;

Run* MutableRun(ClockRow* row, absl::string_view line, int run) { return const_cast<Run*>(FindRun(*row, line, run)); }

// A due instant is written once: in the list of dues, not beside the start.
void AddDue(const LineStarted& started, const std::string& why, Millis occurred_at, Millis recorded_at, Run* run) {
  auto* due = run->add_dues();
  due->set_due_at(started.due_at());
  due->set_due_unextended_at(started.due_unextended_at());
  *due->mutable_warnings_at() = started.warnings_at();
  *due->mutable_warning_roles() = started.warning_roles();
  *due->mutable_versions() = started.versions();
  due->set_why(why);
  due->set_occurred_at(occurred_at);
  due->set_recorded_at(recorded_at);
}

void Start(const LineStarted& started, Millis recorded_at, ClockRow* row) {
  Run* run = MutableRun(row, started.line(), started.run());
  if (run == nullptr) run = row->add_runs();
  LineStarted* kept = run->mutable_started();
  *kept = started;
  kept->clear_due_at();
  kept->clear_due_unextended_at();
  kept->clear_warnings_at();
  kept->clear_warning_roles();
  kept->clear_versions();
  run->set_state(JudgedLine::STATE_RUNNING);
  run->clear_ended_at();
  run->clear_ended_by();
  AddDue(started, "started", started.started_at(), recorded_at, run);
}

void MoveDue(const events::v1::DueMoved& moved, Millis recorded_at, ClockRow* row) {
  Run* run = MutableRun(row, moved.line(), moved.run());
  if (run == nullptr) return;
  auto* due = run->add_dues();
  due->set_due_at(moved.due_at());
  due->set_due_unextended_at(moved.due_unextended_at());
  *due->mutable_warnings_at() = moved.warnings_at();
  *due->mutable_warning_roles() = moved.warning_roles();
  *due->mutable_versions() = moved.versions();
  due->set_why(moved.why());
  due->set_occurred_at(moved.occurred_at());
  due->set_recorded_at(recorded_at);
}

void End(absl::string_view line, int number, JudgedLine::State state, Millis at, types::v1::FactKind by,
         ClockRow* row) {
  Run* run = MutableRun(row, line, number);
  if (run == nullptr) return;
  run->set_state(state);
  run->set_ended_at(at);
  run->set_ended_by(by);
}

void AddWarning(const events::v1::WarningRaised& raised, Millis recorded_at, ClockRow* row) {
  Run* run = MutableRun(row, raised.line(), raised.run());
  if (run == nullptr) return;
  auto* alarm = run->add_alarms();
  alarm->set_due_at(raised.due_at());
  alarm->set_alarm_at(raised.warned_at());
  alarm->set_recorded_at(recorded_at);
  alarm->set_fired_late(raised.fired_late());
  *alarm->mutable_roles() = raised.roles();
}

void AddBreach(const events::v1::BreachRaised& raised, Millis recorded_at, ClockRow* row) {
  Run* run = MutableRun(row, raised.line(), raised.run());
  if (run == nullptr) return;
  if (raised.silent()) return run->set_silent_due_at(raised.due_at());
  auto* alarm = run->add_alarms();
  alarm->set_breach(true);
  alarm->set_due_at(raised.due_at());
  alarm->set_alarm_at(raised.due_at());
  alarm->set_recorded_at(recorded_at);
  alarm->set_fired_late(raised.fired_late());
}

void Judge(const events::v1::LinesJudged& judged, Millis recorded_at, ClockRow* row) {
  for (Run& run : *row->mutable_runs()) {
    const bool stays = std::any_of(judged.lines().begin(), judged.lines().end(), [&](const JudgedLine& line) {
      return line.started().line() == run.started().line() && line.started().run() == run.started().run();
    });
    if (stays || (run.state() == JudgedLine::STATE_CANCELLED && !run.ended_by())) continue;
    run.set_state(JudgedLine::STATE_CANCELLED);
    run.set_ended_at(recorded_at);
    run.clear_ended_by();
  }
  for (const JudgedLine& line : judged.lines()) {
    const LineStarted& started = line.started();
    const Run* known = FindRun(*row, started.line(), started.run());
    const bool same = known != nullptr && known->started().started_at() == started.started_at();
    if (!same) {
      Start(started, recorded_at, row);
    } else if (!SameDue(LastDue(*known), started)) {
      AddDue(started, judged.why(), judged.occurred_at(), recorded_at, MutableRun(row, started.line(), started.run()));
    }
    End(started.line(), started.run(), line.state(), line.ended_at(), line.ended_by(), row);
    if (line.silent()) MutableRun(row, started.line(), started.run())->set_silent_due_at(started.due_at());
  }
}

}  // namespace

void Apply(const Event& event, Millis recorded_at, absl::string_view complaint, ClockRow* row) {
  switch (event.kind_case()) {
    case Event::kClockStarted: *row->mutable_start() = event.clock_started(); return;
    case Event::kFactsNoted: return Insert(event.facts_noted(), complaint, row);
    case Event::kCaseAmended: return Insert(event.case_amended(), complaint, row);
    case Event::kClockImported:
      *row->mutable_start() = event.clock_imported().start();
      Insert(event.clock_imported().facts(), complaint, row);
      return Judge(event.clock_imported().lines(), recorded_at, row);
    case Event::kLinesJudged: return Judge(event.lines_judged(), recorded_at, row);
    case Event::kLineStarted: return Start(event.line_started(), recorded_at, row);
    case Event::kDueMoved: return MoveDue(event.due_moved(), recorded_at, row);
    case Event::kLineStopped: {
      const auto& stopped = event.line_stopped();
      return End(stopped.line(), stopped.run(), JudgedLine::STATE_STOPPED, stopped.stopped_at(), stopped.by(), row);
    }
    case Event::kVerdictChanged: {
      const auto& changed = event.verdict_changed();
      return End(changed.line(), changed.run(), JudgedLine::STATE_STOPPED, changed.stopped_at(), changed.by(), row);
    }
    case Event::kLineCancelled: {
      const auto& cancelled = event.line_cancelled();
      return End(cancelled.line(), cancelled.run(), JudgedLine::STATE_CANCELLED, cancelled.occurred_at(),
                 cancelled.by(), row);
    }
    case Event::kWarningRaised: return AddWarning(event.warning_raised(), recorded_at, row);
    case Event::kBreachRaised: return AddBreach(event.breach_raised(), recorded_at, row);
    case Event::kReplanBegun:
    case Event::kClocksReplanned:  // of no clock
    case Event::KIND_NOT_SET: return;
  }
}

}  // namespace redress::sla
