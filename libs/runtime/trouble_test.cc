// Full disks, damaged rows, records of later builds, claims that go wrong.
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "libs/runtime/rows.h"
#include "libs/runtime/runtime_fixture.h"

namespace redress::runtime {
namespace {

class TroubleTest : public RuntimeTest {
 protected:
  void SetFault(double log::Faults::*which, double probability) {
    log::Faults faults;
    faults.*which = probability;
    log_->set_faults(faults);
  }
};

TEST_F(TroubleTest, AFullLogRefusesAtOnceAndServesAgainWhenThereIsSpace) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  ASSERT_TRUE(Execute(*instance, Command(0, "add a 1", "r1")).ok());
  SetFault(&log::Faults::refused, 1);
  const auto first = Send(*instance->ledger, Command(0, "add a 2", "r2"));
  executor_.RunFor(10);
  ASSERT_EQ(first->answers, 1);
  EXPECT_EQ(ReasonOf(first->answer->status()), "LOG_FULL");
  EXPECT_TRUE(absl::IsResourceExhausted(first->answer->status()));
  executor_.RunFor(5 * kSecond);
  const auto second = Send(*instance->ledger, Command(0, "add a 3", "r3"));
  executor_.RunFor(10);
  ASSERT_EQ(second->answers, 1);
  EXPECT_EQ(ReasonOf(second->answer->status()), "LOG_FULL");
  absl::Status read = absl::UnknownError("");
  instance->ledger->Read(std::nullopt, [&](auto rows) { read = rows.status(); });
  EXPECT_TRUE(read.ok()) << "reads go on";
  log_->set_faults({});
  executor_.RunFor(3 * kSecond);
  ASSERT_TRUE(Execute(*instance, Command(0, "add a 2", "r2")).ok());
  EXPECT_EQ(Account(*disks.ledger, 0), "1;2;");
}

TEST_F(TroubleTest, WhatQueuesForAShardThatCannotBeClaimedIsRefused) {
  SetFault(&log::Faults::refused, 1);
  Disks disks;
  const auto instance = Boot(&disks, "one");
  const auto call = Send(*instance->ledger, Command(0, "add a 1", "r1"));
  executor_.RunFor(10);
  ASSERT_EQ(call->answers, 1);
  EXPECT_EQ(ReasonOf(call->answer->status()), "LOG_FULL");
}

TEST_F(TroubleTest, NobodyIsToldThatNothingWasDoneWhoseAppendIsInDoubt) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  ASSERT_TRUE(Execute(*instance, Command(0, "add a 1", "r1")).ok());
  SetFault(&log::Faults::landed_late, 1);
  const auto call = Send(*instance->ledger, Command(0, "add a 2", "r2"));
  executor_.RunReady();
  SetFault(&log::Faults::refused, 1);
  executor_.RunFor(kSecond);
  ASSERT_EQ(call->answers, 1);
  EXPECT_EQ(ReasonOf(call->answer->status()), "OUTCOME_UNKNOWN");
  EXPECT_TRUE(absl::IsUnavailable(call->answer->status()));
}

TEST_F(TroubleTest, AnOrderThatCannotBeLookedUpIsNotDecidedTwice) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  executor_.RunFor(kSecond);
  SetFault(&log::Faults::landed_unknown, 1);
  const auto call = Send(*instance->ledger, Command(0, "add a 1"));
  executor_.RunReady();
  log_->set_faults({});
  executor_.RunFor(5 * kSecond);
  ASSERT_EQ(call->answers, 1);
  EXPECT_EQ(ReasonOf(call->answer->status()), "OUTCOME_UNKNOWN");
  EXPECT_EQ(Account(*disks.ledger, 0), "1;");
}

TEST_F(TroubleTest, AKnownRequestIsAnsweredHoweverLateItIsAskedAgain) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  ASSERT_TRUE(Execute(*instance, Command(0, "add a 1", "r1")).ok());
  v1::Order again = Command(0, "add a 1", "r1");
  again.set_deadline(clock_.Now() - 1);
  const auto receipt = Execute(*instance, again);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_TRUE(receipt->known());
}

TEST_F(TroubleTest, NothingRecordedIsNothingToJoin) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  executor_.RunFor(kSecond);
  const auto nothing = Send(*instance->ledger, Command(0, "nothing a", "r1"));
  const auto refused = Send(*instance->ledger, Command(0, "bad a", "r2"));
  const auto after_nothing = Send(*instance->ledger, Command(0, "add a 1", "r1"));
  const auto after_refused = Send(*instance->ledger, Command(0, "add a 2", "r2"));
  executor_.RunFor(kSecond);
  ASSERT_TRUE(nothing->answer->ok());
  EXPECT_FALSE((*nothing->answer)->recorded());
  EXPECT_EQ(ReasonOf(refused->answer->status()), "BAD");
  ASSERT_TRUE(after_nothing->answer->ok());
  EXPECT_TRUE((*after_nothing->answer)->recorded());
  EXPECT_FALSE((*after_nothing->answer)->known());
  ASSERT_TRUE(after_refused->answer->ok());
  EXPECT_EQ(Account(*disks.ledger, 0), "1;2;");
}

TEST_F(TroubleTest, ARefusalCarriesThePositionItSaw) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  executor_.RunFor(kSecond);
  const auto recorded = Send(*instance->ledger, Command(0, "add a 1", "r1"));
  const auto refused = Send(*instance->ledger, Command(0, "bad a", "r2"));
  const auto nothing = Send(*instance->ledger, Command(0, "nothing a", "r3"));
  executor_.RunFor(kSecond);
  ASSERT_TRUE(recorded->answer->ok());
  const int64_t next = (*recorded->answer)->position().next();
  EXPECT_EQ((*nothing->answer)->position().next(), next);
  const Metadata metadata = MetadataOf(refused->answer->status());
  ASSERT_EQ(metadata.size(), 1u);
  EXPECT_EQ(metadata[0].first, "position");
  std::string bytes;
  ASSERT_TRUE(absl::Base64Unescape(metadata[0].second, &bytes));
  types::v1::Position position;
  ASSERT_TRUE(position.ParseFromString(bytes));
  EXPECT_EQ(position.next(), next);
  EXPECT_TRUE(ReadAt(*instance->ledger, position).ok());
}

TEST_F(TroubleTest, DamagedRowsAreNotServedUntilOthersTakeTheirPlace) {
  Disks disks;
  int told = 0;
  const auto instance = Boot(&disks, "one", /*own=*/true, [&](ServiceOptions* options) {
    options->on_damage = [&told](const absl::Status& status) { told += absl::IsDataLoss(status); };
  });
  ASSERT_TRUE(Execute(*instance, Command(0, "add a 1", "r1")).ok());
  executor_.RunFor(kSecond);
  const std::shared_ptr<store::MemoryDatabase> good = disks.ledger->Copy();
  disks.ledger->set_health(MakeError(absl::StatusCode::kDataLoss, "PROJECTION_CORRUPT", "a block"));
  absl::Status read;
  instance->ledger->Read(std::nullopt, [&](auto rows) { read = rows.status(); });
  EXPECT_TRUE(absl::IsDataLoss(read));
  EXPECT_TRUE(absl::IsDataLoss(Execute(*instance, Command(0, "add a 2", "r2")).status()));
  EXPECT_TRUE(absl::IsDataLoss(instance->ledger->Health()));
  EXPECT_FALSE(instance->ledger->Ready());
  EXPECT_FALSE(instance->ledger->Status()[0].owner);
  EXPECT_EQ(told, 2) << "by each shard";
  instance->ledger->Reopen(good, [] {});
  executor_.RunFor(3 * kSecond);
  EXPECT_TRUE(Execute(*instance, Command(0, "add a 2", "r2")).ok());
  EXPECT_EQ(Account(*good, 0), "1;2;");
}

// A read that meets the damage while it decides.
class BrittleDatabase : public store::MemoryDatabase {
 public:
  bool breaks = false;
  std::optional<std::string> Get(absl::string_view key) const override {
    if (!breaks || !absl::StartsWith(key, store::Key(0, 0xF0).bytes())) return MemoryDatabase::Get(key);
    const_cast<BrittleDatabase*>(this)->set_health(absl::DataLossError("a block"));
    return std::nullopt;
  }
};

TEST_F(TroubleTest, NothingDecidedOnDamagedRowsLeaves) {
  Disks disks;
  const auto brittle = std::make_shared<BrittleDatabase>();
  disks.ledger = brittle;
  const auto instance = Boot(&disks, "one");
  ASSERT_TRUE(Execute(*instance, Command(0, "add a 1", "r1")).ok());
  const size_t records = log_->Entries({log::Stream::kIntake, 0}).size();
  brittle->breaks = true;
  const auto retry = Execute(*instance, Command(0, "add a 1", "r1"));
  EXPECT_TRUE(absl::IsDataLoss(retry.status())) << retry.status();
  EXPECT_EQ(log_->Entries({log::Stream::kIntake, 0}).size(), records);
}

TEST_F(TroubleTest, AFullDiskUnderTheRowsStopsWritesAloneAndIsGotOver) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  ASSERT_TRUE(Execute(*instance, Command(0, "add a 1", "r1")).ok());
  const auto in_flight = Send(*instance->ledger, Command(0, "add a 2", "r2"));
  disks.ledger->set_health(RetryLater(absl::StatusCode::kResourceExhausted, "DISK_FULL", "no space", 10'000));
  executor_.RunFor(kSecond);
  ASSERT_EQ(in_flight->answers, 1);
  EXPECT_FALSE(in_flight->answer->ok());
  EXPECT_TRUE(absl::IsResourceExhausted(Execute(*instance, Command(0, "add a 3", "r3")).status()));
  absl::Status read = absl::UnknownError("");
  instance->ledger->Read(std::nullopt, [&](auto rows) { read = rows.status(); });
  EXPECT_TRUE(read.ok()) << read;
  disks.ledger->set_health(absl::OkStatus());
  executor_.RunFor(5 * kSecond);
  ASSERT_TRUE(Execute(*instance, Command(0, "add a 2", "r2")).ok());
  EXPECT_EQ(Account(*disks.ledger, 0), "1;2;");
  EXPECT_TRUE(instance->ledger->Ready());
}

// Takes nothing in: as a disk that turns full while rows are written.
class FullDatabase : public store::MemoryDatabase {
 public:
  bool full = false;
  absl::Status Commit(const store::Writes& writes) override {
    if (full) set_health(RetryLater(absl::StatusCode::kResourceExhausted, "DISK_FULL", "no space", 10'000));
    return MemoryDatabase::Commit(writes);
  }
  absl::Status Resume() override {
    if (!full) set_health(absl::OkStatus());
    return Health();
  }
};

TEST_F(TroubleTest, WhatCouldNotBeWrittenIsReadAgain) {
  Disks disks;
  const auto brimming = std::make_shared<FullDatabase>();
  disks.ledger = brimming;
  const auto instance = Boot(&disks, "one");
  ASSERT_TRUE(Execute(*instance, Command(0, "add a 1", "r1")).ok());
  brimming->full = true;
  const auto in_flight = Send(*instance->ledger, Command(0, "add a 2", "r2"));
  executor_.RunFor(3 * kSecond);
  ASSERT_EQ(in_flight->answers, 1);
  EXPECT_EQ(ReasonOf(in_flight->answer->status()), "OUTCOME_UNKNOWN");
  brimming->full = false;
  executor_.RunFor(5 * kSecond);
  const auto again = Execute(*instance, Command(0, "add a 2", "r2"));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->known());
  EXPECT_EQ(Account(*disks.ledger, 0), "1;2;");
}

TEST_F(TroubleTest, ReplacedRowsAreLetGo) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  executor_.RunFor(kSecond);
  const std::weak_ptr<store::MemoryDatabase> old = disks.ledger;
  const std::shared_ptr<store::MemoryDatabase> copy = disks.ledger->Copy();
  disks.ledger = nullptr;
  ASSERT_FALSE(old.expired());
  instance->ledger->Reopen(copy, [] {});
  executor_.RunFor(3 * kSecond);
  EXPECT_TRUE(old.expired());
}

TEST_F(TroubleTest, AnOwnEventOfALaterBuildStopsTheShard) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  ASSERT_TRUE(Execute(*instance, Command(0, "add a 1", "r1")).ok());
  WriteAs({log::Stream::kIntake, 0}, BodyOf("future", 2));
  executor_.RunFor(kSecond);
  const absl::Status stopped = instance->ledger->Status()[0].stopped;
  EXPECT_EQ(stopped.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(stopped), "EVENT_UNKNOWN");
  EXPECT_EQ(ReasonOf(Execute(*instance, Command(0, "add a 2", "r2")).status()), "EVENT_UNKNOWN");
  EXPECT_FALSE(instance->ledger->Ready());
  EXPECT_EQ(Account(*disks.ledger, 0), "1;") << "what precedes it stands";
  EXPECT_EQ(ReasonOf(instance->ledger->Status()[1].stopped), "");
}

TEST_F(TroubleTest, AnOwnRecordOfALaterLevelStopsTheShard) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  WriteAs({log::Stream::kIntake, 0}, BodyOf("add a 1", 1, kBuildLevel + 1));
  executor_.RunFor(kSecond);
  EXPECT_EQ(ReasonOf(instance->ledger->Status()[0].stopped), "LEVEL_UNKNOWN");
  EXPECT_EQ(Account(*disks.ledger, 0), "");
}

TEST_F(TroubleTest, AnUnknownEventOfTheRuntimeStopsTheShard) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  log::v1::Body body = BodyOf("", 1);
  body.mutable_events(0)->set_aggregate("inputs/sla/clocks/1");
  WriteAs({log::Stream::kIntake, 0}, body);
  executor_.RunFor(kSecond);
  EXPECT_EQ(ReasonOf(instance->ledger->Status()[0].stopped), "EVENT_UNKNOWN");
}

TEST_F(TroubleTest, RowsOfAnotherLogAreNotGoneOnWith) {
  Disks disks;
  {
    const auto instance = Boot(&disks, "one");
    executor_.RunFor(kSecond);
    instance->log->Close();
  }
  log_ = std::make_unique<log::SimulatedLog>(log::SimulatedLog::Options{.shard_count = kShards}, &clock_, &executor_,
                                             &ids_);
  const auto instance = Boot(&disks, "two");
  executor_.RunFor(kSecond);
  EXPECT_EQ(ReasonOf(instance->ledger->Status()[0].stopped), "ANOTHER_LOG");
  EXPECT_EQ(ReasonOf(Execute(*instance, Command(0, "add a 1", "r1")).status()), "ANOTHER_LOG");
}

TEST_F(TroubleTest, AnOwnerWhoseClockTheLogContradictsDoesNotOwn) {
  log::Faults faults;
  faults.clock_skew = 3 * kSecond;
  log_->set_faults(faults);
  Disks disks;
  const auto instance = Boot(&disks, "one");
  executor_.RunFor(10 * kSecond);
  EXPECT_FALSE(instance->ledger->Status()[0].owner);
  EXPECT_GT(instance->ledger->Status()[0].claims, 1) << "it tries again, after a while";
  EXPECT_LT(instance->ledger->Status()[0].claims, 60);
  faults.clock_skew = -kSecond;
  log_->set_faults(faults);
  executor_.RunFor(5 * kSecond);
  EXPECT_TRUE(instance->ledger->Status()[0].owner);
}

TEST_F(TroubleTest, OnesOwnClaimLandingAgainEndsTheTerm) {
  log::Faults faults;
  faults.twice = 1;
  faults.late = {500, 500};
  log_->set_faults(faults);
  Disks disks;
  const auto instance = Boot(&disks, "one");
  executor_.RunFor(10);
  log_->set_faults({});
  executor_.RunFor(100);
  ASSERT_TRUE(instance->ledger->Status()[0].owner);
  ASSERT_EQ(instance->ledger->Status()[0].claims, 1);
  ASSERT_TRUE(Execute(*instance, Command(0, "add a 1", "r1")).ok());
  executor_.RunFor(kSecond);
  EXPECT_EQ(instance->ledger->Status()[0].claims, 3) << "the first, the same again, and one for a new term";
  ASSERT_TRUE(Execute(*instance, Command(0, "add a 2", "r2")).ok());
  EXPECT_EQ(Account(*disks.ledger, 0), "1;2;");
}

TEST_F(TroubleTest, WhoeverNoLongerOwnsAsksALogThatWasAwayNoMore) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  ASSERT_TRUE(Execute(*instance, Command(0, "add a 1", "r1")).ok());
  executor_.RunFor(kSecond);
  SetFault(&log::Faults::unavailable, 1);
  const auto order = Send(*instance->ledger, Command(0, "add a 2", "r2"));
  executor_.RunFor(kSecond);
  instance->ledger->Assign({});
  instance->echo->Assign({});
  log_->set_faults({});
  executor_.RunFor(kHour);
  EXPECT_EQ(order->answers, 1);
  EXPECT_TRUE(executor_.empty()) << "somebody still polls";
}

class NotedForwarder : public Forwarder {
 public:
  std::vector<std::string> addresses;
  void Execute(const std::string& address, const v1::Order&,
               std::function<void(absl::StatusOr<v1::Receipt>)> done) override {
    addresses.push_back(address);
    done(v1::Receipt());
  }
};

TEST_F(TroubleTest, AFollowerThatRestartsStillKnowsTheOwner) {
  Disks owners;
  Disks followers;
  NotedForwarder forwarder;
  const auto owner = Boot(&owners, "one", /*own=*/true, [](ServiceOptions* options) { options->address = "one:1"; });
  const auto follow = [&] {
    auto follower = Boot(&followers, "two", /*own=*/false, [&](ServiceOptions* options) {
      options->address = "two:1";
      options->forwarder = &forwarder;
    });
    executor_.RunFor(kSecond);
    return follower;
  };
  ASSERT_TRUE(Execute(*owner, Command(0, "add a 1", "r1")).ok());
  auto follower = follow();
  EXPECT_TRUE(Execute(*follower, Command(0, "add a 2", "r2")).ok());
  follower->log->Close();
  follower = follow();
  EXPECT_EQ(follower->ledger->Status()[0].claims, 0) << "it starts behind the claim";
  EXPECT_TRUE(Execute(*follower, Command(0, "add a 2", "r2")).ok());
  EXPECT_EQ(forwarder.addresses, (std::vector<std::string>{"one:1", "one:1"}));
  EXPECT_EQ(follower->ledger->Status()[0].last_owner, "one");
}

}  // namespace
}  // namespace redress::runtime
