#include "libs/log/simulated/simulated_log.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "libs/clock/fake_clock.h"
#include "tests/testing/seeds.h"

namespace redress::log {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr ShardId kShard{Stream::kSla, 3};

class Simulated : public ::testing::Test {
 protected:
  // The outcomes of an append, filled in while time runs.
  std::shared_ptr<std::vector<AppendOutcome>> Append(Log* log, std::vector<std::string> records) {
    auto outcomes = std::make_shared<std::vector<AppendOutcome>>();
    log->Append(kShard, std::move(records), [outcomes](AppendOutcome outcome) { outcomes->push_back(outcome); });
    return outcomes;
  }
  std::vector<AppendOutcome> AppendAndWait(Log* log, std::vector<std::string> records) {
    const auto outcomes = Append(log, std::move(records));
    executor_.RunFor(kSecond);
    return *outcomes;
  }
  // What lies in the log after GENESIS.
  std::vector<std::string> Bytes() {
    std::vector<std::string> bytes;
    for (const Entry& entry : brokers_.Entries(kShard)) bytes.push_back(entry.bytes);
    bytes.erase(bytes.begin());
    return bytes;
  }
  int CountReadable(Log* log) {
    std::vector<Entry> entries;
    EXPECT_TRUE(log->Tail(kShard, 1)->Read(1000, &entries).ok());
    return static_cast<int>(entries.size());
  }

  FakeClock clock_{1'700'000'000'000};
  FakeExecutor executor_{&clock_};
  SeededIdSource ids_{7};
  SimulatedLog brokers_{{}, &clock_, &executor_, &ids_};
  std::unique_ptr<SimulatedConnection> log_ = brokers_.Connect();
};

TEST_F(Simulated, NothingHappensInsideACall) {
  const auto outcomes = Append(log_.get(), {"a"});
  EXPECT_THAT(*outcomes, IsEmpty());
  EXPECT_THAT(Bytes(), IsEmpty());
  executor_.RunReady();
  EXPECT_THAT(*outcomes, ElementsAre(AppendOutcome::kAppended));
  EXPECT_THAT(Bytes(), ElementsAre("a"));
  EXPECT_EQ(brokers_.Entries(kShard)[1].appended_at, clock_.Now());
}

TEST_F(Simulated, RefusedIsNowhere) {
  brokers_.set_faults({.refused = 1});
  EXPECT_THAT(AppendAndWait(log_.get(), {"a"}), ElementsAre(AppendOutcome::kRefused));
  EXPECT_THAT(Bytes(), IsEmpty());
}

TEST_F(Simulated, LostIsUnknownAndNeverLands) {
  brokers_.set_faults({.lost = 1});
  EXPECT_THAT(AppendAndWait(log_.get(), {"a"}), ElementsAre(AppendOutcome::kUnknown));
  EXPECT_THAT(Bytes(), IsEmpty());
}

TEST_F(Simulated, LandedUnknownIsUnknownAndThere) {
  brokers_.set_faults({.landed_unknown = 1});
  EXPECT_THAT(AppendAndWait(log_.get(), {"a"}), ElementsAre(AppendOutcome::kUnknown));
  EXPECT_THAT(Bytes(), ElementsAre("a"));
}

TEST_F(Simulated, LateLandsAfterALaterClaimOfAnother) {
  brokers_.set_faults({.late = {100, 100}, .landed_late = 1});
  const auto outcomes = Append(log_.get(), {"late"});
  executor_.RunFor(10);
  EXPECT_THAT(*outcomes, ElementsAre(AppendOutcome::kUnknown));
  brokers_.set_faults({});
  const auto other = brokers_.Connect();
  other->AppendClaim(kShard, "claim", [](AppendOutcome) {});
  executor_.RunFor(kSecond);
  EXPECT_THAT(Bytes(), ElementsAre("claim", "late"));
}

TEST_F(Simulated, TwiceLandsTwiceAndIsReportedOnce) {
  brokers_.set_faults({.twice = 1});
  EXPECT_THAT(AppendAndWait(log_.get(), {"a", "b"}), ElementsAre(AppendOutcome::kAppended));
  EXPECT_THAT(Bytes(), ElementsAre("a", "b", "a", "b"));
}

TEST_F(Simulated, PartialLandsWithSomethingMissingAndIsUnknown) {
  brokers_.set_faults({.partial = 1});
  std::set<std::vector<std::string>> seen;
  for (int i = 0; i < 50; ++i) {
    const size_t before = Bytes().size();
    EXPECT_THAT(AppendAndWait(log_.get(), {"a", "b", "c"}), ElementsAre(AppendOutcome::kUnknown));
    const auto bytes = Bytes();
    seen.insert(std::vector<std::string>(bytes.begin() + before, bytes.end()));
  }
  const std::set<std::vector<std::string>> all = {{}, {"a"}, {"a", "b"}, {"b", "c"}, {"a", "c"}};
  EXPECT_EQ(seen, all);
}

TEST_F(Simulated, RecordsOfTwoAppendsInterleaveInTheirOrders) {
  brokers_.set_faults({.append = {0, 5}, .between = {1, 5}});
  const auto other = brokers_.Connect();
  Append(log_.get(), {"a1", "a2", "a3", "a4"});
  Append(other.get(), {"b1", "b2", "b3", "b4"});
  executor_.RunFor(kSecond);
  const auto bytes = Bytes();
  ASSERT_THAT(bytes, SizeIs(8));
  EXPECT_FALSE(std::is_sorted(bytes.begin(), bytes.end()));
  const auto is_a = [](const std::string& s) { return s[0] == 'a'; };
  std::vector<std::string> parted = bytes;
  std::stable_partition(parted.begin(), parted.end(), is_a);
  EXPECT_TRUE(std::is_sorted(parted.begin(), parted.end()));
}

TEST_F(Simulated, SparseOffsetsGrow) {
  brokers_.set_faults({.sparse = 1});
  AppendAndWait(log_.get(), {"a", "b", "c"});
  const auto& entries = brokers_.Entries(kShard);
  for (size_t i = 1; i < entries.size(); ++i) EXPECT_GT(entries[i].offset, entries[i - 1].offset + 1);
  EXPECT_EQ(CountReadable(log_.get()), 3);
}

TEST_F(Simulated, ArrivalsAreLateForEachConnectionByItself) {
  const auto slow = brokers_.Connect();
  slow->Slow({500, 500});
  int wakes = 0;
  const auto token = slow->OnAppend(kShard, [&] { ++wakes; });
  AppendAndWait(log_.get(), {});  // let everything settle
  Append(log_.get(), {"a"});
  executor_.RunFor(100);
  EXPECT_EQ(CountReadable(log_.get()), 1);
  EXPECT_EQ(CountReadable(slow.get()), 0);
  EXPECT_EQ(wakes, 0);
  executor_.RunFor(500);
  EXPECT_EQ(CountReadable(slow.get()), 1);
  EXPECT_EQ(wakes, 1);
}

TEST_F(Simulated, StaleEndsAreLowerAndNeverHigher) {
  AppendAndWait(log_.get(), {"a", "b", "c"});
  brokers_.set_faults({.stale_end = 0.5});
  std::set<int64_t> ends;
  for (int i = 0; i < 100; ++i) {
    log_->EndOf(kShard, [&](absl::StatusOr<int64_t> end) { ends.insert(*end); });
    executor_.RunFor(10);
  }
  EXPECT_THAT(ends, ElementsAre(0, 1, 2, 3, 4));
}

TEST_F(Simulated, ACutConnectionKnowsNothingUntilMended) {
  const auto other = brokers_.Connect();
  log_->Cut();
  const auto outcomes = Append(log_.get(), {"cut"});
  AppendAndWait(other.get(), {"a"});
  EXPECT_THAT(*outcomes, ElementsAre(AppendOutcome::kUnknown));
  std::vector<Entry> entries;
  EXPECT_EQ(log_->Tail(kShard, 1)->Read(10, &entries).code(), absl::StatusCode::kUnavailable);
  absl::StatusOr<int64_t> end = 0;
  log_->EndOf(kShard, [&](absl::StatusOr<int64_t> e) { end = e; });
  executor_.RunFor(10);
  EXPECT_EQ(end.status().code(), absl::StatusCode::kUnavailable);
  int wakes = 0;
  const auto token = log_->OnAppend(kShard, [&] { ++wakes; });
  log_->Mend();
  executor_.RunFor(kSecond);
  EXPECT_GE(wakes, 1);
  EXPECT_EQ(CountReadable(log_.get()), static_cast<int>(Bytes().size()));
}

TEST_F(Simulated, AClosedConnectionIsSilentButWhatItSentMayLand) {
  brokers_.set_faults({.append = {50, 50}});
  const auto outcomes = Append(log_.get(), {"a"});
  int wakes = 0;
  const auto token = log_->OnAppend(kShard, [&] { ++wakes; });
  log_->EndOf(kShard, [&](absl::StatusOr<int64_t>) { ++wakes; });
  log_->Close();
  executor_.RunFor(kSecond);
  EXPECT_THAT(*outcomes, IsEmpty());
  EXPECT_EQ(wakes, 0);
  EXPECT_THAT(Bytes(), ElementsAre("a"));
}

TEST_F(Simulated, APausedInstanceHearsOfItLater) {
  FakeExecutor paused(&clock_);
  const auto instance = brokers_.Connect(&paused);
  const auto outcomes = AppendAndWait(instance.get(), {"a"});
  EXPECT_THAT(Bytes(), ElementsAre("a"));
  EXPECT_THAT(outcomes, IsEmpty());
  const auto later = Append(instance.get(), {"b"});
  executor_.RunFor(10);
  paused.RunReady();
  EXPECT_THAT(*later, ElementsAre(AppendOutcome::kAppended));
}

TEST_F(Simulated, ACrashForgetsOnlyWhatNobodySawAndNobodyWasPromised) {
  int64_t forgotten = 0, unknown = 0;
  for (const uint64_t seed : redress::testing::Seeds(30)) {
    SCOPED_TRACE(absl::StrCat("REDRESS_SEED=", seed));
    SeededIdSource ids(seed);
    SimulatedLog brokers({}, &clock_, &executor_, &ids);
    brokers.set_faults({.append = {0, 10}, .report = {0, 20}, .arrival = {0, 20}, .timeout = {40, 40}});
    const auto log = brokers.Connect();
    const auto watcher = brokers.Connect();
    const auto reader = watcher->Tail(kShard, 1);
    std::vector<std::string> promised;
    std::vector<Entry> seen;
    for (int i = 0; i < 30; ++i) {
      const std::string record = absl::StrCat("r", i);
      log->Append(kShard, {record}, [&, record](AppendOutcome outcome) {
        if (outcome == AppendOutcome::kAppended) promised.push_back(record);
      });
      executor_.RunFor(static_cast<Millis>(ids.Random64() % 15));
      if (ids.Random64() % 3 == 0) {
        EXPECT_TRUE(reader->Read(100, &seen).ok());
      }
      if (ids.Random64() % 8 == 0) {
        brokers.Crash(SimulatedLog::Unsynced::kForgotten);
        executor_.RunFor(5);
        std::vector<Entry> none;
        EXPECT_EQ(reader->Read(100, &none).code(), absl::StatusCode::kUnavailable);
        brokers.Restart();
      }
    }
    executor_.RunFor(kSecond);
    const auto& all = brokers.Entries(kShard);
    for (const std::string& record : promised) {
      EXPECT_EQ(std::count_if(all.begin(), all.end(), [&](const Entry& e) { return e.bytes == record; }), 1) << record;
    }
    for (const Entry& entry : seen) {
      const auto at = std::find_if(all.begin(), all.end(), [&](const Entry& e) { return e.offset == entry.offset; });
      ASSERT_NE(at, all.end());
      EXPECT_EQ(at->bytes, entry.bytes);
    }
    forgotten += brokers.counters().forgotten;
    unknown += brokers.counters().unknown;
  }
  if (std::getenv("REDRESS_SEED") == nullptr) {
    EXPECT_GT(forgotten, 0);
    EXPECT_GT(unknown, 0);
  }
}

TEST_F(Simulated, ACrashThatKeepsForgetsNothing) {
  brokers_.set_faults({.report = {50, 50}});
  const auto outcomes = Append(log_.get(), {"a", "b"});
  executor_.RunFor(10);
  brokers_.Crash(SimulatedLog::Unsynced::kKept);
  brokers_.Restart();
  executor_.RunFor(kSecond);
  EXPECT_THAT(*outcomes, ElementsAre(AppendOutcome::kUnknown));
  EXPECT_THAT(Bytes(), ElementsAre("a", "b"));
}

TEST_F(Simulated, TheSameSeedIsTheSameRun) {
  const auto run = [](uint64_t seed) {
    FakeClock clock(0);
    FakeExecutor executor(&clock);
    SeededIdSource ids(seed);
    SimulatedLog brokers({}, &clock, &executor, &ids);
    brokers.set_faults({.append = {0, 9},
                        .between = {0, 9},
                        .arrival = {0, 9},
                        .lost = 0.2,
                        .landed_late = 0.2,
                        .partial = 0.2,
                        .twice = 0.2,
                        .sparse = 0.2});
    const auto a = brokers.Connect(), b = brokers.Connect();
    std::string trace;
    for (int i = 0; i < 100; ++i) {
      (i % 2 == 0 ? a : b)->Append(kShard, {absl::StrCat(i, "x"), absl::StrCat(i, "y")}, [&](AppendOutcome outcome) {
        absl::StrAppend(&trace, clock.Monotonic(), ":", static_cast<int>(outcome), " ");
      });
      executor.RunFor(3);
    }
    for (const Entry& entry : brokers.Entries(kShard))
      absl::StrAppend(&trace, entry.offset, entry.bytes, entry.appended_at);
    return trace;
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

}  // namespace
}  // namespace redress::log
