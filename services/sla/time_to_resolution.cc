#include "services/sla/time_to_resolution.h"

#include <algorithm>

namespace redress::sla {

using stats::Observation;

// What one row is computed from.
struct TtrFigures::Sample {
  TtrRow counts;
  std::vector<Observation> resolutions;
  std::vector<Observation> first_resolutions;

  TtrRow Finish() {
    TtrRow row = std::move(counts);
    row.closed_only = stats::ClosedOnlyQuantiles(resolutions, kShares);
    const stats::SurvivalCurve curve(std::move(resolutions));
    const stats::SurvivalCurve first(std::move(first_resolutions));
    for (const double share : kShares) {
      row.percentiles.push_back(curve.Quantile(share));
      row.first_resolution.push_back(first.Quantile(share));
    }
    return row;
  }
};

void TtrFigures::Add(size_t group, const CaseView& view) {
  largest_window_ = std::max(largest_window_, view.reopen_window);
  outcomes_.push_back({group, view.life.end, view.life.resolved_once, view.day_only, view.life.reopenings,
                       view.received(), view.life.ended_at, view.life.first_resolved_at});
}

void TtrFigures::AddTo(View view, const Outcome& outcome, Sample* sample) const {
  const Millis last = view == View::kSettled ? cut() : now_;
  if (view == View::kSettled && outcome.received >= last) return;
  const auto since = [&](Millis at) { return std::max<Millis>(0, at - outcome.received); };
  // Where it left those at risk without having been resolved.
  const bool gone = outcome.end == Life::End::kWithdrawn || outcome.end == Life::End::kDuplicate;
  const Millis left = gone ? std::min(outcome.ended_at, last) : last;
  const bool event = outcome.end == Life::End::kResolved && outcome.ended_at <= last;
  const bool first = outcome.resolved_once && outcome.first_resolved_at <= last;
  sample->resolutions.push_back({since(event ? outcome.ended_at : left), event});
  sample->first_resolutions.push_back({since(first ? outcome.first_resolved_at : left), first});
  TtrRow& counts = sample->counts;
  ++counts.cases;
  ++(event ? counts.events : counts.censored);
  counts.reopened_cases += outcome.reopenings > 0;
  counts.reopenings += outcome.reopenings;
  counts.day_only += outcome.day_only;
}

std::vector<TtrRow> TtrFigures::Rows(View view, size_t groups) const {
  std::vector<Sample> samples(groups);
  for (const Outcome& outcome : outcomes_) AddTo(view, outcome, &samples[outcome.group]);
  std::vector<TtrRow> rows;
  for (Sample& sample : samples) rows.push_back(sample.Finish());
  return rows;
}

TtrRow TtrFigures::Total(View view) const {
  Sample sample;
  for (const Outcome& outcome : outcomes_) AddTo(view, outcome, &sample);
  return sample.Finish();
}

}  // namespace redress::sla
