// Rows in memory, for simulations: a crash can take the last commits, as an unsynced write-ahead log would.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "libs/status/mutex.h"
#include "libs/store/store.h"

namespace redress::store {

// Thread-safe. Snapshots copy: keep them small or short.
class MemoryDatabase : public Database {
 public:
  std::optional<std::string> Get(absl::string_view key) const override;
  void Scan(absl::string_view from, absl::string_view to, Visitor visit) const override;
  void ScanBack(absl::string_view from, absl::string_view to, Visitor visit) const override;
  absl::Status Commit(const Writes& writes) override;
  std::unique_ptr<Rows> Snapshot() const override;
  absl::Status Health() const override;
  absl::Status Checkpoint(const std::string& dir) const override;
  uint64_t SizeBytes() const override;

  // Commits of the last `keep_undo` can be taken back.
  explicit MemoryDatabase(size_t keep_undo = 0) : keep_undo_(keep_undo) {}
  // A power cut: the last `commits` are gone, in whole. Returns how many were.
  size_t Lose(size_t commits);
  // What Health says from now on; while it is an error nothing is committed. For lack of space (RESOURCE_EXHAUSTED)
  // set OK again: Resume finds it so.
  void set_health(absl::Status health);
  // A copy of all rows, as a restored checkpoint has them.
  std::unique_ptr<MemoryDatabase> Copy() const;

 private:
  using Map = std::map<std::string, std::string, std::less<>>;
  mutable Mutex mutex_;
  Map rows_ ABSL_GUARDED_BY(mutex_);
  absl::Status health_ ABSL_GUARDED_BY(mutex_);
  std::deque<Writes> undo_ ABSL_GUARDED_BY(mutex_);
  const size_t keep_undo_;
};

}  // namespace redress::store
