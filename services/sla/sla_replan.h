// Planning a shard's running lines again when the register has changed: a holiday moved, zone rules adopted.
//
//   register's event ─ BeginReplan ─▶ ReplanBegun ─ timer ─ ReplanPage ─▶ due instants moved, ClocksReplanned ─ timer …
//
// A page is one decision: some open lines in the order of the list, and where the next begins. A version that is active
// from an instant to come waits for it. Planning twice means nothing, so neither does an input seen twice. What is
// decided while pages go by uses the new register already.
#pragma once

#include <string>
#include <vector>

#include "libs/runtime/logic.h"
#include "redress/sla/commands/v1/commands.pb.h"

namespace redress::sla {

// Nothing when it has begun, or no line runs that it could move.
std::vector<runtime::NewEvent> BeginReplan(const store::Rows& rows, const std::string& name,
                                           const events::v1::ReplanBegun& change,
                                           const runtime::DecideContext& context);

// Nothing when there is nothing left to do.
std::vector<runtime::NewEvent> DecidePage(const store::Rows& rows, const std::string& name,
                                          const commands::v1::ReplanPage& command,
                                          const runtime::DecideContext& context);

}  // namespace redress::sla
