// Random operations of several instances on several shards, against a model of what may be there.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "libs/ids/ids.h"
#include "tests/conformance/log_conformance.h"
#include "tests/testing/seeds.h"

namespace redress::log {
namespace {

constexpr int kOperations = 250;
const std::vector<ShardId> kShards = {{Stream::kIntake, 0}, {Stream::kIntake, 1}, {Stream::kRegister, 0}};

class RandomLog : public LogConformance {
 protected:
  struct Sent {
    std::vector<std::string> records;
    OutcomePtr outcome;
  };
  struct Position {
    std::unique_ptr<Reader> reader;
    int64_t next = 0;
  };
  using Line = std::pair<int, ShardId>;  // one instance and one shard

  void Run(uint64_t seed);
  void DoOne();
  void AppendSome(const Line& line);
  void ReadSome(const Line& line);
  void RestartAll();
  void Check();
  void CheckShard(ShardId shard, bool faulty);

  uint64_t Below(uint64_t bound) { return random_->Random64() % bound; }
  Line RandomLine() { return {static_cast<int>(Below(LogDriver::kInstances)), kShards[Below(kShards.size())]}; }

  std::unique_ptr<SeededIdSource> random_;
  std::map<Line, std::vector<Sent>> sent_;
  std::map<Line, Position> readers_;
  std::map<ShardId, std::map<int64_t, std::string>> seen_;
  std::map<ShardId, int64_t> ends_;
  int next_record_ = 0;
};

void RandomLog::Run(uint64_t seed) {
  random_ = std::make_unique<SeededIdSource>(seed);
  sent_.clear();
  readers_.clear();
  seen_.clear();
  ends_.clear();
  Start(seed);
  for (int i = 0; i < kOperations && !HasFatalFailure(); ++i) DoOne();
  readers_.clear();
  Check();
}

void RandomLog::DoOne() {
  const Line line = RandomLine();
  const uint64_t dice = Below(100);
  if (dice < 35) return AppendSome(line);
  if (dice < 65) return ReadSome(line);
  if (dice < 85) return driver().Pump();
  if (dice < 90) return driver().Disturb(random_->Random64());
  if (dice < 95) {
    // A reader that goes on from a saved position.
    Position& position = readers_[line];
    position.reader = log(line.first).Tail(line.second, position.next);
    return;
  }
  if (dice < 98) {
    log(line.first).EndOf(line.second, [](absl::StatusOr<int64_t>) {});
    return;
  }
  RestartAll();
}

void RandomLog::AppendSome(const Line& line) {
  auto& sent = sent_[line];
  // One append of a caller is outstanding a shard.
  if (!sent.empty() && !sent.back().outcome->has_value()) return driver().Pump();
  std::vector<std::string> records;
  for (uint64_t i = 1 + Below(4); i > 0; --i) {
    records.push_back(absl::StrCat("record ", next_record_++, std::string(Below(10) == 0 ? 30'000 : Below(50), '.')));
  }
  sent.push_back({records, Send(log(line.first), line.second, records)});
}

void RandomLog::ReadSome(const Line& line) {
  Position& position = readers_[line];
  if (position.reader == nullptr) position.reader = log(line.first).Tail(line.second, position.next);
  std::vector<Entry> entries;
  const int most = 1 + static_cast<int>(Below(20));
  const absl::Status status = position.reader->Read(most, &entries);
  if (!status.ok()) {
    ASSERT_TRUE(driver().faulty() && status.code() == absl::StatusCode::kUnavailable) << status;
  }
  ASSERT_LE(entries.size(), static_cast<size_t>(most));
  auto& seen = seen_[line.second];
  for (Entry& entry : entries) {
    ASSERT_GE(entry.offset, position.next);
    position.next = entry.offset + 1;
    const auto [at, first] = seen.try_emplace(entry.offset, entry.bytes);
    ASSERT_EQ(at->second, entry.bytes) << "two readers saw two things at " << entry.offset;
  }
}

void RandomLog::RestartAll() {
  for (auto& [line, position] : readers_) position.reader = nullptr;
  driver().Restart();
  // What was under way may never be reported.
  for (auto& [line, sent] : sent_) {
    if (!sent.empty() && !sent.back().outcome->has_value()) sent.back().outcome->Set(AppendOutcome::kUnknown);
  }
}

void RandomLog::Check() {
  const bool faulty = driver().faulty();
  driver().Calm();
  for (const auto& [line, sent] : sent_) {
    for (const Sent& one : sent) ASSERT_TRUE(one.outcome->has_value()) << "an append without a report";
  }
  for (const ShardId shard : kShards) CheckShard(shard, faulty);
}

void RandomLog::CheckShard(ShardId shard, bool faulty) {
  const auto all = ReadAll(0, shard);
  for (int instance = 1; instance < LogDriver::kInstances; ++instance) {
    const auto again = ReadAll(instance, shard);
    ASSERT_EQ(BytesOf(again), BytesOf(all));
    for (size_t i = 0; i < all.size(); ++i) ASSERT_EQ(again[i].offset, all[i].offset);
  }
  // Nothing that was seen is gone, moved, or has something new below it.
  std::map<int64_t, std::string> by_offset;
  for (const Entry& entry : all) by_offset[entry.offset] = entry.bytes;
  auto& seen = seen_[shard];
  for (auto at = by_offset.begin(); at != by_offset.end(); ++at) {
    if (seen.empty() || at->first > seen.rbegin()->first) break;
    ASSERT_EQ(seen.count(at->first), 1u) << "something appeared below what was seen, at " << at->first;
  }
  for (const auto& [offset, bytes] : seen) ASSERT_EQ(by_offset[offset], bytes) << "at " << offset;

  std::map<std::string, int> times;
  for (const Entry& entry : all) ++times[entry.bytes];
  size_t known = 1;  // GENESIS
  for (int instance = 0; instance < LogDriver::kInstances; ++instance) {
    std::vector<std::string> acknowledged;
    for (const Sent& sent : sent_[{instance, shard}]) {
      const AppendOutcome outcome = sent.outcome->value();
      if (outcome == AppendOutcome::kAppended) {
        acknowledged.insert(acknowledged.end(), sent.records.begin(), sent.records.end());
      }
      for (const std::string& record : sent.records) {
        known += times[record];
        if (outcome == AppendOutcome::kRefused) {
          EXPECT_EQ(times[record], 0) << "refused, and there";
        }
        if (outcome == AppendOutcome::kAppended) {
          EXPECT_GE(times[record], 1) << "acknowledged, and not there";
        }
        if (!faulty) {
          EXPECT_LE(times[record], 1) << "there twice without a fault";
        }
      }
    }
    EXPECT_TRUE(IsSubsequence(acknowledged, BytesOf(all))) << "acknowledged in another order";
  }
  EXPECT_EQ(known, all.size()) << "something is there that nobody sent";
}

TEST_P(RandomLog, HoldsWhatWasPromisedAndNothingElse) {
  for (const uint64_t seed : redress::testing::Seeds(12)) {
    SCOPED_TRACE(absl::StrCat("REDRESS_SEED=", seed));
    Run(seed);
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Log, RandomLog, ::testing::ValuesIn(AllLogFactories()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace redress::log
