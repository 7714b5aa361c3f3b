#include "services/intake/intake_policy.h"

#include "libs/runtime/rows.h"
#include "redress/routing/events/v1/events.pb.h"
#include "redress/scheduling/events/v1/events.pb.h"
#include "redress/sla/events/v1/events.pb.h"
#include "services/intake/intake_fixture.h"

namespace redress::intake {
namespace {

using namespace ::redress::intake::testing;  // NOLINT
using RoutingEvent = ::redress::routing::events::v1::Event;
using SchedulingEvent = ::redress::scheduling::events::v1::Event;
using SlaEvent = ::redress::sla::events::v1::Event;

class IntakePolicyTest : public IntakeTest {
 protected:
  void Visit(const std::string& intervention, const std::function<void(SchedulingEvent*)>& fill, uint32_t shard = 3) {
    SchedulingEvent event;
    fill(&event);
    AppendForeign({log::Stream::kScheduling, shard}, {{intervention, event.SerializeAsString()}});
  }
  void Requested(const std::string& complaint, const std::string& intervention, uint32_t shard = 3) {
    Visit(
        intervention,
        [&](SchedulingEvent* event) {
          event->mutable_visit_requested()->set_complaint(complaint);
          event->mutable_visit_requested()->set_occurred_at(clock_.Now());
        },
        shard);
  }
  void Done(const std::string& complaint, const std::string& intervention, Millis at, uint32_t shard = 3) {
    Visit(
        intervention,
        [&](SchedulingEvent* event) {
          event->mutable_visit_done()->set_complaint(complaint);
          event->mutable_visit_done()->set_result("fixed");
          event->mutable_visit_done()->set_occurred_at(at);
        },
        shard);
  }
};

TEST_F(IntakePolicyTest, NotesWhoIsInCharge) {
  const std::string name = NewComplaint("rn");
  RoutingEvent event;
  event.mutable_assigned()->set_agency("south");
  event.mutable_assigned()->set_office("s1");
  event.mutable_assigned()->set_team("lifts");
  event.mutable_assigned()->set_agent("staff-7");
  AppendForeign({log::Stream::kRouting, ShardOfName(name)}, {{name, event.SerializeAsString()}});
  const v1::Complaint complaint = Get(name);
  EXPECT_EQ(complaint.agency(), "south");
  EXPECT_EQ(complaint.team(), "lifts");
  EXPECT_EQ(complaint.agent(), "staff-7");
  EXPECT_EQ(complaint.state(), v1::COMPLAINT_STATE_RECEIVED);
}

TEST_F(IntakePolicyTest, AVisitDoneResolvesAtItsTime) {
  const std::string name = NewComplaint();
  Requested(name, "interventions/01");
  clock_.Advance(kHour);
  Visit("interventions/01", [&](SchedulingEvent* event) {
    event->mutable_visit_booked()->set_complaint(name);
    event->mutable_visit_booked()->set_window_start(clock_.Now() + kHour);
    event->mutable_visit_booked()->set_window_end(clock_.Now() + 2 * kHour);
  });
  EXPECT_EQ(Get(name).visits(0).stage(), v1::Visit::STAGE_BOOKED);
  clock_.Advance(kHour);
  Visit("interventions/01", [&](SchedulingEvent* event) {
    event->mutable_visit_started()->set_complaint(name);
    event->mutable_visit_started()->set_occurred_at(clock_.Now());
  });
  EXPECT_EQ(Get(name).state(), v1::COMPLAINT_STATE_IN_PROGRESS);
  const Millis end = clock_.Now() + 30 * kMinute;
  clock_.Advance(3 * kHour);
  Done(name, "interventions/01", end);
  const v1::Complaint resolved = Get(name);
  EXPECT_EQ(resolved.state(), v1::COMPLAINT_STATE_RESOLVED);
  EXPECT_EQ(resolved.outcome(), types::v1::OUTCOME_FIXED);
  EXPECT_EQ(resolved.resolved_time().seconds(), end / 1000);
  EXPECT_GT(resolved.visits(0).window_start_time().seconds(), 0);
}

TEST_F(IntakePolicyTest, WaitsForTheOtherVisit) {
  const std::string name = NewComplaint();
  Requested(name, "interventions/01", 0);
  Requested(name, "interventions/02", 1);
  clock_.Advance(kHour);
  Done(name, "interventions/01", clock_.Now(), 0);
  EXPECT_EQ(Get(name).state(), v1::COMPLAINT_STATE_RECEIVED);
  Done(name, "interventions/02", clock_.Now(), 1);
  EXPECT_EQ(Get(name).state(), v1::COMPLAINT_STATE_RESOLVED);
}

TEST_F(IntakePolicyTest, NotesAlarmsButNotSilentOnes) {
  const std::string name = NewComplaint();
  const std::string clock = "clocks/" + name.substr(name.find('/') + 1);
  const auto raise = [&](const std::function<void(SlaEvent*)>& fill) {
    SlaEvent event;
    fill(&event);
    AppendForeign({log::Stream::kSla, ShardOfName(name)}, {{clock, event.SerializeAsString()}});
  };
  raise([](SlaEvent* event) { event->mutable_warning_raised()->set_line("answer"); });
  raise([](SlaEvent* event) { event->mutable_breach_raised()->set_line("answer"); });
  raise([](SlaEvent* event) { event->mutable_breach_raised()->set_silent(true); });
  EXPECT_EQ(Get(name).warnings(), 1);
  EXPECT_EQ(Get(name).breaches(), 1);
}

TEST_F(IntakePolicyTest, ParksWhatCannotBeRead) {
  const std::string name = NewComplaint();
  AppendForeign({log::Stream::kRouting, ShardOfName(name)}, {{name, "\xFF\xFF\xFF"}});
  const auto parked = runtime::ListParked(*main_->runtime->ReadNow(), ShardOfName(name));
  ASSERT_EQ(parked.size(), 1u);
  EXPECT_EQ(parked[0].input().aggregate(), name);
}

TEST_F(IntakePolicyTest, FollowsWhatTheProtocolSays) {
  const auto inputs = FollowedByIntake(2, 4);
  EXPECT_EQ(inputs.size(), 2u + 4u + 4u);
  EXPECT_EQ(inputs[0], (log::ShardId{log::Stream::kRouting, 2}));
  EXPECT_EQ(inputs[1], (log::ShardId{log::Stream::kSla, 2}));
}

// Live, replay and another instance are the same rows.
TEST_F(IntakePolicyTest, ARebuildIsTheSameToTheByte) {
  for (int i = 0; i < 5; ++i) NewComplaint(i % 2 == 0 ? "rn" : "rs");
  const std::string name = NewComplaint();
  Requested(name, "interventions/01");
  Done(name, "interventions/01", clock_.Now());
  ASSERT_TRUE(Change(kContest, name).ok());
  ASSERT_TRUE(Resolve(name).ok());
  clock_.Advance(20 * kDay);
  executor_.RunFor(kHour);
  EXPECT_EQ(Get(name).state(), v1::COMPLAINT_STATE_CLOSED);
  const auto rebuilt = Boot("two", false);
  executor_.RunFor(kSecond);
  EXPECT_EQ(Digest(*rebuilt), Digest(*main_));
}

}  // namespace
}  // namespace redress::intake
