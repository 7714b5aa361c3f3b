#include "libs/stats/rate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace redress::stats {
namespace {

double NormalTail(double x) { return 0.5 * std::erfc(x / std::numbers::sqrt2); }  // P(X > x)

// x with P(X > x) = tail, for 0 < tail <= 1/2: Hastings' rational approximation (Abramowitz and Stegun 26.2.23, error
// below 4.5e-4), then Halley's method, which triples the exact digits each time.
double UpperQuantile(double tail) {
  const double t = std::sqrt(-2 * std::log(tail));
  double x = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  for (int i = 0; i < 3; ++i) {
    const double density = std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi);
    const double step = (NormalTail(x) - tail) / density;
    x += step / (1 - x * step / 2);
  }
  return x;
}

}  // namespace

double NormalQuantile(double p) {
  if (!(p >= 0 && p <= 1)) return std::numeric_limits<double>::quiet_NaN();
  if (p == 0 || p == 1) return (p == 0 ? -1 : 1) * std::numeric_limits<double>::infinity();
  if (p == 0.5) return 0;
  return p < 0.5 ? -UpperQuantile(p) : UpperQuantile(1 - p);
}

std::optional<double> Rate::Value() const {
  if (total <= 0) return std::nullopt;
  return static_cast<double>(met) / static_cast<double>(total);
}

std::optional<Bounds> Rate::Wilson(double level) const {
  if (total <= 0) return std::nullopt;
  const auto n = static_cast<double>(total);
  const double p = *Value(), z = NormalQuantile(0.5 + level / 2), z2 = z * z;
  const double centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const double reach = z / (1 + z2 / n) * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  // Exact at the ends, where rounding would leave 1e-17.
  return Bounds{met == 0 ? 0 : std::max(0.0, centre - reach), met == total ? 1 : std::min(1.0, centre + reach)};
}

}  // namespace redress::stats
