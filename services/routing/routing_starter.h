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
// complete. All are active always. What took effect already records nothing, and once the set is complete nothing of a
// set does: whoever was interrupted sends them all again, and whoever takes a log for a new one changes nothing in it.
// A request id is a hash of what it enters: another set after an interruption is another set of requests.
std::vector<runtime::v1::Order> StarterOrders(const reference::StarterSet& set, const std::string& tzdata_version);

// Executes them one after another on the register's runtime, which must own its shard or will. `done` gets the first
// refusal, naming the order.
void EnterStarterSet(runtime::ServiceRuntime* register_runtime, const reference::StarterSet& set,
                     const std::string& tzdata_version, std::function<void(absl::Status)> done);

}  // namespace redress::routing
