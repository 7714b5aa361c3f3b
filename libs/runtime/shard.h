// One shard of one service in one instance: tail, ownership, writer, reactor and timers on one executor.
//
//            ┌────────── tail ──▶ projection ◀── reads
//   log ─────┤                       ▲
//            └─ inputs ─▶ reactor ─▶ writer ─▶ log        timers ─▶ writer
//
// Thread-safe where said; everything else happens on the executor.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/runtime/environment.h"
#include "libs/runtime/ownership.h"
#include "libs/runtime/reactor.h"
#include "libs/runtime/tail.h"
#include "libs/runtime/timers.h"
#include "libs/runtime/writer.h"
#include "libs/status/mutex.h"

namespace redress::runtime {

// A look at a shard, for status pages and metrics.
struct ShardStatus {
  log::ShardId id;
  bool owner = false;
  bool caught_up = false;
  std::string last_owner;  // by the last claim
  log::RuleState state;
  int64_t claims = 0;
  int64_t voids = 0;
  int64_t applied = 0;
  int64_t timers_fired = 0;
  size_t queued = 0;
  Millis queue_age_ms = 0;
  Millis reactor_lag_ms = 0;
  Millis tail_lag_ms = 0;
  size_t timers_due = 0;
  absl::Status stopped;  // or waiting for space: RESOURCE_EXHAUSTED
};

class Shard : private TailObserver {
 public:
  explicit Shard(Environment env);
  // On the executor, or after it has stopped. Answers what is open with UNAVAILABLE.
  ~Shard() override;

  // Thread-safe: begins to read and, when assigned, to own.
  void Start();
  void Assign(bool wanted);
  // Thread-safe. Decides `order` here, or forwards it once to the owner. UNAVAILABLE when nobody can be asked.
  // `forwarded`: it came from another instance, and is not sent on.
  void Execute(v1::Order order, bool forwarded, Done done);
  // Thread-safe. Calls back when the tail has applied everything below `next`; UNAVAILABLE after `timeout`.
  void WaitForOwn(int64_t next, Millis timeout, std::function<void(absl::Status)> done);
  // Thread-safe. The same for what the shard has consumed of an input it follows.
  void WaitForSource(log::ShardId input, int64_t next, Millis timeout, std::function<void(absl::Status)> done);
  // Thread-safe. The same for how far this process has read the register's stream.
  void WaitForRegister(int64_t next, Millis timeout, std::function<void(absl::Status)> done);
  // Thread-safe. Goes on from the rows of another database, e.g. a rebuilt one: what is in flight ends with
  // UNAVAILABLE, the shard is claimed again. `done` runs on the executor when nothing of the old database is used any
  // more.
  void Reopen(store::Database* database, std::function<void()> done);
  // Thread-safe. Replays or skips a parked input. `by` says who asks, and under which request id, which is not empty:
  // one that is known is answered as it was. NOT_FOUND when there is no input of that name; FAILED_PRECONDITION
  // (OLDER_PARKED) for the replay of one behind another; the decider's or the policy's error when it still cannot be
  // used: it stays parked then; UNAVAILABLE when the shard is not owned here, or not until the end.
  void Unpark(log::v1::InputSkipped name, bool replay, v1::Order by, Done done);
  // Thread-safe. Somebody found the rows in bad health: the shard stops, if it has not yet.
  void LookAtRows();
  // Thread-safe. Lets the logic work on the rows, piece by piece between other work.
  void Tend();
  // Thread-safe; as of the last step.
  ShardStatus Status() const;
  const log::ShardId& id() const { return env_.id; }
  // Thread-safe. Runs `work` on the executor while nothing of the shard runs.
  void Post(std::function<void(Shard*)> work);
  const log::RuleState& state() const { return machines_->tail.state(); }

 private:
  // What an operator's request was answered with; none while it is not recorded.
  std::optional<v1::Receipt> KnownUnpark(const v1::Order& by) const;
  // What a reopened shard begins anew.
  struct Machines {
    explicit Machines(Shard* shard);
    std::shared_ptr<int> alive = std::make_shared<int>(0);
    Tail tail;
    Ownership ownership;
    Writer writer;
    Reactor reactor;
    Timers timers;
  };
  struct Waiter {
    enum class Of { kOwn, kInput, kRegister };
    Of of = Of::kOwn;
    log::ShardId input;
    int64_t next = 0;
    std::function<void(absl::Status)> done;
    uint64_t number = 0;
  };

  void OnClaim(int64_t offset, int64_t appended_at, const log::v1::Claim& claim) override;
  void OnRecord(int64_t offset, log::Verdict verdict, int64_t fence, int64_t seq) override;
  void Wake();
  void Run();
  bool StepAll();
  void TryResume();
  void Pause();
  void BeginTermIfReady();
  void EndTerm();
  void LookForEnd();
  void SettleWaiters();
  bool Reached(const Waiter& waiter) const;
  void AddWaiter(Waiter waiter, Millis timeout);
  void UpdateStatus();
  absl::Status NotOwner() const;
  // Why nothing goes on: for good, or (RESOURCE_EXHAUSTED) until there is space.
  absl::Status Stopped() const;
  absl::Status Unusable() const;

  Environment env_;
  std::shared_ptr<InputNews> news_;  // set by the log's threads
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  std::unique_ptr<Machines> machines_;
  std::vector<std::shared_ptr<void>> wakes_;
  bool scheduled_ = false;
  bool retry_set_ = false;
  bool damage_told_ = false;
  Millis resume_at_ = 0;  // monotonic: no attempt to get over a full disk before
  bool wanted_ = false;   // by whoever assigns shards, also while this one cannot go on
  bool in_term_ = false;
  bool started_ = false;
  bool caught_up_ = false;
  bool end_asked_ = false;
  int64_t end_ = -1;
  std::vector<Waiter> waiters_;
  uint64_t next_waiter_ = 0;
  mutable Mutex mutex_;
  ShardStatus status_ ABSL_GUARDED_BY(mutex_);
  // Seen by the log's threads.
  std::shared_ptr<std::atomic<bool>> wake_pending_;
  std::shared_ptr<std::atomic<bool>> reacting_;
};

}  // namespace redress::runtime
