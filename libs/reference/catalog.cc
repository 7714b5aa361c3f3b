#include "libs/reference/catalog.h"

#include <algorithm>
#include <utility>

#include "libs/calendar/working_calendar.h"
#include "libs/status/macros.h"

namespace redress::reference {
namespace {

// Holds when nothing is asked for, or `value` is among it.
template <typename List, typename Value>
bool Holds(const List& list, const Value& value) {
  return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
}

Millis WindowOf(const register_v1::Category& category) {
  return category.reopen_window_days() > 0 ? category.reopen_window_days() * kDay : kDefaultReopenWindow;
}

class CatalogSnapshot : public Snapshot {
 public:
  explicit CatalogSnapshot(Catalog catalog) : catalog_(std::move(catalog)) {}

  int64_t version() const override { return catalog_.version; }
  bool complete() const override { return catalog_.complete; }
  const std::string& tzdata_version() const override { return catalog_.tzdata; }
  uint32_t level() const override { return catalog_.level; }

  std::optional<Place> FindPlace(absl::string_view residence, Millis at) const override {
    const auto* territory = InForce(catalog_.territories, at);
    return territory == nullptr ? std::nullopt : territory->content->FindPlace(residence);
  }
  const register_v1::Agency* FindAgency(absl::string_view code, Millis at) const override {
    const auto* territory = InForce(catalog_.territories, at);
    return territory == nullptr ? nullptr : territory->content->FindAgency(code);
  }
  std::vector<std::string> Agencies(Millis at) const override {
    const auto* territory = InForce(catalog_.territories, at);
    return territory == nullptr ? std::vector<std::string>() : territory->content->Agencies();
  }
  int64_t CountDwellings(absl::string_view agency, Millis at) const override {
    const auto* territory = InForce(catalog_.territories, at);
    return territory == nullptr ? 0 : territory->content->CountDwellings(agency);
  }

  const register_v1::Category* FindCategory(absl::string_view code, Millis at) const override {
    const auto* organisation = InForce(catalog_.organisations, at);
    if (organisation == nullptr) return nullptr;
    const auto it = organisation->content->categories.find(code);
    return it == organisation->content->categories.end() ? nullptr : it->second;
  }
  Millis ReopenWindow(absl::string_view category, Millis at) const override {
    const register_v1::Category* found = FindCategory(category, at);
    return found == nullptr ? kDefaultReopenWindow : WindowOf(*found);
  }
  Millis Retention(absl::string_view category, Millis at) const override {
    const register_v1::Category* found = FindCategory(category, at);
    return found == nullptr ? 0 : found->retention_days() * kDay;
  }
  Versioned<register_v1::Organisation> FindOrganisation(Millis at) const override {
    const auto* index = InForce(catalog_.organisations, at);
    if (index == nullptr) return {};
    // Shares the index, of which the organisation is a part.
    return {index->version, index->active_from,
            std::shared_ptr<const register_v1::Organisation>(index->content, &index->content->organisation)};
  }
  Versioned<register_v1::RuleSet> FindRules(Millis at) const override { return Copy(InForce(catalog_.rule_sets, at)); }

  Versioned<register_v1::ObligationPack> ChoosePack(const PackQuery& query, Millis at) const override {
    const auto* rules = InForce(catalog_.pack_rules, at);
    if (rules == nullptr) return {};
    const register_v1::PackRule* rule = FirstMatch(*rules->content, query);
    if (rule == nullptr) return {};
    const auto history = catalog_.packs.find(rule->pack());
    return history == catalog_.packs.end() ? Versioned<register_v1::ObligationPack>()
                                           : Copy(InForce(history->second, at));
  }
  Versioned<register_v1::ObligationPack> FindPack(absl::string_view id, int64_t version) const override {
    const auto history = catalog_.packs.find(id);
    if (history == catalog_.packs.end()) return {};
    for (const auto& one : history->second) {
      if (one.version == version) return one;
    }
    return {};
  }
  Versioned<CompiledCalendar> FindCalendar(absl::string_view id, Millis at) const override {
    const auto history = catalog_.calendars.find(id);
    return history == catalog_.calendars.end() ? Versioned<CompiledCalendar>() : Copy(InForce(history->second, at));
  }

 private:
  template <typename Content>
  static Versioned<Content> Copy(const Versioned<Content>* found) {
    return found == nullptr ? Versioned<Content>() : *found;
  }

  const Catalog catalog_;
};

}  // namespace

OrganisationIndex::OrganisationIndex(register_v1::Organisation source) : organisation(std::move(source)) {
  for (const register_v1::Category& category : organisation.categories())
    categories.emplace(category.code(), &category);
}

std::shared_ptr<const Snapshot> MakeSnapshot(Catalog catalog) {
  return std::make_shared<CatalogSnapshot>(std::move(catalog));
}

absl::StatusOr<std::shared_ptr<const CompiledCalendar>> CompileCalendar(const register_v1::Calendar& source) {
  ASSIGN_OR_RETURN(calendar::WorkingCalendar working, calendar::WorkingCalendar::Compile(source));
  auto compiled = std::make_shared<CompiledCalendar>();
  compiled->source = source;
  compiled->working = std::make_shared<const calendar::WorkingCalendar>(std::move(working));
  return compiled;
}

const register_v1::PackRule* FirstMatch(const register_v1::PackRules& rules, const PackQuery& query) {
  for (const register_v1::PackRule& rule : rules.rules()) {
    if (Holds(rule.kinds(), query.kind) && Holds(rule.urgencies(), query.urgency) &&
        Holds(rule.agencies(), query.agency) && Holds(rule.categories(), query.category)) {
      return &rule;
    }
  }
  return nullptr;
}

}  // namespace redress::reference
