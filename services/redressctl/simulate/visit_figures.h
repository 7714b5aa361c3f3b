// What a list of visits says: promises kept, kilometres driven. Pure.
#pragma once

#include <cstdint>

#include "absl/types/span.h"
#include "libs/calendar/zone.h"
#include "libs/clock/millis.h"
#include "redress/scheduling/v1/intervention.pb.h"
#include "services/redressctl/simulate/road.h"

namespace redress::simulate {

struct VisitFigures {
  // Visits booked whose window was over by then, or that began or ended before that: a promise came due. Cancelled ones
  // only if that was after their window; those without access are apart.
  int64_t promises_due = 0;
  // Of these, those that began in their window: [start, end).
  int64_t promises_kept = 0;
  int64_t no_access = 0;
  // Somebody went there: begun or without access.
  int64_t visits_made = 0;
  // Different complaints among those.
  int64_t complaints_visited = 0;
  // Each technician's day from the agency to the visits made, in their order, and back. A day is one of `zone`.
  double kilometres = 0;
};

// As of `now`: nothing later counts.
VisitFigures CountVisits(absl::Span<const scheduling::v1::Intervention> visits, const Road& road, calendar::Zone zone,
                         Millis now);

}  // namespace redress::simulate
