// When an obligation falls due.
#pragma once

#include "libs/calendar/working_calendar.h"
#include "libs/clock/clock.h"

namespace redress::calendar {

// Raised whenever any function of this library would answer otherwise than before for the same calendar and zone rules;
// due times are written together with it.
inline constexpr int kEngineVersion = 1;

// Not convertible into one another: 1 working day is no number of working hours.
enum class Unit {
  kHours,         // round the clock
  kWorkingHours,  // open hours of the calendar
  kCalendarDays,  // day 1 is the day after the start's local day
  kWorkingDays,   // day 1 is the first working day after the start's local day
};

// `quantity` units after `start`; a negative quantity counts as 0. kSameTime: days keep the local time of day of the
// start also over clock changes (where clocks skip it, the first instant after; where they repeat it, the earlier),
// hours end when they have passed. kEndOfDay: the last millisecond of the local day in which that lies. Saturates at
// kMaxInstant.
Millis DueTime(Millis start, int64_t quantity, Unit unit, EndRule end, const WorkingCalendar& calendar);

}  // namespace redress::calendar
