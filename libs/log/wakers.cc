#include "libs/log/wakers.h"

#include <utility>

namespace redress::log {

struct Wakers::Waker {
  // The calls under way in this thread, innermost first.
  struct Frame {
    explicit Frame(const Waker* w) : waker(w), outer(innermost) { innermost = this; }
    ~Frame() { innermost = outer; }
    const Waker* const waker;
    Frame* const outer;
    static thread_local Frame* innermost;
  };

  explicit Waker(std::function<void()> f) : wake(std::move(f)) {}

  const std::function<void()> wake;
  Mutex mutex;
  CondVar idle;
  bool gone ABSL_GUARDED_BY(mutex) = false;
  bool calling ABSL_GUARDED_BY(mutex) = false;

  void Call() {
    {
      MutexLock lock(mutex);
      // A second thread waits for the first: a call that began before its addition may have looked too early.
      while (calling) idle.Wait(mutex);
      if (gone) return;
      calling = true;
    }
    {
      const Frame frame(this);
      wake();
    }
    MutexLock lock(mutex);
    calling = false;
    idle.NotifyAll();
  }

  void Remove() {
    MutexLock lock(mutex);
    gone = true;
    while (calling && !IsCallingHere()) idle.Wait(mutex);
  }

  bool IsCallingHere() const {
    for (const Frame* frame = Frame::innermost; frame != nullptr; frame = frame->outer) {
      if (frame->waker == this) return true;
    }
    return false;
  }
};

thread_local Wakers::Waker::Frame* Wakers::Waker::Frame::innermost = nullptr;

struct Wakers::List {
  Mutex mutex;
  std::map<ShardId, std::vector<std::shared_ptr<Waker>>> wakers ABSL_GUARDED_BY(mutex);
};

Wakers::Wakers() : list_(std::make_shared<List>()) {}
Wakers::~Wakers() = default;

std::shared_ptr<void> Wakers::Add(ShardId shard, std::function<void()> wake) {
  auto waker = std::make_shared<Waker>(std::move(wake));
  {
    MutexLock lock(list_->mutex);
    list_->wakers[shard].push_back(waker);
  }
  Waker* const token = waker.get();
  return std::shared_ptr<void>(token, [shard, waker = std::move(waker), list = list_](void*) {
    {
      MutexLock lock(list->mutex);
      std::erase(list->wakers[shard], waker);
    }
    waker->Remove();
  });
}

void Wakers::Wake(ShardId shard) {
  std::vector<std::shared_ptr<Waker>> wakers;
  {
    MutexLock lock(list_->mutex);
    const auto found = list_->wakers.find(shard);
    if (found != list_->wakers.end()) wakers = found->second;
  }
  Call(wakers);
}

void Wakers::Call(const std::vector<std::shared_ptr<Waker>>& wakers) {
  for (const auto& waker : wakers) waker->Call();
}

}  // namespace redress::log
