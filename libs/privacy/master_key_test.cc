#include "libs/privacy/master_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "libs/status/errors.h"

namespace redress {
namespace {

using testing::HasSubstr;

class MasterKeyFile : public testing::Test {
 protected:
  MasterKeyFile() { std::filesystem::create_directories(dir_); }
  ~MasterKeyFile() override { std::filesystem::remove_all(dir_); }
  void Write(const std::string& text, mode_t mode = 0600) {
    std::ofstream(path_) << text;
    ASSERT_EQ(chmod(path_.c_str(), mode), 0);
  }
  void ExpectRefused(const std::string& because) {
    const absl::Status status = LoadMasterKeys(path_).status();
    EXPECT_EQ(ReasonOf(status), "MASTER_KEY_FILE");
    EXPECT_THAT(std::string(status.message()), HasSubstr(because));
    EXPECT_THAT(std::string(status.message()), testing::Not(HasSubstr("aaaa")));
  }

  const std::string dir_ = testing::TempDir() + "/master_key_" + std::to_string(getpid());
  const std::string path_ = dir_ + "/key";
  SeededIdSource random_{3};
};

TEST_F(MasterKeyFile, WorkedFileIsRead) {
  Write("# ours\n\nredress-master-key-1 2026-03-01T00:00:00Z " + std::string(64, 'a') + "\n");
  const auto keys = LoadMasterKeys(path_);
  ASSERT_TRUE(keys.ok()) << keys.status();
  ASSERT_EQ(keys->all().size(), 1u);
  EXPECT_EQ(keys->current()->made_at, 1'772'323'200'000);
  // Frozen: a row in a store names it.
  EXPECT_EQ(keys->current()->id, "b338388a03252b4b");
}

TEST_F(MasterKeyFile, WhatIsSavedIsLoadedNewestFirst) {
  const MasterKey first = MakeMasterKey(random_, 1'772'323'200'500);
  const MasterKey second = MakeMasterKey(random_, 1'774'915'200'000);
  EXPECT_NE(first.id, second.id);
  ASSERT_TRUE(SaveMasterKeys(path_, MasterKeys({second, first})).ok());
  const auto keys = LoadMasterKeys(path_);
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(keys->current()->id, second.id);
  ASSERT_NE(keys->Find(first.id), nullptr);
  EXPECT_EQ(keys->Find(first.id)->made_at, 1'772'323'200'000);
  EXPECT_EQ(keys->Find("0000000000000000"), nullptr);
  struct stat about;
  ASSERT_EQ(stat(path_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
  EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
}

TEST_F(MasterKeyFile, WhatIsNoneIsRefusedWithoutShowingIt) {
  ExpectRefused("No such file");
  const std::string good = "redress-master-key-1 2026-03-01T00:00:00Z " + std::string(64, 'a') + "\n";
  Write(good, 0640);
  ExpectRefused("chmod 600");
  Write("");
  ExpectRefused("holds no key");
  Write("redress-master-key-1 2026-03-01T00:00:00Z " + std::string(63, 'a') + "\n");
  ExpectRefused("line 1");
  Write("redress-master-key-1 2026-03-01T00:00:00Z " + std::string(63, 'a') + "g\n");
  ExpectRefused("line 1");
  Write(good + "redress-master-key-2 2026-03-01T00:00:00Z " + std::string(64, 'a') + "\n");
  ExpectRefused("line 2");
  Write("redress-master-key-1 yesterday " + std::string(64, 'a') + "\n");
  ExpectRefused("line 1");
}

}  // namespace
}  // namespace redress
