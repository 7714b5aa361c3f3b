#include "services/sla/clock.h"

#include "gmock/gmock.h"
#include "services/sla/explanation.h"
#include "services/sla/test_clock.h"

namespace redress::sla {
namespace {

using namespace testing;      // NOLINT: names of the small language the tests are written in
using namespace types::v1;    // NOLINT
using namespace register_v1;  // NOLINT

// 2026-03-02 is a Monday; Paris is at +01:00 until 2026-03-29.
constexpr char kMonday17[] = "2026-03-02T17:00:00+01:00";

Promises Answering(int quantity, TimeUnit unit, const register_v1::Calendar& calendar,
                   EndRule end = END_RULE_SAME_TIME) {
  return PromisesFor(Pack({Line("answer", FACT_KIND_RECEIVED, FACT_KIND_ANSWERED, quantity, unit, end)},
                          {Pause("parts_awaited", FACT_KIND_PARTS_AWAITED, FACT_KIND_PARTS_ARRIVED, 240)}),
                     calendar);
}

// name | calendar | target | received | due: the plain due times of the domain's table.
struct DueCase {
  std::string name;
  register_v1::Calendar calendar;
  int quantity;
  TimeUnit unit;
  std::string received;
  std::string due;
};

class DueTimes : public ::testing::TestWithParam<DueCase> {};

TEST_P(DueTimes, AreWrittenWhenTheClockStarts) {
  const DueCase& c = GetParam();
  OneClock clock(Answering(c.quantity, c.unit, c.calendar));
  Notes notes;
  const auto events = clock.Take(notes.Receipt(At(c.received)));
  ASSERT_EQ(events.size(), 3u);
  ASSERT_TRUE(events[2].has_line_started());
  EXPECT_EQ(events[2].line_started().due_at(), At(c.due)) << Show(events[2].line_started().due_at());
}

register_v1::Calendar TwoHolidays() {
  register_v1::Calendar calendar = Office("08:00-20:00", "1234567");
  for (const char* date : {"2026-03-04", "2026-03-05"}) {
    auto* holiday = calendar.add_holidays();
    holiday->set_date(date);
    holiday->set_name("test");
  }
  return calendar;
}

INSTANTIATE_TEST_SUITE_P(
    Domain, DueTimes,
    ::testing::Values(DueCase{"mon_fri_08_18_target_4h_received_mon_17", Office(), 4, TIME_UNIT_WORKING_HOURS,
                              kMonday17, "2026-03-03T11:00:00+01:00"},
                      DueCase{"mon_fri_9_17_received_fri_1630_target_1h", Office("09:00-17:00"), 1,
                              TIME_UNIT_WORKING_HOURS, "2026-03-06T16:30:00+01:00", "2026-03-09T09:30:00+01:00"},
                      DueCase{"open_on_tuesdays_only", Office("09:00-17:00", "2"), 12, TIME_UNIT_WORKING_HOURS,
                              "2026-03-04T10:00:00+01:00", "2026-03-17T13:00:00+01:00"},
                      // 48 h at 12 h a day, two of the days are holidays: Mon 23:00, then Tue, Fri, Sat, Sun.
                      DueCase{"received_23_two_holidays_in_range", TwoHolidays(), 48, TIME_UNIT_WORKING_HOURS,
                              "2026-03-02T23:00:00+01:00", "2026-03-08T20:00:00+01:00"},
                      DueCase{"received_outside_hours_working_time_starts_at_opening", Office(), 1,
                              TIME_UNIT_WORKING_HOURS, "2026-03-02T20:00:00+01:00", "2026-03-03T09:00:00+01:00"},
                      DueCase{"received_outside_hours_resident_time_starts_at_once", Office(), 1, TIME_UNIT_HOURS,
                              "2026-03-02T20:00:00+01:00", "2026-03-02T21:00:00+01:00"},
                      DueCase{"56_calendar_days_across_a_clock_change", Office(), 56, TIME_UNIT_CALENDAR_DAYS,
                              kMonday17, "2026-04-27T17:00:00+02:00"},
                      DueCase{"casablanca_around_ramadan", Office("08:00-16:00", "12345", "Africa/Casablanca"), 8,
                              TIME_UNIT_WORKING_HOURS,
                              // Friday before the clocks go back on 2026-02-15: Monday is at +00:00.
                              "2026-02-13T12:00:00+01:00", "2026-02-16T12:00:00+00:00"}),
    [](const auto& info) { return info.param.name; });

TEST(Clock, EveryDayClosedIsRefusedWhenTheCalendarIsCreated) {
  EXPECT_FALSE(calendar::WorkingCalendar::Compile(calendar::testing::Draft("Europe/Paris", {})).ok());
}

TEST(Clock, WarnsAnHourBeforeInWorkingTime) {
  Promises promises = Answering(4, TIME_UNIT_WORKING_HOURS, Office());
  auto pack = *promises.pack;
  pack.mutable_lines(0)->add_warnings()->set_minutes_before(60);
  pack.mutable_lines(0)->add_warnings()->set_minutes_before(190);
  promises.pack = std::make_shared<ObligationPack>(pack);
  OneClock clock(promises);
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  const auto& warnings = LastDue(clock.run("answer")).warnings_at();
  ASSERT_EQ(warnings.size(), 2);
  // 3 h 10 min of open time before Tuesday 11:00 is Monday 17:50.
  EXPECT_EQ(warnings[0], At("2026-03-02T17:50:00+01:00"));
  EXPECT_EQ(warnings[1], At("2026-03-03T10:00:00+01:00"));
}

TEST(Clock, TargetOneWorkingDayPausedFridayToMondayDoesNotCountTheWeekEnd) {
  OneClock clock(Answering(1, TIME_UNIT_WORKING_DAYS, Office()));
  Notes notes;
  clock.Take(notes.Receipt(At("2026-03-05T10:00:00+01:00")));
  EXPECT_EQ(clock.due("answer"), "2026-03-06T10:00:00+01:00");
  clock.Take(notes.Evidenced(FACT_KIND_PARTS_AWAITED, At("2026-03-06T09:00:00+01:00")));
  clock.Take(notes.Of(FACT_KIND_PARTS_ARRIVED, At("2026-03-09T09:00:00+01:00")));
  // Ten open hours were paused (Friday 9 to 18, Monday 8 to 9), not 72.
  EXPECT_EQ(clock.due("answer"), "2026-03-09T10:00:00+01:00");
  EXPECT_EQ(LastDue(clock.run("answer")).why(), "resumed");
}

TEST(Clock, PauseResumesByItselfWhenItsBudgetEnds) {
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

TEST(Clock, PauseWithoutEvidenceStopsNothing) {
  OneClock clock(Answering(4, TIME_UNIT_WORKING_HOURS, Office()));
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  EXPECT_EQ(clock.Take(notes.Of(FACT_KIND_PARTS_AWAITED, At("2026-03-02T17:30:00+01:00"))).size(), 1u);
  EXPECT_EQ(clock.due("answer"), "2026-03-03T11:00:00+01:00");
}

TEST(Clock, OverlappingPausesCountOnce) {
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

TEST(Clock, PausedForDaysThenThePolicyChangesThePauseIsCarriedOver) {
  OneClock clock(Answering(40, TIME_UNIT_WORKING_HOURS, Office()));
  Notes notes;
  clock.Take(notes.Receipt(At("2026-03-02T08:00:00+01:00")));
  clock.Take(notes.Evidenced(FACT_KIND_PARTS_AWAITED, At("2026-03-03T08:00:00+01:00")));
  clock.Take(notes.Of(FACT_KIND_PARTS_ARRIVED, At("2026-03-05T08:00:00+01:00")));
  EXPECT_EQ(clock.due("answer"), "2026-03-09T18:00:00+01:00");
  auto pack = *clock.promises().pack;
  pack.mutable_lines(0)->mutable_targets(0)->set_quantity(50);
  clock.promises().pack = std::make_shared<ObligationPack>(pack);
  clock.Take(notes.Of(FACT_KIND_WORKS_BEGUN, At("2026-03-05T09:00:00+01:00")));
  EXPECT_EQ(clock.due("answer"), "2026-03-10T18:00:00+01:00");  // ten hours more, and the twenty of the pause still
}

TEST(Clock, PolicyWithdrawnWhileBreachedLeavesTheListAndStaysInHistory) {
  OneClock clock(Answering(4, TIME_UNIT_WORKING_HOURS, Office()));
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  clock.FireUntil(At("2026-03-03T12:00:00+01:00"));
  ASSERT_TRUE(BreachRaised(clock.run("answer")));
  auto pack = *clock.promises().pack;
  pack.clear_lines();
  clock.promises().pack = std::make_shared<ObligationPack>(pack);
  clock.Take(notes.Of(FACT_KIND_WORKS_BEGUN, At("2026-03-03T13:00:00+01:00")));
  EXPECT_EQ(clock.verdict("answer"), "cancelled");
  EXPECT_TRUE(BreachRaised(clock.run("answer")));
  EXPECT_TRUE(clock.FireUntil(At("2026-04-01T00:00:00+02:00")).empty());
}

TEST(Clock, BreachedThenResolvedFreezesTheOverrun) {
  Promises promises =
      PromisesFor(Pack({Line("remedy", FACT_KIND_RECEIVED, FACT_KIND_RESOLVED, 4, TIME_UNIT_WORKING_HOURS)}), Office());
  OneClock clock(promises);
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  clock.FireUntil(At("2026-03-03T12:00:00+01:00"));
  clock.Take(notes.Of(FACT_KIND_RESOLVED, At("2026-03-03T13:00:00+01:00")));
  EXPECT_EQ(clock.verdict("remedy"), "late");
  Facts facts;
  Select(clock.row().facts(), {}, &facts);
  const auto lines = LinesOf(clock.row(), facts, promises, true);
  const auto reasons = ReasonsOf(lines.at(0), At("2026-06-01T00:00:00+02:00"));
  EXPECT_THAT(reasons, ::testing::Contains(::testing::HasSubstr("2h after it was due: late")));
}

TEST(Clock, ClosedThenThanksRestartsNothing) {
  Promises promises =
      PromisesFor(Pack({Line("remedy", FACT_KIND_RECEIVED, FACT_KIND_RESOLVED, 4, TIME_UNIT_WORKING_HOURS)}), Office());
  OneClock clock(promises);
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  clock.Take(notes.Of(FACT_KIND_RESOLVED, At("2026-03-02T17:30:00+01:00")));
  EXPECT_EQ(clock.Take(notes.Of(FACT_KIND_RESIDENT_REPLIED, At("2026-03-05T17:30:00+01:00"))).size(), 1u);
  EXPECT_EQ(clock.verdict("remedy"), "met");
  EXPECT_EQ(clock.verdict("remedy", 1), "none");
}

TEST(Clock, OneLinesShorterTargetDoesNotOverruleAnothers) {
  OneClock clock(PromisesFor(Pack({Line("acknowledge", FACT_KIND_RECEIVED, FACT_KIND_ACKNOWLEDGED, 8, TIME_UNIT_HOURS),
                                   Line("answer", FACT_KIND_RECEIVED, FACT_KIND_ANSWERED, 4, TIME_UNIT_HOURS)}),
                             Office()));
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  EXPECT_EQ(clock.due("acknowledge"), "2026-03-03T01:00:00+01:00");
  EXPECT_EQ(clock.due("answer"), "2026-03-02T21:00:00+01:00");
  clock.Take(notes.Of(FACT_KIND_ANSWERED, At("2026-03-02T20:00:00+01:00")));
  EXPECT_EQ(clock.verdict("answer"), "met");
  EXPECT_EQ(clock.verdict("acknowledge"), "running");
}

TEST(Clock, MovedReligiousHolidayMovesDueTimesAndSaysWhy) {
  OneClock clock(Answering(2, TIME_UNIT_WORKING_DAYS, Office()));
  Notes notes;
  clock.Take(notes.Receipt(At("2026-03-18T10:00:00+01:00")));  // a Wednesday
  EXPECT_EQ(clock.due("answer"), "2026-03-20T10:00:00+01:00");
  // Announced for Friday now.
  register_v1::Calendar moved = Office();
  auto* holiday = moved.add_holidays();
  holiday->set_date("2026-03-20");
  holiday->set_name("Aïd al-Fitr");
  clock.promises().calendars[""] = {std::make_shared<calendar::WorkingCalendar>(calendar::testing::Compiled(moved)),
                                    "agency", 2, "Europe/Paris"};
  clock.Take(notes.Of(FACT_KIND_WORKS_BEGUN, At("2026-03-18T11:00:00+01:00")));
  EXPECT_EQ(clock.due("answer"), "2026-03-23T10:00:00+01:00");
  EXPECT_EQ(LastDue(clock.run("answer")).why(), "calendar");
  EXPECT_EQ(LastDue(clock.run("answer")).versions().calendar_version(), 2);
}

TEST(Clock, CalendarChangeLeavesEndedLinesAlone) {
  OneClock clock(Answering(2, TIME_UNIT_WORKING_DAYS, Office()));
  Notes notes;
  clock.Take(notes.Receipt(At("2026-03-18T10:00:00+01:00")));
  clock.Take(notes.Of(FACT_KIND_ANSWERED, At("2026-03-18T11:00:00+01:00")));
  clock.promises().calendars[""].version = 2;
  clock.promises().calendars[""].working =
      std::make_shared<calendar::WorkingCalendar>(calendar::testing::Compiled(Office("08:00-18:00", "2")));
  EXPECT_EQ(clock.Take(notes.Of(FACT_KIND_WORKS_BEGUN, At("2026-03-19T11:00:00+01:00"))).size(), 1u);
}

TEST(Clock, CrewThatSyncsLateHasMetTheLineThoughTheAlarmFired) {
  OneClock clock(Answering(4, TIME_UNIT_WORKING_HOURS, Office()));
  Notes notes;
  clock.Take(notes.Receipt(At("2026-03-02T16:00:00+01:00")));
  EXPECT_EQ(clock.due("answer"), "2026-03-03T10:00:00+01:00");
  const auto raised = clock.FireUntil(At("2026-03-03T10:00:00+01:00"));
  ASSERT_EQ(raised.size(), 1u);
  EXPECT_FALSE(raised[0].breach_raised().fired_late());
  const auto events =
      clock.Take(notes.Of(FACT_KIND_ANSWERED, At("2026-03-03T09:30:00+01:00"), At("2026-03-03T11:00:00+01:00")));
  ASSERT_EQ(events.size(), 2u);
  EXPECT_TRUE(events[1].line_stopped().met());
  EXPECT_TRUE(events[1].line_stopped().late_evidence());
  EXPECT_TRUE(BreachRaised(clock.run("answer")));
}

TEST(Clock, EarlierEvidenceChangesTheVerdict) {
  OneClock clock(Answering(4, TIME_UNIT_WORKING_HOURS, Office()));
  Notes notes;
  clock.Take(notes.Receipt(At("2026-03-02T16:00:00+01:00")));
  clock.Take(notes.Of(FACT_KIND_ANSWERED, At("2026-03-03T12:00:00+01:00")));
  EXPECT_EQ(clock.verdict("answer"), "late");
  const auto events =
      clock.Take(notes.Of(FACT_KIND_ANSWERED, At("2026-03-03T09:00:00+01:00"), At("2026-03-04T09:00:00+01:00")));
  ASSERT_TRUE(events.back().has_verdict_changed());
  EXPECT_TRUE(events.back().verdict_changed().met());
  EXPECT_EQ(clock.verdict("answer"), "met");
}

TEST(Clock, ExactlyAtTheDueInstantIsMet) {
  OneClock clock(Answering(4, TIME_UNIT_HOURS, Office()));
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  clock.Take(notes.Of(FACT_KIND_ANSWERED, At("2026-03-02T21:00:00+01:00")));
  EXPECT_EQ(clock.verdict("answer"), "met");
  OneClock other(Answering(4, TIME_UNIT_HOURS, Office()));
  other.Take(notes.Receipt(At(kMonday17)));
  other.Take(notes.Of(FACT_KIND_ANSWERED, At("2026-03-02T21:00:00.001+01:00")));
  EXPECT_EQ(other.verdict("answer"), "late");
}

TEST(Clock, EndOfDayIsTheLastMillisecondOfTheLocalDay) {
  OneClock clock(Answering(5, TIME_UNIT_WORKING_DAYS, Office(), END_RULE_END_OF_DAY));
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  EXPECT_EQ(LastDue(clock.run("answer")).due_at(), At("2026-03-09T23:59:59.999+01:00"));
}

TEST(Clock, ChainedLineStartsWhereTheOtherStops) {
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

TEST(Clock, ChainedLineWhoseStopCameBeforeDoesNotStart) {
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

TEST(Clock, LinesChainedInACircleNeverStart) {
  auto a = Line("a", FACT_KIND_RECEIVED, FACT_KIND_ANSWERED, 1, TIME_UNIT_HOURS);
  auto b = a;
  b.set_id("b");
  a.set_starts_after_line("b");
  b.set_starts_after_line("a");
  OneClock clock(PromisesFor(Pack({a, b}), Office()));
  Notes notes;
  EXPECT_EQ(clock.Take(notes.Receipt(At(kMonday17))).size(), 2u);
}

TEST(Clock, ReopeningStartsTheRemedyAgainWithItsWholeTarget) {
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

TEST(Clock, WithdrawalCancelsWhatRunsAndLateWithdrawalWhatHadStopped) {
  OneClock clock(Answering(4, TIME_UNIT_WORKING_HOURS, Office()));
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  clock.Take(notes.Of(FACT_KIND_ANSWERED, At("2026-03-03T09:00:00+01:00")));
  clock.Take(notes.Of(FACT_KIND_WITHDRAWN, At("2026-03-02T18:00:00+01:00"), At("2026-03-04T09:00:00+01:00")));
  EXPECT_EQ(clock.verdict("answer"), "cancelled");
  EXPECT_EQ(clock.run("answer").ended_by(), FACT_KIND_WITHDRAWN);
}

TEST(Clock, DuplicateCancelsTheRemedyInsteadOfMeetingIt) {
  OneClock clock(PromisesFor(Pack({Line("remedy", FACT_KIND_RECEIVED, FACT_KIND_RESOLVED, 8, TIME_UNIT_WORKING_HOURS)}),
                             Office()));
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  Note resolved = notes.Of(FACT_KIND_RESOLVED, At("2026-03-03T09:00:00+01:00"));
  resolved.mutable_facts(0)->set_outcome(OUTCOME_DUPLICATE);
  clock.Take(resolved);
  EXPECT_EQ(clock.verdict("remedy"), "cancelled");
}

TEST(Clock, ExtensionBeforeExpiryWithAReasonMovesTheDueInstant) {
  OneClock clock(Answering(4, TIME_UNIT_WORKING_HOURS, Office()));
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  const auto notice = [&](const char* at, const char* until, const char* reason) {
    Note note = notes.Of(FACT_KIND_EXTENSION_NOTIFIED, At(at));
    note.mutable_facts(0)->set_until(At(until));
    note.mutable_facts(0)->set_reason(reason);
    clock.Take(note);
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

TEST(Clock, AmendedUrgencyCountsFromTheLinesStart) {
  auto line = Line("remedy", FACT_KIND_RECEIVED, FACT_KIND_RESOLVED, 40, TIME_UNIT_WORKING_HOURS);
  auto* urgent = line.add_targets();
  urgent->set_urgency(URGENCY_EMERGENCY);
  urgent->set_quantity(24);
  urgent->set_unit(TIME_UNIT_HOURS);
  OneClock clock(PromisesFor(Pack({line}), Office()));
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  Note amended = notes.Of(FACT_KIND_UNSPECIFIED, At("2026-03-02T18:00:00+01:00"));
  amended.clear_facts();
  amended.mutable_amended()->set_occurred_at(At("2026-03-02T18:00:00+01:00"));
  amended.mutable_amended()->set_urgency(URGENCY_EMERGENCY);
  EXPECT_EQ(clock.Take(amended).size(), 2u);
  EXPECT_EQ(clock.due("remedy"), "2026-03-03T17:00:00+01:00");
  EXPECT_EQ(LastDue(clock.run("remedy")).why(), "amended");
  EXPECT_TRUE(clock.Take(amended).empty());
}

TEST(Clock, VisitEndedWithoutABeginningHasTakenPlaceACancelledOneHasNot) {
  OneClock clock(PromisesFor(
      Pack({Line("first_visit", FACT_KIND_VISIT_REQUESTED, FACT_KIND_VISIT_STARTED, 5, TIME_UNIT_WORKING_DAYS)}),
      Office()));
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  clock.Take(notes.Of(FACT_KIND_VISIT_REQUESTED, At("2026-03-02T18:00:00+01:00")));
  Note cancelled = notes.Of(FACT_KIND_VISIT_ENDED, At("2026-03-03T18:00:00+01:00"));
  cancelled.mutable_facts(0)->set_result(std::string(kVisitCancelled));
  clock.Take(cancelled);
  EXPECT_EQ(clock.verdict("first_visit"), "running");
  clock.Take(notes.Of(FACT_KIND_VISIT_ENDED, At("2026-03-04T18:00:00+01:00")));
  EXPECT_EQ(clock.verdict("first_visit"), "met");
}

TEST(Clock, AResolutionAnswersWhereThePackSaysSo) {
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

TEST(Clock, FactsOfOthersWaitForIntakesReceipt) {
  OneClock clock(Answering(4, TIME_UNIT_WORKING_HOURS, Office()));
  Notes notes;
  const Note answered = notes.Of(FACT_KIND_ANSWERED, At("2026-03-02T17:30:00+01:00"));
  EXPECT_EQ(clock.Take(answered).size(), 1u);
  EXPECT_FALSE(clock.row().has_start());
  EXPECT_TRUE(clock.Take(answered).empty());
  clock.Take(notes.Receipt(At(kMonday17)));
  EXPECT_EQ(clock.verdict("answer"), "met");
}

TEST(Clock, TheSameInputAgainMeansNothing) {
  OneClock clock(Answering(4, TIME_UNIT_WORKING_HOURS, Office()));
  Notes notes;
  const Note received = notes.Receipt(At(kMonday17));
  EXPECT_EQ(clock.Take(received).size(), 3u);
  EXPECT_TRUE(clock.Take(received).empty());
}

TEST(Alarms, LongDowntimeFiresInDueOrderMarkedLateAndSkipsAWarningWhoseBreachIsDue) {
  auto pack = Pack({Line("acknowledge", FACT_KIND_RECEIVED, FACT_KIND_ACKNOWLEDGED, 8, TIME_UNIT_HOURS),
                    Line("answer", FACT_KIND_RECEIVED, FACT_KIND_ANSWERED, 4, TIME_UNIT_HOURS),
                    Line("remedy", FACT_KIND_RECEIVED, FACT_KIND_RESOLVED, 96, TIME_UNIT_HOURS)});
  for (auto& line : *pack.mutable_lines()) line.add_warnings()->set_minutes_before(60);
  pack.mutable_lines(2)->add_warnings()->set_minutes_before(24 * 60);
  OneClock clock(PromisesFor(pack, Office()));
  Notes notes;
  clock.Take(notes.Receipt(At("2026-03-02T12:00:00+01:00")));
  const auto events = clock.FireUntil(At("2026-03-05T12:00:01+01:00"));  // three days
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].breach_raised().line(), "answer");
  EXPECT_TRUE(events[0].breach_raised().fired_late());
  EXPECT_EQ(events[1].breach_raised().line(), "acknowledge");
  EXPECT_EQ(events[2].warning_raised().line(), "remedy");
  EXPECT_FALSE(events[2].warning_raised().fired_late());
  EXPECT_TRUE(clock.FireUntil(At("2026-03-05T12:00:01+01:00")).empty());
}

TEST(Alarms, AClockSteppedBackStillRaisesWhatItShowedAsDueOnceAndNothingEarlier) {
  OneClock clock(Answering(4, TIME_UNIT_HOURS, Office()));
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  commands::v1::RaiseAlarm alarm;
  alarm.set_line("answer");
  alarm.set_breach(true);
  alarm.set_due(At("2026-03-02T20:00:00+01:00"));
  EXPECT_TRUE(DecideAlarm(clock.row(), alarm, At("2026-03-02T19:00:00+01:00")).empty());
  alarm.set_due(At("2026-03-02T21:00:00+01:00"));
  EXPECT_EQ(DecideAlarm(clock.row(), alarm, At("2026-03-02T19:00:00+01:00")).size(), 1u);
  clock.FireUntil(alarm.due());
  EXPECT_TRUE(DecideAlarm(clock.row(), alarm, alarm.due()).empty());
}

TEST(Alarms, StoppedBeforeTheTimerFiredRaisesNothing) {
  OneClock clock(Answering(4, TIME_UNIT_HOURS, Office()));
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  clock.Take(notes.Of(FACT_KIND_ANSWERED, At("2026-03-02T23:00:00+01:00")));
  EXPECT_TRUE(clock.FireUntil(At("2026-03-03T23:00:00+01:00")).empty());
  EXPECT_EQ(clock.verdict("answer"), "late");
}

class Imports : public ::testing::Test {
 protected:
  Imports()
      : clock_(PromisesFor(Pack({Line("remedy", FACT_KIND_RECEIVED, FACT_KIND_RESOLVED, 10, TIME_UNIT_CALENDAR_DAYS),
                                 Line("answer", FACT_KIND_RECEIVED, FACT_KIND_ANSWERED, 10, TIME_UNIT_CALENDAR_DAYS)}),
                           Office())) {}

  std::vector<Event> Import(const char* received, const std::vector<std::pair<FactKind, const char*>>& facts) {
    const Millis now = At("2026-03-02T12:00:00+01:00");
    Note note = notes_.Receipt(At(received));
    note.set_imported(true);
    note.set_recorded_at(now);
    auto* start = note.mutable_receipt()->mutable_start();
    start->set_imported(true);
    start->set_recorded_at(now);
    start->add_lines_left_out("answer");
    for (const auto& [kind, at] : facts) {
      Fact* fact = note.add_facts();
      fact->set_kind(kind);
      fact->set_occurred_at(At(at));
    }
    return clock_.Take(note, now);
  }

  OneClock clock_;
  Notes notes_;
};

TEST_F(Imports, AreAnsweredWithOneEventAndLeaveOutWhatTheSourceCannotStop) {
  const auto events = Import("2025-01-01T10:00:00+01:00", {{FACT_KIND_RESOLVED, "2025-01-05T10:00:00+01:00"}});
  ASSERT_EQ(events.size(), 1u);
  EXPECT_TRUE(events[0].has_clock_imported());
  EXPECT_EQ(clock_.verdict("remedy"), "met");
  EXPECT_EQ(clock_.verdict("answer"), "none");
}

TEST_F(Imports, LinesDueBeforeTheyWereRecordedGetASilentVerdict) {
  Import("2025-01-01T10:00:00+01:00", {});
  EXPECT_EQ(clock_.verdict("remedy"), "running");
  EXPECT_TRUE(clock_.FireUntil(At("2027-03-02T12:00:00+01:00")).empty());
}

TEST_F(Imports, LinesDueLaterAreArmed) {
  Import("2026-03-01T10:00:00+01:00", {});
  const auto events = clock_.FireUntil(At("2026-03-12T12:00:00+01:00"));
  ASSERT_EQ(events.size(), 1u);
  EXPECT_TRUE(events[0].has_breach_raised());
}

TEST_F(Imports, ManyReopeningsAreStillOneEvent) {
  std::vector<std::string> times;
  std::vector<std::pair<FactKind, const char*>> facts;
  for (int i = 0; i < 500; ++i) times.push_back(Show(At("2025-01-01T10:00:00Z") + i * kHour));
  for (int i = 1; i < 500; ++i) facts.push_back({i % 2 ? FACT_KIND_RESOLVED : FACT_KIND_REOPENED, times[i].c_str()});
  EXPECT_EQ(Import(times[0].c_str(), facts).size(), 1u);
  EXPECT_EQ(clock_.row().runs_size(), 250);
  EXPECT_EQ(clock_.verdict("remedy", 249), "met");
}

TEST_F(Imports, ALateFactThatTouchesManyRunsIsOneJudgement) {
  std::vector<std::string> times;
  std::vector<std::pair<FactKind, const char*>> facts;
  for (int i = 0; i < 200; ++i) times.push_back(Show(At("2025-01-01T10:00:00Z") + i * kHour));
  for (int i = 1; i < 200; ++i) facts.push_back({i % 2 ? FACT_KIND_RESOLVED : FACT_KIND_REOPENED, times[i].c_str()});
  Import(times[0].c_str(), facts);
  // Resolved earlier than known: it shifts where every later run begins or ends.
  Note late = notes_.Of(FACT_KIND_WITHDRAWN, At("2025-01-01T10:30:00Z"), At("2026-03-03T12:00:00+01:00"));
  late.set_imported(true);
  const auto events = clock_.Take(late);
  EXPECT_LE(events.size(), 64u);
  EXPECT_EQ(clock_.verdict("remedy", 0), "cancelled");
}

}  // namespace
}  // namespace redress::sla
