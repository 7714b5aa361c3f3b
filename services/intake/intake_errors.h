// Every refusal of intake, by its reason: part of the API. None holds personal data.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/clock/instant_text.h"
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
// `complaint`: its name, or "" when the caller does not see it.
inline absl::Status ReferenceKnown(absl::string_view complaint) {
  if (complaint.empty()) {
    return MakeError(absl::StatusCode::kAlreadyExists, "REFERENCE_KNOWN",
                     "external_reference: is that of another complaint");
  }
  return MakeError(absl::StatusCode::kAlreadyExists, "REFERENCE_KNOWN",
                   absl::StrCat("external_reference: is that of ", complaint), {{"complaint", std::string(complaint)}});
}
inline absl::Status AgencyOutOfScope() {
  return MakeError(absl::StatusCode::kPermissionDenied, "AGENCY_OUT_OF_SCOPE", "agency: is none that the caller sees");
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
                   absl::StrCat(name, " is ", state, " and its resolution could be contested until ",
                                InstantText(ended_at), ": submit a new complaint with recurrence_of = ", name),
                   {{"state", std::string(state)}, {"window_ends_at_ms", absl::StrCat(ended_at)}});
}
inline absl::Status TextsErased(absl::string_view name) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "TEXTS_ERASED",
                   absl::StrCat("the texts of ", name, " were erased; no text can be added"));
}
// A redaction came between the sealing of a text and its recording.
inline absl::Status TextsResealed(absl::string_view name) {
  return MakeError(absl::StatusCode::kAborted, "TEXTS_RESEALED",
                   absl::StrCat("the texts of ", name, " were put under another key at this moment: try again"));
}
inline absl::Status TextNotFound(absl::string_view name, int redaction) {
  return MakeError(absl::StatusCode::kNotFound, "TEXT_NOT_FOUND",
                   absl::StrCat("redactions[", redaction, "]: ", name, " has no such text"),
                   {{"redaction", absl::StrCat(redaction)}});
}
inline absl::Status PersonErasedError(absl::string_view name) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "PERSON_ERASED", absl::StrCat(name, " was erased"));
}
// Names of the first 40: error details travel in headers, which are short.
inline absl::Status OpenComplaints(absl::string_view name, const std::vector<std::string>& open) {
  const size_t listed = std::min<size_t>(open.size(), 40);
  const std::string list = absl::StrJoin(open.begin(), open.begin() + listed, ", ");
  const std::string rest = listed < open.size() ? absl::StrCat(" and ", open.size() - listed, " more") : "";
  return MakeError(absl::StatusCode::kFailedPrecondition, "OPEN_COMPLAINTS",
                   absl::StrCat(name, " has ", open.size(), " open complaints: ", list, rest),
                   {{"complaints", list}, {"count", absl::StrCat(open.size())}});
}
// `held`: the person or complaints that legal holds stand on; names of the first 40.
inline absl::Status LegalHold(absl::string_view name, const std::vector<std::string>& held) {
  const size_t listed = std::min<size_t>(held.size(), 40);
  const std::string list = absl::StrJoin(held.begin(), held.begin() + listed, ", ");
  const std::string rest = listed < held.size() ? absl::StrCat(" and ", held.size() - listed, " more") : "";
  return MakeError(absl::StatusCode::kFailedPrecondition, "LEGAL_HOLD",
                   absl::StrCat("nothing of ", name, " can be erased: a legal hold stands on ", list, rest),
                   {{"held", list}, {"count", absl::StrCat(held.size())}});
}
inline absl::Status NothingToHold(absl::string_view name) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "TEXTS_ERASED",
                   absl::StrCat("the texts of ", name, " were erased; there is nothing left to hold"));
}
inline absl::Status TooManyHolds(absl::string_view name, int holds) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "TOO_MANY_HOLDS",
                   absl::StrCat(holds, " legal holds stand on ", name, "; no more fit"));
}
inline absl::Status HoldNotFound(absl::string_view name, absl::string_view matter) {
  return MakeError(absl::StatusCode::kNotFound, "HOLD_NOT_FOUND",
                   absl::StrCat("no legal hold of matter '", matter, "' stands on ", name));
}
// What other shards hold is not read yet: which complaints are open cannot be told.
inline absl::Status NotCaughtUp() {
  return RetryLater(absl::StatusCode::kUnavailable, "NOT_CAUGHT_UP", "this instance has not read all complaints yet",
                    1000);
}

// A reader found nothing, and cannot tell whether there is something.
inline absl::Status LookUpsPending() {
  return RetryLater(absl::StatusCode::kUnavailable, "LOOK_UPS_PENDING",
                    "nothing was found, but some cannot be looked up until the key store answers", 10 * kSecond);
}
inline absl::Status RegisterNotReady() {
  return RetryLater(absl::StatusCode::kUnavailable, "REGISTER_NOT_READY", "the register is not read yet", 1000);
}
inline absl::Status TrackingCodeUnknown() {
  return MakeError(absl::StatusCode::kNotFound, "TRACKING_CODE_UNKNOWN", "no complaint has this tracking code");
}
inline absl::Status TooManyAttachments(absl::string_view name, int attachments) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "TOO_MANY_ATTACHMENTS",
                   absl::StrCat(name, " has ", attachments, " attachments; no more fit"));
}
// What it recorded was of another kind, so that no content needs to be compared.
inline absl::Status RequestIdReused() {
  return MakeError(absl::StatusCode::kAlreadyExists, "REQUEST_ID_REUSED",
                   "this request id was used for something else; nothing was done");
}

// What the request says is wrong whatever the state is, or against when the complaint was received.
inline absl::Status BadArgument(absl::string_view reason, absl::string_view message) {
  return MakeError(absl::StatusCode::kInvalidArgument, reason, message);
}

// As the runtime says it: the handler looks, too, where it reads texts of that version.
inline absl::Status EtagMoved(absl::string_view name, int64_t version, int64_t etag) {
  return MakeError(absl::StatusCode::kAborted, "ETAG_MOVED",
                   absl::StrCat(name, " is at version ", version, ", not ", etag),
                   {{"version", absl::StrCat(version)}});
}

// An etag was given for what there is not: the runtime tests it before the service is asked.
inline bool IsOfNothing(const absl::Status& status) {
  if (ReasonOf(status) != "ETAG_MOVED") return false;
  const Metadata metadata = MetadataOf(status);
  return std::any_of(metadata.begin(), metadata.end(),
                     [](const auto& entry) { return entry.first == "version" && entry.second == "0"; });
}

// Overload, or something that is away for a while.
inline bool MayTryAgain(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status);
}

// Trouble of the server, or nobody there to decide: it says nothing of the row or ticket that met it, which may be
// accepted when it is sent again. Streams end with it, for a refusal would be taken for the last word.
inline bool SaysNothingOfTheRow(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kUnknown: return true;
    default: return ReasonOf(status) == "KEY_WRAPPED";
  }
}

inline absl::Status TooManyTries(Millis wait) {
  return RetryLater(absl::StatusCode::kResourceExhausted, "TOO_MANY_TRIES",
                    "tracking codes can be tried 10 times an hour", wait);
}

}  // namespace redress::intake
