// Versions of one piece of reference data, and which of them is in force when.
//
//   v1 active from 0        ├──────────────┤
//   v2 active from 100                     ├──────────────────▶
//   v3 active from 50            ├─────────┤                       (entered last, superseded at 100 all the same)
//
// In force at an instant: of those active by then the one active latest; of equal ones the later version.
#pragma once

#include <cstddef>

#include "libs/clock/clock.h"

namespace redress::reference {

// What is active from here on has always been: the first instant that calendars know (year 1).
inline constexpr Millis kAlways = -62135596800000;

inline constexpr size_t kNone = static_cast<size_t>(-1);

// The index in `versions` (in order of version) of what is in force at `at`; kNone when nothing is.
// `active_from(version)` gives the instant.
template <typename Versions, typename ActiveFrom>
size_t IndexInForce(const Versions& versions, Millis at, ActiveFrom active_from) {
  size_t best = kNone;
  for (size_t i = 0; i < static_cast<size_t>(versions.size()); ++i) {
    const Millis from = active_from(versions[i]);
    if (from <= at && (best == kNone || from >= active_from(versions[best]))) best = i;
  }
  return best;
}

}  // namespace redress::reference
