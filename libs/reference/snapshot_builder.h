// Builds Snapshots by hand or from files: for tests, and for whoever tries reference data out without a register.
//
//   auto snapshot = SnapshotBuilder().Add(organisation).Add(rules).Add(territory).Build();
//   auto starter = SnapshotBuilder().Add(*LoadStarterSet(dir)).Build();
#pragma once

#include <memory>
#include <string>

#include "libs/reference/catalog.h"
#include "libs/reference/history.h"
#include "libs/reference/starter_set.h"

namespace redress::reference {

// Each Add is the next version of its kind (and id), active from the instant given. What is added counts as accepted:
// it is not checked, but for calendars, which end the process when they cannot be compiled.
class SnapshotBuilder {
 public:
  SnapshotBuilder() {
    catalog_.complete = true;
    catalog_.tzdata = "test";
  }
  SnapshotBuilder& Add(const register_v1::Territory& territory, Millis active_from = kAlways);
  SnapshotBuilder& Add(const register_v1::Organisation& organisation, Millis active_from = kAlways);
  SnapshotBuilder& Add(const register_v1::RuleSet& rules, Millis active_from = kAlways);
  SnapshotBuilder& Add(const register_v1::ObligationPack& pack, Millis active_from = kAlways);
  SnapshotBuilder& Add(const register_v1::PackRules& rules, Millis active_from = kAlways);
  SnapshotBuilder& Add(const register_v1::Calendar& calendar, Millis active_from = kAlways);
  SnapshotBuilder& Add(const StarterSet& set, Millis active_from = kAlways);
  // Otherwise the number of additions.
  SnapshotBuilder& Version(int64_t version);
  // Otherwise complete.
  SnapshotBuilder& Complete(bool complete);

  // May be called again after more additions.
  std::shared_ptr<const Snapshot> Build() const { return MakeSnapshot(catalog_); }

 private:
  template <typename Content>
  SnapshotBuilder& Push(History<Content>* history, std::shared_ptr<const Content> content, Millis active_from);

  Catalog catalog_;
};

}  // namespace redress::reference
