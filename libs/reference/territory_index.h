// A territory as look-ups need it: places by code, dwellings counted. Immutable once built.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "libs/reference/snapshot.h"

namespace redress::reference {

class TerritoryIndex {
 public:
  // `territory` has no faults (CheckTerritory); what is dangling all the same is left out.
  explicit TerritoryIndex(const register_v1::Territory& territory);

  // Absent, or null, when there is none.
  std::optional<Place> FindPlace(absl::string_view residence) const;
  const register_v1::Agency* FindAgency(absl::string_view code) const;
  // Of an office: its own, or that of the office it lies under. Empty for one that is not there.
  std::string AgencyOf(absl::string_view office) const;
  // In the order of the territory.
  std::vector<std::string> Agencies() const;
  // Of an agency; "" = all.
  int64_t CountDwellings(absl::string_view agency) const;

 private:
  std::vector<register_v1::Agency> agencies_;
  absl::flat_hash_map<std::string, size_t> agency_index_;
  absl::flat_hash_map<std::string, size_t> agency_of_office_;
  absl::flat_hash_map<std::string, std::string> office_of_residence_;
  std::vector<int64_t> dwellings_;  // by agency
};

}  // namespace redress::reference
