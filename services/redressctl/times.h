// Instants and durations as people type and read them.
//
//   instant    2026-03-01T14:30:00.250+01:00 | 2026-03-01T14:30Z | 2026-03-01T14:30 | 2026-03-01
//              (ISO 8601; without an offset it is local time of the zone asked for, a date alone its midnight)
//   duration   2d4h30m | 45s | 500ms | PT1H30M
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/calendar/zone.h"
#include "libs/clock/millis.h"

namespace redress::ctl {

// INVALID_ARGUMENT, reason BAD_TIME, saying what is wrong with it: form, a date that does not exist, an offset out of
// range, a year outside 1 to 9999. Local times in the gap of a clock change are the first instant after it, repeated
// ones the earlier. Digits past the millisecond are refused.
absl::StatusOr<Millis> ParseInstant(absl::string_view text, calendar::Zone zone);

// "2026-03-01T13:30:00Z", milliseconds where there are any; with the offset in zones other than UTC.
std::string FormatInstant(Millis instant, calendar::Zone zone);

// Not negative, at most 10,000 days. INVALID_ARGUMENT, reason BAD_DURATION.
absl::StatusOr<Millis> ParseDuration(absl::string_view text);

// "2d 4h 30m 5s", "0s", "-3h 5s", "250ms": exact, zero parts left out.
std::string FormatDuration(Millis duration);

// The two largest parts, rounded down: "12d 4h", "3h 20m", "45s".
std::string FormatRoughly(Millis duration);

}  // namespace redress::ctl
