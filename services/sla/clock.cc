#include "services/sla/clock.h"

#include <algorithm>
#include <utility>

#include "services/sla/clock_changes.h"
#include "services/sla/plan.h"

namespace redress::sla {
namespace {

using commands::v1::Note;
using events::v1::FactsNoted;
using events::v1::JudgedLine;
using events::v1::LineStarted;

FactsNoted FactsOf(const Note& note) {
  FactsNoted noted;
  *noted.mutable_facts() = note.facts();
  *noted.mutable_dimensions() = note.dimensions();
  noted.set_live(!note.imported());
  noted.set_recorded_at(note.recorded_at());
  *noted.mutable_cause() = note.cause();
  return noted;
}

// The plan of a row as it stands.
std::vector<PlannedRun> PlanOf(const ClockRow& row, const Promises& promises) {
  Facts facts;
  Select(row.facts(), {}, &facts);
  return PlanLines(row.start(), facts, promises);
}

// What makes the lines of `row` what `plan` says, as one event where it would be many.
std::vector<Event> ChangesOf(const ClockRow& row, const std::vector<PlannedRun>& plan, const Occasion& occasion) {
  std::vector<Event> changes = LineChanges(row, plan, occasion);
  if (changes.size() > kMaxLineEvents) changes = {WholeJudgement(row, plan, occasion)};
  return changes;
}

// An import: one event, with all that it means.
Event Imported(const Note& note, absl::string_view complaint, const Promises& promises, ClockRow row) {
  Event event;
  auto* imported = event.mutable_clock_imported();
  *imported->mutable_start() = note.receipt().start();
  *imported->mutable_facts() = FactsOf(note);
  *row.mutable_start() = imported->start();
  Insert(imported->facts(), complaint, &row);
  for (PlannedRun& planned : PlanOf(row, promises)) {
    JudgedLine* line = imported->mutable_lines()->add_lines();
    *line = std::move(planned.judged);
    line->set_silent(IsSilent(*line, imported->start().recorded_at()));
  }
  return event;
}

}  // namespace

std::vector<const Note*> NewNotes(const ClockRow& state, const commands::v1::TakeIn& command,
                                  absl::string_view complaint) {
  std::vector<const Note*> fresh;
  for (const Note& note : command.notes()) {
    if (note.has_receipt() ? !state.has_start() : !IsKnown(state, note.cause(), complaint)) fresh.push_back(&note);
  }
  return fresh;
}

std::vector<Event> DecideTakeIn(const ClockRow& state, const std::vector<const Note*>& notes,
                                absl::string_view complaint, const Promises& promises, Millis now) {
  std::vector<Event> events;
  ClockRow row = state;
  const auto record = [&](Event event) {
    Apply(event, now, complaint, &row);
    events.push_back(std::move(event));
  };
  for (const Note* note : notes) {
    if (note->has_receipt() && row.has_start()) continue;
    Event event;
    if (note->has_receipt() && note->imported()) {
      record(Imported(*note, complaint, promises, row));
      continue;
    }
    if (note->has_receipt()) {
      *event.mutable_clock_started() = note->receipt().start();
      record(std::move(event));
      event.Clear();
    }
    if (note->has_amended()) {
      *event.mutable_case_amended() = note->amended();
      event.mutable_case_amended()->set_recorded_at(note->recorded_at());
      *event.mutable_case_amended()->mutable_cause() = note->cause();
      record(std::move(event));
      event.Clear();
    }
    if (note->facts().empty()) continue;
    *event.mutable_facts_noted() = FactsOf(*note);
    record(std::move(event));
  }
  // Without its pack nothing can be said anew; what was written stays.
  const bool known_pack = promises.pack != nullptr || row.start().pack().empty();
  if (events.empty() || !row.has_start() || !known_pack) return events;
  const std::vector<PlannedRun> plan = PlanOf(row, promises);
  const Occasion occasion(state, notes, promises);
  for (Event& change : ChangesOf(row, plan, occasion)) events.push_back(std::move(change));
  return events;
}

std::vector<Event> DecideReplan(const ClockRow& state, const events::v1::ReplanBegun& change,
                                const Promises& promises) {
  if (!state.has_start() || promises.pack == nullptr) return {};
  return ChangesOf(state, PlanOf(state, promises), Occasion(state, change));
}

std::vector<Event> DecideAlarm(const ClockRow& state, const commands::v1::RaiseAlarm& command, Millis now) {
  const Run* run = FindRun(state, command.line(), command.run());
  if (run == nullptr || run->state() != JudgedLine::STATE_RUNNING) return {};
  now = std::max(now, command.due());
  const Millis due = LastDue(*run).due_at();
  const auto breach = NextBreach(*run);
  Event event;
  if (command.breach()) {
    if (!breach.has_value() || *breach > now) return {};
    auto* raised = event.mutable_breach_raised();
    raised->set_line(command.line());
    raised->set_run(command.run());
    raised->set_due_at(due);
    raised->set_fired_late(now - due > kAlarmTolerance);
    return {event};
  }
  const auto warning = NextWarning(state, *run);
  if (!warning.has_value() || *warning > now || due <= now) return {};
  auto* raised = event.mutable_warning_raised();
  raised->set_line(command.line());
  raised->set_run(command.run());
  raised->set_due_at(due);
  raised->set_warned_at(*warning);
  raised->set_fired_late(now - *warning > kAlarmTolerance);
  const rows::v1::DueVersion& last = LastDue(*run);
  for (int i = 0; i < std::min(last.warnings_at_size(), last.warning_roles_size()); ++i) {
    if (last.warnings_at(i) == *warning) raised->add_roles(last.warning_roles(i));
  }
  return {event};
}

const rows::v1::DueVersion& LastDue(const Run& run) {
  return run.dues().empty() ? rows::v1::DueVersion::default_instance() : run.dues(run.dues_size() - 1);
}

bool BreachRaised(const Run& run) {
  return std::any_of(run.alarms().begin(), run.alarms().end(), [](const auto& alarm) { return alarm.breach(); });
}

std::optional<Millis> NextBreach(const Run& run) {
  if (run.state() != JudgedLine::STATE_RUNNING) return std::nullopt;
  const Millis due = LastDue(run).due_at();
  if (run.has_silent_due_at() && run.silent_due_at() >= due) return std::nullopt;
  for (const auto& alarm : run.alarms()) {
    if (alarm.breach() && alarm.due_at() >= due) return std::nullopt;
  }
  return due;
}

std::optional<Millis> NextWarning(const ClockRow& row, const Run& run) {
  if (!NextBreach(run).has_value()) return std::nullopt;
  // An import's warnings of before it was recorded come too late for anybody.
  Millis last = row.start().imported() ? row.start().recorded_at() : -kForEver;
  if (row.start().imported()) {
    for (const NotedFact& fact : row.facts()) {
      if (fact.imported()) last = std::max(last, fact.recorded_at());
    }
  }
  for (const auto& alarm : run.alarms()) {
    if (!alarm.breach()) last = std::max(last, alarm.alarm_at());
  }
  for (const Millis warning : LastDue(run).warnings_at()) {
    if (warning > last) return warning;
  }
  return std::nullopt;
}

}  // namespace redress::sla
