// Refusals of scheduling, one constructor each. No personal data in any of them.
#pragma once

#include <string>

#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"

namespace redress::scheduling {

inline absl::Status InterventionUnknown(absl::string_view name) {
  return MakeError(absl::StatusCode::kNotFound, "INTERVENTION_UNKNOWN", absl::StrCat("there is no ", name));
}

inline absl::Status TechnicianUnknown(absl::string_view name) {
  return MakeError(absl::StatusCode::kNotFound, "TECHNICIAN_UNKNOWN", absl::StrCat("there is no ", name));
}

inline absl::Status AgencyUnknown(absl::string_view agency) {
  return MakeError(absl::StatusCode::kNotFound, "AGENCY_UNKNOWN", absl::StrCat("there is no agency '", agency, "'"));
}

// `state` and `command` as the API writes them.
inline absl::Status WrongState(absl::string_view name, absl::string_view state, absl::string_view command) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "INTERVENTION_STATE",
                   absl::StrCat(name, " is ", state, ": ", command, " is not possible"),
                   {{"state", std::string(state)}, {"command", std::string(command)}});
}

inline absl::Status NotHeld(absl::string_view name) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "NOT_HELD",
                   absl::StrCat(name, " holds no slot: say which one to book"));
}

inline absl::Status HoldExpired(absl::string_view name) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "HOLD_EXPIRED",
                   absl::StrCat("the hold of ", name, " has run out: say which slot to book"));
}

inline absl::Status SlotPast() {
  return MakeError(absl::StatusCode::kFailedPrecondition, "SLOT_PAST", "the slot has begun already");
}

// `fresh`: slots that are free now.
inline absl::Status SlotTaken(absl::string_view technician, const Metadata& fresh) {
  return MakeError(absl::StatusCode::kAborted, "SLOT_TAKEN",
                   absl::StrCat("somebody else has this slot of ", technician, "; others are free"), fresh);
}

inline absl::Status NotWorking(absl::string_view technician, bool away, const Metadata& fresh) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "NOT_WORKING",
                   absl::StrCat(technician, away ? " is away then" : " does not work then"), fresh);
}

inline absl::Status TooManyAbsences(absl::string_view technician, int noted) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "TOO_MANY_ABSENCES",
                   absl::StrCat(technician, " has ", noted, " absences noted"));
}

inline absl::Status ComplaintHasEnded(absl::string_view complaint) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "COMPLAINT_ENDED",
                   absl::StrCat("this round of ", complaint, " has ended"));
}

inline absl::Status TooManyVisits(absl::string_view complaint, int open) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "TOO_MANY_VISITS",
                   absl::StrCat(complaint, " has ", open, " open visits"));
}

inline absl::Status TechnicianElsewhere(absl::string_view technician) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "TECHNICIAN_ELSEWHERE",
                   absl::StrCat(technician, " works for another agency"));
}

inline absl::Status SkillMissing(absl::string_view technician, absl::string_view skill) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "SKILL_MISSING",
                   absl::StrCat(technician, " lacks the skill '", skill, "'"), {{"skill", std::string(skill)}});
}

inline absl::Status NotOwnVisit() {
  return MakeError(absl::StatusCode::kPermissionDenied, "NOT_OWN_VISIT",
                   "personal data of a visit are for the technician who makes it");
}

}  // namespace redress::scheduling
