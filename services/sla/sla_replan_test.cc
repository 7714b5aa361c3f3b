// The register's changes reach running clocks by themselves.
#include "services/sla/sla_replan.h"

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "libs/runtime/rows.h"
#include "services/sla/sla_fixture.h"
#include "services/sla/sla_policy.h"
#include "services/sla/sla_projection.h"

namespace redress::sla {
namespace {

using namespace testing;    // NOLINT
using namespace types::v1;  // NOLINT

class Replan : public SlaFixture {
 protected:
  // The agency's calendar with a holiday, as the register's view and its stream have it.
  void MoveHoliday(const std::string& date, Millis active_from, bool seen = true) {
    register_v1::Calendar calendar = Office();
    calendar.set_id("agency");
    auto* holiday = calendar.add_holidays();
    holiday->set_date(date);
    holiday->set_name("Aïd al-Fitr");
    builder_.Add(calendar, active_from);
    if (seen) reference_.Set(builder_.Build());
    register_::events::v1::Event event;
    auto* set = event.mutable_calendar_set();
    *set->mutable_calendar() = calendar;
    set->set_version(++version_);
    set->set_active_from(active_from);
    Say(log::Stream::kRegister, "calendars/agency", event, 0);
  }
  // Of the remedy of one complaint, as written.
  rows::v1::DueVersion Due(int number) {
    const auto row = FindClock(*rows_, static_cast<uint16_t>(number % kShards), Complaint(number));
    return row.has_value() ? LastDue(row->runs(1)) : rows::v1::DueVersion();
  }
  int CountPages() {
    int pages = 0;
    for (const Event& event : Recorded()) pages += event.has_clocks_replanned();
    return pages;
  }

  reference::SnapshotBuilder builder_ = SmallRegister();
  int64_t version_ = 1;
};

TEST_F(Replan, AProvisionalReligiousHolidayMovedByADayMovesDueTimesEachChangeExplained) {
  Receive(1, kStart);
  Receive(2, kStart + kMinute);
  Resolve(2, kStart + 2 * kMinute);
  EXPECT_EQ(Due(1).due_at(), At("2026-03-03T11:00:00+01:00"));
  MoveHoliday("2026-03-03", kStart);
  executor_.RunFor(kMinute);
  EXPECT_EQ(Due(1).due_at(), At("2026-03-04T11:00:00+01:00"));
  EXPECT_EQ(Due(1).why(), "calendar");
  EXPECT_EQ(Due(1).versions().calendar_version(), 2);
  MoveHoliday("2026-03-04", kStart);
  executor_.RunFor(kMinute);
  EXPECT_EQ(Due(1).due_at(), At("2026-03-03T11:00:00+01:00"));
  EXPECT_EQ(Due(1).versions().calendar_version(), 3);
  const v1::Line line = Explain(1).lines(1).line();
  EXPECT_EQ(line.due_versions_size(), 3);
  // What has ended is as it was.
  EXPECT_EQ(Due(2).versions().calendar_version(), 1);
  // Its alarms go by the last one alone.
  executor_.RunFor(At("2026-03-03T11:01:00+01:00") - clock_.Now());
  EXPECT_EQ(CountAlarms(), 4);  // both acknowledgements; the first remedy's warning and breach, once each
}

TEST_F(Replan, AVersionActiveLaterWaitsForItsInstant) {
  Receive(1, kStart);
  MoveHoliday("2026-03-03", kStart + 2 * kHour);
  executor_.RunFor(kHour);
  EXPECT_EQ(Due(1).due_at(), At("2026-03-03T11:00:00+01:00"));
  executor_.RunFor(kHour + kMinute);
  EXPECT_EQ(Due(1).due_at(), At("2026-03-04T11:00:00+01:00"));
  EXPECT_EQ(Due(1).occurred_at(), kStart + 2 * kHour);
}

TEST_F(Replan, WaitsForTheRegisterViewToKnowWhatTheLogSays) {
  Receive(1, kStart);
  MoveHoliday("2026-03-03", kStart, /*seen=*/false);
  executor_.RunFor(10 * kSecond);
  EXPECT_EQ(Due(1).due_at(), At("2026-03-03T11:00:00+01:00"));
  reference_.Set(builder_.Build());
  executor_.RunFor(10 * kSecond);
  EXPECT_EQ(Due(1).due_at(), At("2026-03-04T11:00:00+01:00"));
}

TEST_F(Replan, GoesOnAPageAtATimeOverARestartAndEndsWithoutTimers) {
  for (int i = 1; i <= 150; ++i) Receive(2 * i, kStart + i);  // 300 lines of one shard
  for (int i = 1; i <= 150; ++i) ASSERT_EQ(Due(2 * i).versions().calendar_version(), 1);
  MoveHoliday("2026-03-03", kStart);
  executor_.RunFor(kReplanDelay - kSecond / 2);
  sla_.reset();
  StartSla(rows_);
  executor_.RunFor(kMinute);
  for (int i = 1; i <= 150; ++i) EXPECT_EQ(Due(2 * i).due_at(), At("2026-03-04T11:00:00+01:00") + i);
  EXPECT_GE(CountPages(), 3);  // at most 63 moves each
  const int pages = CountPages();
  runtime::ScanTimers(*rows_, 0, [](const runtime::Timer& timer) {
    EXPECT_FALSE(absl::StartsWith(timer.aggregate, kReplans));
    return true;
  });
  executor_.RunFor(kHour);
  EXPECT_EQ(CountPages(), pages);
}

TEST_F(Replan, WhereNothingRunsNothingIsRecorded) {
  Receive(1, kStart);  // shard 1
  MoveHoliday("2026-03-03", kStart);
  executor_.RunFor(kMinute);
  EXPECT_FALSE(FindReplan(*rows_, 0, "replans/calendar/agency/2").has_value());
  EXPECT_FALSE(FindReplan(*rows_, 1, "replans/calendar/agency/2").has_value());
  int begun = 0;
  for (const Event& event : Recorded()) begun += event.has_replan_begun();
  EXPECT_EQ(begun, 1);
}

TEST_F(Replan, IsTheSameToTheByteWhenRebuilt) {
  for (int i = 1; i <= 4; ++i) Receive(i, kStart + i);
  MoveHoliday("2026-03-03", kStart);
  executor_.RunFor(kMinute);
  const auto live = rows_;
  sla_.reset();
  StartSla(std::make_shared<store::MemoryDatabase>());
  executor_.RunFor(kMinute);
  for (uint16_t shard = 0; shard < kShards; ++shard) {
    EXPECT_EQ(store::DigestOf(*rows_, shard, store::DigestScope::kDomain),
              store::DigestOf(*live, shard, store::DigestScope::kDomain));
  }
}

// The end of a policy for one complaint: the pack promises nothing at the urgency it has now.
TEST_F(Replan, PolicyWithdrawnWhileBreachedLeavesTheBreachListStaysInHistory) {
  auto pack = *reference_.Current()->FindPack("test", 1).content;
  pack.mutable_lines(1)->mutable_targets(0)->set_urgency(URGENCY_ROUTINE);
  reference_.Set(builder_.Add(pack).Build());
  Receive(1, kStart);
  executor_.RunFor(At("2026-03-03T12:00:00+01:00") - clock_.Now());
  v1::ListCasesAtRiskRequest breaches;
  breaches.add_lines("remedy");
  ASSERT_EQ(Call(&SlaService::ListCasesAtRisk, breaches)->cases_size(), 1);
  intake::events::v1::Event event;
  event.mutable_complaint_amended()->set_urgency(URGENCY_URGENT);
  event.mutable_complaint_amended()->set_occurred_at(clock_.Now());
  Intake(1, event);
  EXPECT_EQ(Call(&SlaService::ListCasesAtRisk, breaches)->cases_size(), 0);
  EXPECT_EQ(Explain(1).lines(1).line().state(), v1::Line::STATE_CANCELLED);
  EXPECT_EQ(Explain(1).lines(1).line().alarms_size(), 2);
}

}  // namespace
}  // namespace redress::sla
