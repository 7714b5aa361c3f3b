#include "libs/log/embedded/embedded_log.h"

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/iterator.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/log/embedded/data_dir.h"
#include "libs/log/embedded/health.h"
#include "libs/log/embedded/keys.h"
#include "libs/log/embedded/shard_end.h"
#include "libs/log/wakers.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "libs/status/mutex.h"

namespace redress::log {
namespace {

constexpr size_t kReadBytes = 1 << 20;
constexpr Millis kSpacePoll = kSecond;

absl::StatusOr<DiskSpace> SpaceOf(const std::string& dir) {
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(dir, error);
  if (error) return absl::UnavailableError(absl::StrCat("free space of ", dir, ": ", error.message()));
  return DiskSpace{space.available, space.capacity};
}

absl::Status Unreadable(ShardId shard, int64_t offset, absl::string_view what) {
  return MakeError(absl::StatusCode::kDataLoss, "LOG_CORRUPT",
                   absl::StrCat(ToString(shard), " offset ", offset, ": ", what),
                   {{"shard", ToString(shard)}, {"offset", absl::StrCat(offset)}});
}

// A copy made when all was flushed has no write-ahead log, and a start takes that for a loss.
rocksdb::Status MakeSureOfWal(rocksdb::Env* env, const std::string& dir) {
  std::vector<std::string> names;
  const rocksdb::Status listed = env->GetChildren(dir, &names);
  const bool has =
      std::any_of(names.begin(), names.end(), [](const std::string& name) { return absl::EndsWith(name, ".log"); });
  if (!listed.ok() || has) return listed;
  return rocksdb::WriteStringToFile(env, "", dir + "/000001.log", /*should_sync=*/true);
}

struct PendingAppend {
  ShardId shard;
  std::vector<std::string> records;
  std::function<void(AppendOutcome)> done;
};

}  // namespace

class EmbeddedLog::Core {
 public:
  Core(EmbeddedLogOptions options, OpenedDirectory opened, std::shared_ptr<Health> health)
      : options_(std::move(options)),
        info_(std::move(opened.info)),
        report_(std::move(opened.report)),
        health_(std::move(health)),
        db_(std::move(opened.db)),
        gate_(std::make_shared<Gate>(this)) {}

  // Finds where each shard ends.
  absl::Status Load();
  void Close();

  const LogInfo& info() const { return info_; }
  const OpenReport& report() const { return report_; }
  rocksdb::DB* db() { return db_.get(); }
  Wakers& wakers() { return wakers_; }
  // Null when there is no such shard.
  ShardEnd* Find(ShardId shard) {
    const auto found = shards_.find(shard);
    return found == shards_.end() ? nullptr : &found->second;
  }
  absl::Status NoShard(ShardId shard) const {
    return MakeError(absl::StatusCode::kNotFound, "NO_SHARD",
                     absl::StrCat("there is no ", ToString(shard), "; streams have ", info_.shard_count, " shards"));
  }

  void Enqueue(PendingAppend append);
  absl::Status Sync();
  std::string WhyRefused() const;

 private:
  // What is posted to the executor may run after the log is gone, and must not keep the directory open until then.
  struct Gate {
    explicit Gate(Core* c) : core(c) {}
    Mutex mutex;
    CondVar idle;
    Core* core ABSL_GUARDED_BY(mutex);  // null once closed
    bool working ABSL_GUARDED_BY(mutex) = false;
  };

  // Runs `work` on the committer unless the log is closed by then.
  void Post(Millis delay, void (Core::*work)());
  void Commit();
  AppendOutcome Write(const std::vector<PendingAppend>& appends);
  bool MayWrite();
  absl::StatusOr<DiskSpace> Space() const;
  uint64_t Needed(const DiskSpace& space) const;
  bool HasSpace() const;
  bool IsMemtableEmpty() const;
  void PollSpace();
  void TryResume();

  const EmbeddedLogOptions options_;
  const LogInfo info_;
  const OpenReport report_;
  const std::shared_ptr<Health> health_;
  const std::unique_ptr<rocksdb::DB> db_;
  std::map<ShardId, ShardEnd> shards_;  // not changed after Load
  Wakers wakers_;
  bool polling_ = false;  // committer only

  const std::shared_ptr<Gate> gate_;

  Mutex mutex_;
  std::vector<PendingAppend> queue_ ABSL_GUARDED_BY(mutex_);
  bool scheduled_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

absl::Status EmbeddedLog::Core::Load() {
  const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator({}));
  for (const Stream stream : kAllStreams) {
    for (uint32_t i = 0; i < info_.ShardsOf(stream); ++i) {
      const ShardId shard{stream, i};
      it->SeekForPrev(ShardEndKey(shard));
      int64_t last = 0;
      if (!it->Valid() || !ParseEntryKey({it->key().data(), it->key().size()}, shard, &last)) {
        return Unreadable(shard, 0, it->status().ok() ? "GENESIS is missing" : it->status().ToString());
      }
      shards_.try_emplace(shard, last + 1);
    }
  }
  return absl::OkStatus();
}

void EmbeddedLog::Core::Close() {
  std::vector<PendingAppend> refused;
  {
    MutexLock lock(mutex_);
    closed_ = true;
    refused.swap(queue_);
  }
  {
    MutexLock lock(gate_->mutex);
    gate_->core = nullptr;
    while (gate_->working) gate_->idle.Wait(gate_->mutex);
  }
  for (PendingAppend& append : refused) append.done(AppendOutcome::kRefused);
  if (!options_.sync) Sync().IgnoreError();
}

void EmbeddedLog::Core::Enqueue(PendingAppend append) {
  const bool fits = std::all_of(append.records.begin(), append.records.end(),
                                [](const std::string& record) { return record.size() <= kMaxRecordBytes; });
  bool post = false;
  {
    MutexLock lock(mutex_);
    if (fits && !closed_ && Find(append.shard) != nullptr) {
      queue_.push_back(std::move(append));
      append.done = nullptr;
      post = !std::exchange(scheduled_, true);
    }
  }
  if (append.done != nullptr) append.done(AppendOutcome::kRefused);
  if (post) Post(0, &Core::Commit);
}

void EmbeddedLog::Core::Post(Millis delay, void (Core::*work)()) {
  auto run = [gate = gate_, work] {
    Core* core = nullptr;
    {
      MutexLock lock(gate->mutex);
      core = gate->core;
      if (core == nullptr) return;
      gate->working = true;
    }
    (core->*work)();
    MutexLock lock(gate->mutex);
    gate->working = false;
    gate->idle.NotifyAll();
  };
  if (delay == 0) return options_.executor->Post(std::move(run));
  options_.executor->PostAfter(delay, std::move(run));
}

void EmbeddedLog::Core::Commit() {
  std::vector<PendingAppend> appends;
  {
    MutexLock lock(mutex_);
    appends.swap(queue_);
    scheduled_ = false;
  }
  const AppendOutcome outcome = MayWrite() ? Write(appends) : AppendOutcome::kRefused;
  std::set<ShardId> grown;
  if (outcome == AppendOutcome::kAppended) {
    for (PendingAppend& append : appends) {
      grown.insert(append.shard);
      Find(append.shard)->Publish(std::move(append.records));
    }
  }
  for (PendingAppend& append : appends) append.done(outcome);
  for (const ShardId shard : grown) wakers_.Wake(shard);
}

AppendOutcome EmbeddedLog::Core::Write(const std::vector<PendingAppend>& appends) {
  rocksdb::WriteBatch batch;
  rocksdb::Status status;
  std::map<ShardId, int64_t> next;
  for (const PendingAppend& append : appends) {
    int64_t& offset = next.try_emplace(append.shard, Find(append.shard)->end()).first->second;
    for (const std::string& record : append.records) {
      if (status.ok()) status = batch.Put(EntryKey(append.shard, offset++), record);
    }
  }
  rocksdb::WriteOptions write;
  write.sync = options_.sync;
  if (status.ok()) status = db_->Write(write, &batch);
  if (status.ok()) return AppendOutcome::kAppended;
  // The records may lie in RocksDB's log, whole, and a start would find them: nobody can tell.
  health_->Failed(status);
  if (status.IsNoSpace() && IsMemtableEmpty()) {
    // Resume() would have nothing to flush, keep the log file that the torn write lies in, and trip over it.
    health_->Failed(rocksdb::Status::IOError("no space left at the first write of a log file; a new start mends it"));
  }
  if (health_->full()) PollSpace();
  return AppendOutcome::kUnknown;
}

bool EmbeddedLog::Core::MayWrite() {
  if (health_->fatal()) return false;
  if (health_->full()) {
    PollSpace();
    return false;
  }
  return HasSpace();
}

bool EmbeddedLog::Core::IsMemtableEmpty() const {
  uint64_t entries = 0;
  return !db_->GetIntProperty(rocksdb::DB::Properties::kNumEntriesActiveMemTable, &entries) || entries == 0;
}

absl::StatusOr<DiskSpace> EmbeddedLog::Core::Space() const {
  return options_.free_space ? options_.free_space() : SpaceOf(options_.dir);
}

uint64_t EmbeddedLog::Core::Needed(const DiskSpace& space) const {
  const double fraction = options_.min_free_fraction * static_cast<double>(space.total_bytes);
  return std::max(options_.min_free_bytes, static_cast<uint64_t>(std::ceil(fraction)));
}

bool EmbeddedLog::Core::HasSpace() const {
  const absl::StatusOr<DiskSpace> space = Space();
  // Not to know is no reason to stop: the write itself will tell.
  return !space.ok() || space->free_bytes >= Needed(*space);
}

std::string EmbeddedLog::Core::WhyRefused() const {
  const absl::StatusOr<DiskSpace> space = Space();
  if (!space.ok() || space->free_bytes >= Needed(*space)) return "";
  return absl::StrCat(options_.dir, " has ", space->free_bytes >> 20, " MiB free, ", Needed(*space) >> 20,
                      " MiB are needed");
}

void EmbeddedLog::Core::PollSpace() {
  if (!std::exchange(polling_, true)) Post(kSpacePoll, &Core::TryResume);
}

void EmbeddedLog::Core::TryResume() {
  polling_ = false;
  if (health_->fatal() || !health_->full()) return;
  if (HasSpace()) {
    const rocksdb::Status status = db_->Resume();
    if (status.ok()) return health_->Resumed();
    health_->Failed(status);
  }
  PollSpace();
}

absl::Status EmbeddedLog::Core::Sync() {
  const rocksdb::Status status = db_->SyncWAL();
  if (status.ok()) return absl::OkStatus();
  return MakeError(absl::StatusCode::kUnavailable, "LOG_NOT_SYNCED", absl::StrCat("log sync: ", status.ToString()));
}

// Recent entries come from memory; older ones from one iterator, which lives until the reader has caught up: kept
// longer, it would pin files and buffers that the log is done with.
class EmbeddedLog::StoredReader : public Reader {
 public:
  StoredReader(std::shared_ptr<Core> core, ShardId shard, int64_t next)
      : core_(std::move(core)), shard_(shard), end_key_(ShardEndKey(shard)), upper_bound_(end_key_), next_(next) {}

  absl::Status Read(int max_entries, std::vector<Entry>* out) override {
    const ShardEnd* const shard = core_->Find(shard_);
    if (shard == nullptr) return core_->NoShard(shard_);
    const int64_t end = shard->end();
    if (next_ < 0 || next_ > end) {
      return MakeError(absl::StatusCode::kOutOfRange, "OFFSET_OUT_OF_RANGE",
                       absl::StrCat(ToString(shard_), " ends at ", end, "; ", next_, " was asked for"));
    }
    const size_t before = out->size();
    if (shard->ReadRecent(next_, max_entries, out)) {
      iterator_.reset();
      next_ += static_cast<int64_t>(out->size() - before);
      return absl::OkStatus();
    }
    return ReadStored(end, max_entries, out);
  }

 private:
  absl::Status ReadStored(int64_t end, int max_entries, std::vector<Entry>* out) {
    size_t bytes = 0;
    for (; max_entries > 0 && next_ < end && bytes < kReadBytes; --max_entries) {
      if (iterator_ == nullptr || !iterator_->Valid()) Seek();
      int64_t offset = 0;
      const bool found =
          iterator_->Valid() && ParseEntryKey({iterator_->key().data(), iterator_->key().size()}, shard_, &offset);
      // What was read before it is good; the next call meets it again.
      if (!found || offset != next_) return bytes > 0 ? absl::OkStatus() : Broken(found, offset);
      out->push_back({offset, iterator_->value().ToString()});
      bytes += out->back().bytes.size();
      ++next_;
      iterator_->Next();
    }
    // A reader that is not asked again for long, as a stalled subscriber's, would keep old files and memory alive.
    iterator_.reset();
    return absl::OkStatus();
  }

  // An iterator sees what there was when it was made; at its end a new one may see more.
  void Seek() {
    rocksdb::ReadOptions read;
    read.iterate_upper_bound = &upper_bound_;
    read.fill_cache = false;
    iterator_.reset(core_->db()->NewIterator(read));
    iterator_->Seek(EntryKey(shard_, next_));
  }

  absl::Status Broken(bool found, int64_t offset) {
    const rocksdb::Status status = iterator_->status();
    iterator_.reset();
    if (status.ok()) {
      return Unreadable(shard_, next_,
                        found ? absl::StrCat("missing; ", offset, " follows") : "missing, and all after it");
    }
    if (status.IsCorruption()) return Unreadable(shard_, next_, status.ToString());
    return MakeError(absl::StatusCode::kUnavailable, "LOG_UNREADABLE",
                     absl::StrCat(ToString(shard_), ": ", status.ToString()));
  }

  const std::shared_ptr<Core> core_;
  const ShardId shard_;
  const std::string end_key_;
  const rocksdb::Slice upper_bound_;
  int64_t next_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

absl::StatusOr<std::unique_ptr<EmbeddedLog>> EmbeddedLog::Open(EmbeddedLogOptions options) {
  auto health = std::make_shared<Health>(options.on_fatal);
  ASSIGN_OR_RETURN(OpenedDirectory opened, OpenDirectory(options, health));
  auto core = std::make_shared<Core>(std::move(options), std::move(opened), std::move(health));
  RETURN_IF_ERROR(core->Load());
  return std::unique_ptr<EmbeddedLog>(new EmbeddedLog(std::move(core)));
}

EmbeddedLog::EmbeddedLog(std::shared_ptr<Core> core) : core_(std::move(core)) {}
EmbeddedLog::~EmbeddedLog() { core_->Close(); }

const LogInfo& EmbeddedLog::info() const { return core_->info(); }
const OpenReport& EmbeddedLog::open_report() const { return core_->report(); }
absl::Status EmbeddedLog::Sync() { return core_->Sync(); }

absl::Status EmbeddedLog::CopyTo(const std::string& dir) {
  std::error_code unknown;
  if (std::filesystem::exists(dir, unknown)) {
    return MakeError(absl::StatusCode::kAlreadyExists, "LOG_COPY_EXISTS", absl::StrCat(dir, " is there already"));
  }
  rocksdb::Checkpoint* raw = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(core_->db(), &raw);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(raw);
  if (status.ok()) status = checkpoint->CreateCheckpoint(dir);
  if (status.ok()) status = MakeSureOfWal(core_->db()->GetEnv(), dir);
  if (status.ok()) return absl::OkStatus();
  return MakeError(absl::StatusCode::kUnavailable, "LOG_NOT_COPIED", absl::StrCat(dir, ": ", status.ToString()));
}

void EmbeddedLog::AppendClaim(ShardId shard, std::string record, std::function<void(AppendOutcome)> done) {
  std::vector<std::string> records;
  records.push_back(std::move(record));
  core_->Enqueue({shard, std::move(records), std::move(done)});
}

void EmbeddedLog::Append(ShardId shard, std::vector<std::string> records, std::function<void(AppendOutcome)> done) {
  core_->Enqueue({shard, std::move(records), std::move(done)});
}

std::unique_ptr<Reader> EmbeddedLog::Tail(ShardId shard, int64_t next_offset) {
  return std::make_unique<StoredReader>(core_, shard, next_offset);
}

void EmbeddedLog::EndOf(ShardId shard, std::function<void(absl::StatusOr<int64_t>)> done) {
  const ShardEnd* const end = core_->Find(shard);
  if (end == nullptr) return done(core_->NoShard(shard));
  done(end->end());
}

std::string EmbeddedLog::WhyRefused() const { return core_->WhyRefused(); }

std::shared_ptr<void> EmbeddedLog::OnAppend(ShardId shard, std::function<void()> wake) {
  return core_->wakers().Add(shard, std::move(wake));
}

}  // namespace redress::log
