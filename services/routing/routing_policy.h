// What routing makes of others' events: orders for the shard in which the complaint lives.
//
//   intake  received, imported open, amended, re-opened, contested, ended  →  FollowComplaint
//   sla     warning, breach that is told                                   →  Escalate
#pragma once

#include <vector>

#include "libs/runtime/logic.h"

namespace redress::routing {

// One order a complaint, in the order of their first events. None for inputs without meaning here: most of them.
// An event that cannot be read is an error: DATA_LOSS, reason EVENT_UNREADABLE.
absl::StatusOr<std::vector<runtime::v1::Order>> React(const runtime::Input& input,
                                                      const runtime::ReactContext& context);

}  // namespace redress::routing
