// Instants as people read them, in errors.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "libs/clock/millis.h"

namespace redress {

// As 2026-03-01T08:00:00.5Z: RFC 3339, UTC, no more decimals than there are.
inline std::string InstantText(Millis at) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", absl::FromUnixMillis(at), absl::UTCTimeZone());
}

}  // namespace redress
