#include "tests/conformance/log_conformance.h"

#include <utility>

namespace redress::log {

std::vector<LogFactory> AllLogFactories() {
  std::vector<LogFactory> all = EmbeddedFactories();
  for (LogFactory& factory : SimulatedFactories()) all.push_back(std::move(factory));
  return all;
}

OutcomePtr Send(Log& log, ShardId shard, std::vector<std::string> records) {
  auto outcome = std::make_shared<Answer<AppendOutcome>>();
  log.Append(shard, std::move(records), [outcome](AppendOutcome o) { outcome->Set(o); });
  return outcome;
}

OutcomePtr SendClaim(Log& log, ShardId shard, std::string record) {
  auto outcome = std::make_shared<Answer<AppendOutcome>>();
  log.AppendClaim(shard, std::move(record), [outcome](AppendOutcome o) { outcome->Set(o); });
  return outcome;
}

bool IsSubsequence(const std::vector<std::string>& part, const std::vector<std::string>& whole) {
  size_t found = 0;
  for (const std::string& one : whole) {
    if (found < part.size() && part[found] == one) ++found;
  }
  return found == part.size();
}

std::vector<std::string> BytesOf(const std::vector<Entry>& entries) {
  std::vector<std::string> bytes;
  for (const Entry& entry : entries) bytes.push_back(entry.bytes);
  return bytes;
}

AppendOutcome LogConformance::Append(int instance, ShardId shard, std::vector<std::string> records) {
  const OutcomePtr outcome = Send(log(instance), shard, std::move(records));
  EXPECT_TRUE(driver_->WaitFor([&] { return outcome->has_value(); })) << "an append without a report";
  return outcome->has_value() ? outcome->value() : AppendOutcome::kUnknown;
}

void LogConformance::AppendSurely(int instance, ShardId shard, const std::vector<std::string>& records) {
  for (int tries = 0; tries < 200; ++tries) {
    const AppendOutcome outcome = Append(instance, shard, records);
    if (outcome == AppendOutcome::kAppended) return;
    ASSERT_TRUE(driver_->faulty()) << "an append failed without a reason";
  }
  FAIL() << "no append ever succeeds";
}

int64_t LogConformance::EndOf(int instance, ShardId shard) {
  for (int tries = 0; tries < 200; ++tries) {
    auto answer = std::make_shared<Answer<absl::StatusOr<int64_t>>>();
    log(instance).EndOf(shard, [answer](absl::StatusOr<int64_t> end) { answer->Set(std::move(end)); });
    EXPECT_TRUE(driver_->WaitFor([&] { return answer->has_value(); })) << "an EndOf without an answer";
    if (!answer->has_value()) return 0;
    const absl::StatusOr<int64_t> end = answer->value();
    if (end.ok()) return *end;
    EXPECT_TRUE(driver_->faulty()) << end.status();
    EXPECT_EQ(end.status().code(), absl::StatusCode::kUnavailable);
  }
  ADD_FAILURE() << "the end is never told";
  return 0;
}

std::vector<Entry> LogConformance::ReadTo(int instance, ShardId shard, int64_t next, int64_t end) {
  const auto reader = log(instance).Tail(shard, next);
  std::vector<Entry> entries;
  const bool reached = driver_->WaitFor([&] {
    const absl::Status status = reader->Read(100, &entries);
    if (!status.ok()) {
      EXPECT_TRUE(driver_->faulty() && status.code() == absl::StatusCode::kUnavailable) << status;
    }
    return next >= end || (!entries.empty() && entries.back().offset + 1 >= end);
  });
  EXPECT_TRUE(reached) << "read to " << (entries.empty() ? next : entries.back().offset + 1) << " of " << end;
  for (size_t i = 1; i < entries.size(); ++i) EXPECT_LT(entries[i - 1].offset, entries[i].offset);
  return entries;
}

}  // namespace redress::log
