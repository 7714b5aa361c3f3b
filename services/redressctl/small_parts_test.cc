// Errors, the bar, weekly hours, the comparison of digests, signals, progress.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <sstream>

#include "libs/clock/fake_clock.h"
#include "libs/status/errors.h"
#include "services/redressctl/digests.h"
#include "services/redressctl/exit_codes.h"
#include "services/redressctl/held_signals.h"
#include "services/redressctl/progress.h"
#include "services/redressctl/time_bar.h"
#include "services/redressctl/weekly_hours.h"

namespace redress::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Describe, NamesTheFieldsThatAreWrongAndSaysWhatIsWrongOfNone) {
  EXPECT_THAT(Describe(InvalidFields({{"name", "is missing"}, {"", "nothing is to be amended"}})),
              ::testing::EndsWith("\n  name: is missing\n  nothing is to be amended"));
}

TEST(DrawBar, GivesEachPartItsShare) {
  EXPECT_EQ(DrawBar({{'a', 30}, {'b', 10}}, 8), "aaaaaabb");
  EXPECT_EQ(DrawBar({{'a', 0}, {'b', 10}}, 4), "bbbb");
  EXPECT_EQ(DrawBar({}, 4), "");
  EXPECT_EQ(DrawBar({{'a', 0}}, 4), "");
}

TEST(DrawBar, ShowsShortPartsAtTheCostOfLongOnes) {
  EXPECT_EQ(DrawBar({{'a', 1}, {'b', 1000000}, {'c', 1}}, 6), "abbbbc");
  // As far as there is room.
  EXPECT_EQ(DrawBar({{'a', 1}, {'b', 1}, {'c', 1}}, 2).size(), 2u);
}

TEST(ParseWeeklyHours, ReadsDaysAndSpans) {
  EXPECT_THAT(*ParseWeeklyHours("mon-tue 08:00-12:00 13:00-17:30, Sun 20:00-24:00"),
              ElementsAre(MinuteSpan{480, 720}, MinuteSpan{780, 1050}, MinuteSpan{1920, 2160}, MinuteSpan{2220, 2490},
                          MinuteSpan{9840, 10080}));
}

TEST(ParseWeeklyHours, SaysWhatIsWrong) {
  for (const char* text : {"", "mon", "mon-fri", "xxx 08:00-12:00", "fri-mon 08:00-12:00", "mon 8:00-12:00",
                           "mon 08:00", "mon 12:00-08:00", "mon 08:00-24:01", "mon 08:00-12:00 11:00-13:00",
                           "mon 08:00-12:00, mon-fri 10:00-11:00", "mon 08:60-12:00", "mon 08:00-12:00,"}) {
    EXPECT_EQ(ReasonOf(ParseWeeklyHours(text).status()), "BAD_HOURS") << text;
  }
  EXPECT_THAT(ParseWeeklyHours("mon 12:00-08:00").status().message(), HasSubstr("\"12:00-08:00\" ends before"));
}

admin::v1::ListDigestsResponse Digests(const std::string& log, int64_t next, const std::string& digest) {
  admin::v1::ListDigestsResponse response;
  auto* shard = response.add_digests();
  shard->mutable_position()->set_log_id(log);
  shard->mutable_position()->set_stream("intake");
  shard->mutable_position()->set_next(next);
  shard->set_digest(digest);
  return response;
}

DigestComparison::Verdict VerdictOf(const admin::v1::ListDigestsResponse& here,
                                    const admin::v1::ListDigestsResponse& there, bool domain_only = false) {
  const DigestComparison comparison = Compare(here, there, domain_only);
  EXPECT_EQ(comparison.rows.size(), 1u);
  EXPECT_EQ(comparison.equal + comparison.different + comparison.incomparable, 1);
  return comparison.rows[0].verdict;
}

TEST(CompareDigests, JudgesEqualPositionsAlone) {
  using Verdict = DigestComparison::Verdict;
  EXPECT_EQ(VerdictOf(Digests("a", 5, "x"), Digests("a", 5, "x")), Verdict::kEqual);
  EXPECT_EQ(VerdictOf(Digests("a", 5, "x"), Digests("a", 5, "y")), Verdict::kDifferent);
  EXPECT_EQ(VerdictOf(Digests("a", 5, "x"), Digests("a", 6, "x")), Verdict::kOtherPosition);
  EXPECT_EQ(VerdictOf(Digests("a", 5, "x"), Digests("b", 5, "x")), Verdict::kOtherLog);
  EXPECT_EQ(VerdictOf(Digests("a", 5, "x"), {}), Verdict::kMissing);
  EXPECT_EQ(VerdictOf({}, Digests("a", 5, "x")), Verdict::kMissing);
  // A copy of a log has other positions.
  EXPECT_EQ(VerdictOf(Digests("a", 5, "x"), Digests("b", 6, "x"), true), Verdict::kEqual);
  EXPECT_EQ(VerdictOf(Digests("a", 5, "x"), Digests("b", 6, "y"), true), Verdict::kDifferent);
}

TEST(HeldSignals, WaitAndAreDeliveredAfterwards) {
  EXPECT_EXIT(
      {
        {
          const HeldSignals held;
          if (held.waiting()) _exit(1);
          kill(getpid(), SIGTERM);
          if (!held.waiting()) _exit(2);
        }
        _exit(3);
      },
      ::testing::KilledBySignal(SIGTERM), "");
}

TEST(HeldSignals, WhatIsIgnoredIsNotWaitedFor) {
  EXPECT_EXIT(
      {
        signal(SIGHUP, SIG_IGN);
        {
          const HeldSignals held;
          kill(getpid(), SIGHUP);
          if (held.waiting()) _exit(1);
        }
        _exit(0);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST(Progress, IsQuietForTwoSeconds) {
  FakeClock clock;
  std::ostringstream err;
  Progress progress(&clock, &err, Progress::Mode::kLines);
  progress.Show(0.1, "rows");
  clock.Advance(1999);
  progress.Show(0.2, "rows");
  EXPECT_EQ(err.str(), "");
  clock.Advance(1);
  progress.Show(0.5, "rows");
  progress.Show(0.6, "rows");
  EXPECT_EQ(err.str(), "[###############...............]  50%  rows  2s\n");
}

TEST(Progress, DrawsOverItsOwnLine) {
  FakeClock clock;
  std::ostringstream err;
  {
    Progress progress(&clock, &err, Progress::Mode::kBar);
    clock.Advance(3000);
    progress.Show(Progress::kUnknown, "GetStatus");
    EXPECT_EQ(err.str(), "\r\033[KGetStatus  3s");
    clock.Advance(200);
    // Not all before it is all.
    progress.Show(0.9999, "GetStatus");
    EXPECT_THAT(err.str(), HasSubstr("]  99%"));
    EXPECT_THAT(err.str(), StartsWith("\r\033[K"));
    err.str("");
  }
  EXPECT_EQ(err.str(), "\r\033[K");
}

TEST(Progress, SaysNothingWhenOff) {
  FakeClock clock;
  std::ostringstream err;
  {
    Progress progress(&clock, &err, Progress::Mode::kOff);
    clock.Advance(10000);
    progress.Show(0.5, "rows");
  }
  EXPECT_EQ(err.str(), "");
}

}  // namespace
}  // namespace redress::ctl
