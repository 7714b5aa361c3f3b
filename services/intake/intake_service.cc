#include "services/intake/intake_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/ids/ids.h"
#include "services/intake/limits.h"

namespace redress::intake {

IntakeService::IntakeService(IntakeOptions options)
    : runtime_(options.runtime),
      keys_(options.keys),
      lookups_(options.lookups),
      ids_(options.ids),
      executor_(options.executor),
      sealer_(options.runtime->info().installation, options.ids),
      opener_(options.runtime->info().installation, options.keys, options.audit),
      tries_(&options.runtime->clock(), kMaxTries, kTriesPer) {}

std::optional<IntakeService::Target> IntakeService::Locate(absl::string_view collection, absl::string_view id) const {
  const auto parts = ParseId(id);
  if (!parts.ok()) return std::nullopt;
  return Target{absl::StrCat(collection, "/", id), std::string(id),
                static_cast<uint16_t>(ShardOf(parts->placement, shard_count()))};
}

commands::v1::Scope ScopeOf(const Caller& caller) {
  commands::v1::Scope scope;
  scope.set_all_agencies(caller.all_agencies());
  scope.mutable_agencies()->Assign(caller.agencies().begin(), caller.agencies().end());
  std::sort(scope.mutable_agencies()->begin(), scope.mutable_agencies()->end());
  return scope;
}

}  // namespace redress::intake
