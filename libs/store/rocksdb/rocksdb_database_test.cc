// One suite over all databases, and a view over each against a plain map.
#include "libs/store/rocksdb/rocksdb_database.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "google/rpc/status.pb.h"
#include "libs/status/errors.h"
#include "libs/store/buffered_database.h"
#include "libs/store/keys.h"
#include "libs/store/memory/memory_database.h"
#include "libs/store/table.h"
#include "tests/testing/temp_dir.h"

namespace redress::store {
namespace {

using redress::testing::TempDir;

using Content = std::map<std::string, std::string>;

Content ScanAll(const Rows& rows, const std::string& from = "", const std::string& to = "") {
  Content content;
  rows.Scan(from, to, [&](absl::string_view key, absl::string_view value) {
    return content.emplace(std::string(key), std::string(value)).second;
  });
  return content;
}

std::vector<std::string> KeysBack(const Rows& rows, const std::string& from, const std::string& to) {
  std::vector<std::string> keys;
  rows.ScanBack(from, to, [&](absl::string_view key, absl::string_view) {
    keys.emplace_back(key);
    return true;
  });
  return keys;
}

class DatabaseTest : public ::testing::TestWithParam<std::string> {
 protected:
  DatabaseTest() {
    if (GetParam() == "memory") {
      db_ = std::make_unique<MemoryDatabase>();
    } else {
      db_ = *OpenRocksDatabase({.dir = dir_ / "db"});
    }
    // So few that it hands on in the midst of most tests.
    if (GetParam() == "buffered") db_ = std::make_unique<BufferedDatabase>(std::move(db_), 5);
    // And so many that much is deleted in the buffer alone.
    if (GetParam() == "buffered_long") db_ = std::make_unique<BufferedDatabase>(std::move(db_), 500);
  }
  TempDir dir_;
  std::unique_ptr<Database> db_;
};

// Rows come to the end of a queue and go from its front; some push in.
TEST_P(DatabaseTest, AQueueIsScannedRightHoweverMuchWentThroughIt) {
  const auto key = [](int number) { return absl::StrFormat("q%06d", number); };
  int first = 0;
  for (int last = 0; last < 2000; ++last) {
    ASSERT_TRUE(db_->Commit({{key(last), "row"}}).ok());
    if (last % 3 == 0) continue;
    ASSERT_TRUE(db_->Commit({{key(first++), std::nullopt}}).ok());
    std::vector<std::string> front;
    db_->Scan("q", "r", [&](absl::string_view at, absl::string_view) {
      front.emplace_back(at);
      return front.size() < 2;
    });
    ASSERT_FALSE(front.empty());
    EXPECT_EQ(front[0], key(first));
    if (last % 100 == 1) {
      const auto before = db_->Snapshot();
      ASSERT_TRUE(db_->Commit({{key(first - 1), "pushed in"}}).ok());
      EXPECT_EQ(ScanAll(*db_, "q", "r").begin()->first, key(first - 1));
      EXPECT_EQ(ScanAll(*before, "q", "r").begin()->first, key(first));
      const auto with = db_->Snapshot();
      ASSERT_TRUE(db_->Commit({{key(first - 1), std::nullopt}}).ok());
      EXPECT_EQ(ScanAll(*db_, "q", "r").begin()->first, key(first));
      EXPECT_EQ(ScanAll(*with, "q", "r").begin()->first, key(first - 1));
      EXPECT_TRUE(ScanAll(*db_, "q", key(first)).empty());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, DatabaseTest, ::testing::Values("memory", "rocksdb", "buffered", "buffered_long"),
                         [](const auto& info) { return info.param; });

TEST_P(DatabaseTest, ViewOverDatabaseBehavesAsOneMap) {
  rc::check(
      [this](const std::vector<std::pair<uint8_t, bool>>& committed, const std::vector<std::pair<uint8_t, bool>>& own) {
        Writes clear;
        for (const auto& [key, value] : ScanAll(*db_)) clear[key] = std::nullopt;
        RC_ASSERT(db_->Commit(clear).ok());
        Content model;
        Writes writes;
        const auto name = [](uint8_t k) { return std::string(1, static_cast<char>('a' + k % 16)); };
        for (const auto& [k, put] : committed) {
          writes[name(k)] = put ? std::optional<std::string>("1") : std::nullopt;
          put ? (void)(model[name(k)] = "1") : (void)model.erase(name(k));
        }
        RC_ASSERT(db_->Commit(writes).ok());
        RC_ASSERT(ScanAll(*db_) == model);
        View view(db_.get());
        for (const auto& [k, put] : own) {
          put ? view.Put(name(k), "2") : view.Delete(name(k));
          put ? (void)(model[name(k)] = "2") : (void)model.erase(name(k));
        }
        RC_ASSERT(ScanAll(view) == model);
        const std::string from = name(*rc::gen::arbitrary<uint8_t>());
        const std::string to = name(*rc::gen::arbitrary<uint8_t>());
        Content range;
        std::vector<std::string> back;
        for (const auto& [key, value] : model) {
          if (key >= from && key < to) {
            range[key] = value;
            back.insert(back.begin(), key);
          }
        }
        if (from < to) {
          RC_ASSERT(ScanAll(view, from, to) == range);
          RC_ASSERT(KeysBack(view, from, to) == back);
        }
      });
}

TEST_P(DatabaseTest, WritesThatAreGivenAwayCountAsOthersDo) {
  ASSERT_TRUE(db_->Commit({{"a", "1"}, {"b", "1"}, {"c", "1"}}).ok());
  View view(db_.get());
  view.Put("a", "2");
  view.Delete("b");
  view.Put("d", "2");
  ASSERT_TRUE(db_->CommitOwn(view.TakeWrites()).ok());
  EXPECT_TRUE(view.writes().empty());
  const auto snapshot = db_->Snapshot();
  ASSERT_TRUE(db_->CommitOwn({{"a", std::nullopt}, {"b", "3"}}).ok());
  EXPECT_EQ(ScanAll(*snapshot), (Content{{"a", "2"}, {"c", "1"}, {"d", "2"}}));
  EXPECT_EQ(ScanAll(*db_), (Content{{"b", "3"}, {"c", "1"}, {"d", "2"}}));
}

TEST_P(DatabaseTest, SnapshotDoesNotMove) {
  ASSERT_TRUE(db_->Commit({{"a", "1"}}).ok());
  const auto snapshot = db_->Snapshot();
  ASSERT_TRUE(db_->Commit({{"a", "2"}, {"b", "1"}}).ok());
  EXPECT_EQ(ScanAll(*snapshot), (Content{{"a", "1"}}));
  EXPECT_EQ(ScanAll(*db_).size(), 2u);
}

TEST_P(DatabaseTest, DigestSeesEveryRowOfItsShardAndNoLookUp) {
  ASSERT_TRUE(db_->Commit({{Key(1, 1).Raw("x").Take(), "1"}, {Key(1, 0xF1).Raw("x").Take(), "1"}}).ok());
  const std::string all = DigestOf(*db_, 1, DigestScope::kAll);
  const std::string domain = DigestOf(*db_, 1, DigestScope::kDomain);
  ASSERT_TRUE(db_->Commit({{Key(1, 0xC0).Raw("x").Take(), "1"}, {Key(2, 1).Raw("x").Take(), "1"}}).ok());
  EXPECT_EQ(DigestOf(*db_, 1, DigestScope::kAll), all);
  ASSERT_TRUE(db_->Commit({{Key(1, 0xF1).Raw("x").Take(), "2"}}).ok());
  EXPECT_NE(DigestOf(*db_, 1, DigestScope::kAll), all);
  EXPECT_EQ(DigestOf(*db_, 1, DigestScope::kDomain), domain);
  ASSERT_TRUE(db_->Commit({{Key(1, 1).Raw("x").Take(), "2"}}).ok());
  EXPECT_NE(DigestOf(*db_, 1, DigestScope::kDomain), domain);
}

TEST(BufferedDatabase, HandsOnWhatWasCommittedAndKeepsItWhenThatFails) {
  auto below = std::make_shared<MemoryDatabase>();
  BufferedDatabase db(below, 2);
  ASSERT_TRUE(db.Commit({{"a", "1"}, {"b", "1"}}).ok());
  EXPECT_TRUE(ScanAll(*below).empty());
  below->set_health(absl::ResourceExhaustedError("full"));
  EXPECT_FALSE(db.Commit({{"c", "1"}}).ok());
  EXPECT_FALSE(db.Flush().ok());
  EXPECT_EQ(ScanAll(db), (Content{{"a", "1"}, {"b", "1"}}));
  below->set_health(absl::OkStatus());
  ASSERT_TRUE(db.Commit({{"c", "1"}}).ok());
  EXPECT_EQ(ScanAll(*below), (Content{{"a", "1"}, {"b", "1"}}));
  const auto snapshot = db.Snapshot();
  ASSERT_TRUE(db.Flush().ok());
  ASSERT_TRUE(db.Commit({{"a", std::nullopt}}).ok());
  ASSERT_TRUE(db.Flush().ok());
  EXPECT_EQ(ScanAll(*below), (Content{{"b", "1"}, {"c", "1"}}));
  EXPECT_EQ(ScanAll(*snapshot), (Content{{"a", "1"}, {"b", "1"}, {"c", "1"}}));
}

TEST(RocksDatabase, RefusesADirectoryInUse) {
  TempDir dir;
  const auto first = OpenRocksDatabase({.dir = dir / "db"});
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(ReasonOf(OpenRocksDatabase({.dir = dir / "db"}).status()), "DATA_DIR_IN_USE");
}

TEST(RocksDatabase, ADirectoryThatCannotBeMadeIsNotInUseWhateverItsName) {
  TempDir dir;
  std::ofstream(dir / "block") << "a file";
  EXPECT_EQ(ReasonOf(OpenRocksDatabase({.dir = dir / "block/db"}).status()), "PROJECTION_IO");
}

TEST(RocksDatabase, CheckpointOpensWithTheSameRows) {
  TempDir dir;
  const auto db = OpenRocksDatabase({.dir = dir / "db"});
  ASSERT_TRUE((*db)->Commit({{"a", "1"}}).ok());
  ASSERT_TRUE((*db)->Checkpoint(dir / "copy").ok());
  const auto copy = OpenRocksDatabase({.dir = dir / "copy"});
  ASSERT_TRUE(copy.ok()) << copy.status();
  EXPECT_EQ(ScanAll(**copy), (Content{{"a", "1"}}));
}

TEST(MemoryDatabase, LosesTheLastCommitsWhole) {
  MemoryDatabase db(10);
  ASSERT_TRUE(db.Commit({{"a", "1"}, {"b", "1"}}).ok());
  ASSERT_TRUE(db.Commit({{"a", "2"}, {"b", std::nullopt}}).ok());
  db.Lose(1);
  EXPECT_EQ(ScanAll(db), (Content{{"a", "1"}, {"b", "1"}}));
}

// Found by the simulation: replicas of the register differed by the order of a map's entries.
TEST(RowBytes, OfEqualRowsAreEqualWhateverTheOrderTheirMapsWereFilledIn) {
  google::rpc::ErrorInfo forth;
  google::rpc::ErrorInfo back;
  for (int i = 0; i < 40; ++i) {
    (*forth.mutable_metadata())[std::to_string(i)] = "x";
    (*back.mutable_metadata())[std::to_string(39 - i)] = "x";
  }
  EXPECT_EQ(RowBytes(forth), RowBytes(back));
}

TEST(Keys, SortAsWhatTheyHold) {
  EXPECT_LT(Key(0, 0).I64(-1).bytes(), Key(0, 0).I64(1).bytes());
  EXPECT_LT(Key(0, 0).Str("a").Str("z").bytes(), Key(0, 0).Str("ab").Str("a").bytes());
  const std::string key = Key(7, 9).Str(absl::string_view("a\0b", 3)).I64(-5).Raw("r").Take();
  KeyReader reader(key);
  EXPECT_EQ(reader.U16(), 7);
  EXPECT_EQ(reader.U8(), 9);
  EXPECT_EQ(reader.Str(), std::string("a\0b", 3));
  EXPECT_EQ(reader.I64(), -5);
  EXPECT_EQ(reader.Raw(), "r");
  EXPECT_TRUE(reader.ok());
}

}  // namespace
}  // namespace redress::store
