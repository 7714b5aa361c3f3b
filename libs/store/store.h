// Rows of one projection: sorted bytes by key, written one batch at a time, read through views that see what is not
// written yet.
//
// Key grammar, for every row of every projection:
//   key    := shard table rest
//   shard  := uint16 big endian
//   table  := byte            00-BF: a service's own; C0-EF: look-up rows, outside digests; F0-FF: the runtime's
//   rest   := as the table says
// e.g. complaint "01HX…" in shard 3, table 01: 00 03 01 30 31 48 58 …
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace redress::store {

// Something that can be read. A failed read makes the database unhealthy and finds nothing: whoever acts on what was
// read asks Database::Health() before anything leaves the process.
class Rows {
 public:
  using Visitor = absl::FunctionRef<bool(absl::string_view key, absl::string_view value)>;
  virtual ~Rows() = default;
  virtual std::optional<std::string> Get(absl::string_view key) const = 0;
  // Visits rows with from <= key < to in key order until `visit` returns false. An empty `to` has no upper bound.
  // `visit` must not write to what it scans.
  virtual void Scan(absl::string_view from, absl::string_view to, Visitor visit) const = 0;
  // The same, from the largest key < to down to from.
  virtual void ScanBack(absl::string_view from, absl::string_view to, Visitor visit) const = 0;
};

// Puts (a value) and deletes (none), by key.
using Writes = std::map<std::string, std::optional<std::string>, std::less<>>;

// What lies in `base`, overlaid by writes of its own. Used by one thread; `base` must outlive it and not change under
// it where it was read.
class View : public Rows {
 public:
  // A speculative view is thrown away: read models (ReadModel tables) are not worth writing to it.
  explicit View(const Rows* base, bool speculative = false) : base_(base), speculative_(speculative) {}
  std::optional<std::string> Get(absl::string_view key) const override;
  void Scan(absl::string_view from, absl::string_view to, Visitor visit) const override;
  void ScanBack(absl::string_view from, absl::string_view to, Visitor visit) const override;
  void Put(std::string key, std::string value) { writes_[std::move(key)] = std::move(value); }
  void Delete(std::string key) { writes_[std::move(key)] = std::nullopt; }
  bool speculative() const { return speculative_; }
  const Writes& writes() const { return writes_; }
  // All writes; there are none then.
  Writes TakeWrites() { return std::exchange(writes_, {}); }
  // As if each of `writes` were put or deleted here.
  void Absorb(Writes writes);
  void Clear() { writes_.clear(); }

 private:
  const Rows* base_;
  bool speculative_;
  Writes writes_;
};

// The rows of one projection on one instance. Thread-safe; two threads never write the same shard's rows.
class Database : public Rows {
 public:
  // All of `writes` or none; not synced: what a crash takes is read again from the log.
  virtual absl::Status Commit(const Writes& writes) = 0;
  // The same for who needs the writes no more.
  virtual absl::Status CommitOwn(Writes writes) { return Commit(writes); }
  // One instant of all rows. Valid while the database lives.
  virtual std::unique_ptr<Rows> Snapshot() const = 0;
  // The first error that a read or write met, for ever: DATA_LOSS when the rows are damaged. Lack of space alone
  // (RESOURCE_EXHAUSTED) lasts until Resume has found some; what there is can be read meanwhile.
  virtual absl::Status Health() const = 0;
  // Tries to go on after lack of space. What Health says then.
  virtual absl::Status Resume() { return Health(); }
  // Copies all rows, as they are at one instant, into the new directory `dir`. ALREADY_EXISTS
  // (CHECKPOINT_EXISTS); UNIMPLEMENTED for one in memory.
  virtual absl::Status Checkpoint(const std::string& dir) const = 0;
  // Bytes on disk, about.
  virtual uint64_t SizeBytes() const = 0;
};

// Which rows a digest covers.
enum class DigestScope {
  kAll,     // the service's and the runtime's tables (equal at equal positions of one log)
  kDomain,  // the service's alone (also equal between a log and its copy)
};
// 16 bytes: BLAKE2b of all rows of `shard` in key order, each as length and bytes of key and value. Look-up rows stand
// outside.
std::string DigestOf(const Rows& rows, uint16_t shard, DigestScope scope);

}  // namespace redress::store
