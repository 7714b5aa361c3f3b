// For tests: one complaint's clock, fed facts in a line each.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "libs/calendar/test_calendars.h"
#include "services/sla/clock.h"
#include "services/sla/clock_changes.h"
#include "services/sla/plan.h"

namespace redress::sla::testing {

using calendar::testing::At;
using calendar::testing::Show;
using commands::v1::Note;
using events::v1::JudgedLine;
using types::v1::Fact;
using types::v1::FactKind;

// 2026-03-02 is a Monday; Paris is at +01:00 until 2026-03-29.
inline constexpr char kMonday17[] = "2026-03-02T17:00:00+01:00";
inline constexpr char kComplaint[] = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

// A line of a pack: Line("answer", RECEIVED, ANSWERED, 4, WORKING_HOURS).
inline register_v1::Line Line(const std::string& id, FactKind start, FactKind stop, int quantity,
                              register_v1::TimeUnit unit, register_v1::EndRule end = register_v1::END_RULE_SAME_TIME) {
  register_v1::Line line;
  line.set_id(id);
  line.set_start(start);
  line.set_stop(stop);
  auto* target = line.add_targets();
  target->set_quantity(quantity);
  target->set_unit(unit);
  target->set_end_rule(end);
  return line;
}

inline register_v1::PauseType Pause(const std::string& id, FactKind begins, FactKind ends, int budget_hours) {
  register_v1::PauseType type;
  type.set_id(id);
  type.set_begins(begins);
  type.add_ends(ends);
  type.set_budget_hours(budget_hours);
  return type;
}

inline register_v1::ObligationPack Pack(const std::vector<register_v1::Line>& lines,
                                        const std::vector<register_v1::PauseType>& pauses = {}) {
  register_v1::ObligationPack pack;
  pack.set_id("test");
  for (const auto& line : lines) *pack.add_lines() = line;
  for (const auto& pause : pauses) *pack.add_pauses() = pause;
  return pack;
}

inline Promises PromisesFor(const register_v1::ObligationPack& pack, const register_v1::Calendar& agency) {
  Promises promises;
  promises.pack = std::make_shared<register_v1::ObligationPack>(pack);
  promises.pack_version = 1;
  promises.tzdata = "test";
  promises.round_the_clock = RoundTheClock(agency.zone());
  promises.calendars[""] = {std::make_shared<calendar::WorkingCalendar>(calendar::testing::Compiled(agency)), "agency",
                            1, agency.zone()};
  return promises;
}

inline register_v1::Calendar Office(const std::string& hours = "08:00-18:00", const std::string& days = "12345",
                                    const std::string& zone = "Europe/Paris") {
  return calendar::testing::Draft(zone, {{days, hours}});
}

// A pack of one line, "answer", which waiting for parts stops.
inline Promises Answering(int quantity, register_v1::TimeUnit unit, const register_v1::Calendar& calendar,
                          register_v1::EndRule end = register_v1::END_RULE_SAME_TIME) {
  return PromisesFor(
      Pack({Line("answer", types::v1::FACT_KIND_RECEIVED, types::v1::FACT_KIND_ANSWERED, quantity, unit, end)},
           {Pause("parts_awaited", types::v1::FACT_KIND_PARTS_AWAITED, types::v1::FACT_KIND_PARTS_ARRIVED, 240)}),
      calendar);
}

// Notes as reactions make them; each has a cause of its own.
class Notes {
 public:
  Note Of(FactKind kind, Millis at, Millis recorded_at = -1) {
    Note note;
    Fact* fact = note.add_facts();
    fact->set_kind(kind);
    fact->set_occurred_at(at);
    note.set_recorded_at(recorded_at < 0 ? at : recorded_at);
    note.mutable_cause()->set_stream("intake");
    note.mutable_cause()->set_aggregate(std::string("complaints/") + kComplaint);
    note.mutable_cause()->set_version(++version_);
    return note;
  }
  // A fact with evidence, as pauses need it.
  Note Evidenced(FactKind kind, Millis at, Millis recorded_at = -1) {
    Note note = Of(kind, at, recorded_at);
    note.mutable_facts(0)->set_reference("photo-1");
    return note;
  }
  // That an urgency is another from `at` on.
  Note Amended(Millis at, types::v1::Urgency urgency) {
    Note note = Of(types::v1::FACT_KIND_UNSPECIFIED, at);
    note.clear_facts();
    note.mutable_amended()->set_occurred_at(at);
    note.mutable_amended()->set_urgency(urgency);
    return note;
  }
  // A visit's fact.
  Note Visit(FactKind kind, const std::string& visit, Millis at, absl::string_view result = "") {
    Note note = Of(kind, at);
    note.mutable_facts(0)->set_reference(visit);
    note.mutable_facts(0)->set_result(std::string(result));
    return note;
  }
  // A notice that extends `line`.
  Note Extension(const std::string& line, Millis at, Millis until, const std::string& reason) {
    Note note = Of(types::v1::FACT_KIND_EXTENSION_NOTIFIED, at);
    note.mutable_facts(0)->set_line(line);
    note.mutable_facts(0)->set_until(until);
    note.mutable_facts(0)->set_reason(reason);
    return note;
  }
  Note Receipt(Millis at, types::v1::Urgency urgency = types::v1::URGENCY_ROUTINE) {
    Note note = Of(types::v1::FACT_KIND_RECEIVED, at);
    auto* start = note.mutable_receipt()->mutable_start();
    start->set_kind(types::v1::COMPLAINT_KIND_COMPLAINT);
    start->set_category("heating");
    start->set_urgency(urgency);
    start->set_zone("Europe/Paris");
    start->mutable_at_receipt()->set_agency("north");
    start->set_received_at(at);
    start->set_recorded_at(note.recorded_at());
    start->set_reopen_window_ms(14 * kDay);
    start->set_pack("test");
    start->set_pack_version(1);
    return note;
  }

 private:
  int64_t version_ = 0;
};

// The clock of one complaint, with all that was recorded of it.
class OneClock {
 public:
  explicit OneClock(Promises promises) : promises_(std::move(promises)) {}

  // Decides and folds; by default when it was recorded. Returns what was recorded.
  std::vector<Event> Take(const Note& note, Millis now = -1) {
    commands::v1::TakeIn command;
    *command.add_notes() = note;
    now = now < 0 ? note.recorded_at() : now;
    return Record(DecideTakeIn(row_, NewNotes(row_, command, kComplaint), kComplaint, promises_, now), now);
  }
  // Fires every alarm that is due by `now`, in due order, as the runtime's timers would.
  std::vector<Event> FireUntil(Millis now) {
    std::vector<Event> all;
    for (;;) {
      commands::v1::RaiseAlarm next;
      next.set_due(kForEver);
      for (const Run& run : row_.runs()) {
        Consider(run, NextBreach(run), true, &next);
        Consider(run, NextWarning(row_, run), false, &next);
      }
      if (next.due() > now) return all;
      const auto events = Record(DecideAlarm(row_, next, now), now);
      if (events.empty()) skipped_.push_back({next.line(), next.breach(), next.due()});
      all.insert(all.end(), events.begin(), events.end());
    }
  }

  const ClockRow& row() const { return row_; }
  Promises& promises() { return promises_; }
  const Run& run(absl::string_view line, int number = 0) const {
    const Run* run = FindRun(row_, line, number);
    if (run == nullptr) ADD_FAILURE() << "no run " << number << " of " << line;
    return run == nullptr ? Run::default_instance() : *run;
  }
  std::string due(absl::string_view line, int number = 0) const {
    return Show(LastDue(run(line, number)).due_at(), calendar::testing::ZoneNamed("Europe/Paris"));
  }
  // "running", "met", "late", "cancelled"; "none" when there is no such run.
  std::string verdict(absl::string_view line, int number = 0) const {
    const Run* found = FindRun(row_, line, number);
    if (found == nullptr) return "none";
    if (found->state() == JudgedLine::STATE_CANCELLED) return "cancelled";
    if (found->state() == JudgedLine::STATE_RUNNING) return "running";
    return found->ended_at() <= LastDue(*found).due_at() ? "met" : "late";
  }

 private:
  struct Skipped {
    std::string line;
    bool breach;
    Millis due;
  };

  void Consider(const Run& run, std::optional<Millis> at, bool breach, commands::v1::RaiseAlarm* next) const {
    if (!at.has_value() || *at >= next->due()) return;
    for (const Skipped& one : skipped_) {
      if (one.line == run.started().line() && one.breach == breach && one.due == *at) return;
    }
    next->set_line(run.started().line());
    next->set_run(run.started().run());
    next->set_breach(breach);
    next->set_due(*at);
  }
  std::vector<Event> Record(std::vector<Event> events, Millis now) {
    EXPECT_LE(events.size(), 64u);
    for (const Event& event : events) Apply(event, now, kComplaint, &row_);
    return events;
  }

  Promises promises_;
  ClockRow row_;
  std::vector<Skipped> skipped_;
};

}  // namespace redress::sla::testing
