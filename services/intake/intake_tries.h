// How often somebody tried a tracking code: so many an hour, then they wait. In memory: a restart forgives.
#pragma once

#include <deque>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "libs/clock/clock.h"
#include "libs/status/mutex.h"

namespace redress::intake {

// Thread-safe.
class Tries {
 public:
  // `clock` outlives it.
  Tries(const Clock* clock, int most, Millis per) : clock_(clock), most_(most), per_(per) {}

  // Counts a try of `who`: 0 if it is allowed, else how long until the next one is.
  Millis Count(const std::string& who);

 private:
  // Those whose tries have all passed are forgotten once there are many.
  void Forget(Millis now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Clock* const clock_;
  const int most_;
  const Millis per_;
  Mutex mutex_;
  absl::flat_hash_map<std::string, std::deque<Millis>> tries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace redress::intake
