// Fires what is due: timers are rows of the projection, so they survive restarts; a replay fires nothing.
//
// Runs only in a term; at most one order in flight a row, in due order; the order's decision says whether it still
// holds. A row that is there still when its order came to nothing, or when there was none to be had, is asked again in an
// hour. Rows that wait cost no look at them. All calls on the shard's executor.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "libs/runtime/environment.h"
#include "libs/runtime/writer.h"

namespace redress::runtime {

class Timers {
 public:
  Timers(const Environment* env, Writer* writer, std::function<void()> wake, std::weak_ptr<void> alive)
      : env_(env), writer_(writer), wake_(std::move(wake)), alive_(std::move(alive)) {}

  void BeginTerm();
  void EndTerm();
  // Rows have changed; `earliest_set` is the earliest due time among those that are set.
  void Changed(std::optional<Millis> earliest_set);
  bool Step();

  int64_t fired() const { return fired_; }
  // Rows that were in flight at the last look: fired, and neither gone nor given up.
  size_t due() const { return due_; }

 private:
  using Row = std::tuple<Millis, std::string, std::string>;  // due, aggregate, name

  void Fire(const Timer& timer);
  void OnOrder(const Timer& timer, v1::Order order);
  // Its order came to nothing, or there was none, so long ago.
  void OnNothing(const Timer& timer, Millis waited);
  // Not in flight any more; met again at the next look, if it is there.
  void Release(const Row& row);
  void WakeAt(Millis due);

  const Environment* env_;
  Writer* writer_;
  std::function<void()> wake_;
  std::weak_ptr<void> alive_;
  bool active_ = false;
  bool look_ = false;
  std::optional<Millis> next_;  // the earliest row that was not due at the last look, if that saw one
  bool resting_ = false;        // until what the last step fired is queued
  size_t due_ = 0;
  uint64_t term_ = 0;
  Millis waking_at_ = 0;          // monotonic; 0 = no wake-up set
  std::set<Row> in_flight_;       // fired in this term, and not settled
  std::optional<Row> looked_to_;  // all rows up to this one are in flight or gone
  int64_t fired_ = 0;
};

}  // namespace redress::runtime
