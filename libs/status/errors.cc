#include "libs/status/errors.h"

#include <algorithm>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/status.pb.h"
#include "libs/status/utf8.h"

namespace redress {
namespace {

template <typename Message>
bool ReadPayload(const absl::Status& status, absl::string_view url, Message* message) {
  const auto payload = status.GetPayload(url);
  return payload.has_value() && message->ParseFromString(std::string(*payload));
}

}  // namespace

absl::Status MakeError(absl::StatusCode code, absl::string_view reason, absl::string_view message,
                       const Metadata& metadata) {
  absl::Status status(code, EscapeInvalidUtf8(message));
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(reason));
  info.set_domain(std::string(kErrorDomain));
  for (const auto& [key, value] : metadata) (*info.mutable_metadata())[key] = EscapeInvalidUtf8(value);
  status.SetPayload(kErrorInfoUrl, absl::Cord(info.SerializeAsString()));
  return status;
}

absl::Status InvalidFields(const std::vector<FieldViolation>& violations) {
  std::string message;
  google::rpc::BadRequest details;
  for (const FieldViolation& violation : violations) {
    absl::StrAppend(&message, message.empty() ? "" : "; ", violation.field, ": ", violation.description);
    auto* field = details.add_field_violations();
    field->set_field(EscapeInvalidUtf8(violation.field));
    field->set_description(EscapeInvalidUtf8(violation.description));
  }
  absl::Status status = MakeError(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS", message);
  status.SetPayload(kBadRequestUrl, absl::Cord(details.SerializeAsString()));
  return status;
}

absl::Status RetryLater(absl::StatusCode code, absl::string_view reason, absl::string_view message, int64_t delay_ms,
                        const Metadata& metadata) {
  absl::Status status = MakeError(code, reason, message, metadata);
  google::rpc::RetryInfo details;
  details.mutable_retry_delay()->set_seconds(delay_ms / 1000);
  details.mutable_retry_delay()->set_nanos(static_cast<int32_t>(delay_ms % 1000) * 1000000);
  status.SetPayload(kRetryInfoUrl, absl::Cord(details.SerializeAsString()));
  return status;
}

absl::Status Annotate(const absl::Status& status, absl::string_view context) {
  absl::Status annotated(status.code(), absl::StrCat(EscapeInvalidUtf8(context), ": ", status.message()));
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) { annotated.SetPayload(url, payload); });
  return annotated;
}

absl::Status WithMetadata(const absl::Status& status, const Metadata& metadata) {
  google::rpc::ErrorInfo info;
  if (!ReadPayload(status, kErrorInfoUrl, &info)) return status;
  absl::Status with = status;
  for (const auto& [key, value] : metadata) (*info.mutable_metadata())[key] = EscapeInvalidUtf8(value);
  with.SetPayload(kErrorInfoUrl, absl::Cord(info.SerializeAsString()));
  return with;
}

std::string ReasonOf(const absl::Status& status) {
  google::rpc::ErrorInfo info;
  return ReadPayload(status, kErrorInfoUrl, &info) ? info.reason() : "";
}

Metadata MetadataOf(const absl::Status& status) {
  google::rpc::ErrorInfo info;
  if (!ReadPayload(status, kErrorInfoUrl, &info)) return {};
  Metadata metadata(info.metadata().begin(), info.metadata().end());
  std::sort(metadata.begin(), metadata.end());
  return metadata;
}

std::vector<FieldViolation> ViolationsOf(const absl::Status& status) {
  google::rpc::BadRequest details;
  std::vector<FieldViolation> violations;
  if (!ReadPayload(status, kBadRequestUrl, &details)) return violations;
  for (const auto& field : details.field_violations()) violations.push_back({field.field(), field.description()});
  return violations;
}

}  // namespace redress
