// The assignment decider: who is in charge of a complaint, from its receipt to its end and again after a re-opening.
//
//   (unknown) ─Opened→ OPEN ─Ended→ ENDED ─Reopened→ OPEN      an ending is recorded even where nothing was there
//
//   OPEN: Amended routes again, but leaves a choice made by hand;  AssignByHand;  Escalate raises the priority
//
// Alarms come from another stream, before or after what intake says. Each belongs to the round in which its instant
// lies:
//
//   ended ─▶ re-opened:   an alarm of an earlier instant than the re-opening never counts for the round after it
//   after an ending:      one of a later instant is kept, and counts if the complaint is re-opened before it
//
// Pure: no I/O, clock, randomness or logging. Time and reference data arrive in the arguments. Following is idempotent:
// what a complaint's version says was followed already means nothing.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/clock/millis.h"
#include "libs/reference/snapshot.h"
#include "redress/routing/commands/v1/commands.pb.h"
#include "redress/routing/events/v1/events.pb.h"
#include "redress/routing/rows/v1/rows.pb.h"

namespace redress::routing {

using commands::v1::Command;
using events::v1::Event;
using rows::v1::ComplaintRow;

// What a decision knows besides state and command.
struct Moment {
  absl::string_view name;  // "complaints/<id>", for messages
  Millis now = 0;          // what recorded_at will be
  const reference::Snapshot* reference = nullptr;
};

// The events `command` produces, in order; none if it has already taken effect or means nothing.
//   NOT_FOUND (ASSIGNMENT_NOT_FOUND)          by hand: nothing is known of it, or it is out of the command's scope
//   FAILED_PRECONDITION (ASSIGNMENT_ENDED)    by hand: it has ended
//   FAILED_PRECONDITION (TEAM_UNKNOWN, AGENT_UNKNOWN, AGENT_NOT_IN_TEAM); a team of an agency out of scope is unknown
//   FAILED_PRECONDITION (REGISTER_INCOMPLETE) following: there is no organisation to route by
absl::StatusOr<std::vector<Event>> Decide(const ComplaintRow& state, const Command& command, const Moment& moment);

// Folds one event. Total: accepts every event ever written at this build's level and never fails.
ComplaintRow Apply(ComplaintRow state, const Event& event);

// The agency whose people see it: of those in charge, else the complaint's own.
const std::string& AgencyOf(const ComplaintRow& state);

// A priority with alarms from `since` on counted: 1 after a breach, one higher after warnings.
int32_t Raised(int32_t priority, const ComplaintRow& state, Millis since);

}  // namespace redress::routing
