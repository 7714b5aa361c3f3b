// The visit decider: which events a command produces, and how events fold into a visit.
//
//   (none) --Request--> REQUESTED --Hold--> HELD --Book--> BOOKED --Start--> STARTED --Complete--> DONE
//                        ^    |              |             |  |                 |
//                        |    '---Book-------|-------------'  '--Complete, -----'--ReportNoAccess--> NO_ACCESS
//                        '--Release, Expire--'                   ReportNoAccess
//   any of REQUESTED HELD BOOKED STARTED --Cancel--> CANCELLED           BOOKED --Move--> BOOKED
//                                        --Amend--> the same: what a later assignment says of it
//
// A visit without access, or waiting for parts, asks for the next one in the same decision. Whether a window is free is
// not judged here but in technician_calendar.h, on the windows that these events claim.
//
// Pure: no I/O, clock, randomness or logging. Time arrives in Circumstances.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/clock/millis.h"
#include "redress/scheduling/commands/v1/commands.pb.h"
#include "redress/scheduling/events/v1/events.pb.h"
#include "redress/scheduling/rows/v1/rows.pb.h"

namespace redress::scheduling {

using commands::v1::Command;
using events::v1::Event;
using Intervention = rows::v1::InterventionRow;
using rows::v1::VisitState;

inline constexpr absl::string_view kInterventions = "interventions/";
inline constexpr absl::string_view kTechnicians = "technicians/";
inline constexpr absl::string_view kEndings = "endings/";

// How a visit can end when it is DONE.
inline constexpr absl::string_view kFixed = "fixed";
inline constexpr absl::string_view kPartsAwaited = "parts_awaited";
inline constexpr absl::string_view kInspected = "inspected";
inline constexpr absl::string_view kNotOurs = "not_ours";

struct Circumstances {
  int64_t now = 0;  // milliseconds since 1970
  // The last round of the complaint that is known here to have ended.
  std::optional<int32_t> ended_round;
};

// An event and the visit that it is about: the one commanded, or the one that follows it.
struct VisitEvent {
  std::string intervention;  // id
  Event event;
};

// The events that `command` (one about a visit) produces, in order; none if it has already taken effect, or if a timer
// or a reaction has nothing left to do. NOT_FOUND when there is no such visit; FAILED_PRECONDITION (INTERVENTION_STATE)
// naming the state that forbids it, NOT_HELD, HOLD_EXPIRED or COMPLAINT_ENDED; INVALID_ARGUMENT for impossible times.
// A hold whose time is over counts as none, whether or not it was released.
absl::StatusOr<std::vector<VisitEvent>> Decide(const std::string& id, const Intervention& state, const Command& command,
                                               const Circumstances& circumstances);

// Folds one event about this visit. Total: never fails.
Intervention Apply(Intervention state, const Event& event);

// Any state: what it holds of the complaint's texts is what `resealed` holds; nothing if it is already.
std::optional<Event> Resealed(const Intervention& state, const commands::v1::ResealVisits& resealed, Millis now);

// REQUESTED, HELD, BOOKED or STARTED.
bool IsOpen(VisitState state);
// Has a window that nobody else can have: HELD, BOOKED or STARTED.
bool HasWindow(VisitState state);
// "REQUESTED", as the API names it.
absl::string_view NameOf(VisitState state);

// The id of the visit that follows `id` when it ends at `at`; stable, so that deciding again is the same visit.
std::string FollowingId(const std::string& id, int64_t at);
// The id of the visit that an assignment of a complaint asks for in an agency's shard; stable likewise.
std::string AssignedId(absl::string_view complaint, int64_t assignment, absl::string_view agency, int64_t at);

}  // namespace redress::scheduling
