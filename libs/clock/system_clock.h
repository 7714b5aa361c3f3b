// The machine's own clock, and executors on threads: the only place that asks for either.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <utility>

#include "libs/clock/clock.h"
#include "libs/status/mutex.h"

namespace redress {

class SystemClock : public Clock {
 public:
  Millis Now() const override;
  Millis Monotonic() const override;
};

// Processors this process may use; at least 1.
int Processors();

// For main programs alone: nothing that is stepped may wait.
void SleepFor(Millis duration);

// One thread that runs what is posted. The destructor runs nothing more, drops what is queued, and waits for the
// running piece.
class ThreadExecutor : public Executor {
 public:
  ThreadExecutor();
  ~ThreadExecutor() override;
  void Post(std::function<void()> work) override;
  void PostAfter(Millis delay, std::function<void()> work) override;
  // As the destructor; may be called twice, not from the executor's own thread.
  void Stop();

 private:
  void Run();

  SystemClock clock_;
  Mutex mutex_;
  CondVar woken_;
  std::map<std::pair<Millis, uint64_t>, std::function<void()>> queue_ ABSL_GUARDED_BY(mutex_);
  uint64_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace redress
