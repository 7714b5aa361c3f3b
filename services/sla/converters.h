// Between the API and the domain: questions in, figures and clocks out.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "libs/auth/caller.h"
#include "libs/service/requests.h"
#include "redress/sla/v1/sla_service.pb.h"
#include "services/sla/backdating.h"
#include "services/sla/explanation.h"
#include "services/sla/grouping.h"
#include "services/sla/on_time.h"
#include "services/sla/sla_projection.h"
#include "services/sla/time_to_resolution.h"
#include "services/sla/waiting.h"

namespace redress::sla {

// How far ahead of the server's clock an instant asked about may lie.
inline constexpr Millis kMayBeAhead = 5 * kMinute;

// INVALID_ARGUMENT naming every bad field of `scope`, whose fields lie under "scope". The caller's agencies are part of
// the filter.
absl::StatusOr<Question> ParseScope(const v1::ReportScope& scope, const Caller& caller, Millis now);
// The same for one clock: as_of_time and known_at_time alone, as given in the request; no filter.
Question ParseInstants(bool has_as_of, const google::protobuf::Timestamp& as_of, bool has_known_at,
                       const google::protobuf::Timestamp& known_at, absl::string_view prefix, Millis now,
                       service::Violations* violations);
// What lies under `field`; the caller's agencies are part of it.
CaseFilter ParseFilter(const v1::CaseFilter& filter, absl::string_view field, const Caller& caller,
                       service::Violations* violations);

// From figures and clocks to the API.
google::protobuf::Duration WriteDuration(Millis length);
void WriteGroup(const Grouper& grouper, const std::vector<GroupBy>& by, size_t group,
                google::protobuf::RepeatedPtrField<v1::DimensionValue>* out);
void WriteRow(const TtrRow& row, v1::TimeToResolutionRow* out);
void WriteRow(const std::string& line, const OnTimeRow& row, v1::OnTimeRow* out);
void WriteRow(const WaitingRow& row, v1::WaitingSharesRow* out);
void WriteRow(const BackdatingRow& row, v1::BackdatingRow* out);
v1::Line WriteLine(const LineView& line, Millis now);
v1::Segment WriteSegment(const WaitSegment& segment);
v1::CaseAtRisk WriteAtRisk(const AtRisk& at_risk, Millis now);
v1::WaitState WriteState(WaitState state);

}  // namespace redress::sla
