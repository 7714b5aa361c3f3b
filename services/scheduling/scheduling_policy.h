// What events of routing and intake mean for a shard of scheduling.
//
//   routing Assigned{visit_needed}                      → the agency's shard: a visit is requested, or the one that is
//                                                         open says what this assignment says
//                                                         all others: what earlier assignments asked for elsewhere is
//                                                         freed
//   routing Assigned{no visit needed}, not the first    → every shard: what earlier assignments asked for is freed
//   intake  ComplaintResolved, ComplaintWithdrawn,      → every shard: open visits of that round are freed
//           ImportedFactsAdded{ended}
//   intake  VisitNoted{complaint_ended}                 → the visit's shard: it is freed
//
// An ending without open visits records nothing in any shard. That no visit outlives its complaint rests on both
// directions: a visit requested before a shard sees the ending is found by the ending; one requested after it is noted
// by intake after the ending (intake's shard had decided it), and comes back as the third line.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "libs/runtime/logic.h"

namespace redress::scheduling {

// Orders for context.shard, in order. INVALID_ARGUMENT for events that cannot be read.
absl::StatusOr<std::vector<runtime::v1::Order>> React(const runtime::Input& input,
                                                      const runtime::ReactContext& context);

}  // namespace redress::scheduling
