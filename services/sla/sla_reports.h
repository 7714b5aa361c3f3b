// Reports: one scan over the rows of all shards, each.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "libs/reference/snapshot.h"
#include "libs/store/store.h"
#include "redress/sla/v1/sla_service.pb.h"
#include "services/sla/grouping.h"
#include "services/sla/time_to_resolution.h"

namespace redress::sla {

// What every report is made from. Valid during the call.
struct ReportSource {
  const store::Rows* rows = nullptr;
  uint32_t shard_count = 0;
  const reference::Snapshot* reference = nullptr;
};

// FAILED_PRECONDITION (TOO_MANY_GROUPS).
absl::StatusOr<v1::GetTimeToResolutionResponse> ReportTimeToResolution(const ReportSource& source,
                                                                       const Question& question, View view);
// `lines` empty: all.
absl::StatusOr<v1::GetOnTimeRatesResponse> ReportOnTime(const ReportSource& source, const Question& question,
                                                        const absl::flat_hash_set<std::string>& lines);
absl::StatusOr<v1::GetWaitingSharesResponse> ReportWaiting(const ReportSource& source, const Question& question);
absl::StatusOr<v1::GetBackdatingResponse> ReportBackdating(const ReportSource& source, const Question& question);

// One clock as `question` sees it; NOT_FOUND (CLOCK_NOT_FOUND) when there is none, or not yet, or out of the caller's
// scope.
absl::StatusOr<v1::ClockExplanation> ExplainOne(const ReportSource& source, const Question& question,
                                                const std::string& complaint);

}  // namespace redress::sla
