#include "libs/stats/rate.h"

#include <cmath>

#include "gtest/gtest.h"

namespace redress::stats {
namespace {

TEST(NormalQuantileTest, KnownPoints) {
  EXPECT_NEAR(NormalQuantile(0.975), 1.959963984540054, 1e-14);
  EXPECT_NEAR(NormalQuantile(0.95), 1.6448536269514722, 1e-14);
  EXPECT_NEAR(NormalQuantile(0.995), 2.5758293035489004, 1e-14);
  EXPECT_NEAR(NormalQuantile(0.75), 0.6744897501960817, 1e-14);
  EXPECT_NEAR(NormalQuantile(0.025), -1.959963984540054, 1e-14);
  EXPECT_EQ(NormalQuantile(0.5), 0);
  EXPECT_NEAR(NormalQuantile(1e-10), -6.361340902404056, 1e-12);
  EXPECT_TRUE(std::isinf(NormalQuantile(1)));
  EXPECT_TRUE(std::isnan(NormalQuantile(1.5)));
  EXPECT_TRUE(std::isnan(NormalQuantile(std::nan(""))));
}

TEST(NormalQuantileTest, InvertsTheDistributionEverywhere) {
  for (double p = 0.0005; p < 1; p += 0.0005) {
    EXPECT_NEAR(0.5 * std::erfc(-NormalQuantile(p) / std::sqrt(2.0)), p, 1e-14);
  }
}

TEST(RateTest, WilsonSolvesTheScoreEquation) {
  // By definition the bounds are the shares q at which |met/total - q| is z standard errors of q.
  const double z = NormalQuantile(0.975);
  for (const Rate rate : {Rate{1, 10}, Rate{5, 10}, Rate{81, 263}, Rate{999, 1000}, Rate{0, 7}, Rate{7, 7}}) {
    const Bounds bounds = rate.Wilson().value();
    const auto n = static_cast<double>(rate.total);
    for (const double q : {bounds.lower, bounds.upper}) {
      if (q == 0 || q == 1) continue;
      EXPECT_NEAR(std::abs(*rate.Value() - q), z * std::sqrt(q * (1 - q) / n), 1e-12);
    }
    EXPECT_LE(bounds.lower, *rate.Value());
    EXPECT_GE(bounds.upper, *rate.Value());
  }
}

TEST(RateTest, PublishedExample) {
  // Newcombe 1998, table I, method 3: 81 of 263 and 0 of 20.
  const Bounds first = Rate{81, 263}.Wilson().value();
  EXPECT_NEAR(first.lower, 0.2553, 5e-5);
  EXPECT_NEAR(first.upper, 0.3662, 5e-5);
  const Bounds none = Rate{0, 20}.Wilson().value();
  EXPECT_EQ(none.lower, 0);
  EXPECT_NEAR(none.upper, 0.1611, 5e-5);
  EXPECT_EQ((Rate{20, 20}.Wilson()->upper), 1);
}

TEST(RateTest, NothingCountedIsNoRate) {
  EXPECT_EQ(Rate{}.Value(), std::nullopt);
  EXPECT_FALSE(Rate{}.Wilson().has_value());
}

TEST(RateTest, AddsUp) {
  Rate rate{1, 4};
  rate += {3, 4};
  EXPECT_EQ(rate, (Rate{4, 8}));
  EXPECT_EQ(rate.Value(), 0.5);
}

}  // namespace
}  // namespace redress::stats
