#include "libs/stats/student.h"

#include <cmath>
#include <numbers>
#include <vector>

#include "gtest/gtest.h"

namespace redress::stats {
namespace {

TEST(StudentQuantileTest, KnownPoints) {
  // As printed by R's qt(0.975, df), and in every table of the distribution.
  EXPECT_NEAR(StudentQuantile(0.975, 1), 12.7062047361747, 1e-10);
  EXPECT_NEAR(StudentQuantile(0.975, 2), 4.30265272974946, 1e-12);
  EXPECT_NEAR(StudentQuantile(0.975, 3), 3.18244630528371, 1e-12);
  EXPECT_NEAR(StudentQuantile(0.975, 4), 2.77644510519779, 1e-12);
  EXPECT_NEAR(StudentQuantile(0.975, 5), 2.57058183563631, 1e-12);
  EXPECT_NEAR(StudentQuantile(0.975, 9), 2.26215716279820, 1e-12);
  EXPECT_NEAR(StudentQuantile(0.975, 10), 2.22813885198627, 1e-12);
  EXPECT_NEAR(StudentQuantile(0.975, 30), 2.04227245630124, 1e-12);
  EXPECT_NEAR(StudentQuantile(0.95, 7), 1.89457860509001, 1e-12);
  EXPECT_NEAR(StudentQuantile(0.995, 8), 3.35538733133339, 1e-12);
}

TEST(StudentQuantileTest, HasItsClosedFormsForOneAndTwoDegrees) {
  for (double p = 0.001; p < 1; p += 0.001) {
    const double one = std::tan(std::numbers::pi * (p - 0.5));
    EXPECT_NEAR(StudentQuantile(p, 1), one, 1e-11 * (1 + std::abs(one))) << p;
    const double two = (2 * p - 1) / std::sqrt(2 * p * (1 - p));
    EXPECT_NEAR(StudentQuantile(p, 2), two, 1e-12 * (1 + std::abs(two))) << p;
  }
}

TEST(StudentQuantileTest, NearsTheNormalOne) {
  double last = StudentQuantile(0.975, 1);
  for (const int64_t degrees : {2, 3, 4, 7, 20, 21, 150, 1001, 100000}) {
    const double t = StudentQuantile(0.975, degrees);
    EXPECT_LT(t, last);
    last = t;
  }
  EXPECT_GT(last, NormalQuantile(0.975));
  EXPECT_NEAR(last, NormalQuantile(0.975), 3e-5);
}

TEST(StudentQuantileTest, IsOddAndRefusesNonsense) {
  EXPECT_EQ(StudentQuantile(0.025, 4), -StudentQuantile(0.975, 4));
  EXPECT_EQ(StudentQuantile(0.5, 4), 0);
  for (const double p : {0.0, 1.0, -0.1, 1.1, std::nan("")}) EXPECT_TRUE(std::isnan(StudentQuantile(p, 3))) << p;
  EXPECT_TRUE(std::isnan(StudentQuantile(0.9, 0)));
}

TEST(MeanOfTest, KnownSample) {
  // R: t.test(sleep$extra[1:10])$conf.int, the sample of Student's own paper: mean 0.75, s = 1.789010.
  const std::vector<double> extra = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
  const SampleMean sample = MeanOf(extra).value();
  EXPECT_EQ(sample.count, 10);
  EXPECT_NEAR(sample.mean, 0.75, 1e-14);
  EXPECT_NEAR(sample.bounds->lower, -0.5297804, 1e-7);
  EXPECT_NEAR(sample.bounds->upper, 2.0297804, 1e-7);
}

TEST(MeanOfTest, DifferencesOfPairs) {
  // The same paper's second drug less the first, R: t.test(…, paired = TRUE): mean 1.58, interval 0.7001142 … 2.4598858.
  const std::vector<double> differences = {1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4};
  const SampleMean sample = MeanOf(differences).value();
  EXPECT_NEAR(sample.mean, 1.58, 1e-14);
  EXPECT_NEAR(sample.bounds->lower, 0.7001142, 1e-7);
  EXPECT_NEAR(sample.bounds->upper, 2.4598858, 1e-7);
}

TEST(MeanOfTest, FewValues) {
  EXPECT_FALSE(MeanOf({}).has_value());
  const std::vector<double> one = {3};
  EXPECT_EQ(MeanOf(one)->mean, 3);
  EXPECT_FALSE(MeanOf(one)->bounds.has_value());
  const std::vector<double> same = {2, 2, 2};
  EXPECT_EQ(MeanOf(same)->bounds->lower, 2);
  EXPECT_EQ(MeanOf(same)->bounds->upper, 2);
}

}  // namespace
}  // namespace redress::stats
