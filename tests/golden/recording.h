// Records of a whole log as a text file, and a log that reads them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/log/log.h"
#include "redress/log/v1/record.pb.h"

namespace redress::golden {

struct Recording {
  // Of each shard from offset 0, GENESIS, without gaps.
  std::map<log::ShardId, std::vector<std::string>> records;
  // Secrets of the keys that something in it is sealed under, by id; empty once destroyed. Not part of its text.
  std::map<std::string, std::string> keys;
};

// Folds a recording with the acceptance rule: `visit` sees each accepted decision. DATA_LOSS where the rule stops.
absl::Status ForEachDecision(const Recording& recording,
                             const std::function<void(log::ShardId, const log::v1::Body&)>& visit);

// A line a shard, "intake/0 gcaaa", a letter a record: g genesis, c claim, a accepted, r repeat, p gap, s stale.
absl::StatusOr<std::string> VerdictsOf(const Recording& recording);

// "shard intake/0", then a line of hex a record; lines that begin with # say something to people.
std::string Format(const Recording& recording);
// INVALID_ARGUMENT naming the line.
absl::StatusOr<Recording> Parse(absl::string_view text);

// What GENESIS of the records says.
absl::StatusOr<log::LogInfo> InfoOf(const Recording& recording);

// Takes nothing in. Single-threaded.
class RecordedLog : public log::Log {
 public:
  RecordedLog(const Recording* recording, log::LogInfo info) : recording_(recording), info_(std::move(info)) {}

  const log::LogInfo& info() const override { return info_; }
  void AppendClaim(log::ShardId, std::string, std::function<void(log::AppendOutcome)> done) override {
    done(log::AppendOutcome::kRefused);
  }
  void Append(log::ShardId, std::vector<std::string>, std::function<void(log::AppendOutcome)> done) override {
    done(log::AppendOutcome::kRefused);
  }
  std::unique_ptr<log::Reader> Tail(log::ShardId shard, int64_t next_offset) override;
  void EndOf(log::ShardId shard, std::function<void(absl::StatusOr<int64_t>)> done) override;
  std::shared_ptr<void> OnAppend(log::ShardId, std::function<void()>) override { return std::make_shared<int>(0); }

 private:
  const Recording* recording_;
  const log::LogInfo info_;
};

}  // namespace redress::golden
