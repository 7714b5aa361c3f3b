// Key rows on the disk of one machine: a RocksDB of its own, synced, beside the log and never in the same backup as a
// master key.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "libs/privacy/key_rows.h"
#include "libs/status/mutex.h"

namespace rocksdb {
class DB;
class Env;
}  // namespace rocksdb

namespace redress {

class WriteMark;

// Thread-safe. One process at a time holds the folder.
//
// Each write has a number, and the number of the last durable one lies in PATH.mark, beside the folder: a folder that
// lost writes, whichever of its files was cut, is told from one that never had them, and is refused.
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
  // DATA_LOSS: KEY_STORE_CORRUPT, naming the file; KEY_STORE_CUT, saying how many writes are missing (metadata:
  // missing, written). Both before RocksDB has changed a file: what is put back is found as it was. A write that was
  // cut short by a crash was never acknowledged and is dropped. Without PATH.mark the folder is taken as it is.
  static absl::StatusOr<std::unique_ptr<RocksDbKeyRows>> Open(const Options& options);
  ~RocksDbKeyRows() override;

  // Nothing could prove, when it was opened, that a store which had been written to was whole: PATH.mark was missing.
  bool unproved() const { return unproved_; }

  // Besides the port's codes: RESOURCE_EXHAUSTED (KEY_STORE_FULL) while less than 64 MiB are free, without harm to
  // reads; UNAVAILABLE (KEY_STORE_FAILED), after which only a restart makes it write again.
  absl::Status Put(absl::Span<const KeyRow> rows) override;
  absl::StatusOr<std::optional<KeyRow>> Get(absl::string_view id) override;
  absl::StatusOr<std::vector<KeyRow>> IndexRows() override;
  uint64_t IndexChanges() const override { return index_changes_; }
  absl::StatusOr<std::vector<KeyRow>> Scan(absl::string_view after, int limit) override;
  absl::StatusOr<std::set<std::string>> Wrappers() override;
  absl::Status ForgetWrapper(absl::string_view id) override;

  // Copies the store as it is between two writes into `path`, which must not exist, and its mark to `path`.mark.
  // ALREADY_EXISTS (KEY_COPY_EXISTS); else as Put.
  absl::Status CopyTo(const std::string& path);

 private:
  RocksDbKeyRows(std::unique_ptr<rocksdb::DB> db, std::unique_ptr<WriteMark> mark, uint64_t written, bool unproved,
                 std::set<std::string> wrappers);

  const std::unique_ptr<rocksdb::DB> db_;
  const bool unproved_;
  std::atomic<uint64_t> index_changes_ = 0;
  Mutex writing_;
  const std::unique_ptr<WriteMark> mark_ ABSL_PT_GUARDED_BY(writing_);
  uint64_t written_ ABSL_GUARDED_BY(writing_);  // number of the last durable write
  std::set<std::string> wrappers_ ABSL_GUARDED_BY(writing_);
};

}  // namespace redress
