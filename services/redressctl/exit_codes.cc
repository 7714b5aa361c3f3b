#include "services/redressctl/exit_codes.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/status.pb.h"
#include "libs/rpc/error_details.h"
#include "libs/service/requests.h"
#include "libs/status/errors.h"
#include "services/redressctl/output.h"

namespace redress::ctl {
namespace {

constexpr absl::string_view kUsageUrl = "redress/usage";

}  // namespace

absl::Status Usage(absl::Status status) {
  if (!status.ok()) status.SetPayload(kUsageUrl, absl::Cord());
  return status;
}

absl::Status Usage(absl::string_view message) {
  return Usage(MakeError(absl::StatusCode::kInvalidArgument, "USAGE", message));
}

ExitCode ExitCodeOf(const absl::Status& status) {
  if (status.ok()) return kExitOk;
  if (status.GetPayload(kUsageUrl).has_value()) return kExitUsage;
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded: return kExitUnavailable;
    case absl::StatusCode::kResourceExhausted:
      // Overload says when to come again; what is too large is so for ever.
      return status.GetPayload(kRetryInfoUrl).has_value() ? kExitUnavailable : kExitError;
    case absl::StatusCode::kNotFound: return kExitNotFound;
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied: return kExitDenied;
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kAlreadyExists: return kExitConflict;
    default: return kExitError;
  }
}

std::string Describe(const absl::Status& status) {
  const bool usage = status.GetPayload(kUsageUrl).has_value();
  const std::string reason = ReasonOf(status);
  const std::vector<FieldViolation> violations = ViolationsOf(status);
  std::string text = "error: ";
  if (!usage) absl::StrAppend(&text, absl::StatusCodeToString(status.code()), reason.empty() ? "" : " ", reason, ": ");
  // Its message repeats the fields.
  absl::StrAppend(&text, reason == "INVALID_FIELDS" ? "these fields are wrong" : Printable(status.message()));
  for (const FieldViolation& violation : violations) {
    // Of no field: of the request as a whole.
    absl::StrAppend(&text, "\n  ", Printable(violation.field), violation.field.empty() ? "" : ": ",
                    Printable(violation.description));
  }
  std::map<std::string, std::string> metadata;
  const google::rpc::Status whole = rpc::ToRpcStatus(status);
  for (const auto& detail : whole.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::RetryInfo retry;
    if (detail.UnpackTo(&info)) metadata.insert(info.metadata().begin(), info.metadata().end());
    if (detail.UnpackTo(&retry)) {
      absl::StrAppend(&text, "\n  may be tried again after ", service::MillisOf(retry.retry_delay()), " ms");
    }
  }
  for (const auto& [key, value] : metadata) absl::StrAppend(&text, "\n  ", Printable(key), " = ", Printable(value));
  return text;
}

std::string DescribeAsJson(absl::Status status) {
  status.ErasePayload(kUsageUrl);
  return ToJson(rpc::ToRpcStatus(status));
}

}  // namespace redress::ctl
