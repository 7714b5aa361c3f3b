// Every refusal of routing, by its reason: part of the API. None holds personal data.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"

namespace redress::routing {

inline absl::Status AssignmentNotFound(absl::string_view name) {
  return MakeError(absl::StatusCode::kNotFound, "ASSIGNMENT_NOT_FOUND", absl::StrCat("there is no ", name));
}
inline absl::Status AssignmentEnded(absl::string_view name, absl::string_view reason) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "ASSIGNMENT_ENDED",
                   absl::StrCat(name, " is ", reason, ": nobody is in charge of it any more"),
                   {{"state", std::string(reason)}});
}
inline absl::Status TeamUnknown(absl::string_view team) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "TEAM_UNKNOWN",
                   absl::StrCat("'", team, "' is no team of the organisation in force"));
}
inline absl::Status AgentUnknown(absl::string_view agent) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "AGENT_UNKNOWN",
                   absl::StrCat("'", agent, "' is no member of staff of the organisation in force"));
}
inline absl::Status AgentNotInTeam(absl::string_view agent, absl::string_view team) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "AGENT_NOT_IN_TEAM",
                   absl::StrCat("'", agent, "' does not belong to team '", team, "'"));
}
// The register has not been folded far enough to route by: the input is parked, and replayed once it has.
inline absl::Status RegisterIncomplete() {
  return MakeError(absl::StatusCode::kFailedPrecondition, "REGISTER_INCOMPLETE",
                   "no organisation is in force: there is no team to route to");
}

// An order between instances that is none.
inline absl::Status CommandUnreadable() {
  return MakeError(absl::StatusCode::kInternal, "COMMAND_UNREADABLE", "a command that cannot be read");
}

inline absl::Status ScopeTooNarrow() {
  return MakeError(absl::StatusCode::kPermissionDenied, "SCOPE_TOO_NARROW",
                   "the register concerns all agencies: only who sees all of them may change it");
}
inline absl::Status VersionNotFound() {
  return MakeError(absl::StatusCode::kNotFound, "VERSION_NOT_FOUND", "there is no such version");
}
inline absl::Status ActiveInThePast(absl::string_view what) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "ACTIVE_IN_THE_PAST",
                   absl::StrCat(what, " has a version already: what was in force cannot be changed afterwards"));
}
inline absl::Status UploadIncomplete(int have, int need) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "UPLOAD_INCOMPLETE",
                   absl::StrCat("the territory has ", have, " of ", need, " pages"));
}
inline absl::Status UploadCut() {
  return MakeError(absl::StatusCode::kInvalidArgument, "UPLOAD_CUT",
                   "the upload ended before a message that says it is complete; nothing was done");
}
inline absl::Status TerritoryTooLarge(size_t limit) {
  return MakeError(absl::StatusCode::kResourceExhausted, "TERRITORY_TOO_LARGE",
                   absl::StrCat("a territory of more than ", limit >> 20, " MiB"));
}
inline absl::Status TzdataNotHere(absl::string_view asked, absl::string_view here) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "TZDATA_NOT_HERE",
                   absl::StrCat("this instance has the zone rules of ", here, ", not ", asked));
}

}  // namespace redress::routing
