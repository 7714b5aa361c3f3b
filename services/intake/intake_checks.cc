#include "services/intake/intake_checks.h"

#include "absl/strings/str_cat.h"

namespace redress::intake {

using service::Violations;

void CheckCareLevel(absl::string_view field, uint32_t level, Violations* violations) {
  if (level > 2) violations->Add(field, "must be 0, 1 or 2");
}

void CheckAttachment(absl::string_view field, const v1::Attachment& attachment, Violations* violations) {
  CheckVisible(absl::StrCat(field, ".uri"), attachment.uri(), kMaxUri, true, violations);
  if (attachment.sha256().size() != 32) violations->Add(absl::StrCat(field, ".sha256"), "must have 32 bytes");
  if (attachment.size_bytes() < 0 || attachment.size_bytes() > kMaxAttachmentBytes) {
    violations->Add(absl::StrCat(field, ".size_bytes"), "must lie between 0 and 1 TiB");
  }
  CheckVisible(absl::StrCat(field, ".media_type"), attachment.media_type(), kMaxCode, false, violations);
}

void CheckReference(absl::string_view field, const v1::ExternalReference& reference, Violations* violations) {
  CheckVisible(absl::StrCat(field, ".system"), reference.system(), kMaxCode, true, violations);
  CheckCode(absl::StrCat(field, ".reference"), reference.reference(), true, violations);
}

}  // namespace redress::intake
