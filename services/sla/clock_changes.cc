#include "services/sla/clock_changes.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace redress::sla {
namespace {

using commands::v1::Note;
using events::v1::JudgedLine;
using events::v1::LineStarted;

template <typename List>
bool Equal(const List& a, const List& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

// Dropped: a late fact took its start away, or the pack has it no more.
bool IsGone(const Run& run) {
  return run.state() == JudgedLine::STATE_CANCELLED && run.ended_by() == types::v1::FACT_KIND_UNSPECIFIED;
}

// Ended by a fact before `at`; when one that is gone did so means nothing.
bool EndedBefore(const Run& run, Millis at) {
  return run.state() != JudgedLine::STATE_RUNNING && !IsGone(run) && run.ended_at() < at;
}

std::string WhyOf(const types::v1::Fact& fact, const register_v1::ObligationPack* pack) {
  if (fact.kind() == types::v1::FACT_KIND_UNSPECIFIED) return "amended";
  if (fact.kind() == types::v1::FACT_KIND_EXTENSION_NOTIFIED) return "extended";
  if (pack == nullptr) return "late_fact";
  for (const auto& type : pack->pauses()) {
    if (type.begins() == fact.kind()) return "paused";
    if (std::find(type.ends().begin(), type.ends().end(), fact.kind()) != type.ends().end()) return "resumed";
  }
  return "late_fact";
}

class Changes {
 public:
  Changes(const ClockRow& row, const Occasion& occasion) : row_(row), occasion_(occasion) {}

  void Add(const JudgedLine& planned) {
    const LineStarted& started = planned.started();
    const Run* written = FindRun(row_, started.line(), started.run());
    if (written == nullptr) return Begin(planned);
    const bool ended = written->state() != JudgedLine::STATE_RUNNING;
    if (EndedBefore(*written, occasion_.first)) return;
    const bool again = written->started().started_at() != started.started_at() ||
                       (ended && planned.state() == JudgedLine::STATE_RUNNING);
    if (again) {
      *Next().mutable_line_started() = started;
      Silence(planned, written);
    } else if (!SameDue(LastDue(*written), started)) {
      MoveDue(*written, started);
      Silence(planned, written);
    }
    End(planned, again ? JudgedLine::STATE_RUNNING : written->state(), written);
  }

  // A run that is written and not planned: what started it is no reason any more.
  void Drop(const Run& written) {
    if (IsGone(written) || EndedBefore(written, occasion_.first)) return;
    auto* cancelled = Next().mutable_line_cancelled();
    cancelled->set_line(written.started().line());
    cancelled->set_run(written.started().run());
    cancelled->set_occurred_at(occasion_.occurred_at);
  }

  std::vector<Event> Take() { return std::move(events_); }

 private:
  Event& Next() { return events_.emplace_back(); }

  void Begin(const JudgedLine& planned) {
    *Next().mutable_line_started() = planned.started();
    Silence(planned, nullptr);
    End(planned, JudgedLine::STATE_RUNNING, nullptr);
  }

  // Of a due instant that is said anew: that it alarms nobody, when it does not and that is not written yet.
  void Silence(const JudgedLine& planned, const Run* written) {
    const Millis due = planned.started().due_at();
    if (!IsSilent(planned, occasion_.silent_until)) return;
    if (written != nullptr && written->has_silent_due_at() && written->silent_due_at() >= due) return;
    auto* breach = Next().mutable_breach_raised();
    breach->set_line(planned.started().line());
    breach->set_run(planned.started().run());
    breach->set_due_at(due);
    breach->set_silent(true);
  }

  void MoveDue(const Run& written, const LineStarted& planned) {
    auto* moved = Next().mutable_due_moved();
    moved->set_line(planned.line());
    moved->set_run(planned.run());
    moved->set_due_at(planned.due_at());
    moved->set_due_unextended_at(planned.due_unextended_at());
    *moved->mutable_versions() = planned.versions();
    *moved->mutable_warnings_at() = planned.warnings_at();
    *moved->mutable_warning_roles() = planned.warning_roles();
    moved->set_occurred_at(occasion_.occurred_at);
    moved->set_why(WhyMoved(LastDue(written).versions(), planned.versions()));
  }

  // What the facts say, and what it was measured with having changed.
  std::string WhyMoved(const events::v1::Versions& before, const events::v1::Versions& after) const {
    std::string why = occasion_.why == "late_fact" ? "" : occasion_.why;
    const auto add = [&](bool changed, absl::string_view what) {
      if (changed && why != what) absl::StrAppend(&why, why.empty() ? "" : ", ", what);
    };
    // Another calendar is that of another target, which the facts brought.
    add(before.calendar() == after.calendar() && before.calendar_version() != after.calendar_version(), "calendar");
    add(before.tzdata() != after.tzdata(), "tzdata");
    return why.empty() ? occasion_.why : why;
  }

  // Says how a run that is said to be in `state` ends; nothing when that is said already.
  void End(const JudgedLine& planned, JudgedLine::State state, const Run* written) {
    const std::string& line = planned.started().line();
    const int run = planned.started().run();
    const bool met = IsMet(planned);
    if (planned.state() == JudgedLine::STATE_CANCELLED) {
      if (state == JudgedLine::STATE_CANCELLED && written->ended_at() == planned.ended_at() &&
          written->ended_by() == planned.ended_by()) {
        return;
      }
      auto* cancelled = Next().mutable_line_cancelled();
      cancelled->set_line(line);
      cancelled->set_run(run);
      cancelled->set_by(planned.ended_by());
      cancelled->set_occurred_at(planned.ended_at());
    } else if (planned.state() == JudgedLine::STATE_STOPPED && state == JudgedLine::STATE_RUNNING) {
      auto* stopped = Next().mutable_line_stopped();
      stopped->set_line(line);
      stopped->set_run(run);
      stopped->set_stopped_at(planned.ended_at());
      stopped->set_by(planned.ended_by());
      stopped->set_met(met);
      stopped->set_late_evidence(met && written != nullptr && BreachRaised(*written));
    } else if (planned.state() == JudgedLine::STATE_STOPPED) {
      const bool was_met = state == JudgedLine::STATE_STOPPED && written->ended_at() <= LastDue(*written).due_at();
      if (state == JudgedLine::STATE_STOPPED && written->ended_at() == planned.ended_at() &&
          written->ended_by() == planned.ended_by() && was_met == met) {
        return;
      }
      auto* changed = Next().mutable_verdict_changed();
      changed->set_line(line);
      changed->set_run(run);
      changed->set_by(planned.ended_by());
      changed->set_met(met);
      changed->set_stopped_at(planned.ended_at());
      changed->set_why("late_fact");
    }
  }

  const ClockRow& row_;
  const Occasion& occasion_;
  std::vector<Event> events_;
};

bool IsPlanned(const Run& written, const std::vector<PlannedRun>& plan) {
  return std::any_of(plan.begin(), plan.end(), [&](const PlannedRun& planned) {
    return planned.judged.started().line() == written.started().line() &&
           planned.judged.started().run() == written.started().run();
  });
}

}  // namespace

bool SameDue(const rows::v1::DueVersion& written, const LineStarted& planned) {
  return written.due_at() == planned.due_at() && written.due_unextended_at() == planned.due_unextended_at() &&
         Equal(written.warnings_at(), planned.warnings_at()) && Equal(written.warning_roles(), planned.warning_roles());
}

JudgedLine AsJudged(const Run& run) {
  JudgedLine judged;
  judged.set_state(run.state());
  judged.set_ended_at(run.ended_at());
  judged.set_ended_by(run.ended_by());
  LineStarted* started = judged.mutable_started();
  *started = run.started();
  const rows::v1::DueVersion& due = LastDue(run);
  started->set_due_at(due.due_at());
  started->set_due_unextended_at(due.due_unextended_at());
  *started->mutable_versions() = due.versions();
  *started->mutable_warnings_at() = due.warnings_at();
  *started->mutable_warning_roles() = due.warning_roles();
  return judged;
}

const Run* FindRun(const ClockRow& row, absl::string_view line, int run) {
  for (const Run& one : row.runs()) {
    if (one.started().line() == line && one.started().run() == run) return &one;
  }
  return nullptr;
}

bool IsSilent(const JudgedLine& line, Millis silent_until) {
  return line.state() == JudgedLine::STATE_RUNNING && line.started().due_at() <= silent_until;
}

Occasion::Occasion(const ClockRow& before, const events::v1::ReplanBegun& change) {
  occurred_at = std::max(change.active_from(), change.recorded_at());
  why = change.tzdata().empty() ? "calendar" : "tzdata";
  if (before.start().imported()) silent_until = before.start().recorded_at();
}

Occasion::Occasion(const ClockRow& before, const std::vector<const Note*>& notes, const Promises& promises) {
  bool imported = before.start().imported();
  if (imported) silent_until = before.start().recorded_at();
  for (const Note* note : notes) {
    imported |= note->has_receipt() && note->imported();
    if (imported && note->imported()) silent_until = std::max(silent_until, note->recorded_at());
  }
  Millis last_known = -kForEver;
  if (!before.facts().empty()) last_known = before.facts(before.facts_size() - 1).fact().occurred_at();
  const auto take = [&](const types::v1::Fact& fact) {
    first = std::min(first, fact.occurred_at());
    // A fact that comes behind others moves things for the reason it is; one in between, because it came late.
    const std::string reason = fact.occurred_at() < last_known ? "late_fact" : WhyOf(fact, promises.pack.get());
    if (!why.empty() && reason == "late_fact") return;
    why = reason;
    occurred_at = fact.occurred_at();
  };
  for (const Note* note : notes) {
    if (note->has_amended()) {
      types::v1::Fact amendment;
      amendment.set_occurred_at(note->amended().occurred_at());
      take(amendment);
    }
    for (const types::v1::Fact& fact : note->facts()) take(fact);
  }
}

std::vector<Event> LineChanges(const ClockRow& row, const std::vector<PlannedRun>& plan, const Occasion& occasion) {
  Changes changes(row, occasion);
  for (const PlannedRun& planned : plan) changes.Add(planned.judged);
  for (const Run& written : row.runs()) {
    if (!IsPlanned(written, plan)) changes.Drop(written);
  }
  return changes.Take();
}

Event WholeJudgement(const ClockRow& row, const std::vector<PlannedRun>& plan, const Occasion& occasion) {
  Event event;
  event.mutable_lines_judged()->set_why(occasion.why);
  event.mutable_lines_judged()->set_occurred_at(occasion.occurred_at);
  for (const PlannedRun& planned : plan) {
    JudgedLine* line = event.mutable_lines_judged()->add_lines();
    const Run* written = FindRun(row, planned.judged.started().line(), planned.judged.started().run());
    if (written != nullptr && EndedBefore(*written, occasion.first)) {
      *line = AsJudged(*written);
      continue;
    }
    *line = planned.judged;
    line->set_silent(IsSilent(*line, occasion.silent_until));
  }
  return event;
}

}  // namespace redress::sla
