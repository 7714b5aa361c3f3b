#include "libs/stats/student.h"

#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

namespace redress::stats {
namespace {

// P(|T| <= t) by the angle with tan(angle) = t / √degrees. All terms are positive: nothing cancels.
double Within(double angle, int64_t degrees) {
  const double cosine = std::cos(angle);
  const double square = cosine * cosine;
  const bool odd = degrees % 2 == 1;
  double sum = 0;
  double term = odd ? cosine : 1;
  for (int64_t k = odd ? 3 : 2; k <= degrees; k += 2) {
    sum += term;
    term *= square * static_cast<double>(k - 1) / static_cast<double>(k);
  }
  return odd ? 2 / std::numbers::pi * (angle + std::sin(angle) * sum) : std::sin(angle) * sum;
}

}  // namespace

double StudentQuantile(double p, int64_t degrees) {
  if (!(p > 0 && p < 1) || degrees < 1) return std::numeric_limits<double>::quiet_NaN();
  if (p == 0.5) return 0;
  if (p < 0.5) return -StudentQuantile(1 - p, degrees);
  double low = 0;
  double high = std::numbers::pi / 2;
  // Until no number lies between them.
  for (double middle; (middle = low + (high - low) / 2) > low && middle < high;) {
    (Within(middle, degrees) < 2 * p - 1 ? low : high) = middle;
  }
  return std::sqrt(static_cast<double>(degrees)) * std::tan(low);
}

std::optional<SampleMean> MeanOf(absl::Span<const double> values, double level) {
  if (values.empty()) return std::nullopt;
  const auto n = static_cast<double>(values.size());
  SampleMean sample;
  sample.count = static_cast<int64_t>(values.size());
  sample.mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  if (values.size() < 2) return sample;
  double squares = 0;
  for (const double value : values) squares += (value - sample.mean) * (value - sample.mean);
  const double half = StudentQuantile((1 + level) / 2, sample.count - 1) * std::sqrt(squares / (n - 1) / n);
  sample.bounds = Bounds{sample.mean - half, sample.mean + half};
  return sample;
}

}  // namespace redress::stats
