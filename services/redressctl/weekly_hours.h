// Weekly hours as people write them: "mon-fri 08:00-12:00 13:00-17:00, sat 09:00-12:00".
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace redress::ctl {

// [start, end) in minutes of local time from Monday 00:00, at most 10080.
struct MinuteSpan {
  int start = 0;
  int end = 0;

  bool operator==(const MinuteSpan&) const = default;
};

// In order. Groups are separated by commas: days (mon tue wed thu fri sat sun, or a range of them), then spans of time,
// 24:00 being a day's end. INVALID_ARGUMENT, reason BAD_HOURS, naming the part that is wrong, also for hours that
// overlap.
absl::StatusOr<std::vector<MinuteSpan>> ParseWeeklyHours(absl::string_view text);

}  // namespace redress::ctl
