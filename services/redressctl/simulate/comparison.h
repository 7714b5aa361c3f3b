// Figures of several seeds made into means with intervals, and of two set-ups into differences seed by seed. Pure.
#pragma once

#include <optional>
#include <vector>

#include "redress/simulate/v1/judgement.pb.h"
#include "services/redressctl/simulate/figures.h"

namespace redress::simulate {

struct SeedFigures {
  int64_t seed = 0;
  Figures setup;
  std::optional<Figures> against;  // of every seed, or of none
};

// One Figure for each name, in the order of the first seed that has it. What a set-up does not have in a seed is absent
// there, and such a seed counts for no difference; the two means are of the seeds that do, if there are any. A waiting
// share that is missing is 0: nothing waited so. At least one seed.
std::vector<v1::Figure> Compare(const std::vector<SeedFigures>& seeds);

}  // namespace redress::simulate
