// Checks of single fields that several requests have. Each adds to the violations, so that all are told at once.
#pragma once

#include "absl/strings/string_view.h"
#include "libs/service/requests.h"
#include "redress/intake/v1/complaint.pb.h"
#include "services/intake/limits.h"

namespace redress::intake {

// Visible ASCII without spaces: names that other systems give.
void CheckVisible(absl::string_view field, absl::string_view text, size_t max_bytes, bool required,
                  service::Violations* violations);
// A code as given: one line of UTF-8, at most kMaxReference bytes.
void CheckCode(absl::string_view field, absl::string_view code, bool required, service::Violations* violations);
// Why: up to kMaxCode of a-z 0-9 _ - . : so that no name slips into the log.
void CheckReason(absl::string_view field, absl::string_view reason, bool required, service::Violations* violations);
// BCP 47, roughly; may be empty.
void CheckLanguage(absl::string_view field, absl::string_view language, service::Violations* violations);
void CheckCareLevel(absl::string_view field, uint32_t level, service::Violations* violations);
void CheckAttachment(absl::string_view field, const v1::Attachment& attachment, service::Violations* violations);
void CheckReference(absl::string_view field, const v1::ExternalReference& reference, service::Violations* violations);

// An enum value that its proto knows; 0 only where it is not required.
template <typename IsValid>
void CheckEnum(absl::string_view field, int value, bool required, IsValid is_valid, service::Violations* violations) {
  if (!is_valid(value)) {
    violations->Add(field, "is none of its values");
  } else if (required && value == 0) {
    violations->Add(field, "is missing");
  }
}

}  // namespace redress::intake
