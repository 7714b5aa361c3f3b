// Decisions that look at more than one row of the shard: windows claimed, endings and assignments that concern several
// visits.
//
// Pure over the rows given.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/runtime/logic.h"
#include "libs/store/store.h"
#include "redress/scheduling/commands/v1/commands.pb.h"

namespace redress::scheduling {

// The events that `command` about `aggregate` causes, those of the aggregate first; none if it has taken effect
// already. Errors as intervention.h, technician.h and technician_calendar.h say; what lies outside the command's scope
// is NOT_FOUND.
absl::StatusOr<std::vector<runtime::NewEvent>> DecideInShard(const store::Rows& rows, const std::string& aggregate,
                                                             const commands::v1::Command& command,
                                                             const runtime::DecideContext& context);

}  // namespace redress::scheduling
