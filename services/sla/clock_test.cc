#include "services/sla/clock.h"

#include "gmock/gmock.h"
#include "services/sla/explanation.h"
#include "services/sla/on_time.h"
#include "services/sla/test_clock.h"

namespace redress::sla {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using namespace testing;      // NOLINT: names of the small language the tests are written in
using namespace types::v1;    // NOLINT
using namespace register_v1;  // NOLINT

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
                              "2026-02-13T12:00:00+01:00", "2026-02-16T12:00:00+00:00"},
                      DueCase{"casablanca_around_ramadans_end", Office("08:00-16:00", "12345", "Africa/Casablanca"), 8,
                              TIME_UNIT_WORKING_HOURS,
                              // Friday before the clocks go forward again on 2026-03-22.
                              "2026-03-20T12:00:00+00:00", "2026-03-23T12:00:00+01:00"}),
    [](const auto& info) { return info.param.name; });

TEST(Clock, EveryDayClosedIsRefusedWhenTheCalendarIsCreated) {
  EXPECT_FALSE(calendar::WorkingCalendar::Compile(calendar::testing::Draft("Europe/Paris", {})).ok());
}

TEST(Clock, TargetOneWorkingDayPausedFridayToMondayDoesNotCountTheWeekEnd) {
  OneClock clock(Answering(1, TIME_UNIT_WORKING_DAYS, Office()));
  Notes notes;
  clock.Take(notes.Receipt(At("2026-03-05T10:00:00+01:00")));
  EXPECT_EQ(clock.due("answer"), "2026-03-06T10:00:00+01:00");
  clock.Take(notes.Evidenced(FACT_KIND_PARTS_AWAITED, At("2026-03-06T09:00:00+01:00")));
  clock.Take(notes.Of(FACT_KIND_PARTS_ARRIVED, At("2026-03-09T09:00:00+01:00")));
  // One working day was paused, Monday, not three days.
  EXPECT_EQ(clock.due("answer"), "2026-03-09T10:00:00+01:00");
  EXPECT_EQ(LastDue(clock.run("answer")).why(), "resumed");
}

// A pack holds for a complaint as it was at receipt. What changes the policy of a complaint is its urgency amended.
Promises ByUrgency(int routine_hours, int urgent_hours) {
  Promises promises = Answering(routine_hours, TIME_UNIT_WORKING_HOURS, Office());
  auto pack = *promises.pack;
  pack.mutable_lines(0)->mutable_targets(0)->set_urgency(URGENCY_ROUTINE);
  if (urgent_hours > 0) {
    auto* urgent = pack.mutable_lines(0)->add_targets();
    *urgent = pack.lines(0).targets(0);
    urgent->set_urgency(URGENCY_URGENT);
    urgent->set_quantity(urgent_hours);
  }
  promises.pack = std::make_shared<ObligationPack>(pack);
  return promises;
}

TEST(Clock, PausedForDaysThenThePolicyChangesThePauseIsCarriedOver) {
  OneClock clock(ByUrgency(40, 50));
  Notes notes;
  clock.Take(notes.Receipt(At("2026-03-02T08:00:00+01:00")));
  clock.Take(notes.Evidenced(FACT_KIND_PARTS_AWAITED, At("2026-03-03T08:00:00+01:00")));
  clock.Take(notes.Of(FACT_KIND_PARTS_ARRIVED, At("2026-03-05T08:00:00+01:00")));
  EXPECT_EQ(clock.due("answer"), "2026-03-09T18:00:00+01:00");
  clock.Take(notes.Amended(At("2026-03-05T09:00:00+01:00"), URGENCY_URGENT));
  EXPECT_EQ(clock.due("answer"), "2026-03-10T18:00:00+01:00");  // ten hours more, and the twenty of the pause still
  EXPECT_EQ(LastDue(clock.run("answer")).why(), "amended");
}

TEST(Clock, PolicyWithdrawnWhileBreachedLeavesTheListAndStaysInHistory) {
  OneClock clock(ByUrgency(4, 0));
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  clock.FireUntil(At("2026-03-03T12:00:00+01:00"));
  ASSERT_TRUE(BreachRaised(clock.run("answer")));
  // Of what is urgent, this pack promises nothing.
  clock.Take(notes.Amended(At("2026-03-03T13:00:00+01:00"), URGENCY_URGENT));
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
  const auto lines = LinesOf(clock.row(), facts, promises, Question());
  const auto reasons = ReasonsOf(lines.at(0), At("2026-06-01T00:00:00+02:00"));
  EXPECT_THAT(reasons, Contains(HasSubstr("2h after it was due: late")));
}

// That a message is no fact at all is the policy's test.
TEST(Clock, ClosedThenAResidentsReplyRestartsNothing) {
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

// That the register's word reaches the clock without any fact is sla_replan_test's.
TEST(Clock, MovedReligiousHolidayMovesDueTimesWithTheNextFactAndSaysWhy) {
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

TEST(Clock, APauseAndACalendarInOneDecisionAreBothNamed) {
  OneClock clock(Answering(20, TIME_UNIT_WORKING_HOURS, Office()));
  Notes notes;
  clock.Take(notes.Receipt(At("2026-03-18T10:00:00+01:00")));
  clock.promises().calendars[""].version = 2;
  clock.Take(notes.Evidenced(FACT_KIND_PARTS_AWAITED, At("2026-03-18T12:00:00+01:00")));
  EXPECT_EQ(LastDue(clock.run("answer")).why(), "paused, calendar");
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

TEST(Clock, CrewThatSyncsLateIsToldAsOfAnHourLaterToo) {
  const Promises promises = Answering(4, TIME_UNIT_WORKING_HOURS, Office());
  OneClock clock(promises);
  Notes notes;
  clock.Take(notes.Receipt(At("2026-03-02T16:00:00+01:00")));
  clock.FireUntil(At("2026-03-03T10:00:00+01:00"));
  clock.Take(notes.Of(FACT_KIND_ANSWERED, At("2026-03-03T09:30:00+01:00"), At("2026-03-03T11:00:00+01:00")));
  const auto as_of = [&](const char* now) {
    Question question;
    question.now = At(now);
    question.present = false;
    Facts facts;
    Select(clock.row().facts(), question.as_of(), &facts);
    return LinesOf(clock.row(), facts, promises, question).at(0);
  };
  const LineView later = as_of("2026-03-03T12:00:00+01:00");
  ASSERT_TRUE(later.written.has_value());
  EXPECT_TRUE(BreachRaised(*later.written));
  EXPECT_THAT(ReasonsOf(later, At("2026-03-03T12:00:00+01:00")), Contains(HasSubstr("met on late evidence")));
  const rows::v1::Run& run = clock.run("answer");
  EXPECT_TRUE(VerdictOf(later.judged, &run, At("2026-03-03T12:00:00+01:00")).alarmed);
  // Before it was raised, it had not been.
  const LineView before = as_of("2026-03-03T09:45:00+01:00");
  ASSERT_TRUE(before.written.has_value());
  EXPECT_FALSE(BreachRaised(*before.written));
  EXPECT_FALSE(VerdictOf(before.judged, &run, At("2026-03-03T09:45:00+01:00")).alarmed);
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

}  // namespace
}  // namespace redress::sla
