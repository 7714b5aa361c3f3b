#include "tests/sim/mutants/mutant.h"

namespace redress::sim {
namespace {

absl::string_view made;

}  // namespace

bool Mutant(absl::string_view name) { return !made.empty() && made == name; }

void SetMutant(absl::string_view name) { made = name; }

}  // namespace redress::sim
