#include "libs/reference/territory_check.h"

#include <cmath>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "libs/calendar/zone.h"
#include "libs/ids/codes.h"

namespace redress::reference {
namespace {

namespace v1 = ::redress::register_::v1;
using Table = TerritoryFault::Table;

constexpr size_t kMaxName = 200;

class Checker {
 public:
  explicit Checker(const v1::Territory& territory) : territory_(territory) {}

  std::vector<TerritoryFault> Check() {
    for (int i = 0; i < territory_.agencies_size(); ++i) CheckAgency(i, territory_.agencies(i));
    // An office may name one that comes later.
    for (const v1::Office& office : territory_.offices()) offices_.emplace(office.code(), &office);
    absl::flat_hash_set<std::string> seen;
    for (int i = 0; i < territory_.offices_size(); ++i) CheckOffice(i, territory_.offices(i), &seen);
    seen.clear();
    for (int i = 0; i < territory_.residences_size(); ++i) CheckResidence(i, territory_.residences(i));
    for (int i = 0; i < territory_.units_size(); ++i) CheckUnit(i, territory_.units(i), &seen);
    return std::move(faults_);
  }

 private:
  void Add(Table table, int index, absl::string_view field, std::string description) {
    faults_.push_back({table, index, std::string(field), std::move(description)});
  }

  template <typename Set>
  void CheckCode(Table table, int index, const std::string& code, Set* seen) {
    if (code.empty()) return Add(table, index, "code", "is missing");
    if (std::string fault = CodeFault(code); !fault.empty()) return Add(table, index, "code", std::move(fault));
    if (!seen->insert(code).second) Add(table, index, "code", absl::StrCat("'", code, "' is there already"));
  }
  void CheckName(Table table, int index, const std::string& name) {
    if (name.size() > kMaxName) Add(table, index, "name", absl::StrCat("has more than ", kMaxName, " bytes"));
  }
  void CheckPoint(Table table, int index, double latitude, double longitude) {
    // Written so that what is not a number fails too.
    if (!(std::abs(latitude) <= 90)) Add(table, index, "latitude", "must lie between -90 and 90");
    if (!(std::abs(longitude) <= 180)) Add(table, index, "longitude", "must lie between -180 and 180");
  }

  void CheckAgency(int i, const v1::Agency& agency) {
    CheckCode(Table::kAgencies, i, agency.code(), &agencies_);
    CheckName(Table::kAgencies, i, agency.name());
    CheckPoint(Table::kAgencies, i, agency.latitude(), agency.longitude());
    if (!calendar::ZoneFor(agency.zone()).ok()) {
      Add(Table::kAgencies, i, "zone", absl::StrCat("'", agency.zone(), "' is no time zone"));
    }
    if (agency.calendar().empty()) Add(Table::kAgencies, i, "calendar", "is missing");
  }

  void CheckOffice(int i, const v1::Office& office, absl::flat_hash_set<std::string>* seen) {
    CheckCode(Table::kOffices, i, office.code(), seen);
    CheckName(Table::kOffices, i, office.name());
    const std::string& parent = office.parent_office();
    if (office.agency().empty() && parent.empty()) Add(Table::kOffices, i, "agency", "is missing");
    if (!office.agency().empty() && !agencies_.contains(office.agency())) {
      Add(Table::kOffices, i, "agency", absl::StrCat("'", office.agency(), "' is no agency of this territory"));
    }
    if (parent.empty()) return;
    if (!offices_.contains(parent)) {
      return Add(Table::kOffices, i, "parent_office", absl::StrCat("'", parent, "' is no office of this territory"));
    }
    if (LiesUnderItself(office)) {
      return Add(Table::kOffices, i, "parent_office",
                 absl::StrCat("'", office.code(), "' lies under itself, by way of '", parent, "'"));
    }
    const std::string above = AgencyAbove(*offices_.at(parent));
    if (!office.agency().empty() && !above.empty() && above != office.agency()) {
      Add(Table::kOffices, i, "agency",
          absl::StrCat("'", office.agency(), "' is not that of '", parent, "', which is '", above, "'"));
    }
  }

  const v1::Office* Above(const v1::Office& office) const {
    const auto it = offices_.find(office.parent_office());
    return office.parent_office().empty() || it == offices_.end() ? nullptr : it->second;
  }
  bool LiesUnderItself(const v1::Office& office) const {
    absl::flat_hash_set<const v1::Office*> met;
    for (const v1::Office* at = Above(office); at != nullptr && met.insert(at).second; at = Above(*at)) {
      if (at->code() == office.code()) return true;
    }
    return false;
  }
  std::string AgencyAbove(const v1::Office& office) const {
    absl::flat_hash_set<const v1::Office*> met;
    for (const v1::Office* at = &office; at != nullptr && met.insert(at).second; at = Above(*at)) {
      if (!at->agency().empty()) return at->agency();
    }
    return "";
  }

  void CheckResidence(int i, const v1::Residence& residence) {
    CheckCode(Table::kResidences, i, residence.code(), &residences_);
    CheckName(Table::kResidences, i, residence.name());
    CheckPoint(Table::kResidences, i, residence.latitude(), residence.longitude());
    if (!offices_.contains(residence.office())) {
      Add(Table::kResidences, i, "office", absl::StrCat("'", residence.office(), "' is no office of this territory"));
    }
  }

  void CheckUnit(int i, const v1::Unit& unit, absl::flat_hash_set<std::string>* seen) {
    CheckCode(Table::kUnits, i, unit.code(), seen);
    if (!residences_.contains(unit.residence())) {
      Add(Table::kUnits, i, "residence", absl::StrCat("'", unit.residence(), "' is no residence of this territory"));
    }
    if (unit.kind() == v1::Unit::KIND_UNSPECIFIED || !v1::Unit::Kind_IsValid(unit.kind())) {
      Add(Table::kUnits, i, "kind", "must be dwelling, parking, shop or land");
    }
  }

  const v1::Territory& territory_;
  absl::flat_hash_set<std::string> agencies_;
  absl::flat_hash_map<std::string, const v1::Office*> offices_;
  absl::flat_hash_set<std::string> residences_;
  std::vector<TerritoryFault> faults_;
};

// Puts nodes into pages, opening a new one when the current is full.
class Pager {
 public:
  explicit Pager(size_t max_bytes) : max_bytes_(max_bytes) {}

  template <typename Nodes, typename Place>
  void Add(const Nodes& nodes, Place place) {
    for (const auto& node : nodes) {
      const size_t bytes = node.ByteSizeLong() + 8;  // tag and length
      if (pages_.empty() || bytes_ + bytes > max_bytes_) {
        pages_.emplace_back();
        bytes_ = 0;
      }
      bytes_ += bytes;
      *place(&pages_.back()) = node;
    }
  }
  std::vector<v1::Territory> Take() { return std::move(pages_); }

 private:
  const size_t max_bytes_;
  size_t bytes_ = 0;
  std::vector<v1::Territory> pages_;
};

}  // namespace

std::string FieldOf(const TerritoryFault& fault) {
  static constexpr absl::string_view kNames[] = {"agencies", "offices", "residences", "units"};
  return absl::StrCat(kNames[static_cast<int>(fault.table)], "[", fault.index, "].", fault.field);
}

std::vector<TerritoryFault> CheckTerritory(const v1::Territory& territory) { return Checker(territory).Check(); }

v1::TerritoryCounts Count(const v1::Territory& territory) {
  v1::TerritoryCounts counts;
  counts.set_agencies(territory.agencies_size());
  counts.set_offices(territory.offices_size());
  counts.set_residences(territory.residences_size());
  counts.set_units(territory.units_size());
  for (const v1::Unit& unit : territory.units()) {
    counts.set_dwellings(counts.dwellings() + (unit.kind() == v1::Unit::KIND_DWELLING));
  }
  return counts;
}

void Join(const v1::Territory& other, v1::Territory* territory) { territory->MergeFrom(other); }

std::vector<v1::Territory> Split(const v1::Territory& territory, size_t max_bytes) {
  Pager pager(max_bytes);
  pager.Add(territory.agencies(), [](v1::Territory* page) { return page->add_agencies(); });
  pager.Add(territory.offices(), [](v1::Territory* page) { return page->add_offices(); });
  pager.Add(territory.residences(), [](v1::Territory* page) { return page->add_residences(); });
  pager.Add(territory.units(), [](v1::Territory* page) { return page->add_units(); });
  return pager.Take();
}

}  // namespace redress::reference
