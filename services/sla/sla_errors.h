// Failures of the sla service, one constructor each.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"
#include "services/sla/limits.h"

namespace redress::sla {

inline absl::Status ClockNotFound(absl::string_view name) {
  return MakeError(absl::StatusCode::kNotFound, "CLOCK_NOT_FOUND", absl::StrCat("there is no ", name),
                   {{"name", std::string(name)}});
}

inline absl::Status TooManyGroups() {
  return MakeError(absl::StatusCode::kFailedPrecondition, "TOO_MANY_GROUPS",
                   absl::StrCat("more than ", kMaxGroups, " groups; filter, or split by less"));
}

}  // namespace redress::sla
