// Warnings and breaches, and what imports alarm nobody with.
#include "gmock/gmock.h"
#include "services/sla/clock.h"
#include "services/sla/test_clock.h"

namespace redress::sla {
namespace {

using ::testing::ElementsAre;
using namespace testing;      // NOLINT: names of the small language the tests are written in
using namespace types::v1;    // NOLINT
using namespace register_v1;  // NOLINT

TEST(Alarms, WarnAnHourBeforeInWorkingTime) {
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

TEST(Alarms, TellTheRolesThatThePackNamesAllOfOneInstantAtOnce) {
  Promises promises = Answering(4, TIME_UNIT_WORKING_HOURS, Office());
  auto pack = *promises.pack;
  for (const auto& [minutes, role] : {std::pair{60, "team"}, {60, "manager"}, {120, "team"}}) {
    auto* warning = pack.mutable_lines(0)->add_warnings();
    warning->set_minutes_before(minutes);
    warning->set_role(role);
  }
  promises.pack = std::make_shared<ObligationPack>(pack);
  OneClock clock(promises);
  Notes notes;
  clock.Take(notes.Receipt(At(kMonday17)));
  const auto first = clock.FireUntil(At("2026-03-03T09:00:00+01:00"));
  ASSERT_EQ(first.size(), 1u);
  EXPECT_THAT(first[0].warning_raised().roles(), ElementsAre("team"));
  const auto second = clock.FireUntil(At("2026-03-03T10:30:00+01:00"));
  ASSERT_EQ(second.size(), 1u);
  EXPECT_THAT(second[0].warning_raised().roles(), ElementsAre("manager", "team"));
  EXPECT_EQ(clock.run("answer").alarms(1).roles_size(), 2);
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
                                 Line("answer", FACT_KIND_RECEIVED, FACT_KIND_ANSWERED, 10, TIME_UNIT_CALENDAR_DAYS)},
                                {Pause("parts_awaited", FACT_KIND_PARTS_AWAITED, FACT_KIND_PARTS_ARRIVED, 96)}),
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

TEST_F(Imports, StaySilentWhenALaterImportMovesWhatWasDueLongAgo) {
  Import("2025-01-01T10:00:00+01:00", {});
  ASSERT_EQ(clock_.due("remedy"), "2025-01-11T10:00:00+01:00");
  Note paused = notes_.Of(FACT_KIND_PARTS_AWAITED, At("2025-01-05T10:00:00+01:00"), At("2026-03-04T12:00:00+01:00"));
  paused.set_imported(true);
  const auto events = clock_.Take(paused);
  ASSERT_EQ(events.size(), 3u);
  EXPECT_TRUE(events[1].has_due_moved());
  EXPECT_TRUE(events[2].breach_raised().silent());
  ASSERT_EQ(clock_.due("remedy"), "2025-01-15T10:00:00+01:00");
  EXPECT_TRUE(clock_.FireUntil(At("2027-03-02T12:00:00+01:00")).empty());
}

TEST_F(Imports, StaySilentWhenALaterImportStartsALineAgainThatWasDueLongAgo) {
  auto pack = *clock_.promises().pack;
  *pack.add_lines() = Line("visit", FACT_KIND_VISIT_REQUESTED, FACT_KIND_VISIT_STARTED, 5, TIME_UNIT_CALENDAR_DAYS);
  clock_.promises().pack = std::make_shared<ObligationPack>(pack);
  Import("2025-01-01T10:00:00+01:00", {});
  const auto later = [&](Note note, const char* recorded) {
    note.set_recorded_at(At(recorded));
    note.set_imported(true);
    return clock_.Take(note);
  };
  const Millis freed = At("2025-01-03T10:00:00+01:00");
  Note visit = notes_.Visit(FACT_KIND_VISIT_REQUESTED, "a", At("2025-01-02T10:00:00+01:00"));
  *visit.add_facts() = notes_.Visit(FACT_KIND_VISIT_ENDED, "a", freed, kVisitCancelled).facts(0);
  later(visit, "2026-03-04T12:00:00+01:00");
  ASSERT_EQ(clock_.verdict("visit"), "cancelled");
  // It had been given to others: the line went on.
  const auto events = later(notes_.Visit(FACT_KIND_VISIT_REQUESTED, "b", freed), "2026-03-05T12:00:00+01:00");
  ASSERT_EQ(events.size(), 3u);
  EXPECT_TRUE(events[1].has_line_started());
  EXPECT_TRUE(events[2].breach_raised().silent());
  EXPECT_TRUE(clock_.FireUntil(At("2027-03-02T12:00:00+01:00")).empty());
}

TEST_F(Imports, AreSilentByWhenIntakeRecordedThemNotByWhenTheyGotHere) {
  // Due between the two: sla was down for a fortnight.
  const Millis recorded = At("2026-03-02T12:00:00+01:00");
  Note note = notes_.Receipt(At("2026-02-25T10:00:00+01:00"));
  note.set_imported(true);
  note.set_recorded_at(recorded);
  auto* start = note.mutable_receipt()->mutable_start();
  start->set_imported(true);
  start->set_recorded_at(recorded);
  start->add_lines_left_out("answer");
  clock_.Take(note, recorded + 14 * kDay);
  const auto events = clock_.FireUntil(recorded + 14 * kDay);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_TRUE(events[0].breach_raised().fired_late());
}

TEST_F(Imports, ALiveFactOfAnImportedComplaintIsNoHistory) {
  Import("2026-03-01T10:00:00+01:00", {});
  ASSERT_EQ(clock_.due("remedy"), "2026-03-11T10:00:00+01:00");
  auto pack = *clock_.promises().pack;
  auto* urgent = pack.mutable_lines(0)->add_targets();
  urgent->set_urgency(URGENCY_EMERGENCY);
  urgent->set_quantity(24);
  urgent->set_unit(TIME_UNIT_HOURS);
  clock_.promises().pack = std::make_shared<ObligationPack>(pack);
  clock_.Take(notes_.Amended(At("2026-03-04T10:00:00+01:00"), URGENCY_EMERGENCY));
  // Due 2026-03-02 at 10:00, before the import was recorded at 12:00: still nobody's alarm.
  EXPECT_EQ(clock_.due("remedy"), "2026-03-02T10:00:00+01:00");
  EXPECT_TRUE(clock_.FireUntil(At("2026-03-05T10:00:00+01:00")).empty());
  pack.mutable_lines(0)->mutable_targets(1)->set_quantity(48);
  clock_.promises().pack = std::make_shared<ObligationPack>(pack);
  clock_.Take(notes_.Of(FACT_KIND_WORKS_BEGUN, At("2026-03-04T11:00:00+01:00")));
  // Due 2026-03-03, after it: missed under our eyes.
  EXPECT_EQ(clock_.FireUntil(At("2026-03-05T10:00:00+01:00")).size(), 1u);
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
  // One round more than known at the beginning: every later run has another number.
  Note late = notes_.Of(FACT_KIND_WITHDRAWN, At("2025-01-01T10:30:00Z"), At("2026-03-03T12:00:00+01:00"));
  *late.add_facts() = notes_.Of(FACT_KIND_REOPENED, At("2025-01-01T10:45:00Z")).facts(0);
  late.set_imported(true);
  const auto events = clock_.Take(late);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_TRUE(events[1].has_lines_judged());
  EXPECT_EQ(clock_.verdict("remedy", 0), "cancelled");
  EXPECT_TRUE(clock_.FireUntil(At("2027-03-02T12:00:00+01:00")).empty());
}

}  // namespace
}  // namespace redress::sla
