#include "libs/privacy/folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/testing/temp_dir.h"

namespace redress {
namespace {

using ::testing::HasSubstr;

TEST(Folder, WhatIsNotThereCannotBeMadeSafe) {
  const redress::testing::TempDir dir;
  const absl::Status moved = MoveDurably(dir / "none", dir / "dir");
  EXPECT_TRUE(absl::IsUnavailable(moved)) << moved;
  EXPECT_THAT(std::string(moved.message()), HasSubstr(dir / "none"));
  const absl::Status folder = SyncFolderOf(dir / "none/file");
  EXPECT_TRUE(absl::IsUnavailable(folder)) << folder;
  EXPECT_THAT(std::string(folder.message()), HasSubstr(dir / "none"));
}

TEST(Folder, AWholeTreeGetsItsName) {
  const redress::testing::TempDir dir;
  std::filesystem::create_directories(dir / "part/b");
  std::ofstream(dir / "part/b/file") << "x";
  // A link is another's.
  std::filesystem::create_symlink(dir / "none", dir / "part/b/dangling");
  EXPECT_TRUE(MoveDurably(dir / "part", dir / "dir").ok());
  EXPECT_FALSE(std::filesystem::exists(dir / "part"));
  EXPECT_TRUE(std::filesystem::exists(dir / "dir/b/file"));
}

TEST(Folder, WhatHoldsSomethingIsNotReplaced) {
  const redress::testing::TempDir dir;
  std::filesystem::create_directories(dir / "part");
  std::filesystem::create_directories(dir / "dir/kept");
  const absl::Status moved = MoveDurably(dir / "part", dir / "dir");
  EXPECT_TRUE(absl::IsUnavailable(moved)) << moved;
  EXPECT_TRUE(std::filesystem::exists(dir / "part"));
  EXPECT_TRUE(std::filesystem::exists(dir / "dir/kept"));
}

TEST(WriteFileDurably, MakesOrReplacesAFileForItsOwnerAlone) {
  const redress::testing::TempDir dir;
  std::ofstream(dir / "file") << "longer than what follows";
  for (const std::string name : {"file", "new"}) {
    ASSERT_TRUE(WriteFileDurably(dir / name, "bytes").ok());
    std::ifstream in(dir / name);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), "bytes");
  }
  EXPECT_EQ(std::filesystem::status(dir / "new").permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST(WriteFileDurably, SaysWhyItCannot) {
  EXPECT_THAT(std::string(WriteFileDurably("/dev/full", "bytes").message()), HasSubstr("/dev/full: No space left"));
  const redress::testing::TempDir dir;
  const absl::Status none = WriteFileDurably(dir / "none/file", "bytes");
  EXPECT_TRUE(absl::IsUnavailable(none)) << none;
  EXPECT_THAT(std::string(none.message()), HasSubstr(dir / "none/file"));
}

TEST(Folder, ANameByItselfIsInTheCurrentFolder) { EXPECT_TRUE(SyncFolderOf("folder_test").ok()); }

}  // namespace
}  // namespace redress
