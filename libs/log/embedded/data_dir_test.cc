#include <fcntl.h>
#include <gmock/gmock.h>
#include <rocksdb/db.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "libs/log/acceptance.h"
#include "libs/log/embedded/embedded_fixture.h"
#include "libs/log/embedded/keys.h"

namespace redress::log {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class DataDirectory : public EmbeddedFixture {
 protected:
  absl::Status OpenError(EmbeddedLogOptions options) {
    auto log = EmbeddedLog::Open(std::move(options));
    EXPECT_FALSE(log.ok());
    return log.status();
  }
  // Writes below the log's feet, as another program would.
  void Put(const std::string& key, const std::string& value) {
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::DB* db = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(options, Options().dir, &db).ok());
    ASSERT_TRUE(db->Put({}, key, value).ok());
    delete db;
  }
};

TEST_F(DataDirectory, IsMadeWithTheGenesisOfEveryShard) {
  const auto log = MustOpen(Options());
  EXPECT_TRUE(log->open_report().created);
  EXPECT_THAT(log->info().log_id, SizeIs(16));
  for (const Stream stream : kAllStreams) {
    for (uint32_t shard = 0; shard < log->info().ShardsOf(stream); ++shard) {
      std::vector<Entry> entries;
      ASSERT_TRUE(log->Tail({stream, shard}, 0)->Read(10, &entries).ok());
      ASSERT_THAT(entries, SizeIs(1));
      EXPECT_EQ(entries[0].offset, 0);
      EXPECT_EQ(entries[0].bytes, EncodeGenesis(log->info(), {stream, shard}, 1, clock_.Now()));
    }
  }
}

TEST_F(DataDirectory, KeepsItsLogWhenOpenedAgain) {
  std::string log_id;
  const Millis created_at = clock_.Now();
  {
    const auto log = MustOpen(Options());
    log_id = log->info().log_id;
    EXPECT_EQ(log->info().created_at, created_at);
    EXPECT_EQ(Append(log.get(), {"a", "b"}), AppendOutcome::kAppended);
  }
  EmbeddedLogOptions options = Options();
  options.shard_count = 0;  // whatever is there
  options.installation = "";
  const auto log = MustOpen(options);
  EXPECT_FALSE(log->open_report().created);
  EXPECT_EQ(log->info().log_id, log_id);
  EXPECT_EQ(log->info().shard_count, 2u);
  EXPECT_EQ(log->info().installation, "test");
  EXPECT_THAT(*ReadAll(log.get()), ElementsAre("a", "b"));
  EXPECT_EQ(Append(log.get(), {"c"}), AppendOutcome::kAppended);
  EXPECT_THAT(*ReadAll(log.get()), ElementsAre("a", "b", "c"));
}

TEST_F(DataDirectory, OfAnotherShardCountIsRefused) {
  MustOpen(Options());
  EmbeddedLogOptions options = Options();
  options.shard_count = 8;
  const absl::Status error = OpenError(options);
  EXPECT_EQ(error.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(error), "DATA_DIR_SHARDS");
  EXPECT_THAT(std::string(error.message()), HasSubstr("has 2 shards, not 8"));
}

TEST_F(DataDirectory, OfAnotherInstallationIsRefused) {
  MustOpen(Options());
  EmbeddedLogOptions options = Options();
  options.installation = "other";
  EXPECT_EQ(ReasonOf(OpenError(options)), "DATA_DIR_INSTALLATION");
}

TEST_F(DataDirectory, OfAnotherFormatIsRefused) {
  MustOpen(Options());
  Put(std::string(kFormatKey), "2");
  const absl::Status error = OpenError(Options());
  EXPECT_EQ(ReasonOf(error), "DATA_DIR_VERSION");
  EXPECT_THAT(std::string(error.message()), HasSubstr("format '2'; this build knows '1'"));
}

TEST_F(DataDirectory, OfAnotherProgramIsRefused) {
  Put("somebody", "else");
  const absl::Status error = OpenError(Options());
  EXPECT_EQ(ReasonOf(error), "DATA_DIR_VERSION");
  EXPECT_THAT(std::string(error.message()), HasSubstr("no event log of ours"));
}

TEST_F(DataDirectory, InUseInThisProcessIsRefused) {
  const auto log = MustOpen(Options());
  const absl::Status error = OpenError(Options());
  EXPECT_EQ(error.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(error), "DATA_DIR_IN_USE");
}

TEST_F(DataDirectory, InUseInAnotherProcessIsRefused) {
  MustOpen(Options());
  int locked[2], done[2];
  ASSERT_EQ(pipe(locked) + pipe(done), 0);
  const std::string path = Options().dir + "/LOCK";
  const pid_t child = fork();
  if (child == 0) {
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    const int file = open(path.c_str(), O_RDWR);
    char byte = fcntl(file, F_SETLK, &lock) == 0 ? 'y' : 'n';
    if (write(locked[1], &byte, 1) == 1) (void)!read(done[0], &byte, 1);
    _exit(0);
  }
  char byte = 0;
  ASSERT_EQ(read(locked[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  EXPECT_EQ(ReasonOf(OpenError(Options())), "DATA_DIR_IN_USE");
  ASSERT_EQ(write(done[1], &byte, 1), 1);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  for (const int end : {locked[0], locked[1], done[0], done[1]}) close(end);
  MustOpen(Options());
}

TEST_F(DataDirectory, WithoutItsCurrentFileIsRefused) {
  MustOpen(Options());
  std::filesystem::remove(Options().dir + "/CURRENT");
  const absl::Status error = OpenError(Options());
  EXPECT_EQ(error.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(error.message()), HasSubstr("CURRENT is missing"));
}

TEST_F(DataDirectory, WithoutTheGenesisOfAShardIsRefused) {
  MustOpen(Options());
  {
    rocksdb::DB* db = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open({}, Options().dir, &db).ok());
    ASSERT_TRUE(db->Delete({}, EntryKey({Stream::kSla, 1}, 0)).ok());
    delete db;
  }
  const absl::Status error = OpenError(Options());
  EXPECT_EQ(error.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(error.message()), HasSubstr("sla/1"));
}

TEST_F(DataDirectory, WithAnEntryMissingIsReadUpToThere) {
  Append(MustOpen(Options()).get(), {"a", "b", "c"});
  {
    rocksdb::DB* db = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open({}, Options().dir, &db).ok());
    ASSERT_TRUE(db->Delete({}, EntryKey(kShard, 2)).ok());
    delete db;
  }
  const auto log = MustOpen(Options());
  const auto reader = log->Tail(kShard, 1);
  std::vector<Entry> entries;
  EXPECT_TRUE(reader->Read(10, &entries).ok());
  ASSERT_THAT(entries, SizeIs(1));
  const absl::Status error = reader->Read(10, &entries);
  EXPECT_EQ(error.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(error.message()), HasSubstr("intake/1 offset 2: missing; 3 follows"));
}

TEST_F(DataDirectory, IsNotMadeFromBadOptionsAndAllOfThemAreListed) {
  EmbeddedLogOptions options = Options();
  options.shard_count = 3;
  options.installation = "Upper Case";
  EXPECT_THAT(ViolationsOf(OpenError(options)), SizeIs(2));
  EXPECT_FALSE(std::filesystem::exists(options.dir));
}

TEST_F(DataDirectory, IsNotMadeWhenOnlyAnExistingOneWasAskedFor) {
  EmbeddedLogOptions options = Options();
  options.shard_count = 0;
  EXPECT_EQ(ReasonOf(OpenError(options)), "DATA_DIR_EMPTY");
}

TEST_F(DataDirectory, WhoseParentIsMissingIsRefused) {
  EmbeddedLogOptions options = Options();
  options.dir = dir_ / "no/such/place";
  EXPECT_EQ(ReasonOf(OpenError(options)), "DATA_DIR_UNREADABLE");
}

}  // namespace
}  // namespace redress::log
