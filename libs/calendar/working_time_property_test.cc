// Laws of working time, on random calendars around clock changes; failing cases print their seed.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "libs/calendar/test_calendars.h"
#include "libs/calendar/working_calendar.h"

namespace redress::calendar {
namespace {

using register_::v1::Calendar;
using testing::At;
using testing::Compiled;

const char* const kZones[] = {"Europe/Paris",        "Africa/Casablanca", "America/St_Johns",
                              "Australia/Lord_Howe", "Africa/Cairo",      "Etc/UTC"};

template <typename Holder>
void DrawSpans(int at_most, Holder& holder) {
  int from = 0;
  for (int left = *rc::gen::inRange(1, at_most + 1); left > 0 && from < 1440; --left) {
    const int start = *rc::gen::inRange(from, 1440);
    const int end = *rc::gen::inRange(start + 1, std::min(start + 1440, start + 900) + 1);
    auto* span = holder.add_spans();
    span->set_start_minute(start);
    span->set_end_minute(end);
    from = end;
  }
}

// Mid-February to the end of 2026 holds both clock changes of Paris and of Casablanca; 2010 those of Newfoundland at
// 00:01.
Millis DrawInstant() {
  const Millis start =
      *rc::gen::element(At("2026-02-13T00:00:00Z"), At("2026-03-27T00:00:00Z"), At("2026-10-23T00:00:00Z"),
                        At("2010-11-05T00:00:00Z"), At("2026-06-01T00:00:00Z"));
  const Millis step = *rc::gen::element<Millis>(1, kMinute, 30 * kMinute);
  return start + *rc::gen::inRange<Millis>(0, 6 * kDay / step) * step;
}

Calendar DrawCalendar() {
  Calendar draft;
  draft.set_id("drawn");
  draft.set_zone(*rc::gen::elementOf(std::vector<std::string>(std::begin(kZones), std::end(kZones))));
  const int open_for_sure = *rc::gen::inRange(1, 8);
  for (int weekday = 1; weekday <= 7; ++weekday) {
    if (weekday != open_for_sure && *rc::gen::inRange(0, 3) == 0) continue;
    auto* hours = draft.add_weekly();
    hours->add_weekdays(static_cast<register_::v1::Weekday>(weekday));
    DrawSpans(3, *hours);
  }
  const absl::CivilDay near(ToCivil(DrawInstant(), absl::UTCTimeZone()).second);
  for (int i = *rc::gen::inRange(0, 3); i > 0; --i) {
    auto* exception = draft.add_exceptions();
    exception->set_date(FormatDay(near + 2 * i));
    exception->set_closed(*rc::gen::arbitrary<bool>());
    if (!exception->closed()) DrawSpans(2, *exception);
  }
  if (*rc::gen::arbitrary<bool>()) draft.add_holiday_sets("FR-ALSACE-MOSELLE");
  return draft;
}

Millis DrawAmount() { return *rc::gen::inRange<Millis>(0, 40) * kHour + *rc::gen::inRange<Millis>(0, kHour); }

RC_GTEST_PROP(WorkingTimeProperty, AddThenMeasureIsIdentity, ()) {
  const WorkingCalendar calendar = Compiled(DrawCalendar());
  const Millis from = DrawInstant(), amount = DrawAmount();
  const Millis later = calendar.AddWorkingTime(from, amount);
  RC_ASSERT(later >= from);
  RC_ASSERT(calendar.WorkingTimeBetween(from, later) == amount);
  const Millis earlier = calendar.SubtractWorkingTime(from, amount);
  RC_ASSERT(earlier <= from);
  RC_ASSERT(calendar.WorkingTimeBetween(earlier, from) == amount);
}

RC_GTEST_PROP(WorkingTimeProperty, NoInstantCloserHasTheAmount, ()) {
  const WorkingCalendar calendar = Compiled(DrawCalendar());
  const Millis from = DrawInstant(), amount = 1 + DrawAmount();
  RC_ASSERT(calendar.WorkingTimeBetween(from, calendar.AddWorkingTime(from, amount) - 1) == amount - 1);
  RC_ASSERT(calendar.WorkingTimeBetween(calendar.SubtractWorkingTime(from, amount) + 1, from) == amount - 1);
}

RC_GTEST_PROP(WorkingTimeProperty, Monotone, ()) {
  const WorkingCalendar calendar = Compiled(DrawCalendar());
  const Millis from = DrawInstant(), amount = DrawAmount();
  const Millis delay = *rc::gen::inRange<Millis>(0, 3 * kDay), more = *rc::gen::inRange<Millis>(0, kDay);
  RC_ASSERT(calendar.AddWorkingTime(from, amount) <= calendar.AddWorkingTime(from + delay, amount));
  RC_ASSERT(calendar.AddWorkingTime(from, 1 + amount) <= calendar.AddWorkingTime(from, 1 + amount + more));
  RC_ASSERT(calendar.SubtractWorkingTime(from, amount) <= calendar.SubtractWorkingTime(from + delay, amount));
  RC_ASSERT(calendar.WorkingTimeBetween(from, from + delay) <= calendar.WorkingTimeBetween(from, from + delay + more));
  RC_ASSERT(calendar.WorkingTimeBetween(from, from + delay) <= delay);
}

RC_GTEST_PROP(WorkingTimeProperty, SplittingAnIntervalChangesNothing, ()) {
  const WorkingCalendar calendar = Compiled(DrawCalendar());
  const Millis a = DrawInstant();
  const Millis b = a + *rc::gen::inRange<Millis>(0, 5 * kDay), c = b + *rc::gen::inRange<Millis>(0, 5 * kDay);
  RC_ASSERT(calendar.WorkingTimeBetween(a, b) + calendar.WorkingTimeBetween(b, c) == calendar.WorkingTimeBetween(a, c));
}

RC_GTEST_PROP(WorkingTimeProperty, AddingInTwoPartsIsAddingOnce, ()) {
  const WorkingCalendar calendar = Compiled(DrawCalendar());
  const Millis from = DrawInstant(), first = DrawAmount(), second = 1 + DrawAmount();
  RC_ASSERT(calendar.AddWorkingTime(calendar.AddWorkingTime(from, first), second) ==
            calendar.AddWorkingTime(from, first + second));
}

RC_GTEST_PROP(WorkingTimeProperty, OpenExactlyInsideOpenings, ()) {
  const WorkingCalendar calendar = Compiled(DrawCalendar());
  const Millis from = DrawInstant(), to = from + *rc::gen::inRange<Millis>(1, 8 * kDay);
  Millis sum = 0, last = from - 1;
  for (const Interval& open : calendar.Openings(from, to)) {
    RC_ASSERT(last < open.begin && open.begin < open.end && open.end <= to);
    RC_ASSERT(calendar.IsOpen(open.begin) && calendar.IsOpen(open.end - 1));
    if (open.end < to) RC_ASSERT(!calendar.IsOpen(open.end));
    if (open.begin > from) RC_ASSERT(!calendar.IsOpen(open.begin - 1));
    RC_ASSERT(calendar.NextOpening(last + 1) == open.begin);
    sum += open.end - open.begin;
    last = open.end;
  }
  RC_ASSERT(sum == calendar.WorkingTimeBetween(from, to));
}

// What is measured is the union of the spans as the calendar states them, found here without days, tiles or cutting.
RC_GTEST_PROP(WorkingTimeProperty, MeasuresTheUnionOfTheSpans, ()) {
  const Calendar draft = DrawCalendar();
  const WorkingCalendar calendar = Compiled(draft);
  const Millis from = DrawInstant(), to = from + *rc::gen::inRange<Millis>(1, 8 * kDay);
  std::vector<std::pair<Millis, int>> edges;
  const auto add = [&](absl::CivilDay day, const register_::v1::OpeningSpan& span) {
    const absl::CivilSecond midnight(day);
    edges.emplace_back(std::clamp(ToInstant({midnight + span.start_minute() * 60}, calendar.zone()), from, to), 1);
    edges.emplace_back(std::clamp(ToInstant({midnight + span.end_minute() * 60}, calendar.zone()), from, to), -1);
  };
  const absl::CivilDay around(ToCivil(from, absl::UTCTimeZone()).second);
  for (absl::CivilDay day = around - 4; day < around + 14; ++day) {
    const auto exception = std::find_if(draft.exceptions().begin(), draft.exceptions().end(),
                                        [&](const auto& candidate) { return candidate.date() == FormatDay(day); });
    if (exception != draft.exceptions().end()) {
      for (const auto& span : exception->spans()) add(day, span);
    } else if (!calendar.HolidayOn(day)) {
      for (const auto& hours : draft.weekly()) {
        if (hours.weekdays(0) != static_cast<int>(absl::GetWeekday(day)) + 1) continue;
        for (const auto& span : hours.spans()) add(day, span);
      }
    }
  }
  std::sort(edges.begin(), edges.end());
  Millis sum = 0, since = from;
  int depth = 0;
  for (const auto& [at, change] : edges) {
    if (depth > 0) sum += at - since;
    since = at;
    depth += change;
  }
  RC_ASSERT(calendar.WorkingTimeBetween(from, to) == sum);
}

RC_GTEST_PROP(WorkingTimeProperty, WorkingDaysAddThenCount, ()) {
  const WorkingCalendar calendar = Compiled(DrawCalendar());
  const Millis from = DrawInstant();
  const int days = *rc::gen::inRange(0, 30);
  const Millis end = calendar.AddWorkingDays(from, days, EndRule::kEndOfDay);
  RC_ASSERT(calendar.WorkingDaysBetween(from, end) == days);
  if (days > 0)
    RC_ASSERT(calendar.WorkingDaysBetween(from, StartOfDay(LocalDay(end, calendar.zone()), calendar.zone()) - 1) ==
              days - 1);
}

RC_GTEST_PROP(CivilTimeProperty, InstantsSurviveTheirCivilTimeUnlessRepeated, ()) {
  const Zone zone =
      testing::ZoneNamed(*rc::gen::elementOf(std::vector<std::string>(std::begin(kZones), std::end(kZones))));
  const Millis instant = DrawInstant();
  const CivilTime civil = ToCivil(instant, zone);
  RC_ASSERT(KindOf(civil.second, zone) != CivilKind::kSkipped);
  if (KindOf(civil.second, zone) == CivilKind::kUnique) RC_ASSERT(ToInstant(civil, zone) == instant);
  RC_ASSERT(ToInstant(civil, zone) <= instant);
  const absl::CivilDay day = LocalDay(instant, zone);
  RC_ASSERT(StartOfDay(day, zone) <= instant && instant <= EndOfDay(day, zone));
}

}  // namespace
}  // namespace redress::calendar
