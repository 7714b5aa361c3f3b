#include "libs/store/rocksdb/rocksdb_database.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/perf_context.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"
#include "libs/status/mutex.h"
#include "libs/store/gaps.h"

namespace redress::store {
namespace {

// Shard and table, as each key begins (store.h).
constexpr size_t kTablePrefixBytes = 3;
// Somebody has to make room first.
constexpr int64_t kFullDiskRetryMs = 10'000;

rocksdb::Slice ToSlice(absl::string_view bytes) { return {bytes.data(), bytes.size()}; }
absl::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

absl::Status ToStatus(const rocksdb::Status& status, const std::string& dir) {
  if (status.ok()) return absl::OkStatus();
  const std::string message = absl::StrCat(dir, ": ", status.ToString());
  if (status.IsCorruption()) return MakeError(absl::StatusCode::kDataLoss, "PROJECTION_CORRUPT", message);
  if (status.IsNoSpace()) {
    return RetryLater(absl::StatusCode::kResourceExhausted, "DISK_FULL", message, kFullDiskRetryMs);
  }
  // RocksDB has no code of its own for a lock that somebody holds.
  if (absl::StrContains(message, "lock hold by current process") || absl::StrContains(message, "While lock file")) {
    return MakeError(absl::StatusCode::kUnavailable, "DATA_DIR_IN_USE", message);
  }
  return MakeError(absl::StatusCode::kInternal, "PROJECTION_IO", message);
}

// RocksDB would start a thread that polls for space, and refuse Resume() meanwhile: whoever owns the rows polls.
class NoRecoveryOfItsOwn : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool* auto_recovery) override {
    *auto_recovery = false;
  }
};

// RocksDB's own diary: on a full disk its writer ends the process. What matters reaches us as a Status.
class NoDiary : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

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
    gaps_.Writing(writes);
    const rocksdb::Status written = db_->Write(rocksdb::WriteOptions(), &batch);
    gaps_.Written();
    return Note(written);
  }

  std::unique_ptr<Rows> Snapshot() const override { return std::make_unique<SnapshotRows>(this); }

  absl::Status Health() const override {
    MutexLock lock(mutex_);
    return health_;
  }

  // A write that is torn as the first of a log file cannot be got over: the next Commit says so, and a new start mends
  // it.
  absl::Status Resume() override {
    if (!absl::IsResourceExhausted(Health()) || !db_->Resume().ok()) return Health();
    MutexLock lock(mutex_);
    // A read may have met worse meanwhile.
    if (absl::IsResourceExhausted(health_)) health_ = absl::OkStatus();
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
      if (health_.ok() || absl::IsResourceExhausted(health_)) health_ = converted;
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
    const uint64_t mark = gaps_.mark();
    // What lies in a gap now, a snapshot may still have.
    std::string begin = at == nullptr ? gaps_.Begin(from) : std::string(from);
    if (!to.empty() && begin >= to) return;
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(options));
    if (gaps_.mark() != mark) begin = std::string(from);
    const uint64_t skipped = rocksdb::get_perf_context()->internal_delete_skipped_count;
    it->Seek(begin);
    if (at == nullptr && rocksdb::get_perf_context()->internal_delete_skipped_count > skipped + kManyDeleted) {
      const absl::string_view first = it->Valid() ? ToView(it->key()) : to;
      if (!first.empty() && it->status().ok()) gaps_.Learn(from, first, mark);
    }
    for (; it->Valid(); it->Next()) {
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
  mutable Gaps gaps_;
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
  // New rows lie behind the old ones of their table and shard: a compaction writes again the files at those ends, and
  // little of what lies between while files are small.
  db_options.target_file_size_base = 8 << 20;
  // Most look-ups are for what is not there yet: new request ids, new aggregates.
  db_options.memtable_whole_key_filtering = true;
  db_options.memtable_prefix_bloom_size_ratio = 0.02;
  // A batch comes in the order of keys: the next of a table is looked for from the last one on.
  db_options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(kTablePrefixBytes));
  db_options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  db_options.max_background_jobs = 2;
  db_options.stats_dump_period_sec = 0;
  db_options.stats_persist_period_sec = 0;
  db_options.info_log = std::make_shared<NoDiary>();
  db_options.max_total_wal_size = 4 * options.write_buffer_bytes;
  db_options.listeners.push_back(std::make_shared<NoRecoveryOfItsOwn>());
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
