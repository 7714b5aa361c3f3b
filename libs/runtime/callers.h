// Whether callers wait for an answer, and so many that what nobody waits for should wait instead.
//
// One a process, shared by all its services: a service that reacts to another takes the processors and the disk from
// it, and a batch that yields its places to callers (queues.h) is of no use to the callers of the shard beside it.
#pragma once

#include <atomic>
#include <cstdint>

#include "libs/clock/clock.h"

namespace redress::runtime {

// As many can keep the processors busy by themselves.
inline constexpr int64_t kManyCallers = 16;
// They count as many for so long after they last were: between two batches few of them wait.
inline constexpr Millis kManyFor = 50;
// One who has been answered may ask again: as long counts as calling.
inline constexpr Millis kAnyFor = 10;

// Thread-safe.
class Callers {
 public:
  explicit Callers(const Clock* clock) : clock_(clock) {}

  // Somebody waits for an answer; each is ended once.
  void Begin() {
    if (waiting_.fetch_add(1) + 1 >= kManyCallers) many_until_ = clock_->Monotonic() + kManyFor;
  }
  void End() {
    const Millis now = clock_->Monotonic();
    if (waiting_.fetch_sub(1) > kManyCallers) many_until_ = now + kManyFor;
    any_until_ = now + kAnyFor;
  }
  bool Any() const { return waiting_ > 0 || clock_->Monotonic() < any_until_; }
  bool Many() const { return waiting_ >= kManyCallers || clock_->Monotonic() < many_until_; }

 private:
  const Clock* const clock_;
  std::atomic<int64_t> waiting_{0};
  std::atomic<Millis> many_until_{0};
  std::atomic<Millis> any_until_{0};
};

}  // namespace redress::runtime
