#include "libs/metrics/spdlog/spdlog_logger.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "libs/clock/fake_clock.h"
#include "libs/status/errors.h"

namespace redress {
namespace {

TEST(SpdlogLogger, WritesALineAnEventAndDropsTheLessSevere) {
  FakeClock clock(1'772'323'200'000);
  const std::string path = testing::TempDir() + "/redress.log";
  std::remove(path.c_str());
  {
    const auto logger = MakeSpdlogLogger({path, Severity::kInfo}, &clock);
    ASSERT_TRUE(logger.ok()) << logger.status();
    (*logger)->Info("started", {{"port", 50051}, {"text", "{} %s"}});
    (*logger)->Debug("detail");
    (*logger)->Error("stopped");
  }
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_EQ(text.str(),
            R"({"time":"2026-03-01T00:00:00.000Z","severity":"info","event":"started","port":50051,"text":"{} %s"})"
            "\n"
            R"({"time":"2026-03-01T00:00:00.000Z","severity":"error","event":"stopped"})"
            "\n");
}

TEST(SpdlogLogger, UnwritableFileIsRefused) {
  FakeClock clock;
  EXPECT_EQ(ReasonOf(MakeSpdlogLogger({"/proc/none/redress.log"}, &clock).status()), "LOG_FILE");
}

}  // namespace
}  // namespace redress
