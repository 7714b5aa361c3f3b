#include "libs/reference/snapshot_builder.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace redress::reference {

template <typename Content>
SnapshotBuilder& SnapshotBuilder::Push(History<Content>* history, std::shared_ptr<const Content> content,
                                       Millis active_from) {
  history->push_back({static_cast<int64_t>(history->size()) + 1, active_from, std::move(content)});
  ++catalog_.version;
  return *this;
}

SnapshotBuilder& SnapshotBuilder::Add(const register_v1::Territory& territory, Millis active_from) {
  return Push<TerritoryIndex>(&catalog_.territories, std::make_shared<TerritoryIndex>(territory), active_from);
}

SnapshotBuilder& SnapshotBuilder::Add(const register_v1::Organisation& organisation, Millis active_from) {
  return Push<OrganisationIndex>(&catalog_.organisations, std::make_shared<OrganisationIndex>(organisation),
                                 active_from);
}

SnapshotBuilder& SnapshotBuilder::Add(const register_v1::RuleSet& rules, Millis active_from) {
  return Push<register_v1::RuleSet>(&catalog_.rule_sets, std::make_shared<register_v1::RuleSet>(rules), active_from);
}

SnapshotBuilder& SnapshotBuilder::Add(const register_v1::ObligationPack& pack, Millis active_from) {
  return Push<register_v1::ObligationPack>(&catalog_.packs[pack.id()],
                                           std::make_shared<register_v1::ObligationPack>(pack), active_from);
}

SnapshotBuilder& SnapshotBuilder::Add(const register_v1::PackRules& rules, Millis active_from) {
  return Push<register_v1::PackRules>(&catalog_.pack_rules, std::make_shared<register_v1::PackRules>(rules),
                                      active_from);
}

SnapshotBuilder& SnapshotBuilder::Add(const register_v1::Calendar& calendar, Millis active_from) {
  auto compiled = CompileCalendar(calendar);
  if (!compiled.ok()) {
    std::fprintf(stderr, "calendar %s: %s\n", calendar.id().c_str(), compiled.status().ToString().c_str());
    std::abort();
  }
  return Push<CompiledCalendar>(&catalog_.calendars[calendar.id()], *std::move(compiled), active_from);
}

SnapshotBuilder& SnapshotBuilder::Add(const StarterSet& set, Millis active_from) {
  for (const register_v1::Calendar& calendar : set.calendars) Add(calendar, active_from);
  Add(set.organisation, active_from);
  Add(set.rules, active_from);
  for (const register_v1::ObligationPack& pack : set.packs) Add(pack, active_from);
  return Add(set.pack_rules, active_from);
}

SnapshotBuilder& SnapshotBuilder::Version(int64_t version) {
  catalog_.version = version;
  return *this;
}

SnapshotBuilder& SnapshotBuilder::Complete(bool complete) {
  catalog_.complete = complete;
  return *this;
}

}  // namespace redress::reference
