// Who goes first, what starves nobody, how far behind things say they are, timers.
#include <gtest/gtest.h>

#include "libs/runtime/rows.h"
#include "libs/runtime/runtime_fixture.h"

namespace redress::runtime {
namespace {

using PaceTest = RuntimeTest;

TEST_F(PaceTest, CallersWhoNeverCeaseDoNotStarveReactionsTimersOrReaders) {
  Disks disks;
  const auto instance = Boot(&disks, "one", /*own=*/false);
  instance->ledger->AssignAll();
  for (int i = 0; i < 5000; ++i) Send(*instance->ledger, Command(0, "add a 1", absl::StrCat("r", i)));
  executor_.RunFor(kSecond);
  log::Faults faults;
  faults.append = {2, 2};
  faults.report = {1, 1};
  log_->set_faults(faults);
  instance->echo->AssignAll();
  // Each is asked again as soon as it is answered.
  int64_t answered = 0;
  bool stop = false;
  std::function<void(int)> call = [&](int who) {
    v1::Order order = Command(0, "x", absl::StrCat("c", who, "-", answered));
    order.set_stream("routing");
    order.set_aggregate(absl::StrCat("callers/", who));
    instance->echo->Execute(order, [&, who](absl::StatusOr<v1::Receipt> receipt) {
      answered += receipt.ok();
      if (!stop) executor_.Post([&, who] { call(who); });
    });
  };
  call(0);
  call(1);
  types::v1::Position position;
  position.set_log_id(instance->log->info().log_id);
  position.set_stream("intake");
  position.set_next(instance->ledger->Status()[0].state.next_offset);
  bool read = false;
  instance->echo->Read(position, [&](auto rows) { read = rows.ok(); });
  executor_.RunFor(4 * kSecond);
  EXPECT_EQ(VersionOf(*disks.echo, 0, "accounts/a"), 5000);
  EXPECT_TRUE(read);
  EXPECT_GT(answered, 1000);
  stop = true;
  executor_.RunFor(kSecond);
}

TEST_F(PaceTest, ReactionsWaitWhileManyCallersDoButNotForEverNorForWhoReads) {
  Disks disks;
  Callers callers(&clock_);
  const auto instance =
      Boot(&disks, "one", /*own=*/true, [&](ServiceOptions* options) { options->callers = &callers; });
  executor_.RunFor(kSecond);
  const auto taken_in = [&] { return VersionOf(*disks.echo, 0, "accounts/a"); };
  const auto add = [&](int from, int to) {
    for (int i = from; i < to; ++i) Send(*instance->ledger, Command(0, "add a 1", absl::StrCat("r", i)));
    executor_.RunFor(kSecond);
  };
  // Somebody else's callers, of any service.
  for (int64_t i = 0; i < kManyCallers; ++i) callers.Begin();
  add(0, 2000);
  EXPECT_EQ(VersionOf(*disks.ledger, 0, "accounts/a"), 2000);
  EXPECT_GT(taken_in(), 0);
  EXPECT_LT(taken_in(), 500);
  EXPECT_GT(instance->echo->Status()[0].reactor_lag_ms, 0);

  types::v1::Position position;
  position.set_log_id(instance->log->info().log_id);
  position.set_stream("intake");
  position.set_next(instance->ledger->Status()[0].state.next_offset);
  EXPECT_TRUE(ReadAt(*instance->echo, position).ok());
  EXPECT_EQ(taken_in(), 2000);

  // A minute behind is far enough.
  add(2000, 8000);
  EXPECT_LT(taken_in(), 3000);
  executor_.RunFor(90 * kSecond);
  EXPECT_EQ(taken_in(), 8000);

  add(8000, 9000);
  EXPECT_LT(taken_in(), 8500);
  for (int64_t i = 0; i < kManyCallers; ++i) callers.End();
  executor_.RunFor(kSecond);
  EXPECT_EQ(taken_in(), 9000);
  EXPECT_EQ(instance->echo->Status()[0].reactor_lag_ms, 0);
}

TEST_F(PaceTest, WhileAnybodyCallsReactionsGatherAndAreTakenInTogether) {
  Disks disks;
  Callers callers(&clock_);
  const auto instance =
      Boot(&disks, "one", /*own=*/true, [&](ServiceOptions* options) { options->callers = &callers; });
  executor_.RunFor(kSecond);
  const auto taken_in = [&] { return VersionOf(*disks.echo, 0, "accounts/a"); };
  // Whose answers nobody counts.
  const auto add = [&](int number) {
    v1::Order order = Command(0, "add a 1", absl::StrCat("r", number));
    order.set_order_class(v1::ORDER_CLASS_BULK);
    Send(*instance->ledger, std::move(order));
  };
  add(0);
  executor_.RunFor(1);
  EXPECT_EQ(taken_in(), 1) << "nobody calls";

  callers.Begin();
  add(1);
  executor_.RunFor(1);
  int turns = 0;
  int64_t before = taken_in();
  for (int ms = 0; ms < 400; ++ms) {
    add(2 + ms);
    executor_.RunFor(1);
    turns += taken_in() != before;
    before = taken_in();
  }
  EXPECT_GT(before, 350);
  EXPECT_GE(turns, 10);
  EXPECT_LE(turns, 30);
  EXPECT_LT(instance->echo->Status()[0].reactor_lag_ms, 50);

  // Who reads does not wait for the turn.
  types::v1::Position position;
  position.set_log_id(instance->log->info().log_id);
  position.set_stream("intake");
  add(402);
  executor_.RunFor(1);
  position.set_next(instance->ledger->Status()[0].state.next_offset);
  bool read = false;
  instance->echo->Read(position, [&](auto rows) { read = rows.ok(); });
  executor_.RunFor(2);
  EXPECT_TRUE(read);
  EXPECT_EQ(taken_in(), 403);

  // Nor is it asked without end while it waits for what is not there: time would stand still here.
  read = false;
  position.set_next(position.next() + 1);
  instance->echo->Read(position, [&](auto rows) { read = rows.ok(); });
  executor_.RunFor(5);
  add(403);
  executor_.RunFor(5);
  EXPECT_TRUE(read);

  callers.End();
  executor_.RunFor(50);
  EXPECT_EQ(instance->echo->Status()[0].reactor_lag_ms, 0);
  add(404);
  executor_.RunFor(1);
  EXPECT_EQ(taken_in(), 405) << "nobody calls any more";
}

TEST_F(PaceTest, AReactorSaysHowFarItIsBehindWhileItsQueueIsFull) {
  Disks disks;
  const auto instance = Boot(&disks, "one", /*own=*/false);
  instance->ledger->AssignAll();
  for (int i = 0; i < 2000; ++i) Send(*instance->ledger, Command(0, "add a 1", absl::StrCat("r", i)));
  executor_.RunFor(kSecond);
  log::Faults slow;
  slow.append = {10 * kSecond, 10 * kSecond};
  log_->set_faults(slow);
  instance->echo->AssignAll();
  executor_.RunFor(25 * kSecond);
  EXPECT_GT(instance->echo->Status()[0].reactor_lag_ms, 15 * kSecond);
  log_->set_faults({});
  executor_.RunFor(kMinute);
  EXPECT_EQ(VersionOf(*disks.echo, 0, "accounts/a"), 2000);
  EXPECT_EQ(instance->echo->Status()[0].reactor_lag_ms, 0);
}

TEST_F(PaceTest, ATailSaysHowFarItIsBehindWhileTheLogCannotBeAsked) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  ASSERT_TRUE(Execute(*instance, Command(0, "add a 1", "r1")).ok());
  executor_.RunFor(kHour);
  EXPECT_EQ(instance->ledger->Status()[0].tail_lag_ms, 0);
  instance->log->Cut();
  Send(*instance->ledger, Command(0, "add a 2", "r2"));
  executor_.RunFor(10 * kSecond);
  EXPECT_GT(instance->ledger->Status()[0].tail_lag_ms, 9 * kSecond);
  instance->log->Mend();
  executor_.RunFor(5 * kSecond);
  EXPECT_EQ(instance->ledger->Status()[0].tail_lag_ms, 0);
}

TEST_F(PaceTest, DueTimersAreCountedUntilTheyHaveFired) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  const Millis due = clock_.Now() + kMinute;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(Execute(*instance, Command(0, absl::StrCat("later x", i, " ", due, " 1"), absl::StrCat("r", i))).ok());
  }
  EXPECT_EQ(instance->ledger->Status()[0].timers_due, 0u);
  log::Faults slow;
  slow.append = {10 * kSecond, 10 * kSecond};
  log_->set_faults(slow);
  executor_.RunFor(kMinute + kSecond);
  EXPECT_EQ(instance->ledger->Status()[0].timers_due, 3u);
  executor_.RunFor(kMinute);
  EXPECT_EQ(instance->ledger->Status()[0].timers_due, 0u);
  EXPECT_EQ(instance->ledger->Status()[0].timers_fired, 3);
}

TEST_F(PaceTest, ManyDueTimersAllFireInDueOrder) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  const Millis due = clock_.Now() + kHour;
  std::string expected;
  for (int i = 0; i < 1500; ++i) {
    Send(*instance->ledger, Command(0, absl::StrCat("later x", i, " ", due + i, " ", i), absl::StrCat("r", i)));
  }
  executor_.RunFor(kSecond);
  clock_.Advance(2 * kHour);
  executor_.RunFor(2 * kHour);
  EXPECT_EQ(instance->ledger->Status()[0].timers_fired, 1500);
  for (int i = 0; i < 1500; ++i) EXPECT_EQ(Account(*disks.ledger, 0, absl::StrCat("x", i)), absl::StrCat(i, ";"));
}

TEST_F(PaceTest, ATimerThatIsSetAgainForTheSameInstantFiresThoughAnOrderOfItCameToNothing) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  std::function<void()> answer;
  instance->ledger_logic.defer = [&](std::function<void()> late) { answer = std::move(late); };
  const std::string later = absl::StrCat("later x ", clock_.Now() + kMinute, " 1");
  ASSERT_TRUE(Execute(*instance, Command(0, later, "r1")).ok());
  executor_.RunFor(kMinute + kSecond);
  ASSERT_TRUE(answer);
  ASSERT_TRUE(Execute(*instance, Command(0, "never x", "r2")).ok());
  instance->ledger_logic.defer = nullptr;
  answer();
  executor_.RunFor(kSecond);
  EXPECT_EQ(Account(*disks.ledger, 0, "x"), "");
  EXPECT_EQ(instance->ledger->Status()[0].timers_due, 0u);
  ASSERT_TRUE(Execute(*instance, Command(0, later, "r3")).ok());
  executor_.RunFor(kSecond);
  EXPECT_EQ(Account(*disks.ledger, 0, "x"), "1;");
}

TEST_F(PaceTest, ATimerThatIsTakenBackInTheBatchOfItsOrderIsLetGo) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  std::function<void()> answer;
  instance->ledger_logic.defer = [&](std::function<void()> late) { answer = std::move(late); };
  const std::string later = absl::StrCat("later x ", clock_.Now() + kMinute, " 1");
  ASSERT_TRUE(Execute(*instance, Command(0, later, "r1")).ok());
  executor_.RunFor(kMinute + kSecond);
  ASSERT_TRUE(answer);
  // Callers first: the order of the timer sees that.
  Send(*instance->ledger, Command(0, "never x", "r2"));
  answer();
  instance->ledger_logic.defer = nullptr;
  executor_.RunFor(kSecond);
  EXPECT_EQ(Account(*disks.ledger, 0, "x"), "");
  EXPECT_EQ(instance->ledger->Status()[0].timers_fired, 1);
  ASSERT_TRUE(Execute(*instance, Command(0, later, "r3")).ok());
  executor_.RunFor(kSecond);
  EXPECT_EQ(Account(*disks.ledger, 0, "x"), "1;");
  EXPECT_EQ(instance->ledger->Status()[0].timers_due, 0u);
}

TEST_F(PaceTest, ATimerThatGoesAfterItsOrderCameToNothingIsNoMoreDue) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  instance->ledger_logic.waiting = true;
  const std::string later = absl::StrCat("later x ", clock_.Now() + kMinute, " 1");
  ASSERT_TRUE(Execute(*instance, Command(0, later, "r1")).ok());
  executor_.RunFor(10 * kMinute);
  EXPECT_EQ(instance->ledger->Status()[0].timers_due, 1u);
  ASSERT_TRUE(Execute(*instance, Command(0, "never x", "r2")).ok());
  executor_.RunFor(20 * kMinute);
  EXPECT_EQ(instance->ledger->Status()[0].timers_due, 0u);
  EXPECT_EQ(instance->ledger_logic.asked, 1);
}

TEST_F(PaceTest, ATimerThatHasNoOrderYetIsAskedAgainInAnHour) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  instance->ledger_logic.waiting = true;
  const Millis due = clock_.Now() + kMinute;
  ASSERT_TRUE(Execute(*instance, Command(0, absl::StrCat("later x ", due, " 1"), "r1")).ok());
  executor_.RunFor(5 * kHour);
  EXPECT_EQ(instance->ledger_logic.asked, 5);
  EXPECT_EQ(instance->ledger->Status()[0].timers_due, 1u);
  instance->ledger_logic.waiting = false;
  executor_.RunFor(kHour);
  EXPECT_EQ(Account(*disks.ledger, 0, "x"), "1;");
  EXPECT_EQ(instance->ledger->Status()[0].timers_due, 0u);
}

// Counts the rows that scans visit.
class CountedRows : public store::MemoryDatabase {
 public:
  CountedRows() : MemoryDatabase(64) {}
  void Scan(absl::string_view from, absl::string_view to, Visitor visit) const override {
    MemoryDatabase::Scan(from, to, [&](absl::string_view key, absl::string_view value) {
      ++visited;
      return visit(key, value);
    });
  }
  mutable int64_t visited = 0;
};

TEST_F(PaceTest, TimersThatWaitAreNotLookedAtWithEachChange) {
  constexpr int kWaiting = 2000;
  Disks disks;
  const auto rows = std::make_shared<CountedRows>();
  disks.ledger = rows;
  const auto instance = Boot(&disks, "one");
  const Millis due = clock_.Now() + kMinute;
  for (int i = 0; i < kWaiting; ++i) {
    Send(*instance->ledger, Command(0, absl::StrCat("later x", i, " ", due + i, " 1"), absl::StrCat("r", i)));
  }
  executor_.RunFor(kSecond);
  instance->ledger_logic.waiting = true;
  rows->visited = 0;
  executor_.RunFor(2 * kMinute);
  EXPECT_EQ(instance->ledger->Status()[0].timers_due, kWaiting);
  EXPECT_EQ(instance->ledger_logic.asked, kWaiting);
  EXPECT_LT(rows->visited, 5 * kWaiting);
  // Others come and go meanwhile: also one that is due before them all.
  instance->ledger_logic.waiting = false;
  rows->visited = 0;
  for (int i = 0; i < 100; ++i) {
    const Millis at = i == 0 ? due - 1 : clock_.Now() + kSecond;
    ASSERT_TRUE(Execute(*instance, Command(0, absl::StrCat("later y", i, " ", at, " 1"), absl::StrCat("s", i))).ok());
  }
  executor_.RunFor(kMinute);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Account(*disks.ledger, 0, absl::StrCat("y", i)), "1;") << i;
  EXPECT_LT(rows->visited, 5 * kWaiting);
  executor_.RunFor(kHour);
  for (int i = 0; i < kWaiting; ++i) ASSERT_EQ(Account(*disks.ledger, 0, absl::StrCat("x", i)), "1;") << i;
}

// Counts who asks for the time while no work of the executor runs: the writer does for all it queues.
class WatchedClock : public Clock {
 public:
  explicit WatchedClock(const FakeClock* clock) : clock_(clock) {}
  Millis Now() const override { return clock_->Now(); }
  Millis Monotonic() const override {
    ++asked;
    return clock_->Monotonic();
  }
  mutable int asked = 0;

 private:
  const FakeClock* clock_;
};

TEST_F(PaceTest, ATimersOrderMayComeFromAnyThreadAndLate) {
  Disks disks;
  const WatchedClock watched(&clock_);
  auto instance = Boot(&disks, "one", /*own=*/true, [&](ServiceOptions* options) { options->clock = &watched; });
  std::vector<std::function<void()>> late;
  instance->ledger_logic.defer = [&](std::function<void()> answer) { late.push_back(std::move(answer)); };
  for (const char* name : {"x", "y"}) {
    ASSERT_TRUE(Execute(*instance, Command(0, absl::StrCat("later ", name, " ", clock_.Now() + kMinute, " 1"),
                                           absl::StrCat("r", name)))
                    .ok());
  }
  executor_.RunFor(kHour);
  ASSERT_EQ(late.size(), 2u);
  const int asked = watched.asked;
  late[0]();
  EXPECT_EQ(watched.asked, asked) << "nothing of the shard is touched where the answer came";
  executor_.RunFor(kSecond);
  EXPECT_EQ(Account(*disks.ledger, 0, "x"), "1;");
  instance = nullptr;
  late[1]();
  executor_.RunFor(kSecond);
  EXPECT_EQ(Account(*disks.ledger, 0, "y"), "");
}

}  // namespace
}  // namespace redress::runtime
