// What the test files of the log's conformance suite share.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libs/log/log.h"
#include "libs/status/mutex.h"
#include "tests/conformance/log_driver.h"

namespace redress::log {

// Where a callback leaves its answer, once, from any thread.
template <typename T>
class Answer {
 public:
  void Set(T value) {
    MutexLock lock(mutex_);
    EXPECT_FALSE(value_.has_value()) << "answered twice";
    value_.emplace(std::move(value));
  }
  bool has_value() const {
    MutexLock lock(mutex_);
    return value_.has_value();
  }
  T value() const {
    MutexLock lock(mutex_);
    return value_.value();
  }

 private:
  mutable Mutex mutex_;
  std::optional<T> value_ ABSL_GUARDED_BY(mutex_);
};

using OutcomePtr = std::shared_ptr<Answer<AppendOutcome>>;

// Sends an append; its outcome is filled in by the log.
OutcomePtr Send(Log& log, ShardId shard, std::vector<std::string> records);
OutcomePtr SendClaim(Log& log, ShardId shard, std::string record);

// Whether `part` is what is left of `whole` after taking some away.
bool IsSubsequence(const std::vector<std::string>& part, const std::vector<std::string>& whole);
std::vector<std::string> BytesOf(const std::vector<Entry>& entries);

class LogConformance : public ::testing::TestWithParam<LogFactory> {
 protected:
  void Start(uint64_t seed) { driver_ = GetParam().make(seed); }
  LogDriver& driver() { return *driver_; }
  Log& log(int instance) { return driver_->log(instance); }

  // The outcome of an append that is waited for.
  AppendOutcome Append(int instance, ShardId shard, std::vector<std::string> records);
  // Appends until it is said to be done; earlier tries may lie in the log as well.
  void AppendSurely(int instance, ShardId shard, const std::vector<std::string>& records);
  // The end, asked until it is told.
  int64_t EndOf(int instance, ShardId shard);
  // Reads from `next` until `end` is reached.
  std::vector<Entry> ReadTo(int instance, ShardId shard, int64_t next, int64_t end);
  // Everything there is, in a calm log.
  std::vector<Entry> ReadAll(int instance, ShardId shard) { return ReadTo(instance, shard, 0, EndOf(instance, shard)); }

 private:
  std::unique_ptr<LogDriver> driver_;
};

}  // namespace redress::log
