#include "libs/log/embedded/data_dir.h"

#include <rocksdb/env.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/log/acceptance.h"
#include "libs/log/embedded/keys.h"
#include "libs/log/embedded/wal_check.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"

namespace redress::log {
namespace {

constexpr uint32_t kMaxShards = 1024;

absl::Status Refused(absl::string_view reason, const std::string& dir, absl::string_view what) {
  return MakeError(absl::StatusCode::kFailedPrecondition, reason, absl::StrCat("data directory ", dir, ": ", what),
                   {{"dir", dir}});
}

absl::Status Corrupt(const std::string& dir, absl::string_view what) {
  return MakeError(absl::StatusCode::kDataLoss, "LOG_CORRUPT", absl::StrCat("data directory ", dir, ": ", what),
                   {{"dir", dir}});
}

absl::Status FromRocks(const std::string& dir, const rocksdb::Status& status) {
  if (status.ok()) return absl::OkStatus();
  if (status.IsCorruption() || status.IsNotFound()) return Corrupt(dir, status.ToString());
  return MakeError(absl::StatusCode::kUnavailable, "DATA_DIR_UNREADABLE",
                   absl::StrCat("data directory ", dir, ": ", status.ToString()), {{"dir", dir}});
}

absl::Status CheckOptions(const EmbeddedLogOptions& options) {
  std::vector<FieldViolation> bad;
  if (options.dir.empty()) bad.push_back({"dir", "is empty"});
  const uint32_t shards = options.shard_count;
  if (shards > kMaxShards || (shards & (shards - 1)) != 0) {
    bad.push_back({"shard_count", absl::StrCat(shards, " is no power of two up to ", kMaxShards)});
  }
  for (const char c : options.installation) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-') continue;
    bad.push_back({"installation", "may have lower-case letters, digits and dashes alone"});
    break;
  }
  return bad.empty() ? absl::OkStatus() : InvalidFields(bad);
}

// Holds the directory's LOCK while RocksDB does not, so that its files stand still.
class DirectoryLock {
 public:
  DirectoryLock(rocksdb::Env* env, std::string dir) : env_(env), dir_(std::move(dir)) {}
  ~DirectoryLock() {
    if (lock_ != nullptr) env_->UnlockFile(lock_).PermitUncheckedError();
  }
  absl::Status Take() {
    const rocksdb::Status status = env_->LockFile(absl::StrCat(dir_, "/LOCK"), &lock_);
    if (status.ok()) return absl::OkStatus();
    lock_ = nullptr;
    // RocksDB has no code of its own for a lock that somebody holds.
    const std::string text = status.ToString();
    if (absl::StrContains(text, "lock hold by current process") || absl::StrContains(text, "While lock file")) {
      return Refused("DATA_DIR_IN_USE", dir_, "another process, or this one, has it open");
    }
    return FromRocks(dir_, status);
  }

 private:
  rocksdb::Env* const env_;
  const std::string dir_;
  rocksdb::FileLock* lock_ = nullptr;
};

bool IsWal(absl::string_view name) { return absl::EndsWith(name, ".log"); }
bool IsManifest(absl::string_view name) { return absl::StartsWith(name, "MANIFEST-"); }

// The MANIFEST that CURRENT names; "" in a directory without files of RocksDB's. Checked here because RocksDB names
// neither CURRENT nor what it should say, and begins a new database where it is missing.
absl::StatusOr<std::string> FindManifest(rocksdb::Env* env, const std::string& dir,
                                         const std::vector<std::string>& names) {
  const std::string file = absl::StrCat(dir, "/CURRENT");
  std::string newest;
  for (const std::string& name : names) {
    if (IsManifest(name)) newest = std::max(newest, name);
  }
  const std::string way_out =
      newest.empty() ? "put it back, and the MANIFEST file that is gone with it"
                     : absl::StrCat("put it back; of an undamaged log it holds ", newest, " and a newline");
  if (!std::binary_search(names.begin(), names.end(), "CURRENT")) {
    for (const std::string& name : names) {
      if (IsWal(name) || absl::EndsWith(name, ".sst")) {
        return Corrupt(dir, absl::StrCat("the file CURRENT is missing, and ", name, " is there: ", way_out));
      }
    }
    return "";
  }
  std::string current;
  RETURN_IF_ERROR(FromRocks(dir, rocksdb::ReadFileToString(env, file, &current)));
  absl::string_view named = current;
  if (absl::ConsumeSuffix(&named, "\n") && IsManifest(named) && std::binary_search(names.begin(), names.end(), named)) {
    return std::string(named);
  }
  const std::string shown = absl::CHexEscape(absl::string_view(current).substr(0, 40));
  return Corrupt(dir, absl::StrCat("the file CURRENT is damaged, it holds '", shown, "': ", way_out));
}

// RocksDB's own files, looked through before RocksDB may cut or replace any.
absl::Status CheckFiles(rocksdb::Env* env, const std::string& dir, OpenReport* report) {
  std::vector<std::string> names;
  RETURN_IF_ERROR(FromRocks(dir, env->GetChildren(dir, &names)));
  std::sort(names.begin(), names.end());
  ASSIGN_OR_RETURN(const std::string manifest, FindManifest(env, dir, names));
  // From the first opening on there always is one, and RocksDB does not miss it.
  if (!manifest.empty() && std::none_of(names.begin(), names.end(), IsWal)) {
    return Corrupt(dir, absl::StrCat("the write-ahead log, a file NUMBER.log, is gone, and with it what was appended ",
                                     "last: put it back; to go on for good without, make an empty file 000001.log. ",
                                     "If this log was never used, delete the directory"));
  }
  for (const std::string& name : names) {
    if (!IsWal(name) && name != manifest) continue;
    std::string bytes;
    RETURN_IF_ERROR(FromRocks(dir, rocksdb::ReadFileToString(env, absl::StrCat(dir, "/", name), &bytes)));
    ASSIGN_OR_RETURN(const WalEnd end, CheckWal(absl::StrCat(dir, "/", name), bytes));
    if (end.torn_bytes > 0) report->torn.push_back({absl::StrCat(dir, "/", name), end.good_bytes, end.torn_bytes});
  }
  return absl::OkStatus();
}

// RocksDB's own diary: on a full disk its writer ends the process. What matters reaches us as a Status.
class NoDiary : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

rocksdb::Options RocksOptions(const EmbeddedLogOptions& options, std::shared_ptr<rocksdb::EventListener> listener) {
  rocksdb::Options rocks;
  if (options.env != nullptr) rocks.env = options.env;
  rocks.create_if_missing = true;
  rocks.listeners = {std::move(listener)};
  rocks.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  rocks.recycle_log_file_num = 0;
  rocks.paranoid_checks = true;
  // Neither a thread of its own nor time of its own.
  rocks.max_bgerror_resume_count = 0;
  rocks.stats_dump_period_sec = 0;
  rocks.stats_persist_period_sec = 0;
  rocks.level_compaction_dynamic_level_bytes = true;
  rocks.compression = rocksdb::kLZ4Compression;
  rocks.bottommost_compression = rocksdb::kZSTD;
  // Little is kept in memory: tails are served from recent entries, and a start replays at most this much.
  rocks.write_buffer_size = 16 << 20;
  rocks.max_write_buffer_number = 3;
  // Entries never change, and new ones lie behind the old ones of their shard: a compaction writes again the last file of
  // each shard, so files are small, and it comes seldom.
  rocks.target_file_size_base = 8 << 20;
  rocks.level0_file_num_compaction_trigger = 8;
  // An entry is the last of its shard: it goes in right behind the one before.
  rocks.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(kShardPrefixBytes));
  rocks.max_open_files = 48;
  rocks.max_background_jobs = 2;
  rocks.info_log = std::make_shared<NoDiary>();
  rocks.max_log_file_size = 1 << 20;
  rocks.keep_log_file_num = 2;
  rocksdb::BlockBasedTableOptions table;
  table.block_size = 16 << 10;
  table.format_version = 5;
  rocks.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return rocks;
}

absl::StatusOr<LogInfo> Create(const EmbeddedLogOptions& options, rocksdb::DB* db) {
  if (options.shard_count == 0 || options.installation.empty()) {
    return Refused("DATA_DIR_EMPTY", options.dir, "holds no log; installation and shard count are needed to make one");
  }
  const int64_t now = options.clock->Now();
  LogInfo info{"", options.installation, options.shard_count, now};
  while (info.log_id.size() < 16) {
    const uint64_t bits = options.ids->Random64();
    for (int i = 0; i < 8; ++i) info.log_id.push_back(static_cast<char>(bits >> (8 * i)));
  }
  rocksdb::WriteBatch batch;
  rocksdb::Status status = batch.Put(std::string(kFormatKey), std::string(kFormatVersion));
  for (const Stream stream : kAllStreams) {
    for (uint32_t i = 0; i < info.ShardsOf(stream) && status.ok(); ++i) {
      const ShardId shard{stream, i};
      status = batch.Put(EntryKey(shard, 0), EncodeGenesis(info, shard, options.level, now));
    }
  }
  // Synced whatever the options say: half a log is no log.
  rocksdb::WriteOptions synced;
  synced.sync = true;
  if (status.ok()) status = db->Write(synced, &batch);
  RETURN_IF_ERROR(FromRocks(options.dir, status));
  return info;
}

absl::StatusOr<v1::Genesis> ReadGenesis(const std::string& dir, rocksdb::DB* db, ShardId shard) {
  std::string bytes;
  const rocksdb::Status status = db->Get({}, EntryKey(shard, 0), &bytes);
  if (status.IsNotFound()) return Corrupt(dir, absl::StrCat("GENESIS of ", ToString(shard), " is missing"));
  RETURN_IF_ERROR(FromRocks(dir, status));
  v1::Record record;
  v1::Genesis genesis;
  RETURN_IF_ERROR(ParseRecord(ToString(shard), 0, bytes, &record));
  if (record.kind() != v1::KIND_GENESIS || !genesis.ParseFromString(record.body())) {
    return Corrupt(dir, absl::StrCat("GENESIS of ", ToString(shard), " is unreadable"));
  }
  return genesis;
}

absl::StatusOr<LogInfo> ReadInfo(const EmbeddedLogOptions& options, rocksdb::DB* db) {
  const std::string& dir = options.dir;
  ASSIGN_OR_RETURN(const v1::Genesis register_genesis, ReadGenesis(dir, db, {Stream::kRegister, 0}));
  ASSIGN_OR_RETURN(const v1::Genesis genesis, ReadGenesis(dir, db, {Stream::kIntake, 0}));
  LogInfo info{register_genesis.log_id(), register_genesis.installation(), genesis.shard_count(), genesis.created_at()};
  if (options.shard_count != 0 && options.shard_count != info.shard_count) {
    return Refused("DATA_DIR_SHARDS", dir,
                   absl::StrCat("its log has ", info.shard_count, " shards, not ", options.shard_count,
                                "; the number is fixed when a log is made"));
  }
  if (!options.installation.empty() && options.installation != info.installation) {
    return Refused("DATA_DIR_INSTALLATION", dir,
                   absl::StrCat("its log belongs to '", info.installation, "', not '", options.installation, "'"));
  }
  return info;
}

absl::StatusOr<bool> IsEmpty(const std::string& dir, rocksdb::DB* db) {
  const std::unique_ptr<rocksdb::Iterator> any(db->NewIterator({}));
  any->SeekToFirst();
  if (!any->Valid()) RETURN_IF_ERROR(FromRocks(dir, any->status()));
  return !any->Valid();
}

}  // namespace

absl::StatusOr<OpenedDirectory> OpenDirectory(const EmbeddedLogOptions& options,
                                              std::shared_ptr<rocksdb::EventListener> listener) {
  RETURN_IF_ERROR(CheckOptions(options));
  OpenedDirectory opened;
  rocksdb::Env* const env = options.env != nullptr ? options.env : rocksdb::Env::Default();
  RETURN_IF_ERROR(FromRocks(options.dir, env->CreateDirIfMissing(options.dir)));
  {
    DirectoryLock lock(env, options.dir);
    RETURN_IF_ERROR(lock.Take());
    RETURN_IF_ERROR(CheckFiles(env, options.dir, &opened.report));
  }
  rocksdb::DB* db = nullptr;
  RETURN_IF_ERROR(
      FromRocks(options.dir, rocksdb::DB::Open(RocksOptions(options, std::move(listener)), options.dir, &db)));
  opened.db.reset(db);

  std::string format;
  const rocksdb::Status status = db->Get({}, std::string(kFormatKey), &format);
  if (status.IsNotFound()) {
    ASSIGN_OR_RETURN(opened.report.created, IsEmpty(options.dir, db));
    if (!opened.report.created)
      return Refused("DATA_DIR_VERSION", options.dir, "holds a RocksDB, but no event log of ours");
    ASSIGN_OR_RETURN(opened.info, Create(options, db));
    return opened;
  }
  RETURN_IF_ERROR(FromRocks(options.dir, status));
  if (format != kFormatVersion) {
    return Refused("DATA_DIR_VERSION", options.dir,
                   absl::StrCat("its log has format '", format, "'; this build knows '", kFormatVersion, "'"));
  }
  ASSIGN_OR_RETURN(opened.info, ReadInfo(options, db));
  return opened;
}

}  // namespace redress::log
