#include "libs/reference/territory_index.h"

namespace redress::reference {

TerritoryIndex::TerritoryIndex(const register_v1::Territory& territory)
    : agencies_(territory.agencies().begin(), territory.agencies().end()), dwellings_(agencies_.size()) {
  for (size_t i = 0; i < agencies_.size(); ++i) agency_index_.emplace(agencies_[i].code(), i);
  absl::flat_hash_map<std::string, const register_v1::Office*> offices;
  for (const register_v1::Office& office : territory.offices()) offices.emplace(office.code(), &office);
  for (const register_v1::Office& office : territory.offices()) {
    const register_v1::Office* at = &office;
    for (size_t steps = 0; at->agency().empty() && steps < offices.size(); ++steps) {
      const auto above = offices.find(at->parent_office());
      if (above == offices.end()) break;
      at = above->second;
    }
    const auto agency = agency_index_.find(at->agency());
    if (agency != agency_index_.end()) agency_of_office_.emplace(office.code(), agency->second);
  }
  for (const register_v1::Residence& residence : territory.residences()) {
    if (agency_of_office_.contains(residence.office()))
      office_of_residence_.emplace(residence.code(), residence.office());
  }
  for (const register_v1::Unit& unit : territory.units()) {
    const auto office = office_of_residence_.find(unit.residence());
    if (unit.kind() != register_v1::Unit::KIND_DWELLING || office == office_of_residence_.end()) continue;
    ++dwellings_[agency_of_office_.at(office->second)];
  }
}

std::optional<Place> TerritoryIndex::FindPlace(absl::string_view residence) const {
  const auto office = office_of_residence_.find(residence);
  if (office == office_of_residence_.end()) return std::nullopt;
  const register_v1::Agency& agency = agencies_[agency_of_office_.at(office->second)];
  return Place{std::string(residence), office->second, agency.code(), agency.zone(), agency.calendar()};
}

const register_v1::Agency* TerritoryIndex::FindAgency(absl::string_view code) const {
  const auto it = agency_index_.find(code);
  return it == agency_index_.end() ? nullptr : &agencies_[it->second];
}

std::string TerritoryIndex::AgencyOf(absl::string_view office) const {
  const auto it = agency_of_office_.find(office);
  return it == agency_of_office_.end() ? "" : agencies_[it->second].code();
}

std::vector<std::string> TerritoryIndex::Agencies() const {
  std::vector<std::string> codes;
  for (const register_v1::Agency& agency : agencies_) codes.push_back(agency.code());
  return codes;
}

int64_t TerritoryIndex::CountDwellings(absl::string_view agency) const {
  int64_t sum = 0;
  for (size_t i = 0; i < agencies_.size(); ++i) {
    if (agency.empty() || agencies_[i].code() == agency) sum += dwellings_[i];
  }
  return sum;
}

}  // namespace redress::reference
