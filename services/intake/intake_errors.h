// Every refusal of intake, by its reason: part of the API. None holds personal data.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/clock/millis.h"
#include "libs/status/errors.h"

namespace redress::intake {

// `name`: one that can be one, else "such complaint": what a caller sent may hold anything.
inline absl::Status ComplaintNotFound(absl::string_view name) {
  return MakeError(absl::StatusCode::kNotFound, "COMPLAINT_NOT_FOUND", absl::StrCat("there is no ", name));
}
inline absl::Status PersonNotFound(absl::string_view name) {
  return MakeError(absl::StatusCode::kNotFound, "PERSON_NOT_FOUND", absl::StrCat("there is no ", name));
}
inline absl::Status ComplaintExists(absl::string_view name) {
  return MakeError(absl::StatusCode::kAlreadyExists, "COMPLAINT_EXISTS", absl::StrCat(name, " exists"));
}
inline absl::Status ReferenceKnown(absl::string_view complaint) {
  return MakeError(absl::StatusCode::kAlreadyExists, "REFERENCE_KNOWN",
                   absl::StrCat("external_reference: is that of ", complaint), {{"complaint", std::string(complaint)}});
}
inline absl::Status ImportChanged(absl::string_view name) {
  return MakeError(absl::StatusCode::kAlreadyExists, "IMPORT_CHANGED",
                   absl::StrCat("the row was imported as ", name,
                                " with other content; only further facts behind the known ones can be added"),
                   {{"complaint", std::string(name)}});
}

// `what`: what cannot be done to it, as in "is WITHDRAWN and cannot be acknowledged".
inline absl::Status WrongState(absl::string_view name, absl::string_view state, absl::string_view what) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "WRONG_STATE",
                   absl::StrCat(name, " is ", state, " and cannot be ", what), {{"state", std::string(state)}});
}
inline absl::Status WindowPassed(absl::string_view name, absl::string_view state, Millis ended_at) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "WINDOW_PASSED",
                   absl::StrCat(name, " is ", state, " and its resolution could be contested until ", ended_at,
                                " (ms): submit a new complaint with recurrence_of = ", name),
                   {{"state", std::string(state)}, {"window_ends_at_ms", absl::StrCat(ended_at)}});
}
inline absl::Status TextsErased(absl::string_view name) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "TEXTS_ERASED",
                   absl::StrCat("the texts of ", name, " were erased with its person; no text can be added"));
}
inline absl::Status PersonErasedError(absl::string_view name) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "PERSON_ERASED", absl::StrCat(name, " was erased"));
}
inline absl::Status OpenComplaints(absl::string_view name, const std::vector<std::string>& open) {
  const std::string list = absl::StrJoin(open, ", ");
  return MakeError(absl::StatusCode::kFailedPrecondition, "OPEN_COMPLAINTS",
                   absl::StrCat(name, " has ", open.size(), " open complaints: ", list), {{"complaints", list}});
}

// What the request says is wrong whatever the state is, or against when the complaint was received.
inline absl::Status BadArgument(absl::string_view reason, absl::string_view message) {
  return MakeError(absl::StatusCode::kInvalidArgument, reason, message);
}

inline absl::Status TooManyTries(Millis wait) {
  return RetryLater(absl::StatusCode::kResourceExhausted, "TOO_MANY_TRIES",
                    "tracking codes can be tried 10 times an hour", wait);
}

}  // namespace redress::intake
