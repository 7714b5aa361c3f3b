// Pauses of a complaint: typed, evidenced, within a budget, ending by themselves.
//
// A pause begins with a fact its type names, given with evidence (imports are their own evidence), and ends with one of
// the facts its type names, with the complaint's end, or when its budget is used up. What names a visit or an order is
// no evidence that anything happened there. Pure.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "redress/register/v1/obligations.pb.h"
#include "services/sla/facts.h"

namespace redress::sla {

namespace register_v1 = ::redress::register_::v1;

inline constexpr size_t kNever = std::numeric_limits<size_t>::max();

// From one fact to another, budgets aside; indexes into the facts it was made from.
struct PauseSpan {
  const register_v1::PauseType* type = nullptr;
  const NotedFact* evidence = nullptr;
  size_t begin_index = 0;
  size_t end_index = kNever;  // still open
  Millis begin = 0;
  Millis end = kForEver;
};
// In the order in which they begin. Empty without a pack.
std::vector<PauseSpan> PauseSpansOf(const Facts& facts, const register_v1::ObligationPack* pack);

// What shows that a fact happened; "" when nothing does.
const std::string& EvidenceOf(const types::v1::Fact& fact);

// Whether pauses of `type` stop `line`.
bool StopsLine(const register_v1::PauseType& type, const register_v1::Line& line);

// What is left of each type's budget. One for each line's run; what it gives is used up.
class PauseBudget {
 public:
  // How much of a pause of `length` is within the budget of its type.
  Millis Take(const register_v1::PauseType& type, Millis length);

 private:
  std::vector<std::pair<const register_v1::PauseType*, Millis>> used_;
};

}  // namespace redress::sla
