// Where rows were and are none, at the beginning of ranges that are scanned again and again.
//
// A queue in RocksDB leaves a tombstone for each row taken from its front, and every later scan walks over all of them
// until a compaction takes them away; so does a scan of buffered deletes and the rows below them. Timers and remembered
// requests are such queues. What one scan found empty the next one passes over.
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "libs/status/mutex.h"
#include "libs/store/store.h"

namespace redress::store {

// Rows that were deleted, at the beginning of a range, that are worth being passed over the next time.
inline constexpr uint64_t kManyDeleted = 16;

class Gaps {
 public:
  // Changes when a commit begins and when it ends: what was seen between two equal ones was seen at rest.
  uint64_t mark() const;

  // The first key at or after `from` at which a row may be.
  std::string Begin(absl::string_view from) const;

  // A scan that began after `mark` was taken found no row from `from` up to `first`. Forgotten if anything was written
  // since.
  void Learn(absl::string_view from, absl::string_view first, uint64_t mark);

  // Brackets around each commit.
  void Writing(const Writes& writes);
  void Written();

 private:
  mutable Mutex mutex_;
  uint64_t mark_ ABSL_GUARDED_BY(mutex_) = 0;
  int writing_ ABSL_GUARDED_BY(mutex_) = 0;
  // From → where it ends.
  std::map<std::string, std::string, std::less<>> gaps_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace redress::store
