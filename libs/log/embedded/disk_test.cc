// A disk that runs full, fails, or loses power.
#include <gmock/gmock.h>
#include <rocksdb/env.h>

#include "absl/strings/str_cat.h"
#include "libs/log/embedded/embedded_fixture.h"
#include "tests/testing/seeds.h"
#include "tests/testing/storage/fault_file_system.h"

namespace redress::log {
namespace {

using ::redress::testing::FaultFileSystem;
using ::testing::ElementsAre;

class Disk : public EmbeddedFixture {
 protected:
  EmbeddedLogOptions FaultyOptions() {
    EmbeddedLogOptions options = Options();
    options.env = env_.get();
    return options;
  }

  const std::shared_ptr<FaultFileSystem> files_ = std::make_shared<FaultFileSystem>();
  const std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(files_);
};

TEST_F(Disk, TooLittleSpaceRefusesAppendsAndReadsGoOn) {
  DiskSpace space{uint64_t{3} << 30, uint64_t{10} << 30};
  EmbeddedLogOptions options = Options();
  options.free_space = [&] { return space; };
  const auto log = MustOpen(options);
  EXPECT_EQ(Append(log.get(), {"a"}), AppendOutcome::kAppended);
  EXPECT_EQ(log->WhyRefused(), "");
  space.free_bytes = (uint64_t{2} << 30) - 1;
  EXPECT_EQ(Append(log.get(), {"b"}), AppendOutcome::kRefused);
  EXPECT_EQ(log->WhyRefused(), absl::StrCat(options.dir, " has 2047 MiB free, 2048 MiB are needed"));
  space = {uint64_t{3} << 30, uint64_t{100} << 30};  // 3 %
  EXPECT_EQ(Append(log.get(), {"c"}), AppendOutcome::kRefused);
  EXPECT_EQ(log->WhyRefused(), absl::StrCat(options.dir, " has 3072 MiB free, 5120 MiB are needed"));
  EXPECT_THAT(*ReadAll(log.get()), ElementsAre("a"));
  space.free_bytes = uint64_t{6} << 30;
  EXPECT_EQ(Append(log.get(), {"d"}), AppendOutcome::kAppended);
  EXPECT_THAT(*ReadAll(log.get()), ElementsAre("a", "d"));
}

// The append that meets the full disk is torn at every length; the log goes on without a restart, and nothing that was
// acknowledged is missing after one.
TEST_F(Disk, AFullDiskIsSurvivedWithoutARestart) {
  for (int64_t fits = 0; fits < 100; fits += 9) {
    SCOPED_TRACE(absl::StrCat(fits, " bytes fit"));
    EmbeddedLogOptions options = FaultyOptions();
    options.dir = dir_ / absl::StrCat("log", fits);
    auto log = MustOpen(options);
    ASSERT_EQ(Append(log.get(), {"a"}), AppendOutcome::kAppended);
    files_->set_space(fits);
    EXPECT_EQ(Append(log.get(), {std::string(100, 'x')}), AppendOutcome::kUnknown);
    EXPECT_EQ(Append(log.get(), {"refused"}), AppendOutcome::kRefused);
    executor_.RunFor(5 * kSecond);
    EXPECT_EQ(Append(log.get(), {"still refused"}), AppendOutcome::kRefused);
    EXPECT_THAT(*ReadAll(log.get()), ElementsAre("a"));
    files_->set_space(-1);
    executor_.RunFor(2 * kSecond);
    EXPECT_EQ(Append(log.get(), {"b"}), AppendOutcome::kAppended);
    EXPECT_EQ(Append(log.get(), {"c"}), AppendOutcome::kAppended);
    EXPECT_THAT(*ReadAll(log.get()), ElementsAre("a", "b", "c"));
    EXPECT_TRUE(fatal_.ok()) << fatal_;

    files_->CutPower();
    log.reset();
    files_->Restore();
    log = MustOpen(options);
    ASSERT_NE(log, nullptr);
    EXPECT_THAT(*ReadAll(log.get()), ElementsAre("a", "b", "c"));
  }
}

TEST_F(Disk, FullAtTheFirstWriteAfterAStartNeedsAnother) {
  Append(MustOpen(FaultyOptions()).get(), {"a"});
  auto log = MustOpen(FaultyOptions());
  files_->set_space(20);
  EXPECT_EQ(Append(log.get(), {std::string(100, 'x')}), AppendOutcome::kUnknown);
  EXPECT_EQ(ReasonOf(fatal_), "LOG_BROKEN");
  files_->set_space(-1);
  executor_.RunFor(5 * kSecond);
  EXPECT_EQ(Append(log.get(), {"b"}), AppendOutcome::kRefused);
  log.reset();
  log = MustOpen(FaultyOptions());
  EXPECT_THAT(*ReadAll(log.get()), ElementsAre("a"));
  EXPECT_EQ(Append(log.get(), {"b"}), AppendOutcome::kAppended);
}

TEST_F(Disk, AFailingSyncIsFatalAndSaidOnce) {
  const auto log = MustOpen(FaultyOptions());
  files_->set_syncs_fail(true);
  EXPECT_EQ(Append(log.get(), {"a"}), AppendOutcome::kUnknown);
  EXPECT_EQ(ReasonOf(fatal_), "LOG_BROKEN");
  fatal_ = absl::OkStatus();
  EXPECT_EQ(Append(log.get(), {"b"}), AppendOutcome::kRefused);
  EXPECT_TRUE(fatal_.ok());
  EXPECT_TRUE(ReadAll(log.get())->empty());
}

TEST_F(Disk, ALossOfPowerTakesNothingThatWasAcknowledged) {
  for (const uint64_t seed : redress::testing::Seeds(10)) {
    SCOPED_TRACE(absl::StrCat("REDRESS_SEED=", seed));
    SeededIdSource random(seed);
    EmbeddedLogOptions options = FaultyOptions();
    options.dir = dir_ / absl::StrCat("log", seed);
    std::vector<std::string> acknowledged;
    for (int life = 0; life < 4; ++life) {
      auto log = MustOpen(options);
      ASSERT_NE(log, nullptr);
      ASSERT_EQ(*ReadAll(log.get()), acknowledged);
      for (uint64_t i = random.Random64() % 20; i > 0; --i) {
        acknowledged.push_back(std::string(random.Random64() % 5000, static_cast<char>('a' + i)));
        ASSERT_EQ(Append(log.get(), {acknowledged.back()}), AppendOutcome::kAppended);
      }
      files_->CutPower();
      log.reset();
      files_->Restore();
    }
  }
}

TEST_F(Disk, WithoutSyncOnlyWhatWasSyncedSurvivesALossOfPower) {
  EmbeddedLogOptions options = FaultyOptions();
  options.sync = false;
  auto log = MustOpen(options);
  EXPECT_EQ(Append(log.get(), {"a"}), AppendOutcome::kAppended);
  EXPECT_TRUE(log->Sync().ok());
  EXPECT_EQ(Append(log.get(), {"b"}), AppendOutcome::kAppended);
  EXPECT_THAT(*ReadAll(log.get()), ElementsAre("a", "b"));
  files_->CutPower();
  log.reset();
  files_->Restore();
  log = MustOpen(options);
  EXPECT_THAT(*ReadAll(log.get()), ElementsAre("a"));
  // A reader that had seen more is told so.
  std::vector<Entry> entries;
  EXPECT_EQ(log->Tail(kShard, 3)->Read(1, &entries).code(), absl::StatusCode::kOutOfRange);
}

TEST_F(Disk, NothingIsReadableBeforeItIsDurable) {
  const auto log = MustOpen(FaultyOptions());
  const auto reader = log->Tail(kShard, 1);
  std::vector<Entry> entries;
  log->Append(kShard, {"a"}, [](AppendOutcome) {});
  EXPECT_TRUE(reader->Read(10, &entries).ok());
  EXPECT_TRUE(entries.empty());
  files_->set_syncs_fail(true);
  executor_.RunReady();
  EXPECT_TRUE(reader->Read(10, &entries).ok());
  EXPECT_TRUE(entries.empty());
}

TEST_F(Disk, ClosingRefusesWhatIsQueued) {
  auto log = MustOpen(Options());
  std::vector<AppendOutcome> outcomes;
  log->Append(kShard, {"a"}, [&](AppendOutcome outcome) { outcomes.push_back(outcome); });
  log.reset();
  executor_.RunReady();
  EXPECT_THAT(outcomes, ElementsAre(AppendOutcome::kRefused));
  EXPECT_TRUE(ReadAll(MustOpen(Options()).get())->empty());
}

}  // namespace
}  // namespace redress::log
