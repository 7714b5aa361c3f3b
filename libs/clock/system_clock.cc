#include "libs/clock/system_clock.h"

#include <algorithm>
#include <chrono>

namespace redress {

Millis SystemClock::Now() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Millis SystemClock::Monotonic() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

int Processors() { return static_cast<int>(std::max(1u, std::thread::hardware_concurrency())); }

void SleepFor(Millis duration) { std::this_thread::sleep_for(std::chrono::milliseconds(duration)); }

ThreadExecutor::ThreadExecutor() : thread_([this] { Run(); }) {}

ThreadExecutor::~ThreadExecutor() { Stop(); }

void ThreadExecutor::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    woken_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
  // Work that goes may answer somebody, who has more to do here: not under the lock.
  decltype(queue_) dropped;
  MutexLock lock(mutex_);
  std::swap(dropped, queue_);
}

void ThreadExecutor::Post(std::function<void()> work) { PostAfter(0, std::move(work)); }

void ThreadExecutor::PostAfter(Millis delay, std::function<void()> work) {
  // Immediate work is due now and no earlier: a strand that is never idle still gets to its timers.
  const Millis due = clock_.Monotonic() + std::max<Millis>(delay, 0);
  MutexLock lock(mutex_);
  if (stopping_) return;
  queue_.emplace(std::make_pair(due, next_++), std::move(work));
  woken_.NotifyOne();
}

void ThreadExecutor::Run() {
  MutexLock lock(mutex_);
  while (!stopping_) {
    if (queue_.empty()) {
      woken_.Wait(mutex_);
      continue;
    }
    const Millis wait = queue_.begin()->first.first - clock_.Monotonic();
    if (wait > 0) {
      woken_.WaitFor(mutex_, std::chrono::milliseconds(wait));
      continue;
    }
    auto work = std::move(queue_.begin()->second);
    queue_.erase(queue_.begin());
    mutex_.Unlock();
    work();
    work = nullptr;
    mutex_.Lock();
  }
}

}  // namespace redress
