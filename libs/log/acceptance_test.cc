#include "libs/log/acceptance.h"

#include <gtest/gtest.h>

#include "libs/log/log.h"

namespace redress::log {
namespace {

const LogInfo kInfo{std::string(16, 'L'), "test", 4};

v1::Record Genesis() {
  v1::Record record;
  record.ParseFromString(EncodeGenesis(kInfo, {Stream::kIntake, 0}, 1, 1000));
  return record;
}

v1::Record Claim() {
  v1::Record record;
  record.set_rule_version(kRuleVersion);
  record.set_kind(v1::KIND_CLAIM);
  return record;
}

v1::Record Decision(int64_t fence, int64_t seq, const std::string& chain, int64_t recorded_at = 0,
                    int64_t register_version = 0) {
  v1::Body body;
  body.set_recorded_at(recorded_at);
  body.set_register_version(register_version);
  v1::Record record;
  record.set_rule_version(kRuleVersion);
  record.set_kind(v1::KIND_DECISION);
  record.set_fence(fence);
  record.set_seq(seq);
  record.set_body(body.SerializeAsString());
  record.set_chain(NextChain(chain, record.body()));
  return record;
}

class Acceptance : public testing::Test {
 protected:
  Verdict Fold(const v1::Record& record) {
    const auto verdict = Accept(offset_++, record, &state_);
    EXPECT_TRUE(verdict.ok()) << verdict.status();
    return verdict.ok() ? *verdict : Verdict::kStale;
  }
  v1::Record Next(int64_t fence, int64_t seq) { return Decision(fence, seq, state_.chain); }

  int64_t offset_ = 0;
  RuleState state_;
};

TEST_F(Acceptance, AcceptsConsecutiveRecordsOfTheLatestClaim) {
  EXPECT_EQ(Fold(Genesis()), Verdict::kGenesis);
  EXPECT_EQ(Fold(Claim()), Verdict::kClaim);
  EXPECT_EQ(Fold(Next(1, 1)), Verdict::kAccepted);
  EXPECT_EQ(Fold(Next(1, 2)), Verdict::kAccepted);
  EXPECT_EQ(state_.next_offset, 4);
  EXPECT_EQ(state_.fence, 1);
  EXPECT_EQ(state_.seq, 2);
}

TEST_F(Acceptance, VoidsWithoutTouchingTheChain) {
  Fold(Genesis());
  Fold(Claim());
  Fold(Next(1, 1));
  const RuleState before = state_;
  EXPECT_EQ(Fold(Next(1, 1)), Verdict::kRepeat);
  EXPECT_EQ(Fold(Next(1, 3)), Verdict::kGap);
  EXPECT_EQ(Fold(Next(0, 2)), Verdict::kStale);
  EXPECT_EQ(Fold(Next(7, 2)), Verdict::kStale);
  EXPECT_EQ(state_.chain, before.chain);
  EXPECT_EQ(state_.seq, before.seq);
  EXPECT_EQ(state_.next_offset, before.next_offset + 4);
}

TEST_F(Acceptance, ADeposedOwnersRecordsAreVoidForEver) {
  Fold(Genesis());
  Fold(Claim());
  const v1::Record late = Next(1, 1);
  EXPECT_EQ(Fold(Claim()), Verdict::kClaim);
  EXPECT_EQ(Fold(late), Verdict::kStale);
  EXPECT_EQ(Fold(Next(2, 1)), Verdict::kAccepted);
  EXPECT_EQ(Fold(late), Verdict::kStale);
}

TEST_F(Acceptance, RecordsBeforeAnyClaimAreVoid) {
  Fold(Genesis());
  EXPECT_EQ(Fold(Next(0, 1)), Verdict::kStale);
}

TEST_F(Acceptance, ADifferentChainIsCorruption) {
  Fold(Genesis());
  Fold(Claim());
  const RuleState before = state_;
  const auto verdict = Accept(2, Decision(1, 1, std::string(16, 'x')), &state_);
  EXPECT_EQ(verdict.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(state_, before);
}

TEST_F(Acceptance, StartsOnlyFromAGenesis) {
  EXPECT_EQ(Accept(0, Claim(), &state_).status().code(), absl::StatusCode::kDataLoss);
  Fold(Genesis());
  EXPECT_EQ(Accept(1, Genesis(), &state_).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(Acceptance, RefusesALaterRule) {
  v1::Record record = Genesis();
  record.set_rule_version(kRuleVersion + 1);
  EXPECT_EQ(Accept(0, record, &state_).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(Acceptance, GoesOnInTheMiddleFromASavedState) {
  Fold(Genesis());
  Fold(Claim());
  Fold(Next(1, 1));
  RuleState restored = RuleState::FromProto(state_.ToProto());
  EXPECT_EQ(restored, state_);
  const v1::Record next = Next(1, 2);
  EXPECT_EQ(*Accept(3, next, &restored), Verdict::kAccepted);
}

TEST_F(Acceptance, RemembersTheLatestTimeAndRegisterVersion) {
  Fold(Genesis());
  Fold(Claim());
  EXPECT_EQ(state_.last_recorded_at, 1000) << "the log's making";
  Fold(Decision(1, 1, state_.chain, 5000, 7));
  EXPECT_EQ(state_.last_recorded_at, 5000);
  EXPECT_EQ(state_.last_register_version, 7);
  Fold(Decision(1, 2, state_.chain, 4000, 6));
  EXPECT_EQ(state_.last_recorded_at, 5000) << "neither runs back";
  EXPECT_EQ(state_.last_register_version, 7);
  Fold(Decision(7, 3, state_.chain, 9000, 9));
  EXPECT_EQ(state_.last_recorded_at, 5000) << "what is void says nothing";
  EXPECT_EQ(state_.last_register_version, 7);
}

TEST_F(Acceptance, HandsOutTheBodyOfWhatItAcceptsAndOfNothingElse) {
  Fold(Genesis());
  Fold(Claim());
  std::optional<v1::Body> body(std::in_place);
  ASSERT_EQ(*Accept(offset_++, Decision(9, 1, state_.chain, 5), &state_, &body), Verdict::kStale);
  EXPECT_FALSE(body.has_value());
  ASSERT_EQ(*Accept(offset_++, Decision(1, 1, state_.chain, 5), &state_, &body), Verdict::kAccepted);
  ASSERT_TRUE(body.has_value());
  EXPECT_EQ(body->recorded_at(), 5);
  v1::Record unreadable = Decision(1, 2, state_.chain);
  unreadable.set_body("\xff\xff");
  unreadable.set_chain(NextChain(state_.chain, unreadable.body()));
  ASSERT_EQ(*Accept(offset_++, unreadable, &state_, &body), Verdict::kAccepted);
  EXPECT_FALSE(body.has_value());
  EXPECT_EQ(state_.last_recorded_at, 1000);
}

TEST_F(Acceptance, RemembersTheTimeOfAPosition) {
  Fold(Genesis());
  Fold(Claim());
  v1::Progress progress;
  progress.set_recorded_at(6000);
  v1::Record record = Next(1, 1);
  record.set_kind(v1::KIND_POSITION);
  record.set_body(progress.SerializeAsString());
  record.set_chain(NextChain(state_.chain, record.body()));
  EXPECT_EQ(Fold(record), Verdict::kAccepted);
  EXPECT_EQ(state_.last_recorded_at, 6000);
  EXPECT_EQ(state_.last_register_version, 0);
}

TEST_F(Acceptance, OnlyWhatAFoldLeavesIsPossible) {
  EXPECT_TRUE(IsPossible(state_)) << "the beginning";
  Fold(Genesis());
  EXPECT_TRUE(IsPossible(state_));
  Fold(Claim());
  EXPECT_TRUE(IsPossible(state_));
  Fold(Next(1, 1));
  EXPECT_TRUE(IsPossible(state_));
  const auto with = [this](auto change) {
    RuleState other = state_;
    change(&other);
    return IsPossible(other);
  };
  EXPECT_TRUE(with([](RuleState*) {}));
  EXPECT_FALSE(with([](RuleState* s) { s->next_offset = -1; }));
  EXPECT_FALSE(with([](RuleState* s) { s->next_offset = 0; }));
  EXPECT_FALSE(with([](RuleState* s) { s->fence = s->next_offset; }));
  EXPECT_FALSE(with([](RuleState* s) { s->fence = -1; }));
  EXPECT_FALSE(with([](RuleState* s) { s->fence = 0; }));
  EXPECT_FALSE(with([](RuleState* s) { s->seq = INT64_MAX; }));
  EXPECT_FALSE(with([](RuleState* s) { s->seq = -1; }));
  EXPECT_FALSE(with([](RuleState* s) { s->chain = "short"; }));
  EXPECT_FALSE(with([](RuleState* s) { s->log_id.clear(); }));
}

}  // namespace
}  // namespace redress::log
