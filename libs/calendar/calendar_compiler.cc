// From the register's Calendar to what libs/calendar computes with; every fault is collected before any is reported.
#include <algorithm>
#include <bitset>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "libs/calendar/working_calendar.h"
#include "libs/status/errors.h"
#include "redress/register/v1/calendar.pb.h"

namespace redress::calendar {
namespace {

constexpr int kMinutesPerDay = 24 * 60;

bool IsCalendarId(absl::string_view id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
  });
}

std::string Element(absl::string_view field, int index) { return absl::StrCat(field, "[", index, "]"); }

}  // namespace

class CalendarCompiler {
 public:
  absl::StatusOr<WorkingCalendar> Compile(const register_::v1::Calendar& calendar) {
    ReadIdentity(calendar);
    for (int i = 0; i < calendar.weekly_size(); ++i) ReadWeekly(Element("weekly", i), calendar.weekly(i));
    for (int i = 0; i < calendar.exceptions_size(); ++i)
      ReadException(Element("exceptions", i), calendar.exceptions(i));
    ReadHolidaySets(calendar);
    for (int i = 0; i < calendar.holidays_size(); ++i) ReadHoliday(Element("holidays", i), calendar.holidays(i));
    if (!faults_.empty()) return InvalidFields(faults_);
    if (weekdays_.none()) {
      return MakeError(absl::StatusCode::kInvalidArgument, "CALENDAR_NEVER_OPENS",
                       "no weekday has opening hours: nothing could ever fall due by this calendar");
    }
    return std::move(result_);
  }

 private:
  void Fault(std::string field, std::string description) {
    faults_.push_back({std::move(field), std::move(description)});
  }

  void ReadIdentity(const register_::v1::Calendar& calendar) {
    if (!IsCalendarId(calendar.id())) Fault("id", "must be 1 to 64 of a-z, 0-9 and '-'");
    result_.id_ = calendar.id();
    if (auto zone = ZoneFor(calendar.zone()); zone.ok()) {
      result_.zone_ = *zone;
    } else {
      Fault("zone", std::string(zone.status().message()));
    }
  }

  void ReadWeekly(const std::string& field, const register_::v1::WeeklyHours& hours) {
    const WorkingCalendar::Spans spans = ReadSpans(field, hours.spans());
    if (hours.weekdays().empty()) Fault(field + ".weekdays", "must name at least one weekday");
    for (int i = 0; i < hours.weekdays_size(); ++i) {
      const int weekday = hours.weekdays(i);
      const std::string at = Element(field + ".weekdays", i);
      if (weekday < register_::v1::WEEKDAY_MONDAY || weekday > register_::v1::WEEKDAY_SUNDAY) {
        Fault(at, "must be a day of the week");
      } else if (weekdays_.test(weekday)) {
        Fault(at, "names a weekday that has its hours already");
      } else {
        weekdays_.set(weekday);
        result_.weekly_[weekday - register_::v1::WEEKDAY_MONDAY] = spans;
      }
    }
  }

  void ReadException(const std::string& field, const register_::v1::CalendarException& exception) {
    if (exception.closed() && !exception.spans().empty()) Fault(field + ".closed", "cannot be, with spans");
    WorkingCalendar::Exception read{{}, exception.reason()};
    if (!exception.closed()) read.spans = ReadSpans(field, exception.spans());
    const auto day = ReadDay(field, exception.date());
    if (day && !result_.exceptions_.emplace(*day, std::move(read)).second) {
      Fault(field + ".date", "has an exception already");
    }
  }

  void ReadHoliday(const std::string& field, const register_::v1::Holiday& holiday) {
    const auto day = ReadDay(field, holiday.date());
    if (day && !result_.holidays_.emplace(*day, holiday.name()).second) Fault(field + ".date", "is a holiday already");
  }

  void ReadHolidaySets(const register_::v1::Calendar& calendar) {
    absl::flat_hash_set<std::string> seen;
    for (int i = 0; i < calendar.holiday_sets_size(); ++i) {
      const std::string& name = calendar.holiday_sets(i);
      const std::string at = Element("holiday_sets", i);
      if (name == "FR") {
        result_.set_ = std::max(result_.set_, HolidaySet::kFrance);
      } else if (name == "FR-ALSACE-MOSELLE") {
        result_.set_ = HolidaySet::kAlsaceMoselle;
      } else if (name != "NONE") {
        Fault(at, absl::StrCat("unknown holiday set '", name, "'; known: FR, FR-ALSACE-MOSELLE, NONE"));
      } else if (calendar.holiday_sets_size() > 1) {
        Fault(at, "NONE stands alone");
      }
      if (!seen.insert(name).second) Fault(at, "is named twice");
    }
  }

  template <typename SpanList>
  WorkingCalendar::Spans ReadSpans(const std::string& field, const SpanList& spans) {
    WorkingCalendar::Spans result;
    if (spans.empty()) Fault(field + ".spans", "must hold at least one span");
    for (int i = 0; i < spans.size(); ++i) {
      const int start = spans[i].start_minute(), end = spans[i].end_minute();
      const std::string at = Element(field + ".spans", i);
      if (start < 0 || start >= kMinutesPerDay) {
        Fault(at + ".start_minute", "must be 0 to 1439");
      } else if (end <= start || end > start + kMinutesPerDay) {
        Fault(at + ".end_minute", "must be 1 to 1440 more than start_minute");
      } else if (!result.empty() && start < result.back().end) {
        Fault(at + ".start_minute", "is before the end of the span before it");
      } else {
        result.push_back({start, end});
      }
    }
    return result;
  }

  std::optional<absl::CivilDay> ReadDay(const std::string& field, const std::string& date) {
    const auto day = ParseDay(date);
    if (day.ok()) return *day;
    Fault(field + ".date", std::string(day.status().message()));
    return std::nullopt;
  }

  WorkingCalendar result_;
  std::bitset<8> weekdays_;  // those with hours, by number
  std::vector<FieldViolation> faults_;
};

absl::StatusOr<WorkingCalendar> WorkingCalendar::Compile(const register_::v1::Calendar& calendar) {
  return CalendarCompiler().Compile(calendar);
}

}  // namespace redress::calendar
