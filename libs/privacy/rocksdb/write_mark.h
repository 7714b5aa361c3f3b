// How many writes of a key store are durable, kept beside it: what tells a store that lost writes from one that never
// had them.
//
// RocksDB takes a shortened file of its own for a crash, and opens with what is left. The number here is synced after
// each write of the store and before anybody hears of it, so a store that has less has lost keys.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace rocksdb {
class Env;
class RandomRWFile;
}  // namespace rocksdb

namespace redress {

// Used by one thread at a time.
class WriteMark {
 public:
  // The number in the file at `path`; nullopt if there is none. DATA_LOSS (KEY_STORE_CORRUPT) naming it when neither
  // copy of the number can be read, UNAVAILABLE (KEY_STORE_FAILED) when the disk refuses.
  static absl::StatusOr<std::optional<uint64_t>> Read(rocksdb::Env* env, const std::string& path);
  // Opens it to count on from `number`, making it if need be. `env` outlives it. UNAVAILABLE as Read.
  static absl::StatusOr<std::unique_ptr<WriteMark>> Open(rocksdb::Env* env, const std::string& path, uint64_t number);
  ~WriteMark();

  // Durable when OK. After UNAVAILABLE the file says this number or the one before.
  absl::Status Set(uint64_t number);

 private:
  WriteMark(std::string path, std::unique_ptr<rocksdb::RandomRWFile> file);

  const std::string path_;
  const std::unique_ptr<rocksdb::RandomRWFile> file_;
  int next_copy_ = 0;
};

}  // namespace redress
