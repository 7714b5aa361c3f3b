#include "services/sla/waiting.h"

#include <algorithm>

namespace redress::sla {

void WaitingFigures::Add(size_t group, const CaseView& view, const register_v1::ObligationPack* pack) {
  if (rows_.size() <= group) rows_.resize(group + 1);
  WaitingRow& row = rows_[group];
  ++row.cases;
  row.total += std::max<Millis>(0, view.until(now_) - view.received());
  for (const WaitSegment& segment : SegmentsOf(view.received(), view.until(now_), view.facts, pack)) {
    WaitSum& sum = row.sums[{segment.state, segment.pause == nullptr ? "" : segment.pause->id()}];
    (segment.round == 0 ? sum.first_round : sum.reopened) += segment.end - segment.begin;
  }
}

WaitingRow WaitingFigures::Total() const {
  WaitingRow total;
  for (const WaitingRow& row : rows_) {
    total.cases += row.cases;
    total.total += row.total;
    for (const auto& [key, sum] : row.sums) {
      total.sums[key].first_round += sum.first_round;
      total.sums[key].reopened += sum.reopened;
    }
  }
  return total;
}

}  // namespace redress::sla
