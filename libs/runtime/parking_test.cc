// Inputs that cannot be used: parked, those behind them too, replayed or skipped by an operator.
#include <gtest/gtest.h>

#include "libs/runtime/rows.h"
#include "libs/runtime/runtime_fixture.h"

namespace redress::runtime {
namespace {

class ParkingTest : public RuntimeTest {
 protected:
  ParkingTest() : instance_(Boot(&disks_, "one")) { executor_.RunFor(kSecond); }
  void Add(const std::string& what) {
    ASSERT_TRUE(Execute(*instance_, Command(0, absl::StrCat("add a ", what), absl::StrCat("r", ++requests_))).ok());
    executor_.RunFor(kSecond);
  }
  std::vector<v1::ParkedRow> Parked() const { return ListParked(*disks_.echo, 0); }
  std::string Echoed() const { return Account(*disks_.echo, 0, "accounts/a"); }
  // Each a request of its own.
  absl::Status Replay(const v1::ParkedRow& row) { return Unpark(row, /*replay=*/true); }
  absl::Status Skip(const v1::ParkedRow& row) { return Unpark(row, /*replay=*/false); }
  absl::Status Unpark(const v1::ParkedRow& row, bool replay) {
    return RuntimeTest::Unpark(*instance_->echo, 0, row.input(), replay, absl::StrCat("u", ++requests_)).status();
  }

  Disks disks_;
  std::unique_ptr<Instance> instance_;
  int requests_ = 0;
};

TEST_F(ParkingTest, ALongReasonIsCutBetweenTwoCharacters) {
  // Each character has two bytes, so one of the two texts would be cut in the middle of one.
  for (const char* start : {"", "x"}) {
    std::string text = start;
    for (int i = 0; i < 5000; ++i) text += "é";
    instance_->echo_logic.poison = text;
    instance_->echo_logic.refusal = text;
    for (const char* what : {"poison", "rejected"}) {
      const std::string account = absl::StrCat(what, start);
      v1::Order order = Command(0, absl::StrCat("add ", account, " ", what), absl::StrCat("r", ++requests_));
      order.set_aggregate(absl::StrCat("accounts/", account));
      ASSERT_TRUE(Execute(*instance_, order).ok());
    }
  }
  executor_.RunFor(kSecond);
  ASSERT_EQ(Parked().size(), 4u) << instance_->echo->Status()[0].stopped;
  for (const v1::ParkedRow& row : Parked()) {
    EXPECT_TRUE(absl::EndsWith(row.input().reason(), "éé…"));
    EXPECT_LT(row.input().reason().size(), 4200u);
  }
}

TEST_F(ParkingTest, AReasonThatIsNotUtf8IsEscaped) {
  instance_->echo_logic.poison = "no text: \xFF";
  Add("poison");
  ASSERT_EQ(Parked().size(), 1u) << instance_->echo->Status()[0].stopped;
  EXPECT_EQ(Parked()[0].input().reason(), "INTERNAL: no text: \\xff");
}

TEST_F(ParkingTest, AReplayThatIsRefusedAgainSaysSoAndLosesNothing) {
  Add("rejected");
  ASSERT_EQ(Parked().size(), 1u);
  EXPECT_EQ(ReasonOf(Replay(Parked()[0])), "REJECTED");
  ASSERT_EQ(Parked().size(), 1u);
  instance_->echo_logic.rejecting = false;
  EXPECT_TRUE(Replay(Parked()[0]).ok());
  EXPECT_TRUE(Parked().empty());
  EXPECT_EQ(Echoed(), "1rejected;");
}

TEST_F(ParkingTest, AReplayGoesNoFurtherThanItsFirstRefusal) {
  Add("rejected-twice");
  ASSERT_EQ(Parked().size(), 1u);
  EXPECT_EQ(VersionOf(*disks_.echo, 0, "inputs/intake/accounts/a"), 1) << "parked once, however many orders it means";
  EXPECT_EQ(ReasonOf(Replay(Parked()[0])), "REJECTED");
  EXPECT_EQ(Echoed(), "");
  instance_->echo_logic.rejecting = false;
  EXPECT_TRUE(Replay(Parked()[0]).ok());
  EXPECT_EQ(Echoed(), "1rejectedfirst;1rejected;");
}

TEST_F(ParkingTest, AParkedInputIsDoneWithAcrossARestart) {
  Add("rejected-twice");
  instance_->log->Close();
  instance_ = Boot(&disks_, "two");
  executor_.RunFor(kSecond);
  EXPECT_EQ(instance_->echo_logic.reactions, 0) << "it is not taken in again";
  EXPECT_EQ(VersionOf(*disks_.echo, 0, "inputs/intake/accounts/a"), 1);
}

TEST_F(ParkingTest, InputsQueuedBehindOneThatTheDeciderRefusesParkToo) {
  log::Faults slow;
  slow.append = {50, 50};
  log_->set_faults(slow);
  for (const char* what : {"0", "rejected", "2", "3"}) {
    Send(*instance_->ledger, Command(0, absl::StrCat("add a ", what), absl::StrCat("r", ++requests_)));
  }
  v1::Order other = Command(0, "add b 1", "other");
  other.set_aggregate("accounts/b");
  Send(*instance_->ledger, other);
  executor_.RunFor(2 * kSecond);
  ASSERT_EQ(Parked().size(), 3u);
  EXPECT_EQ(Echoed(), "1;");
  EXPECT_EQ(Account(*disks_.echo, 0, "accounts/b"), "1;");
  instance_->echo_logic.rejecting = false;
  for (const v1::ParkedRow& row : Parked()) EXPECT_TRUE(Replay(row).ok());
  EXPECT_EQ(Echoed(), "1;2rejected;3;4;");
}

TEST_F(ParkingTest, LaterInputsGoOnInTheSameTermAfterAReplay) {
  Add("poison");
  instance_->echo_logic.poisoned = false;
  ASSERT_TRUE(Replay(Parked().at(0)).ok());
  Add("2");
  EXPECT_TRUE(Parked().empty());
  EXPECT_EQ(Echoed(), "1;2;");
}

TEST_F(ParkingTest, LaterInputsGoOnInTheSameTermAfterASkip) {
  Add("poison");
  Add("2");
  ASSERT_EQ(Parked().size(), 2u);
  for (const v1::ParkedRow& row : Parked()) ASSERT_TRUE(Skip(row).ok());
  Add("3");
  EXPECT_TRUE(Parked().empty());
  EXPECT_EQ(Echoed(), "3;");
}

TEST_F(ParkingTest, AnInputIsNotReplayedBeforeOlderOnes) {
  Add("poison");
  Add("2");
  instance_->echo_logic.poisoned = false;
  const auto parked = Parked();
  ASSERT_EQ(parked.size(), 2u);
  EXPECT_EQ(ReasonOf(Replay(parked[1])), "OLDER_PARKED");
  EXPECT_EQ(Echoed(), "");
  EXPECT_TRUE(Replay(parked[0]).ok());
  EXPECT_TRUE(Replay(parked[1]).ok());
  EXPECT_EQ(Echoed(), "1;2;");
  EXPECT_EQ(ReasonOf(Replay(parked[1])), "NOT_PARKED");
}

TEST_F(ParkingTest, TwoReplaysAtOnceAreOne) {
  Add("poison");
  instance_->echo_logic.poisoned = false;
  const v1::ParkedRow row = Parked().at(0);
  std::vector<std::string> reasons;
  for (const char* request_id : {"u1", "u2"}) {
    instance_->echo->shard(0).Unpark(
        NameOf(row.input()), true, ByOperator(request_id),
        [&](absl::StatusOr<v1::Receipt> receipt) { reasons.push_back(ReasonOf(receipt.status())); });
  }
  executor_.RunFor(kSecond);
  EXPECT_EQ(reasons, (std::vector<std::string>{"", "NOT_PARKED"}));
  EXPECT_EQ(Echoed(), "1;");
}

TEST_F(ParkingTest, ARetryOfAnOperatorIsAnsweredAsTheFirst) {
  Add("poison");
  Add("2");
  instance_->echo_logic.poisoned = false;
  const std::vector<v1::ParkedRow> rows = Parked();
  ASSERT_EQ(rows.size(), 2u);
  for (const bool replay : {true, false}) {
    const v1::ParkedRow& row = rows[replay ? 0 : 1];
    const std::string id = replay ? "replay" : "skip";
    // Two at once, and one later.
    std::vector<absl::StatusOr<v1::Receipt>> receipts;
    for (int i = 0; i < 2; ++i) {
      instance_->echo->shard(0).Unpark(NameOf(row.input()), replay, ByOperator(id),
                                       [&](absl::StatusOr<v1::Receipt> receipt) { receipts.push_back(receipt); });
    }
    executor_.RunFor(kSecond);
    receipts.push_back(RuntimeTest::Unpark(*instance_->echo, 0, row.input(), replay, id));
    ASSERT_EQ(receipts.size(), 3u);
    for (size_t i = 0; i < receipts.size(); ++i) {
      ASSERT_TRUE(receipts[i].ok()) << receipts[i].status();
      EXPECT_EQ(receipts[i]->known(), i > 0);
      EXPECT_TRUE(receipts[i]->recorded());
      EXPECT_EQ(receipts[i]->position().next(), receipts[0]->position().next());
      EXPECT_EQ(receipts[i]->position().next(), LoadRuleState(*disks_.echo, 0).next_offset) << "of its own record";
    }
    EXPECT_EQ(Parked().size(), replay ? 1u : 0u);
  }
  EXPECT_EQ(Echoed(), "1;") << "the other was given up";
}

TEST_F(ParkingTest, AReplayInVainMayBeSentAgain) {
  Add("poison");
  const v1::ParkedRow row = Parked().at(0);
  const auto replay = [&] { return RuntimeTest::Unpark(*instance_->echo, 0, row.input(), true, "again"); };
  EXPECT_FALSE(replay().ok());
  instance_->echo_logic.poisoned = false;
  const auto done = replay();
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_FALSE(done->known());
  EXPECT_EQ(Echoed(), "1;");
}

TEST_F(ParkingTest, AReplayIsAnsweredWhenTheTermEndsFirst) {
  Add("poison");
  instance_->echo_logic.poisoned = false;
  log::Faults lost;
  lost.lost = 1;
  log_->set_faults(lost);
  EXPECT_TRUE(absl::IsUnavailable(Replay(Parked().at(0))));
  log_->set_faults({});
  executor_.RunFor(5 * kSecond);
  EXPECT_TRUE(Replay(Parked().at(0)).ok());
}

TEST_F(ParkingTest, AnInputOfALaterBuildIsParkedNotSkipped) {
  log::v1::Body body = BodyOf("future", 1);
  WriteAs({log::Stream::kIntake, 0}, body);
  body = BodyOf("add b 1", 1, kBuildLevel + 1);
  body.mutable_events(0)->set_aggregate("accounts/b");
  WriteAs({log::Stream::kIntake, 0}, body);
  executor_.RunFor(kSecond);
  const auto parked = Parked();
  ASSERT_EQ(parked.size(), 2u);
  EXPECT_NE(parked[0].input().reason().find("does not know"), std::string::npos) << parked[0].input().reason();
  EXPECT_NE(parked[1].input().reason().find("is of level 2"), std::string::npos) << parked[1].input().reason();
  EXPECT_EQ(ReasonOf(Replay(parked[0])), "EVENT_UNKNOWN");
  EXPECT_EQ(ReasonOf(Replay(parked[1])), "LEVEL_UNKNOWN");
  EXPECT_TRUE(instance_->echo->Status()[0].stopped.ok());
}

TEST_F(ParkingTest, ReactionsThatChaseEachOtherArePutAside) {
  log::v1::Body body = BodyOf("add a 1", 1);
  body.set_hops(7);
  WriteAs({log::Stream::kIntake, 0}, body);
  body = BodyOf("add a 2", 2);
  body.set_hops(8);
  WriteAs({log::Stream::kIntake, 0}, body);
  executor_.RunFor(kSecond);
  ASSERT_EQ(Parked().size(), 1u);
  EXPECT_EQ(Parked()[0].input().version(), 2);
  EXPECT_EQ(Echoed(), "1;");
}

TEST_F(ParkingTest, WhatAnothersRuntimeNotesIsNoInput) {
  log::v1::RuntimeEvent event;
  event.mutable_input_skipped()->set_stream("sla");
  log::v1::Body body = BodyOf(event.SerializeAsString(), 1);
  body.mutable_events(0)->set_aggregate("inputs/sla/clocks/1");
  WriteAs({log::Stream::kIntake, 0}, body);
  executor_.RunFor(kSecond);
  EXPECT_EQ(instance_->echo_logic.reactions, 0);
  EXPECT_TRUE(Parked().empty());
  EXPECT_TRUE(instance_->ledger->Status()[0].stopped.ok()) << instance_->ledger->Status()[0].stopped;
}

}  // namespace
}  // namespace redress::runtime
