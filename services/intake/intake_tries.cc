#include "services/intake/intake_tries.h"

namespace redress::intake {
namespace {

constexpr size_t kMany = 100000;

}  // namespace

Millis Tries::Count(const std::string& who) {
  const Millis now = clock_->Monotonic();
  MutexLock lock(mutex_);
  if (tries_.size() >= kMany) Forget(now);
  std::deque<Millis>& times = tries_[who];
  while (!times.empty() && times.front() <= now - per_) times.pop_front();
  if (static_cast<int>(times.size()) >= most_) return times.front() + per_ - now;
  times.push_back(now);
  return 0;
}

void Tries::Forget(Millis now) {
  for (auto it = tries_.begin(); it != tries_.end();) {
    if (it->second.empty() || it->second.back() <= now - per_) {
      tries_.erase(it++);
    } else {
      ++it;
    }
  }
}

}  // namespace redress::intake
