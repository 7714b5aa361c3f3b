#include "services/redressctl/judgement_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "absl/strings/str_cat.h"

namespace redress::ctl {
namespace {

namespace v1 = ::redress::simulate::v1;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(FormatFigure, SaysItsUnit) {
  EXPECT_EQ(FormatFigure(v1::UNIT_HOURS, true, 31.44), "31.4 h");
  EXPECT_EQ(FormatFigure(v1::UNIT_SHARE, true, 0.875), "87.5 %");
  EXPECT_EQ(FormatFigure(v1::UNIT_SHARE, true, -0.0123, true), "-1.2 pt");
  EXPECT_EQ(FormatFigure(v1::UNIT_SHARE, true, 0.0123, true), "+1.2 pt");
  EXPECT_EQ(FormatFigure(v1::UNIT_HOURS, true, -0.001, true), "0.0 h");
  EXPECT_EQ(FormatFigure(v1::UNIT_KILOMETRES, true, 12345.6), "12346 km");
  EXPECT_EQ(FormatFigure(v1::UNIT_RATIO, true, 1.0625), "1.062");
  EXPECT_EQ(FormatFigure(v1::UNIT_COUNT, false, 0), "-");
}

v1::Judgement TwoSeeds(bool against) {
  v1::Judgement judgement;
  judgement.set_setup("Today");
  if (against) judgement.set_against("Tomorrow");
  judgement.set_homes(100);
  judgement.set_days(10);
  judgement.mutable_end_time()->set_seconds(1767225600);
  judgement.set_first_seed(9);
  judgement.set_seeds(2);
  for (const auto& [name, better] :
       {std::pair("ttr_p50_hours", v1::BETTER_LOWER), std::pair("complaints", v1::BETTER_NEITHER)}) {
    v1::Figure* figure = judgement.add_figures();
    figure->set_name(name);
    figure->set_unit(v1::UNIT_HOURS);
    figure->set_better(better);
    figure->mutable_setup()->set_seeds(2);
    figure->mutable_setup()->set_mean(20);
    figure->mutable_setup()->set_lower(10);
    figure->mutable_setup()->set_upper(30);
    for (const int seed : {9, 10}) {
      v1::SeedFigure* one = figure->add_seeds();
      one->set_seed(seed);
      one->set_setup(seed == 9 ? 15 : 25);
      if (against && seed == 9) one->set_difference(-5);
    }
    if (!against) continue;
    figure->mutable_difference()->set_seeds(1);
    figure->mutable_difference()->set_mean(-5);
    figure->set_against_better(1);
  }
  return judgement;
}

std::string Shown(const v1::Judgement& judgement) {
  std::ostringstream out;
  Printer printer(&out, false, absl::UTCTimeZone());
  ShowJudgement(judgement, printer);
  return out.str();
}

TEST(ShowJudgement, OfOneSetupHasItsSpread) {
  const std::string shown = Shown(TwoSeeds(false));
  EXPECT_THAT(shown, HasSubstr("Today, 100 homes, 10 days until 2026-01-01"));
  EXPECT_THAT(shown, HasSubstr("2 seeds from 9"));
  EXPECT_THAT(shown, ::testing::ContainsRegex("ttr_p50_hours +20.0 h +10.0 h … 30.0 h +15.0 h +25.0 h"));
  EXPECT_THAT(shown, Not(HasSubstr("B - A")));
}

TEST(ShowJudgement, OfTwoHasEachSeedsDifference) {
  const std::string shown = Shown(TwoSeeds(true));
  EXPECT_THAT(shown, HasSubstr("A: Today\nB: Tomorrow\n"));
  // Absent in one seed: said, and no interval.
  EXPECT_THAT(shown, ::testing::ContainsRegex("ttr_p50_hours +20.0 h +- +-5.0 h +- +1 +0 +1 of 2"));
  EXPECT_THAT(shown, ::testing::ContainsRegex("B - A +seed 9 +seed 10\n"));
  EXPECT_THAT(shown, ::testing::ContainsRegex("ttr_p50_hours +-5.0 h +-\n"));
  // What is neither better nor worse is in the first table alone.
  const size_t first = shown.find("complaints");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(shown.find("complaints", first + 1), std::string::npos);
}

}  // namespace
}  // namespace redress::ctl
