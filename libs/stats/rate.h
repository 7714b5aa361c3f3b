// Shares of counted things, with the interval that small counts deserve.
#pragma once

#include <cstdint>
#include <optional>

namespace redress::stats {

struct Bounds {
  double lower = 0;
  double upper = 0;
};

// `met` of `total`; 0 <= met <= total. Rates of disjoint sets add up.
struct Rate {
  int64_t met = 0;
  int64_t total = 0;

  // The share, absent when nothing was counted.
  std::optional<double> Value() const;

  // Wilson's score interval without continuity correction (R's prop.test(met, total, correct = FALSE)); inside [0, 1],
  // right for few cases and for shares of 0 and 1. `level` is in (0, 1). Absent when nothing was counted.
  std::optional<Bounds> Wilson(double level = 0.95) const;

  Rate& operator+=(const Rate& other) {
    met += other.met;
    total += other.total;
    return *this;
  }
  friend bool operator==(const Rate&, const Rate&) = default;
};

// The inverse of the standard normal distribution function, to about 1e-15 relative; p in (0, 1), NaN outside, infinite
// at 0 and 1.
double NormalQuantile(double p);

}  // namespace redress::stats
