// Checks of single fields that requests of several services have. Each adds to the violations, so that all are told at
// once.
#pragma once

#include <cstddef>

#include "absl/strings/string_view.h"
#include "libs/ids/codes.h"
#include "libs/service/requests.h"

namespace redress::service {

// Longest code of anything, in bytes: residences, categories, teams, skills; and of a reason.
inline constexpr size_t kMaxCodeBytes = kLongestCode;
inline constexpr size_t kMaxReasonBytes = 64;
// Longest tag that implementations of BCP 47 must bear (RFC 5646, 4.4.1).
inline constexpr size_t kMaxLanguageBytes = 35;

// Visible ASCII without spaces: names that other systems give.
void CheckVisible(absl::string_view field, absl::string_view text, size_t max_bytes, bool required,
                  Violations* violations);
// A code as given (CodeFault).
void CheckCode(absl::string_view field, absl::string_view code, bool required, Violations* violations);
// BCP 47, roughly: one word, so that no name passes for it.
void CheckLanguage(absl::string_view field, absl::string_view language, bool required, Violations* violations);
// Why: up to kMaxReasonBytes of a-z 0-9 _ - . : so that no name slips into the log.
void CheckReason(absl::string_view field, absl::string_view reason, bool required, Violations* violations);

}  // namespace redress::service
