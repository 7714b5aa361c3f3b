// Whether a territory holds together: every node named once, hanging on a node that is there, in no circle.
//
//   agency ◀── office ◀── residence ◀── unit         an office lies under an agency, or under another office
//                └─▶ office
//
// Pure. All faults are found at once.
#pragma once

#include <string>
#include <vector>

#include "redress/register/v1/reference.pb.h"
#include "redress/register/v1/territory.pb.h"

namespace redress::reference {

struct TerritoryFault {
  enum class Table { kAgencies, kOffices, kResidences, kUnits };
  Table table = Table::kAgencies;
  int index = 0;            // in the table
  std::string field;        // of the node, e.g. "parent_office"
  std::string description;  // names the codes concerned
};
// "offices[3].parent_office".
std::string FieldOf(const TerritoryFault& fault);

// Every fault there is, in the order of the tables; of an office circle each office that lies on it.
std::vector<TerritoryFault> CheckTerritory(const register_::v1::Territory& territory);

// Nodes by table, dwellings included.
register_::v1::TerritoryCounts Count(const register_::v1::Territory& territory);

// Adds what `other` holds.
void Join(const register_::v1::Territory& other, register_::v1::Territory* territory);
// Pages of at most `max_bytes` each (a node larger than that has one of its own), which joined give `territory` again.
// An empty territory has no page.
std::vector<register_::v1::Territory> Split(const register_::v1::Territory& territory, size_t max_bytes);

}  // namespace redress::reference
