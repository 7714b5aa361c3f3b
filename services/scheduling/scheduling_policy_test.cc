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

TEST_F(PolicyTest, AnAmendmentReachesTheVisitThatIsOpenHoweverFarItIs) {
  Register("t1");
  for (const bool book : {false, true}) {
    const auto visit = book ? Booked() : Requested();
    auto amended = Assigned(2);
    amended.mutable_assigned()->set_category("gas");
    amended.mutable_assigned()->set_skills(0, "heating");
    amended.mutable_assigned()->set_urgency(types::v1::URGENCY_EMERGENCY);
    amended.mutable_assigned()->set_visit_minutes(90);
    amended.mutable_assigned()->set_language("ar");
    Write(*routing_, visit.complaint(), std::vector{amended});
    ASSERT_EQ(VisitsOfComplaint(visit.complaint()).size(), 1u);
    const auto after = Get(visit.name());
    EXPECT_EQ(after.category(), "gas");
    EXPECT_EQ(after.skills(0), "heating");
    EXPECT_EQ(after.urgency(), types::v1::URGENCY_EMERGENCY);
    EXPECT_EQ(after.duration_minutes(), 90);
    EXPECT_EQ(after.language(), "ar");
    EXPECT_EQ(after.assignment(), 2);
    EXPECT_EQ(after.state(), visit.state());
    EXPECT_EQ(after.slot().SerializeAsString(), visit.slot().SerializeAsString());
  }
  // An emergency goes to the front of the queue.
  v1::ListInterventionsRequest queue;
  queue.set_state(State::STATE_REQUESTED);
  const auto routine = Requested();
  const auto urgent = Requested();
  auto amended = Assigned(2);
  amended.mutable_assigned()->set_urgency(types::v1::URGENCY_EMERGENCY);
  Write(*routing_, urgent.complaint(), std::vector{amended});
  const auto queued = Call(&Service::ListInterventions, queue);
  ASSERT_EQ(queued->interventions_size(), 3);
  EXPECT_EQ(queued->interventions(1).name(), urgent.name());
  EXPECT_EQ(queued->interventions(2).name(), routine.name());
}

TEST_F(PolicyTest, AnAssignmentThatSaysTheSameOfItsVisitRecordsNothing) {
  const auto visit = Requested();
  const int64_t records = Records();
  Write(*routing_, visit.complaint(), std::vector{Assigned(2)});
  EXPECT_EQ(Records(), records);
}

TEST_F(PolicyTest, TextsUnderAnotherKeyReachEveryVisitAndMoveNothingElse) {
  Register("t1");
  const auto row = [&](const v1::Intervention& visit) {
    const std::string id = visit.name().substr(14);
    const auto shard = static_cast<uint16_t>(ShardOf(ParseId(id)->placement, kShards));
    return *kVisits.Get(*rows_, shard, id);
  };
  const auto booked = Booked();
  const auto over = Requested();
  Write(*intake_, over.complaint(), std::vector{Resolved()});
  ASSERT_EQ(Get(over.name()).state(), State::STATE_CANCELLED);
  for (const auto& visit : {booked, over}) {
    const auto before = Get(visit.name());
    routing::events::v1::Event event;
    auto* noted = event.mutable_matter_noted();
    noted->set_category("another");
    noted->mutable_access_note()->set_key_id("k2");
    noted->mutable_access_note()->set_box("note");
    // Of a complaint that was amended after its end: nothing for visits.
    Write(*routing_, visit.complaint(), std::vector{event});
    EXPECT_FALSE(row(visit).has_access_note());
    noted->set_resealed(true);
    Write(*routing_, visit.complaint(), std::vector{event});
    EXPECT_EQ(row(visit).access_note().box(), "note");
    const int64_t records = Records();
    Write(*routing_, visit.complaint(), std::vector{event});
    EXPECT_EQ(Records(), records) << "said twice, recorded once";
    auto after = Get(visit.name());
    after.set_etag(before.etag());
    EXPECT_EQ(after.SerializeAsString(), before.SerializeAsString());
    noted->clear_access_note();
    Write(*routing_, visit.complaint(), std::vector{event});
    EXPECT_FALSE(row(visit).has_access_note());
  }
}

TEST_F(PolicyTest, AnAssignmentThatNeedsNoVisitFreesWhatNobodyHasBooked) {
  Register("t1");
  for (const std::string agency : {"north", "south", ""}) {
    const auto requested = Requested("north");
    auto none = Assigned(2, agency);
    none.mutable_assigned()->set_visit_needed(false);
    Write(*routing_, requested.complaint(), std::vector{none});
    EXPECT_EQ(Get(requested.name()).state(), State::STATE_CANCELLED) << agency;
    EXPECT_EQ(Get(requested.name()).cancel_reason(), "not_needed");
  }
  const auto booked = Booked();
  auto none = Assigned(2);
  none.mutable_assigned()->set_visit_needed(false);
  Write(*routing_, booked.complaint(), std::vector{none});
  EXPECT_EQ(Get(booked.name()).state(), State::STATE_BOOKED);
}

TEST_F(PolicyTest, AVisitOfNoAgencyStaysWhenItIsAskedForAgain) {
  const auto visit = Requested("");
  auto amended = Assigned(2, "");
  amended.mutable_assigned()->set_category("gas");
  Write(*routing_, visit.complaint(), std::vector{amended});
  EXPECT_EQ(Get(visit.name()).state(), State::STATE_REQUESTED);
  EXPECT_EQ(Get(visit.name()).category(), "gas");
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

TEST_F(PolicyTest, AWithdrawalEndsAComplaintToo) {
  const auto withdrawn = Requested();
  intake::events::v1::Event withdrawal;
  withdrawal.mutable_complaint_withdrawn()->set_occurred_at(clock_.Now());
  Write(*intake_, withdrawn.complaint(), std::vector{withdrawal});
  EXPECT_EQ(Get(withdrawn.name()).state(), State::STATE_CANCELLED);
}

// An import's facts by the hour, and what intake makes of them.
intake::events::v1::Event FactsAdded(const std::vector<std::pair<types::v1::FactKind, int>>& facts, int64_t ended_at,
                                     int32_t round) {
  intake::events::v1::Event event;
  auto* added = event.mutable_imported_facts_added();
  for (const auto& [kind, hour] : facts) {
    auto* fact = added->add_facts();
    fact->set_kind(kind);
    fact->set_occurred_at(hour * kHour);
  }
  added->set_ended(ended_at != 0);
  added->set_ended_at(ended_at);
  added->set_round(round);
  return event;
}

TEST_F(PolicyTest, WhetherImportedFactsEndAComplaintIsForIntakeToSay) {
  Register("t1");
  using enum types::v1::FactKind;
  // Something that happened after the resolution is a note, here.
  for (const auto& visit : {Requested(), Booked()}) {
    Write(*intake_, visit.complaint(),
          std::vector{FactsAdded({{FACT_KIND_RESOLVED, 10}, {FACT_KIND_WORKS_ENDED, 12}}, 10 * kHour, 0)});
    EXPECT_EQ(Get(visit.name()).state(), State::STATE_CANCELLED);
    EXPECT_EQ(Get(visit.name()).cancel_reason(), "complaint_ended");
  }
  // And here it is not: it was taken up again.
  const auto open = Requested();
  Write(*intake_, open.complaint(),
        std::vector{FactsAdded({{FACT_KIND_RESOLVED, 10}, {FACT_KIND_REOPENED, 12}}, 0, 1)});
  EXPECT_EQ(Get(open.name()).state(), State::STATE_REQUESTED);
  // A resolution that does not count ends nothing.
  Write(*intake_, open.complaint(), std::vector{FactsAdded({{FACT_KIND_RESOLVED, 14}}, 0, 1)});
  EXPECT_EQ(Get(open.name()).state(), State::STATE_REQUESTED);
  Write(*intake_, open.complaint(), std::vector{FactsAdded({{FACT_KIND_WITHDRAWN, 15}}, 15 * kHour, 1)});
  EXPECT_EQ(Get(open.name()).state(), State::STATE_CANCELLED);
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
