// Checks of single fields that several requests have. Each adds to the violations, so that all are told at once.
#pragma once

#include "absl/strings/string_view.h"
#include "libs/service/checks.h"
#include "libs/service/requests.h"
#include "redress/intake/v1/complaint.pb.h"
#include "services/intake/limits.h"

namespace redress::intake {

using service::CheckCode;
using service::CheckLanguage;
using service::CheckReason;
using service::CheckVisible;

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
