#include "libs/store/memory/memory_database.h"

#include <vector>

namespace redress::store {
namespace {

class MapRows : public Rows {
 public:
  explicit MapRows(std::map<std::string, std::string, std::less<>> rows) : rows_(std::move(rows)) {}
  std::optional<std::string> Get(absl::string_view key) const override {
    const auto it = rows_.find(key);
    return it == rows_.end() ? std::nullopt : std::optional(it->second);
  }
  void Scan(absl::string_view from, absl::string_view to, Visitor visit) const override {
    for (auto it = rows_.lower_bound(from); it != rows_.end() && (to.empty() || it->first < to); ++it) {
      if (!visit(it->first, it->second)) return;
    }
  }
  void ScanBack(absl::string_view from, absl::string_view to, Visitor visit) const override {
    auto it = to.empty() ? rows_.end() : rows_.lower_bound(to);
    while (it != rows_.begin() && (--it)->first >= from) {
      if (!visit(it->first, it->second)) return;
    }
  }

 private:
  std::map<std::string, std::string, std::less<>> rows_;
};

}  // namespace

std::optional<std::string> MemoryDatabase::Get(absl::string_view key) const {
  MutexLock lock(mutex_);
  const auto it = rows_.find(key);
  return it == rows_.end() ? std::nullopt : std::optional(it->second);
}

// Visitors may come back to read: rows are fetched one at a time, without the lock held over the visit.
void MemoryDatabase::Scan(absl::string_view from, absl::string_view to, Visitor visit) const {
  std::string at(from);
  for (bool first = true;; first = false) {
    std::string value;
    {
      MutexLock lock(mutex_);
      const auto it = first ? rows_.lower_bound(at) : rows_.upper_bound(at);
      if (it == rows_.end() || (!to.empty() && it->first >= to)) return;
      at = it->first;
      value = it->second;
    }
    if (!visit(at, value)) return;
  }
}

void MemoryDatabase::ScanBack(absl::string_view from, absl::string_view to, Visitor visit) const {
  std::string at(to);
  bool open_end = to.empty();
  while (true) {
    std::string value;
    {
      MutexLock lock(mutex_);
      auto it = open_end ? rows_.end() : rows_.lower_bound(at);
      if (it == rows_.begin()) return;
      --it;
      if (it->first < from) return;
      at = it->first;
      value = it->second;
      open_end = false;
    }
    if (!visit(at, value)) return;
  }
}

absl::Status MemoryDatabase::Health() const {
  MutexLock lock(mutex_);
  return health_;
}

void MemoryDatabase::set_health(absl::Status health) {
  MutexLock lock(mutex_);
  health_ = std::move(health);
}

absl::Status MemoryDatabase::Commit(const Writes& writes) {
  MutexLock lock(mutex_);
  if (!health_.ok()) return health_;
  Writes undo;
  for (const auto& [key, value] : writes) {
    if (keep_undo_ > 0) {
      const auto it = rows_.find(key);
      undo[key] = it == rows_.end() ? std::nullopt : std::optional(it->second);
    }
    if (value.has_value()) {
      rows_[key] = *value;
    } else {
      rows_.erase(key);
    }
  }
  if (keep_undo_ > 0) {
    undo_.push_back(std::move(undo));
    if (undo_.size() > keep_undo_) undo_.pop_front();
  }
  return absl::OkStatus();
}

std::unique_ptr<Rows> MemoryDatabase::Snapshot() const {
  MutexLock lock(mutex_);
  return std::make_unique<MapRows>(rows_);
}

absl::Status MemoryDatabase::Checkpoint(const std::string&) const {
  return absl::UnimplementedError("rows in memory have no files; use Copy");
}

uint64_t MemoryDatabase::SizeBytes() const {
  MutexLock lock(mutex_);
  uint64_t bytes = 0;
  for (const auto& [key, value] : rows_) bytes += key.size() + value.size();
  return bytes;
}

size_t MemoryDatabase::Lose(size_t commits) {
  MutexLock lock(mutex_);
  size_t lost = 0;
  for (; commits > 0 && !undo_.empty(); --commits) {
    for (const auto& [key, value] : undo_.back()) {
      if (value.has_value()) {
        rows_[key] = *value;
      } else {
        rows_.erase(key);
      }
    }
    undo_.pop_back();
    ++lost;
  }
  return lost;
}

std::unique_ptr<MemoryDatabase> MemoryDatabase::Copy() const {
  auto copy = std::make_unique<MemoryDatabase>(keep_undo_);
  MutexLock lock(mutex_);
  MutexLock copy_lock(copy->mutex_);
  copy->rows_ = rows_;
  return copy;
}

}  // namespace redress::store
