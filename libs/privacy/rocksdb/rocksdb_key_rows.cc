// Layout, format 1:
//
//   'm'                  -> format(1 byte, %x01) installation
//   'k' id(22)           -> row                   as in key_rows.cc
//   'x' month(7) id(22)  -> ""                    one for each living index key, so that they are found without a scan
//
// Worked: the index key AAAAAAAAAAAAAAAAAAAAAA of March 2026 lies at "kAAAAAAAAAAAAAAAAAAAAAA" and is listed at
// "x2026-03AAAAAAAAAAAAAAAAAAAAAA".
#include "libs/privacy/rocksdb/rocksdb_key_rows.h"

#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/write_batch.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"

namespace redress {
namespace {

constexpr char kMetaKey[] = "m";
constexpr char kFormat = 1;
constexpr size_t kMonthSymbols = 7;
// Under what the log refuses at, so that an erasure still finds room when nothing else does.
constexpr uint64_t kMinFreeBytes = 64 << 20;

std::string RowKey(absl::string_view id) { return absl::StrCat("k", id); }
std::string IndexKey(const KeyRow& row) { return absl::StrCat("x", row.month, row.id); }

absl::Status FromRocksDb(const rocksdb::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const std::string message = absl::StrCat("key store: ", status.ToString());
  if (status.IsCorruption()) return MakeError(absl::StatusCode::kDataLoss, "KEY_STORE_CORRUPT", message);
  if (status.IsNoSpace()) return RetryLater(absl::StatusCode::kResourceExhausted, "KEY_STORE_FULL", message, 10'000);
  return RetryLater(absl::StatusCode::kUnavailable, "KEY_STORE_FAILED", message, 1'000);
}

// RocksDB's own diary: on a full disk its writer ends the process. What matters reaches us as a Status.
class NoDiary : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

rocksdb::Options DbOptions(rocksdb::Env* env) {
  rocksdb::Options options;
  if (env != nullptr) options.env = env;
  options.create_if_missing = true;
  options.paranoid_checks = true;
  // An unacknowledged write may be torn; anything else that cannot be read is refused.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.recycle_log_file_num = 0;
  options.write_buffer_size = 4 << 20;
  options.max_background_jobs = 2;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.info_log = std::make_shared<NoDiary>();
  return options;
}

absl::Status CheckMeta(rocksdb::DB* db, const std::string& installation) {
  std::string meta;
  const rocksdb::Status found = db->Get(rocksdb::ReadOptions(), kMetaKey, &meta);
  if (found.IsNotFound()) {
    rocksdb::WriteOptions synced;
    synced.sync = true;
    return FromRocksDb(db->Put(synced, kMetaKey, absl::StrCat(std::string(1, kFormat), installation)));
  }
  RETURN_IF_ERROR(FromRocksDb(found));
  if (meta.empty() || meta[0] != kFormat) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "KEY_STORE_VERSION",
                     absl::StrFormat("%s holds keys in format %d, this build reads %d", db->GetName(),
                                     meta.empty() ? 0 : meta[0], kFormat));
  }
  if (meta.substr(1) != installation) {
    return MakeError(
        absl::StatusCode::kFailedPrecondition, "KEY_STORE_OF_ANOTHER_INSTALLATION",
        absl::StrCat(db->GetName(), " holds the keys of installation ", meta.substr(1), ", not of ", installation));
  }
  return absl::OkStatus();
}

}  // namespace

RocksDbKeyRows::RocksDbKeyRows(std::unique_ptr<rocksdb::DB> db) : db_(std::move(db)) {}
RocksDbKeyRows::~RocksDbKeyRows() = default;

absl::StatusOr<std::unique_ptr<RocksDbKeyRows>> RocksDbKeyRows::Open(const Options& options) {
  rocksdb::DB* raw = nullptr;
  const rocksdb::Status opened = rocksdb::DB::Open(DbOptions(options.env), options.path, &raw);
  if (!opened.ok()) {
    // RocksDB has no code of its own for this.
    if (opened.IsIOError() && absl::StrContains(opened.ToString(), "lock")) {
      return MakeError(absl::StatusCode::kFailedPrecondition, "KEY_STORE_IN_USE",
                       absl::StrCat("another process holds the key store ", options.path));
    }
    return Annotate(FromRocksDb(opened), options.path);
  }
  std::unique_ptr<rocksdb::DB> db(raw);
  RETURN_IF_ERROR(CheckMeta(db.get(), options.installation));
  return std::unique_ptr<RocksDbKeyRows>(new RocksDbKeyRows(std::move(db)));
}

absl::Status RocksDbKeyRows::Put(absl::Span<const KeyRow> rows) {
  uint64_t free = 0;
  // Asked before, because a RocksDB that has met a full disk stays shut for seconds after there is space again.
  if (db_->GetEnv()->GetFreeSpace(db_->GetName(), &free).ok() && free < kMinFreeBytes) {
    return FromRocksDb(
        rocksdb::Status::NoSpace(absl::StrCat(free >> 20, " MiB free, ", kMinFreeBytes >> 20, " needed")));
  }
  rocksdb::WriteBatch batch;
  for (const KeyRow& row : rows) {
    batch.Put(RowKey(row.id), EncodeKeyRow(row));
    if (row.kind != KeyKind::kIndex) continue;
    if (row.destroyed) {
      batch.Delete(IndexKey(row));
    } else {
      batch.Put(IndexKey(row), "");
    }
  }
  rocksdb::WriteOptions synced;
  synced.sync = true;
  return FromRocksDb(db_->Write(synced, &batch));
}

absl::StatusOr<std::optional<KeyRow>> RocksDbKeyRows::Get(absl::string_view id) {
  std::string bytes;
  const rocksdb::Status found = db_->Get(rocksdb::ReadOptions(), RowKey(id), &bytes);
  if (found.IsNotFound()) return std::nullopt;
  RETURN_IF_ERROR(FromRocksDb(found));
  ASSIGN_OR_RETURN(KeyRow row, DecodeKeyRow(id, bytes));
  return row;
}

absl::StatusOr<std::vector<KeyRow>> RocksDbKeyRows::IndexRows() {
  std::vector<KeyRow> rows;
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(rocksdb::ReadOptions()));
  for (at->Seek("x"); at->Valid() && at->key().starts_with("x"); at->Next()) {
    const rocksdb::Slice key = at->key();
    const absl::string_view id(key.data() + 1 + kMonthSymbols, key.size() - 1 - kMonthSymbols);
    ASSIGN_OR_RETURN(std::optional<KeyRow> row, Get(id));
    // Destroyed between the listing, which reads a snapshot, and the reading.
    if (!row.has_value() || row->destroyed) continue;
    rows.push_back(*std::move(row));
  }
  RETURN_IF_ERROR(FromRocksDb(at->status()));
  return rows;
}

}  // namespace redress
