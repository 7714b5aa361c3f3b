// Owners that fight for one shard, each by the protocol: whatever the log does to them, all readers agree on every
// verdict, what was acknowledged counts exactly once, and every decision that counts was made on the state before it.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/ids/ids.h"
#include "libs/log/acceptance.h"
#include "tests/conformance/log_conformance.h"
#include "tests/testing/seeds.h"

namespace redress::log {
namespace {

constexpr ShardId kShard{Stream::kIntake, 0};

// What a reader of the shard makes of it.
struct Fold {
  RuleState state;
  std::vector<std::pair<int64_t, Verdict>> verdicts;
  std::vector<std::string> accepted;

  void Apply(const Entry& entry, v1::Record* record, Verdict* verdict) {
    ASSERT_TRUE(ParseRecord("", entry.offset, entry.bytes, record).ok());
    const auto result = Accept(entry.offset, *record, &state);
    ASSERT_TRUE(result.ok()) << result.status();
    *verdict = *result;
    verdicts.emplace_back(entry.offset, *verdict);
    if (*verdict != Verdict::kAccepted) return;
    v1::Body body;
    ASSERT_TRUE(body.ParseFromString(record->body()));
    EXPECT_EQ(body.actor(), absl::StrCat(accepted.size())) << body.request_id() << " was decided on another state";
    accepted.push_back(body.request_id());
  }
};

class Owner {
 public:
  Owner(Log* log, int name, IdSource* random)
      : log_(log), name_(name), random_(random), reader_(log->Tail(kShard, 0)) {}

  void Step() {
    ReadOn();
    Answer();
    if (claim_ != nullptr && claim_->has_value()) claim_ = nullptr;
    if (term_ < 0 && claim_ == nullptr && flight_.empty() && random_->Random64() % 8 == 0) Claim();
    if (term_ >= 0 && flight_.empty()) Decide();
  }
  // Reads what there is, and does nothing more.
  void ReadOn() {
    std::vector<Entry> entries;
    if (!reader_->Read(50, &entries).ok()) return;
    for (const Entry& entry : entries) {
      v1::Record record;
      Verdict verdict;
      fold_.Apply(entry, &record, &verdict);
      if (::testing::Test::HasFatalFailure()) return;
      if (verdict == Verdict::kClaim) SeeClaim(entry.offset, record);
    }
  }

  const Fold& fold() const { return fold_; }
  const std::set<std::string>& acknowledged() const { return acknowledged_; }
  int terms() const { return terms_; }

 private:
  void Claim() {
    nonce_ = absl::StrCat("owner ", name_, " nonce ", random_->Random64());
    v1::Claim claim;
    claim.set_nonce(nonce_);
    v1::Record record;
    record.set_rule_version(kRuleVersion);
    record.set_kind(v1::KIND_CLAIM);
    record.set_body(claim.SerializeAsString());
    claim_ = SendClaim(*log_, kShard, record.SerializeAsString());
  }

  // Any claim ends the term; the first landing of the latest own one begins another.
  void SeeClaim(int64_t offset, const v1::Record& record) {
    v1::Claim claim;
    ASSERT_TRUE(claim.ParseFromString(record.body()));
    term_ = -1;
    if (nonce_.empty() || claim.nonce() != nonce_) return;
    nonce_.clear();
    term_ = offset;
    ++terms_;
  }

  void Decide() {
    std::vector<std::string> records;
    std::string chain = fold_.state.chain;
    for (uint64_t i = 1 + random_->Random64() % 3; i > 0; --i) {
      v1::Body body;
      body.set_request_id(absl::StrCat("owner ", name_, " request ", next_request_++));
      body.set_actor(absl::StrCat(fold_.accepted.size() + records.size()));
      v1::Record record;
      record.set_rule_version(kRuleVersion);
      record.set_kind(v1::KIND_DECISION);
      record.set_fence(term_);
      record.set_seq(fold_.state.seq + 1 + static_cast<int64_t>(records.size()));
      record.set_body(body.SerializeAsString());
      chain = NextChain(chain, record.body());
      record.set_chain(chain);
      records.push_back(record.SerializeAsString());
      flight_.push_back(body.request_id());
    }
    report_ = Send(*log_, kShard, std::move(records));
  }

  // Acknowledges what is applied and well reported; any doubt ends the term.
  void Answer() {
    if (flight_.empty() || !report_->has_value()) return;
    if (report_->value() != AppendOutcome::kAppended) {
      term_ = -1;
      flight_.clear();
      return;
    }
    const std::set<std::string> applied(fold_.accepted.begin(), fold_.accepted.end());
    const bool all = std::all_of(flight_.begin(), flight_.end(), [&](const auto& id) { return applied.count(id) > 0; });
    if (!all && term_ >= 0) return;  // not read yet
    for (const std::string& id : flight_) {
      if (applied.count(id) > 0) acknowledged_.insert(id);
    }
    flight_.clear();
  }

  Log* const log_;
  const int name_;
  IdSource* const random_;
  const std::unique_ptr<Reader> reader_;
  Fold fold_;
  std::string nonce_;  // of the claim that is to be seen
  OutcomePtr claim_;   // outstanding
  int64_t term_ = -1;
  int terms_ = 0;
  std::vector<std::string> flight_;
  OutcomePtr report_;
  int next_request_ = 0;
  std::set<std::string> acknowledged_;
};

class LogRaces : public LogConformance {
 protected:
  void Run(uint64_t seed);
  void Check(const std::vector<std::unique_ptr<Owner>>& owners);

  // Over all runs.
  int terms_ = 0;
  size_t acknowledged_ = 0;
};

void LogRaces::Run(uint64_t seed) {
  Start(seed);
  SeededIdSource random(seed);
  std::vector<std::unique_ptr<Owner>> owners;
  for (int i = 0; i < LogDriver::kInstances; ++i) owners.push_back(std::make_unique<Owner>(&log(i), i, &random));
  for (int step = 0; step < 400 && !HasFatalFailure(); ++step) {
    const uint64_t dice = random.Random64() % 20;
    if (dice < 14) owners[random.Random64() % owners.size()]->Step();
    if (dice >= 14 && dice < 19) driver().Pump();
    if (dice == 19) driver().Disturb(random.Random64());
  }
  driver().Calm();
  Check(owners);
}

void LogRaces::Check(const std::vector<std::unique_ptr<Owner>>& owners) {
  Fold fresh;
  for (const Entry& entry : ReadAll(0, kShard)) {
    v1::Record record;
    Verdict verdict;
    ASSERT_NO_FATAL_FAILURE(fresh.Apply(entry, &record, &verdict));
  }
  const std::set<std::string> once(fresh.accepted.begin(), fresh.accepted.end());
  EXPECT_EQ(once.size(), fresh.accepted.size()) << "something counts twice";
  for (const auto& owner : owners) {
    const bool caught_up = driver().WaitFor([&] {
      owner->ReadOn();
      return owner->fold().verdicts.size() >= fresh.verdicts.size();
    });
    ASSERT_TRUE(caught_up);
    EXPECT_EQ(owner->fold().verdicts, fresh.verdicts);
    EXPECT_EQ(owner->fold().state, fresh.state);
    for (const std::string& id : owner->acknowledged()) EXPECT_EQ(once.count(id), 1u) << id << " was acknowledged";
    terms_ += owner->terms();
    acknowledged_ += owner->acknowledged().size();
  }
}

TEST_P(LogRaces, AllReadersAgreeAndWhatWasAcknowledgedCountsOnce) {
  int runs = 0;
  for (const uint64_t seed : redress::testing::Seeds(12)) {
    SCOPED_TRACE(absl::StrCat("REDRESS_SEED=", seed));
    Run(seed);
    if (HasFailure()) return;
    ++runs;
  }
  // Runs in which nothing happens show nothing; a single one may well lose every report.
  if (runs == 1) return;
  EXPECT_GT(terms_, runs);
  EXPECT_GT(acknowledged_, static_cast<size_t>(runs));
}

INSTANTIATE_TEST_SUITE_P(Log, LogRaces, ::testing::ValuesIn(AllLogFactories()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace redress::log
