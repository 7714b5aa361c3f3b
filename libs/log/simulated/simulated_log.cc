#include "libs/log/simulated/simulated_log.h"

#include <algorithm>
#include <utility>

#include "libs/log/simulated/simulated_core.h"

namespace redress::log {

SimulatedLog::SimulatedLog(Options options, Clock* clock, Executor* executor, IdSource* ids)
    : core_(std::make_shared<Core>(std::move(options), clock, executor, ids)) {
  core_->Create();
}
SimulatedLog::~SimulatedLog() = default;

std::unique_ptr<SimulatedConnection> SimulatedLog::Connect(Executor* executor) {
  auto state = std::make_shared<SimulatedConnection::State>();
  state->core = core_;
  state->executor = executor != nullptr ? executor : core_->executor;
  for (const auto& [id, shard] : core_->shards) state->arrived[id] = shard.end;
  std::erase_if(core_->connections, [](const auto& connection) { return connection.expired(); });
  core_->connections.push_back(state);
  return std::unique_ptr<SimulatedConnection>(new SimulatedConnection(std::move(state)));
}

void SimulatedLog::set_faults(const Faults& faults) { core_->faults = faults; }
const Faults& SimulatedLog::faults() const { return core_->faults; }
const SimulatedLog::Counters& SimulatedLog::counters() const { return core_->counters; }
bool SimulatedLog::running() const { return core_->running; }
const std::vector<Entry>& SimulatedLog::Entries(ShardId shard) const { return core_->shards.at(shard).entries; }

void SimulatedLog::Crash(Unsynced unsynced) {
  core_->running = false;
  ++core_->epoch;
  if (unsynced == Unsynced::kKept) return;
  for (auto& [id, shard] : core_->shards) core_->Forget(&shard);
  for (const auto& connection : core_->connections) {
    const auto state = connection.lock();
    if (state == nullptr) continue;
    for (auto& [id, arrived] : state->arrived) arrived = std::min(arrived, core_->shards.at(id).end);
  }
}

void SimulatedLog::Restart() {
  core_->running = true;
  for (const auto& connection : core_->connections) {
    if (const auto state = connection.lock()) core_->ArriveAll(state);
  }
  core_->LandKept();
}

SimulatedConnection::SimulatedConnection(std::shared_ptr<State> state) : state_(std::move(state)) {}
SimulatedConnection::~SimulatedConnection() { Close(); }

const LogInfo& SimulatedConnection::info() const { return state_->core->info; }

void SimulatedConnection::AppendClaim(ShardId shard, std::string record, std::function<void(AppendOutcome)> done) {
  std::vector<std::string> records;
  records.push_back(std::move(record));
  Append(shard, std::move(records), std::move(done));
}

void SimulatedConnection::Append(ShardId shard, std::vector<std::string> records,
                                 std::function<void(AppendOutcome)> done) {
  state_->core->Send(state_, shard, std::move(records), std::move(done));
}

namespace {

class SimulatedReader : public Reader {
 public:
  explicit SimulatedReader(std::function<absl::Status(int, std::vector<Entry>*)> read) : read_(std::move(read)) {}
  absl::Status Read(int max_entries, std::vector<Entry>* out) override { return read_(max_entries, out); }

 private:
  const std::function<absl::Status(int, std::vector<Entry>*)> read_;
};

}  // namespace

std::unique_ptr<Reader> SimulatedConnection::Tail(ShardId shard, int64_t next_offset) {
  return std::make_unique<SimulatedReader>(
      [state = state_, shard, next = next_offset](int max_entries, std::vector<Entry>* out) mutable {
        return state->core->Read(*state, shard, &next, max_entries, out);
      });
}

void SimulatedConnection::EndOf(ShardId shard, std::function<void(absl::StatusOr<int64_t>)> done) {
  state_->core->EndOf(state_, shard, std::move(done));
}

std::shared_ptr<void> SimulatedConnection::OnAppend(ShardId shard, std::function<void()> wake) {
  return state_->wakers.Add(shard, std::move(wake));
}

void SimulatedConnection::Cut() { state_->cut = true; }

void SimulatedConnection::Mend() {
  state_->cut = false;
  state_->core->ArriveAll(state_);
  for (auto& send : std::exchange(state_->kept, {})) send();
}

void SimulatedConnection::Close() {
  state_->closed = true;
  state_->kept.clear();
}

void SimulatedConnection::Slow(Delay by) { state_->slow = by; }

}  // namespace redress::log
