// A disk that runs full, and one that gives back what was not written.
#include <gtest/gtest.h>
#include <rocksdb/env.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "libs/status/errors.h"
#include "libs/store/rocksdb/rocksdb_database.h"
#include "tests/testing/storage/fault_file_system.h"
#include "tests/testing/temp_dir.h"

namespace redress::store {
namespace {

using redress::testing::TempDir;

using Content = std::map<std::string, std::string>;

Content ScanAll(const Rows& rows) {
  Content content;
  rows.Scan("", "", [&](absl::string_view key, absl::string_view value) {
    return content.emplace(std::string(key), std::string(value)).second;
  });
  return content;
}

TEST(RocksDatabase, GoesOnAfterAFullDiskWithoutARestart) {
  TempDir dir;
  const auto files = std::make_shared<redress::testing::FaultFileSystem>();
  const std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(files);
  {
    const auto db = OpenRocksDatabase({.dir = dir / "db", .env = env.get()});
    ASSERT_TRUE(db.ok()) << db.status();
    ASSERT_TRUE((*db)->Commit({{"a", "1"}}).ok());
    EXPECT_TRUE((*db)->Resume().ok()) << "nothing to get over";
    files->set_space(100);
    EXPECT_TRUE(absl::IsResourceExhausted((*db)->Commit({{"b", std::string(10000, 'x')}})));
    EXPECT_TRUE(absl::IsResourceExhausted((*db)->Health()));
    EXPECT_EQ(ReasonOf((*db)->Health()), "DISK_FULL");
    // The same status is the answer to writes: a client that obeys the details must learn that it may try again.
    EXPECT_TRUE((*db)->Health().GetPayload(kRetryInfoUrl).has_value());
    EXPECT_TRUE(absl::IsResourceExhausted((*db)->Resume()));
    EXPECT_EQ(ScanAll(**db), (Content{{"a", "1"}})) << "what there is can be read";
    files->set_space(-1);
    EXPECT_TRUE((*db)->Resume().ok()) << (*db)->Health();
    EXPECT_TRUE((*db)->Health().ok());
    ASSERT_TRUE((*db)->Commit({{"b", "2"}}).ok());
  }
  const auto again = OpenRocksDatabase({.dir = dir / "db", .env = env.get()});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(ScanAll(**again), (Content{{"a", "1"}, {"b", "2"}}));
}

TEST(RocksDatabase, ADamagedBlockIsNoticedAndRemembered) {
  TempDir dir;
  {
    const auto db = OpenRocksDatabase({.dir = dir / "db", .write_buffer_bytes = 64 << 10});
    for (int i = 0; i < 2000; ++i) {
      ASSERT_TRUE((*db)->Commit({{"key" + std::to_string(i), std::string(200, static_cast<char>('a' + i % 26))}}).ok());
    }
  }
  for (const auto& file : std::filesystem::directory_iterator(dir / "db")) {
    if (file.path().extension() != ".sst") continue;
    std::fstream bytes(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(500);
    bytes.write("damage!!", 8);
  }
  const auto db = OpenRocksDatabase({.dir = dir / "db"});
  ASSERT_TRUE(db.ok()) << db.status();
  ASSERT_TRUE((*db)->Health().ok());
  EXPECT_LT(ScanAll(**db).size(), 2000u);
  EXPECT_TRUE(absl::IsDataLoss((*db)->Health())) << (*db)->Health();
  EXPECT_TRUE(absl::IsDataLoss((*db)->Resume())) << "for ever";
}

}  // namespace
}  // namespace redress::store
