// Where the time of many complaints went: sums of their segments. Pure.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "services/sla/grouping.h"
#include "services/sla/segments.h"

namespace redress::sla {

struct WaitSum {
  Millis first_round = 0;  // before the first re-opening
  Millis reopened = 0;
};

struct WaitingRow {
  int64_t cases = 0;
  Millis total = 0;
  // By state and pause type ("" but for kPaused).
  std::map<std::pair<WaitState, std::string>, WaitSum> sums;
};

class WaitingFigures {
 public:
  explicit WaitingFigures(Millis now) : now_(now) {}

  // Complaints that stand outside figures are not to be added. `pack` is that of the complaint; null when it has none.
  void Add(size_t group, const CaseView& view, const register_v1::ObligationPack* pack);
  // One for each group that was added to, by number; the sums of each are its total.
  const std::vector<WaitingRow>& rows() const { return rows_; }
  // All groups together.
  WaitingRow Total() const;

 private:
  const Millis now_;
  std::vector<WaitingRow> rows_;
};

}  // namespace redress::sla
