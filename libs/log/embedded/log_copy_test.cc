#include "libs/log/log_copy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "libs/log/embedded/embedded_fixture.h"

namespace redress::log {
namespace {

// Writes a log as owners do, and knows what of it counts.
class LogCopyTest : public EmbeddedFixture {
 protected:
  // When the clock of the fixture stands: both logs are made then.
  static constexpr int64_t kMade = 1'700'000'000'000;
  static constexpr ShardId kInput{Stream::kIntake, 0};
  static constexpr ShardId kFollower{Stream::kRouting, 0};

  LogCopyTest() { from_ = MustOpen(Options()); }
  void Claim(ShardId shard, const std::string& owner, uint32_t level = 3) {
    v1::Claim claim;
    claim.set_owner(owner);
    claim.set_level(level);
    v1::Record record;
    record.set_rule_version(kRuleVersion);
    record.set_kind(v1::KIND_CLAIM);
    record.set_body(claim.SerializeAsString());
    Write(shard, record);
  }
  static std::string BodyOf(const std::string& word, int64_t at) {
    v1::Body body;
    body.set_recorded_at(kMade + at);
    body.set_register_version(at / 10);
    body.set_request_id(word);
    body.add_events()->set_aggregate("things/" + word);
    return body.SerializeAsString();
  }
  // The next record of the term.
  v1::Record Next(ShardId shard, v1::Kind kind, std::string body) {
    const RuleState& state = states_[shard];
    v1::Record record;
    record.set_rule_version(kRuleVersion);
    record.set_kind(kind);
    record.set_fence(state.fence);
    record.set_seq(state.seq + 1);
    record.set_chain(NextChain(state.chain, body));
    record.set_body(std::move(body));
    return record;
  }
  void Decide(ShardId shard, const std::string& word, int64_t at) {
    Write(shard, Next(shard, v1::KIND_DECISION, BodyOf(word, at)));
  }
  v1::Source SourceOf(ShardId input) {
    v1::Source source;
    source.set_stream(std::string(StreamName(input.stream)));
    source.set_shard(input.shard);
    *source.mutable_state() = StateOf(from_.get(), input).ToProto();
    return source;
  }
  void Write(ShardId shard, const v1::Record& record) {
    StateOf(from_.get(), shard);
    ASSERT_EQ(Append(from_.get(), {record.SerializeAsString()}, shard), AppendOutcome::kAppended);
    StateOf(from_.get(), shard);
  }
  // Folds what is there.
  RuleState StateOf(Log* log, ShardId shard) {
    RuleState state;
    for (const Entry& entry : Entries(log, shard)) {
      v1::Record record;
      EXPECT_TRUE(record.ParseFromString(entry.bytes));
      EXPECT_TRUE(Accept(entry.offset, record, &state).ok());
    }
    if (log == from_.get()) states_[shard] = state;
    return state;
  }
  static std::vector<Entry> Entries(Log* log, ShardId shard) {
    std::vector<Entry> entries;
    const auto reader = log->Tail(shard, 0);
    size_t before = 0;
    do {
      before = entries.size();
      EXPECT_TRUE(reader->Read(100, &entries).ok());
    } while (entries.size() > before);
    return entries;
  }
  std::vector<v1::Record> Records(Log* log, ShardId shard) {
    std::vector<v1::Record> records;
    for (const Entry& entry : Entries(log, shard)) records.emplace_back().ParseFromString(entry.bytes);
    return records;
  }
  absl::StatusOr<LogSummary> Copy() {
    EmbeddedLogOptions options = Options();
    options.dir = dir_.path() + "/copy";
    to_ = MustOpen(options);
    return CopyLog({from_.get(), to_.get(), &ids_, "restore", 99, [this] { executor_.RunReady(); }});
  }

  std::unique_ptr<EmbeddedLog> from_;
  std::unique_ptr<EmbeddedLog> to_;
  std::map<ShardId, RuleState> states_;
};

TEST_F(LogCopyTest, AcceptedDecisionsAloneAreThereWithTheirBodies) {
  Claim(kInput, "a");
  Decide(kInput, "one", 100);
  // Of a term that is over, out of order, and repeated: none of them counts.
  const v1::Record stale = Next(kInput, v1::KIND_DECISION, BodyOf("stale", 110));
  Claim(kInput, "b");
  Write(kInput, stale);
  v1::Record gap = Next(kInput, v1::KIND_DECISION, BodyOf("gap", 120));
  gap.set_seq(7);
  Write(kInput, gap);
  Decide(kInput, "two", 130);
  v1::Record repeat = Next(kInput, v1::KIND_DECISION, BodyOf("repeat", 140));
  repeat.set_seq(1);
  Write(kInput, repeat);
  Claim(kInput, "c", 5);

  const auto copied = Copy();
  ASSERT_TRUE(copied.ok()) << copied.status();
  EXPECT_EQ(copied->at(kInput).decisions, 2);
  const auto records = Records(to_.get(), kInput);
  ASSERT_EQ(records.size(), 4u);
  EXPECT_EQ(records[0].kind(), v1::KIND_GENESIS);
  EXPECT_EQ(records[1].kind(), v1::KIND_CLAIM);
  v1::Claim claim;
  ASSERT_TRUE(claim.ParseFromString(records[1].body()));
  EXPECT_EQ(claim.owner(), "restore");
  EXPECT_EQ(claim.level(), 5u);
  EXPECT_EQ(claim.nonce().size(), 16u);
  EXPECT_EQ(records[2].body(), BodyOf("one", 100));
  EXPECT_EQ(records[3].body(), BodyOf("two", 130));
  EXPECT_EQ(records[3].fence(), 1);
  EXPECT_EQ(records[3].seq(), 2);
  const RuleState state = StateOf(to_.get(), kInput);
  EXPECT_EQ(state.last_recorded_at, kMade + 130);
  EXPECT_EQ(state.last_register_version, 13);
  EXPECT_NE(to_->info().log_id, from_->info().log_id);
  EXPECT_EQ(state.log_id, to_->info().log_id);
}

TEST_F(LogCopyTest, SourcesAreWrittenOnceWhereTheFollowerStood) {
  Claim(kInput, "a");
  Decide(kInput, "one", 100);
  Decide(kInput, "two", 110);
  Claim(kFollower, "f");
  v1::Record caused = Next(kFollower, v1::KIND_DECISION, BodyOf("caused", 200));
  *caused.mutable_source() = SourceOf(kInput);
  Write(kFollower, caused);
  // Not yet taken in by the follower: the copy leaves it for later.
  Claim(kInput, "b");
  Decide(kInput, "three", 120);
  // And an input that a POSITION covers.
  const ShardId other{Stream::kSla, 1};
  Claim(other, "s");
  Decide(other, "quiet", 150);
  v1::Progress progress;
  *progress.add_sources() = SourceOf(other);
  progress.set_recorded_at(kMade + 210);
  Write(kFollower, Next(kFollower, v1::KIND_POSITION, progress.SerializeAsString()));

  const auto copied = Copy();
  ASSERT_TRUE(copied.ok()) << copied.status();
  const auto records = Records(to_.get(), kFollower);
  ASSERT_EQ(records.size(), 4u);
  EXPECT_FALSE(records[2].has_source());
  ASSERT_EQ(records[3].kind(), v1::KIND_POSITION);
  v1::Progress written;
  ASSERT_TRUE(written.ParseFromString(records[3].body()));
  EXPECT_EQ(written.recorded_at(), kMade + 210);
  std::map<std::string, RuleState> at;
  for (const v1::Source& source : written.sources()) {
    at[ToString({*ParseStream(source.stream()), source.shard()})] = RuleState::FromProto(source.state());
  }
  ASSERT_EQ(at.size(), 2u);
  // A reader that goes on from there meets exactly what was not consumed.
  RuleState input = at["intake/0"];
  EXPECT_EQ(input.log_id, to_->info().log_id);
  const auto inputs = Entries(to_.get(), kInput);
  ASSERT_EQ(inputs.size(), 5u);
  ASSERT_EQ(input.next_offset, 4);
  v1::Record third;
  ASSERT_TRUE(third.ParseFromString(inputs[4].bytes));
  EXPECT_EQ(*Accept(4, third, &input), Verdict::kAccepted);
  EXPECT_EQ(third.body(), BodyOf("three", 120));
  EXPECT_EQ(at["sla/1"], StateOf(to_.get(), other));
  // Who followed nothing has no POSITION.
  EXPECT_EQ(Records(to_.get(), kInput).back().kind(), v1::KIND_DECISION);
}

TEST_F(LogCopyTest, ManyRecordsAreCopiedInSteps) {
  Claim(kInput, "a");
  std::vector<std::string> words;
  for (int i = 0; i < 700; ++i) {
    words.push_back(std::to_string(i));
    std::string body = BodyOf(words.back(), i);
    v1::Record record = Next(kInput, v1::KIND_DECISION, body);
    ASSERT_EQ(Append(from_.get(), {record.SerializeAsString()}, kInput), AppendOutcome::kAppended);
    states_[kInput].seq = record.seq();
    states_[kInput].chain = record.chain();
  }
  ASSERT_TRUE(Copy().ok());
  std::vector<std::string> copied;
  const auto summary = ReadWhole(to_.get(), [&](ShardId, const v1::Body& body) {
    copied.push_back(body.request_id());
    return absl::OkStatus();
  });
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ(copied, words);
}

TEST_F(LogCopyTest, WhatWasNotCopiedAtOneInstantIsRefused) {
  Claim(kFollower, "f");
  v1::Record caused = Next(kFollower, v1::KIND_DECISION, BodyOf("caused", 200));
  caused.mutable_source()->set_stream("intake");
  caused.mutable_source()->mutable_state()->set_next_offset(50);
  Write(kFollower, caused);
  EXPECT_EQ(ReasonOf(Copy().status()), "SOURCE_BEYOND_INPUT");
}

TEST_F(LogCopyTest, OnlyANewLogOfTheSameShapeIsWritten) {
  EXPECT_EQ(ReasonOf(CopyLog({from_.get(), from_.get(), &ids_, "restore", 99, [] {}}).status()), "LOG_NOT_NEW");
  EmbeddedLogOptions options = Options();
  options.dir = dir_.path() + "/wider";
  options.shard_count = 4;
  const auto wider = MustOpen(options);
  EXPECT_EQ(ReasonOf(CopyLog({from_.get(), wider.get(), &ids_, "restore", 99, [] {}}).status()),
            "LOG_OF_ANOTHER_SHAPE");
}

TEST_F(LogCopyTest, AFullDiskIsSaid) {
  Claim(kInput, "a");
  EmbeddedLogOptions options = Options();
  options.dir = dir_.path() + "/full";
  options.free_space = [] { return DiskSpace{0, uint64_t{1} << 40}; };
  const auto full = MustOpen(options);
  EXPECT_EQ(
      ReasonOf(CopyLog({from_.get(), full.get(), &ids_, "restore", 99, [this] { executor_.RunReady(); }}).status()),
      "LOG_FULL");
}

TEST_F(LogCopyTest, DirectoryCopiesOpenWhateverWasFlushed) {
  Claim(kInput, "a");
  Decide(kInput, "one", 100);
  ASSERT_TRUE(from_->CopyTo(dir_.path() + "/first").ok());
  EXPECT_EQ(ReasonOf(from_->CopyTo(dir_.path() + "/first")), "LOG_COPY_EXISTS");
  // All is flushed by now.
  ASSERT_TRUE(from_->CopyTo(dir_.path() + "/second").ok());
  for (const char* name : {"/first", "/second"}) {
    EmbeddedLogOptions options = Options();
    options.dir = dir_.path() + name;
    const auto copy = MustOpen(options);
    EXPECT_EQ(copy->info().log_id, from_->info().log_id);
    EXPECT_EQ(StateOf(copy.get(), kInput), StateOf(from_.get(), kInput));
  }
}

}  // namespace
}  // namespace redress::log
