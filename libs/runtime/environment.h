// What the machines of one shard share: the ports they act through and who they are. Everything is injected.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/clock/clock.h"
#include "libs/ids/ids.h"
#include "libs/log/log.h"
#include "libs/runtime/callers.h"
#include "libs/runtime/judged_entries.h"
#include "libs/runtime/logic.h"
#include "libs/runtime/queues.h"
#include "libs/store/store.h"

namespace redress::runtime {

// The level of this build: what it writes others of this level can read.
inline constexpr uint32_t kBuildLevel = 1;

// One look at the register: what a decision uses, and what it says it has used, are of the same instant.
struct ReferenceLook {
  std::shared_ptr<const reference::Snapshot> snapshot;
  int64_t version = 0;
  bool complete = true;  // whether the starter set is there: nothing is decided before
};

// The register as this process sees it. What is not pure is so for one that never changes.
class ReferenceSource {
 public:
  virtual ~ReferenceSource() = default;
  // Never null; immutable.
  virtual std::shared_ptr<const reference::Snapshot> Current() const = 0;
  // How many register decisions it has seen.
  virtual int64_t Version() const = 0;
  virtual ReferenceLook Look() const { return {Current(), Version(), true}; }
  // How far the register's stream has been read: the next offset.
  virtual int64_t Position() const { return std::numeric_limits<int64_t>::max(); }
  // FAILED_PRECONDITION (TZDATA_DIFFERS) while this machine's zone rules are not those that the register has adopted:
  // what it would decide is not what others would. OK when either is unknown.
  virtual absl::Status Usable() const { return absl::OkStatus(); }
  // `wake` is called after Version or Position has grown, until the token is destroyed.
  virtual std::shared_ptr<void> OnChange(std::function<void()> wake) = 0;
};

// Where a simulation or a fault test ends an instance.
class Faults {
 public:
  virtual ~Faults() = default;
  // True: the instance dies here. Whoever asked returns at once and does nothing more.
  virtual bool Hit(absl::string_view point) = 0;
  // `order` is about to be decided on `rows`: what met, for coverage.
  virtual void Deciding(const store::Rows&, const v1::Order&) {}
};

// Names of all fault points, for coverage.
inline constexpr absl::string_view kFaultPoints[] = {
    "claim.before_append",   "claim.after_append",        "append.before",        "append.after",
    "tail.before_commit",    "tail.after_commit",         "writer.before_reply",  "writer.after_reply",
    "writer.before_refusal", "writer.before_known_reply", "reactor.before_react", "timer.before_fire"};

// Ends the function (with nothing, or with what follows) when the instance dies here.
#define FAULT_POINT(faults, name, ...)                                  \
  do {                                                                  \
    if ((faults) != nullptr && (faults)->Hit(name)) return __VA_ARGS__; \
  } while (false)

// Carries an order to a shard's owner in another instance.
class Forwarder {
 public:
  virtual ~Forwarder() = default;
  // UNAVAILABLE when the owner cannot be reached or is none.
  virtual void Execute(const std::string& address, const v1::Order& order,
                       std::function<void(absl::StatusOr<v1::Receipt>)> done) = 0;
};

// Inputs without effect are covered by a POSITION when the first of them is so old.
inline constexpr Millis kPositionAfter = 5 * kMinute;

struct Environment {
  log::ShardId id;
  uint32_t shard_count = 0;
  std::string instance;  // the owner's name in claims
  std::string address;   // where it takes forwarded orders; empty in one process
  log::Log* log = nullptr;
  JudgedEntries* judged = nullptr;  // shared by whoever reads the same streams in this process
  Executor* executor = nullptr;     // the strand that everything of this shard runs on
  const Clock* clock = nullptr;
  IdSource* ids = nullptr;
  store::Database* database = nullptr;
  Logic* logic = nullptr;
  ReferenceSource* reference = nullptr;  // null for the register's own shard
  Forwarder* forwarder = nullptr;        // null in one process
  Faults* faults = nullptr;
  const Callers* callers = nullptr;  // of the whole process; null: reactions yield in batches alone
  QueueLimits limits;
  Millis position_after = kPositionAfter;
  // Called, on the executor, when the rows turn out damaged: they must be made anew before they are used again.
  std::function<void(const absl::Status&)> on_damage;

  uint16_t shard() const { return static_cast<uint16_t>(id.shard); }
};

}  // namespace redress::runtime
