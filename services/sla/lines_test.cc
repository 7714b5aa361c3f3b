// When lines begin and end, and what extends them.
#include <gtest/gtest.h>

#include "services/sla/clock.h"
#include "services/sla/test_clock.h"

namespace redress::sla {
namespace {

using namespace testing;      // NOLINT: names of the small language the tests are written in
using namespace types::v1;    // NOLINT
using namespace register_v1;  // NOLINT

TEST(Lines, ChainedLineStartsWhereTheOtherStops) {
  auto answer = Line("answer", FACT_KIND_UNSPECIFIED, FACT_KIND_ANSWERED, 10, TIME_UNIT_WORKING_DAYS);
  answer.set_starts_after_line("acknowledge");
  OneClock clock(PromisesFor(
      // In the other order than they follow each other.
      Pack({answer, Line("acknowledge", FACT_KIND_RECEIVED, FACT_KIND_ACKNOWLEDGED, 5, TIME_UNIT_WORKING_DAYS)}),
      Office()));
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  EXPECT_EQ(clock.verdict("answer"), "none");
  clock.Take(notes.Of(FACT_KIND_ACKNOWLEDGED, At("2026-03-04T09:00:00+01:00")));
  EXPECT_EQ(clock.due("answer"), "2026-03-18T09:00:00+01:00");
  EXPECT_EQ(clock.run("answer").started().start(), FACT_KIND_ACKNOWLEDGED);
}

TEST(Lines, ChainedLineWhoseStopCameBeforeDoesNotStart) {
  auto answer = Line("answer", FACT_KIND_UNSPECIFIED, FACT_KIND_ANSWERED, 10, TIME_UNIT_WORKING_DAYS);
  answer.set_starts_after_line("acknowledge");
  OneClock clock(PromisesFor(
      Pack({Line("acknowledge", FACT_KIND_RECEIVED, FACT_KIND_ACKNOWLEDGED, 5, TIME_UNIT_WORKING_DAYS), answer}),
      Office()));
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  clock.Take(notes.Of(FACT_KIND_ANSWERED, At("2026-03-03T09:00:00+01:00")));
  clock.Take(notes.Of(FACT_KIND_ACKNOWLEDGED, At("2026-03-04T09:00:00+01:00")));
  EXPECT_EQ(clock.verdict("answer"), "none");
}

TEST(Lines, LinesChainedInACircleNeverStart) {
  auto a = Line("a", FACT_KIND_RECEIVED, FACT_KIND_ANSWERED, 1, TIME_UNIT_HOURS);
  auto b = a;
  b.set_id("b");
  a.set_starts_after_line("b");
  b.set_starts_after_line("a");
  OneClock clock(PromisesFor(Pack({a, b}), Office()));
  Notes notes;
  EXPECT_EQ(clock.Take(notes.Receipt(At(kMonday17))).size(), 2u);
}

TEST(Lines, ReopeningStartsTheRemedyAgainWithItsWholeTarget) {
  OneClock clock(
      PromisesFor(Pack({Line("remedy", FACT_KIND_RECEIVED, FACT_KIND_RESOLVED, 8, TIME_UNIT_WORKING_HOURS),
                        Line("answer", FACT_KIND_RECEIVED, FACT_KIND_ANSWERED, 40, TIME_UNIT_WORKING_HOURS)}),
                  Office()));
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  clock.Take(notes.Of(FACT_KIND_RESOLVED, At("2026-03-03T09:00:00+01:00")));
  // Days after what had been due: not breached at once.
  clock.Take(notes.Of(FACT_KIND_REOPENED, At("2026-03-10T09:00:00+01:00")));
  EXPECT_EQ(clock.verdict("remedy", 0), "met");
  EXPECT_EQ(clock.verdict("remedy", 1), "running");
  EXPECT_EQ(clock.due("remedy", 1), "2026-03-10T17:00:00+01:00");
  EXPECT_EQ(clock.verdict("answer", 1), "none");
  clock.Take(notes.Of(FACT_KIND_RESOLVED, At("2026-03-11T09:00:00+01:00")));
  EXPECT_EQ(clock.verdict("remedy", 1), "late");
  EXPECT_EQ(clock.verdict("remedy", 0), "met");
}

TEST(Lines, WithdrawalCancelsWhatRunsAndLateWithdrawalWhatHadStopped) {
  OneClock clock(Answering(4, TIME_UNIT_WORKING_HOURS, Office()));
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  clock.Take(notes.Of(FACT_KIND_ANSWERED, At("2026-03-03T09:00:00+01:00")));
  clock.Take(notes.Of(FACT_KIND_WITHDRAWN, At("2026-03-02T18:00:00+01:00"), At("2026-03-04T09:00:00+01:00")));
  EXPECT_EQ(clock.verdict("answer"), "cancelled");
  EXPECT_EQ(clock.run("answer").ended_by(), FACT_KIND_WITHDRAWN);
}

TEST(Lines, DuplicateCancelsTheRemedyInsteadOfMeetingIt) {
  OneClock clock(PromisesFor(Pack({Line("remedy", FACT_KIND_RECEIVED, FACT_KIND_RESOLVED, 8, TIME_UNIT_WORKING_HOURS)}),
                             Office()));
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  Note resolved = notes.Of(FACT_KIND_RESOLVED, At("2026-03-03T09:00:00+01:00"));
  resolved.mutable_facts(0)->set_outcome(OUTCOME_DUPLICATE);
  clock.Take(resolved);
  EXPECT_EQ(clock.verdict("remedy"), "cancelled");
}

TEST(Lines, ExtensionBeforeExpiryWithAReasonMovesTheDueInstant) {
  OneClock clock(Answering(4, TIME_UNIT_WORKING_HOURS, Office()));
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  const auto notice = [&](const char* at, const char* until, const char* reason) {
    clock.Take(notes.Extension("answer", At(at), At(until), reason));
  };
  notice("2026-03-03T09:00:00+01:00", "2026-03-06T12:00:00+01:00", "");
  EXPECT_EQ(clock.due("answer"), "2026-03-03T11:00:00+01:00");
  notice("2026-03-03T10:00:00+01:00", "2026-03-05T12:00:00+01:00", "asbestos survey");
  EXPECT_EQ(clock.due("answer"), "2026-03-05T12:00:00+01:00");
  EXPECT_EQ(LastDue(clock.run("answer")).due_unextended_at(), At("2026-03-03T11:00:00+01:00"));
  EXPECT_EQ(LastDue(clock.run("answer")).why(), "extended");
  notice("2026-03-05T13:00:00+01:00", "2026-03-20T12:00:00+01:00", "too late a notice");
  EXPECT_EQ(clock.due("answer"), "2026-03-05T12:00:00+01:00");
}

TEST(Lines, AmendedUrgencyCountsFromTheLinesStart) {
  auto line = Line("remedy", FACT_KIND_RECEIVED, FACT_KIND_RESOLVED, 40, TIME_UNIT_WORKING_HOURS);
  auto* urgent = line.add_targets();
  urgent->set_urgency(URGENCY_EMERGENCY);
  urgent->set_quantity(24);
  urgent->set_unit(TIME_UNIT_HOURS);
  OneClock clock(PromisesFor(Pack({line}), Office()));
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  const Note amended = notes.Amended(At("2026-03-02T18:00:00+01:00"), URGENCY_EMERGENCY);
  EXPECT_EQ(clock.Take(amended).size(), 2u);
  EXPECT_EQ(clock.due("remedy"), "2026-03-03T17:00:00+01:00");
  EXPECT_EQ(LastDue(clock.run("remedy")).why(), "amended");
  EXPECT_TRUE(clock.Take(amended).empty());
}

Promises FirstVisit() {
  auto line = Line("first_visit", FACT_KIND_VISIT_REQUESTED, FACT_KIND_VISIT_STARTED, 5, TIME_UNIT_WORKING_DAYS);
  line.add_cancelled_by(FACT_KIND_RESOLVED);
  return PromisesFor(Pack({line}), Office());
}

TEST(Lines, VisitEndedWithoutABeginningHasTakenPlaceACancelledOneHasNot) {
  OneClock clock(FirstVisit());
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  clock.Take(notes.Visit(FACT_KIND_VISIT_REQUESTED, "interventions/a", At("2026-03-02T18:00:00+01:00")));
  clock.Take(notes.Visit(FACT_KIND_VISIT_REQUESTED, "interventions/b", At("2026-03-02T19:00:00+01:00")));
  clock.Take(notes.Visit(FACT_KIND_VISIT_ENDED, "interventions/a", At("2026-03-03T18:00:00+01:00"), kVisitCancelled));
  EXPECT_EQ(clock.verdict("first_visit"), "running");
  clock.Take(notes.Visit(FACT_KIND_VISIT_ENDED, "interventions/b", At("2026-03-04T18:00:00+01:00"), "fixed"));
  EXPECT_EQ(clock.verdict("first_visit"), "met");
}

TEST(Lines, OfAVisitAreCancelledWhenTheLastOneAskedForIsFreed) {
  OneClock clock(FirstVisit());
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  clock.Take(notes.Visit(FACT_KIND_VISIT_REQUESTED, "interventions/a", At("2026-03-02T18:00:00+01:00")));
  clock.Take(notes.Visit(FACT_KIND_VISIT_ENDED, "interventions/a", At("2026-03-03T18:00:00+01:00"), kVisitCancelled));
  EXPECT_EQ(clock.verdict("first_visit"), "cancelled");
  EXPECT_EQ(clock.run("first_visit").ended_by(), FACT_KIND_VISIT_ENDED);
  EXPECT_TRUE(clock.FireUntil(At("2027-01-01T00:00:00Z")).empty());
  // Another one is another promise.
  clock.Take(notes.Visit(FACT_KIND_VISIT_REQUESTED, "interventions/b", At("2026-03-09T18:00:00+01:00")));
  EXPECT_EQ(clock.due("first_visit", 1), "2026-03-16T18:00:00+01:00");
}

TEST(Lines, OfAVisitGoOnWhenItIsGivenToAnotherAgencyToldInAnyOrder) {
  // Freed by one shard and asked for by another, at the instant of the assignment.
  for (const bool freed_first : {true, false}) {
    OneClock clock(FirstVisit());
    Notes notes;
    clock.Take(notes.Receipt(At(kMonday17)));
    clock.Take(notes.Visit(FACT_KIND_VISIT_REQUESTED, "interventions/a", At("2026-03-02T18:00:00+01:00")));
    const Millis at = At("2026-03-03T18:00:00+01:00");
    std::vector<Note> two = {notes.Visit(FACT_KIND_VISIT_ENDED, "interventions/a", at, kVisitCancelled),
                             notes.Visit(FACT_KIND_VISIT_REQUESTED, "interventions/b", at)};
    if (!freed_first) std::swap(two[0], two[1]);
    for (const Note& note : two) clock.Take(note);
    EXPECT_EQ(clock.verdict("first_visit", 0), "running");
    EXPECT_EQ(clock.verdict("first_visit", 1), "none");
    EXPECT_EQ(clock.due("first_visit"), "2026-03-09T18:00:00+01:00");
  }
}

TEST(Lines, OfAVisitAskedForAfterTheResolutionDoNotStartInEitherOrderOfArrival) {
  const Millis received = At("2026-03-02T09:40:00+01:00");
  for (const bool request_first : {true, false}) {
    OneClock clock(FirstVisit());
    Notes notes;
    clock.Take(notes.Receipt(received));
    std::vector<Note> two = {
        notes.Visit(FACT_KIND_VISIT_REQUESTED, "interventions/a", At("2026-03-02T10:00:00+01:00")),
        notes.Of(FACT_KIND_RESOLVED, At("2026-03-02T09:45:00+01:00"), At("2026-03-02T10:01:00+01:00"))};
    if (!request_first) std::swap(two[0], two[1]);
    for (const Note& note : two) clock.Take(note, At("2026-03-02T10:01:00+01:00"));
    EXPECT_NE(clock.verdict("first_visit"), "running");
    EXPECT_TRUE(clock.FireUntil(At("2027-01-01T00:00:00Z")).empty());
    // The trouble is back: now a visit is owed.
    clock.Take(notes.Of(FACT_KIND_REOPENED, At("2026-03-04T09:00:00+01:00")));
    clock.Take(notes.Visit(FACT_KIND_VISIT_REQUESTED, "interventions/b", At("2026-03-04T10:00:00+01:00")));
    EXPECT_EQ(clock.verdict("first_visit", clock.row().runs_size() - 1), "running");
  }
}

TEST(Lines, ThatAResolutionDoesNotCancelMayStartAfterIt) {
  auto second = Line("stage_two", FACT_KIND_STAGE_TWO_REQUESTED, FACT_KIND_ANSWERED, 20, TIME_UNIT_WORKING_DAYS);
  second.set_stage(2);
  OneClock clock(PromisesFor(Pack({second}), Office()));
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  clock.Take(notes.Of(FACT_KIND_RESOLVED, At("2026-03-03T09:00:00+01:00")));
  clock.Take(notes.Of(FACT_KIND_STAGE_TWO_REQUESTED, At("2026-03-04T09:00:00+01:00")));
  EXPECT_EQ(clock.verdict("stage_two"), "running");
}

TEST(Lines, AreExtendedByANoticeThatNamesThemAlone) {
  auto strict = Line("acknowledge", FACT_KIND_RECEIVED, FACT_KIND_ACKNOWLEDGED, 48, TIME_UNIT_HOURS);
  strict.set_extensions(EXTENSIONS_NEVER);
  auto agreed = Line("repair", FACT_KIND_RECEIVED, FACT_KIND_RESOLVED, 48, TIME_UNIT_HOURS);
  agreed.set_extensions(EXTENSIONS_BY_CONSENT);
  OneClock clock(
      PromisesFor(Pack({strict, agreed, Line("answer", FACT_KIND_RECEIVED, FACT_KIND_ANSWERED, 48, TIME_UNIT_HOURS),
                        Line("works", FACT_KIND_RECEIVED, FACT_KIND_WORKS_ENDED, 48, TIME_UNIT_HOURS)}),
                  Office()));
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  const std::string first = "2026-03-04T17:00:00+01:00";
  const std::string later = "2026-03-06T12:00:00+01:00";
  const Millis at = At("2026-03-03T09:00:00+01:00");
  clock.Take(notes.Extension("answer", at, At(later), "asbestos survey"));
  EXPECT_EQ(clock.due("answer"), later);
  EXPECT_EQ(clock.due("works"), first);
  clock.Take(notes.Extension("", at, At(later), "of no line"));
  EXPECT_EQ(clock.due("works"), first);
  clock.Take(notes.Extension("acknowledge", at, At(later), "busy"));
  EXPECT_EQ(clock.due("acknowledge"), first);
  clock.Take(notes.Extension("repair", at, At(later), "busy"));
  EXPECT_EQ(clock.due("repair"), first);
  clock.Take(notes.Extension("repair", at, At(later), std::string(kResidentConsented)));
  EXPECT_EQ(clock.due("repair"), later);
}

TEST(Lines, OfAnImportAreAllExtendedByANoticeThatNamesNone) {
  OneClock clock(PromisesFor(Pack({Line("answer", FACT_KIND_RECEIVED, FACT_KIND_ANSWERED, 48, TIME_UNIT_HOURS),
                                   Line("works", FACT_KIND_RECEIVED, FACT_KIND_WORKS_ENDED, 48, TIME_UNIT_HOURS)}),
                             Office()));
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  Note notice = notes.Extension("", At("2026-03-03T09:00:00+01:00"), At("2026-03-06T12:00:00+01:00"), "");
  notice.set_imported(true);
  clock.Take(notice);
  EXPECT_EQ(clock.due("answer"), "2026-03-06T12:00:00+01:00");
  EXPECT_EQ(clock.due("works"), "2026-03-06T12:00:00+01:00");
}

TEST(Lines, AResolutionAnswersWhereThePackSaysSo) {
  auto answer = Line("answer", FACT_KIND_RECEIVED, FACT_KIND_ANSWERED, 4, TIME_UNIT_WORKING_HOURS);
  auto strict = answer;
  strict.set_id("written_answer");
  answer.add_also_stopped_by(FACT_KIND_RESOLVED);
  OneClock clock(PromisesFor(Pack({answer, strict}), Office()));
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  const auto events = clock.Take(notes.Of(FACT_KIND_RESOLVED, At("2026-03-02T17:30:00+01:00")));
  EXPECT_EQ(events.back().line_stopped().by(), FACT_KIND_RESOLVED);
  EXPECT_EQ(clock.verdict("answer"), "met");
  EXPECT_EQ(clock.verdict("written_answer"), "running");
}

}  // namespace
}  // namespace redress::sla
