// The technician decider: who visits, with what skills, when, and when not.
//
// Pure: no I/O, clock, randomness or logging.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "redress/scheduling/commands/v1/commands.pb.h"
#include "redress/scheduling/events/v1/events.pb.h"
#include "redress/scheduling/rows/v1/rows.pb.h"

namespace redress::scheduling {

using Technician = rows::v1::TechnicianRow;

// The event that registering or an absence causes; none when it is known so already. `name`: "technicians/<id>"; a
// technician without agency is none yet. FAILED_PRECONDITION (TECHNICIAN_ELSEWHERE) for another agency; NOT_FOUND
// (TECHNICIAN_UNKNOWN) for an absence of nobody; FAILED_PRECONDITION (TOO_MANY_ABSENCES).
absl::StatusOr<std::vector<events::v1::Event>> DecideTechnician(const std::string& name, const Technician& state,
                                                                const commands::v1::Command& command);

// Folds one event; absences that ended more than kAbsenceMemory before `recorded_at` are forgotten. Total.
Technician ApplyTechnician(Technician state, const events::v1::Event& event, int64_t recorded_at);

}  // namespace redress::scheduling
