// How long things take when some are not finished yet: the Kaplan-Meier curve.
//
//   S(t), the share still open after t
//   1 ├──┐
//     │  └────┐           falls at events, by the share of those at risk that end there;
//     │       └──+──┐     a censored case (+: still open, or left for another reason) only leaves those at risk
//   0 └─────────────┴──▶ t
//
// Conventions and figures are those of R's survival package (survfit, quantile.survfit, print.survfit), so that anybody
// can check them. Pure; a curve is immutable and safe to read from several threads.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "libs/clock/clock.h"

namespace redress::stats {

// One case. `duration` is at least 0: until its end, or until last seen open.
struct Observation {
  Millis duration = 0;
  bool event = false;  // false: censored
};

// How the interval around S(t) is formed.
enum class IntervalType {
  kLog,     // on log S, R's default; cut at 1
  kLogLog,  // on log(-log S), SAS's default; stays inside (0, 1)
};

struct CurveOptions {
  IntervalType intervals = IntervalType::kLog;
  double level = 0.95;    // in (0, 1)
  int64_t min_cases = 1;  // with fewer a curve tells neither quantiles nor a mean
};

// The curve from `time` on, up to the next point.
struct CurvePoint {
  Millis time = 0;
  int64_t at_risk = 0;   // just before `time`
  int64_t events = 0;    // at `time`; they come before the censorings of the same time
  int64_t censored = 0;  // at `time`
  double survival = 1;
  double std_err = 0;  // of S(t), by Greenwood's formula; NaN where S(t) is 0
  double lower = 1;    // NaN where R says NA: where S(t) is 0, and with kLogLog where it is 1
  double upper = 1;
};

// In milliseconds; half ones where a step lies flat. A bound is absent where its curve is not low enough yet.
struct QuantileEstimate {
  double time = 0;
  std::optional<double> lower;
  std::optional<double> upper;
};

// In milliseconds.
struct MeanEstimate {
  double mean = 0;
  double std_err = 0;
};

class SurvivalCurve {
 public:
  // Sorts, then one pass.
  explicit SurvivalCurve(std::vector<Observation> observations, const CurveOptions& options = {});

  int64_t cases() const { return cases_; }
  int64_t events() const { return events_; }
  // One for each different duration, in order.
  const std::vector<CurvePoint>& points() const { return points_; }
  bool too_few() const { return cases_ == 0 || cases_ < options_.min_cases; }

  double SurvivalAt(Millis time) const;

  // The time by which the share `p` in [0, 1] has ended: the first with S(t) <= 1 - p; the middle of the step where
  // S(t) is 1 - p to within 1.5e-8. Its bounds are where the bounds of the curve get there. Absent when the curve does
  // not, or is of too few cases. O(points).
  std::optional<QuantileEstimate> Quantile(double p) const;

  // The mean of min(duration, limit): the area under the curve up to `limit`, 0 or more. Beyond the last observation
  // the curve goes on at its last height. Absent when the cases are too few. O(points).
  std::optional<MeanEstimate> RestrictedMean(Millis limit) const;

 private:
  template <typename Height>
  std::optional<double> Crossing(double p, Height height) const;
  void Add(const CurvePoint& counts);

  CurveOptions options_;
  double z_;  // of the normal distribution, for options_.level
  int64_t cases_ = 0;
  int64_t events_ = 0;
  double greenwood_ = 0;  // the running sum of d / (n (n - d))
  std::vector<CurvePoint> points_;
};

// The same quantiles of the closed cases alone, as if the open ones did not exist. Biased towards short times whenever
// any are open: to be shown beside the right figure, labelled so, and never instead. Absent with fewer than `min_cases`
// closed.
std::vector<std::optional<double>> ClosedOnlyQuantiles(std::vector<Observation> observations,
                                                       absl::Span<const double> ps, int64_t min_cases = 1);

}  // namespace redress::stats
