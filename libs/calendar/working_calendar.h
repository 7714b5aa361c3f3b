// Working time: when somebody is open, and how long after opening hours count as so much work.
//
//          08:00      12:00 13:00      18:00                 08:00
//   ─────────[██████████)─────[██████████)─────────────────────[████ …      openings, half-open, of one zone's clocks
//
// Compiled from the register's Calendar, immutable, copyable; safe to use from several threads. Instants are whole
// milliseconds and exact over clock changes: a span is open between the instants at which local clocks show its ends
// (in a gap the first instant after, of a repeated time the earlier). Every walk costs O(days touched) and ends at
// kMaxInstant or kMinInstant, where answers saturate.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/types/span.h"
#include "libs/calendar/holidays.h"
#include "libs/calendar/zone.h"
#include "libs/clock/clock.h"

namespace redress::register_::v1 {
class Calendar;
}

namespace redress::calendar {

// Half-open; never empty where it is returned.
struct Interval {
  Millis begin = 0;
  Millis end = 0;

  friend bool operator==(const Interval&, const Interval&) = default;
};

// Where in the day that it reaches a due time lies.
enum class EndRule {
  kSameTime,  // at the time of day of the start (of days), or just when it is reached (of hours)
  kEndOfDay,  // the last millisecond of that local day
};

class WorkingCalendar {
 public:
  // INVALID_ARGUMENT: reason INVALID_FIELDS, naming every bad field; or reason CALENDAR_NEVER_OPENS if no weekday has
  // hours, since after its last exception such a calendar would stay closed for ever.
  static absl::StatusOr<WorkingCalendar> Compile(const register_::v1::Calendar& calendar);

  const std::string& id() const { return id_; }
  Zone zone() const { return zone_; }

  // Whether `instant` lies in an opening: its first millisecond does, its closing time does not.
  bool IsOpen(Millis instant) const;
  // `instant` itself if open, else the next opening.
  Millis NextOpening(Millis instant) const;
  // `instant` itself if it was open just before (a closing time is its own answer), else the last closing before it.
  Millis PreviousClosing(Millis instant) const;

  // The earliest instant by which `amount` of open time has passed since `from`: what ends exactly with a day's hours
  // ends at closing, not at the next opening. An amount of 0 gives NextOpening(from), a negative one
  // SubtractWorkingTime.
  Millis AddWorkingTime(Millis from, Millis amount) const;
  // The latest instant since which `amount` of open time has passed until `from`; 0 gives PreviousClosing(from).
  Millis SubtractWorkingTime(Millis from, Millis amount) const;
  // The open time in [from, to); 0 if to <= from.
  Millis WorkingTimeBetween(Millis from, Millis to) const;
  // The openings within [from, to), cut to it, in order; those that touch are joined.
  std::vector<Interval> Openings(Millis from, Millis to) const;

  // Day 1 is the first working day after the local day of `from`, whatever the hour and whether or not `from` lies in
  // one. kSameTime keeps the local time of day, open then or not. A negative count goes back; 0 stays on the day of
  // `from`.
  Millis AddWorkingDays(Millis from, int64_t days, EndRule end) const;
  // The working days after the local day of `from`, up to and with that of `to`; 0 if `to` is not on a later day.
  int64_t WorkingDaysBetween(Millis from, Millis to) const;
  // Hours begin on it; what runs over midnight from the day before does not make it one.
  bool IsWorkingDay(absl::CivilDay day) const { return !SpansOn(day).empty(); }

  // The name of the holiday on `day`, even where an exception opens it.
  std::optional<std::string> HolidayOn(absl::CivilDay day) const;
  // The reason of the exception on `day`, which may be "".
  std::optional<std::string> ExceptionOn(absl::CivilDay day) const;

 private:
  friend class CalendarCompiler;

  struct MinuteSpan {
    int start;
    int end;
  };
  using Spans = std::vector<MinuteSpan>;
  using DayOpenings = absl::InlinedVector<Interval, 4>;
  struct Exception {
    Spans spans;
    std::string reason;
  };

  WorkingCalendar() = default;

  absl::Span<const MinuteSpan> SpansOn(absl::CivilDay day) const;
  DayOpenings OpeningsOn(absl::CivilDay day) const;

  std::string id_;
  Zone zone_;
  std::array<Spans, 7> weekly_;  // by absl::Weekday
  absl::flat_hash_map<absl::CivilDay, Exception> exceptions_;
  absl::flat_hash_map<absl::CivilDay, std::string> holidays_;
  HolidaySet set_ = HolidaySet::kNone;
};

}  // namespace redress::calendar
