// What waits for a shard's writer, and who goes first.
//
//   callers   people and systems that wait for an answer
//   machine   reactions, timers, positions, in the order they were queued: a position never overtakes a reaction
//   bulk      imports
//
// A batch holds at most half machine and a quarter bulk. While the oldest of `machine` is less than a minute behind,
// callers go before it, but never take the last places of a batch: nothing starves. Pure but for the items' callbacks,
// which it does not call.
#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "libs/runtime/item.h"

namespace redress::runtime {

// How much waits at most: the rest is refused (callers, bulk), or not looked at yet (machine).
struct QueueLimits {
  size_t callers = 8192;
  size_t bulk = 8192;
  // What its owners, reactor and timers, keep to.
  size_t machine = 512;
};
inline constexpr size_t kMaxBatchItems = 512;
inline constexpr size_t kMaxMachineInBatch = kMaxBatchItems / 2;
inline constexpr size_t kMaxBulkInBatch = kMaxBatchItems / 4;
inline constexpr size_t kMaxBatchBytes = 2 << 20;
// The places of a batch that machine has while it yields: few, so that callers do not wait for it.
inline constexpr size_t kMachineWhileYielding = 64;
// While an input is less than this behind, callers go before reactions.
inline constexpr Millis kYieldBelow = 60 * kSecond;

class Queues {
 public:
  // What a batch holds so far.
  struct Fill {
    bool yield = false;
    size_t callers = 0;
    size_t machine = 0;
    size_t bulk = 0;
    size_t bytes = 0;  // of records; the writer's to count
  };

  explicit Queues(const Clock* clock, const QueueLimits& limits = {}) : clock_(clock), limits_(limits) {}

  // Whether one more of that class fits; callers ask before they push.
  bool Full(v1::OrderClass order_class) const;
  // Behind the others of its class: an order of a caller; what a reaction or timer asks for.
  void PushOrder(Item item);
  void PushMachine(Item item);
  // Orders that had been taken, to the front of their queues in the order given.
  void PutBack(std::vector<Item> items);

  // A batch's beginning.
  Fill Begin() const;
  // The next item of the batch; false when it is full or nothing waits.
  bool Take(Fill* fill, Item* item);

  // All orders of callers, bulk ones among them; they are gone from here.
  std::vector<Item> TakeOrders();
  // All that reactions and timers asked for; gone from here too.
  std::vector<Item> TakeMachine();

  size_t machine() const { return machine_.size(); }
  size_t size() const { return callers_.size() + bulk_.size() + machine_.size(); }
  // How long the oldest has waited.
  Millis age() const;

 private:
  std::deque<Item>& Of(v1::OrderClass order_class) { return order_class == v1::ORDER_CLASS_BULK ? bulk_ : callers_; }

  const Clock* clock_;
  const QueueLimits limits_;
  std::deque<Item> callers_;
  std::deque<Item> machine_;
  std::deque<Item> bulk_;
};

}  // namespace redress::runtime
