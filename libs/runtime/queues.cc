#include "libs/runtime/queues.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace redress::runtime {
namespace {

void Drain(std::deque<Item>* queue, std::vector<Item>* into) {
  std::move(queue->begin(), queue->end(), std::back_inserter(*into));
  queue->clear();
}

}  // namespace

bool Queues::Full(v1::OrderClass order_class) const {
  return order_class == v1::ORDER_CLASS_BULK ? bulk_.size() >= limits_.bulk : callers_.size() >= limits_.callers;
}

void Queues::PushOrder(Item item) {
  item.queued_at = clock_->Monotonic();
  auto& queue = Of(item.order.order_class());
  queue.push_back(std::move(item));
}

void Queues::PushMachine(Item item) {
  item.queued_at = clock_->Monotonic();
  machine_.push_back(std::move(item));
}

void Queues::PutBack(std::vector<Item> items) {
  for (auto it = items.rbegin(); it != items.rend(); ++it) {
    auto& queue = Of(it->order.order_class());
    queue.push_front(std::move(*it));
  }
}

Queues::Fill Queues::Begin() const {
  Fill fill;
  if (callers_.empty() || machine_.empty()) return fill;
  const Item& oldest = machine_.front();
  const Millis lag = oldest.input_at != 0 ? clock_->Now() - oldest.input_at : clock_->Monotonic() - oldest.queued_at;
  fill.yield = lag < kYieldBelow;
  return fill;
}

bool Queues::Take(Fill* fill, Item* item) {
  const size_t taken = fill->callers + fill->machine + fill->bulk;
  if (taken >= kMaxBatchItems || fill->bytes >= kMaxBatchBytes) return false;
  const auto take = [&](std::deque<Item>& queue, size_t* count) {
    *item = std::move(queue.front());
    queue.pop_front();
    ++*count;
    return true;
  };
  const bool machine = !machine_.empty() && fill->machine < (fill->yield ? kMachineWhileYielding : kMaxMachineInBatch);
  if (machine && !fill->yield) return take(machine_, &fill->machine);
  const bool kept = machine && (taken >= kMaxBatchItems - kMachineWhileYielding || fill->bytes >= kMaxBatchBytes / 2);
  if (!callers_.empty() && !kept) return take(callers_, &fill->callers);
  if (machine) return take(machine_, &fill->machine);
  if (!bulk_.empty() && fill->bulk < kMaxBulkInBatch) return take(bulk_, &fill->bulk);
  return false;
}

std::vector<Item> Queues::TakeOrders() {
  std::vector<Item> items;
  Drain(&callers_, &items);
  Drain(&bulk_, &items);
  return items;
}

std::vector<Item> Queues::TakeMachine() {
  std::vector<Item> items;
  Drain(&machine_, &items);
  return items;
}

Millis Queues::age() const {
  const Millis now = clock_->Monotonic();
  Millis oldest = now;
  for (const auto* queue : {&callers_, &bulk_, &machine_}) {
    if (!queue->empty()) oldest = std::min(oldest, queue->front().queued_at);
  }
  return now - oldest;
}

}  // namespace redress::runtime
