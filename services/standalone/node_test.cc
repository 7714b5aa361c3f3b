#include "services/standalone/node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/log/acceptance.h"
#include "libs/status/errors.h"
#include "redress/admin/v1/admin_service.pb.h"
#include "redress/register/v1/register_service.pb.h"
#include "redress/sla/v1/sla_service.pb.h"
#include "services/standalone/node_fixture.h"

namespace redress {

void NodeTest::AppendAsOwner(log::ShardId id, const std::string& aggregate, const std::string& payload,
                             uint32_t level) {
  const log::RuleState state = node_->runtime(id.stream)->shard(id.shard).state();
  log::v1::Body body;
  body.set_recorded_at(clock_.Now());
  body.set_level(level);
  auto* event = body.add_events();
  event->set_aggregate(aggregate);
  event->set_version(1);
  event->set_payload(payload);
  log::v1::Record record;
  record.set_rule_version(log::kRuleVersion);
  record.set_kind(log::v1::KIND_DECISION);
  record.set_fence(state.fence);
  record.set_seq(state.seq + 1);
  record.set_body(body.SerializeAsString());
  record.set_chain(log::NextChain(state.chain, record.body()));
  connection_->Append(id, {record.SerializeAsString()}, [](log::AppendOutcome) {});
  Pass(5 * kSecond);
}

int64_t NodeTest::Decisions(log::Stream stream) const {
  int64_t count = 0;
  for (uint32_t shard = 0; shard < 2; ++shard) {
    for (const log::Entry& entry : log_.Entries({stream, shard})) {
      log::v1::Record record;
      count += record.ParseFromString(entry.bytes) && record.kind() == log::v1::KIND_DECISION;
    }
  }
  return count;
}

namespace {

using log::Stream;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr char kIntakeService[] = "redress.intake.v1.IntakeService";
constexpr char kSlaService[] = "redress.sla.v1.SlaService";
constexpr char kRegisterService[] = "redress.register.v1.RegisterService";

TEST_F(NodeTest, WhileSomeShardsAreStillReadNoSecondComplaintOfOneReferenceIsMade) {
  ASSERT_NO_FATAL_FAILURE(StartNew());
  const auto first = Submit("r-0", "case-1");
  ASSERT_TRUE(first.ok()) << first.status();
  const log::ShardId known{Stream::kIntake, first->position().shard()};
  Stop();
  // The rows are folded anew, and that of the complaint comes late: what is asked meanwhile would not find it.
  hold_ = {known};
  Start(kTzdata, {Stream::kIntake});
  Pass(5 * kSecond);
  EXPECT_EQ(ReasonOf(node_->Readiness(Stream::kIntake)), "CATCHING_UP");
  for (int i = 1; i <= 16; ++i) {
    const auto again = Submit(absl::StrCat("r-", i), "case-1");
    ASSERT_EQ(ReasonOf(again.status()), "CATCHING_UP") << again.status();
    EXPECT_TRUE(absl::IsUnavailable(again.status()));
    EXPECT_TRUE(again.status().GetPayload(kRetryInfoUrl).has_value());
  }
  EXPECT_EQ(CountComplaints(), -1);
  EXPECT_FALSE(serving_[kIntakeService]);
  EXPECT_FALSE(serving_[""]);
  // Others do not wait for it.
  EXPECT_TRUE(serving_[kRegisterService]);
  EXPECT_TRUE(serving_["redress.admin.v1.AdminService"]);

  held_->Release();
  Pass(10 * kSecond);
  ASSERT_TRUE(node_->Ready());
  EXPECT_TRUE(serving_[kIntakeService]);
  EXPECT_TRUE(serving_[""]);
  EXPECT_EQ(ReasonOf(Submit("r-1", "case-1").status()), "REFERENCE_KNOWN");
  EXPECT_EQ(CountComplaints(), 1);
}

TEST_F(NodeTest, OtherZoneRulesThanTheRegistersDecideNothingUntilTheyAreAdopted) {
  ASSERT_NO_FATAL_FAILURE(StartNew());
  ASSERT_TRUE(Submit("r-0").ok());
  Pass(kMinute);
  Stop();
  Start("2026b");
  Pass(10 * kSecond);
  EXPECT_FALSE(node_->Ready());
  const absl::Status why = node_->Readiness(Stream::kSla);
  EXPECT_EQ(ReasonOf(why), "TZDATA_DIFFERS");
  for (const char* said : {"2026a", "2026b", "redressctl register tzdata 2026b"}) {
    EXPECT_THAT(std::string(why.message()), HasSubstr(said));
  }
  EXPECT_THAT(logger_.lines(), Contains(AllOf(HasSubstr("service_not_ready"), HasSubstr("TZDATA_DIFFERS"))));
  EXPECT_EQ(ReasonOf(Submit("r-1").status()), "TZDATA_DIFFERS");
  EXPECT_FALSE(
      Call<admin::v1::GetStatusResponse>("admin.v1.AdminService/GetStatus", admin::v1::GetStatusRequest())->ready());
  EXPECT_TRUE(serving_[kRegisterService]);
  EXPECT_FALSE(serving_[kSlaService]);
  // Not for what has been submitted before, nor for timers that come due.
  const int64_t before = Decisions(Stream::kSla);
  Pass(30 * kDay);
  EXPECT_EQ(Decisions(Stream::kSla), before);

  register_::v1::AdoptTzdataRequest adopt;
  adopt.set_request_id("adopt");
  adopt.set_version("2026b");
  const auto adopted = Call<register_::v1::AdoptTzdataResponse>("register.v1.RegisterService/AdoptTzdata", adopt);
  ASSERT_TRUE(adopted.ok()) << adopted.status();
  Pass(kMinute);
  EXPECT_TRUE(node_->Ready()) << node_->Readiness(Stream::kSla);
  EXPECT_TRUE(serving_[kSlaService]);
  EXPECT_TRUE(Submit("r-1").ok());
  EXPECT_GT(Decisions(Stream::kSla), before);
}

TEST_F(NodeTest, AShardThatStopsTakesItsServiceOutOfHealthAndNoOther) {
  ASSERT_NO_FATAL_FAILURE(StartNew());
  EXPECT_TRUE(serving_[kSlaService]);
  AppendAsOwner({Stream::kSla, 0}, "clocks/x", "", /*level=*/99);
  EXPECT_EQ(ReasonOf(node_->Readiness(Stream::kSla)), "SHARD_STOPPED");
  EXPECT_FALSE(serving_[kSlaService]);
  EXPECT_FALSE(serving_[""]);
  EXPECT_FALSE(watch_->ready());
  EXPECT_TRUE(serving_[kIntakeService]);
  EXPECT_TRUE(serving_[kRegisterService]);
  EXPECT_TRUE(Submit("r-1").ok());
  EXPECT_THAT(logger_.lines(), Contains(AllOf(HasSubstr("SHARD_STOPPED"), HasSubstr("sla/0"))));
}

TEST_F(NodeTest, ADamagedProjectionIsToldOnce) {
  ASSERT_NO_FATAL_FAILURE(StartNew());
  rows_[Stream::kRouting]->set_health(absl::DataLossError("a block is corrupt"));
  Pass(kSecond);
  Pass(kSecond);
  EXPECT_THAT(damaged_, ElementsAre(Stream::kRouting));
  EXPECT_THAT(logger_.lines(), Contains(AllOf(HasSubstr("projection_damaged"), HasSubstr("routing"))));
}

TEST_F(NodeTest, AServiceWhoseDamagedRowsWereRebuiltServesAgainWithoutARestart) {
  ASSERT_NO_FATAL_FAILURE(StartNew());
  ASSERT_TRUE(Submit("r-0").ok());
  Pass(kMinute);
  admin::v1::RebuildProjectionRequest rebuild;
  rebuild.set_service("intake");
  std::shared_ptr<store::MemoryDatabase> rows = rows_[Stream::kIntake];
  for (int round = 1; round <= 2; ++round) {
    rows->set_health(absl::DataLossError("a block is corrupt"));
    rows = nullptr;
    EXPECT_EQ(CountComplaints(), -1);
    Pass(kSecond);
    EXPECT_FALSE(serving_[kIntakeService]);
    EXPECT_FALSE(serving_[""]);
    EXPECT_FALSE(watch_->ready());
    EXPECT_THAT(damaged_, Each(Stream::kIntake));
    EXPECT_EQ(damaged_.size(), static_cast<size_t>(round));
    const auto built =
        Call<admin::v1::RebuildProjectionResponse>("admin.v1.AdminService/RebuildProjection", rebuild, kMinute);
    ASSERT_TRUE(built.ok()) << built.status();
    EXPECT_TRUE(serving_[kIntakeService]);
    EXPECT_TRUE(serving_[""]);
    EXPECT_TRUE(watch_->ready());
    EXPECT_TRUE(Submit(absl::StrCat("r-", round)).ok());
    EXPECT_EQ(CountComplaints(), 1 + round);
    rows = memory_projections_.made.lock();
    ASSERT_NE(rows, nullptr);
  }
}

TEST_F(NodeTest, ARebuiltProjectionIsEqualAndTakesTheOldOnesPlace) {
  ASSERT_NO_FATAL_FAILURE(StartNew());
  ASSERT_TRUE(Submit("r-0", "case-1").ok());
  Pass(kMinute);
  admin::v1::RebuildProjectionRequest rebuild;
  rebuild.set_service("intake");
  const std::weak_ptr<store::MemoryDatabase> old = rows_[Stream::kIntake];
  rows_[Stream::kIntake] = nullptr;
  ASSERT_FALSE(old.expired());
  const auto built =
      Call<admin::v1::RebuildProjectionResponse>("admin.v1.AdminService/RebuildProjection", rebuild, kMinute);
  ASSERT_TRUE(built.ok()) << built.status();
  EXPECT_TRUE(built->equal());
  EXPECT_EQ(built->compared(), 2);
  EXPECT_GT(built->records(), 0);
  EXPECT_THAT(memory_projections_.adopted, ElementsAre(Stream::kIntake));
  // Nobody holds what was replaced.
  EXPECT_TRUE(old.expired());
  EXPECT_EQ(ReasonOf(Submit("r-1", "case-1").status()), "REFERENCE_KNOWN");
  EXPECT_TRUE(Submit("r-2", "case-2").ok());
  EXPECT_EQ(CountComplaints(), 2);
  rebuild.set_service("nothing");
  EXPECT_EQ(
      ReasonOf(Call<admin::v1::RebuildProjectionResponse>("admin.v1.AdminService/RebuildProjection", rebuild).status()),
      "INVALID_FIELDS");
}

TEST_F(NodeTest, WithoutAPlaceForProjectionsRebuildsAndCheckpointsAreRefused) {
  projections_ = nullptr;
  ASSERT_NO_FATAL_FAILURE(StartNew());
  admin::v1::RebuildProjectionRequest rebuild;
  rebuild.set_service("intake");
  EXPECT_EQ(
      ReasonOf(Call<admin::v1::RebuildProjectionResponse>("admin.v1.AdminService/RebuildProjection", rebuild).status()),
      "NO_PROJECTION_STORE");
  admin::v1::CreateCheckpointRequest checkpoint;
  checkpoint.set_service("intake");
  checkpoint.set_checkpoint_id("monday");
  EXPECT_EQ(
      ReasonOf(
          Call<admin::v1::CreateCheckpointResponse>("admin.v1.AdminService/CreateCheckpoint", checkpoint).status()),
      "NO_PROJECTION_STORE");
}

TEST_F(NodeTest, ParkedInputsAreListedReplayedInVainAndSkipped) {
  ASSERT_NO_FATAL_FAILURE(StartNew());
  // What a later build writes: who follows intake cannot use it.
  const std::string aggregate = absl::StrCat("complaints/", MakeId(clock_.Now(), 0, 7));
  AppendAsOwner({Stream::kIntake, 0}, aggregate, "", /*level=*/99);
  Pass(kMinute);
  const auto list = [&](const std::string& service) {
    admin::v1::ListParkedInputsRequest request;
    request.set_service(service);
    return Call<admin::v1::ListParkedInputsResponse>("admin.v1.AdminService/ListParkedInputs", request);
  };
  const auto parked = list("sla");
  ASSERT_TRUE(parked.ok()) << parked.status();
  ASSERT_EQ(parked->parked_inputs_size(), 1);
  const admin::v1::ParkedInput& input = parked->parked_inputs(0);
  EXPECT_EQ(input.input_service(), "intake");
  EXPECT_EQ(input.aggregate(), aggregate);
  EXPECT_FALSE(input.reason().empty());
  EXPECT_GE(list("")->parked_inputs_size(), 2);

  admin::v1::ReplayParkedInputRequest replay;
  replay.set_service("sla");
  replay.set_shard(input.shard());
  replay.set_input_service("intake");
  replay.set_aggregate(aggregate);
  replay.set_version(input.version());
  const auto replayed = [&] {
    return Call<admin::v1::ReplayParkedInputResponse>("admin.v1.AdminService/ReplayParkedInput", replay, kMinute);
  };
  EXPECT_EQ(ReasonOf(replayed().status()), "INVALID_FIELDS") << "without a request id";
  replay.set_request_id("replay");
  EXPECT_FALSE(replayed().ok());
  EXPECT_EQ(list("sla")->parked_inputs_size(), 1);
  admin::v1::SkipParkedInputRequest skip;
  skip.set_service("sla");
  skip.set_shard(input.shard());
  skip.set_input_service("intake");
  skip.set_aggregate(aggregate);
  skip.set_version(input.version() + 1);
  skip.set_reason("test");
  const auto skipped = [&] {
    return Call<admin::v1::SkipParkedInputResponse>("admin.v1.AdminService/SkipParkedInput", skip, kMinute);
  };
  skip.set_request_id("skip");
  EXPECT_EQ(ReasonOf(skipped().status()), "NOT_PARKED");
  skip.set_version(input.version());
  const auto first = skipped();
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->position().stream(), "sla");
  EXPECT_EQ(list("sla")->parked_inputs_size(), 0);
  const auto again = skipped();
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());
  skip.set_reason("other");
  EXPECT_EQ(ReasonOf(skipped().status()), "REQUEST_ID_REUSED");
}

TEST_F(NodeTest, AReportThatTakesLongKeepsNothingElseWaiting) {
  heavy_ = &stalled_;
  ASSERT_NO_FATAL_FAILURE(StartNew());
  std::optional<absl::Status> reported;
  client_->Call<sla::v1::GetTimeToResolutionResponse>(
      absl::StrCat(kSlaService, "/GetTimeToResolution"), sla::v1::GetTimeToResolutionRequest(), {},
      [&](absl::StatusOr<sla::v1::GetTimeToResolutionResponse> response) { reported = response.status(); });
  Pass(5 * kSecond);
  EXPECT_FALSE(reported.has_value());
  EXPECT_TRUE(Submit("r-1").ok());
  EXPECT_EQ(CountComplaints(), 1);
  stalled_.RunReady();
  ASSERT_TRUE(reported.has_value());
  EXPECT_TRUE(reported->ok()) << *reported;
}

TEST_F(NodeTest, WhatIsOpenWhenItStopsIsAnswered) {
  ASSERT_NO_FATAL_FAILURE(StartNew());
  intake::v1::SubmitComplaintRequest request;
  request.set_request_id("r-0");
  request.set_category("heating");
  request.set_channel(types::v1::CHANNEL_PHONE);
  // On its way to the log, which takes its time.
  connection_->Slow({kMinute, kMinute});
  std::optional<absl::Status> answered;
  client_->Call<intake::v1::SubmitComplaintResponse>(
      absl::StrCat(kIntakeService, "/SubmitComplaint"), request, {},
      [&](absl::StatusOr<intake::v1::SubmitComplaintResponse> response) { answered = response.status(); });
  Pass(5 * kSecond);
  EXPECT_FALSE(answered.has_value());
  Stop();
  ASSERT_TRUE(answered.has_value());
  EXPECT_EQ(answered->code(), absl::StatusCode::kUnavailable) << *answered;
}

}  // namespace
}  // namespace redress
