#include "libs/runtime/judged_entries.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace redress::runtime {
namespace {

constexpr log::ShardId kShard{log::Stream::kIntake, 1};
constexpr int64_t kFence = 1;
constexpr int kReaders = 5;

class JudgedEntriesTest : public testing::Test {
 protected:
  JudgedEntriesTest() {
    state_.log_id = std::string(16, 'l');
    state_.chain = std::string(log::kChainBytes, 'c');
    state_.fence = kFence;
    state_.next_offset = kFence + 1;
    for (int i = 0; i < kReaders; ++i) entries_.AddReader(kShard);
  }

  // The next accepted decision; `state_` is left before it.
  log::Entry NextDecision(const std::string& padding = "") {
    log::v1::Body body;
    body.set_recorded_at(7);
    body.set_actor(padding);
    body.add_events()->set_aggregate("complaints/1");
    log::v1::Record record;
    record.set_kind(log::v1::KIND_DECISION);
    record.set_fence(kFence);
    record.set_seq(state_.seq + 1);
    record.set_body(body.SerializeAsString());
    record.set_chain(log::NextChain(state_.chain, record.body()));
    return {state_.next_offset, record.SerializeAsString()};
  }
  std::shared_ptr<const Judged> MustJudge(const log::Entry& entry, const log::RuleState& before) {
    const auto judged = entries_.Judge(kShard, entry, before);
    EXPECT_TRUE(judged.ok()) << judged.status();
    return judged.ok() ? *judged : std::make_shared<Judged>();
  }

  JudgedEntries entries_;
  log::RuleState state_;
};

TEST_F(JudgedEntriesTest, WhatOneReaderFoundTheNextOneGets) {
  const log::Entry entry = NextDecision();
  const auto first = MustJudge(entry, state_);
  EXPECT_EQ(first->verdict, log::Verdict::kAccepted);
  EXPECT_EQ(first->before, state_);
  EXPECT_EQ(first->after.seq, state_.seq + 1);
  EXPECT_EQ(first->after.last_recorded_at, 7);
  EXPECT_EQ(first->body->events(0).aggregate(), "complaints/1");
  EXPECT_EQ(MustJudge(entry, state_), first);
}

TEST_F(JudgedEntriesTest, AnotherStateOrOtherBytesAreJudgedAnew) {
  const log::Entry entry = NextDecision();
  const auto first = MustJudge(entry, state_);
  log::RuleState deposed = state_;
  deposed.fence = kFence + 1;
  EXPECT_EQ(MustJudge(entry, deposed)->verdict, log::Verdict::kStale);
  EXPECT_NE(MustJudge(NextDecision("other"), state_)->record.body(), first->record.body());
  EXPECT_EQ(MustJudge(entry, state_), first);
  // The same entry of another shard is another one.
  EXPECT_NE(*entries_.Judge({log::Stream::kIntake, 2}, entry, state_), first);
}

TEST_F(JudgedEntriesTest, ABrokenChainIsNeverAccepted) {
  const log::Entry entry = NextDecision();
  MustJudge(entry, state_);
  log::RuleState elsewhere = state_;
  elsewhere.chain = std::string(log::kChainBytes, 'x');
  EXPECT_TRUE(absl::IsDataLoss(entries_.Judge(kShard, entry, elsewhere).status()));
  EXPECT_TRUE(absl::IsDataLoss(entries_.Judge(kShard, {state_.next_offset, "no record"}, state_).status()));
  EXPECT_EQ(MustJudge(entry, state_)->verdict, log::Verdict::kAccepted);
}

TEST_F(JudgedEntriesTest, OldEntriesAreLetGoAndJudgedAnew) {
  const log::Entry oldest = NextDecision(std::string(JudgedEntries::kKeptBytes / 2, 'p'));
  const log::RuleState before = state_;
  const std::weak_ptr<const Judged> kept = MustJudge(oldest, state_);
  EXPECT_FALSE(kept.expired());
  for (int i = 0; i < 2; ++i) {
    state_ = MustJudge(NextDecision(std::string(JudgedEntries::kKeptBytes / 3, 'p')), state_)->after;
    state_ = MustJudge(NextDecision(std::string(JudgedEntries::kKeptBytes / 3, 'p')), state_)->after;
  }
  EXPECT_TRUE(kept.expired());
  const auto again = MustJudge(oldest, before);
  EXPECT_EQ(again->verdict, log::Verdict::kAccepted);
  // Who is behind keeps nothing.
  EXPECT_NE(MustJudge(oldest, before), again);
  // One that alone is larger than what is kept is judged too.
  EXPECT_EQ(MustJudge(NextDecision(std::string(2 * JudgedEntries::kKeptBytes, 'p')), state_)->verdict,
            log::Verdict::kAccepted);
}

TEST_F(JudgedEntriesTest, WhatAllReadersHaveHadIsLetGo) {
  const log::Entry entry = NextDecision();
  const log::RuleState before = state_;
  std::weak_ptr<const Judged> kept;
  for (int i = 0; i < kReaders; ++i) {
    const auto judged = MustJudge(entry, before);
    if (i == 0) kept = judged;
    EXPECT_EQ(judged, kept.lock()) << i;
    state_ = judged->after;
  }
  EXPECT_TRUE(kept.expired());
  // One that comes again judges alone, and so does the only reader of a shard.
  EXPECT_EQ(MustJudge(entry, before)->verdict, log::Verdict::kAccepted);
  const std::weak_ptr<const Judged> next = MustJudge(NextDecision(), state_);
  EXPECT_FALSE(next.expired());
  const std::weak_ptr<const Judged> alone = *entries_.Judge({log::Stream::kSla, 0}, entry, before);
  EXPECT_TRUE(alone.expired());
}

TEST_F(JudgedEntriesTest, ABodyThatCannotBeReadIsNone) {
  log::v1::Record record;
  record.set_kind(log::v1::KIND_DECISION);
  record.set_fence(kFence);
  record.set_seq(1);
  record.set_body("\xff\xff no body");
  record.set_chain(log::NextChain(state_.chain, record.body()));
  const auto judged = MustJudge({state_.next_offset, record.SerializeAsString()}, state_);
  EXPECT_EQ(judged->verdict, log::Verdict::kAccepted);
  EXPECT_FALSE(judged->body.has_value());
}

}  // namespace
}  // namespace redress::runtime
