// The mean of a few numbers and how far chance moves it: Student's t.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/types/span.h"
#include "libs/stats/rate.h"

namespace redress::stats {

// t with P(T <= t) = p for Student's distribution with `degrees` >= 1 degrees of freedom (R's qt(p, degrees)), to about
// 1e-12 relative for p in [1e-6, 1 - 1e-6]; NaN for p outside (0, 1) or fewer degrees. The distribution function is the
// finite series for whole degrees of Abramowitz and Stegun, 26.7.3 and 26.7.4. O(degrees).
double StudentQuantile(double p, int64_t degrees);

struct SampleMean {
  int64_t count = 0;
  double mean = 0;
  // mean ± t · s / √n, where s is the sample's standard deviation (n - 1) and t the quantile at (1 + level) / 2 with
  // n - 1 degrees of freedom: R's t.test(values)$conf.int. Absent for a single value.
  std::optional<Bounds> bounds;
};

// Absent when there are no values. `level` is in (0, 1).
std::optional<SampleMean> MeanOf(absl::Span<const double> values, double level = 0.95);

}  // namespace redress::stats
