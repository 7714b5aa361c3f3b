#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "libs/runtime/runtime_fixture.h"

namespace redress::runtime {
namespace {

TEST_F(RuntimeTest, ACommandIsRecordedAppliedAndAnswered) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  const auto receipt = Execute(*instance, Command(1, "add a 5", "r1"));
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->result(), "5;");
  EXPECT_EQ(receipt->version(), 1);
  EXPECT_EQ(receipt->position().shard(), 1u);
  EXPECT_EQ(Account(*disks.ledger, 1), "5;");
}

TEST_F(RuntimeTest, ARetryGetsTheFirstAnswerAgain) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  const auto first = Execute(*instance, Command(0, "add a 5", "r1"));
  ASSERT_TRUE(Execute(*instance, Command(0, "add a 6", "r2")).ok());
  const auto again = Execute(*instance, Command(0, "add a 5", "r1"));
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->known());
  EXPECT_EQ(again->result(), first->result());
  EXPECT_EQ(again->position().next(), first->position().next());
  EXPECT_EQ(Account(*disks.ledger, 0), "5;6;");
}

TEST_F(RuntimeTest, ARetryWhileTheFirstIsInFlightJoinsIt) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  int answers = 0;
  for (int i = 0; i < 3; ++i) {
    instance->ledger->Execute(Command(0, "add a 5", "r1"), [&](absl::StatusOr<v1::Receipt> receipt) {
      EXPECT_TRUE(receipt.ok()) << receipt.status();
      ++answers;
    });
  }
  executor_.RunFor(1000);
  EXPECT_EQ(answers, 3);
  EXPECT_EQ(Account(*disks.ledger, 0), "5;");
}

TEST_F(RuntimeTest, ARefusalIsAnsweredAndNotRemembered) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  EXPECT_EQ(ReasonOf(Execute(*instance, Command(0, "bad", "r1")).status()), "BAD");
  EXPECT_TRUE(Execute(*instance, Command(0, "add a 5", "r1")).ok());
}

TEST_F(RuntimeTest, AStaleEtagIsAborted) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  v1::Order order = Command(0, "add a 5", "r1");
  order.set_etag(1);
  EXPECT_EQ(Execute(*instance, order).status().code(), absl::StatusCode::kAborted);
  order.set_etag(0);
  ASSERT_TRUE(Execute(*instance, order).ok());
  order.set_request_id("r2");
  order.set_etag(1);
  EXPECT_TRUE(Execute(*instance, order).ok());
}

TEST_F(RuntimeTest, EachOrderOfABatchSeesThoseBeforeIt) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  const auto at_version = [](int64_t etag, const std::string& command, const std::string& request_id) {
    v1::Order order = Command(0, command, request_id);
    order.set_etag(etag);
    return order;
  };
  const auto first = Send(*instance->ledger, Command(0, "later x 90000 7", "r1"));
  const auto second = Send(*instance->ledger, at_version(1, "add a 1", "r2"));
  const auto stale = Send(*instance->ledger, at_version(1, "add a 2", "r3"));
  const auto nothing = Send(*instance->ledger, Command(0, "nothing", "r4"));
  // What the first one left, by the fold of a batch that is not applied yet; and it is gone after that.
  const auto fire = Send(*instance->ledger, Command(0, "fire x", "r5"));
  const auto again = Send(*instance->ledger, Command(0, "fire x", "r6"));
  executor_.RunFor(kSecond);
  ASSERT_TRUE(first->answer->ok() && second->answer->ok() && nothing->answer->ok() && fire->answer->ok());
  EXPECT_EQ((*first->answer)->position().next() + 1, (*second->answer)->position().next());
  EXPECT_EQ((*second->answer)->version(), 2);
  EXPECT_EQ(stale->answer->status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ((*nothing->answer)->version(), 2);
  EXPECT_TRUE((*fire->answer)->recorded());
  EXPECT_FALSE((*again->answer)->recorded());
  EXPECT_EQ((*again->answer)->version(), 3);
}

TEST_F(RuntimeTest, ACommandPastItsDeadlineIsNotDecided) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  v1::Order order = Command(0, "add a 5", "r1");
  order.set_deadline(clock_.Now() - 1);
  EXPECT_EQ(Execute(*instance, order).status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(Account(*disks.ledger, 0), "");
}

TEST_F(RuntimeTest, DoubtAboutAnAppendEndsTheTermAndTheRetryFindsWhatHappened) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  ASSERT_TRUE(Execute(*instance, Command(0, "add a 1", "r0")).ok());
  log::Faults faults;
  faults.landed_unknown = 1;
  log_->set_faults(faults);
  std::optional<absl::StatusOr<v1::Receipt>> answer;
  instance->ledger->Execute(Command(0, "add a 5", "r1"), [&](absl::StatusOr<v1::Receipt> r) { answer = std::move(r); });
  executor_.RunFor(20);
  log_->set_faults({});
  executor_.RunFor(5000);
  ASSERT_TRUE(answer.has_value());
  ASSERT_TRUE(answer->ok()) << answer->status();
  EXPECT_EQ(Account(*disks.ledger, 0), "1;5;");
  EXPECT_GE(instance->ledger->Status()[0].claims, 2);
}

TEST_F(RuntimeTest, ALostAppendIsDecidedAnewInTheNextTerm) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  ASSERT_TRUE(Execute(*instance, Command(0, "add a 1", "r0")).ok());
  log::Faults faults;
  faults.lost = 1;
  log_->set_faults(faults);
  std::optional<absl::StatusOr<v1::Receipt>> answer;
  instance->ledger->Execute(Command(0, "add a 5", "r1"), [&](absl::StatusOr<v1::Receipt> r) { answer = std::move(r); });
  executor_.RunFor(20);
  log_->set_faults({});
  executor_.RunFor(10000);
  ASSERT_TRUE(answer.has_value() && answer->ok());
  EXPECT_EQ(Account(*disks.ledger, 0), "1;5;");
}

TEST_F(RuntimeTest, ADeposedOwnerAnswersUnavailableAndHarmsNothing) {
  Disks first_disks;
  Disks second_disks;
  const auto first = Boot(&first_disks, "one");
  ASSERT_TRUE(Execute(*first, Command(0, "add a 1", "r0")).ok());
  first->ledger->Assign({});
  const auto second = Boot(&second_disks, "two");
  executor_.RunFor(1000);
  const auto refused = Execute(*first, Command(0, "add a 2", "r1"));
  EXPECT_EQ(ReasonOf(refused.status()), "NOT_OWNER");
  ASSERT_TRUE(Execute(*second, Command(0, "add a 3", "r1")).ok());
  executor_.RunFor(1000);
  EXPECT_EQ(Account(*first_disks.ledger, 0), "1;3;");
  EXPECT_EQ(store::DigestOf(*first_disks.ledger, 0, store::DigestScope::kAll),
            store::DigestOf(*second_disks.ledger, 0, store::DigestScope::kAll));
}

TEST_F(RuntimeTest, ReactionsHappenOnceAcrossRestartsThatLoseCommits) {
  Disks disks;
  for (int life = 0; life < 10; ++life) {
    const auto instance = Boot(&disks, absl::StrCat("life", life));
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE(Execute(*instance, Command(0, "add a 1", absl::StrCat("r", life, "-", i))).ok());
    }
    if (life % 2 == 0) executor_.RunFor(static_cast<Millis>(ids_.Random64() % 30));
    instance->log->Close();
    disks.ledger->Lose(ids_.Random64() % 5);
    disks.echo->Lose(ids_.Random64() % 5);
  }
  const auto instance = Boot(&disks, "last");
  executor_.RunFor(1000);
  std::string expected;
  for (int i = 1; i <= 50; ++i) expected += absl::StrCat(i, ";");
  EXPECT_EQ(Account(*disks.echo, 0, "accounts/a"), expected);
}

TEST_F(RuntimeTest, InputsWithoutEffectAreCoveredWhenAReaderWaits) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  const auto receipt = Execute(*instance, Command(0, "add a dull", "r1"));
  ASSERT_TRUE(receipt.ok());
  bool there = false;
  instance->echo->Read(receipt->position(), [&](auto rows) { there = rows.ok(); });
  executor_.RunFor(1000);
  EXPECT_TRUE(there);
  const int64_t before = instance->echo->Status()[0].state.next_offset;
  executor_.RunFor(kDay);
  EXPECT_EQ(instance->echo->Status()[0].state.next_offset, before) << "an idle system writes nothing";
}

TEST_F(RuntimeTest, AReadAtAPositionOfAnotherLogIsRefused) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  types::v1::Position position;
  position.set_log_id("another");
  position.set_stream("intake");
  absl::Status status;
  instance->ledger->Read(position, [&](auto rows) { status = rows.status(); });
  EXPECT_EQ(ReasonOf(status), "ANOTHER_LOG");
}

TEST_F(RuntimeTest, AReadThatCannotBeServedGivesUpAfterItsPatience) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  auto receipt = Execute(*instance, Command(0, "add a 1", "r1"));
  receipt->mutable_position()->set_next(1000);
  absl::Status status;
  instance->ledger->Read(receipt->position(), [&](auto rows) { status = rows.status(); });
  executor_.RunFor(kReadPatience + 10);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
}

TEST_F(RuntimeTest, TimersFireOnceInDueOrderAndSurviveRestarts) {
  Disks disks;
  const Millis now = clock_.Now();
  {
    const auto instance = Boot(&disks, "one");
    ASSERT_TRUE(Execute(*instance, Command(0, absl::StrCat("later x ", now + 2 * kHour, " 2"), "r2")).ok());
    ASSERT_TRUE(Execute(*instance, Command(0, absl::StrCat("later y ", now + kHour, " 1"), "r1")).ok());
    executor_.RunFor(30 * kMinute);
    EXPECT_EQ(Account(*disks.ledger, 0, "y"), "");
    instance->log->Close();
  }
  clock_.Advance(3 * kDay);
  const auto instance = Boot(&disks, "two");
  executor_.RunFor(kHour);
  EXPECT_EQ(Account(*disks.ledger, 0, "y"), "1;");
  EXPECT_EQ(Account(*disks.ledger, 0, "x"), "2;");
  executor_.RunFor(kDay);
  EXPECT_EQ(Account(*disks.ledger, 0, "x"), "2;");
}

TEST_F(RuntimeTest, AnInputThatCannotBeUsedIsParkedWithThoseBehindIt) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  ASSERT_TRUE(Execute(*instance, Command(0, "add a poison", "r1")).ok());
  ASSERT_TRUE(Execute(*instance, Command(0, "add a 2", "r2")).ok());
  v1::Order other = Command(0, "add b 3", "r3");
  other.set_aggregate("accounts/b");
  ASSERT_TRUE(Execute(*instance, other).ok());
  executor_.RunFor(1000);
  auto parked = ListParked(*disks.echo, 0);
  ASSERT_EQ(parked.size(), 2u);
  EXPECT_EQ(Account(*disks.echo, 0, "accounts/a"), "");
  EXPECT_EQ(Account(*disks.echo, 0, "accounts/b"), "1;");

  instance->echo_logic.poisoned = false;
  for (const v1::ParkedRow& row : parked) {
    const auto done =
        Unpark(*instance->echo, 0, row.input(), /*replay=*/true, absl::StrCat("replay-", row.input().version()));
    EXPECT_TRUE(done.ok()) << done.status();
  }
  EXPECT_EQ(Account(*disks.echo, 0, "accounts/a"), "1;2;");
  EXPECT_TRUE(ListParked(*disks.echo, 0).empty());
}

TEST_F(RuntimeTest, RebuildFromZeroEqualsLive) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(Execute(*instance, Command(i % 2, "add a 1", absl::StrCat("r", i))).ok());
  }
  executor_.RunFor(1000);
  Disks fresh;
  const auto follower = Boot(&fresh, "two", /*own=*/false);
  executor_.RunFor(1000);
  for (uint16_t shard = 0; shard < kShards; ++shard) {
    EXPECT_EQ(store::DigestOf(*disks.ledger, shard, store::DigestScope::kAll),
              store::DigestOf(*fresh.ledger, shard, store::DigestScope::kAll));
    EXPECT_EQ(store::DigestOf(*disks.echo, shard, store::DigestScope::kAll),
              store::DigestOf(*fresh.echo, shard, store::DigestScope::kAll));
  }
  EXPECT_TRUE(follower->ledger->Ready());
}

TEST_F(RuntimeTest, GoesOverToARebuiltDatabaseAndGoesOn) {
  Disks disks;
  const auto instance = Boot(&disks, "one");
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Execute(*instance, Command(0, "add a 1", absl::StrCat("r", i))).ok());
  Disks rebuilt;
  Boot(&rebuilt, "builder", /*own=*/false);
  executor_.RunFor(100);
  {
    const auto builder = Boot(&rebuilt, "builder", /*own=*/false);
    executor_.RunFor(1000);
    builder->log->Close();
  }
  ASSERT_TRUE(Execute(*instance, Command(0, "add a 2", "late")).ok());
  bool gone_over = false;
  instance->ledger->Reopen(rebuilt.ledger, [&] { gone_over = true; });
  executor_.RunFor(3000);
  EXPECT_TRUE(gone_over);
  EXPECT_TRUE(Execute(*instance, Command(0, "add a 1", "r0"))->known());
  ASSERT_TRUE(Execute(*instance, Command(0, "add a 3", "after")).ok());
  EXPECT_EQ(Account(*instance->ledger->ReadNow(), 0), absl::StrCat(Account(*disks.ledger, 0), "3;"));
}

TEST_F(RuntimeTest, AFullQueueRefusesAtOnce) {
  Disks disks;
  const auto instance = Boot(&disks, "one", /*own=*/false);
  instance->ledger->Assign({true, true});
  log_->Crash(log::SimulatedLog::Unsynced::kKept);
  int exhausted = 0;
  for (int i = 0; i < 9000; ++i) {
    instance->ledger->Execute(Command(0, "add a 1", absl::StrCat("r", i)), [&](absl::StatusOr<v1::Receipt> receipt) {
      if (absl::IsResourceExhausted(receipt.status())) ++exhausted;
    });
  }
  executor_.RunFor(10);
  EXPECT_EQ(exhausted, 9000 - 8192);
}

// Three instances fight for the shards while the log loses, repeats and delays; clients retry until they are answered.
TEST_F(RuntimeTest, EveryAcknowledgedCommandCountsOnceUnderEveryFault) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    SeededIdSource random(seed);
    FakeClock clock(1'000'000);
    FakeExecutor executor(&clock);
    log::SimulatedLog log({.shard_count = kShards}, &clock, &executor, &random);
    log::Faults faults;
    faults.append = {0, 20};
    faults.report = {0, 20};
    faults.arrival = {0, 20};
    faults.late = {5, 2000};
    faults.lost = faults.landed_unknown = faults.landed_late = faults.partial = faults.twice = 0.03;
    faults.sparse = faults.unavailable = faults.stale_end = 0.05;
    log.set_faults(faults);

    Disks disks[3];
    std::unique_ptr<Instance> instances[3];
    const auto boot = [&](int i) {
      auto instance = std::make_unique<Instance>();
      instance->log = log.Connect();
      ServiceOptions options;
      options.instance = absl::StrCat("i", i);
      options.log = instance->log.get();
      options.executors = {&executor};
      options.clock = &clock;
      options.ids = &random;
      options.database = disks[i].ledger;
      options.logic = &instance->ledger_logic;
      instance->ledger = std::make_unique<ServiceRuntime>(options);
      options.database = disks[i].echo;
      options.logic = &instance->echo_logic;
      instance->echo = std::make_unique<ServiceRuntime>(options);
      instance->ledger->Start();
      instance->echo->Start();
      instances[i] = std::move(instance);
    };
    for (int i = 0; i < 3; ++i) boot(i);

    std::map<std::string, bool> acknowledged;
    std::function<void(std::string, uint32_t)> call = [&](std::string id, uint32_t shard) {
      const int target = static_cast<int>(random.Random64() % 3);
      const auto retry = [&, id, shard] {
        executor.PostAfter(50 + static_cast<Millis>(random.Random64() % 300), [&, id, shard] {
          if (!acknowledged[id]) call(id, shard);
        });
      };
      instances[target]->ledger->Execute(Command(shard, absl::StrCat("add a ", id), id),
                                         [&, id, retry](absl::StatusOr<v1::Receipt> receipt) {
                                           if (receipt.ok()) {
                                             acknowledged[id] = true;
                                           } else {
                                             retry();
                                           }
                                         });
    };
    for (int i = 0; i < 200; ++i) {
      const std::string id = absl::StrCat("c", i);
      acknowledged[id] = false;
      executor.PostAfter(static_cast<Millis>(random.Random64() % 20000),
                         [&, id, i] { call(id, static_cast<uint32_t>(i) % kShards); });
    }
    for (int round = 0; round < 40; ++round) {
      const uint64_t draw = random.Random64();
      for (int i = 0; i < 3; ++i) {
        const bool wanted = (draw >> i & 1) != 0;
        instances[i]->ledger->Assign({wanted, !wanted});
        instances[i]->echo->Assign({!wanted, wanted});
      }
      const int victim = static_cast<int>(draw >> 8) % 6;
      if (victim >= 0 && victim < 3) {
        instances[victim]->log->Close();
        instances[victim].reset();
        disks[victim].ledger->Lose(draw >> 16 & 7);
        disks[victim].echo->Lose(draw >> 20 & 7);
        boot(victim);
      }
      executor.RunFor(600);
    }
    log.set_faults({});
    for (int i = 0; i < 3; ++i) {
      instances[i]->ledger->Assign({i == 0, i == 0});
      instances[i]->echo->Assign({i == 1, i == 1});
    }
    executor.RunFor(30 * kSecond);

    for (const auto& [id, done] : acknowledged) EXPECT_TRUE(done) << id;
    std::string all;
    for (uint16_t shard = 0; shard < kShards; ++shard) {
      const std::string account = Account(*disks[0].ledger, shard);
      all += account;
      for (int i = 1; i < 3; ++i) EXPECT_EQ(Account(*disks[i].ledger, shard), account);
      const std::vector<std::string> parts = absl::StrSplit(account, ';', absl::SkipEmpty());
      std::string echoed;
      for (size_t i = 1; i <= parts.size(); ++i) echoed += absl::StrCat(i, ";");
      for (auto& disk : disks) EXPECT_EQ(Account(*disk.echo, shard, "accounts/a"), echoed);
    }
    const std::vector<std::string> counted = absl::StrSplit(all, ';', absl::SkipEmpty());
    EXPECT_EQ(counted.size(), acknowledged.size());
    if (HasFailure()) break;
  }
}

TEST_F(RuntimeTest, WhoIsAnsweredByAClosingServiceMayCallItAgain) {
  Disks disks;
  auto instance = Boot(&disks, "one", /*own=*/false);
  instance->ledger->Assign({true, true});
  executor_.RunFor(kSecond);
  log::Faults faults;
  faults.append = {kHour, kHour};
  log_->set_faults(faults);
  // What waits at the second shard asks the first, which has closed by then.
  std::optional<absl::Status> again;
  uint32_t shards = 0;
  ServiceRuntime* ledger = instance->ledger.get();
  ledger->Execute(Command(1, "add a 1", "r1"), [&, ledger](const absl::StatusOr<v1::Receipt>&) {
    shards = ledger->shard_count();
    ledger->Execute(Command(0, "add a 2", "r2"),
                    [&](const absl::StatusOr<v1::Receipt>& receipt) { again = receipt.status(); });
  });
  executor_.RunFor(kSecond);
  instance->ledger = nullptr;
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(ReasonOf(*again), "CLOSING");
  EXPECT_EQ(shards, 2u) << "whoever looks for a shard would divide by it";
}

}  // namespace
}  // namespace redress::runtime
