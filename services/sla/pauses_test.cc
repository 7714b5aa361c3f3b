// How pauses move due instants.
#include <gtest/gtest.h>

#include "services/sla/clock.h"
#include "services/sla/test_clock.h"

namespace redress::sla {
namespace {

using namespace testing;      // NOLINT: names of the small language the tests are written in
using namespace types::v1;    // NOLINT
using namespace register_v1;  // NOLINT

TEST(Pauses, OfATargetInDaysCountWholeDaysWhateverTheHourOfReceipt) {
  struct Case {
    TimeUnit unit;
    std::string due;
  };
  // Paused from Wednesday to Monday: Thursday, Friday and Monday are three working days, with the week-end five.
  for (const Case& c : {Case{TIME_UNIT_WORKING_DAYS, "2026-03-12T23:59:59.999+01:00"},
                        Case{TIME_UNIT_CALENDAR_DAYS, "2026-03-12T23:59:59.999+01:00"}}) {
    for (const char* hour : {"07:30", "12:00", "19:00"}) {
      OneClock clock(Answering(5, c.unit, Office(), END_RULE_END_OF_DAY));
      Notes notes;
      clock.Take(notes.Receipt(At(std::string("2026-03-02T") + hour + ":00+01:00")));
      clock.Take(notes.Evidenced(FACT_KIND_PARTS_AWAITED, At("2026-03-04T15:00:00+01:00")));
      clock.Take(notes.Of(FACT_KIND_PARTS_ARRIVED, At("2026-03-09T10:00:00+01:00")));
      EXPECT_EQ(LastDue(clock.run("answer")).due_at(), At(c.due)) << hour << " " << clock.due("answer");
    }
  }
}

TEST(Pauses, WithinOneDayDoNotMoveATargetInDays) {
  OneClock clock(Answering(2, TIME_UNIT_WORKING_DAYS, Office()));
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  clock.Take(notes.Evidenced(FACT_KIND_PARTS_AWAITED, At("2026-03-03T09:00:00+01:00")));
  clock.Take(notes.Of(FACT_KIND_PARTS_ARRIVED, At("2026-03-03T16:00:00+01:00")));
  EXPECT_EQ(clock.due("answer"), "2026-03-04T17:00:00+01:00");
}

TEST(Pauses, LeaveALineAloneThatIsNotPausableUnlessTheyNameIt) {
  auto untouched = Line("acknowledge", FACT_KIND_RECEIVED, FACT_KIND_ACKNOWLEDGED, 48, TIME_UNIT_HOURS);
  untouched.set_not_pausable(true);
  auto named = Line("safe", FACT_KIND_RECEIVED, FACT_KIND_MADE_SAFE, 48, TIME_UNIT_HOURS);
  named.set_not_pausable(true);
  auto by_name = Pause("asked", FACT_KIND_RESIDENT_ASKED, FACT_KIND_RESIDENT_REPLIED, 240);
  by_name.add_lines("safe");
  OneClock clock(PromisesFor(
      Pack({untouched, named}, {Pause("parts", FACT_KIND_PARTS_AWAITED, FACT_KIND_PARTS_ARRIVED, 240), by_name}),
      Office()));
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  for (const auto& [begins, ends] : {std::pair{FACT_KIND_PARTS_AWAITED, FACT_KIND_PARTS_ARRIVED},
                                     {FACT_KIND_RESIDENT_ASKED, FACT_KIND_RESIDENT_REPLIED}}) {
    clock.Take(notes.Evidenced(begins, At("2026-03-02T18:00:00+01:00")));
    clock.Take(notes.Of(ends, At("2026-03-02T20:00:00+01:00")));
  }
  EXPECT_EQ(clock.due("acknowledge"), "2026-03-04T17:00:00+01:00");
  EXPECT_EQ(clock.due("safe"), "2026-03-04T19:00:00+01:00");
}

TEST(Pauses, TheNameOfAVisitIsNoEvidenceThatNobodyWasThere) {
  OneClock clock(PromisesFor(Pack({Line("remedy", FACT_KIND_RECEIVED, FACT_KIND_RESOLVED, 48, TIME_UNIT_HOURS)},
                                  {Pause("no_access", FACT_KIND_NO_ACCESS, FACT_KIND_VISIT_BOOKED, 24)}),
                             Office()));
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  Note missed = notes.Visit(FACT_KIND_NO_ACCESS, "interventions/a", At("2026-03-03T09:00:00+01:00"));
  clock.Take(missed);
  EXPECT_EQ(clock.due("remedy"), "2026-03-04T17:00:00+01:00");
  missed = notes.Visit(FACT_KIND_NO_ACCESS, "interventions/b", At("2026-03-03T10:00:00+01:00"));
  missed.mutable_facts(0)->set_evidence("card-left");
  clock.Take(missed);
  EXPECT_EQ(clock.due("remedy"), "2026-03-05T17:00:00+01:00");
}

TEST(Pauses, ResumeByThemselvesWhenTheirBudgetEnds) {
  Promises promises = PromisesFor(Pack({Line("remedy", FACT_KIND_RECEIVED, FACT_KIND_RESOLVED, 48, TIME_UNIT_HOURS)},
                                       {Pause("parts_awaited", FACT_KIND_PARTS_AWAITED, FACT_KIND_PARTS_ARRIVED, 24)}),
                                  Office());
  OneClock clock(promises);
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  clock.Take(notes.Evidenced(FACT_KIND_PARTS_AWAITED, At("2026-03-03T17:00:00+01:00")));
  EXPECT_EQ(clock.due("remedy"), "2026-03-05T17:00:00+01:00");
  EXPECT_EQ(LastDue(clock.run("remedy")).why(), "paused");
  // Days later: nothing more to give.
  EXPECT_EQ(clock.Take(notes.Of(FACT_KIND_PARTS_ARRIVED, At("2026-03-09T17:00:00+01:00"))).size(), 1u);
  clock.Take(
      notes.Evidenced(FACT_KIND_PARTS_AWAITED, At("2026-03-04T18:00:00+01:00"), At("2026-03-10T10:00:00+01:00")));
  EXPECT_EQ(clock.due("remedy"), "2026-03-05T17:00:00+01:00");
}

TEST(Pauses, WithoutEvidenceStopNothing) {
  OneClock clock(Answering(4, TIME_UNIT_WORKING_HOURS, Office()));
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  EXPECT_EQ(clock.Take(notes.Of(FACT_KIND_PARTS_AWAITED, At("2026-03-02T17:30:00+01:00"))).size(), 1u);
  EXPECT_EQ(clock.due("answer"), "2026-03-03T11:00:00+01:00");
}

TEST(Pauses, ThatOverlapCountOnce) {
  Promises promises = PromisesFor(Pack({Line("remedy", FACT_KIND_RECEIVED, FACT_KIND_RESOLVED, 48, TIME_UNIT_HOURS)},
                                       {Pause("parts", FACT_KIND_PARTS_AWAITED, FACT_KIND_PARTS_ARRIVED, 240),
                                        Pause("asked", FACT_KIND_RESIDENT_ASKED, FACT_KIND_RESIDENT_REPLIED, 240)}),
                                  Office());
  OneClock clock(promises);
  Notes notes;
  clock.Take(notes.Receipt(At("2026-03-02T12:00:00+01:00")));
  clock.Take(notes.Evidenced(FACT_KIND_PARTS_AWAITED, At("2026-03-02T13:00:00+01:00")));
  clock.Take(notes.Evidenced(FACT_KIND_RESIDENT_ASKED, At("2026-03-02T15:00:00+01:00")));
  clock.Take(notes.Of(FACT_KIND_PARTS_ARRIVED, At("2026-03-02T17:00:00+01:00")));
  clock.Take(notes.Of(FACT_KIND_RESIDENT_REPLIED, At("2026-03-02T18:00:00+01:00")));
  EXPECT_EQ(clock.due("remedy"), "2026-03-04T17:00:00+01:00");  // 13 to 18 h: five hours
}

}  // namespace
}  // namespace redress::sla
