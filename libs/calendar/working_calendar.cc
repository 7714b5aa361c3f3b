#include "libs/calendar/working_calendar.h"

#include <algorithm>
#include <limits>

namespace redress::calendar {
namespace {

constexpr int kMinutesPerDay = 24 * 60;

// Walks end here: a day beyond every instant, whatever the zone.
constexpr absl::CivilDay kFirstDay(0, 12, 30);
constexpr absl::CivilDay kLastDay(10000, 1, 2);

Millis Clamp(Millis instant) { return std::clamp(instant, kMinInstant, kMaxInstant); }

Millis Opposite(Millis amount) {
  return amount == std::numeric_limits<Millis>::min() ? std::numeric_limits<Millis>::max() : -amount;
}

// The instant at which the clocks of `day`, read on past 24:00, show `minute`.
Millis InstantOf(absl::CivilDay day, int minute, Zone zone) {
  return ToInstant({absl::CivilSecond(day) + int64_t{60} * minute}, zone);
}

}  // namespace

absl::Span<const WorkingCalendar::MinuteSpan> WorkingCalendar::SpansOn(absl::CivilDay day) const {
  if (const auto it = exceptions_.find(day); it != exceptions_.end()) return it->second.spans;
  const Spans& weekday = weekly_[static_cast<size_t>(absl::GetWeekday(day))];
  if (weekday.empty() || holidays_.contains(day) || IsPublicHoliday(set_, day)) return {};
  return weekday;
}

// What is open within the tile of `day`: the tail of the day before, then the day's own spans, each time counted once.
// Since tiles do not overlap, days can be walked in either direction without looking further.
WorkingCalendar::DayOpenings WorkingCalendar::OpeningsOn(absl::CivilDay day) const {
  DayOpenings result;
  const auto add = [&result](Millis begin, Millis end) {
    if (!result.empty() && begin <= result.back().end) {
      result.back().end = std::max(result.back().end, end);
    } else if (begin < end) {
      result.push_back({begin, end});
    }
  };
  const auto before = SpansOn(day - 1);
  if (!before.empty() && before.back().end > kMinutesPerDay) {
    add(StartOfDay(day, zone_), InstantOf(day - 1, before.back().end, zone_));
  }
  for (const MinuteSpan& span : SpansOn(day)) {
    add(InstantOf(day, span.start, zone_), InstantOf(day, std::min(span.end, kMinutesPerDay), zone_));
  }
  return result;
}

bool WorkingCalendar::IsOpen(Millis instant) const {
  for (const Interval& open : OpeningsOn(LocalDay(instant, zone_))) {
    if (open.begin <= instant && instant < open.end) return true;
  }
  return false;
}

Millis WorkingCalendar::NextOpening(Millis instant) const { return AddWorkingTime(instant, 0); }

Millis WorkingCalendar::PreviousClosing(Millis instant) const { return SubtractWorkingTime(instant, 0); }

Millis WorkingCalendar::AddWorkingTime(Millis from, Millis amount) const {
  if (amount < 0) return SubtractWorkingTime(from, Opposite(amount));
  from = Clamp(from);
  for (absl::CivilDay day = LocalDay(from, zone_); day < kLastDay; ++day) {
    for (const Interval& open : OpeningsOn(day)) {
      if (open.end <= from) continue;
      const Millis begin = std::max(open.begin, from);
      const Millis length = open.end - begin;
      if (amount <= length) return begin + amount;
      amount -= length;
    }
  }
  return kMaxInstant;
}

Millis WorkingCalendar::SubtractWorkingTime(Millis from, Millis amount) const {
  if (amount < 0) return AddWorkingTime(from, Opposite(amount));
  from = Clamp(from);
  for (absl::CivilDay day = LocalDay(from, zone_); day > kFirstDay; --day) {
    const DayOpenings openings = OpeningsOn(day);
    for (auto open = openings.rbegin(); open != openings.rend(); ++open) {
      if (open->begin >= from) continue;
      const Millis end = std::min(open->end, from);
      const Millis length = end - open->begin;
      if (amount <= length) return end - amount;
      amount -= length;
    }
  }
  return kMinInstant;
}

Millis WorkingCalendar::WorkingTimeBetween(Millis from, Millis to) const {
  from = Clamp(from);
  to = Clamp(to);
  if (to <= from) return 0;
  Millis sum = 0;
  const absl::CivilDay last = LocalDay(to, zone_);
  for (absl::CivilDay day = LocalDay(from, zone_); day <= last; ++day) {
    for (const Interval& open : OpeningsOn(day)) {
      sum += std::max<Millis>(0, std::min(open.end, to) - std::max(open.begin, from));
    }
  }
  return sum;
}

std::vector<Interval> WorkingCalendar::Openings(Millis from, Millis to) const {
  std::vector<Interval> result;
  from = Clamp(from);
  to = Clamp(to);
  if (to <= from) return result;
  const absl::CivilDay last = LocalDay(to, zone_);
  for (absl::CivilDay day = LocalDay(from, zone_); day <= last; ++day) {
    for (const Interval& open : OpeningsOn(day)) {
      const Interval cut{std::max(open.begin, from), std::min(open.end, to)};
      if (cut.begin >= cut.end) continue;
      if (!result.empty() && result.back().end == cut.begin) {
        result.back().end = cut.end;
      } else {
        result.push_back(cut);
      }
    }
  }
  return result;
}

Millis WorkingCalendar::AddWorkingDays(Millis from, int64_t days, EndRule end) const {
  from = Clamp(from);
  absl::CivilDay day = LocalDay(from, zone_);
  const int step = days < 0 ? -1 : 1;
  for (int64_t left = days; left != 0;) {
    day += step;
    if (day >= kLastDay) return kMaxInstant;
    if (day <= kFirstDay) return kMinInstant;
    if (IsWorkingDay(day)) left -= step;
  }
  if (end == EndRule::kEndOfDay) return EndOfDay(day, zone_);
  if (days == 0) return from;
  const CivilTime civil = ToCivil(from, zone_);
  const int64_t time_of_day = civil.second - absl::CivilSecond(absl::CivilDay(civil.second));
  return ToInstant({absl::CivilSecond(day) + time_of_day, civil.millis}, zone_);
}

int64_t WorkingCalendar::WorkingDaysBetween(Millis from, Millis to) const {
  int64_t count = 0;
  const absl::CivilDay last = LocalDay(to, zone_);
  for (absl::CivilDay day = LocalDay(from, zone_); day < last;) {
    if (IsWorkingDay(++day)) ++count;
  }
  return count;
}

std::optional<std::string> WorkingCalendar::HolidayOn(absl::CivilDay day) const {
  if (const auto it = holidays_.find(day); it != holidays_.end()) return it->second;
  if (IsPublicHoliday(set_, day)) return PublicHolidayOn(set_, day);
  return std::nullopt;
}

std::optional<std::string> WorkingCalendar::ExceptionOn(absl::CivilDay day) const {
  const auto it = exceptions_.find(day);
  if (it == exceptions_.end()) return std::nullopt;
  return it->second.reason;
}

}  // namespace redress::calendar
