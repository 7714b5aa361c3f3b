// For tests: territories in a line a node.
#pragma once

#include <string>

#include "redress/register/v1/territory.pb.h"

namespace redress::reference::testing {

inline void AddAgency(register_::v1::Territory* territory, const std::string& code,
                      const std::string& zone = "Europe/Paris", const std::string& calendar = "agency") {
  auto* agency = territory->add_agencies();
  agency->set_code(code);
  agency->set_zone(zone);
  agency->set_calendar(calendar);
}
inline void AddOffice(register_::v1::Territory* territory, const std::string& code, const std::string& agency,
                      const std::string& parent = "") {
  auto* office = territory->add_offices();
  office->set_code(code);
  office->set_agency(agency);
  office->set_parent_office(parent);
}
inline void AddResidence(register_::v1::Territory* territory, const std::string& code, const std::string& office) {
  auto* residence = territory->add_residences();
  residence->set_code(code);
  residence->set_office(office);
}
inline void AddUnit(register_::v1::Territory* territory, const std::string& code, const std::string& residence,
                    register_::v1::Unit::Kind kind = register_::v1::Unit::KIND_DWELLING) {
  auto* unit = territory->add_units();
  unit->set_code(code);
  unit->set_residence(residence);
  unit->set_kind(kind);
}

// north: n1 ◀ n1a (an office under n1);  south: s1.  Residences rn (n1), ra (n1a), rs (s1); dwellings 2, 1, 1, a shop
// in rs.
inline register_::v1::Territory SmallTerritory() {
  register_::v1::Territory territory;
  AddAgency(&territory, "north");
  AddAgency(&territory, "south", "Africa/Casablanca");
  AddOffice(&territory, "n1", "north");
  AddOffice(&territory, "n1a", "", "n1");
  AddOffice(&territory, "s1", "south");
  AddResidence(&territory, "rn", "n1");
  AddResidence(&territory, "ra", "n1a");
  AddResidence(&territory, "rs", "s1");
  AddUnit(&territory, "u1", "rn");
  AddUnit(&territory, "u2", "rn");
  AddUnit(&territory, "u3", "ra");
  AddUnit(&territory, "u4", "rs");
  AddUnit(&territory, "u5", "rs", register_::v1::Unit::KIND_SHOP);
  return territory;
}

}  // namespace redress::reference::testing
