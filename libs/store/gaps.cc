#include "libs/store/gaps.h"

namespace redress::store {
namespace {

// Each is looked at for each row written.
constexpr size_t kMostGaps = 64;

}  // namespace

uint64_t Gaps::mark() const {
  MutexLock lock(mutex_);
  return mark_;
}

std::string Gaps::Begin(absl::string_view from) const {
  MutexLock lock(mutex_);
  const auto gap = gaps_.find(from);
  return gap == gaps_.end() ? std::string(from) : gap->second;
}

void Gaps::Learn(absl::string_view from, absl::string_view first, uint64_t mark) {
  MutexLock lock(mutex_);
  if (mark != mark_ || writing_ > 0) return;
  if (gaps_.size() >= kMostGaps) gaps_.clear();
  gaps_.insert_or_assign(std::string(from), std::string(first));
}

void Gaps::Writing(const Writes& writes) {
  MutexLock lock(mutex_);
  ++mark_;
  ++writing_;
  for (const auto& [key, value] : writes) {
    if (!value.has_value()) continue;
    for (auto& [from, first] : gaps_) {
      if (from <= key && key < first) first = key;
    }
  }
}

void Gaps::Written() {
  MutexLock lock(mutex_);
  ++mark_;
  --writing_;
}

}  // namespace redress::store
