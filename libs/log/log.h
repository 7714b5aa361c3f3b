// The event log: five streams of records in shards, each shard a sequence that only ever grows.
//
//   writer ──AppendClaim──▶
//          ──Append──────▶  [GENESIS][CLAIM][DECISION][DECISION][CLAIM]…  ──Read──▶ every reader folds acceptance.h
//
// The port says nothing about who may append: that is settled by the records themselves. An implementation promises
//   - one order a shard, the same for all readers; nothing ever appears below an offset that a reader has seen;
//   - the records of one Append lie in their order, though others' records may lie between, and some may be missing or
//     repeated (after kUnknown: in part, later, twice or never);
//   - kAppended is said only of records that are durable and that every later reader will see.
// Offsets need not be dense. Fits the embedded log, Kafka (offset = partition offset) and the simulated one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace redress::log {

// Also the order of the streams in every table and key.
enum class Stream : uint8_t { kRegister = 0, kIntake = 1, kRouting = 2, kScheduling = 3, kSla = 4 };
inline constexpr int kStreamCount = 5;
inline constexpr Stream kAllStreams[] = {Stream::kRegister, Stream::kIntake, Stream::kRouting, Stream::kScheduling,
                                         Stream::kSla};

// "register", "intake", "routing", "scheduling", "sla".
absl::string_view StreamName(Stream stream);
// INVALID_ARGUMENT for any other name.
absl::StatusOr<Stream> ParseStream(absl::string_view name);

struct ShardId {
  Stream stream = Stream::kRegister;
  uint32_t shard = 0;
  friend bool operator==(const ShardId&, const ShardId&) = default;
  friend auto operator<=>(const ShardId&, const ShardId&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const ShardId& id) {
    return H::combine(std::move(h), id.stream, id.shard);
  }
};
// "intake/3".
std::string ToString(const ShardId& id);

// What GENESIS says of the whole log.
struct LogInfo {
  std::string log_id;        // 16 bytes
  std::string installation;  // whose log this is
  uint32_t shard_count = 0;  // of every stream but the register, which has one shard
  int64_t created_at = 0;    // milliseconds since 1970; 0 where the log does not say
  uint32_t ShardsOf(Stream stream) const { return stream == Stream::kRegister ? 1 : shard_count; }
};

enum class AppendOutcome {
  kAppended,  // durable, in order
  kUnknown,   // perhaps: all, some, later, twice or never. The caller claims again.
  kRefused,  // certainly nothing, now or later: no space, a record too large, the log is closing. RESOURCE_EXHAUSTED to
             // callers.
};

// One entry as it lies in the log.
struct Entry {
  int64_t offset = 0;
  std::string bytes;  // a serialised redress.log.v1.Record
  // When the log itself says it took the entry in, milliseconds since 1970; 0 where it does not say (the embedded log).
  int64_t appended_at = 0;
};

// Reads one shard in log order. Used by one thread at a time.
class Reader {
 public:
  virtual ~Reader() = default;
  // Appends to `out` up to `max_entries` (and about 1 MiB) of what comes next; none when the end known here is reached.
  // UNAVAILABLE when the log cannot be asked now (try again); DATA_LOSS naming the place when what lies there cannot be
  // read; OUT_OF_RANGE when the next offset lies beyond what the log has or keeps: this log is not what the reader has
  // seen before.
  virtual absl::Status Read(int max_entries, std::vector<Entry>* out) = 0;
};

// Thread-safe. Callbacks run on a thread of the log's own, or inside the call, never under its locks; they must not
// block.
class Log {
 public:
  virtual ~Log() = default;

  virtual const LogInfo& info() const = 0;

  // Appends one CLAIM; that it happened, and where, is learnt from a reader (by its nonce).
  virtual void AppendClaim(ShardId shard, std::string record, std::function<void(AppendOutcome)> done) = 0;

  // Appends records in order, each at most kMaxRecordBytes. At most one append of a caller is outstanding a shard.
  virtual void Append(ShardId shard, std::vector<std::string> records, std::function<void(AppendOutcome)> done) = 0;

  // Reads on from `next_offset`. The first GENESIS lies at 0.
  virtual std::unique_ptr<Reader> Tail(ShardId shard, int64_t next_offset) = 0;

  // The offset after the last record, as far as can be known now: a hint, which may be lower than what was read
  // already. It never proves that a reader is fresh. UNAVAILABLE when the log cannot be asked.
  virtual void EndOf(ShardId shard, std::function<void(absl::StatusOr<int64_t>)> done) = 0;

  // `wake` is called after something may have been added to `shard`, until the returned token is destroyed (which waits
  // for a call under way). Calls may be spurious or merged, never lost.
  virtual std::shared_ptr<void> OnAppend(ShardId shard, std::function<void()> wake) = 0;

  // Why appends are refused now, in words for people; "" when they are not, or when nobody knows.
  virtual std::string WhyRefused() const { return ""; }
};

// Of a serialised record; a body is at most kMaxBodyBytes.
inline constexpr size_t kMaxBodyBytes = 512 * 1024;
inline constexpr size_t kMaxRecordBytes = kMaxBodyBytes + 4096;

// The record at offset 0 of every shard, the same in all implementations.
std::string EncodeGenesis(const LogInfo& info, ShardId shard, uint32_t level, int64_t created_at);

// Lower-case hex, for messages.
std::string Hex(absl::string_view bytes);

}  // namespace redress::log
