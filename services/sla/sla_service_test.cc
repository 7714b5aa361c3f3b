// The service as a whole, on a simulated log whose other streams say what the test says.
#include "services/sla/sla_service.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/time_util.h"
#include "services/sla/sla_fixture.h"
#include "services/sla/sla_grpc.h"

namespace redress::sla {
namespace {

using namespace testing;      // NOLINT
using namespace types::v1;    // NOLINT
using namespace register_v1;  // NOLINT
using google::protobuf::util::TimeUtil;

using SlaServiceTest = SlaFixture;

TEST_F(SlaServiceTest, ACommonJourneyIsExplainedToTheMillisecond) {
  Receive(1, kStart);
  Assign(1, kStart + 10 * kMinute, "north", "plumbers");
  Acknowledge(1, kStart + 20 * kMinute);
  scheduling::events::v1::Event visit;
  visit.mutable_visit_requested()->set_complaint("complaints/" + Complaint(1));
  visit.mutable_visit_requested()->set_occurred_at(kStart + 30 * kMinute);
  Say(log::Stream::kScheduling, "interventions/v", visit, 0);
  visit.mutable_visit_no_access()->set_complaint("complaints/" + Complaint(1));
  visit.mutable_visit_no_access()->set_occurred_at(kStart + 50 * kMinute);
  visit.mutable_visit_no_access()->set_evidence("card-left");
  Say(log::Stream::kScheduling, "interventions/v", visit, 0);
  clock_.Advance(20 * kHour);
  Resolve(1, kStart + 17 * kHour + 123);

  const v1::ClockExplanation explanation = Explain(1);
  const auto& time = explanation.clock().time_to_resolution();
  EXPECT_EQ(time.state(), v1::TimeToResolution::STATE_RESOLVED);
  EXPECT_EQ(TimeUtil::DurationToMilliseconds(time.elapsed()), 17 * kHour + 123);
  int64_t sum = 0;
  std::vector<v1::WaitState> states;
  for (const v1::Segment& segment : explanation.segments()) {
    sum += TimeUtil::DurationToMilliseconds(segment.duration());
    states.push_back(segment.state());
  }
  EXPECT_EQ(sum, 17 * kHour + 123);
  EXPECT_THAT(states, ::testing::ElementsAre(v1::WAIT_STATE_NOT_ROUTED, v1::WAIT_STATE_WAITING_FOR_ASSIGNEE,
                                             v1::WAIT_STATE_WAITING_FOR_APPOINTMENT, v1::WAIT_STATE_PAUSED));
  // Monday 17:00-18:00 and Tuesday 08:00-10:00:00.123 are open; 50 minutes of it were before the pause.
  EXPECT_EQ(TimeUtil::DurationToMilliseconds(time.working_time()), 50 * kMinute);
  ASSERT_EQ(explanation.lines_size(), 2);
  EXPECT_EQ(explanation.lines(0).line().state(), v1::Line::STATE_MET);
  const v1::Line& remedy = explanation.lines(1).line();
  EXPECT_EQ(remedy.state(), v1::Line::STATE_MET);
  EXPECT_EQ(remedy.due_versions_size(), 2);
  EXPECT_EQ(remedy.due_versions(1).why(), "paused");
  ASSERT_EQ(remedy.pauses_size(), 1);
  EXPECT_EQ(remedy.pauses(0).evidence(), "card-left");
  EXPECT_GE(explanation.lines(1).reasons_size(), 4);
}

TEST_F(SlaServiceTest, ARebuiltProjectionIsTheSameToTheByte) {
  for (int i = 1; i <= 6; ++i) {
    Assign(i, kStart, "north", "plumbers");  // some hear of the assignment first
    Receive(i, kStart + i * kMinute);
    if (i % 2) Acknowledge(i, kStart + i * kHour);
    if (i % 3 == 0) Resolve(i, kStart + 30 * kHour);
  }
  clock_.Advance(2 * kDay);
  executor_.RunFor(kMinute);
  const auto live = rows_;
  sla_.reset();
  StartSla(std::make_shared<store::MemoryDatabase>());
  executor_.RunFor(kMinute);
  for (uint16_t shard = 0; shard < kShards; ++shard) {
    EXPECT_EQ(store::DigestOf(*rows_, shard, store::DigestScope::kDomain),
              store::DigestOf(*live, shard, store::DigestScope::kDomain));
    EXPECT_NE(store::DigestOf(*rows_, shard, store::DigestScope::kDomain),
              store::DigestOf(store::MemoryDatabase(), shard, store::DigestScope::kDomain));
  }
}

TEST_F(SlaServiceTest, AlarmsSurviveARestartAndADowntimeAndAreRaisedOnce) {
  Receive(1, kStart);
  Receive(2, kStart);
  Acknowledge(2, kStart + kMinute);
  sla_.reset();  // down for three days
  clock_.Advance(3 * kDay);
  StartSla(rows_);
  executor_.RunFor(kMinute);
  std::vector<std::string> breached;
  for (const Event& event : Recorded()) {
    EXPECT_FALSE(event.has_warning_raised());  // its breach was due
    if (!event.has_breach_raised()) continue;
    breached.push_back(event.breach_raised().line());
    EXPECT_TRUE(event.breach_raised().fired_late());
  }
  EXPECT_THAT(breached, ::testing::ElementsAre("remedy", "acknowledge", "remedy"));  // shard 0, then shard 1
  sla_.reset();
  StartSla(rows_);
  executor_.RunFor(kDay);
  EXPECT_EQ(CountAlarms(), 3);
}

TEST_F(SlaServiceTest, AlarmsAreRaisedWhenTheyAreDue) {
  Receive(1, kStart);
  Acknowledge(1, kStart + kMinute);
  executor_.RunFor(At("2026-03-03T09:59:00+01:00") - clock_.Now());
  EXPECT_EQ(CountAlarms(), 0);
  executor_.RunFor(2 * kMinute);
  EXPECT_EQ(CountAlarms(), 1);
  executor_.RunFor(kHour);
  ASSERT_EQ(CountAlarms(), 2);
  EXPECT_FALSE(Recorded().back().breach_raised().fired_late());
}

TEST_F(SlaServiceTest, ImportsAreAnsweredWithOneEventOfOneRecord) {
  intake::events::v1::Event event;
  auto* imported = event.mutable_complaint_imported();
  imported->set_kind(COMPLAINT_KIND_COMPLAINT);
  imported->mutable_placement()->set_agency("unheard-of");
  imported->mutable_placement()->set_zone("America/New_York");
  imported->add_supplied_facts(FACT_KIND_RESOLVED);
  imported->set_reopen_window_ms(14 * kDay);
  for (const auto& [kind, at] : {std::pair{FACT_KIND_RECEIVED, kStart - 90 * kDay},
                                 {FACT_KIND_RESOLVED, kStart - 89 * kDay},
                                 {FACT_KIND_REOPENED, kStart - 88 * kDay},
                                 {FACT_KIND_RESOLVED, kStart - 80 * kDay}}) {
    auto* fact = imported->add_facts();
    fact->set_kind(kind);
    fact->set_occurred_at(at);
  }
  Intake(1, event);
  ASSERT_EQ(Recorded().size(), 1u);
  EXPECT_TRUE(Recorded()[0].has_clock_imported());
  const v1::ClockExplanation explanation = Explain(1);
  EXPECT_EQ(explanation.clock().time_to_resolution().reopenings(), 1);
  EXPECT_EQ(TimeUtil::DurationToMilliseconds(explanation.clock().time_to_resolution().elapsed()), 10 * kDay);
  EXPECT_THAT(explanation.clock().lines_left_out(), ::testing::ElementsAre("acknowledge"));
  ASSERT_EQ(explanation.lines_size(), 2);  // two rounds of the remedy
  // No calendar is known of that agency: four hours round the clock, in its zone.
  EXPECT_EQ(explanation.lines(0).line().zone(), "America/New_York");
  EXPECT_THAT(explanation.lines(0).reasons(),
              ::testing::Contains(::testing::HasSubstr("America/New_York, every day and hour counted")));
  EXPECT_EQ(explanation.lines(0).line().state(), v1::Line::STATE_LATE);
}

TEST_F(SlaServiceTest, AnyInstantOfThePastIsAnswered) {
  Receive(1, kStart);
  clock_.Advance(kDay);
  Resolve(1, kStart + 20 * kHour);
  v1::ClockExplanation then = Explain(1, kStart + 10 * kHour);
  EXPECT_EQ(then.clock().time_to_resolution().state(), v1::TimeToResolution::STATE_OPEN);
  EXPECT_EQ(TimeUtil::DurationToMilliseconds(then.clock().time_to_resolution().elapsed()), 10 * kHour);
  EXPECT_EQ(then.lines(1).line().state(), v1::Line::STATE_RUNNING);
  then = Explain(1, kStart + 19 * kHour);
  EXPECT_EQ(then.lines(1).line().state(), v1::Line::STATE_OVERDUE);
  EXPECT_EQ(Explain(1).lines(1).line().state(), v1::Line::STATE_LATE);
}

TEST_F(SlaServiceTest, OpenLinesAreListedByTimeLeftInPages) {
  for (int i = 1; i <= 5; ++i) Receive(i, kStart + i * kMinute, i == 3 ? "south" : "north");
  Acknowledge(1, kStart + 2 * kMinute);
  std::vector<std::string> seen;
  v1::ListCasesAtRiskRequest request;
  request.set_page_size(2);
  int pages = 0;
  do {
    const auto response = Call(&SlaService::ListCasesAtRisk, request);
    ASSERT_TRUE(response.ok()) << response.status();
    for (const auto& one : response->cases()) seen.push_back(one.complaint() + one.line());
    request.set_page_token(response->next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(pages, 5);
  ASSERT_EQ(seen.size(), 9u);
  EXPECT_EQ(seen[0], "complaints/" + Complaint(2) + "acknowledge");
  EXPECT_EQ(seen[8], "complaints/" + Complaint(5) + "remedy");
  request.mutable_filter()->add_agencies("south");
  request.add_lines("remedy");
  const auto filtered = Call(&SlaService::ListCasesAtRisk, request);
  ASSERT_TRUE(filtered.ok());
  ASSERT_EQ(filtered->cases_size(), 1);
  EXPECT_EQ(filtered->cases(0).agency(), "south");
  request.set_page_token("nonsense");
  EXPECT_EQ(ReasonOf(Call(&SlaService::ListCasesAtRisk, request).status()), "PAGE_TOKEN_MALFORMED");
}

TEST_F(SlaServiceTest, ReportsCountWhatTheyAreAskedFor) {
  for (int i = 1; i <= 4; ++i) Receive(i, kStart, i <= 2 ? "north" : "south");
  Receive(5, kStart, "north", COMPLAINT_KIND_PRAISE);
  clock_.Advance(2 * kDay);
  Resolve(1, kStart + kHour);
  Resolve(2, kStart + 26 * kHour);
  Resolve(3, kStart + 2 * kHour);

  v1::GetTimeToResolutionRequest ttr;
  ttr.mutable_scope()->add_group_by(v1::DIMENSION_AGENCY);
  ttr.mutable_scope()->add_group_by(v1::DIMENSION_MONTH);
  const auto times = Call(&SlaService::GetTimeToResolution, ttr);
  ASSERT_TRUE(times.ok()) << times.status();
  EXPECT_EQ(times->outside_figures(), 1);
  ASSERT_EQ(times->rows_size(), 2);
  EXPECT_EQ(times->rows(0).group(0).value(), "north");
  EXPECT_EQ(times->rows(0).group(1).value(), "2026-03");
  EXPECT_EQ(times->rows(0).events(), 2);
  // S(t) lies flat at one half from 1 h to 26 h.
  EXPECT_EQ(TimeUtil::DurationToMilliseconds(times->rows(0).percentiles(0).time()), 27 * kHour / 2);
  EXPECT_EQ(times->rows(1).censored(), 1);
  EXPECT_EQ(times->total().cases(), 4);

  ttr.mutable_scope()->clear_group_by();
  *ttr.mutable_scope()->mutable_as_of_time() = service::WriteTime(kStart + 90 * kMinute);
  EXPECT_EQ(Call(&SlaService::GetTimeToResolution, ttr)->total().events(), 1);
  ttr.set_view(v1::VIEW_SETTLED);
  EXPECT_EQ(Call(&SlaService::GetTimeToResolution, ttr)->total().cases(), 0);

  v1::GetOnTimeRatesRequest rates;
  const auto now = Call(&SlaService::GetOnTimeRates, rates);
  ASSERT_TRUE(now.ok()) << now.status();
  ASSERT_EQ(now->totals_size(), 2);
  EXPECT_EQ(now->totals(1).line(), "remedy");
  EXPECT_EQ(now->totals(1).met(), 2);
  EXPECT_EQ(now->totals(1).late(), 1);
  EXPECT_EQ(now->totals(1).overdue(), 2);  // praise has a clock here, too
  EXPECT_DOUBLE_EQ(now->totals(1).rate(), 0.4);
  *rates.mutable_scope()->mutable_as_of_time() = service::WriteTime(kStart + 25 * kHour);
  const auto then = Call(&SlaService::GetOnTimeRates, rates);
  EXPECT_EQ(then->totals(1).late(), 0);
  EXPECT_EQ(then->totals(1).overdue(), 3);

  v1::GetWaitingSharesRequest waiting;
  const auto shares = Call(&SlaService::GetWaitingShares, waiting);
  ASSERT_TRUE(shares.ok()) << shares.status();
  int64_t sum = 0;
  for (const auto& share : shares->total().shares()) sum += share.first_round_ms() + share.reopened_ms();
  EXPECT_EQ(sum, shares->total().total_ms());
  EXPECT_EQ(shares->total().cases(), 4);
}

TEST_F(SlaServiceTest, FactsSaidLongAfterwardsAreCountedByTeam) {
  Receive(1, kStart);
  Receive(2, kStart);
  Assign(1, kStart, "north", "plumbers");
  Assign(2, kStart, "north", "electricians");
  clock_.Advance(25 * kHour);
  Acknowledge(1, kStart + kHour + 1);  // within a day of now, to the millisecond it lies in
  Acknowledge(2, kStart);
  Resolve(2, kStart + 30 * kMinute);
  v1::GetBackdatingRequest request;
  request.mutable_scope()->add_group_by(v1::DIMENSION_TEAM);
  const auto report = Call(&SlaService::GetBackdating, request);
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(report->rows_size(), 2);
  EXPECT_EQ(report->rows(0).group(0).value(), "electricians");
  EXPECT_EQ(report->rows(0).backdated_cases(), 1);
  EXPECT_EQ(report->rows(0).facts(), 2);
  EXPECT_GE(TimeUtil::DurationToMilliseconds(report->rows(0).longest()), 25 * kHour);
  EXPECT_EQ(report->rows(1).cases(), 1);
  EXPECT_EQ(report->total().facts(), 2 + report->rows(1).facts());
  EXPECT_EQ(report->total().cases(), 2);
  EXPECT_GT(report->positions_size(), 0);
  // Before it was known, nobody could count it.
  *request.mutable_scope()->mutable_known_at_time() = service::WriteTime(kStart + 2 * kHour);
  EXPECT_EQ(Call(&SlaService::GetBackdating, request)->total().facts(), 0);
}

TEST_F(SlaServiceTest, WhatLiesOutOfScopeDoesNotExist) {
  Receive(1, kStart, "north");
  Receive(2, kStart, "south");
  caller_ = std::make_shared<const Caller>("bob", std::vector<std::string>{}, PermissionSet::All(),
                                           absl::flat_hash_set<std::string>{"south"});
  v1::GetClockRequest request;
  request.set_name("clocks/" + Complaint(1));
  EXPECT_EQ(ReasonOf(Call(&SlaService::GetClock, request).status()), "CLOCK_NOT_FOUND");
  EXPECT_EQ(Call(&SlaService::GetTimeToResolution, v1::GetTimeToResolutionRequest())->total().cases(), 1);
  EXPECT_EQ(Call(&SlaService::ListCasesAtRisk, v1::ListCasesAtRiskRequest())->cases_size(), 2);
  // It is handed over: now it is theirs.
  Assign(1, kStart, "south", "plumbers");
  EXPECT_TRUE(Call(&SlaService::GetClock, request).ok());
  EXPECT_EQ(Call(&SlaService::ListCasesAtRisk, v1::ListCasesAtRiskRequest())->cases_size(), 4);
  caller_ = std::make_shared<const Caller>("eve", std::vector<std::string>{}, PermissionSet());
  EXPECT_EQ(Call(&SlaService::GetClock, request).status().code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(SlaServiceTest, EveryBadFieldIsNamedAtOnce) {
  v1::GetTimeToResolutionRequest request;
  auto* scope = request.mutable_scope();
  scope->add_group_by(static_cast<v1::Dimension>(99));
  scope->add_group_by(v1::DIMENSION_TEAM);
  scope->add_group_by(v1::DIMENSION_TEAM);
  *scope->mutable_start_time() = service::WriteTime(2000);
  *scope->mutable_end_time() = service::WriteTime(1000);
  *scope->mutable_as_of_time() = service::WriteTime(kStart + kDay);
  scope->mutable_filter()->add_channels(static_cast<Channel>(77));
  scope->mutable_filter()->add_agencies("\xFF");
  std::vector<std::string> fields;
  for (const auto& bad : ViolationsOf(Call(&SlaService::GetTimeToResolution, request).status())) {
    fields.push_back(bad.field);
  }
  EXPECT_THAT(fields, ::testing::UnorderedElementsAre("scope.group_by[0]", "scope.group_by[2]", "scope.end_time",
                                                      "scope.as_of_time", "scope.filter.channels[0]",
                                                      "scope.filter.agencies[0]"));
  v1::GetClockRequest one;
  one.set_name("complaints/x");
  EXPECT_EQ(Call(&SlaService::GetClock, one).status().code(), absl::StatusCode::kInvalidArgument);
  one.set_name("clocks/x");
  EXPECT_EQ(Call(&SlaService::GetClock, one).status().code(), absl::StatusCode::kInvalidArgument);
  one.set_name("clocks/" + Complaint(9));
  EXPECT_EQ(ReasonOf(Call(&SlaService::GetClock, one).status()), "CLOCK_NOT_FOUND");
}

TEST_F(SlaServiceTest, ACrewThatSyncsLateCountsAsMetOnLateEvidenceAsOfAnHourLaterToo) {
  Receive(1, kStart);
  clock_.Advance(At("2026-03-03T12:00:00+01:00") - clock_.Now());
  executor_.RunFor(kMinute);
  ASSERT_EQ(CountAlarms(), 2);  // a breach of each line
  Resolve(1, At("2026-03-03T10:30:00+01:00"));
  clock_.Advance(kDay);
  v1::GetOnTimeRatesRequest request;
  request.add_lines("remedy");
  for (const char* as_of : {"", "2026-03-03T13:00:00+01:00"}) {
    if (*as_of != 0) *request.mutable_scope()->mutable_as_of_time() = service::WriteTime(At(as_of));
    const auto rates = Call(&SlaService::GetOnTimeRates, request);
    ASSERT_TRUE(rates.ok()) << rates.status();
    ASSERT_EQ(rates->totals_size(), 1) << as_of;
    EXPECT_EQ(rates->totals(0).met(), 1);
    EXPECT_EQ(rates->totals(0).met_on_late_evidence(), 1) << as_of;
  }
  const v1::ClockExplanation then = Explain(1, At("2026-03-03T13:00:00+01:00"));
  EXPECT_TRUE(then.lines(1).line().met_on_late_evidence());
  EXPECT_EQ(then.lines(1).line().alarms_size(), 1);
  EXPECT_EQ(Explain(1, kStart + kHour).lines(1).line().alarms_size(), 0);
}

TEST_F(SlaServiceTest, AReportMeasuresEachComplaintByItsAgencysCalendarAtReceipt) {
  reference::SnapshotBuilder builder = SmallRegister();
  register_v1::Calendar always = Office("00:00-24:00", "1234567");
  always.set_id("always");
  Territory moved = reference::testing::SmallTerritory();
  moved.mutable_agencies(0)->set_calendar("always");
  reference_.Set(builder.Add(always).Add(moved, kStart + 30 * kMinute).Build());
  Receive(1, kStart);
  Receive(2, kStart + 40 * kMinute);
  clock_.Advance(7 * kHour);
  // Due Tuesday 11:00 and Monday 21:40.
  v1::GetOnTimeRatesRequest request;
  request.add_lines("remedy");
  *request.mutable_scope()->mutable_as_of_time() = service::WriteTime(kStart + 6 * kHour);
  const auto rates = Call(&SlaService::GetOnTimeRates, request);
  ASSERT_TRUE(rates.ok()) << rates.status();
  ASSERT_EQ(rates->totals_size(), 1);
  EXPECT_EQ(rates->totals(0).overdue(), 1);
}

TEST_F(SlaServiceTest, AnswersSayUpToWhereTheyRead) {
  Receive(1, kStart);
  v1::GetClockRequest one;
  one.set_name("clocks/" + Complaint(1));
  const auto clock = Call(&SlaService::GetClock, one);
  ASSERT_TRUE(clock.ok()) << clock.status();
  EXPECT_EQ(clock->position().stream(), "sla");
  EXPECT_EQ(clock->position().shard(), 1u);
  EXPECT_EQ(clock->position().log_id(), connection_->info().log_id);
  EXPECT_EQ(clock->position().next(), static_cast<int64_t>(log_->Entries({log::Stream::kSla, 1}).size()));
  // A read at what was read is answered at once.
  *one.mutable_position() = clock->position();
  EXPECT_TRUE(Call(&SlaService::GetClock, one).ok());
  v1::ExplainClockRequest why;
  why.set_name(one.name());
  EXPECT_GT(Call(&SlaService::ExplainClock, why)->position().next(), 0);
  EXPECT_EQ(Call(&SlaService::ListCasesAtRisk, v1::ListCasesAtRiskRequest())->positions_size(), 2);
  EXPECT_EQ(Call(&SlaService::GetTimeToResolution, v1::GetTimeToResolutionRequest())->positions_size(), 2);
  EXPECT_EQ(Call(&SlaService::GetOnTimeRates, v1::GetOnTimeRatesRequest())->positions_size(), 2);
  EXPECT_EQ(Call(&SlaService::GetWaitingShares, v1::GetWaitingSharesRequest())->positions(1).next(),
            clock->position().next());
}

TEST_F(SlaServiceTest, EveryRpcIsBound) {
  rpc::Service bound{kSlaServiceName};
  Bind(service_.get(), &bound);
  EXPECT_THAT(bound.Missing(), ::testing::IsEmpty());
}

}  // namespace
}  // namespace redress::sla
