// What the tests of this folder share: a log in a directory that goes away, in one thread.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libs/clock/fake_clock.h"
#include "libs/ids/ids.h"
#include "libs/log/embedded/embedded_log.h"
#include "libs/status/errors.h"
#include "tests/testing/temp_dir.h"

namespace redress::log {

class EmbeddedFixture : public ::testing::Test {
 protected:
  static constexpr ShardId kShard{Stream::kIntake, 1};

  EmbeddedLogOptions Options() {
    EmbeddedLogOptions options;
    options.dir = dir_.path() + "/log";
    options.clock = &clock_;
    options.executor = &executor_;
    options.ids = &ids_;
    options.installation = "test";
    options.shard_count = 2;
    options.free_space = [] { return DiskSpace{uint64_t{1} << 40, uint64_t{1} << 40}; };
    options.on_fatal = [this](const absl::Status& status) { fatal_ = status; };
    return options;
  }

  std::unique_ptr<EmbeddedLog> MustOpen(EmbeddedLogOptions options) {
    auto log = EmbeddedLog::Open(std::move(options));
    EXPECT_TRUE(log.ok()) << log.status();
    return log.ok() ? *std::move(log) : nullptr;
  }

  AppendOutcome Append(EmbeddedLog* log, std::vector<std::string> records, ShardId shard = kShard) {
    std::optional<AppendOutcome> outcome;
    log->Append(shard, std::move(records), [&](AppendOutcome o) { outcome = o; });
    executor_.RunReady();
    EXPECT_TRUE(outcome.has_value());
    return outcome.value_or(AppendOutcome::kUnknown);
  }

  // Everything after GENESIS.
  absl::StatusOr<std::vector<std::string>> ReadAll(EmbeddedLog* log, ShardId shard = kShard) {
    const auto reader = log->Tail(shard, 1);
    std::vector<std::string> all;
    while (true) {
      std::vector<Entry> entries;
      if (absl::Status status = reader->Read(7, &entries); !status.ok()) return status;
      if (entries.empty()) return all;
      for (Entry& entry : entries) {
        EXPECT_EQ(entry.offset, static_cast<int64_t>(all.size()) + 1);
        all.push_back(std::move(entry.bytes));
      }
    }
  }

  redress::testing::TempDir dir_;
  FakeClock clock_{1'700'000'000'000};
  FakeExecutor executor_{&clock_};
  SeededIdSource ids_{1};
  absl::Status fatal_;
};

}  // namespace redress::log
