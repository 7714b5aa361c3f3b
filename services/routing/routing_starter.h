// What a fresh log begins with: the starter set as the register's first decisions.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/reference/starter_set.h"
#include "libs/runtime/service_runtime.h"
#include "redress/runtime/v1/order.pb.h"

namespace redress::routing {

// The orders, in order: zone rules, calendars, organisation, rules, packs, pack rules, and last that the set is
// complete. All are active always. Their request ids are fixed, and what took effect already records nothing: whoever
// was interrupted sends them all again.
std::vector<runtime::v1::Order> StarterOrders(const reference::StarterSet& set, const std::string& tzdata_version);

// Executes them one after another on the register's runtime, which must own its shard or will. `done` gets the first
// refusal, naming the order.
void EnterStarterSet(runtime::ServiceRuntime* register_runtime, const reference::StarterSet& set,
                     const std::string& tzdata_version, std::function<void(absl::Status)> done);

}  // namespace redress::routing
