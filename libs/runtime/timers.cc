#include "libs/runtime/timers.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/runtime/rows.h"

namespace redress::runtime {
namespace {

constexpr size_t kFirePerStep = 64;
// The wall clock can be set: never sleep so long that a step of it is met late.
constexpr Millis kLongestSleep = kHour;
// What came to nothing: the clock was set back, or what it waits for is not there yet.
constexpr Millis kAskAgain = kHour;

std::tuple<Millis, std::string, std::string> RowOf(const Timer& timer) {
  return {timer.due, timer.aggregate, timer.name};
}

}  // namespace

void Timers::BeginTerm() {
  active_ = true;
  look_ = true;
  next_.reset();
  resting_ = false;
  waking_at_ = 0;
  in_flight_.clear();
  looked_to_.reset();
  ++term_;
}

void Timers::EndTerm() {
  active_ = false;
  due_ = 0;
  in_flight_.clear();
  ++term_;
}

// Most decisions set timers that are due long after the next one: those are met when it is.
void Timers::Changed(std::optional<Millis> earliest_set) {
  const bool later = next_.has_value() && (!earliest_set.has_value() || *earliest_set >= *next_);
  look_ |= due_ > 0 || !later;
  if (earliest_set.has_value() && looked_to_.has_value() && *earliest_set <= std::get<Millis>(*looked_to_)) {
    looked_to_ = Row{*earliest_set, "", ""};
  }
}

bool Timers::Step() {
  if (!active_ || !look_ || resting_ || writer_->machine_queued() >= env_->limits.machine) return false;
  look_ = false;
  const Millis now = env_->clock->Now();
  std::vector<Timer> due;
  std::optional<Millis> next;
  const Timer from = looked_to_.has_value()
                         ? Timer{std::get<1>(*looked_to_), std::get<2>(*looked_to_), std::get<0>(*looked_to_)}
                         : Timer{"", "", std::numeric_limits<Millis>::min()};
  ScanTimersFrom(*env_->database, env_->shard(), from, [&](const Timer& timer) {
    if (timer.due > now) {
      next = timer.due;
      return false;
    }
    looked_to_ = RowOf(timer);
    if (in_flight_.contains(*looked_to_)) return true;
    due.push_back(timer);
    if (due.size() < kFirePerStep) return true;
    look_ = true;
    return false;
  });
  for (const Timer& timer : due) Fire(timer);
  due_ = in_flight_.size();
  if (!due.empty()) {
    // Orders come by way of the executor: those that came at once are queued, and counted, before the next look.
    resting_ = true;
    env_->executor->Post([this, alive = alive_, term = term_] {
      if (alive.expired() || term != term_) return;
      resting_ = false;
      wake_();
    });
  }
  next_ = next;
  if (next.has_value()) WakeAt(*next);
  return !due.empty();
}

void Timers::Fire(const Timer& timer) {
  FAULT_POINT(env_->faults, "timer.before_fire");
  in_flight_.insert(RowOf(timer));
  const auto reference = env_->reference == nullptr ? nullptr : env_->reference->Current();
  const ReactContext context{env_->shard(), env_->shard_count, reference.get()};
  // It may answer on any thread, and late: everything of the shard is touched on its executor alone.
  env_->logic->Fire(
      timer, context,
      [this, alive = alive_, executor = env_->executor, term = term_, timer](std::optional<v1::Order> order) {
        executor->Post([this, alive, term, timer, order = std::move(order)] {
          if (alive.expired() || term != term_) return;
          order.has_value() ? OnOrder(timer, *order) : OnNothing(timer, 0);
        });
      });
}

void Timers::OnOrder(const Timer& timer, v1::Order order) {
  ++fired_;
  Item item;
  item.order = std::move(order);
  item.order.set_order_class(v1::ORDER_CLASS_TIMER);
  item.order.set_actor(absl::StrCat("service/", log::StreamName(env_->id.stream)));
  item.settled = [this, timer](bool recorded) { recorded ? Release(RowOf(timer)) : OnNothing(timer, 0); };
  writer_->EnqueueMachine(std::move(item));
  wake_();
}

void Timers::OnNothing(const Timer& timer, Millis waited) {
  // Mostly it is gone by now, or soon: of two alarms of one clock the first may leave it all to the second.
  if (waited >= kAskAgain || !IsTimerSet(*env_->database, env_->shard(), timer)) {
    Release(RowOf(timer));
    return wake_();
  }
  const Millis wait = std::min(std::max(waited, kSecond), kAskAgain - waited);
  env_->executor->PostAfter(wait, [this, alive = alive_, term = term_, timer, waited = waited + wait] {
    if (!alive.expired() && term == term_) OnNothing(timer, waited);
  });
}

void Timers::Release(const Row& row) {
  if (in_flight_.erase(row) == 0) return;
  // Set again for the same instant, it may have been passed over while it was in flight.
  if (looked_to_.has_value() && row < *looked_to_) looked_to_ = row;
  look_ = true;
}

void Timers::WakeAt(Millis due) {
  const Millis delay = std::min(std::max<Millis>(due - env_->clock->Now(), 1), kLongestSleep);
  const Millis at = env_->clock->Monotonic() + delay;
  if (waking_at_ != 0 && waking_at_ <= at) return;
  waking_at_ = at;
  env_->executor->PostAfter(delay, [this, alive = alive_, term = term_, at] {
    if (alive.expired() || term != term_ || waking_at_ != at) return;
    waking_at_ = 0;
    look_ = true;
    wake_();
  });
}

}  // namespace redress::runtime
