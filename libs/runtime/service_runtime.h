// All shards of one service in one instance, and the two things its handlers need: Execute an order, Read at a
// position.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/runtime/environment.h"
#include "libs/runtime/shard.h"
#include "redress/types/v1/position.pb.h"

namespace redress::runtime {

// How long a read waits for a position.
inline constexpr Millis kReadPatience = 5 * kSecond;

struct ServiceOptions {
  std::string instance;
  std::string address;
  log::Log* log = nullptr;
  // Outlives the service; shared by services on one log. Null: the service has its own.
  JudgedEntries* judged = nullptr;
  // Shards are dealt out over these strands. They outlive the service.
  std::vector<Executor*> executors;
  const Clock* clock = nullptr;
  IdSource* ids = nullptr;
  std::shared_ptr<store::Database> database;
  Logic* logic = nullptr;
  ReferenceSource* reference = nullptr;
  Forwarder* forwarder = nullptr;
  Faults* faults = nullptr;
  // Shared by the services of a process; outlives them. Null: reactions yield in batches alone.
  Callers* callers = nullptr;
  QueueLimits limits;
  Millis position_after = kPositionAfter;
  // Called, on any strand and perhaps by several shards, when the rows turn out damaged: whoever keeps them marks them
  // to be made anew at the next start. Nothing is served from them any more.
  std::function<void(const absl::Status&)> on_damage;
};

// Thread-safe.
class ServiceRuntime {
 public:
  explicit ServiceRuntime(ServiceOptions options);
  // Its executors must have stopped, or run nothing of it any more.
  ~ServiceRuntime();

  // Begins to read all shards; owns those assigned.
  void Start();
  // Which shards this instance should own (a hint); standalone: all.
  void Assign(const std::vector<bool>& wanted);
  void AssignAll();
  // Thread-safe. Lets the logic work on what follows from no record (Logic::Tend); to be called now and then.
  void Tend();

  // Decides `order` on its shard's owner. `done` runs on a strand of the service or of the forwarder.
  void Execute(v1::Order order, Done done);
  void ExecuteForwarded(v1::Order order, Done done);

  // Calls back with one instant of all rows, at which everything up to `position` (if any) is in: of the service's own
  // stream, of one it follows, or of the register. FAILED_PRECONDITION (ANOTHER_LOG) for a position of another log;
  // INVALID_ARGUMENT for one of a stream it does not follow; UNAVAILABLE after kReadPatience; Health's error when the
  // rows cannot be trusted.
  void Read(const std::optional<types::v1::Position>& position,
            std::function<void(absl::StatusOr<std::shared_ptr<const store::Rows>>)> done);
  // OK, or why the rows cannot be read: DATA_LOSS when they are damaged. Lack of space does not keep anybody from
  // reading. Who read something asks again before it leaves: the read itself may have met the damage.
  absl::Status Health() const;
  // Goes over to another database that holds the same projection (a rebuilt one): every shard ends its term, reads on
  // from the rule states there, and claims again. `done` runs when nothing of the old one is used any more, snapshots
  // apart.
  void Reopen(std::shared_ptr<store::Database> database, std::function<void()> done);
  // What is there now, without waiting.
  std::shared_ptr<const store::Rows> ReadNow() const;

  const log::LogInfo& info() const { return options_.log->info(); }
  log::Stream stream() const { return options_.logic->stream(); }
  // The same as long as this lives, while it closes too.
  uint32_t shard_count() const { return info().ShardsOf(stream()); }
  Shard& shard(uint32_t number) { return *shards_[number]; }
  std::shared_ptr<store::Database> database() const;
  Logic& logic() const { return *options_.logic; }
  const Clock& clock() const { return *options_.clock; }
  log::Log& log() const { return *options_.log; }
  ReferenceSource* reference() const { return options_.reference; }
  // True when every shard has caught up with the end asked for at start, and none has stopped.
  bool Ready() const;
  std::vector<ShardStatus> Status() const;

 private:
  absl::Status CheckPosition(const types::v1::Position& position, log::ShardId* id) const;

  ServiceOptions options_;  // constant once built; without the database, which may be exchanged
  JudgedEntries own_judged_;
  mutable Mutex mutex_;
  std::shared_ptr<store::Database> database_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace redress::runtime
