#include "services/intake/intake_checks.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace redress::intake {

using service::Violations;

void CheckVisible(absl::string_view field, absl::string_view text, size_t max_bytes, bool required,
                  Violations* violations) {
  if (text.empty()) {
    if (required) violations->Add(field, "is missing");
    return;
  }
  const bool visible = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (text.size() > max_bytes || !visible) {
    violations->Add(field, absl::StrCat("must be 1 to ", max_bytes, " visible ASCII characters"));
  }
}

void CheckCode(absl::string_view field, absl::string_view code, bool required, Violations* violations) {
  service::CheckText(field, code, kMaxReference, required, violations);
  if (std::any_of(code.begin(), code.end(), [](char c) { return absl::ascii_iscntrl(c); })) {
    violations->Add(field, "has a control character");
  }
}

void CheckReason(absl::string_view field, absl::string_view reason, bool required, Violations* violations) {
  if (reason.empty()) {
    if (required) violations->Add(field, "is missing");
    return;
  }
  const bool code = std::all_of(reason.begin(), reason.end(), [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_' || c == '-' || c == '.' || c == ':';
  });
  if (reason.size() > kMaxCode || !code) {
    violations->Add(field, "must be a code of 1 to 64 of a-z 0-9 _ - . : without personal data");
  }
}

void CheckLanguage(absl::string_view field, absl::string_view language, Violations* violations) {
  const bool tag =
      std::all_of(language.begin(), language.end(), [](char c) { return absl::ascii_isalnum(c) || c == '-'; });
  if (language.size() > 35 || !tag) violations->Add(field, "must be a BCP 47 language tag");
}

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
  CheckVisible(absl::StrCat(field, ".reference"), reference.reference(), kMaxReference, true, violations);
}

}  // namespace redress::intake
