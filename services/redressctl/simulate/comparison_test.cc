#include "services/redressctl/simulate/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redress::simulate {
namespace {

using ::testing::ElementsAre;

FigureValue Value(const std::string& name, v1::Better better, std::optional<double> value) {
  return {name, v1::UNIT_HOURS, better, value};
}

const v1::Figure& Named(const std::vector<v1::Figure>& figures, const std::string& name) {
  for (const v1::Figure& figure : figures) {
    if (figure.name() == name) return figure;
  }
  static const v1::Figure kNone;
  ADD_FAILURE() << "no figure " << name;
  return kNone;
}

TEST(Compare, PairsSeedBySeed) {
  // Student's sleep data: hours gained under two drugs by ten people. The paired interval is 0.70 … 2.46 (R: t.test(…,
  // paired = TRUE)), though unpaired ones overlap.
  const double first[] = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
  const double second[] = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};
  std::vector<SeedFigures> seeds;
  for (int i = 0; i < 10; ++i) {
    seeds.push_back({i + 100,
                     {Value("sleep", v1::BETTER_HIGHER, first[i])},
                     Figures{Value("sleep", v1::BETTER_HIGHER, second[i])}});
  }
  const v1::Figure sleep = Compare(seeds).at(0);
  EXPECT_NEAR(sleep.setup().mean(), 0.75, 1e-12);
  EXPECT_NEAR(sleep.against().mean(), 2.33, 1e-12);
  EXPECT_NEAR(sleep.difference().mean(), 1.58, 1e-12);
  EXPECT_NEAR(sleep.difference().lower(), 0.7001142, 1e-7);
  EXPECT_NEAR(sleep.difference().upper(), 2.4598858, 1e-7);
  // The fifth slept as long under both.
  EXPECT_EQ(sleep.against_better(), 9);
  EXPECT_EQ(sleep.setup_better(), 0);
  ASSERT_EQ(sleep.seeds_size(), 10);
  EXPECT_EQ(sleep.seeds(8).seed(), 108);
  EXPECT_NEAR(sleep.seeds(8).difference(), 4.6, 1e-12);
}

TEST(Compare, LowerIsBetterWhereItIs) {
  const auto compared =
      Compare({{1, {Value("ttr", v1::BETTER_LOWER, 5.0)}, Figures{Value("ttr", v1::BETTER_LOWER, 4.0)}},
               {2, {Value("ttr", v1::BETTER_LOWER, 5.0)}, Figures{Value("ttr", v1::BETTER_LOWER, 7.0)}},
               {3, {Value("ttr", v1::BETTER_LOWER, 5.0)}, Figures{Value("ttr", v1::BETTER_LOWER, 1.0)}}});
  EXPECT_EQ(compared[0].against_better(), 2);
  EXPECT_EQ(compared[0].setup_better(), 1);
}

TEST(Compare, WhatIsAbsentInASeedIsInNoDifference) {
  const auto compared =
      Compare({{1, {Value("ttr", v1::BETTER_LOWER, 5.0)}, Figures{Value("ttr", v1::BETTER_LOWER, {})}},
               {2, {Value("ttr", v1::BETTER_LOWER, 7.0)}, Figures{Value("ttr", v1::BETTER_LOWER, 6.0)}}});
  const v1::Figure& ttr = compared[0];
  // The two means stand next to each other: of the same seeds.
  EXPECT_EQ(ttr.setup().seeds(), 1);
  EXPECT_EQ(ttr.setup().mean(), 7);
  EXPECT_EQ(ttr.against().seeds(), 1);
  EXPECT_EQ(ttr.difference().seeds(), 1);
  EXPECT_EQ(ttr.difference().mean(), -1);
  EXPECT_FALSE(ttr.difference().has_lower());
  EXPECT_FALSE(ttr.seeds(0).has_against());
  EXPECT_FALSE(ttr.seeds(0).has_difference());
  const v1::Figure none = Compare({{1, {Value("ttr", v1::BETTER_LOWER, {})}, std::nullopt}})[0];
  EXPECT_EQ(none.setup().seeds(), 0);
  EXPECT_FALSE(none.setup().has_mean());
  EXPECT_FALSE(none.has_difference());
}

TEST(Compare, FiguresThatOneLacksKeepTheirPlace) {
  const auto lower = v1::BETTER_LOWER;
  const auto compared =
      Compare({{1,
                {Value("a", lower, 1.0), Value("waiting_share.in_hand", lower, 0.5), Value("z", lower, 1.0)},
                Figures{Value("a", lower, 1.0), Value("waiting_share.paused.no_access", lower, 0.2),
                        Value("b", lower, 2.0), Value("z", lower, 1.0)}}});
  std::vector<std::string> names;
  for (const v1::Figure& figure : compared) names.push_back(figure.name());
  EXPECT_THAT(names, ElementsAre("a", "waiting_share.paused.no_access", "b", "waiting_share.in_hand", "z"));
  // Nobody waited so: that is a share of nothing, not nothing known.
  EXPECT_EQ(Named(compared, "waiting_share.paused.no_access").difference().mean(), 0.2);
  EXPECT_EQ(Named(compared, "waiting_share.in_hand").difference().mean(), -0.5);
  EXPECT_EQ(Named(compared, "b").difference().seeds(), 0);
}

}  // namespace
}  // namespace redress::simulate
