// The unit of time that everything counts in. Apart from the clock, so that pure code can count without asking.
#pragma once

#include <cstdint>

namespace redress {

// Whole milliseconds since 1970-01-01T00:00:00Z, or a duration.
using Millis = int64_t;

inline constexpr Millis kSecond = 1000;
inline constexpr Millis kMinute = 60 * kSecond;
inline constexpr Millis kHour = 60 * kMinute;
inline constexpr Millis kDay = 24 * kHour;

}  // namespace redress
