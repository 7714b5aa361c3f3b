#include "services/standalone/projection_dirs.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/testing/temp_dir.h"

namespace redress {
namespace {

using log::Stream;

class ProjectionDirsTest : public ::testing::Test {
 protected:
  // Opens the one in use and puts a row into it; whether it was new.
  bool OpenAndFill(int version = 1) {
    ProjectionDirs dirs(dir_.path());
    bool fresh = false;
    const auto rows = dirs.OpenCurrent(Stream::kIntake, version, &fresh);
    EXPECT_TRUE(rows.ok()) << rows.status();
    if (rows.ok()) {
      EXPECT_EQ((*rows)->Get("k").has_value(), !fresh);
      EXPECT_TRUE((*rows)->Commit({{"k", "v"}}).ok());
    }
    return fresh;
  }
  testing::TempDir dir_;
};

TEST_F(ProjectionDirsTest, TheOneInUseIsOpenedAgainAndAnotherVersionIsMadeAnew) {
  EXPECT_TRUE(OpenAndFill());
  EXPECT_FALSE(OpenAndFill());
  EXPECT_TRUE(OpenAndFill(2));
  EXPECT_FALSE(OpenAndFill(2));
}

TEST_F(ProjectionDirsTest, OneThatWasFoundDamagedIsMadeAnewAtTheNextStart) {
  EXPECT_TRUE(OpenAndFill());
  {
    ProjectionDirs dirs(dir_.path());
    bool fresh = false;
    const auto rows = dirs.OpenCurrent(Stream::kIntake, 1, &fresh);
    ASSERT_TRUE(rows.ok()) << rows.status();
    EXPECT_TRUE(dirs.MarkDamaged(Stream::kIntake).ok());
  }
  EXPECT_TRUE(OpenAndFill());
  EXPECT_FALSE(OpenAndFill());
}

TEST_F(ProjectionDirsTest, ARebuiltOneThatIsAdoptedMendsTheDamage) {
  EXPECT_TRUE(OpenAndFill());
  {
    ProjectionDirs dirs(dir_.path());
    bool fresh = false;
    const auto rows = dirs.OpenCurrent(Stream::kIntake, 1, &fresh);
    ASSERT_TRUE(rows.ok()) << rows.status();
    ASSERT_TRUE(dirs.MarkDamaged(Stream::kIntake).ok());
    const auto built = dirs.CreateBeside(Stream::kIntake);
    ASSERT_TRUE(built.ok()) << built.status();
    ASSERT_TRUE((*built)->Commit({{"k", "v"}}).ok());
    ASSERT_TRUE(dirs.Adopt(Stream::kIntake).ok());
  }
  EXPECT_FALSE(OpenAndFill());
}

}  // namespace
}  // namespace redress
