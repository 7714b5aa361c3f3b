#include "libs/runtime/timers.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/runtime/rows.h"

namespace redress::runtime {
namespace {

constexpr size_t kFirePerStep = 64;
constexpr size_t kMaxQueued = 512;
// The wall clock can be set: never sleep so long that a step of it is met late.
constexpr Millis kLongestSleep = kHour;

}  // namespace

void Timers::BeginTerm() {
  active_ = true;
  look_ = true;
  waking_at_ = 0;
  in_flight_.clear();
  ++term_;
}

void Timers::EndTerm() {
  active_ = false;
  in_flight_.clear();
  ++term_;
}

bool Timers::Step() {
  if (!active_ || !look_ || writer_->machine_queued() >= kMaxQueued) return false;
  look_ = false;
  const Millis now = env_->clock->Now();
  std::vector<Timer> due;
  std::optional<Millis> next;
  ScanTimers(*env_->database, env_->shard(), [&](const Timer& timer) {
    if (timer.due > now) {
      next = timer.due;
      return false;
    }
    if (in_flight_.contains({timer.due, timer.aggregate, timer.name})) return true;
    due.push_back(timer);
    if (due.size() < kFirePerStep) return true;
    look_ = true;
    return false;
  });
  for (const Timer& timer : due) Fire(timer);
  if (next.has_value()) WakeAt(*next);
  return !due.empty();
}

void Timers::Fire(const Timer& timer) {
  FAULT_POINT(env_->faults, "timer.before_fire");
  in_flight_.insert({timer.due, timer.aggregate, timer.name});
  const auto reference = env_->reference == nullptr ? nullptr : env_->reference->Current();
  const ReactContext context{env_->shard(), env_->shard_count, reference.get()};
  env_->logic->Fire(timer, context, [this, alive = alive_, term = term_, timer](std::optional<v1::Order> order) {
    if (alive.expired() || term != term_ || !order.has_value()) return;
    ++fired_;
    Item item;
    item.order = *std::move(order);
    item.order.set_order_class(v1::ORDER_CLASS_TIMER);
    item.order.set_actor(absl::StrCat("service/", log::StreamName(env_->id.stream)));
    item.settled = [this, timer](bool recorded) {
      if (recorded) in_flight_.erase({timer.due, timer.aggregate, timer.name});
    };
    writer_->EnqueueMachine(std::move(item));
    wake_();
  });
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
