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
#include "libs/store/memory/memory_database.h"
#include "services/standalone/node.h"

namespace redress::sim {

// The clock of one machine: off by a little, and stepped now and then. Durations are everybody's.
class SkewedClock : public Clock {
 public:
  SkewedClock(const Clock* world, Millis off) : world_(world), off_(off) {}
  Millis Now() const override { return world_->Now() + off_; }
  Millis Monotonic() const override { return world_->Monotonic(); }
  void SetOff(Millis off) { off_ = off; }

 private:
  const Clock* world_;
  Millis off_;
};

// Runs nothing for a process that is dead, and keeps what comes for one that is frozen.
class ProcessExecutor : public Executor {
 public:
  explicit ProcessExecutor(Executor* world) : world_(world), state_(std::make_shared<State>()) {}
  ~ProcessExecutor() override { Kill(); }
  void Post(std::function<void()> work) override { PostAfter(0, std::move(work)); }
  void PostAfter(Millis delay, std::function<void()> work) override {
    world_->PostAfter(delay, [state = state_, work = std::move(work)]() mutable { Run(state, std::move(work)); });
  }
  void Freeze() { state_->frozen = true; }
  void Thaw() {
    state_->frozen = false;
    for (auto& work : std::exchange(state_->backlog, {})) Post(std::move(work));
  }
  void Kill() {
    state_->dead = true;
    state_->backlog.clear();
  }
  bool dead() const { return state_->dead; }
  // Posts work as long as the process lives; may outlive it.
  std::function<void(std::function<void()>)> Poster() const {
    return [world = world_, state = state_](std::function<void()> work) {
      world->Post([state, work = std::move(work)]() mutable { Run(state, std::move(work)); });
    };
  }

 private:
  struct State {
    bool dead = false;
    bool frozen = false;
    std::deque<std::function<void()>> backlog;
  };
  static void Run(const std::shared_ptr<State>& state, std::function<void()> work) {
    if (state->dead) return;
    if (state->frozen) {
      state->backlog.push_back(std::move(work));
    } else {
      work();
    }
  }

  Executor* world_;
  std::shared_ptr<State> state_;
};

// The disks of a process: they outlive it, less what was not synced.
struct Disks {
  std::map<log::Stream, std::shared_ptr<store::MemoryDatabase>> rows;
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

// Takes nothing in from a process that is dead.
class MortalDatabase : public store::Database {
 public:
  MortalDatabase(std::shared_ptr<store::MemoryDatabase> disk, const ProcessExecutor* life)
      : disk_(std::move(disk)), life_(life) {}
  std::optional<std::string> Get(absl::string_view key) const override { return disk_->Get(key); }
  void Scan(absl::string_view from, absl::string_view to, Visitor visit) const override {
    disk_->Scan(from, to, visit);
  }
  void ScanBack(absl::string_view from, absl::string_view to, Visitor visit) const override {
    disk_->ScanBack(from, to, visit);
  }
  absl::Status Commit(const store::Writes& writes) override {
    if (life_->dead()) return absl::UnavailableError("the process is dead");
    return disk_->Commit(writes);
  }
  std::unique_ptr<store::Rows> Snapshot() const override { return disk_->Snapshot(); }
  absl::Status Health() const override { return disk_->Health(); }
  absl::Status Checkpoint(const std::string& dir) const override { return disk_->Checkpoint(dir); }
  uint64_t SizeBytes() const override { return disk_->SizeBytes(); }

 private:
  std::shared_ptr<store::MemoryDatabase> disk_;
  const ProcessExecutor* life_;
};

// Ends the process at the n-th passing of a fault point.
class ArmedFaults : public runtime::Faults {
 public:
  ArmedFaults(std::function<void()> die, std::set<std::string>* hit) : die_(std::move(die)), hit_(hit) {}
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

 private:
  std::function<void()> die_;
  std::set<std::string>* hit_;
  std::string point_;
  int left_ = 0;
  bool dead_ = false;
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
};

class Process {
 public:
  // Starts at once. `services`: what it runs besides following the register. `on_death` is called in the middle of
  // whatever the process was doing: it may only note it.
  Process(const World& world, std::string name, std::vector<log::Stream> services, Disks* disks, Millis clock_off,
          std::function<void()> on_death);
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

 private:
  const std::string name_;
  SkewedClock clock_;
  ProcessExecutor executor_;
  ArmedFaults faults_;
  MortalForwarder forwarder_;
  std::unique_ptr<log::SimulatedConnection> connection_;
  std::unique_ptr<MadeAheadKeyStore> keys_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<rpc::LocalClient> client_;
};

}  // namespace redress::sim
