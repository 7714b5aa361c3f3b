// Which keys were destroyed: a file kept apart from every backup, so that what was erased after a backup stays erased
// when it is restored.
//
// It holds ids of keys and times, and nothing about whom they were of. It only grows.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "libs/clock/clock.h"
#include "libs/status/mutex.h"

namespace redress {

// Thread-safe. One process at a time appends.
class ErasureList {
 public:
  // Makes the file if there is none; a line that a crash cut short is ended. FAILED_PRECONDITION (ERASURE_LIST) when it
  // cannot be opened or is none. `clock` outlives it.
  static absl::StatusOr<std::unique_ptr<ErasureList>> Open(const std::string& path, const Clock* clock);
  ~ErasureList();

  // Durable when OK. UNAVAILABLE (ERASURE_LIST) when the disk refuses.
  absl::Status Append(absl::Span<const std::string> key_ids);

  // Every key id of the file, in its order. FAILED_PRECONDITION (ERASURE_LIST) as Open, also when it is not there, and
  // for a line that is none, but for a last one that was cut short: nothing was destroyed by it.
  static absl::StatusOr<std::vector<std::string>> Read(const std::string& path);

 private:
  ErasureList(std::string path, int file, const Clock* clock) : path_(std::move(path)), clock_(clock), file_(file) {}

  const std::string path_;
  const Clock* const clock_;
  Mutex mutex_;
  const int file_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace redress
