#include "libs/stats/survival_curve.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "libs/stats/rate.h"
#include "tests/testing/data.h"

namespace redress::stats {
namespace {

constexpr double kExact = 1e-9;

std::vector<Observation> Events(const std::vector<Millis>& durations) {
  std::vector<Observation> result;
  for (const Millis duration : durations) result.push_back({duration, true});
  return result;
}

// --- against R -------------------------------------------------------------------------------------------------------

using Row = std::vector<std::string>;

std::vector<Row> ReadCsv(const std::string& path) {
  std::vector<Row> rows;
  std::ifstream file(path);
  EXPECT_TRUE(file.is_open()) << path;
  std::string line;
  std::getline(file, line);  // the header
  while (std::getline(file, line)) {
    std::erase(line, '"');
    rows.push_back(absl::StrSplit(line, ','));
  }
  return rows;
}

int64_t Whole(const std::string& cell) {
  int64_t value = 0;
  EXPECT_TRUE(absl::SimpleAtoi(cell, &value)) << cell;
  return value;
}

double Real(const std::string& cell) {
  double value = std::nan("");
  EXPECT_TRUE(cell == "NA" || absl::SimpleAtod(cell, &value)) << cell;
  return value;
}

class AgainstR : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string data = redress::testing::DataDir();
    if (data.empty()) GTEST_SKIP() << "no ../shared/data and no $REDRESS_DATA";
    folder_ = data + "/survival/";
  }

  // Days stand for milliseconds. `sex` 0 takes all; status 2 is death.
  std::vector<Observation> Lung(int64_t sex = 0) const {
    std::vector<Observation> result;
    for (const Row& row : ReadCsv(folder_ + "R_survival_lung.csv")) {
      if (sex == 0 || Whole(row.at(4)) == sex) result.push_back({Whole(row.at(1)), Whole(row.at(2)) == 2});
    }
    return result;
  }

  std::vector<Observation> Aml(const std::string& arm) const {
    std::vector<Observation> result;
    for (const Row& row : ReadCsv(folder_ + "R_survival_aml.csv")) {
      if (row.at(2) == arm) result.push_back({Whole(row.at(0)), Whole(row.at(1)) == 1});
    }
    return result;
  }

  std::vector<Row> Reference(const std::string& file, const std::string& stratum) const {
    std::vector<Row> rows = ReadCsv(folder_ + file);
    std::erase_if(rows, [&](const Row& row) { return row.at(0) != stratum; });
    return rows;
  }

  static void ExpectEqual(double ours, double theirs, const std::string& what) {
    if (std::isnan(theirs)) {
      EXPECT_TRUE(std::isnan(ours)) << what << " is " << ours;
    } else {
      EXPECT_NEAR(ours, theirs, kExact) << what;
    }
  }

  std::string folder_;
};

TEST_F(AgainstR, CurvesAreEqual) {
  struct Case {
    const char* file;
    const char* stratum;
    std::vector<Observation> observations;
  };
  const std::vector<Case> cases = {
      {"km_reference_lung_all.csv", "all", Lung()},
      {"km_reference_lung_by_sex.csv", "sex=1", Lung(1)},
      {"km_reference_lung_by_sex.csv", "sex=2", Lung(2)},
      {"km_reference_aml_by_arm.csv", "x=Maintained", Aml("Maintained")},
      {"km_reference_aml_by_arm.csv", "x=Nonmaintained", Aml("Nonmaintained")},
  };
  for (const Case& c : cases) {
    const SurvivalCurve curve(c.observations);
    const std::vector<Row> reference = Reference(c.file, c.stratum);
    ASSERT_EQ(curve.points().size(), reference.size()) << c.stratum;
    ASSERT_FALSE(reference.empty());
    for (size_t i = 0; i < reference.size(); ++i) {
      const CurvePoint& point = curve.points()[i];
      const Row& row = reference[i];
      const std::string what = std::string(c.stratum) + " at " + row.at(1);
      EXPECT_EQ(point.time, Whole(row.at(1))) << what;
      EXPECT_EQ(point.at_risk, Whole(row.at(2))) << what;
      EXPECT_EQ(point.events, Whole(row.at(3))) << what;
      EXPECT_EQ(point.censored, Whole(row.at(4))) << what;
      ExpectEqual(point.survival, Real(row.at(5)), what + " survival");
      ExpectEqual(point.std_err, Real(row.at(6)), what + " std_err");
      ExpectEqual(point.lower, Real(row.at(7)), what + " lower");
      ExpectEqual(point.upper, Real(row.at(8)), what + " upper");
    }
  }
}

// log-log bounds are S^exp(±z se / |log S|), with R's S and its standard error.
TEST_F(AgainstR, LogLogBoundsFollowFromItsErrors) {
  const SurvivalCurve curve(Lung(), {.intervals = IntervalType::kLogLog});
  const std::vector<Row> reference = Reference("km_reference_lung_all.csv", "all");
  ASSERT_EQ(curve.points().size(), reference.size());
  const double z = NormalQuantile(0.975);
  for (size_t i = 0; i < reference.size(); ++i) {
    const double s = Real(reference[i].at(5)), reach = z * Real(reference[i].at(6)) / s / -std::log(s);
    EXPECT_NEAR(curve.points()[i].lower, std::pow(s, std::exp(reach)), kExact);
    EXPECT_NEAR(curve.points()[i].upper, std::pow(s, std::exp(-reach)), kExact);
  }
  const QuantileEstimate median = curve.Quantile(0.5).value();
  EXPECT_EQ(median.time, 310);
  EXPECT_EQ(median.lower, 284);
  EXPECT_EQ(median.upper, 361);
}

// What quantile() and print(rmean = "common") say of these data.
TEST_F(AgainstR, QuantilesAndMeansAreEqual) {
  struct Case {
    const char* name;
    std::vector<Observation> observations;
    double p, time;
    std::optional<double> lower, upper;
  };
  const std::vector<Case> cases = {
      {"lung", Lung(), 0.25, 170, 145, 197},
      {"lung", Lung(), 0.5, 310, 285, 363},
      {"lung", Lung(), 0.75, 550, 460, 654},
      {"men", Lung(1), 0.5, 270, 212, 310},
      {"women", Lung(2), 0.5, 426, 348, 550},
      {"maintained", Aml("Maintained"), 0.5, 31, 18, std::nullopt},
      {"nonmaintained", Aml("Nonmaintained"), 0.5, 23, 8, std::nullopt},
  };
  for (const Case& c : cases) {
    const QuantileEstimate quantile = SurvivalCurve(c.observations).Quantile(c.p).value();
    EXPECT_EQ(quantile.time, c.time) << c.name << " " << c.p;
    EXPECT_EQ(quantile.lower, c.lower) << c.name << " " << c.p;
    EXPECT_EQ(quantile.upper, c.upper) << c.name << " " << c.p;
  }
  const MeanEstimate lung = SurvivalCurve(Lung()).RestrictedMean(1022).value();
  EXPECT_NEAR(lung.mean, 376.3, 0.05);
  EXPECT_NEAR(lung.std_err, 19.7, 0.05);
  const MeanEstimate maintained = SurvivalCurve(Aml("Maintained")).RestrictedMean(161).value();
  EXPECT_NEAR(maintained.mean, 52.6, 0.05);
  EXPECT_NEAR(maintained.std_err, 19.83, 0.005);
  const MeanEstimate nonmaintained = SurvivalCurve(Aml("Nonmaintained")).RestrictedMean(161).value();
  EXPECT_NEAR(nonmaintained.mean, 22.7, 0.05);
  EXPECT_NEAR(nonmaintained.std_err, 4.18, 0.005);
}

// --- by hand ---------------------------------------------------------------------------------------------------------

TEST(SurvivalCurveTest, AMedianOnAFlatStepIsItsMiddle) {
  EXPECT_EQ(SurvivalCurve(Events({1, 2, 3, 4})).Quantile(0.5)->time, 2.5);
  EXPECT_EQ(SurvivalCurve(Events({4, 1, 3, 2, 5})).Quantile(0.5)->time, 3);
  // Rounding: 100 factors do not multiply to exactly one half.
  std::vector<Millis> hundred;
  for (Millis i = 1; i <= 100; ++i) hundred.push_back(10 * i);
  EXPECT_EQ(SurvivalCurve(Events(hundred)).Quantile(0.5)->time, 505);
  EXPECT_EQ(SurvivalCurve(Events(hundred)).Quantile(0.9)->time, 905);
  // A censoring within the step neither ends nor splits it.
  EXPECT_EQ(SurvivalCurve({{1, true}, {2, true}, {3, false}, {8, true}, {9, true}}).Quantile(0.4)->time, 5);
  // A step that the curve ends on reaches to the last observation.
  EXPECT_EQ(SurvivalCurve({{1, true}, {2, true}, {5, false}, {9, false}}).Quantile(0.5)->time, 5.5);
}

TEST(SurvivalCurveTest, EventsComeBeforeCensoringsOfTheSameTime) {
  const SurvivalCurve curve({{5, false}, {5, true}, {5, false}, {7, true}});
  ASSERT_EQ(curve.points().size(), 2u);
  EXPECT_EQ(curve.points()[0].at_risk, 4);
  EXPECT_DOUBLE_EQ(curve.points()[0].survival, 0.75);
  EXPECT_EQ(curve.points()[1].at_risk, 1);
  EXPECT_EQ(curve.points()[1].survival, 0);
  EXPECT_TRUE(std::isnan(curve.points()[1].std_err));
}

TEST(SurvivalCurveTest, WhatIsNotReachedIsAbsent) {
  const SurvivalCurve curve({{1, true}, {2, false}, {3, false}, {4, false}});
  EXPECT_TRUE(curve.Quantile(0.2).has_value());
  EXPECT_FALSE(curve.Quantile(0.5).has_value());
  const SurvivalCurve open({{1, false}, {2, false}});
  EXPECT_EQ(open.events(), 0);
  EXPECT_FALSE(open.Quantile(0.1).has_value());
  EXPECT_EQ(open.RestrictedMean(10)->mean, 10);
  EXPECT_EQ(open.points()[0].upper, 1);
  EXPECT_TRUE(std::isnan(SurvivalCurve({{1, false}}, {.intervals = IntervalType::kLogLog}).points()[0].lower));
}

TEST(SurvivalCurveTest, TooFewCasesGiveNoFigure) {
  const SurvivalCurve none({});
  EXPECT_TRUE(none.too_few());
  EXPECT_FALSE(none.Quantile(0.5).has_value());
  EXPECT_FALSE(none.RestrictedMean(1).has_value());
  EXPECT_EQ(none.SurvivalAt(1), 1);
  const SurvivalCurve nine(Events({1, 2, 3, 4, 5, 6, 7, 8, 9}), {.min_cases = 10});
  EXPECT_TRUE(nine.too_few());
  EXPECT_FALSE(nine.Quantile(0.5).has_value());
  EXPECT_FALSE(nine.RestrictedMean(5).has_value());
  EXPECT_EQ(nine.points().size(), 9u);
  EXPECT_FALSE(nine.Quantile(-0.1).has_value());
}

TEST(SurvivalCurveTest, HeightBetweenPoints) {
  const SurvivalCurve curve(Events({10, 20}));
  EXPECT_EQ(curve.SurvivalAt(9), 1);
  EXPECT_EQ(curve.SurvivalAt(10), 0.5);
  EXPECT_EQ(curve.SurvivalAt(19), 0.5);
  EXPECT_EQ(curve.SurvivalAt(1000), 0);
}

TEST(SurvivalCurveTest, TheMeanOfClosedCasesIsTheMean) {
  EXPECT_DOUBLE_EQ(SurvivalCurve(Events({2, 4, 9})).RestrictedMean(100)->mean, 5);
  EXPECT_DOUBLE_EQ(SurvivalCurve(Events({2, 4, 9})).RestrictedMean(5)->mean, (2 + 4 + 5) / 3.0);
  EXPECT_DOUBLE_EQ(SurvivalCurve(Events({2, 4, 9})).RestrictedMean(1)->mean, 1);
  EXPECT_EQ(SurvivalCurve(Events({2, 4, 9})).RestrictedMean(1)->std_err, 0);
}

TEST(ClosedOnlyQuantilesTest, LeaveOutTheOpenOnesAndSoAreTooShort) {
  const std::vector<Observation> cases = {{1, true},  {2, true},   {3, true}, {50, false},
                                          {60, true}, {70, false}, {80, true}};
  const auto closed = ClosedOnlyQuantiles(cases, {0.5, 0.8});
  EXPECT_EQ(closed[0], 3);
  EXPECT_EQ(closed[1], 70);  // four of five: midway between the fourth and the fifth
  EXPECT_EQ(SurvivalCurve(cases).Quantile(0.5)->time, 60);
  EXPECT_EQ(ClosedOnlyQuantiles(cases, {0.5}, 6)[0], std::nullopt);
  EXPECT_EQ(ClosedOnlyQuantiles({{5, false}}, {0.5})[0], std::nullopt);
}

TEST(SurvivalCurveTest, AMillionCases) {
  // Durations 1 to 1,000,000 in a scattered order, every second one censored: the product has a closed form in
  // factorials.
  constexpr int64_t kCases = 1'000'000;
  std::vector<Observation> cases;
  for (int64_t i = 0; i < kCases; ++i) {
    const Millis duration = i * 611'953 % kCases + 1;
    cases.push_back({duration, duration % 2 == 1});
  }
  const SurvivalCurve curve(std::move(cases));
  EXPECT_EQ(curve.cases(), kCases);
  EXPECT_EQ(curve.events(), kCases / 2);
  ASSERT_EQ(curve.points().size(), static_cast<size_t>(kCases));
  // After the events at 1, 3, …, 2k - 1: the product of (N - 2i - 1) / (N - 2i), which is about sqrt((N - 2k) / N).
  EXPECT_NEAR(curve.SurvivalAt(kCases / 2), std::sqrt(0.5), 1e-6);
  EXPECT_NEAR(curve.Quantile(0.5)->time, 0.75 * kCases, 3);
}

// --- laws ------------------------------------------------------------------------------------------------------------

std::vector<Observation> DrawCases() {
  std::vector<Observation> result;
  for (int n = *rc::gen::inRange(1, 60); n > 0; --n) {
    result.push_back({*rc::gen::inRange<Millis>(0, 40), *rc::gen::inRange(0, 3) > 0});
  }
  return result;
}

RC_GTEST_PROP(SurvivalCurveProperty, FallsAndAccountsForEveryCase, ()) {
  const auto cases = DrawCases();
  const SurvivalCurve curve(cases);
  double last = 1;
  int64_t left = static_cast<int64_t>(cases.size()), events = 0;
  for (const CurvePoint& point : curve.points()) {
    RC_ASSERT(point.at_risk == left);
    RC_ASSERT(point.survival <= last && point.survival >= 0);
    if (point.survival > 0)
      RC_ASSERT(point.lower <= point.survival && point.survival <= point.upper && point.upper <= 1);
    left -= point.events + point.censored;
    events += point.events;
    last = point.survival;
  }
  RC_ASSERT(left == 0 && events == curve.events());
}

// Without censoring quantiles are those of the sample with averaging at discontinuities (Hyndman and Fan 1996,
// definition 2).
RC_GTEST_PROP(SurvivalCurveProperty, QuantilesOfClosedCasesAreThoseOfTheSample, ()) {
  std::vector<Millis> sample;
  for (int n = *rc::gen::inRange(1, 60); n > 0; --n) sample.push_back(*rc::gen::inRange<Millis>(0, 40));
  const SurvivalCurve curve(Events(sample));
  std::sort(sample.begin(), sample.end());
  const auto n = static_cast<int64_t>(sample.size());
  const int64_t percent = *rc::gen::inRange(1, 100);
  const int64_t rank = n * percent / 100;  // whole part of n p
  const double expected = n * percent % 100 == 0 ? static_cast<double>(sample[rank - 1] + sample[rank]) / 2
                                                 : static_cast<double>(sample[rank]);
  RC_ASSERT(curve.Quantile(static_cast<double>(percent) / 100).value().time == expected);
}

// The mean up to a limit is that of the durations cut there, when none is censored before it.
RC_GTEST_PROP(SurvivalCurveProperty, RestrictedMeanIsTheMeanOfCutDurations, ()) {
  auto cases = DrawCases();
  for (Observation& one : cases) one.event = true;
  const Millis limit = *rc::gen::inRange<Millis>(0, 60);
  double sum = 0;
  for (const Observation& one : cases) sum += static_cast<double>(std::min(one.duration, limit));
  RC_ASSERT(std::abs(SurvivalCurve(cases).RestrictedMean(limit)->mean - sum / static_cast<double>(cases.size())) <
            1e-9);
}

RC_GTEST_PROP(SurvivalCurveProperty, QuantilesAreWhereTheCurveGetsThere, ()) {
  const SurvivalCurve curve(DrawCases());
  const double p = *rc::gen::inRange(1, 1000) / 1000.0 + 1e-5;  // never on a step
  const auto quantile = curve.Quantile(p);
  if (!quantile) {
    RC_ASSERT(curve.points().back().survival > 1 - p);
  } else {
    const auto time = static_cast<Millis>(quantile->time);
    RC_ASSERT(curve.SurvivalAt(time) <= 1 - p && (time == 0 || curve.SurvivalAt(time - 1) > 1 - p));
    if (quantile->lower) RC_ASSERT(*quantile->lower <= quantile->time);
    if (quantile->upper) RC_ASSERT(quantile->time <= *quantile->upper);
  }
}

}  // namespace
}  // namespace redress::stats
