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

Shard::Shard(Environment env)
    : env_(std::move(env)),
      tail_(&env_, this),
      ownership_(
          &env_, [this] { Wake(); }, alive_),
      writer_(
          &env_, [this] { Wake(); },
          [this](bool) {
            ownership_.Doubt();
            EndTerm();
          },
          alive_),
      reactor_(
          &env_, &writer_, [this] { Wake(); }, alive_),
      timers_(
          &env_, &writer_, [this] { Wake(); }, alive_),
      wake_pending_(std::make_shared<std::atomic<bool>>(false)) {
  UpdateStatus();
}

Shard::~Shard() {
  wakes_.clear();
  alive_.reset();
  const absl::Status closing =
      RetryLater(absl::StatusCode::kUnavailable, "CLOSING", "the service is stopping; ask again", 1000);
  writer_.FailAll(closing);
  for (Waiter& waiter : waiters_) waiter.done(closing);
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
    shard->ownership_.Assign(wanted);
    if (!wanted) {
      if (shard->in_term_) shard->EndTerm();
      shard->writer_.FailAll(shard->NotOwner());
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
  if ((tail_.log_unavailable() || reactor_.log_unavailable()) && !retry_set_) {
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
  bool progress = tail_.Step();
  if (tail_.TakeTimersChanged()) timers_.Changed();
  if (!tail_.stopped().ok() || !reactor_.stopped().ok()) {
    if (in_term_) {
      EndTerm();
      ownership_.Assign(false);
      writer_.FailAll(tail_.stopped().ok() ? reactor_.stopped() : tail_.stopped());
    }
    return false;
  }
  if (!caught_up_ && end_ >= 0 && tail_.state().next_offset >= end_) caught_up_ = true;
  progress |= ownership_.Step();
  BeginTermIfReady();
  if (in_term_) {
    progress |= timers_.Step();
    progress |= reactor_.Step();
    progress |= writer_.Step(tail_.state());
  }
  if (progress || !waiters_.empty()) SettleWaiters();
  return progress;
}

void Shard::BeginTermIfReady() {
  if (in_term_ || ownership_.state() != Ownership::State::kOwner) return;
  // A decision uses the register: its owner's view may not be behind what the shard has used before.
  if (env_.reference != nullptr && env_.reference->Version() < tail_.state().last_register_version) return;
  in_term_ = true;
  caught_up_ = true;  // its own claim is applied: nothing can prove more
  writer_.BeginTerm(ownership_.term());
  reactor_.BeginTerm();
  timers_.BeginTerm();
}

void Shard::EndTerm() {
  if (!in_term_) return;
  in_term_ = false;
  writer_.EndTerm();
  reactor_.EndTerm();
  timers_.EndTerm();
}

void Shard::OnClaim(int64_t offset, int64_t appended_at, const log::v1::Claim& claim) {
  ownership_.OnClaim(offset, appended_at, claim);
  EndTerm();
}

void Shard::OnRecord(int64_t offset, log::Verdict verdict, int64_t fence, int64_t seq) {
  writer_.OnRecord(offset + 1, verdict, fence, seq);
}

absl::Status Shard::NotOwner() const {
  return RetryLater(absl::StatusCode::kUnavailable, "NOT_OWNER",
                    absl::StrCat(log::ToString(env_.id), " is owned elsewhere"), 200,
                    {{"owner", tail_.last_claim().owner()}, {"address", tail_.last_claim().address()}});
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
    if (!shard->tail_.stopped().ok()) return answer(shard->tail_.stopped());
    if (shard->ownership_.wanted()) {
      shard->writer_.Enqueue(std::move(order), std::move(answer));
      return shard->Wake();
    }
    const std::string& address = shard->tail_.last_claim().address();
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
  if (waiter.own) return tail_.state().next_offset >= waiter.next;
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
      reactor_.CoverNow();
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
        auto replayed = shard->reactor_.Replay(row);
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
      for (Item& item : items) shard->writer_.EnqueueMachine(std::move(item));
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
  status.last_owner = tail_.last_claim().owner();
  status.state = tail_.state();
  status.claims = tail_.claims();
  status.voids = tail_.voids();
  status.applied = tail_.applied();
  status.timers_fired = timers_.fired();
  status.queued = writer_.queued();
  status.queue_age_ms = writer_.queue_age();
  status.reactor_lag_ms = reactor_.lag();
  status.stopped = tail_.stopped().ok() ? reactor_.stopped() : tail_.stopped();
  MutexLock lock(mutex_);
  status_ = std::move(status);
}

}  // namespace redress::runtime
