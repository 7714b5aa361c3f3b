// A territory as a table: one row a node, in any order.
//
//   kind,code,name,agency,office,residence,zone,calendar,commune,latitude,longitude,use
//   agency,north,Agence Nord,,,,Europe/Paris,agency,,48.9153,2.2880,
//   office,north-1,Bureau des Tilleuls,north,,,,,,,,
//   office,annex,"Annexe, rue haute",,north-1,,,,,,,
//   residence,tilleuls,Les Tilleuls,,north-1,,,,Asnières-sur-Seine,48.9160,2.2900,
//   unit,T-001,,,,tilleuls,,,,,,dwelling
//
// The first row names the columns, in any order; only `kind` and `code` must be there. An office hangs on the agency or
// the office that it names, a residence on its office, a unit on its residence; `use` is dwelling (also when empty),
// parking, shop or land. RFC 4180 quoting, UTF-8, with or without a byte order mark.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "redress/register/v1/territory.pb.h"

namespace redress::reference {

// INVALID_ARGUMENT (INVALID_FIELDS) with one violation a fault, all of them, each under "line N": unknown kinds, uses,
// numbers and columns, missing quotes, and what CheckTerritory finds.
absl::StatusOr<register_::v1::Territory> ParseTerritoryCsv(absl::string_view text);

// The table that ParseTerritoryCsv reads as `territory`, which has no faults (CheckTerritory).
std::string FormatTerritoryCsv(const register_::v1::Territory& territory);

}  // namespace redress::reference
