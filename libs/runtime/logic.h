// What a service gives the runtime: how it decides, folds and reacts. The runtime does the rest, the same for all
// services.
//
//   command ─▶ Decide ─▶ events ─▶ log ─▶ Apply ─▶ rows            input event ─▶ React ─▶ commands
//
// Decide, Apply and React are pure: no I/O, clock, threads or random numbers; what they need comes in their arguments.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/clock/clock.h"
#include "libs/log/log.h"
#include "libs/store/store.h"
#include "redress/log/v1/record.pb.h"
#include "redress/runtime/v1/order.pb.h"

namespace redress::reference {
class Snapshot;
}

namespace redress::runtime {

// An event to be recorded; the runtime gives it its version.
struct NewEvent {
  std::string aggregate;
  std::string payload;  // serialised redress.<stream>.events.v1.Event
};

// What a decision may know besides its shard's rows.
struct DecideContext {
  uint16_t shard = 0;
  uint32_t shard_count = 0;
  // What the record's recorded_at will be.
  Millis now = 0;
  // The register as the owner sees it; what is used of it is written in the event. Null in the register's own decider.
  const reference::Snapshot* reference = nullptr;
};

// The record an event lies in.
struct ApplyContext {
  uint16_t shard = 0;
  uint32_t shard_count = 0;
  const log::v1::Body* body = nullptr;
  int64_t register_version() const { return body->register_version(); }
  Millis recorded_at() const { return body->recorded_at(); }
};

// An accepted decision of an input stream, as a reactor sees it.
struct Input {
  log::ShardId from;
  const log::v1::Body* body = nullptr;
};

struct ReactContext {
  uint16_t shard = 0;
  uint32_t shard_count = 0;
  const reference::Snapshot* reference = nullptr;
};

// A due row of the timers table.
struct Timer {
  std::string aggregate;
  std::string name;
  Millis due = 0;
};

class Logic {
 public:
  virtual ~Logic() = default;

  virtual log::Stream stream() const = 0;
  // Shape of the projection: a change of it means a rebuild.
  virtual int projection_version() const = 0;
  // The inputs of one shard (log.md's table); the register is not among them.
  virtual std::vector<log::ShardId> Follows(uint16_t shard, uint32_t shard_count) const = 0;

  // The events that `order` causes on what `rows` say; none if it has already taken effect or means nothing.
  // Errors refuse it: they go to the caller as they are. Never UNAVAILABLE.
  virtual absl::StatusOr<std::vector<NewEvent>> Decide(const store::Rows& rows, const v1::Order& order,
                                                       const DecideContext& context) const = 0;

  // Whether this build can read `event`, of its own stream or of one it follows. One of its own that it cannot stops
  // the shard; another's is parked.
  virtual bool Knows(log::Stream stream, const log::v1::Event& event) const = 0;

  // Folds one event into the rows of its shard. Total: never fails, whatever was written at this build's level.
  virtual void Apply(const ApplyContext& context, const log::v1::Event& event, store::View* rows) const = 0;
  // Folds the events of one record, in order. Leaves what Apply leaves, called for each of them: for a service that has
  // less to do when it sees them together.
  virtual void ApplyAll(const ApplyContext& context, const std::vector<const log::v1::Event*>& events,
                        store::View* rows) const {
    for (const log::v1::Event* event : events) Apply(context, *event, rows);
  }

  // What a caller's request is answered with, from the rows after its record was applied; stored with the request id.
  virtual std::string ResultOf(const ApplyContext& context, const store::Rows& rows) const = 0;

  // The orders that an input means for this shard, in order; most inputs mean none. An error parks the input.
  virtual absl::StatusOr<std::vector<v1::Order>> React(const Input& input, const ReactContext& context) const = 0;

  // Work on a shard's rows that follows from no record and is outside digests: look-ups under a key that goes are made
  // anew. A piece of it; true when there is more.
  virtual bool Tend(uint16_t, store::View*) const { return false; }

  // The order that a due timer means. Asynchronous, because some timers are work rows (destroying keys, telling a
  // person): those act first and record after; they may act again after a crash. `done` may be called on any thread;
  // without an order: not yet, ask again in an hour if it stands then.
  virtual void Fire(const Timer& timer, const ReactContext& context,
                    std::function<void(std::optional<v1::Order>)> done) = 0;
};

}  // namespace redress::runtime
