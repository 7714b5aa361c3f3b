// Key rows in memory, for tests and simulations: the disk that outlives a simulated process.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "libs/privacy/key_rows.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "libs/status/mutex.h"

namespace redress {

// Keeps the encoded bytes, as a real one does. A crash is a MadeAheadKeyStore thrown away and made anew on the same
// rows.
class InMemoryKeyRows : public KeyRows {
 public:
  // What happens to a write that is not acknowledged.
  enum class Fault { kNone, kLost, kKept };
  // The next Put answers UNAVAILABLE, and its rows are lost or kept: what a crash before or after the sync leaves.
  void FailNextPut(Fault fault) {
    MutexLock lock(mutex_);
    fault_ = fault;
  }
  // The row is gone, as from a disk that was cut.
  void Lose(absl::string_view id) {
    MutexLock lock(mutex_);
    rows_.erase(std::string(id));
    index_changes_ += index_.erase(std::string(id));
  }
  int puts() const {
    MutexLock lock(mutex_);
    return puts_;
  }
  size_t size() const {
    MutexLock lock(mutex_);
    return rows_.size();
  }

  absl::Status Put(absl::Span<const KeyRow> rows) override {
    MutexLock lock(mutex_);
    const Fault fault = std::exchange(fault_, Fault::kNone);
    if (fault != Fault::kLost) {
      for (const KeyRow& row : rows) {
        rows_[row.id] = EncodeKeyRow(row);
        if (row.kind == KeyKind::kIndex) index_.insert(row.id);
        index_changes_ += row.kind == KeyKind::kIndex || row.destroyed;
      }
      ++puts_;
    }
    if (fault == Fault::kNone) return absl::OkStatus();
    return MakeError(absl::StatusCode::kUnavailable, "KEY_STORE_FAILED", "the write was not acknowledged");
  }

  absl::StatusOr<std::optional<KeyRow>> Get(absl::string_view id) override {
    MutexLock lock(mutex_);
    const auto found = rows_.find(std::string(id));
    if (found == rows_.end()) return std::nullopt;
    ASSIGN_OR_RETURN(KeyRow row, DecodeKeyRow(id, found->second));
    return row;
  }

  absl::StatusOr<std::vector<KeyRow>> IndexRows() override {
    MutexLock lock(mutex_);
    std::multimap<std::string, KeyRow> by_month;
    for (const std::string& id : index_) {
      ASSIGN_OR_RETURN(KeyRow row, DecodeKeyRow(id, rows_[id]));
      if (!row.destroyed) by_month.emplace(row.month, std::move(row));
    }
    std::vector<KeyRow> rows;
    for (auto& [month, row] : by_month) rows.push_back(std::move(row));
    return rows;
  }

  uint64_t IndexChanges() const override {
    MutexLock lock(mutex_);
    return index_changes_;
  }

  absl::StatusOr<std::vector<KeyRow>> Scan(absl::string_view after, int limit) override {
    MutexLock lock(mutex_);
    std::vector<KeyRow> rows;
    for (auto at = rows_.upper_bound(std::string(after)); at != rows_.end() && limit > 0; ++at, --limit) {
      ASSIGN_OR_RETURN(KeyRow row, DecodeKeyRow(at->first, at->second));
      rows.push_back(std::move(row));
    }
    return rows;
  }

  absl::StatusOr<std::set<std::string>> Wrappers() override {
    MutexLock lock(mutex_);
    std::set<std::string> wrappers;
    for (const auto& [id, bytes] : rows_) {
      ASSIGN_OR_RETURN(const KeyRow row, DecodeKeyRow(id, bytes));
      if (!row.destroyed) wrappers.insert(row.wrapped_by);
    }
    return wrappers;
  }
  absl::Status ForgetWrapper(absl::string_view) override { return absl::OkStatus(); }

 private:
  mutable Mutex mutex_;
  std::map<std::string, std::string> rows_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> index_ ABSL_GUARDED_BY(mutex_);  // of kind kIndex: found without a walk over all
  uint64_t index_changes_ ABSL_GUARDED_BY(mutex_) = 0;
  Fault fault_ ABSL_GUARDED_BY(mutex_) = Fault::kNone;
  int puts_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace redress
