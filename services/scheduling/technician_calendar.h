// Who has which window: the check that no slot is sold twice.
//
// Invariant of the rows: windows of one technician that stand in the taken table do not overlap. A hold whose time is
// over still stands there until it is released; whoever claims its window releases it in the same decision.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/store/store.h"
#include "services/scheduling/intervention.h"
#include "services/scheduling/slots.h"

namespace redress::scheduling {

struct Claim {
  std::string visit;  // id
  SlotOffer window;
  bool outside_hours = false;
  Millis now = 0;
};

// OK when the window may be given to the visit (`state`); answers with the visits whose expired holds lie in it and
// have to be released with it. ABORTED (SLOT_TAKEN) when another visit has some of it; FAILED_PRECONDITION
// (NOT_WORKING) outside weekly hours, unless agreed, or in an absence; both name up to kFreshSlots free slots in their
// metadata. NOT_FOUND (TECHNICIAN_UNKNOWN) for nobody of the visit's agency, FAILED_PRECONDITION (SKILL_MISSING). The
// visit's own window is free for it, and while it holds the window, hours and absences are not judged again.
absl::StatusOr<std::vector<std::string>> ClaimWindow(const store::Rows& rows, uint16_t shard, const Intervention& state,
                                                     const Claim& claim);

}  // namespace redress::scheduling
