#include "libs/runtime/queues.h"

#include <gtest/gtest.h>

#include "libs/clock/fake_clock.h"

namespace redress::runtime {
namespace {

class QueuesTest : public testing::Test {
 protected:
  void Push(int count, v1::OrderClass order_class) {
    for (int i = 0; i < count; ++i) {
      Item item;
      item.order.set_order_class(order_class);
      item.order.set_etag(++pushed_);
      item.waiters.push_back([](absl::StatusOr<v1::Receipt>) {});
      queues_.PushOrder(std::move(item));
    }
  }
  void PushMachine(int count, Millis input_at = 0) {
    for (int i = 0; i < count; ++i) {
      Item item;
      item.order.set_order_class(v1::ORDER_CLASS_REACTION);
      item.order.set_etag(++pushed_);
      item.input_at = input_at;
      queues_.PushMachine(std::move(item));
    }
  }
  Queues::Fill TakeBatch(size_t bytes_each = 0) {
    Queues::Fill fill = queues_.Begin();
    order_.clear();
    Item item;
    while (queues_.Take(&fill, &item)) {
      fill.bytes += bytes_each;
      order_.push_back(item.order.etag());
    }
    return fill;
  }

  FakeClock clock_{1'000'000'000};
  Queues queues_{&clock_};
  std::vector<int64_t> order_;  // in which the last batch was taken
  int64_t pushed_ = 0;
};

TEST_F(QueuesTest, ABatchHoldsAtMostHalfMachine) {
  PushMachine(1000, clock_.Now() - 2 * kMinute);
  Push(1000, v1::ORDER_CLASS_CALLER);
  const auto fill = TakeBatch();
  EXPECT_FALSE(fill.yield);
  EXPECT_EQ(fill.machine, 256u);
  EXPECT_EQ(fill.callers, 256u);
  EXPECT_EQ(order_.front(), 1) << "what is far behind goes first";
}

TEST_F(QueuesTest, ABatchHoldsAtMostHalfMachineAlsoWhenNobodyElseWaits) {
  PushMachine(1000);
  EXPECT_EQ(TakeBatch().machine, 256u);
}

TEST_F(QueuesTest, ABatchHoldsAtMostAQuarterBulk) {
  Push(1000, v1::ORDER_CLASS_BULK);
  EXPECT_EQ(TakeBatch().bulk, 128u);
  Push(300, v1::ORDER_CLASS_CALLER);
  const auto fill = TakeBatch();
  EXPECT_EQ(fill.bulk, 128u);
  EXPECT_EQ(fill.callers, 300u);
}

TEST_F(QueuesTest, CallersGoFirstWhileMachineIsLittleBehindButNeverTakeItsLastPlaces) {
  PushMachine(1000, clock_.Now() - 59 * kSecond);
  Push(1000, v1::ORDER_CLASS_CALLER);
  const auto fill = TakeBatch();
  EXPECT_TRUE(fill.yield);
  EXPECT_EQ(order_.front(), 1001);
  EXPECT_EQ(fill.callers, 448u);
  EXPECT_EQ(fill.machine, 64u);
}

TEST_F(QueuesTest, FewCallersLeaveRoomForMachine) {
  PushMachine(1000, clock_.Now());
  Push(2, v1::ORDER_CLASS_CALLER);
  const auto fill = TakeBatch();
  EXPECT_EQ(fill.callers, 2u);
  EXPECT_EQ(fill.machine, 64u);
}

TEST_F(QueuesTest, LagIsTheInputsNotTheQueues) {
  PushMachine(1, clock_.Now() - 61 * kSecond);
  Push(1, v1::ORDER_CLASS_CALLER);
  EXPECT_FALSE(queues_.Begin().yield);
  TakeBatch();
  PushMachine(1);  // a timer: it has waited since it was queued
  Push(1, v1::ORDER_CLASS_CALLER);
  EXPECT_TRUE(queues_.Begin().yield);
  clock_.Advance(61 * kSecond);
  EXPECT_FALSE(queues_.Begin().yield);
}

TEST_F(QueuesTest, LargeOrdersOfCallersLeaveRoomForMachine) {
  PushMachine(10, clock_.Now());
  Push(10, v1::ORDER_CLASS_CALLER);
  const auto fill = TakeBatch(512 * 1024);
  EXPECT_EQ(fill.callers, 2u);
  EXPECT_EQ(fill.machine, 2u);
}

TEST_F(QueuesTest, WhatIsPutBackIsNextInItsOldOrder) {
  Push(3, v1::ORDER_CLASS_CALLER);
  Push(2, v1::ORDER_CLASS_BULK);
  Queues::Fill fill = queues_.Begin();
  std::vector<Item> taken(4);
  for (Item& item : taken) ASSERT_TRUE(queues_.Take(&fill, &item));
  queues_.PutBack(std::move(taken));
  TakeBatch();
  EXPECT_EQ(order_, (std::vector<int64_t>{1, 2, 3, 4, 5}));
}

TEST_F(QueuesTest, AreFullByClass) {
  Push(static_cast<int>(QueueLimits().bulk), v1::ORDER_CLASS_BULK);
  EXPECT_TRUE(queues_.Full(v1::ORDER_CLASS_BULK));
  EXPECT_FALSE(queues_.Full(v1::ORDER_CLASS_CALLER));
}

}  // namespace
}  // namespace redress::runtime
