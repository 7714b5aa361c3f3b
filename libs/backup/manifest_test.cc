#include "libs/backup/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"
#include "tests/testing/temp_dir.h"

namespace redress::backup {
namespace {

using ::testing::HasSubstr;

constexpr log::ShardId kShard{log::Stream::kIntake, 0};

class ManifestTest : public ::testing::Test {
 protected:
  ManifestTest() {
    std::filesystem::create_directories(dir_ / "log/000");
    Write("log/000/file", "records");
    Write("audit.log", "");
    info_.log_id = std::string(16, '\1');
    info_.installation = "oph";
    info_.shard_count = 1;
    summary_[kShard].state.next_offset = 7;
    summary_[kShard].decisions = 3;
    summary_[kShard].state.chain = "chain";
  }
  void Write(const std::string& path, const std::string& text) { std::ofstream(dir_ / path) << text; }
  absl::Status Make() { return WriteManifest(dir_.path(), Describe(info_, summary_)).status(); }
  std::string CheckSays() {
    const absl::Status status = CheckBackup(dir_.path()).status();
    return absl::StrCat(ReasonOf(status), " ", status.message());
  }

  redress::testing::TempDir dir_;
  log::LogInfo info_;
  log::LogSummary summary_;
};

TEST_F(ManifestTest, WhatWasWrittenIsWhatIsRead) {
  ASSERT_TRUE(Make().ok());
  const auto read = CheckBackup(dir_.path());
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->files_size(), 2);
  EXPECT_EQ(read->files(0).path(), "audit.log");
  EXPECT_EQ(read->files(1).path(), "log/000/file");
  EXPECT_EQ(read->files(1).bytes(), 7);
  EXPECT_TRUE(CheckLog(*read, info_, summary_).ok());
}

TEST_F(ManifestTest, AFileThatWasChangedCutOrTakenAwayIsNamed) {
  ASSERT_TRUE(Make().ok());
  for (const char* text : {"recordS", "record", "records and more"}) {
    Write("log/000/file", text);
    EXPECT_THAT(CheckSays(), AllOf(HasSubstr("BACKUP_DAMAGED"), HasSubstr("log/000/file was changed"))) << text;
  }
  std::filesystem::remove(dir_ / "log/000/file");
  EXPECT_THAT(CheckSays(), HasSubstr("log/000/file is missing"));
}

TEST_F(ManifestTest, OneThatWasNotFinishedIsNoBackup) {
  EXPECT_EQ(ReasonOf(CheckBackup(dir_.path()).status()), "BACKUP_INCOMPLETE");
  EXPECT_EQ(ReasonOf(CheckBackup(dir_ / "none").status()), "BACKUP_INCOMPLETE");
}

TEST_F(ManifestTest, AManifestThatIsNoneIsNotBelieved) {
  Write("MANIFEST", "format: 1\nfiles { path: ");
  EXPECT_THAT(CheckSays(), AllOf(HasSubstr("BACKUP_DAMAGED"), HasSubstr("MANIFEST cannot be read: line 2")));
  Write("MANIFEST", "format: 2");
  EXPECT_THAT(CheckSays(), AllOf(HasSubstr("BACKUP_VERSION"), HasSubstr("this build reads 1")));
}

TEST_F(ManifestTest, AnotherLogIsNotTheOneDescribed) {
  const v1::Manifest manifest = Describe(info_, summary_);
  log::LogSummary shorter = summary_;
  shorter[kShard].state.next_offset = 6;
  EXPECT_THAT(std::string(CheckLog(manifest, info_, shorter).message()),
              HasSubstr("intake/0 ends at 6, and ended at 7"));
  log::LogSummary other = summary_;
  other[kShard].state.chain = "other";
  EXPECT_EQ(ReasonOf(CheckLog(manifest, info_, other)), "BACKUP_DAMAGED");
  log::LogInfo another = info_;
  another.log_id = std::string(16, '\2');
  EXPECT_THAT(std::string(CheckLog(manifest, another, summary_).message()), HasSubstr("is another log"));
}

TEST_F(ManifestTest, ADiskThatRefusesIsNamed) {
  std::filesystem::create_directories(dir_ / "MANIFEST");
  const absl::Status refused = Make();
  EXPECT_EQ(ReasonOf(refused), "BACKUP_FAILED");
  EXPECT_THAT(std::string(refused.message()), HasSubstr(dir_ / "MANIFEST"));
}

}  // namespace
}  // namespace redress::backup
