// Time and turns, injected everywhere so that all of Redress runs in one thread on a seed.
//
// Nothing outside libs/clock asks the machine for the time, starts a thread or sleeps (tests/lint enforces it).
#pragma once

#include <functional>

#include "libs/clock/millis.h"  // IWYU pragma: export

namespace redress {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // Wall clock; may step either way.
  virtual Millis Now() const = 0;
  // For durations and time-outs; never runs back, its origin means nothing.
  virtual Millis Monotonic() const = 0;
};

// A strand: what is posted to one Executor runs one at a time, in order, never inside the call that posts it.
// Thread-safe. Whoever destroys an executor's users first stops the executor or proves that nothing is queued for them.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual void Post(std::function<void()> work) = 0;
  // Runs `work` once, no earlier than `delay` from now on the monotonic clock; later work never overtakes due work of
  // the same time.
  virtual void PostAfter(Millis delay, std::function<void()> work) = 0;
};

}  // namespace redress
