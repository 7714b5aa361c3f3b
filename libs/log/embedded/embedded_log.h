// The event log of one machine: a RocksDB of its own, one synced write for everything that waits.
//
//   Append ─▶ queue ─▶ committer: one WriteBatch for all shards ─▶ synced ─▶ published ─▶ callbacks and wake-ups
//
// Offsets are dense. What a reader sees is durable already. The committer is a strand given by the caller; callbacks
// and wake-ups run on it, or inside the call that is refused at once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/clock/clock.h"
#include "libs/ids/ids.h"
#include "libs/log/log.h"

namespace rocksdb {
class Env;
}

namespace redress::log {

struct DiskSpace {
  uint64_t free_bytes = 0;
  uint64_t total_bytes = 0;
};

// All pointers are the caller's and outlive the log.
struct EmbeddedLogOptions {
  std::string dir;               // made if missing; its parent must exist
  Clock* clock = nullptr;        // when it was created
  Executor* executor = nullptr;  // the committer
  IdSource* ids = nullptr;       // the id of a new log
  rocksdb::Env* env = nullptr;   // RocksDB's default if null

  // What a new log is made with, and what an existing one must have. Opening an existing one, 0 and "" take what is
  // there.
  std::string installation;  // lower-case letters, digits and dashes
  uint32_t shard_count = 4;  // a power of two, at most 1024
  uint32_t level = 1;        // of a new log

  // False: appends are answered before they are on the disk, until Sync() or its end. For simulations.
  bool sync = true;

  // Appends are refused while less than either is free.
  uint64_t min_free_bytes = uint64_t{2} << 30;
  double min_free_fraction = 0.05;
  // Asked before every write, and on any thread for WhyRefused; the file system of `dir` if empty.
  std::function<absl::StatusOr<DiskSpace>()> free_space;

  // Called once, on any thread, on an error other than lack of space: the log takes nothing more, and the process
  // should end. If empty, it is ended.
  std::function<void(const absl::Status&)> on_fatal;
};

// A write that was under way when the machine stopped: never acknowledged, cut off.
struct TornTail {
  std::string file;
  uint64_t offset = 0;  // what follows was cut
  uint64_t bytes = 0;
};

struct OpenReport {
  bool created = false;
  std::vector<TornTail> torn;
};

// Thread-safe. Readers may outlive it, but keep the directory in use.
class EmbeddedLog : public Log {
 public:
  // Opens `options.dir`, creating GENESIS of all shards in one synced write when it is empty. Changes no record when it
  // fails: INVALID_ARGUMENT listing what is wrong with the options; FAILED_PRECONDITION DATA_DIR_IN_USE,
  // DATA_DIR_EMPTY (no log, and none was to be made), DATA_DIR_VERSION (another format, or no log of ours),
  // DATA_DIR_SHARDS, DATA_DIR_INSTALLATION; DATA_LOSS LOG_CORRUPT naming the place, as far as it is known (metadata:
  // file, offset); UNAVAILABLE DATA_DIR_UNREADABLE when the disk refuses.
  static absl::StatusOr<std::unique_ptr<EmbeddedLog>> Open(EmbeddedLogOptions options);

  // Refuses what is queued, waits for the write under way. Not inside a callback.
  ~EmbeddedLog() override;

  const LogInfo& info() const override;
  void AppendClaim(ShardId shard, std::string record, std::function<void(AppendOutcome)> done) override;
  void Append(ShardId shard, std::vector<std::string> records, std::function<void(AppendOutcome)> done) override;
  std::unique_ptr<Reader> Tail(ShardId shard, int64_t next_offset) override;
  void EndOf(ShardId shard, std::function<void(absl::StatusOr<int64_t>)> done) override;
  std::shared_ptr<void> OnAppend(ShardId shard, std::function<void()> wake) override;
  // How much is free, and how much is needed.
  std::string WhyRefused() const override;

  const OpenReport& open_report() const;

  // Makes everything answered so far durable. UNAVAILABLE when the disk refuses.
  absl::Status Sync();

  // Copies the log as it is at one instant into `dir`, which must not exist: no record of one shard without those it
  // was made from in another. ALREADY_EXISTS (LOG_COPY_EXISTS), UNAVAILABLE (LOG_NOT_COPIED).
  absl::Status CopyTo(const std::string& dir);

 private:
  class Core;
  class StoredReader;
  explicit EmbeddedLog(std::shared_ptr<Core> core);

  const std::shared_ptr<Core> core_;
};

}  // namespace redress::log
