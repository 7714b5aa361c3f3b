#include "libs/service/checks.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace redress::service {

void CheckVisible(absl::string_view field, absl::string_view text, size_t max_bytes, bool required,
                  Violations* violations) {
  if (text.empty()) {
    if (required) violations->Add(field, "is missing");
    return;
  }
  if (text.size() > max_bytes || !IsVisibleAscii(text)) {
    violations->Add(field, absl::StrCat("must be 1 to ", max_bytes, " visible ASCII characters"));
  }
}

void CheckCode(absl::string_view field, absl::string_view code, bool required, Violations* violations) {
  if (code.empty() && required) violations->Add(field, "is missing");
  const std::string fault = CodeFault(code);
  if (!fault.empty()) violations->Add(field, fault);
}

void CheckReason(absl::string_view field, absl::string_view reason, bool required, Violations* violations) {
  if (reason.empty()) {
    if (required) violations->Add(field, "is missing");
    return;
  }
  const bool code = std::all_of(reason.begin(), reason.end(), [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_' || c == '-' || c == '.' || c == ':';
  });
  if (reason.size() > kMaxReasonBytes || !code) {
    violations->Add(
        field, absl::StrCat("must be a code of 1 to ", kMaxReasonBytes, " of a-z 0-9 _ - . : without personal data"));
  }
}

}  // namespace redress::service
