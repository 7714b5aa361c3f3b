// Key rows on the disk of one machine: a RocksDB of its own, synced, beside the log and never in the same backup as a
// master key.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libs/privacy/key_rows.h"

namespace rocksdb {
class DB;
class Env;
}  // namespace rocksdb

namespace redress {

// Thread-safe. One process at a time holds the folder.
class RocksDbKeyRows : public KeyRows {
 public:
  struct Options {
    // Folder; made if missing, its parent must exist.
    std::string path;
    // The landlord's id; a store of another is refused.
    std::string installation;
    // For fault injection; outlives the store. Null: the operating system's.
    rocksdb::Env* env = nullptr;
  };
  // FAILED_PRECONDITION: KEY_STORE_IN_USE, KEY_STORE_OF_ANOTHER_INSTALLATION, KEY_STORE_VERSION.
  // DATA_LOSS (KEY_STORE_CORRUPT), naming the file. A write that was cut short by a crash was never acknowledged and is
  // dropped.
  static absl::StatusOr<std::unique_ptr<RocksDbKeyRows>> Open(const Options& options);
  ~RocksDbKeyRows() override;

  // Besides the port's codes: RESOURCE_EXHAUSTED (KEY_STORE_FULL) while less than 64 MiB are free, without harm to
  // reads; UNAVAILABLE (KEY_STORE_FAILED), after which only a restart makes it write again.
  absl::Status Put(absl::Span<const KeyRow> rows) override;
  absl::StatusOr<std::optional<KeyRow>> Get(absl::string_view id) override;
  absl::StatusOr<std::vector<KeyRow>> IndexRows() override;

 private:
  explicit RocksDbKeyRows(std::unique_ptr<rocksdb::DB> db);

  const std::unique_ptr<rocksdb::DB> db_;
};

}  // namespace redress
