// Time to resolution of many complaints, as it is defined once for boards and once for publication. Pure.
//
// A complaint was received at R; its resolution at S held if no re-opening follows it up to N, the instant of the
// report.
//   provisional   an event at S − R as soon as resolved and not re-opened; else censored at N − R
//   settled       cut C = N − W, W the largest re-open window in force at N in scope; complaints with R < C; an event
//                 at S − R if S ≤ C and it held, else censored at C − R
// In both, withdrawn and duplicate are censored at their instant (or the cut, if earlier); every other outcome is an
// event. Wall clock, never paused.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "libs/stats/survival_curve.h"
#include "services/sla/grouping.h"

namespace redress::sla {

enum class View { kProvisional, kSettled };

inline constexpr std::array<double, 4> kShares = {0.5, 0.8, 0.9, 0.95};

struct TtrRow {
  int64_t cases = 0;
  int64_t events = 0;
  int64_t censored = 0;
  int64_t reopened_cases = 0;
  int64_t reopenings = 0;
  int64_t day_only = 0;  // cases of whose receipt or end only the day is known
  // For each of kShares; absent when not reached.
  std::vector<std::optional<stats::QuantileEstimate>> percentiles;
  std::vector<std::optional<stats::QuantileEstimate>> first_resolution;
  // Milliseconds, of resolved complaints alone: biased.
  std::vector<std::optional<double>> closed_only;
};

class TtrFigures {
 public:
  explicit TtrFigures(Millis now) : now_(now) {}

  // Complaints that stand outside figures are not to be added.
  void Add(size_t group, const CaseView& view);
  // The cut of the settled view of what was added.
  Millis cut() const { return now_ - largest_window_; }
  // A row for each of `groups` groups.
  std::vector<TtrRow> Rows(View view, size_t groups) const;
  // All groups together.
  TtrRow Total(View view) const;

 private:
  struct Outcome {
    size_t group;
    Life::End end;
    bool resolved_once;
    bool day_only;
    int reopenings;
    Millis received;
    Millis ended_at;
    Millis first_resolved_at;
  };
  struct Sample;

  void AddTo(View view, const Outcome& outcome, Sample* sample) const;

  const Millis now_;
  Millis largest_window_ = 0;
  std::vector<Outcome> outcomes_;
};

}  // namespace redress::sla
