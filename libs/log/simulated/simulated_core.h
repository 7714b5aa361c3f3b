// The inside of SimulatedLog: the brokers' state, and what is on its way to and from them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "libs/log/simulated/simulated_log.h"
#include "libs/log/wakers.h"

namespace redress::log {

struct SimulatedShard {
  std::vector<Entry> entries;
  int64_t end = 0;
  // Nothing below may be forgotten: it was read, acknowledged, or named as an end.
  int64_t safe = 0;
};

// What becomes of an append.
enum class SimulatedFate { kAppended, kRefused, kLost, kLandedUnknown, kLandedLate, kPartial };

struct SimulatedConnection::State {
  std::shared_ptr<SimulatedLog::Core> core;
  Executor* executor = nullptr;
  Wakers wakers;
  std::map<ShardId, int64_t> arrived;       // readable below
  std::vector<std::function<void()>> kept;  // to be sent when mended
  Delay slow;
  bool cut = false;
  bool closed = false;

  bool Reachable() const;
};

struct SimulatedLog::Core : std::enable_shared_from_this<Core> {
  using State = SimulatedConnection::State;

  // An append on its way.
  struct Sending {
    ShardId shard;
    std::vector<std::string> records;
    std::function<void(AppendOutcome)> done;  // empty: nobody waits for the report
    std::weak_ptr<State> from;
    int64_t epoch = 0;
    size_t next = 0;
    int64_t end = 0;
    bool unsure = false;  // may be reported as unknown alone
    bool answered = false;
  };
  using SendingPtr = std::shared_ptr<Sending>;

  Core(Options o, Clock* c, Executor* e, IdSource* i) : options(std::move(o)), clock(c), executor(e), ids(i) {}

  void Create();
  void Send(const std::shared_ptr<State>& from, ShardId shard, std::vector<std::string> records,
            std::function<void(AppendOutcome)> done);
  void EndOf(const std::shared_ptr<State>& from, ShardId id, std::function<void(absl::StatusOr<int64_t>)> done);
  absl::Status Read(State& by, ShardId id, int64_t* next, int max_entries, std::vector<Entry>* out);
  void Forget(SimulatedShard* shard);
  // Lets `to` see what there is, after its delays.
  void ArriveAll(const std::shared_ptr<State>& to);
  void LandKept();

  bool Happens(double probability) {
    return probability > 0 && static_cast<double>(ids->Random64() >> 11) * 0x1p-53 < probability;
  }
  int64_t Below(int64_t bound) { return static_cast<int64_t>(ids->Random64() % static_cast<uint64_t>(bound)); }
  Millis Draw(const Delay& delay) {
    return delay.max <= delay.min ? delay.min : delay.min + Below(delay.max - delay.min + 1);
  }
  Millis Draw(const Delay& delay, const std::weak_ptr<State>& connection) {
    const auto state = connection.lock();
    return Draw(delay) + (state == nullptr ? 0 : Draw(state->slow));
  }

  Options options;
  Clock* clock;
  Executor* executor;
  IdSource* ids;
  LogInfo info;
  Faults faults;
  Counters counters;
  std::map<ShardId, SimulatedShard> shards;
  std::vector<std::weak_ptr<State>> connections;
  std::vector<SendingPtr> kept;  // to land when the brokers are back
  int64_t epoch = 0;             // grows with every crash
  bool running = true;

 private:
  SimulatedFate DrawFate();
  void Dispatch(const SendingPtr& sending, SimulatedFate fate);
  void MakePartial(Sending* sending);
  // Does `work` after `delay` unless the log is gone by then.
  void After(Millis delay, std::function<void(Core&)> work);
  void LandAfter(Millis delay, const SendingPtr& sending);
  void Land(const SendingPtr& sending);
  // False when the records do not land now: lost, or kept for later.
  bool MayLand(const SendingPtr& sending);
  void LandOne(ShardId id, const std::string& bytes);
  void Arrive(const std::weak_ptr<State>& to, ShardId id, int64_t end, Millis delay);
  void ReportAfter(Millis delay, const SendingPtr& sending, AppendOutcome outcome);
  void Report(const SendingPtr& sending, AppendOutcome outcome);
  // Calls back on the connection's executor; never after it is closed.
  void Deliver(const std::weak_ptr<State>& to, std::function<void(State&)> work);
};

}  // namespace redress::log
