// A Clock and an Executor for tests and simulations: time moves only when told to, and all work runs in the caller's
// thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "libs/clock/clock.h"

namespace redress {

// Thread-safe. The wall clock can be stepped apart from the monotonic one.
class FakeClock : public Clock {
 public:
  explicit FakeClock(Millis start = 0) : wall_(start) {}
  Millis Now() const override { return wall_.load(); }
  Millis Monotonic() const override { return monotonic_.load(); }
  void Advance(Millis by) {
    wall_ += by;
    monotonic_ += by;
  }
  // An operator, NTP or a virtual machine changes the wall clock; durations do not notice.
  void Step(Millis by) { wall_ += by; }

 private:
  std::atomic<Millis> wall_;
  std::atomic<Millis> monotonic_{0};
};

// Runs posted work in order of its time, then of posting. Not thread-safe: one thread posts and runs.
// Several strands share one FakeExecutor: one thread cannot run two things at once.
class FakeExecutor : public Executor {
 public:
  explicit FakeExecutor(FakeClock* clock) : clock_(clock) {}
  void Post(std::function<void()> work) override { PostAfter(0, std::move(work)); }
  void PostAfter(Millis delay, std::function<void()> work) override {
    queue_.emplace(std::make_pair(clock_->Monotonic() + delay, next_++), std::move(work));
  }

  bool empty() const { return queue_.empty(); }
  // Runs what is due now, and what that posts for now; returns how many ran.
  int RunReady() {
    int ran = 0;
    while (!queue_.empty() && queue_.begin()->first.first <= clock_->Monotonic()) {
      auto work = std::move(queue_.begin()->second);
      queue_.erase(queue_.begin());
      work();
      ++ran;
    }
    return ran;
  }
  // Runs everything up to `duration` from now, moving the clock from one due time to the next.
  void RunFor(Millis duration) {
    const Millis end = clock_->Monotonic() + duration;
    RunReady();
    while (!queue_.empty() && queue_.begin()->first.first <= end) {
      clock_->Advance(queue_.begin()->first.first - clock_->Monotonic());
      RunReady();
    }
    if (end > clock_->Monotonic()) clock_->Advance(end - clock_->Monotonic());
  }

 private:
  FakeClock* clock_;
  std::map<std::pair<Millis, uint64_t>, std::function<void()>> queue_;
  uint64_t next_ = 0;
};

}  // namespace redress
