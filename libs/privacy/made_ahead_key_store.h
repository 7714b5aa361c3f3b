// The key store over any KeyRows: makes keys ahead in durable batches and hands each out once.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "libs/clock/clock.h"
#include "libs/ids/ids.h"
#include "libs/privacy/key_rows.h"
#include "libs/privacy/key_store.h"
#include "libs/status/mutex.h"

namespace redress {

// Thread-safe, also where `random` is not: draws are serialised. The arguments outlive it.
class MadeAheadKeyStore : public KeyStore {
 public:
  static constexpr int kBatch = 256;
  // `batch` keys of a kind are made at a time.
  MadeAheadKeyStore(KeyRows* rows, IdSource* random, const Clock* clock, int batch = kBatch);

  absl::StatusOr<Key> TakeKey(KeyKind kind) override;
  absl::Status Replenish() override;
  absl::StatusOr<Key> Find(absl::string_view key_id) override;
  absl::Status DestroyAll(absl::Span<const std::string> key_ids) override;
  absl::StatusOr<std::vector<Key>> IndexKeys() override;
  absl::Status RetireIndexKeys() override;
  absl::StatusOr<Key> StaffKey() override;

 private:
  std::vector<KeyRow> MakeRows(KeyKind kind, int count, const std::string& month)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writing_);
  absl::Status MakeBatch(KeyKind kind) ABSL_EXCLUSIVE_LOCKS_REQUIRED(writing_);
  absl::StatusOr<std::vector<Key>> ReadIndexKeys(const std::string& month);

  // As they were read last: every look-up row is made with them.
  struct ReadIndex {
    uint64_t changes = 0;  // KeyRows::IndexChanges, from before they were read
    Millis until = 0;      // end of the month that they were read in, and ...
    Millis from = 0;       // ... its beginning: a clock may step back
    std::vector<Key> keys;
  };

  KeyRows* const rows_;
  const Clock* const clock_;
  const int batch_;
  // One at a time makes keys or changes rows; taken before mutex_.
  Mutex writing_;
  IdSource* const random_ ABSL_GUARDED_BY(writing_);
  Mutex mutex_;
  // Durable and not yet handed out, by kind.
  std::array<std::deque<Key>, 4> pools_ ABSL_GUARDED_BY(mutex_);
  ReadIndex index_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace redress
