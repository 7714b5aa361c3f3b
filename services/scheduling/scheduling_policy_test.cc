// What scheduling makes of the other streams, across restarts and in any order.
#include "services/scheduling/scheduling_policy.h"

#include <gtest/gtest.h>

#include "services/scheduling/intervention.h"
#include "services/scheduling/scheduling_fixture.h"
#include "services/scheduling/scheduling_rows.h"

namespace redress::scheduling {
namespace {

using State = v1::Intervention;
using Service = SchedulingService;

class PolicyTest : public SchedulingTest {
 protected:
  intake::events::v1::Event Noted(const v1::Intervention& visit, bool ended) {
    intake::events::v1::Event event;
    auto* noted = event.mutable_visit_noted();
    noted->set_intervention(visit.name());
    noted->set_stage(intake::events::v1::VisitNoted::STAGE_REQUESTED);
    noted->set_occurred_at(clock_.Now());
    noted->set_complaint_ended(ended);
    return event;
  }
  int64_t Records() {
    int64_t records = 0;
    for (uint32_t shard = 0; shard < kShards; ++shard) {
      records += static_cast<int64_t>(log_->Entries({log::Stream::kScheduling, shard}).size());
    }
    return records;
  }
};

TEST_F(PolicyTest, AnAssignmentThatNeedsAVisitAsksForOneInTheAgencysShard) {
  const std::string complaint = NewComplaint();
  auto none = Assigned();
  none.mutable_assigned()->set_visit_needed(false);
  Write(*routing_, complaint, std::vector{none});
  EXPECT_TRUE(VisitsOfComplaint(complaint).empty());
  Write(*routing_, complaint, std::vector{Assigned(2)});
  const auto visits = VisitsOfComplaint(complaint);
  ASSERT_EQ(visits.size(), 1u);
  EXPECT_EQ(ParseId(visits[0].name().substr(14))->placement, PlacementOf("north"));
  EXPECT_EQ(visits[0].assignment(), 2);
}

TEST_F(PolicyTest, AComplaintOfNoAgencyHasItsVisitToo) { EXPECT_EQ(Requested("").agency(), ""); }

TEST_F(PolicyTest, TheSameAssignmentAgainAsksForNothing) {
  const std::string complaint = NewComplaint();
  const auto assigned = Assigned();
  Write(*routing_, complaint, std::vector{assigned});
  const int64_t records = Records();
  Write(*routing_, complaint, std::vector{assigned});
  EXPECT_EQ(VisitsOfComplaint(complaint).size(), 1u);
  EXPECT_EQ(Records(), records);
}

TEST_F(PolicyTest, AnotherAgencyTakesTheVisitOverUnlessItIsBooked) {
  Register("t1");
  const std::string open = NewComplaint();
  Write(*routing_, open, std::vector{Assigned(1, "north")});
  Write(*routing_, open, std::vector{Assigned(2, "south")});
  auto visits = VisitsOfComplaint(open);
  ASSERT_EQ(visits.size(), 2u);
  for (const auto& visit : visits) {
    const bool north = visit.agency() == "north";
    EXPECT_EQ(visit.state(), north ? State::STATE_CANCELLED : State::STATE_REQUESTED);
    EXPECT_EQ(visit.cancel_reason(), north ? "reassigned" : "");
  }
  const auto booked = Booked();
  Write(*routing_, booked.complaint(), std::vector{Assigned(2, "south")});
  EXPECT_EQ(Get(booked.name()).state(), State::STATE_BOOKED);
}

TEST_F(PolicyTest, AnEndedComplaintFreesItsVisits) {
  Register("t1");
  const auto requested = Requested();
  const auto booked = Booked();
  for (const auto& visit : {requested, booked}) {
    Write(*intake_, visit.complaint(), std::vector{Resolved()});
    EXPECT_EQ(Get(visit.name()).state(), State::STATE_CANCELLED);
    EXPECT_EQ(Get(visit.name()).cancel_reason(), "complaint_ended");
  }
  EXPECT_TRUE(Call(&Service::BookVisit, BookRequest(Requested().name(), kMorning + kHour)).ok());
}

TEST_F(PolicyTest, EndingsWithoutOpenVisitsRecordNothing) {
  const int64_t before = Records();
  for (int i = 0; i < 20; ++i) Write(*intake_, NewComplaint(), std::vector{Resolved()});
  EXPECT_EQ(Records(), before);
}

TEST_F(PolicyTest, AVisitThatComesAfterItsComplaintsEndingIsCancelledWhenIntakeNotesIt) {
  const std::string complaint = NewComplaint();
  Write(*intake_, complaint, std::vector{Resolved()});
  Write(*routing_, complaint, std::vector{Assigned()});
  const auto visit = VisitsOfComplaint(complaint)[0];
  EXPECT_EQ(visit.state(), State::STATE_REQUESTED);
  Write(*intake_, complaint, std::vector{Noted(visit, false)});
  EXPECT_EQ(Get(visit.name()).state(), State::STATE_REQUESTED);
  Write(*intake_, complaint, std::vector{Noted(visit, true)});
  EXPECT_EQ(Get(visit.name()).state(), State::STATE_CANCELLED);
}

TEST_F(PolicyTest, AnEndingSeenLateLeavesTheVisitOfTheReopenedComplaint) {
  const std::string complaint = NewComplaint();
  Write(*routing_, complaint, std::vector{Assigned(2, "north", /*round=*/1)});
  Write(*intake_, complaint, std::vector{Resolved(/*round=*/0)});
  EXPECT_EQ(VisitsOfComplaint(complaint)[0].state(), State::STATE_REQUESTED);
  Write(*intake_, complaint, std::vector{Resolved(/*round=*/1)});
  EXPECT_EQ(VisitsOfComplaint(complaint)[0].state(), State::STATE_CANCELLED);
}

TEST_F(PolicyTest, AWithdrawalAndImportedFactsEndAComplaintToo) {
  const auto withdrawn = Requested();
  intake::events::v1::Event withdrawal;
  withdrawal.mutable_complaint_withdrawn()->set_occurred_at(clock_.Now());
  Write(*intake_, withdrawn.complaint(), std::vector{withdrawal});
  EXPECT_EQ(Get(withdrawn.name()).state(), State::STATE_CANCELLED);
  const auto imported = Requested();
  intake::events::v1::Event facts;
  facts.mutable_imported_facts_added()->add_facts()->set_kind(types::v1::FACT_KIND_RESOLVED);
  facts.mutable_imported_facts_added()->add_facts()->set_kind(types::v1::FACT_KIND_REOPENED);
  Write(*intake_, imported.complaint(), std::vector{facts});
  EXPECT_EQ(Get(imported.name()).state(), State::STATE_REQUESTED);
  facts.mutable_imported_facts_added()->add_facts()->set_kind(types::v1::FACT_KIND_RESOLVED);
  Write(*intake_, imported.complaint(), std::vector{facts});
  EXPECT_EQ(Get(imported.name()).state(), State::STATE_CANCELLED);
}

TEST_F(PolicyTest, AReopenedComplaintMayHaveVisitsAgain) {
  const auto first = Requested();
  Write(*intake_, first.complaint(), std::vector{Resolved()});
  Write(*routing_, first.complaint(), std::vector{Assigned(2, "north", /*round=*/1)});
  const auto visits = VisitsOfComplaint(first.complaint());
  ASSERT_EQ(visits.size(), 2u);
  EXPECT_EQ(visits[0].state(), State::STATE_CANCELLED);
  EXPECT_EQ(visits[1].state(), State::STATE_REQUESTED);
}

TEST_F(PolicyTest, ReactionsHappenOnceAcrossRestartsThatLoseCommits) {
  Register("t1");
  std::vector<std::string> complaints;
  for (int life = 0; life < 6; ++life) {
    for (int i = 0; i < 4; ++i) {
      complaints.push_back(NewComplaint());
      Write(*routing_, complaints.back(), std::vector{Assigned()});
      if (i % 2 == 0) Write(*intake_, complaints.back(), std::vector{Resolved()});
    }
    Stop();
    rows_->Lose(ids_.Random64() % 10);
    Boot();
  }
  for (size_t i = 0; i < complaints.size(); ++i) {
    const auto visits = VisitsOfComplaint(complaints[i]);
    ASSERT_EQ(visits.size(), 1u);
    EXPECT_EQ(visits[0].state(), i % 2 == 0 ? State::STATE_CANCELLED : State::STATE_REQUESTED);
  }
}

TEST_F(PolicyTest, RebuildFromZeroEqualsLive) {
  Register("t1");
  Register("t2");
  for (int i = 0; i < 12; ++i) {
    const auto visit = Requested();
    const auto held =
        Call(&Service::HoldSlot, HoldRequest(visit.name(), kMorning + (1 + i % 5) * kHour, i % 2 == 0 ? "t1" : "t2"));
    if (held.ok() && i % 3 == 0) {
      v1::BookVisitRequest book;
      book.set_request_id(NextRequest());
      book.set_name(visit.name());
      ASSERT_TRUE(Call(&Service::BookVisit, book).ok());
    }
    if (i % 4 == 0) Write(*intake_, visit.complaint(), std::vector{Resolved()});
  }
  executor_.RunFor(kHour);
  const auto fresh = std::make_shared<store::MemoryDatabase>();
  const auto follower = Start(&logic_, fresh, /*own=*/false);
  executor_.RunFor(kMinute);
  for (uint16_t shard = 0; shard < kShards; ++shard) {
    EXPECT_EQ(store::DigestOf(*fresh, shard, store::DigestScope::kAll),
              store::DigestOf(*rows_, shard, store::DigestScope::kAll));
  }
}

TEST_F(PolicyTest, AnInputThatCannotBeReadIsParked) {
  runtime::Input input;
  input.from = {log::Stream::kRouting, 0};
  log::v1::Body body;
  auto* event = body.add_events();
  event->set_aggregate("complaints/x");
  event->set_payload("\xFF");
  input.body = &body;
  EXPECT_FALSE(React(input, {0, kShards, nullptr}).ok());
  event->set_aggregate("people/x");
  EXPECT_TRUE(React(input, {0, kShards, nullptr})->empty());
}

}  // namespace
}  // namespace redress::scheduling
