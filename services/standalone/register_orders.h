// What whoever creates a log enters in its register besides the starter set: a whole territory, as orders.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "libs/runtime/service_runtime.h"
#include "redress/register/v1/territory.pb.h"

namespace redress {

// The territory in pages that fit a record, then its activation.
std::vector<runtime::v1::Order> TerritoryOrders(const register_::v1::Territory& territory, const std::string& upload);

// Executes each when the one before is answered; ends at the first refusal.
void ExecuteInOrder(runtime::ServiceRuntime* register_runtime, std::vector<runtime::v1::Order> orders,
                    std::function<void(absl::Status)> done);

}  // namespace redress
