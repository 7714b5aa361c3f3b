// Facts said long after they happened: how many, in whose cases, how long after. They move clocks, so they are counted
// where everybody sees them. Pure.
#pragma once

#include <vector>

#include "services/sla/grouping.h"

namespace redress::sla {

// A fact recorded so long after it happened is backdated: intake takes one with a permission and a reason alone.
inline constexpr Millis kBackdatedAfter = 24 * kHour;

struct BackdatingRow {
  int64_t cases = 0;
  int64_t backdated_cases = 0;
  int64_t facts = 0;
  Millis longest = 0;
};

class BackdatingFigures {
 public:
  // Imported facts are not counted: all of them are late.
  void Add(size_t group, const CaseView& view);
  // One for each group that was added to, by number.
  const std::vector<BackdatingRow>& rows() const { return rows_; }
  // All groups together.
  BackdatingRow Total() const;

 private:
  std::vector<BackdatingRow> rows_;
};

}  // namespace redress::sla
