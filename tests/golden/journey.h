// Some weeks of a small landlord in which every kind of event occurs: what a release's golden records are made of.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "tests/golden/recording.h"

namespace redress::golden {

// The whole log of it, written by this build's own services; the same bytes each time. An error says which step went
// another way than it was meant to.
absl::StatusOr<Recording> LiveJourney();

// Adds, behind the last record of some shards, what no step of a single instance brings about (races, operators, later
// levels): decisions of such kinds, a parked input left over, and at the end of sla/0 "rpcsa": a repeat, a gap, a
// second claim, a record of the first term, and one of the second.
void AddWhatOnlyHandsMake(Recording* recording);

}  // namespace redress::golden
