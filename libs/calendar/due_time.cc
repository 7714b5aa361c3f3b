#include "libs/calendar/due_time.h"

#include <algorithm>

namespace redress::calendar {
namespace {

// More hours or days than there are between kMinInstant and kMaxInstant; keeps products inside 64 bits.
constexpr int64_t kMaxQuantity = 100'000'000;

Millis AddCalendarDays(Millis start, int64_t days, Zone zone) {
  if (days == 0) return start;
  const CivilTime civil = ToCivil(start, zone);
  return ToInstant({civil.second + days * (kDay / kSecond), civil.millis}, zone);
}

}  // namespace

Millis DueTime(Millis start, int64_t quantity, Unit unit, EndRule end, const WorkingCalendar& calendar) {
  start = std::clamp(start, kMinInstant, kMaxInstant);
  quantity = std::clamp<int64_t>(quantity, 0, kMaxQuantity);
  Millis due = start;
  switch (unit) {
    case Unit::kHours: due = start + quantity * kHour; break;
    case Unit::kWorkingHours: due = calendar.AddWorkingTime(start, quantity * kHour); break;
    case Unit::kCalendarDays: due = AddCalendarDays(start, quantity, calendar.zone()); break;
    case Unit::kWorkingDays: return calendar.AddWorkingDays(start, quantity, end);
  }
  due = std::min(due, kMaxInstant);
  return end == EndRule::kEndOfDay ? EndOfDay(LocalDay(due, calendar.zone()), calendar.zone()) : due;
}

}  // namespace redress::calendar
