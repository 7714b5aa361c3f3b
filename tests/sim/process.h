// One process of the simulated system: a Node on ports that can be taken away from it at any instruction.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "libs/clock/fake_clock.h"
#include "libs/log/simulated/simulated_log.h"
#include "libs/privacy/in_memory_key_rows.h"
#include "libs/privacy/made_ahead_key_store.h"
#include "libs/privacy/read_audit.h"
#include "libs/rpc/local_client.h"
#include "services/standalone/node.h"
#include "tests/sim/coverage.h"
#include "tests/sim/disk.h"

namespace redress::sim {

// The clock of one machine: off by a little, drifting until it is put right each hour, and stepped now and then.
// Durations are everybody's.
class SkewedClock : public Clock {
 public:
  // `drift`: milliseconds an hour.
  SkewedClock(const Clock* world, Millis off, Millis drift) : world_(world), off_(off), drift_(drift) {}
  Millis Now() const override { return world_->Now() + off_ + drift_ * (world_->Monotonic() % kHour) / kHour; }
  Millis Monotonic() const override { return world_->Monotonic(); }
  void SetOff(Millis off) { off_ = off; }

 private:
  const Clock* world_;
  Millis off_;
  const Millis drift_;
};

// Runs nothing for a process that is dead, and keeps what comes for one that is frozen.
class ProcessExecutor : public Executor {
 public:
  explicit ProcessExecutor(Executor* world) : world_(world), state_(std::make_shared<State>()) {}
  ~ProcessExecutor() override {
    Kill();
    Drop();
  }
  void Post(std::function<void()> work) override { PostTo(state_, world_, 0, std::move(work)); }
  void PostAfter(Millis delay, std::function<void()> work) override { PostTo(state_, world_, delay, std::move(work)); }
  bool frozen() const { return state_->frozen > 0; }
  // Each Freeze needs a Thaw.
  void Freeze() { ++state_->frozen; }
  void Thaw() { Thaw(state_, world_); }
  // As a write that takes long: nothing else runs meanwhile.
  void Stall(Millis duration) {
    ++state_->frozen;
    world_->PostAfter(duration, [state = state_, world = world_] { Thaw(state, world); });
  }
  void Kill() { state_->dead = true; }
  // What a dead process had still to do is forgotten: before what it would have done it with is gone.
  void Drop() {
    const auto waiting = std::exchange(state_->waiting, {});
    const auto backlog = std::exchange(state_->backlog, {});
  }
  bool dead() const { return state_->dead; }
  // Posts work as long as the process lives; may outlive it.
  std::function<void(std::function<void()>)> Poster() const {
    return [world = world_, state = state_](std::function<void()> work) { PostTo(state, world, 0, std::move(work)); };
  }

 private:
  struct State {
    bool dead = false;
    int frozen = 0;
    uint64_t next = 0;
    std::map<uint64_t, std::function<void()>> waiting;
    std::deque<std::function<void()>> backlog;
  };
  static void PostTo(const std::shared_ptr<State>& state, Executor* world, Millis delay, std::function<void()> work) {
    if (state->dead) return;
    const uint64_t number = state->next++;
    state->waiting.emplace(number, std::move(work));
    world->PostAfter(delay, [state, number] { Run(state, number); });
  }
  static void Run(const std::shared_ptr<State>& state, uint64_t number) {
    if (state->dead) return;
    auto work = std::move(state->waiting.extract(number).mapped());
    if (state->frozen > 0) {
      state->backlog.push_back(std::move(work));
    } else {
      work();
    }
  }
  static void Thaw(const std::shared_ptr<State>& state, Executor* world) {
    if (state->frozen == 0 || --state->frozen > 0) return;
    for (auto& work : std::exchange(state->backlog, {})) PostTo(state, world, 0, std::move(work));
  }

  Executor* world_;
  std::shared_ptr<State> state_;
};

// The disks of a process: they outlive it, less what was not synced.
struct Disks {
  std::map<log::Stream, std::shared_ptr<Disk>> rows;
  // Whether new ones are in RocksDB.
  bool rocks = false;
  // Found damaged, and noted so: made anew at the next start.
  std::set<log::Stream> damaged;
};

// A process's line to the others: answers that come when it is dead reach nobody.
class MortalForwarder : public runtime::Forwarder {
 public:
  MortalForwarder(runtime::Forwarder* network, const ProcessExecutor* executor)
      : network_(network), post_(executor->Poster()) {}
  void Execute(const std::string& address, const runtime::v1::Order& order,
               std::function<void(absl::StatusOr<runtime::v1::Receipt>)> done) override {
    network_->Execute(address, order,
                      [post = post_, done = std::move(done)](absl::StatusOr<runtime::v1::Receipt> receipt) {
                        post([done, receipt = std::move(receipt)] { done(receipt); });
                      });
  }

 private:
  runtime::Forwarder* network_;
  std::function<void(std::function<void()>)> post_;
};

// Reason of what Health says of damaged rows.
inline constexpr const char* kDamaged = "PROJECTION_CORRUPT";

// Takes nothing in from a process that is dead; runs full, slow, and into what cannot be read.
class MortalDatabase : public store::Database {
 public:
  MortalDatabase(std::shared_ptr<store::Database> disk, ProcessExecutor* life) : disk_(std::move(disk)), life_(life) {}
  // No space until told otherwise.
  void SetFull(bool full) { full_ = full; }
  // Each commit takes up to so long.
  void SetSlow(Millis most) { slow_ = most; }
  // The `reads`-th read from now fails, and from then on all of some keys: they find nothing, and the rows are damaged
  // for good. 0: none, if none has failed yet.
  void Damage(int reads) { reads_left_ = reads; }

  std::optional<std::string> Get(absl::string_view key) const override {
    return Fails(key) ? std::nullopt : disk_->Get(key);
  }
  void Scan(absl::string_view from, absl::string_view to, Visitor visit) const override {
    if (!Fails(from)) disk_->Scan(from, to, visit);
  }
  void ScanBack(absl::string_view from, absl::string_view to, Visitor visit) const override {
    if (!Fails(to)) disk_->ScanBack(from, to, visit);
  }
  absl::Status Commit(const store::Writes& writes) override;
  std::unique_ptr<store::Rows> Snapshot() const override { return disk_->Snapshot(); }
  absl::Status Health() const override { return health_; }
  absl::Status Resume() override;
  absl::Status Checkpoint(const std::string& dir) const override { return disk_->Checkpoint(dir); }
  uint64_t SizeBytes() const override { return disk_->SizeBytes(); }

 private:
  bool Fails(absl::string_view key) const;

  std::shared_ptr<store::Database> disk_;
  ProcessExecutor* life_;
  bool full_ = false;
  Millis slow_ = 0;
  int commits_ = 0;
  mutable int reads_left_ = 0;
  mutable absl::Status health_;
};

// Ends the process at the n-th passing of a fault point.
class ArmedFaults : public runtime::Faults {
 public:
  // `believable`: whether the rows of a stream are not damaged.
  ArmedFaults(std::function<void()> die, std::function<bool(const std::string& stream)> believable,
              std::set<std::string>* hit, std::set<StateAndCommand>* met)
      : die_(std::move(die)), believable_(std::move(believable)), hit_(hit), met_(met) {}
  void Arm(std::string point, int passings) {
    point_ = std::move(point);
    left_ = passings;
  }
  bool Hit(absl::string_view point) override {
    if (dead_) return true;
    if (left_ == 0 || point != point_ || --left_ > 0) return false;
    dead_ = true;
    hit_->insert(point_);
    die_();
    return true;
  }
  // At the n-th decision from now, before anything is read for it; 0: never.
  void ArmDecision(int decisions, std::function<void()> work) {
    decisions_left_ = decisions;
    at_decision_ = std::move(work);
  }
  void Deciding(const store::Rows& rows, const runtime::v1::Order& order) override {
    std::set<StateAndCommand> pairs = Meeting(rows, order);
    // What damaged rows say is no state.
    if (believable_(order.stream())) met_->merge(std::move(pairs));
    if (decisions_left_ > 0 && --decisions_left_ == 0) std::exchange(at_decision_, nullptr)();
  }

 private:
  std::function<void()> die_;
  std::function<bool(const std::string& stream)> believable_;
  std::set<std::string>* hit_;
  std::set<StateAndCommand>* met_;
  std::string point_;
  int left_ = 0;
  bool dead_ = false;
  std::function<void()> at_decision_;
  int decisions_left_ = 0;
};

// What all processes share.
struct World {
  FakeClock* clock = nullptr;
  FakeExecutor* executor = nullptr;
  IdSource* ids = nullptr;
  log::SimulatedLog* log = nullptr;
  InMemoryKeyRows* key_rows = nullptr;
  InMemoryReadAudit* audit = nullptr;
  const Authenticator* authenticator = nullptr;
  runtime::Forwarder* forwarder = nullptr;
  std::set<std::string>* fault_points_hit = nullptr;
  std::set<StateAndCommand>* met = nullptr;
  runtime::QueueLimits limits;
};

class Process {
 public:
  // Starts at once. `services`: what it runs besides following the register. `on_death` is called in the middle of
  // whatever the process was doing: it may only note it.
  Process(const World& world, std::string name, std::vector<log::Stream> services, Disks* disks, Millis clock_off,
          Millis clock_drift, std::function<void()> on_death);
  ~Process();

  const std::string& name() const { return name_; }
  bool dead() const { return executor_.dead(); }
  // As kill -9: nothing it does from here on has an effect.
  void Kill();

  Node& node() { return *node_; }
  rpc::Client& client() { return *client_; }
  SkewedClock& clock() { return clock_; }
  ProcessExecutor& executor() { return executor_; }
  log::SimulatedConnection& connection() { return *connection_; }
  ArmedFaults& faults() { return faults_; }
  // Of each projection.
  const std::map<log::Stream, std::shared_ptr<MortalDatabase>>& databases() const { return databases_; }

 private:
  const std::string name_;
  SkewedClock clock_;
  ProcessExecutor executor_;
  ArmedFaults faults_;
  MortalForwarder forwarder_;
  std::unique_ptr<log::SimulatedConnection> connection_;
  std::unique_ptr<MadeAheadKeyStore> keys_;
  std::map<log::Stream, std::shared_ptr<MortalDatabase>> databases_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<rpc::LocalClient> client_;
};

}  // namespace redress::sim
