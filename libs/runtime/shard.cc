#include "libs/runtime/shard.h"

#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/runtime/fold.h"
#include "libs/runtime/rows.h"
#include "libs/status/errors.h"

namespace redress::runtime {
namespace {

// After so many steps others on the executor get their turn.
constexpr int kStepsPerTurn = 16;
constexpr Millis kRetryLog = 100;
constexpr Millis kRetrySpace = kSecond;

}  // namespace

Shard::Machines::Machines(Shard* shard)
    : tail(&shard->env_, shard),
      ownership(
          &shard->env_, [shard] { shard->Wake(); }, alive),
      writer(
          &shard->env_, [shard] { shard->Wake(); },
          [shard](bool refused) {
            shard->machines_->ownership.Doubt(refused);
            shard->EndTerm();
          },
          alive),
      reactor(
          &shard->env_, &writer, shard->news_, [shard] { shard->Wake(); }, alive),
      timers(
          &shard->env_, &writer, [shard] { shard->Wake(); }, alive) {}

Shard::Shard(Environment env)
    : env_(std::move(env)),
      news_(std::make_shared<InputNews>(env_.logic->Follows(env_.shard(), env_.shard_count).size())),
      machines_(std::make_unique<Machines>(this)),
      wake_pending_(std::make_shared<std::atomic<bool>>(false)),
      reacting_(std::make_shared<std::atomic<bool>>(false)) {
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
    shard->EndTerm();
    shard->machines_->writer.FailAll(
        RetryLater(absl::StatusCode::kUnavailable, "REOPENING", "the shard goes over to other rows; ask again", 200));
    shard->env_.database = database;
    shard->machines_ = nullptr;
    shard->machines_ = std::make_unique<Machines>(shard);
    shard->machines_->ownership.Assign(shard->wanted_);
    shard->damage_told_ = false;
    done();
    shard->Wake();
  });
}

void Shard::Tend() {
  Post([](Shard* shard) {
    if (shard->started_ && shard->machines_->tail.Tend()) shard->Tend();
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
    // Inputs are read in a term alone, and from its beginning: what comes before need wake nobody.
    size_t number = 0;
    for (const log::ShardId& input : shard->env_.logic->Follows(shard->env_.shard(), shard->env_.shard_count)) {
      const auto wake_owner = [wake, reacting = shard->reacting_, news = shard->news_, number] {
        if (news->Set(number) && reacting->load()) wake();
      };
      shard->wakes_.push_back(shard->env_.log->OnAppend(input, wake_owner));
      ++number;
    }
    if (shard->env_.reference != nullptr) shard->wakes_.push_back(shard->env_.reference->OnChange(wake));
    shard->LookForEnd();
    shard->Wake();
  });
}

void Shard::Assign(bool wanted) {
  Post([wanted](Shard* shard) {
    shard->wanted_ = wanted;
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
  const bool full = absl::IsResourceExhausted(env_.database->Health());
  if ((full || machines_->tail.log_unavailable() || machines_->reactor.log_unavailable()) && !retry_set_) {
    retry_set_ = true;
    env_.executor->PostAfter(full ? kRetrySpace : kRetryLog, [this, alive = std::weak_ptr<void>(alive_)] {
      if (alive.expired()) return;
      retry_set_ = false;
      Wake();
    });
  }
  UpdateStatus();
}

void Shard::TryResume() {
  const Millis now = env_.clock->Monotonic();
  if (!absl::IsResourceExhausted(env_.database->Health()) || now < resume_at_) return;
  resume_at_ = now + kRetrySpace;
  env_.database->Resume().IgnoreError();
}

// Nothing is decided while it lasts. Lack of space passes: the shard is claimed again then, by whoever wants it.
void Shard::Pause() {
  const absl::Status stopped = Stopped();
  if (!absl::IsResourceExhausted(stopped)) {
    machines_->ownership.Assign(false);
  } else if (in_term_) {
    machines_->ownership.Doubt(/*refused=*/false);
  }
  EndTerm();
  machines_->writer.FailAll(stopped);
  if (absl::IsDataLoss(env_.database->Health()) && !std::exchange(damage_told_, true) && env_.on_damage) {
    env_.on_damage(env_.database->Health());
  }
}

bool Shard::StepAll() {
  TryResume();
  bool progress = machines_->tail.Step();
  const RuntimeChanges changes = machines_->tail.TakeChanges();
  if (changes.timers) machines_->timers.Changed(changes.earliest_set);
  if (changes.parked) machines_->writer.ParkedChanged();
  if (!Stopped().ok()) {
    Pause();
    return false;
  }
  if (!caught_up_ && end_ >= 0 && machines_->tail.state().next_offset >= end_) caught_up_ = true;
  if (const absl::Status unusable = Unusable(); !unusable.ok()) {
    if (in_term_) machines_->ownership.Doubt(/*refused=*/false);
    EndTerm();
    machines_->writer.FailAll(unusable);
  } else {
    progress |= machines_->ownership.Step();
    BeginTermIfReady();
  }
  if (machines_->ownership.log_full()) machines_->writer.RefuseQueued();
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
  // A decision uses the register: its owner's view may not be behind what the shard has used before, nor empty.
  if (env_.reference != nullptr) {
    const ReferenceLook look = env_.reference->Look();
    if (!look.complete || look.version < machines_->tail.state().last_register_version) return;
  }
  in_term_ = true;
  reacting_->store(true);  // before the first look at the inputs
  caught_up_ = true;       // its own claim is applied: nothing can prove more
  machines_->writer.BeginTerm(machines_->ownership.term());
  machines_->reactor.BeginTerm();
  machines_->timers.BeginTerm();
}

void Shard::EndTerm() {
  if (!in_term_) return;
  in_term_ = false;
  reacting_->store(false);
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
  if (!machines_->tail.stopped().ok()) return machines_->tail.stopped();
  if (!machines_->reactor.stopped().ok()) return machines_->reactor.stopped();
  const absl::Status health = env_.database->Health();
  return health.ok() ? health : Annotate(health, log::ToString(env_.id));
}

absl::Status Shard::Unusable() const {
  if (env_.reference == nullptr) return absl::OkStatus();
  const absl::Status usable = env_.reference->Usable();
  if (usable.ok()) return usable;
  return RetryLater(absl::StatusCode::kUnavailable, "REGISTER_UNUSABLE", usable.message(), 1000);
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
    if (const absl::Status stopped = shard->Stopped(); !stopped.ok()) {
      shard->Wake();
      return answer(stopped);
    }
    if (shard->machines_->ownership.wanted()) {
      if (const absl::Status unusable = shard->Unusable(); !unusable.ok()) return answer(unusable);
      if (shard->machines_->ownership.log_full()) return answer(shard->machines_->writer.LogFull());
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
  if (waiter.of == Waiter::Of::kOwn) return machines_->tail.state().next_offset >= waiter.next;
  if (waiter.of == Waiter::Of::kRegister) return env_.reference->Position() >= waiter.next;
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
    if (waiter.of == Waiter::Of::kInput) {
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
    shard->AddWaiter({.of = Waiter::Of::kOwn, .input = {}, .next = next, .done = done}, timeout);
  });
}

void Shard::WaitForSource(log::ShardId input, int64_t next, Millis timeout, std::function<void(absl::Status)> done) {
  Post([input, next, timeout, done = std::move(done)](Shard* shard) {
    shard->AddWaiter({.of = Waiter::Of::kInput, .input = input, .next = next, .done = done}, timeout);
    shard->SettleWaiters();
  });
}

void Shard::WaitForRegister(int64_t next, Millis timeout, std::function<void(absl::Status)> done) {
  Post([next, timeout, done = std::move(done)](Shard* shard) {
    shard->AddWaiter({.of = Waiter::Of::kRegister, .input = {}, .next = next, .done = done}, timeout);
  });
}

std::optional<v1::Receipt> Shard::KnownUnpark(const v1::Order& by) const {
  const auto row = FindRequest(*env_.database, env_.shard(), by.caller_scope(), by.request_id());
  if (!row.has_value()) return std::nullopt;
  v1::Receipt receipt;
  auto* position = receipt.mutable_position();
  position->set_log_id(env_.log->info().log_id);
  position->set_stream(std::string(log::StreamName(env_.id.stream)));
  position->set_shard(env_.id.shard);
  position->set_next(row->next());
  FillReceipt(*row, &receipt);
  receipt.set_known(true);
  return receipt;
}

void Shard::Unpark(log::v1::InputSkipped name, bool replay, v1::Order by, Done done) {
  Post([name = std::move(name), replay, by = std::move(by), done = std::move(done)](Shard* shard) {
    if (!shard->in_term_) return done(shard->NotOwner());
    if (auto known = shard->KnownUnpark(by)) return done(*std::move(known));
    for (const v1::ParkedRow& row : ListParked(*shard->env_.database, shard->env_.shard())) {
      if (row.input().stream() != name.stream() || row.input().aggregate() != name.aggregate() ||
          row.input().version() != name.version()) {
        continue;
      }
      auto unparking = std::make_shared<Unparking>();
      unparking->name = name;
      std::vector<Item> items;
      if (replay) {
        const int64_t oldest =
            OldestParked(*shard->env_.database, shard->env_.shard(), name.stream(), name.aggregate()).value_or(0);
        if (oldest < name.version()) {
          return done(MakeError(absl::StatusCode::kFailedPrecondition, "OLDER_PARKED",
                                absl::StrCat(name.stream(), " ", name.aggregate(), " version ", oldest,
                                             " is parked before it; replay or skip that first"),
                                {{"version", absl::StrCat(oldest)}}));
        }
        auto replayed = shard->machines_->reactor.Replay(row, unparking);
        if (!replayed.ok()) return done(replayed.status());
        items = *std::move(replayed);
      } else {
        log::v1::RuntimeEvent event;
        *event.mutable_input_skipped() = name;
        Item item;
        item.unparking = unparking;
        item.ready_events = {
            {absl::StrCat(kInputsPrefix, name.stream(), "/", name.aggregate()), event.SerializeAsString()}};
        items.push_back(std::move(item));
      }
      // Recorded with the last, which is what makes the input used.
      items.back().order = by;
      items.back().settled = [shard, by, done, unparking](bool recorded) {
        // If not by this one, then by another of the same request that was under way.
        auto receipt = shard->KnownUnpark(by);
        if (!receipt.has_value()) return done(unparking->status);
        receipt->set_known(!recorded);
        done(*std::move(receipt));
      };
      items.back().ended = done;
      for (Item& item : items) shard->machines_->writer.EnqueueMachine(std::move(item));
      return shard->Wake();
    }
    done(NotParked(name));
  });
}

void Shard::LookAtRows() {
  Post([](Shard* shard) { shard->Wake(); });
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
  status.tail_lag_ms = machines_->tail.lag();
  status.timers_due = machines_->timers.due();
  status.stopped = Stopped();
  MutexLock lock(mutex_);
  status_ = std::move(status);
}

}  // namespace redress::runtime
