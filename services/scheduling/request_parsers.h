// From requests to commands: every bad field is added to the violations.
#pragma once

#include "libs/clock/millis.h"
#include "libs/service/requests.h"
#include "redress/scheduling/commands/v1/commands.pb.h"
#include "redress/scheduling/v1/scheduling_service.pb.h"
#include "services/scheduling/limits.h"

namespace redress::scheduling {

// What `slot` asks for; missing when not `present`. Whether it can be had is the decider's.
void ReadSlot(bool present, const v1::Slot& slot, bool outside_hours, service::Violations* violations,
              commands::v1::Slot* out);

// All but the id. An empty zone stays empty.
void ReadTechnician(const v1::Technician& technician, service::Violations* violations,
                    events::v1::TechnicianRegistered* out);

// A span of time and its reason; missing when not `present`.
void ReadAbsence(bool present, const v1::Absence& absence, service::Violations* violations,
                 events::v1::TechnicianAbsenceSet* out);

// What the request itself says; the defaults are the handler's.
void ReadVisit(const v1::RequestVisitRequest& request, service::Violations* violations,
               commands::v1::RequestVisit* out);

// Ids of technicians: 1-64 visible ASCII characters without '/' and '|'. "" when it is none.
std::string ReadTechnicianId(absl::string_view field, absl::string_view name, service::Violations* violations);

// [from, to) to look for slots in: from `now` for kSlotHorizon where the request (FindSlots, ExplainSlots) does not
// say.
struct Range {
  Millis from = 0;
  Millis to = 0;
};
template <typename Request>
Range ReadSlotRange(const Request& request, Millis now, service::Violations* violations) {
  Range range{now, 0};
  if (request.has_from_time()) range.from = service::ReadTime("from_time", true, request.from_time(), violations);
  range.to = request.has_to_time() ? service::ReadTime("to_time", true, request.to_time(), violations)
                                   : range.from + kSlotHorizon;
  if (range.to <= range.from) violations->Add("to_time", "must lie after from_time");
  if (range.to - range.from > kLongestSlotHorizon) {
    violations->Add("to_time", "lies more than 92 days after from_time");
  }
  return range;
}

}  // namespace redress::scheduling
