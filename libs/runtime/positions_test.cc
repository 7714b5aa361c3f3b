// Reads at a position, and how progress over inputs is covered.
#include <gtest/gtest.h>

#include "libs/runtime/rows.h"
#include "libs/runtime/runtime_fixture.h"

namespace redress::runtime {
namespace {

constexpr log::ShardId kEcho{log::Stream::kRouting, 0};

class PositionsTest : public RuntimeTest {
 protected:
  types::v1::Position At(log::Stream stream, int64_t next) {
    types::v1::Position position;
    position.set_log_id(log_->Connect()->info().log_id);
    position.set_stream(std::string(log::StreamName(stream)));
    position.set_next(next);
    return position;
  }
  // Accepted records of echo's first shard, of `kind`.
  std::vector<log::v1::Record> Accepted(log::v1::Kind kind) {
    std::vector<log::v1::Record> accepted;
    log::RuleState state;
    for (const log::Entry& entry : log_->Entries(kEcho)) {
      log::v1::Record record;
      EXPECT_TRUE(record.ParseFromString(entry.bytes));
      const auto verdict = log::Accept(entry.offset, record, &state);
      if (verdict.ok() && *verdict == log::Verdict::kAccepted && record.kind() == kind) accepted.push_back(record);
    }
    return accepted;
  }
};

TEST_F(PositionsTest, AReadBehindAnotherClaimIsReached) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  ASSERT_TRUE(Execute(*instance, Command(0, "add a 1", "r1")).ok());
  executor_.RunFor(kSecond);
  instance->ledger->Assign({});
  instance->ledger->AssignAll();
  executor_.RunFor(kSecond);
  const log::RuleState ledger = instance->ledger->Status()[0].state;
  ASSERT_EQ(ledger.fence, ledger.next_offset - 1) << "the claim is the last record";
  EXPECT_TRUE(ReadAt(*instance->echo, At(log::Stream::kIntake, ledger.next_offset)).ok());
}

TEST_F(PositionsTest, AReadAtTheEndIsReachedAfterARestart) {
  Disks disks;
  {
    const auto first = Boot(&disks, "one");
    ASSERT_TRUE(Execute(*first, Command(0, "add a 1", "r1")).ok());
    executor_.RunFor(kSecond);
    first->log->Close();
  }
  const auto second = Boot(&disks, "two");
  executor_.RunFor(kSecond);
  const int64_t end = second->ledger->Status()[0].state.next_offset;
  EXPECT_TRUE(ReadAt(*second->echo, At(log::Stream::kIntake, end)).ok());
  const size_t records = log_->Entries(kEcho).size();
  executor_.RunFor(kDay);
  EXPECT_EQ(log_->Entries(kEcho).size(), records) << "an idle system writes nothing";
}

TEST_F(PositionsTest, APositionNeverOvertakesAReaction) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  executor_.RunFor(kSecond);
  log::Faults slow;
  slow.append = {20, 20};
  log_->set_faults(slow);
  int reached = 0;
  for (int i = 0; i < 300; ++i) {
    Send(*instance->ledger, Command(0, i % 3 == 0 ? "add a dull" : "add a 1", absl::StrCat("r", i)));
    executor_.RunFor(7);
    instance->echo->Read(At(log::Stream::kIntake, instance->ledger->Status()[0].state.next_offset),
                         [&](auto rows) { reached += rows.ok(); });
  }
  executor_.RunFor(10 * kSecond);
  EXPECT_EQ(reached, 300);
  EXPECT_FALSE(Accepted(log::v1::KIND_POSITION).empty());
  int64_t covered = 0;
  log::RuleState state;
  for (const log::Entry& entry : log_->Entries(kEcho)) {
    log::v1::Record record;
    ASSERT_TRUE(record.ParseFromString(entry.bytes));
    ASSERT_TRUE(log::Accept(entry.offset, record, &state).ok());
    if (record.kind() == log::v1::KIND_POSITION) {
      log::v1::Progress progress;
      ASSERT_TRUE(progress.ParseFromString(record.body()));
      ASSERT_GT(progress.sources(0).state().next_offset(), covered);
      covered = progress.sources(0).state().next_offset();
    } else if (record.has_source()) {
      EXPECT_GT(record.source().state().next_offset(), covered) << "covered before it was decided";
      covered = record.source().state().next_offset();
    }
  }
  EXPECT_EQ(VersionOf(*disks.echo, 0, "accounts/a"), 200);
}

TEST_F(PositionsTest, InputsWithoutEffectAreCoveredAfterTenThousand) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  executor_.RunFor(kSecond);
  const auto dull = [&](int from, int to) {
    for (int i = from; i < to; ++i) Send(*instance->ledger, Command(0, "add a dull", absl::StrCat("r", i)));
    executor_.RunFor(kSecond);
  };
  dull(0, 5000);
  dull(5000, 9999);
  EXPECT_TRUE(Accepted(log::v1::KIND_POSITION).empty());
  dull(9999, 10000);
  ASSERT_EQ(Accepted(log::v1::KIND_POSITION).size(), 1u);
  EXPECT_EQ(LoadSource(*disks.echo, 0, {log::Stream::kIntake, 0}).next_offset,
            instance->ledger->Status()[0].state.next_offset);
}

TEST_F(PositionsTest, InputsWithoutEffectAreCoveredAfterFiveMinutes) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  ASSERT_TRUE(Execute(*instance, Command(0, "add a dull", "r1")).ok());
  executor_.RunFor(5 * kMinute - kSecond);
  EXPECT_TRUE(Accepted(log::v1::KIND_POSITION).empty());
  executor_.RunFor(2 * kSecond);
  EXPECT_EQ(Accepted(log::v1::KIND_POSITION).size(), 1u);
  executor_.RunFor(kDay);
  EXPECT_EQ(Accepted(log::v1::KIND_POSITION).size(), 1u);
}

// A log that remembers where readers of echo's input began last.
class WatchedLog : public log::Log {
 public:
  explicit WatchedLog(log::Log* log) : log_(log) {}
  const log::LogInfo& info() const override { return log_->info(); }
  void AppendClaim(log::ShardId shard, std::string record, std::function<void(log::AppendOutcome)> done) override {
    log_->AppendClaim(shard, std::move(record), std::move(done));
  }
  void Append(log::ShardId shard, std::vector<std::string> records,
              std::function<void(log::AppendOutcome)> done) override {
    log_->Append(shard, std::move(records), std::move(done));
  }
  std::unique_ptr<log::Reader> Tail(log::ShardId shard, int64_t next_offset) override {
    if (shard == log::ShardId{log::Stream::kIntake, 0}) began_at = next_offset;
    return log_->Tail(shard, next_offset);
  }
  void EndOf(log::ShardId shard, std::function<void(absl::StatusOr<int64_t>)> done) override {
    log_->EndOf(shard, std::move(done));
  }
  std::shared_ptr<void> OnAppend(log::ShardId shard, std::function<void()> wake) override {
    return log_->OnAppend(shard, std::move(wake));
  }

  int64_t began_at = -1;

 private:
  log::Log* const log_;
};

TEST_F(PositionsTest, ATermPassesOverWhatTheOneBeforeFoundNothingIn) {
  Disks disks;
  std::unique_ptr<WatchedLog> log;
  const auto instance = Boot(&disks, "one", /*own=*/true, [&](ServiceOptions* options) {
    log = std::make_unique<WatchedLog>(options->log);
    options->log = log.get();
  });
  const auto claim_again = [&](ServiceRuntime& runtime) {
    runtime.Assign({});
    executor_.RunFor(kSecond);
    runtime.AssignAll();
    executor_.RunFor(kSecond);
  };
  const auto ends_at = [&] { return instance->ledger->Status()[0].state.next_offset; };
  const auto source = [&] { return LoadSource(*disks.echo, 0, {log::Stream::kIntake, 0}).next_offset; };
  ASSERT_TRUE(Execute(*instance, Command(0, "add a 1", "r1")).ok());
  executor_.RunFor(kSecond);
  for (int i = 0; i < 3; ++i) claim_again(*instance->ledger);
  ASSERT_EQ(source(), ends_at() - 3) << "nothing is owed to claims";
  claim_again(*instance->echo);
  EXPECT_EQ(log->began_at, ends_at());
  claim_again(*instance->echo);
  EXPECT_EQ(log->began_at, ends_at()) << "nor by a term that read nothing";
  // What the policy was asked about is read again until it is covered: the register may say something else then.
  ASSERT_TRUE(Execute(*instance, Command(0, "add a dull", "r2")).ok());
  claim_again(*instance->ledger);
  claim_again(*instance->echo);
  EXPECT_EQ(log->began_at, source());
  ASSERT_TRUE(Execute(*instance, Command(0, "add a 2", "r3")).ok());
  executor_.RunFor(kSecond);
  EXPECT_EQ(source(), ends_at());
  EXPECT_EQ(VersionOf(*disks.echo, 0, "accounts/a"), 2);
}

// The register as a test wants it.
class MovedReference : public ReferenceSource {
 public:
  std::shared_ptr<const reference::Snapshot> Current() const override { return nullptr; }
  // A decision made while the register moves on: what it saw is behind what is there.
  int64_t Version() const override { return look.version + 1; }
  ReferenceLook Look() const override { return look; }
  int64_t Position() const override { return position; }
  absl::Status Usable() const override { return usable; }
  std::shared_ptr<void> OnChange(std::function<void()> wake) override {
    wakes_.push_back(std::make_shared<std::function<void()>>(std::move(wake)));
    return wakes_.back();
  }
  void Wake() {
    for (const auto& wake : wakes_) (*wake)();
  }

  ReferenceLook look{nullptr, 5, true};
  int64_t position = 0;
  absl::Status usable;

 private:
  std::vector<std::shared_ptr<std::function<void()>>> wakes_;
};

class RegisterTest : public PositionsTest {
 protected:
  std::unique_ptr<Instance> BootWithRegister(Disks* disks) {
    return Boot(disks, "one", /*own=*/true, [this](ServiceOptions* options) { options->reference = &register_; });
  }
  MovedReference register_;
};

TEST_F(RegisterTest, AReadWaitsForAPositionOfTheRegister) {
  Disks disks;
  const auto instance = BootWithRegister(&disks);
  executor_.RunFor(kSecond);
  absl::Status status = absl::UnknownError("");
  instance->ledger->Read(At(log::Stream::kRegister, 7), [&](auto rows) { status = rows.status(); });
  register_.position = 6;
  register_.Wake();
  executor_.RunFor(kSecond);
  EXPECT_TRUE(absl::IsUnknown(status));
  register_.position = 7;
  register_.Wake();
  executor_.RunFor(10);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(ReadAt(*instance->ledger, At(log::Stream::kRouting, 1)).code(), absl::StatusCode::kInvalidArgument)
      << "a stream that is not followed";
  instance->ledger->Read(At(log::Stream::kRegister, 8), [&](auto rows) { status = rows.status(); });
  executor_.RunFor(kReadPatience + 10);
  EXPECT_EQ(ReasonOf(status), "NOT_THERE_YET");
}

TEST_F(RegisterTest, NothingIsDecidedOnAnEmptyRegister) {
  Disks disks;
  register_.look.complete = false;
  const auto instance = BootWithRegister(&disks);
  const auto call = Send(*instance->ledger, Command(0, "add a 1", "r1"));
  executor_.RunFor(10 * kSecond);
  EXPECT_EQ(call->answers, 0);
  EXPECT_FALSE(instance->ledger->Status()[0].owner);
  register_.look.complete = true;
  register_.Wake();
  executor_.RunFor(10);
  ASSERT_EQ(call->answers, 1);
  EXPECT_TRUE(call->answer->ok());
}

TEST_F(RegisterTest, NothingIsDecidedByOtherZoneRules) {
  Disks disks;
  const auto instance = BootWithRegister(&disks);
  ASSERT_TRUE(Execute(*instance, Command(0, "add a 1", "r1")).ok());
  register_.usable = MakeError(absl::StatusCode::kFailedPrecondition, "TZDATA_DIFFERS", "2026b, not 2026a");
  register_.Wake();
  executor_.RunFor(kSecond);
  EXPECT_FALSE(instance->ledger->Status()[0].owner) << "an owner stops";
  EXPECT_EQ(ReasonOf(Execute(*instance, Command(0, "add a 2", "r2")).status()), "REGISTER_UNUSABLE");
  register_.usable = absl::OkStatus();
  register_.Wake();
  EXPECT_TRUE(Execute(*instance, Command(0, "add a 2", "r2")).ok());
  EXPECT_EQ(Account(*disks.ledger, 0), "1;2;");
}

TEST_F(RegisterTest, ADecisionSaysWhatItSawOfTheRegister) {
  Disks disks;
  const auto instance = BootWithRegister(&disks);
  ASSERT_TRUE(Execute(*instance, Command(0, "add a 1", "r1")).ok());
  EXPECT_EQ(instance->ledger->Status()[0].state.last_register_version, 5);
}

}  // namespace
}  // namespace redress::runtime
