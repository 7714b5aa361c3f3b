// The event log in memory: one core ("the brokers") and a connection for each instance, with faults on a seed.
//
//   Append ─delay─▶ lands (offset) ─delay─▶ arrives at every connection ─▶ wake-up
//                        └────────────delay─▶ report to the caller
//
// Promises of the port that hold under every fault: one order for all readers, nothing below an offset that somebody
// has seen, kAppended only of what no crash can take away. Everything runs on the executor given; no call calls back
// inside itself. Not thread-safe: one thread, as FakeExecutor.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/clock/clock.h"
#include "libs/ids/ids.h"
#include "libs/log/log.h"
#include "libs/log/simulated/faults.h"

namespace redress::log {

class SimulatedConnection;

class SimulatedLog {
 public:
  struct Options {
    std::string installation = "test";
    uint32_t shard_count = 4;
    uint32_t level = 1;
  };

  // How often each thing happened, for tests that must know that it did.
  struct Counters {
    int64_t appends = 0;
    int64_t landed = 0;  // records, repeats among them
    int64_t refused = 0;
    int64_t unknown = 0;
    int64_t lost = 0;
    int64_t late = 0;
    int64_t twice = 0;
    int64_t partial = 0;
    int64_t forgotten = 0;  // records taken away by crashes
  };

  // The pointers outlive it. All that is drawn at random comes from `ids`.
  SimulatedLog(Options options, Clock* clock, Executor* executor, IdSource* ids);
  ~SimulatedLog();

  // A new instance's own Log. `executor`, if given, runs its callbacks and wake-ups, so that an instance can be paused.
  std::unique_ptr<SimulatedConnection> Connect(Executor* executor = nullptr);

  void set_faults(const Faults& faults);
  const Faults& faults() const;
  const Counters& counters() const;

  enum class Unsynced { kKept, kForgotten };
  // All brokers stop. Appends under way become unknown; some of them land once the brokers are back. What nobody has
  // seen and nobody was promised may be forgotten: a random part of it.
  void Crash(Unsynced unsynced);
  // The brokers are back: everybody sees what there is.
  void Restart();
  bool running() const;

  // All entries of a shard, for checkers.
  const std::vector<Entry>& Entries(ShardId shard) const;

 private:
  friend class SimulatedConnection;
  struct Core;
  const std::shared_ptr<Core> core_;
};

// One instance's line to the brokers. Readers and tokens made by it end with it: they are UNAVAILABLE and silent.
class SimulatedConnection : public Log {
 public:
  // As Close().
  ~SimulatedConnection() override;

  const LogInfo& info() const override;
  void AppendClaim(ShardId shard, std::string record, std::function<void(AppendOutcome)> done) override;
  void Append(ShardId shard, std::vector<std::string> records, std::function<void(AppendOutcome)> done) override;
  std::unique_ptr<Reader> Tail(ShardId shard, int64_t next_offset) override;
  void EndOf(ShardId shard, std::function<void(absl::StatusOr<int64_t>)> done) override;
  std::shared_ptr<void> OnAppend(ShardId shard, std::function<void()> wake) override;

  // Nothing passes until Mend(): reads are UNAVAILABLE, appends unknown (lost or late, also those under way).
  void Cut();
  void Mend();
  // The instance is gone: no callback comes any more, though what it has sent may still land.
  void Close();
  // Added to every delay of this connection.
  void Slow(Delay by);

 private:
  friend class SimulatedLog;
  struct State;
  explicit SimulatedConnection(std::shared_ptr<State> state);

  const std::shared_ptr<State> state_;
};

}  // namespace redress::log
