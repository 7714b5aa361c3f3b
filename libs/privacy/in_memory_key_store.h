// A key store in memory, for tests: keys from the IdSource given, so a seed repeats them.
//
// A simulation that crashes processes holds InMemoryKeyRows itself, and a MadeAheadKeyStore on it for each life of a
// process.
#pragma once

#include "libs/privacy/in_memory_key_rows.h"
#include "libs/privacy/made_ahead_key_store.h"

namespace redress {

class InMemoryKeyStore : public KeyStore {
 public:
  InMemoryKeyStore(IdSource* random, const Clock* clock, int batch = MadeAheadKeyStore::kBatch)
      : keys_(&rows_, random, clock, batch) {}
  InMemoryKeyRows& rows() { return rows_; }

  absl::StatusOr<Key> TakeKey(KeyKind kind) override { return keys_.TakeKey(kind); }
  absl::Status Replenish() override { return keys_.Replenish(); }
  absl::StatusOr<Key> Find(absl::string_view key_id) override { return keys_.Find(key_id); }
  absl::Status DestroyAll(absl::Span<const std::string> key_ids) override { return keys_.DestroyAll(key_ids); }
  absl::StatusOr<std::vector<Key>> IndexKeys() override { return keys_.IndexKeys(); }
  absl::Status RetireIndexKeys() override { return keys_.RetireIndexKeys(); }
  absl::StatusOr<Key> StaffKey() override { return keys_.StaffKey(); }

 private:
  InMemoryKeyRows rows_;
  MadeAheadKeyStore keys_;
};

}  // namespace redress
