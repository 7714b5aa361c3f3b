// Events of intake, routing and scheduling → what they say of a complaint's facts.
//
//   intake      received, imported, further imported facts, acknowledged, answered, resolved, contested and reopened
//               (both: reopened), withdrawn, recorded facts, amendments. Closing says nothing: the resolution did.
//   routing     assigned, with who is in charge from then on. An assignment's end says nothing: the complaint's did.
//   scheduling  visits requested, booked (or moved), begun, ended, without access; a cancelled visit has ended as that.
//   register    a version of a calendar, zone rules adopted: running lines are planned again.
// Pure.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/runtime/logic.h"
#include "redress/sla/commands/v1/commands.pb.h"

namespace redress::sla {

// The orders that an input means for the shard of `context`: one for each complaint it speaks of, or for each change of
// the register. DATA_LOSS when the input cannot be read, INVALID_ARGUMENT when it speaks of no complaint there can be:
// to one of the shards that read it alone, that it be parked once.
absl::StatusOr<std::vector<runtime::v1::Order>> React(const runtime::Input& input,
                                                      const runtime::ReactContext& context);

// "clocks/<id>", the aggregate of a complaint's clock, and back ("" for any other name).
std::string ClockName(absl::string_view complaint);
absl::string_view ComplaintOf(absl::string_view clock_name);

// What the aggregates of re-planning begin with: "replans/calendar/<id>/<version>", "replans/tzdata/<version>".
inline constexpr absl::string_view kReplans = "replans/";
// The aggregate of one change: that name, by what has changed.
std::string ReplanName(const events::v1::ReplanBegun& change);

}  // namespace redress::sla
