// Between rows, commands and the API.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "libs/store/store.h"
#include "redress/scheduling/rows/v1/rows.pb.h"
#include "redress/scheduling/v1/intervention.pb.h"
#include "services/scheduling/slots.h"

namespace redress::scheduling {

// Without personal data. `version`: of the aggregate, for the etag.
v1::Intervention ToApi(absl::string_view id, const rows::v1::InterventionRow& row, int64_t version);
v1::Technician ToApi(absl::string_view id, const rows::v1::TechnicianRow& row, int64_t version);
v1::Slot ToApi(const SlotOffer& slot);
v1::TechnicianExplanation ToApi(const SlotExplanation& explanation);

// "fixed" … as events have it; "" for VISIT_RESULT_UNSPECIFIED and unknown values. And back.
absl::string_view ResultCode(v1::VisitResult result);
v1::VisitResult ResultOfCode(absl::string_view code);

// The aggregate as it is in `rows`: a serialised Intervention or Technician; empty for any other.
std::string RenderAggregate(const store::Rows& rows, uint16_t shard, absl::string_view aggregate);

}  // namespace redress::scheduling
