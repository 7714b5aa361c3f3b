// All versions of all reference data, and the Snapshot that answers from them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "libs/reference/history.h"
#include "libs/reference/snapshot.h"
#include "libs/reference/territory_index.h"

namespace redress::reference {

// In order of version.
template <typename Content>
using History = std::vector<Versioned<Content>>;

// Null when nothing is in force.
template <typename Content>
const Versioned<Content>* InForce(const History<Content>& history, Millis at) {
  const size_t index = IndexInForce(history, at, [](const Versioned<Content>& v) { return v.active_from; });
  return index == kNone ? nullptr : &history[index];
}

// An organisation with its categories by code.
struct OrganisationIndex {
  explicit OrganisationIndex(register_v1::Organisation source);
  // `categories` points into `organisation`.
  OrganisationIndex(const OrganisationIndex&) = delete;
  OrganisationIndex& operator=(const OrganisationIndex&) = delete;
  register_v1::Organisation organisation;
  absl::flat_hash_map<std::string, const register_v1::Category*> categories;
};

// Cheap to copy: contents are shared.
struct Catalog {
  int64_t version = 0;
  bool complete = false;
  uint32_t level = 1;
  std::string tzdata;
  History<TerritoryIndex> territories;
  History<OrganisationIndex> organisations;
  History<register_v1::RuleSet> rule_sets;
  std::map<std::string, History<register_v1::ObligationPack>, std::less<>> packs;
  History<register_v1::PackRules> pack_rules;
  std::map<std::string, History<CompiledCalendar>, std::less<>> calendars;
};

inline constexpr Millis kDefaultReopenWindow = 14 * kDay;

// Answers from `catalog` as it is now.
std::shared_ptr<const Snapshot> MakeSnapshot(Catalog catalog);

// What libs/calendar compiles it to; its errors are those of WorkingCalendar::Compile.
absl::StatusOr<std::shared_ptr<const CompiledCalendar>> CompileCalendar(const register_v1::Calendar& source);

// The first rule that holds; null when none does.
const register_v1::PackRule* FirstMatch(const register_v1::PackRules& rules, const PackQuery& query);

}  // namespace redress::reference
