#include "libs/stats/survival_curve.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

#include "libs/stats/rate.h"

namespace redress::stats {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// sqrt of the machine epsilon: heights closer than this are one, whatever rounding made of them.
constexpr double kTolerance = 1.490116119384766e-08;

// `se` is that of log S.
void SetInterval(IntervalType type, double z, double se, CurvePoint& point) {
  const double s = point.survival;
  if (s == 0 || (s == 1 && type == IntervalType::kLogLog)) {
    point.lower = point.upper = kNaN;
  } else if (type == IntervalType::kLog) {
    point.lower = std::exp(std::log(s) - z * se);
    point.upper = std::min(1.0, std::exp(std::log(s) + z * se));
  } else {
    const double centre = std::log(-std::log(s)), reach = -z * se / std::log(s);
    point.lower = std::exp(-std::exp(centre + reach));
    point.upper = std::exp(-std::exp(centre - reach));
  }
}

}  // namespace

SurvivalCurve::SurvivalCurve(std::vector<Observation> observations, const CurveOptions& options)
    : options_(options),
      z_(NormalQuantile(0.5 + options.level / 2)),
      cases_(static_cast<int64_t>(observations.size())) {
  std::sort(observations.begin(), observations.end(),
            [](const Observation& a, const Observation& b) { return a.duration < b.duration; });
  int64_t at_risk = cases_;
  for (size_t i = 0; i < observations.size();) {
    CurvePoint point{.time = observations[i].duration, .at_risk = at_risk};
    for (; i < observations.size() && observations[i].duration == point.time; ++i) {
      ++(observations[i].event ? point.events : point.censored);
    }
    at_risk -= point.events + point.censored;
    events_ += point.events;
    Add(point);
  }
}

void SurvivalCurve::Add(const CurvePoint& counts) {
  CurvePoint point = counts;
  const CurvePoint* before = points_.empty() ? nullptr : &points_.back();
  if (before != nullptr && point.events == 0) {
    point.survival = before->survival;
    point.std_err = before->std_err;
    point.lower = before->lower;
    point.upper = before->upper;
  } else {
    const auto n = static_cast<double>(point.at_risk), d = static_cast<double>(point.events);
    greenwood_ += d == 0 ? 0 : d / (n * (n - d));
    point.survival = (before == nullptr ? 1 : before->survival) * ((n - d) / n);
    point.std_err = point.survival == 0 ? kNaN : point.survival * std::sqrt(greenwood_);
    SetInterval(options_.intervals, z_, std::sqrt(greenwood_), point);
  }
  points_.push_back(point);
}

double SurvivalCurve::SurvivalAt(Millis time) const {
  const auto after = std::upper_bound(points_.begin(), points_.end(), time,
                                      [](Millis t, const CurvePoint& point) { return t < point.time; });
  return after == points_.begin() ? 1 : std::prev(after)->survival;
}

// Where `height`, a function of a point, comes down to 1 - p, by R's rule. With F = 1 - height: between the time of the
// least F at or above p and that of the least F clearly above it. (An upper bound may rise again late in a curve: the
// least F need not be the first.)
template <typename Height>
std::optional<double> SurvivalCurve::Crossing(double p, Height height) const {
  if (p == 0) return 0.0;
  constexpr double kNone = std::numeric_limits<double>::infinity();
  double least = 0 >= p - kTolerance ? 0 : kNone, least_above = kNone, time = 0, time_above = 0;
  double last = 0;  // the F that the curve ends on
  for (const CurvePoint& point : points_) {
    const double f = 1 - height(point);
    last = f;
    if (f >= p - kTolerance && f < least) std::tie(least, time) = std::pair(f, static_cast<double>(point.time));
    if (f >= p + kTolerance && f < least_above)
      std::tie(least_above, time_above) = std::pair(f, static_cast<double>(point.time));
  }
  if (least == kNone) return std::nullopt;
  if (std::abs(p - last) < kTolerance) return (time + static_cast<double>(points_.back().time)) / 2;
  if (least_above == kNone) return std::nullopt;
  return (time + time_above) / 2;
}

std::optional<QuantileEstimate> SurvivalCurve::Quantile(double p) const {
  if (too_few() || !(p >= 0 && p <= 1)) return std::nullopt;
  const auto time = Crossing(p, [](const CurvePoint& point) { return point.survival; });
  if (!time) return std::nullopt;
  return QuantileEstimate{*time, Crossing(p, [](const CurvePoint& point) { return point.lower; }),
                          Crossing(p, [](const CurvePoint& point) { return point.upper; })};
}

std::optional<MeanEstimate> SurvivalCurve::RestrictedMean(Millis limit) const {
  if (too_few() || limit < 0) return std::nullopt;
  const auto end = std::upper_bound(points_.begin(), points_.end(), limit,
                                    [](Millis t, const CurvePoint& point) { return t < point.time; });
  double area = 0, variance = 0;  // area: under the curve from the point at hand to the limit
  auto right = static_cast<double>(limit);
  for (auto point = end; point != points_.begin();) {
    --point;
    const auto left = static_cast<double>(point->time);
    area += (right - left) * point->survival;
    right = left;
    const auto n = static_cast<double>(point->at_risk), d = static_cast<double>(point->events);
    if (n > d) variance += area * area * d / (n * (n - d));
  }
  return MeanEstimate{area + right, std::sqrt(variance)};
}

std::vector<std::optional<double>> ClosedOnlyQuantiles(std::vector<Observation> observations,
                                                       absl::Span<const double> ps, int64_t min_cases) {
  std::erase_if(observations, [](const Observation& observation) { return !observation.event; });
  const SurvivalCurve closed(std::move(observations), {.min_cases = min_cases});
  std::vector<std::optional<double>> result;
  for (const double p : ps) {
    const auto quantile = closed.Quantile(p);
    result.push_back(quantile ? std::optional(quantile->time) : std::nullopt);
  }
  return result;
}

}  // namespace redress::stats
