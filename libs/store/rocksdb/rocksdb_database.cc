#include "libs/store/rocksdb/rocksdb_database.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"
#include "libs/status/mutex.h"

namespace redress::store {
namespace {

rocksdb::Slice ToSlice(absl::string_view bytes) { return {bytes.data(), bytes.size()}; }
absl::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

absl::Status ToStatus(const rocksdb::Status& status, const std::string& dir) {
  if (status.ok()) return absl::OkStatus();
  const std::string message = absl::StrCat(dir, ": ", status.ToString());
  if (status.IsCorruption()) return MakeError(absl::StatusCode::kDataLoss, "PROJECTION_CORRUPT", message);
  if (status.IsNoSpace()) return MakeError(absl::StatusCode::kResourceExhausted, "DISK_FULL", message);
  if (absl::StrContains(status.ToString(), "lock")) {
    return MakeError(absl::StatusCode::kUnavailable, "DATA_DIR_IN_USE", message);
  }
  return MakeError(absl::StatusCode::kInternal, "PROJECTION_IO", message);
}

class RocksDatabase : public Database {
 public:
  RocksDatabase(std::string dir, std::unique_ptr<rocksdb::DB> db) : dir_(std::move(dir)), db_(std::move(db)) {}

  std::optional<std::string> Get(absl::string_view key) const override { return GetAt(key, nullptr); }
  void Scan(absl::string_view from, absl::string_view to, Visitor visit) const override {
    ScanAt(from, to, nullptr, visit);
  }
  void ScanBack(absl::string_view from, absl::string_view to, Visitor visit) const override {
    ScanBackAt(from, to, nullptr, visit);
  }

  absl::Status Commit(const Writes& writes) override {
    rocksdb::WriteBatch batch;
    for (const auto& [key, value] : writes) {
      if (value.has_value()) {
        batch.Put(key, *value);
      } else {
        batch.Delete(key);
      }
    }
    return Note(db_->Write(rocksdb::WriteOptions(), &batch));
  }

  std::unique_ptr<Rows> Snapshot() const override { return std::make_unique<SnapshotRows>(this); }

  absl::Status Health() const override {
    MutexLock lock(mutex_);
    return health_;
  }

  absl::Status Checkpoint(const std::string& dir) const override {
    std::error_code unknown;
    if (std::filesystem::exists(dir, unknown)) {
      return MakeError(absl::StatusCode::kAlreadyExists, "CHECKPOINT_EXISTS", absl::StrCat(dir, ": is there already"));
    }
    rocksdb::Checkpoint* raw = nullptr;
    rocksdb::Status status = rocksdb::Checkpoint::Create(db_.get(), &raw);
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint(raw);
    if (status.ok()) status = checkpoint->CreateCheckpoint(dir);
    return ToStatus(status, dir);
  }

  uint64_t SizeBytes() const override {
    uint64_t bytes = 0;
    db_->GetIntProperty(rocksdb::DB::Properties::kTotalSstFilesSize, &bytes);
    return bytes;
  }

 private:
  class SnapshotRows : public Rows {
   public:
    explicit SnapshotRows(const RocksDatabase* db) : db_(db), at_(db->db_->GetSnapshot()) {}
    ~SnapshotRows() override { db_->db_->ReleaseSnapshot(at_); }
    std::optional<std::string> Get(absl::string_view key) const override { return db_->GetAt(key, at_); }
    void Scan(absl::string_view from, absl::string_view to, Visitor visit) const override {
      db_->ScanAt(from, to, at_, visit);
    }
    void ScanBack(absl::string_view from, absl::string_view to, Visitor visit) const override {
      db_->ScanBackAt(from, to, at_, visit);
    }

   private:
    const RocksDatabase* db_;
    const rocksdb::Snapshot* at_;
  };

  absl::Status Note(const rocksdb::Status& status) const {
    const absl::Status converted = ToStatus(status, dir_);
    if (!converted.ok()) {
      MutexLock lock(mutex_);
      if (health_.ok()) health_ = converted;
    }
    return converted;
  }

  std::optional<std::string> GetAt(absl::string_view key, const rocksdb::Snapshot* at) const {
    rocksdb::ReadOptions options;
    options.snapshot = at;
    std::string value;
    const rocksdb::Status status = db_->Get(options, ToSlice(key), &value);
    if (status.ok()) return value;
    if (!status.IsNotFound()) Note(status).IgnoreError();
    return std::nullopt;
  }

  void ScanAt(absl::string_view from, absl::string_view to, const rocksdb::Snapshot* at, Visitor visit) const {
    rocksdb::ReadOptions options;
    options.snapshot = at;
    const rocksdb::Slice upper = ToSlice(to);
    if (!to.empty()) options.iterate_upper_bound = &upper;
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(options));
    for (it->Seek(ToSlice(from)); it->Valid(); it->Next()) {
      if (!visit(ToView(it->key()), ToView(it->value()))) return;
    }
    Note(it->status()).IgnoreError();
  }

  void ScanBackAt(absl::string_view from, absl::string_view to, const rocksdb::Snapshot* at, Visitor visit) const {
    rocksdb::ReadOptions options;
    options.snapshot = at;
    const rocksdb::Slice lower = ToSlice(from);
    options.iterate_lower_bound = &lower;
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(options));
    if (to.empty()) {
      it->SeekToLast();
    } else {
      it->SeekForPrev(ToSlice(to));
      if (it->Valid() && ToView(it->key()) == to) it->Prev();
    }
    for (; it->Valid(); it->Prev()) {
      if (!visit(ToView(it->key()), ToView(it->value()))) return;
    }
    Note(it->status()).IgnoreError();
  }

  const std::string dir_;
  const std::unique_ptr<rocksdb::DB> db_;
  mutable Mutex mutex_;
  mutable absl::Status health_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

absl::StatusOr<std::unique_ptr<Database>> OpenRocksDatabase(const RocksDatabaseOptions& options) {
  rocksdb::Options db_options;
  if (options.env != nullptr) db_options.env = options.env;
  db_options.create_if_missing = true;
  db_options.paranoid_checks = true;
  db_options.compression = rocksdb::kLZ4Compression;
  db_options.bottommost_compression = rocksdb::kZSTD;
  db_options.level_compaction_dynamic_level_bytes = true;
  db_options.write_buffer_size = options.write_buffer_bytes;
  db_options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  db_options.max_background_jobs = 2;
  db_options.stats_dump_period_sec = 0;
  db_options.stats_persist_period_sec = 0;
  db_options.keep_log_file_num = 2;
  db_options.max_total_wal_size = 4 * options.write_buffer_bytes;
  rocksdb::BlockBasedTableOptions table;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.block_cache = rocksdb::NewLRUCache(options.cache_bytes);
  db_options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  rocksdb::DB* raw = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(db_options, options.dir, &raw);
  if (!status.ok()) return ToStatus(status, options.dir);
  return std::make_unique<RocksDatabase>(options.dir, std::unique_ptr<rocksdb::DB>(raw));
}

}  // namespace redress::store
