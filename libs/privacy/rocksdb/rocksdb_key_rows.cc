// Layout, format 1:
//
//   'm'                  -> format(1 byte, %x01) installation
//   'k' id(22)           -> row                   as in key_rows.cc
//   'n' number(8)        -> ""                    one for each write, big endian, from 1 on, without gaps
//   'w' master key's id  -> ""                    one for each that may wrap a living row; none at all: rows lie open
//   'x' month(7) id(22)  -> ""                    one for each living index key, so that they are found without a scan
//
// A write's number lies in one batch with its rows, so it is lost with them. The number of the last is in PATH.mark too
// (write_mark.cc).
//
// Worked: the index key AAAAAAAAAAAAAAAAAAAAAA of March 2026 lies at "kAAAAAAAAAAAAAAAAAAAAAA" and is listed at
// "x2026-03AAAAAAAAAAAAAAAAAAAAAA".
#include "libs/privacy/rocksdb/rocksdb_key_rows.h"

#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "libs/privacy/rocksdb/write_mark.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"

namespace redress {
namespace {

constexpr char kMetaKey[] = "m";
constexpr char kFormat = 1;
constexpr size_t kMonthSymbols = 7;
// Under what the log refuses at, so that an erasure still finds room when nothing else does.
constexpr uint64_t kMinFreeBytes = 64 << 20;

std::string NumberKey(uint64_t number) {
  std::string key = "n";
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(number >> shift));
  return key;
}
std::string WrapperKey(absl::string_view id) { return absl::StrCat("w", id); }
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

// A lock that somebody holds: RocksDB has no code of its own for it.
bool IsHeld(const rocksdb::Status& status) {
  const std::string text = status.ToString();
  return status.IsIOError() &&
         (absl::StrContains(text, "lock hold by current process") || absl::StrContains(text, "While lock file"));
}

absl::Status InUse(const std::string& dir) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "KEY_STORE_IN_USE",
                   absl::StrCat("another process holds the key store ", dir));
}

rocksdb::WriteOptions Synced() {
  rocksdb::WriteOptions synced;
  synced.sync = true;
  return synced;
}

// False for a store that is being made.
absl::StatusOr<bool> IsOurs(rocksdb::DB* db, const std::string& installation) {
  std::string meta;
  const rocksdb::Status found = db->Get(rocksdb::ReadOptions(), kMetaKey, &meta);
  if (found.IsNotFound()) return false;
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
  return true;
}

bool IsManifest(absl::string_view name) { return absl::StartsWith(name, "MANIFEST-"); }

absl::Status Corrupt(const std::string& file, absl::string_view what) {
  return MakeError(absl::StatusCode::kDataLoss, "KEY_STORE_CORRUPT", absl::StrCat(file, " ", what), {{"file", file}});
}

// How an operator mends a CURRENT that is gone or damaged.
std::string WayOut(const std::vector<std::string>& names) {
  std::string newest;
  for (const std::string& name : names) {
    if (IsManifest(name)) newest = std::max(newest, name);
  }
  if (newest.empty()) return "put it back, and the MANIFEST file that is gone with it";
  return absl::StrCat("put it back; of an undamaged store it holds ", newest, " and a newline");
}

// Whether there is a store; DATA_LOSS when CURRENT, which says where, is gone or damaged. Checked here because RocksDB
// names neither it nor what it should say, and begins a new store where it is missing.
absl::StatusOr<bool> IsThere(rocksdb::Env* env, const std::string& dir, const std::vector<std::string>& names) {
  const std::string file = dir + "/CURRENT";
  const auto has = [&](absl::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); };
  if (!has("CURRENT")) {
    for (const std::string& name : names) {
      if (!IsManifest(name) && !absl::EndsWith(name, ".log") && !absl::EndsWith(name, ".sst")) continue;
      return Corrupt(file, absl::StrCat("is missing, and ", name, " is there: ", WayOut(names)));
    }
    return false;
  }
  std::string current;
  RETURN_IF_ERROR(FromRocksDb(rocksdb::ReadFileToString(env, file, &current)));
  absl::string_view named = current;
  if (absl::ConsumeSuffix(&named, "\n") && IsManifest(named) && has(named)) return true;
  return Corrupt(file, absl::StrCat("is damaged, it holds '",
                                    absl::CHexEscape(absl::string_view(current).substr(0, 40)), "': ", WayOut(names)));
}

// The highest number of a write that a store has, and those below it that it has not.
struct Numbers {
  uint64_t highest = 0;
  std::vector<uint64_t> missing;
};
absl::StatusOr<Numbers> NumbersOf(rocksdb::DB* db) {
  Numbers numbers;
  const std::unique_ptr<rocksdb::Iterator> at(db->NewIterator(rocksdb::ReadOptions()));
  for (at->Seek("n"); at->Valid() && at->key().starts_with("n"); at->Next()) {
    uint64_t number = 0;
    for (size_t i = 1; i < at->key().size(); ++i) number = number << 8 | static_cast<uint8_t>(at->key()[i]);
    while (++numbers.highest < number) numbers.missing.push_back(numbers.highest);
  }
  RETURN_IF_ERROR(FromRocksDb(at->status()));
  return numbers;
}

// Refuses a folder that lost writes or cannot be read, before RocksDB, opening it for good, deletes what a cut file of
// its own no longer names.
absl::Status CheckWhole(rocksdb::Env* env, const std::string& dir, const std::string& installation,
                        const std::optional<uint64_t>& mark) {
  std::vector<std::string> names;
  RETURN_IF_ERROR(FromRocksDb(env->GetChildren(dir, &names)));
  Numbers numbers;
  ASSIGN_OR_RETURN(const bool there, IsThere(env, dir, names));
  if (there) {
    rocksdb::DB* raw = nullptr;
    RETURN_IF_ERROR(Annotate(FromRocksDb(rocksdb::DB::OpenForReadOnly(DbOptions(env), dir, &raw)), dir));
    const std::unique_ptr<rocksdb::DB> db(raw);
    RETURN_IF_ERROR(IsOurs(db.get(), installation).status());
    ASSIGN_OR_RETURN(numbers, NumbersOf(db.get()));
  }
  const uint64_t written = mark.value_or(0);
  uint64_t missing = written > numbers.highest ? written - numbers.highest : 0;
  if (mark.has_value()) missing += numbers.missing.size();
  if (missing == 0) return absl::OkStatus();
  return MakeError(
      absl::StatusCode::kDataLoss, "KEY_STORE_CUT",
      absl::StrCat(dir, " has lost ", missing, " of the ", std::max(written, numbers.highest),
                   " writes that were durable: keys are missing, and destroyed ones may have come back. Put its files ",
                   "back as they were; to go on for good with what is there, delete ", dir, ".mark"),
      {{"missing", absl::StrCat(missing)}, {"written", absl::StrCat(written)}});
}

// Holds the folder's LOCK while RocksDB does not, so that its files stand still.
class FolderLock {
 public:
  FolderLock(rocksdb::Env* env, std::string dir) : env_(env), dir_(std::move(dir)) {}
  ~FolderLock() {
    if (lock_ != nullptr) env_->UnlockFile(lock_).PermitUncheckedError();
  }
  absl::Status Take() {
    const rocksdb::Status status = env_->LockFile(dir_ + "/LOCK", &lock_);
    if (status.ok()) return absl::OkStatus();
    lock_ = nullptr;
    return IsHeld(status) ? InUse(dir_) : FromRocksDb(status);
  }

 private:
  rocksdb::Env* const env_;
  const std::string dir_;
  rocksdb::FileLock* lock_ = nullptr;
};

// Stores of builds that did not wrap have rows and no word about them: they lie open.
absl::StatusOr<std::set<std::string>> WrappersOf(rocksdb::DB* db) {
  std::set<std::string> wrappers;
  const std::unique_ptr<rocksdb::Iterator> at(db->NewIterator(rocksdb::ReadOptions()));
  for (at->Seek("w"); at->Valid() && at->key().starts_with("w"); at->Next()) {
    wrappers.emplace(at->key().data() + 1, at->key().size() - 1);
  }
  if (wrappers.empty()) {
    at->Seek("k");
    if (at->Valid() && at->key().starts_with("k")) wrappers.insert("");
  }
  RETURN_IF_ERROR(FromRocksDb(at->status()));
  return wrappers;
}

// A store that is taken as it is has no gaps from then on.
absl::Status FillGaps(rocksdb::DB* db, const Numbers& numbers) {
  if (numbers.missing.empty()) return absl::OkStatus();
  rocksdb::WriteBatch batch;
  for (const uint64_t number : numbers.missing) batch.Put(NumberKey(number), "");
  return FromRocksDb(db->Write(Synced(), &batch));
}

}  // namespace

RocksDbKeyRows::RocksDbKeyRows(std::unique_ptr<rocksdb::DB> db, std::unique_ptr<WriteMark> mark, uint64_t written,
                               bool unproved, std::set<std::string> wrappers)
    : db_(std::move(db)),
      unproved_(unproved),
      mark_(std::move(mark)),
      written_(written),
      wrappers_(std::move(wrappers)) {}
RocksDbKeyRows::~RocksDbKeyRows() = default;

absl::StatusOr<std::unique_ptr<RocksDbKeyRows>> RocksDbKeyRows::Open(const Options& options) {
  rocksdb::Env* const env = options.env != nullptr ? options.env : rocksdb::Env::Default();
  RETURN_IF_ERROR(FromRocksDb(env->CreateDirIfMissing(options.path)));
  const std::string mark_path = options.path + ".mark";
  std::optional<uint64_t> mark;
  {
    FolderLock lock(env, options.path);
    RETURN_IF_ERROR(lock.Take());
    ASSIGN_OR_RETURN(mark, WriteMark::Read(env, mark_path));
    RETURN_IF_ERROR(CheckWhole(env, options.path, options.installation, mark));
  }
  rocksdb::DB* raw = nullptr;
  const rocksdb::Status opened = rocksdb::DB::Open(DbOptions(options.env), options.path, &raw);
  if (IsHeld(opened)) return InUse(options.path);
  RETURN_IF_ERROR(Annotate(FromRocksDb(opened), options.path));
  std::unique_ptr<rocksdb::DB> db(raw);
  ASSIGN_OR_RETURN(const bool ours, IsOurs(db.get(), options.installation));
  if (!ours) {
    const std::string meta = absl::StrCat(std::string(1, kFormat), options.installation);
    RETURN_IF_ERROR(FromRocksDb(db->Put(Synced(), kMetaKey, meta)));
  }
  ASSIGN_OR_RETURN(const Numbers numbers, NumbersOf(db.get()));
  RETURN_IF_ERROR(FillGaps(db.get(), numbers));
  ASSIGN_OR_RETURN(std::set<std::string> wrappers, WrappersOf(db.get()));
  ASSIGN_OR_RETURN(std::unique_ptr<WriteMark> counted, WriteMark::Open(env, mark_path, numbers.highest));
  return std::unique_ptr<RocksDbKeyRows>(new RocksDbKeyRows(std::move(db), std::move(counted), numbers.highest,
                                                            !mark.has_value() && numbers.highest > 0,
                                                            std::move(wrappers)));
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
  MutexLock lock(writing_);
  // Those of a write that failed stay: it may be there all the same.
  for (const KeyRow& row : rows) {
    if (!row.destroyed) wrappers_.insert(row.wrapped_by);
  }
  // All of them each time, so that an open row of an older build is never left out once others are named.
  for (const std::string& wrapper : wrappers_) batch.Put(WrapperKey(wrapper), "");
  // One that failed may be there all the same: the next takes its number, and no gap can come of it.
  batch.Put(NumberKey(written_ + 1), "");
  const absl::Status put = FromRocksDb(db_->Write(Synced(), &batch));
  // Of a destroyed one that had been lost before, nobody knows what it was.
  const bool index = std::any_of(rows.begin(), rows.end(),
                                 [](const KeyRow& row) { return row.kind == KeyKind::kIndex || row.destroyed; });
  if (index) ++index_changes_;
  RETURN_IF_ERROR(put);
  // Not the other way round: a mark ahead of the store would say that a write was lost.
  RETURN_IF_ERROR(mark_->Set(written_ + 1));
  ++written_;
  return absl::OkStatus();
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

absl::StatusOr<std::vector<KeyRow>> RocksDbKeyRows::Scan(absl::string_view after, int limit) {
  std::vector<KeyRow> rows;
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(rocksdb::ReadOptions()));
  const std::string from = RowKey(after);
  at->Seek(from);
  if (at->Valid() && at->key() == rocksdb::Slice(from)) at->Next();
  for (; limit > 0 && at->Valid() && at->key().starts_with("k"); at->Next(), --limit) {
    const absl::string_view id(at->key().data() + 1, at->key().size() - 1);
    ASSIGN_OR_RETURN(KeyRow row, DecodeKeyRow(id, absl::string_view(at->value().data(), at->value().size())));
    rows.push_back(std::move(row));
  }
  RETURN_IF_ERROR(FromRocksDb(at->status()));
  return rows;
}

absl::StatusOr<std::set<std::string>> RocksDbKeyRows::Wrappers() {
  MutexLock lock(writing_);
  return wrappers_;
}

absl::Status RocksDbKeyRows::ForgetWrapper(absl::string_view id) {
  MutexLock lock(writing_);
  if (wrappers_.count(std::string(id)) == 0) return absl::OkStatus();
  // Its absence counts only beside others': they are named in the same step.
  rocksdb::WriteBatch batch;
  for (const std::string& wrapper : wrappers_) {
    if (wrapper != id) batch.Put(WrapperKey(wrapper), "");
  }
  batch.Delete(WrapperKey(id));
  RETURN_IF_ERROR(FromRocksDb(db_->Write(Synced(), &batch)));
  wrappers_.erase(std::string(id));
  return absl::OkStatus();
}

absl::Status RocksDbKeyRows::CopyTo(const std::string& path) {
  rocksdb::Env* const env = db_->GetEnv();
  if (env->FileExists(path).ok() || env->FileExists(path + ".mark").ok()) {
    return MakeError(absl::StatusCode::kAlreadyExists, "KEY_COPY_EXISTS", absl::StrCat(path, " is there already"));
  }
  MutexLock lock(writing_);
  rocksdb::Checkpoint* raw = nullptr;
  RETURN_IF_ERROR(FromRocksDb(rocksdb::Checkpoint::Create(db_.get(), &raw)));
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(raw);
  RETURN_IF_ERROR(FromRocksDb(checkpoint->CreateCheckpoint(path)));
  return WriteMark::Open(env, path + ".mark", written_).status();
}

}  // namespace redress
