// Where one shard of the embedded log ends, and its last entries, so that tails need not ask RocksDB.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "libs/log/log.h"
#include "libs/status/mutex.h"

namespace redress::log {

// The end of one shard and its last entries. Thread-safe.
class ShardEnd {
 public:
  static constexpr size_t kRecentBytes = 256 << 10;

  explicit ShardEnd(int64_t end) : end_(end) {}

  int64_t end() const {
    MutexLock lock(mutex_);
    return end_;
  }

  // Makes `records` visible; they are durable and begin at the end.
  void Publish(std::vector<std::string> records) {
    MutexLock lock(mutex_);
    for (std::string& record : records) {
      bytes_ += record.size();
      recent_.push_back(std::move(record));
      ++end_;
    }
    while (bytes_ > kRecentBytes && recent_.size() > 1) {
      bytes_ -= recent_.front().size();
      recent_.pop_front();
    }
  }

  // False when `next` lies before what is held here. Otherwise reads on from it, nothing at the end.
  bool ReadRecent(int64_t next, int max_entries, std::vector<Entry>* out) const {
    MutexLock lock(mutex_);
    const int64_t first = end_ - static_cast<int64_t>(recent_.size());
    if (next < first) return false;
    // All that is held here is less than one reading may be.
    for (; next < end_ && max_entries > 0; ++next, --max_entries) out->push_back({next, recent_[next - first]});
    return true;
  }

 private:
  mutable Mutex mutex_;
  int64_t end_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<std::string> recent_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace redress::log
