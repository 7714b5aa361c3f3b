#include <gtest/gtest.h>

#include <future>
#include <vector>

#include "libs/clock/fake_clock.h"
#include "libs/clock/instant_text.h"
#include "libs/clock/system_clock.h"

namespace redress {
namespace {

TEST(FakeExecutor, RunsInOrderOfTimeThenPosting) {
  FakeClock clock(1000);
  FakeExecutor executor(&clock);
  std::vector<int> ran;
  executor.PostAfter(20, [&] { ran.push_back(3); });
  executor.PostAfter(10, [&] { ran.push_back(2); });
  executor.Post([&] { ran.push_back(0); });
  executor.Post([&] { ran.push_back(1); });
  EXPECT_EQ(executor.RunReady(), 2);
  executor.RunFor(15);
  EXPECT_EQ(ran, (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(clock.Now(), 1015);
  executor.RunFor(5);
  EXPECT_EQ(ran.size(), 4u);
}

TEST(FakeClock, StepMovesTheWallClockAlone) {
  FakeClock clock(1000);
  clock.Step(-500);
  EXPECT_EQ(clock.Now(), 500);
  EXPECT_EQ(clock.Monotonic(), 0);
}

TEST(ThreadExecutor, RunsPostedWorkInOrderAndDelayedWorkLater) {
  ThreadExecutor executor;
  std::vector<int> ran;
  std::promise<void> done;
  executor.PostAfter(5, [&] {
    ran.push_back(2);
    done.set_value();
  });
  executor.Post([&] { ran.push_back(0); });
  executor.Post([&] { ran.push_back(1); });
  done.get_future().wait();
  EXPECT_EQ(ran, (std::vector<int>{0, 1, 2}));
}

TEST(ThreadExecutor, ABusyStrandGetsToItsTimers) {
  ThreadExecutor executor;
  std::promise<void> done;
  bool fired = false;
  std::function<void()> again = [&] { fired ? done.set_value() : executor.Post(again); };
  executor.PostAfter(5, [&] { fired = true; });
  executor.Post(again);
  done.get_future().wait();
  EXPECT_TRUE(fired);
}

// Posts once more as it goes, as an answer does after which somebody else has their turn.
struct LastWord {
  ThreadExecutor* executor;
  ~LastWord() {
    executor->Post([] {});
  }
};

TEST(ThreadExecutor, WhatIsDroppedMayPost) {
  ThreadExecutor executor;
  executor.PostAfter(kHour, [last = std::make_shared<LastWord>(&executor)] {});
  executor.Stop();
}

TEST(ThreadExecutor, DropsWhatIsQueuedWhenStopped) {
  bool ran = false;
  {
    ThreadExecutor executor;
    executor.PostAfter(kDay, [&] { ran = true; });
  }
  EXPECT_FALSE(ran);
}

TEST(InstantText, IsWhatPeopleRead) {
  EXPECT_EQ(InstantText(1'772'352'000'500), "2026-03-01T08:00:00.5Z");
  EXPECT_EQ(InstantText(-1), "1969-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace redress
