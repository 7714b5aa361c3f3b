// Which mistake this run makes. Asked by the changed copies of the product's sources (mutants.toml) alone: the product
// itself knows nothing of it.
#pragma once

#include "absl/strings/string_view.h"

namespace redress::sim {

// Whether the mistake `name` is made.
bool Mutant(absl::string_view name);

// From now on this one is, and no other; "": none. `name` must outlive its time.
void SetMutant(absl::string_view name);

}  // namespace redress::sim
