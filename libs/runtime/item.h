// What waits for a shard's writer.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/clock/clock.h"
#include "libs/runtime/logic.h"
#include "redress/log/v1/record.pb.h"
#include "redress/runtime/v1/order.pb.h"

namespace redress::runtime {

using Done = std::function<void(absl::StatusOr<v1::Receipt>)>;

// An operator's try to be rid of a parked input, shared by all items of it: the first that fails ends it for the rest,
// so that the input is not taken for used.
struct Unparking {
  log::v1::InputSkipped name;
  absl::Status status;
};

// One entry of a queue.
struct Item {
  v1::Order order;
  std::vector<Done> waiters;
  // An append of it was under way when a term ended: until a later term has looked its request id up, nobody may say
  // that nothing was done.
  bool unsure = false;
  // Reactions: where the input stands after the record. With an earlier order of the same input: where it stood before.
  std::optional<log::v1::Source> source;
  // Reactions: where the input stands when it is done with; an input that is parked is.
  std::optional<log::v1::Source> after;
  // Reactions: when what they react to was recorded; 0 for all others.
  Millis input_at = 0;
  // Positions: what to cover; `order` is unused.
  std::vector<log::v1::Source> positions;
  // The runtime's own events: recorded as they are.
  std::vector<NewEvent> ready_events;
  // Reactions: what to park when the order is refused, or when the input stands behind a parked one.
  std::shared_ptr<const log::v1::InputParked> input;
  std::shared_ptr<Unparking> unparking;
  // Reactions and timers: told when it is settled, with whether anything was recorded.
  std::function<void(bool recorded)> settled;
  // Told instead when its term ends first.
  std::function<void(absl::Status)> ended;
  Millis queued_at = 0;  // monotonic
};

// Whether somebody waits for its answer: an order of a caller, and not of a reaction or timer.
inline bool IsCaller(const Item& item) { return !item.waiters.empty(); }

}  // namespace redress::runtime
