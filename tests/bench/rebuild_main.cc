// redress-bench-rebuild: folds a service's projection anew from a log, and puts the same rows into a database without
// folding anything; prints both as JSON.
//
// What is put is what one fold of each record by itself writes: rows that later records overwrite are written again,
// as a fold that looks at one record at a time would. They go in batches of as many records as the tail takes at once.
#include <rocksdb/db.h>
#include <rocksdb/utilities/options_util.h>
#include <rocksdb/write_batch.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "libs/calendar/zone.h"
#include "libs/clock/system_clock.h"
#include "libs/log/embedded/embedded_log.h"
#include "libs/privacy/made_ahead_key_store.h"
#include "libs/privacy/rocksdb/rocksdb_key_rows.h"
#include "libs/runtime/service_runtime.h"
#include "libs/status/macros.h"
#include "libs/status/mutex.h"
#include "libs/store/memory/memory_database.h"
#include "libs/store/rocksdb/rocksdb_database.h"
#include "services/standalone/node.h"
#include "tests/bench/stopwatch.h"

namespace redress::bench {
namespace {

namespace fs = std::filesystem;

// As libs/runtime/tail.cc has it.
constexpr size_t kRecordsPerBatch = 512;

// Hands out one record at a time.
class OneAtATime : public log::Log {
 public:
  explicit OneAtATime(log::Log* log) : log_(log) {}
  const log::LogInfo& info() const override { return log_->info(); }
  void AppendClaim(log::ShardId shard, std::string record, std::function<void(log::AppendOutcome)> done) override {
    log_->AppendClaim(shard, std::move(record), std::move(done));
  }
  void Append(log::ShardId shard, std::vector<std::string> records,
              std::function<void(log::AppendOutcome)> done) override {
    log_->Append(shard, std::move(records), std::move(done));
  }
  std::unique_ptr<log::Reader> Tail(log::ShardId shard, int64_t next) override {
    struct One : log::Reader {
      std::unique_ptr<log::Reader> reader;
      absl::Status Read(int, std::vector<log::Entry>* out) override { return reader->Read(1, out); }
    };
    auto one = std::make_unique<One>();
    one->reader = log_->Tail(shard, next);
    return one;
  }
  void EndOf(log::ShardId shard, std::function<void(absl::StatusOr<int64_t>)> done) override {
    log_->EndOf(shard, std::move(done));
  }
  std::shared_ptr<void> OnAppend(log::ShardId shard, std::function<void()> wake) override {
    return log_->OnAppend(shard, std::move(wake));
  }

 private:
  log::Log* log_;
};

// Keeps what is written to it, in order, besides.
class Recording : public store::Database {
 public:
  explicit Recording(std::unique_ptr<store::Database> rows) : rows_(std::move(rows)) {}
  std::optional<std::string> Get(absl::string_view key) const override { return rows_->Get(key); }
  void Scan(absl::string_view from, absl::string_view to, Visitor visit) const override {
    rows_->Scan(from, to, visit);
  }
  void ScanBack(absl::string_view from, absl::string_view to, Visitor visit) const override {
    rows_->ScanBack(from, to, visit);
  }
  absl::Status Commit(const store::Writes& writes) override {
    {
      MutexLock lock(mutex_);
      commits_.push_back(writes);
    }
    return rows_->Commit(writes);
  }
  std::unique_ptr<Rows> Snapshot() const override { return rows_->Snapshot(); }
  absl::Status Health() const override { return rows_->Health(); }
  absl::Status Checkpoint(const std::string& dir) const override { return rows_->Checkpoint(dir); }
  uint64_t SizeBytes() const override { return rows_->SizeBytes(); }
  std::vector<store::Writes> Take() {
    MutexLock lock(mutex_);
    return std::move(commits_);
  }

 private:
  const std::unique_ptr<store::Database> rows_;
  Mutex mutex_;
  std::vector<store::Writes> commits_ ABSL_GUARDED_BY(mutex_);
};

struct Options {
  std::string data;
  std::string scratch;
  std::vector<std::string> services;
  int rounds = 3;
};

class Rebuilds {
 public:
  explicit Rebuilds(Options options) : options_(std::move(options)) {}

  absl::Status Run() {
    log::EmbeddedLogOptions log_options;
    log_options.dir = options_.data + "/log";
    log_options.clock = &clock_;
    log_options.executor = &committer_;
    log_options.ids = &ids_;
    log_options.shard_count = 0;
    ASSIGN_OR_RETURN(log_, log::EmbeddedLog::Open(log_options));
    ASSIGN_OR_RETURN(
        key_rows_, RocksDbKeyRows::Open({.path = options_.data + "/keys", .installation = log_->info().installation}));
    keys_ = std::make_unique<MadeAheadKeyStore>(key_rows_.get(), &ids_, &clock_);
    for (const std::string& service : options_.services) {
      ASSIGN_OR_RETURN(const log::Stream stream, log::ParseStream(service));
      RETURN_IF_ERROR(Measure(stream));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Measure(log::Stream stream) {
    OneAtATime single(log_.get());
    auto recording = std::make_shared<Recording>(std::make_unique<store::MemoryDatabase>());
    RETURN_IF_ERROR(Fold(stream, &single, recording).status());
    const std::vector<store::Writes> commits = recording->Take();
    int64_t puts = 0;
    for (const store::Writes& commit : commits) puts += static_cast<int64_t>(commit.size());
    for (int round = 0; round < options_.rounds; ++round) {
      ASSIGN_OR_RETURN(auto folded, OpenFresh("folded"));
      ASSIGN_OR_RETURN(const double fold_seconds, Fold(stream, log_.get(), folded));
      folded.reset();
      ASSIGN_OR_RETURN(const double put_seconds, Put(commits));
      nlohmann::json json;
      json["service"] = std::string(log::StreamName(stream));
      json["records"] = commits.size();
      json["puts"] = puts;
      json["fold_seconds"] = fold_seconds;
      json["put_seconds"] = put_seconds;
      std::cout << json.dump() << std::endl;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::shared_ptr<store::Database>> OpenFresh(const std::string& name) const {
    const std::string dir = absl::StrCat(options_.scratch, "/", name);
    fs::remove_all(dir);
    ASSIGN_OR_RETURN(auto database, store::OpenRocksDatabase({.dir = dir}));
    return std::shared_ptr<store::Database>(std::move(database));
  }

  // As standalone does when a projection is gone: all shards, over as many strands as there are processors.
  absl::StatusOr<double> Fold(log::Stream stream, log::Log* log, std::shared_ptr<store::Database> database) {
    std::vector<std::unique_ptr<ThreadExecutor>> strands;
    for (int i = 0; i < Processors(); ++i) strands.push_back(std::make_unique<ThreadExecutor>());
    ThreadExecutor aside;
    NodeOptions options;
    options.services = {stream};
    for (const log::Stream one : log::kAllStreams) options.databases[one] = std::make_shared<store::MemoryDatabase>();
    options.databases[stream] = std::move(database);
    ASSIGN_OR_RETURN(options.tzdata_version, calendar::TzdataVersion());
    options.log = log;
    options.clock = &clock_;
    options.ids = &ids_;
    for (auto& strand : strands) options.executors.push_back(strand.get());
    options.aside = &aside;
    options.keys = keys_.get();
    const int64_t begun = NowNanos();
    auto node = std::make_unique<Node>(std::move(options));
    node->Start(/*own_all=*/false);
    const runtime::ServiceRuntime* service = node->runtime(stream);
    Mutex mutex;
    CondVar never;
    while (!service->Ready()) {
      for (const runtime::ShardStatus& status : service->Status()) RETURN_IF_ERROR(status.stopped);
      MutexLock lock(mutex);
      never.WaitFor(mutex, std::chrono::milliseconds(2));
    }
    const double seconds = SecondsSince(begun);
    for (auto& strand : strands) strand->Stop();
    aside.Stop();
    return seconds;
  }

  // Into a database with the options of a projection's.
  absl::StatusOr<double> Put(const std::vector<store::Writes>& commits) const {
    const std::string dir = absl::StrCat(options_.scratch, "/filled");
    RETURN_IF_ERROR(OpenFresh("filled").status());
    rocksdb::DBOptions db_options;
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    rocksdb::Status status = rocksdb::LoadLatestOptions(rocksdb::ConfigOptions(), dir, &db_options, &families);
    if (!status.ok()) return absl::InternalError(status.ToString());
    rocksdb::DB* raw = nullptr;
    status = rocksdb::DB::Open(rocksdb::Options(db_options, families.at(0).options), dir, &raw);
    if (!status.ok()) return absl::InternalError(status.ToString());
    const std::unique_ptr<rocksdb::DB> database(raw);
    const int64_t begun = NowNanos();
    for (size_t at = 0; at < commits.size() && status.ok(); at += kRecordsPerBatch) {
      rocksdb::WriteBatch batch;
      for (size_t one = at; one < std::min(at + kRecordsPerBatch, commits.size()); ++one) {
        for (const auto& [key, value] : commits[one]) {
          status = value.has_value() ? batch.Put(key, *value) : batch.Delete(key);
          if (!status.ok()) return absl::InternalError(status.ToString());
        }
      }
      status = database->Write({}, &batch);
    }
    if (!status.ok()) return absl::InternalError(status.ToString());
    return SecondsSince(begun);
  }

  const Options options_;
  SystemClock clock_;
  SystemIdSource ids_;
  ThreadExecutor committer_;
  std::unique_ptr<log::EmbeddedLog> log_;
  std::unique_ptr<RocksDbKeyRows> key_rows_;
  std::unique_ptr<MadeAheadKeyStore> keys_;
};

}  // namespace
}  // namespace redress::bench

int main(int argc, char** argv) {
  redress::bench::Options options;
  CLI::App app("Folding a projection against putting its rows.", "redress-bench-rebuild");
  app.add_option("--data", options.data, "Data directory of a server that does not run")->required();
  app.add_option("--scratch", options.scratch, "An existing directory for databases")->required();
  app.add_option("--service", options.services, "Which; may be repeated")->required();
  app.add_option("--rounds", options.rounds, "How often each side")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = redress::bench::Rebuilds(options).Run();
  if (status.ok()) return 0;
  std::cerr << "redress-bench-rebuild: " << status << "\n";
  return 1;
}
