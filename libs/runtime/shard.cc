#include "libs/runtime/shard.h"

#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/runtime/rows.h"
#include "libs/status/errors.h"

namespace redress::runtime {
namespace {

// After so many steps others on the executor get their turn.
constexpr int kStepsPerTurn = 16;
constexpr Millis kRetryLog = 100;

}  // namespace

Shard::Machines::Machines(Shard* shard)
    : tail(&shard->env_, shard),
      ownership(
          &shard->env_, [shard] { shard->Wake(); }, alive),
      writer(
          &shard->env_, [shard] { shard->Wake(); },
          [shard](bool) {
            shard->machines_->ownership.Doubt();
            shard->EndTerm();
          },
          alive),
      reactor(
          &shard->env_, &writer, [shard] { shard->Wake(); }, alive),
      timers(
          &shard->env_, &writer, [shard] { shard->Wake(); }, alive) {}

Shard::Shard(Environment env)
    : env_(std::move(env)),
      machines_(std::make_unique<Machines>(this)),
      wake_pending_(std::make_shared<std::atomic<bool>>(false)) {
  UpdateStatus();
}

Shard::~Shard() {
  wakes_.clear();
  alive_.reset();
  const absl::Status closing =
      RetryLater(absl::StatusCode::kUnavailable, "CLOSING", "the service is stopping; ask again", 1000);
  machines_->writer.FailAll(closing);
  for (Waiter& waiter : waiters_) waiter.done(closing);
}

void Shard::Reopen(store::Database* database, std::function<void()> done) {
  Post([database, done = std::move(done)](Shard* shard) {
    const bool wanted = shard->machines_->ownership.wanted();
    shard->EndTerm();
    shard->machines_->writer.FailAll(
        RetryLater(absl::StatusCode::kUnavailable, "REOPENING", "the shard goes over to other rows; ask again", 200));
    shard->env_.database = database;
    shard->machines_ = nullptr;
    shard->machines_ = std::make_unique<Machines>(shard);
    shard->machines_->ownership.Assign(wanted);
    done();
    shard->Wake();
  });
}

void Shard::Post(std::function<void(Shard*)> work) {
  env_.executor->Post([this, alive = std::weak_ptr<void>(alive_), work = std::move(work)] {
    if (!alive.expired()) work(this);
  });
}

void Shard::Start() {
  Post([](Shard* shard) {
    if (shard->started_) return;
    shard->started_ = true;
    // Wake-ups come on the log's threads: they only post, and many of them post once.
    const auto wake = [weak = std::weak_ptr<void>(shard->alive_), executor = shard->env_.executor,
                       pending = shard->wake_pending_, shard] {
      if (pending->exchange(true)) return;
      executor->Post([weak, pending, shard] {
        pending->store(false);
        if (!weak.expired()) shard->Wake();
      });
    };
    shard->wakes_.push_back(shard->env_.log->OnAppend(shard->env_.id, wake));
    for (const log::ShardId& input : shard->env_.logic->Follows(shard->env_.shard(), shard->env_.shard_count)) {
      shard->wakes_.push_back(shard->env_.log->OnAppend(input, wake));
    }
    if (shard->env_.reference != nullptr) shard->wakes_.push_back(shard->env_.reference->OnChange(wake));
    shard->LookForEnd();
    shard->Wake();
  });
}

void Shard::Assign(bool wanted) {
  Post([wanted](Shard* shard) {
    shard->machines_->ownership.Assign(wanted);
    if (!wanted) {
      if (shard->in_term_) shard->EndTerm();
      shard->machines_->writer.FailAll(shard->NotOwner());
    }
    shard->Wake();
  });
}

void Shard::Wake() {
  if (scheduled_) return;
  scheduled_ = true;
  Post([](Shard* shard) {
    shard->scheduled_ = false;
    shard->Run();
  });
}

void Shard::Run() {
  if (!started_) return;
  bool progress = true;
  for (int i = 0; i < kStepsPerTurn && progress; ++i) progress = StepAll();
  if (progress) Wake();
  if ((machines_->tail.log_unavailable() || machines_->reactor.log_unavailable()) && !retry_set_) {
    retry_set_ = true;
    env_.executor->PostAfter(kRetryLog, [this, alive = std::weak_ptr<void>(alive_)] {
      if (alive.expired()) return;
      retry_set_ = false;
      Wake();
    });
  }
  UpdateStatus();
}

bool Shard::StepAll() {
  bool progress = machines_->tail.Step();
  if (machines_->tail.TakeTimersChanged()) machines_->timers.Changed();
  if (!Stopped().ok()) {
    if (in_term_) {
      EndTerm();
      machines_->ownership.Assign(false);
      machines_->writer.FailAll(Stopped());
    }
    return false;
  }
  if (!caught_up_ && end_ >= 0 && machines_->tail.state().next_offset >= end_) caught_up_ = true;
  progress |= machines_->ownership.Step();
  BeginTermIfReady();
  if (in_term_) {
    progress |= machines_->timers.Step();
    progress |= machines_->reactor.Step();
    progress |= machines_->writer.Step(machines_->tail.state());
  }
  if (progress || !waiters_.empty()) SettleWaiters();
  return progress;
}

void Shard::BeginTermIfReady() {
  if (in_term_ || machines_->ownership.state() != Ownership::State::kOwner) return;
  // A decision uses the register: its owner's view may not be behind what the shard has used before.
  if (env_.reference != nullptr && env_.reference->Version() < machines_->tail.state().last_register_version) return;
  in_term_ = true;
  caught_up_ = true;  // its own claim is applied: nothing can prove more
  machines_->writer.BeginTerm(machines_->ownership.term());
  machines_->reactor.BeginTerm();
  machines_->timers.BeginTerm();
}

void Shard::EndTerm() {
  if (!in_term_) return;
  in_term_ = false;
  machines_->writer.EndTerm();
  machines_->reactor.EndTerm();
  machines_->timers.EndTerm();
}

void Shard::OnClaim(int64_t offset, int64_t appended_at, const log::v1::Claim& claim) {
  machines_->ownership.OnClaim(offset, appended_at, claim);
  EndTerm();
}

void Shard::OnRecord(int64_t offset, log::Verdict verdict, int64_t fence, int64_t seq) {
  machines_->writer.OnRecord(offset + 1, verdict, fence, seq);
}

absl::Status Shard::Stopped() const {
  return machines_->tail.stopped().ok() ? machines_->reactor.stopped() : machines_->tail.stopped();
}

absl::Status Shard::NotOwner() const {
  return RetryLater(
      absl::StatusCode::kUnavailable, "NOT_OWNER", absl::StrCat(log::ToString(env_.id), " is owned elsewhere"), 200,
      {{"owner", machines_->tail.last_claim().owner()}, {"address", machines_->tail.last_claim().address()}});
}

void Shard::Execute(v1::Order order, bool forwarded, Done done) {
  // The runtime may be torn down with the order still on its way to the executor: it is answered all the same.
  struct Pending {
    Done done;
    ~Pending() {
      if (done) done(RetryLater(absl::StatusCode::kUnavailable, "CLOSING", "the service is stopping; ask again", 1000));
    }
  };
  auto pending = std::make_shared<Pending>();
  pending->done = std::move(done);
  Post([order = std::move(order), forwarded, pending](Shard* shard) mutable {
    Done answer = std::exchange(pending->done, nullptr);
    if (!shard->Stopped().ok()) return answer(shard->Stopped());
    if (shard->machines_->ownership.wanted()) {
      shard->machines_->writer.Enqueue(std::move(order), std::move(answer));
      return shard->Wake();
    }
    const std::string& address = shard->machines_->tail.last_claim().address();
    if (forwarded || shard->env_.forwarder == nullptr || address.empty() || address == shard->env_.address) {
      return answer(shard->NotOwner());
    }
    shard->env_.forwarder->Execute(address, order, std::move(answer));
  });
}

void Shard::LookForEnd() {
  if (end_asked_) return;
  end_asked_ = true;
  env_.log->EndOf(env_.id,
                  [this, alive = std::weak_ptr<void>(alive_), executor = env_.executor](absl::StatusOr<int64_t> end) {
                    executor->Post([this, alive, end] {
                      if (alive.expired()) return;
                      end_asked_ = false;
                      if (end.ok()) {
                        end_ = *end;
                        Wake();
                      } else {
                        env_.executor->PostAfter(kRetryLog, [this, alive] {
                          if (!alive.expired()) LookForEnd();
                        });
                      }
                    });
                  });
}

bool Shard::Reached(const Waiter& waiter) const {
  if (waiter.own) return machines_->tail.state().next_offset >= waiter.next;
  return LoadSource(*env_.database, env_.shard(), waiter.input).next_offset >= waiter.next;
}

void Shard::SettleWaiters() {
  std::vector<Waiter> reached;
  std::erase_if(waiters_, [&](Waiter& waiter) {
    if (!Reached(waiter)) return false;
    reached.push_back(std::move(waiter));
    return true;
  });
  for (Waiter& waiter : reached) waiter.done(absl::OkStatus());
  // Whoever still waits for an input may wait for inputs without effect: those are covered on demand.
  for (const Waiter& waiter : waiters_) {
    if (!waiter.own) {
      machines_->reactor.CoverNow();
      break;
    }
  }
}

void Shard::AddWaiter(Waiter waiter, Millis timeout) {
  if (Reached(waiter)) return waiter.done(absl::OkStatus());
  waiter.number = next_waiter_++;
  const uint64_t number = waiter.number;
  waiters_.push_back(std::move(waiter));
  env_.executor->PostAfter(timeout, [this, alive = std::weak_ptr<void>(alive_), number] {
    if (alive.expired()) return;
    for (auto it = waiters_.begin(); it != waiters_.end(); ++it) {
      if (it->number != number) continue;
      auto done = std::move(it->done);
      waiters_.erase(it);
      return done(RetryLater(absl::StatusCode::kUnavailable, "NOT_THERE_YET",
                             absl::StrCat(log::ToString(env_.id), " has not reached the position asked for"), 500));
    }
  });
  Wake();
}

void Shard::WaitForOwn(int64_t next, Millis timeout, std::function<void(absl::Status)> done) {
  Post([next, timeout, done = std::move(done)](Shard* shard) {
    shard->AddWaiter({.own = true, .input = {}, .next = next, .done = done}, timeout);
  });
}

void Shard::WaitForSource(log::ShardId input, int64_t next, Millis timeout, std::function<void(absl::Status)> done) {
  Post([input, next, timeout, done = std::move(done)](Shard* shard) {
    shard->AddWaiter({.own = false, .input = input, .next = next, .done = done}, timeout);
    shard->SettleWaiters();
  });
}

void Shard::Unpark(log::v1::InputSkipped name, bool replay, std::function<void(absl::Status)> done) {
  Post([name = std::move(name), replay, done = std::move(done)](Shard* shard) {
    if (!shard->in_term_) return done(shard->NotOwner());
    for (const v1::ParkedRow& row : ListParked(*shard->env_.database, shard->env_.shard())) {
      if (row.input().stream() != name.stream() || row.input().aggregate() != name.aggregate() ||
          row.input().version() != name.version()) {
        continue;
      }
      std::vector<Item> items;
      if (replay) {
        auto replayed = shard->machines_->reactor.Replay(row);
        if (!replayed.ok()) return done(replayed.status());
        items = *std::move(replayed);
      } else {
        log::v1::RuntimeEvent event;
        *event.mutable_input_skipped() = name;
        Item item;
        item.ready_events = {
            {absl::StrCat("inputs/", name.stream(), "/", name.aggregate()), event.SerializeAsString()}};
        items.push_back(std::move(item));
      }
      items.back().settled = [done](bool) { done(absl::OkStatus()); };
      for (Item& item : items) shard->machines_->writer.EnqueueMachine(std::move(item));
      return shard->Wake();
    }
    done(MakeError(absl::StatusCode::kNotFound, "NOT_PARKED",
                   absl::StrCat(name.stream(), " ", name.aggregate(), " version ", name.version(), " is not parked")));
  });
}

ShardStatus Shard::Status() const {
  MutexLock lock(mutex_);
  return status_;
}

void Shard::UpdateStatus() {
  ShardStatus status;
  status.id = env_.id;
  status.owner = in_term_;
  status.caught_up = caught_up_;
  status.last_owner = machines_->tail.last_claim().owner();
  status.state = machines_->tail.state();
  status.claims = machines_->tail.claims();
  status.voids = machines_->tail.voids();
  status.applied = machines_->tail.applied();
  status.timers_fired = machines_->timers.fired();
  status.queued = machines_->writer.queued();
  status.queue_age_ms = machines_->writer.queue_age();
  status.reactor_lag_ms = machines_->reactor.lag();
  status.stopped = Stopped();
  MutexLock lock(mutex_);
  status_ = std::move(status);
}

}  // namespace redress::runtime
