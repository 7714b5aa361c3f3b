// Errors with the details that clients get: a machine-readable reason on every one, bad fields, a retry delay.
//
// Made here or in <service>_errors.h, carried as payloads of absl::Status, turned into gRPC's trailer in libs/rpc
// alone. Never put personal data in a message or in metadata. What is not UTF-8 in any of their texts stands there as
// \xNN: details that hold such bytes could not be read by anybody.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace redress {

inline constexpr absl::string_view kErrorDomain = "redress";

// The payloads that hold the details.
inline constexpr absl::string_view kErrorInfoUrl = "type.googleapis.com/google.rpc.ErrorInfo";
inline constexpr absl::string_view kBadRequestUrl = "type.googleapis.com/google.rpc.BadRequest";
inline constexpr absl::string_view kRetryInfoUrl = "type.googleapis.com/google.rpc.RetryInfo";

using Metadata = std::vector<std::pair<std::string, std::string>>;

struct FieldViolation {
  std::string field;  // dotted path in the request, e.g. "attachments[3].sha256"
  std::string description;
};

// `reason` is UPPER_SNAKE_CASE and part of the API.
absl::Status MakeError(absl::StatusCode code, absl::string_view reason, absl::string_view message,
                       const Metadata& metadata = {});

// INVALID_ARGUMENT, reason INVALID_FIELDS, listing every field; `violations` must not be empty.
absl::Status InvalidFields(const std::vector<FieldViolation>& violations);

// UNAVAILABLE or RESOURCE_EXHAUSTED that may be tried again after `delay_ms`.
absl::Status RetryLater(absl::StatusCode code, absl::string_view reason, absl::string_view message, int64_t delay_ms,
                        const Metadata& metadata = {});

// The same error with `context` and ": " in front of its message; details and code stay.
absl::Status Annotate(const absl::Status& status, absl::string_view context);

// The same error with `metadata` beside what it has; one made elsewhere stays without.
absl::Status WithMetadata(const absl::Status& status, const Metadata& metadata);

// The reason given to MakeError, or "" for a status made elsewhere.
std::string ReasonOf(const absl::Status& status);

// The metadata given to MakeError, by key; empty for a status made elsewhere.
Metadata MetadataOf(const absl::Status& status);

// The violations given to InvalidFields.
std::vector<FieldViolation> ViolationsOf(const absl::Status& status);

}  // namespace redress
