#include "services/sla/backdating.h"

#include <algorithm>

namespace redress::sla {
namespace {

void AddTo(const BackdatingRow& more, BackdatingRow* row) {
  row->cases += more.cases;
  row->backdated_cases += more.backdated_cases;
  row->facts += more.facts;
  row->longest = std::max(row->longest, more.longest);
}

}  // namespace

void BackdatingFigures::Add(size_t group, const CaseView& view) {
  if (rows_.size() <= group) rows_.resize(group + 1);
  BackdatingRow row;
  row.cases = 1;
  for (const NotedFact* noted : view.facts) {
    const Millis late = noted->recorded_at() - noted->fact().occurred_at();
    if (noted->imported() || noted->has_amended() || late <= kBackdatedAfter) continue;
    row.backdated_cases = 1;
    ++row.facts;
    row.longest = std::max(row.longest, late);
  }
  AddTo(row, &rows_[group]);
}

BackdatingRow BackdatingFigures::Total() const {
  BackdatingRow total;
  for (const BackdatingRow& row : rows_) AddTo(row, &total);
  return total;
}

}  // namespace redress::sla
