// Properties: whatever the order of arrival, one clock; what is written is what a plan from scratch says.
#include <gtest/gtest.h>
// After gtest, whose macros it uses.
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>

#include "libs/store/memory/memory_database.h"
#include "services/sla/segments.h"
#include "services/sla/sla_logic.h"
#include "services/sla/sla_policy.h"
#include "services/sla/test_clock.h"

namespace redress::sla {
namespace {

using namespace testing;      // NOLINT
using namespace types::v1;    // NOLINT
using namespace register_v1;  // NOLINT

Promises SomePromises() {
  auto answer = Line("answer", FACT_KIND_UNSPECIFIED, FACT_KIND_ANSWERED, 10, TIME_UNIT_WORKING_HOURS);
  answer.set_starts_after_line("acknowledge");
  answer.add_also_stopped_by(FACT_KIND_RESOLVED);
  auto visit = Line("first_visit", FACT_KIND_VISIT_REQUESTED, FACT_KIND_VISIT_STARTED, 2, TIME_UNIT_WORKING_DAYS,
                    END_RULE_END_OF_DAY);
  visit.add_cancelled_by(FACT_KIND_RESOLVED);
  auto remedy = Line("remedy", FACT_KIND_RECEIVED, FACT_KIND_RESOLVED, 30, TIME_UNIT_WORKING_HOURS);
  auto* urgent = remedy.add_targets();
  urgent->set_urgency(URGENCY_EMERGENCY);
  urgent->set_quantity(12);
  urgent->set_unit(TIME_UNIT_HOURS);
  return PromisesFor(
      Pack({Line("acknowledge", FACT_KIND_RECEIVED, FACT_KIND_ACKNOWLEDGED, 8, TIME_UNIT_HOURS), answer, visit, remedy},
           {Pause("parts_awaited", FACT_KIND_PARTS_AWAITED, FACT_KIND_PARTS_ARRIVED, 12),
            Pause("resident_asked", FACT_KIND_RESIDENT_ASKED, FACT_KIND_RESIDENT_REPLIED, 24)}),
      Office());
}

constexpr FactKind kKinds[] = {
    FACT_KIND_ACKNOWLEDGED,  FACT_KIND_ANSWERED,       FACT_KIND_RESOLVED,         FACT_KIND_RESOLVED,
    FACT_KIND_REOPENED,      FACT_KIND_REOPENED,       FACT_KIND_WITHDRAWN,        FACT_KIND_PARTS_AWAITED,
    FACT_KIND_PARTS_ARRIVED, FACT_KIND_RESIDENT_ASKED, FACT_KIND_RESIDENT_REPLIED, FACT_KIND_VISIT_REQUESTED,
    FACT_KIND_VISIT_STARTED, FACT_KIND_VISIT_ENDED,    FACT_KIND_ASSIGNED,         FACT_KIND_EXTENSION_NOTIFIED,
    FACT_KIND_NO_ACCESS,     FACT_KIND_UNSPECIFIED /* an amended urgency */};

const Millis kReceived = At("2026-03-02T17:00:00+01:00");

// A receipt and some facts after it, a few of them at one instant.
std::vector<Note> Journey(int facts) {
  Notes notes;
  std::vector<Note> journey = {notes.Receipt(kReceived)};
  for (int i = 0; i < facts; ++i) {
    const FactKind kind = kKinds[*rc::gen::inRange<size_t>(0, std::size(kKinds))];
    const Millis at = kReceived + *rc::gen::inRange<int64_t>(0, 120) * kHour;
    Note note = notes.Evidenced(kind, at, at + *rc::gen::inRange<int64_t>(0, 3) * kDay);
    Fact* fact = note.mutable_facts(0);
    fact->set_team("t");
    fact->set_reason("reason");
    fact->set_line(*rc::gen::element<std::string>("acknowledge", "answer", "remedy"));
    if (*rc::gen::inRange(0, 3) == 0) fact->set_result(std::string(kVisitCancelled));
    fact->set_until(at + *rc::gen::inRange<int64_t>(1, 40) * kHour);
    if (kind == FACT_KIND_UNSPECIFIED) {
      note.clear_facts();
      note.mutable_amended()->set_occurred_at(at);
      note.mutable_amended()->set_urgency(*rc::gen::element(URGENCY_EMERGENCY, URGENCY_ROUTINE));
    }
    journey.push_back(note);
  }
  return journey;
}

// All that is said of a line but how it came to be known.
struct Outcome {
  JudgedLine::State state;
  Millis started, ended, due, unextended;
  FactKind by;
  bool operator==(const Outcome&) const = default;
};
std::map<std::pair<std::string, int>, Outcome> OutcomesOf(const ClockRow& row) {
  std::map<std::pair<std::string, int>, Outcome> outcomes;
  for (const Run& run : row.runs()) {
    // A run that a late fact took the ground from is as if it had never been.
    if (run.state() == JudgedLine::STATE_CANCELLED && run.ended_by() == FACT_KIND_UNSPECIFIED) continue;
    outcomes[{run.started().line(), run.started().run()}] = {
        run.state(),           run.started().started_at(),       run.ended_at(),
        LastDue(run).due_at(), LastDue(run).due_unextended_at(), run.ended_by()};
  }
  return outcomes;
}
std::map<std::pair<std::string, int>, Outcome> OutcomesOf(const std::vector<PlannedRun>& plan) {
  std::map<std::pair<std::string, int>, Outcome> outcomes;
  for (const PlannedRun& planned : plan) {
    const auto& judged = planned.judged;
    outcomes[{judged.started().line(), judged.started().run()}] = {judged.state(),
                                                                   judged.started().started_at(),
                                                                   judged.ended_at(),
                                                                   judged.started().due_at(),
                                                                   judged.started().due_unextended_at(),
                                                                   judged.ended_by()};
  }
  return outcomes;
}

ClockRow Arrived(const std::vector<Note>& notes) {
  OneClock clock(SomePromises());
  Millis now = 0;
  for (const Note& note : notes) {
    now = std::max(now, note.recorded_at());
    clock.Take(note, now);
  }
  return clock.row();
}

RC_GTEST_PROP(ClockProperty, AllPermutationsOfAShortJourneyGiveOneClock, ()) {
  std::vector<Note> journey = Journey(*rc::gen::inRange(1, 5));
  const ClockRow expected = Arrived(journey);
  std::vector<size_t> order(journey.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  do {
    std::vector<Note> arrival;
    for (const size_t i : order) arrival.push_back(journey[i]);
    const ClockRow row = Arrived(arrival);
    RC_ASSERT(row.start().SerializeAsString() == expected.start().SerializeAsString());
    RC_ASSERT(row.facts_size() == expected.facts_size());
    for (int i = 0; i < row.facts_size(); ++i) {
      RC_ASSERT(row.facts(i).SerializeAsString() == expected.facts(i).SerializeAsString());
    }
    RC_ASSERT(OutcomesOf(row) == OutcomesOf(expected));
  } while (std::next_permutation(order.begin(), order.end()));
}

RC_GTEST_PROP(ClockProperty, WhatIsWrittenIsWhatAPlanFromScratchSays, ()) {
  std::vector<Note> journey = Journey(*rc::gen::inRange(0, 30));
  for (size_t i = journey.size(); i > 1; --i) std::swap(journey[i - 1], journey[*rc::gen::inRange<size_t>(0, i)]);
  const ClockRow row = Arrived(journey);
  Facts facts;
  Select(row.facts(), {}, &facts);
  const Promises promises = SomePromises();
  RC_ASSERT(OutcomesOf(row) == OutcomesOf(PlanLines(row.start(), facts, promises)));
}

// What each decision of a journey recorded, folded into rows of two kinds: event by event, and a record at once.
RC_GTEST_PROP(ClockProperty, ARecordFoldedAtOnceLeavesTheRowsThatItsEventsLeave, ()) {
  std::vector<Note> journey = Journey(*rc::gen::inRange(0, 30));
  for (size_t i = journey.size(); i > 1; --i) std::swap(journey[i - 1], journey[*rc::gen::inRange<size_t>(0, i)]);
  const SlaLogic logic;
  store::MemoryDatabase one_by_one;
  store::MemoryDatabase at_once;
  OneClock clock(SomePromises());
  Millis now = 0;
  for (const Note& note : journey) {
    now = std::max(now, note.recorded_at());
    std::vector<Event> said = clock.Take(note, now);
    if (*rc::gen::inRange(0, 3) == 0) {
      for (Event& alarm : clock.FireUntil(now + kDay)) said.push_back(std::move(alarm));
    }
    log::v1::Body body;
    body.set_recorded_at(now);
    for (const Event& event : said) {
      log::v1::Event* stored = body.add_events();
      // Two clocks in one record, now and then the same one again.
      stored->set_aggregate(ClockName(*rc::gen::inRange(0, 8) == 0 ? "other" : "c"));
      stored->set_payload(event.SerializeAsString());
    }
    const runtime::ApplyContext context{0, 1, &body};
    store::View single(&one_by_one);
    store::View whole(&at_once);
    std::vector<const log::v1::Event*> events;
    for (const log::v1::Event& event : body.events()) {
      logic.Apply(context, event, &single);
      events.push_back(&event);
    }
    logic.ApplyAll(context, events, &whole);
    RC_ASSERT(one_by_one.Commit(single.writes()).ok());
    RC_ASSERT(at_once.Commit(whole.writes()).ok());
    RC_ASSERT(DigestOf(at_once, 0, store::DigestScope::kAll) == DigestOf(one_by_one, 0, store::DigestScope::kAll));
  }
}

RC_GTEST_PROP(ClockProperty, SoIsOneJudgementOfManyRuns, ()) {
  Notes notes;
  Note imported = notes.Receipt(kReceived);
  imported.set_imported(true);
  imported.mutable_receipt()->mutable_start()->set_imported(true);
  for (int i = 1; i < 120; ++i) {
    Fact* fact = imported.add_facts();
    fact->set_kind(i % 2 ? FACT_KIND_RESOLVED : FACT_KIND_REOPENED);
    fact->set_occurred_at(kReceived + i * kHour);
  }
  OneClock clock(SomePromises());
  clock.Take(imported, kReceived + kDay);
  for (const FactKind kind : {FACT_KIND_RESOLVED, FACT_KIND_REOPENED, FACT_KIND_WITHDRAWN, FACT_KIND_ANSWERED}) {
    clock.Take(notes.Of(kind, kReceived + *rc::gen::inRange<int64_t>(0, 120 * kHour)), kReceived + 9 * kDay);
  }
  Facts facts;
  Select(clock.row().facts(), {}, &facts);
  RC_ASSERT(OutcomesOf(clock.row()) == OutcomesOf(PlanLines(clock.row().start(), facts, SomePromises())));
}

RC_GTEST_PROP(ClockProperty, SegmentsTileTheTimeExactly, ()) {
  const ClockRow row = Arrived(Journey(*rc::gen::inRange(0, 30)));
  const Promises promises = SomePromises();
  const Millis until = kReceived + *rc::gen::inRange<int64_t>(0, 200 * kHour);
  Facts facts;
  Select(row.facts(), {}, &facts);
  Millis at = kReceived;
  for (const WaitSegment& segment : SegmentsOf(kReceived, until, facts, promises.pack.get())) {
    RC_ASSERT(segment.begin == at);
    RC_ASSERT(segment.end > segment.begin);
    at = segment.end;
  }
  RC_ASSERT(at == until);
}

RC_GTEST_PROP(ClockProperty, ARowReadAsACaseSaysTheSameOfItsFacts, ()) {
  const ClockRow row = Arrived(Journey(*rc::gen::inRange(0, 10)));
  CaseRow lean;
  RC_ASSERT(lean.ParseFromString(row.SerializeAsString()));
  RC_ASSERT(lean.facts_size() == row.facts_size());
  RC_ASSERT(lean.start().SerializeAsString() == row.start().SerializeAsString());
  RC_ASSERT(lean.runs_size() == row.runs_size());
}

}  // namespace
}  // namespace redress::sla
