// The working-time cases of Zendesk's biz library (Apache License 2.0, https://github.com/zendesk/biz), read from the
// shared data. Its shifts replace a date's hours and its breaks close parts of a date: both are exceptions here.
#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "libs/calendar/test_calendars.h"
#include "libs/calendar/working_calendar.h"
#include "tests/testing/data.h"

namespace redress::calendar {
namespace {

using google::protobuf::ListValue;
using google::protobuf::Struct;
using google::protobuf::Value;
using testing::At;
using testing::Minute;
using testing::Show;

struct MinuteRange {
  int start, end;
};
using Ranges = std::vector<MinuteRange>;

const Value& Field(const Struct& object, const std::string& name) { return object.fields().at(name); }
std::string Text(const Struct& object, const std::string& name) { return Field(object, name).string_value(); }

Ranges RangesOf(const ListValue& list) {
  Ranges result;
  for (const Value& span : list.values()) {
    const auto& ends = span.list_value().values();
    result.push_back({Minute(ends[0].string_value()), Minute(ends[1].string_value())});
  }
  return result;
}

Ranges Without(Ranges open, const Ranges& breaks) {
  for (const MinuteRange& gap : breaks) {
    Ranges rest;
    for (const MinuteRange& span : open) {
      if (span.start < std::min(span.end, gap.start)) rest.push_back({span.start, std::min(span.end, gap.start)});
      if (std::max(span.start, gap.end) < span.end) rest.push_back({std::max(span.start, gap.end), span.end});
    }
    open = rest;
  }
  return open;
}

template <typename Holder>
void Fill(const Ranges& ranges, Holder& holder) {
  for (const MinuteRange& range : ranges) {
    auto* span = holder.add_spans();
    span->set_start_minute(range.start);
    span->set_end_minute(range.end);
  }
}

WorkingCalendar CalendarOf(const Struct& schedule, bool with_breaks = true) {
  const char* const kWeekdays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  register_::v1::Calendar draft;
  draft.set_id("vector");
  draft.set_zone(Text(schedule, "time_zone"));
  std::array<Ranges, 7> weekly;
  for (int i = 0; i < 7; ++i) {
    weekly[i] = RangesOf(Field(Field(schedule, "hours").struct_value(), kWeekdays[i]).list_value());
    if (weekly[i].empty()) continue;
    auto* hours = draft.add_weekly();
    hours->add_weekdays(static_cast<register_::v1::Weekday>(i + 1));
    Fill(weekly[i], *hours);
  }
  std::map<std::string, Ranges> dates;
  for (const auto& [date, spans] : Field(schedule, "shifts").struct_value().fields())
    dates[date] = RangesOf(spans.list_value());
  if (with_breaks) {
    for (const auto& [date, spans] : Field(schedule, "breaks").struct_value().fields()) {
      const auto weekday = static_cast<size_t>(absl::GetWeekday(ParseDay(date).value()));
      const Ranges open = dates.contains(date) ? dates[date] : weekly[weekday];
      dates[date] = Without(open, RangesOf(spans.list_value()));
    }
  }
  for (const auto& [date, ranges] : dates) {
    auto* exception = draft.add_exceptions();
    exception->set_date(date);
    exception->set_closed(ranges.empty());
    Fill(ranges, *exception);
  }
  for (const Value& date : Field(schedule, "holidays").list_value().values())
    draft.add_holidays()->set_date(date.string_value());
  return testing::Compiled(draft);
}

Millis UnitOf(const std::string& unit) { return unit == "second" ? kSecond : unit == "minute" ? kMinute : kHour; }

// `biz` moves what its days reach into opening hours, onwards in the direction of travel, and leaves 0 days alone.
Millis Travel(const WorkingCalendar& calendar, const Struct& vector, bool forward) {
  const Millis from = At(Text(vector, "time"));
  const auto amount = static_cast<int64_t>(Field(vector, "amount").number_value());
  if (Text(vector, "unit") != "day") {
    const Millis time = amount * UnitOf(Text(vector, "unit"));
    return forward ? calendar.AddWorkingTime(from, time) : calendar.SubtractWorkingTime(from, time);
  }
  const Millis reached = calendar.AddWorkingDays(from, forward ? amount : -amount, EndRule::kSameTime);
  if (amount == 0) return reached;
  return forward ? calendar.NextOpening(reached) : calendar.PreviousClosing(reached);
}

void ExpectPeriods(const WorkingCalendar& calendar, const Struct& vector) {
  const Millis origin = At(Text(vector, "origin"));
  std::vector<Interval> expected;
  for (const Value& period : Field(vector, "expected").list_value().values()) {
    const auto& ends = period.list_value().values();
    expected.push_back({At(ends[0].string_value()), At(ends[1].string_value())});
  }
  auto openings = calendar.Openings(origin, origin + 60 * kDay);
  openings.resize(static_cast<size_t>(Field(vector, "take").number_value()));
  EXPECT_EQ(openings, expected);
}

void Check(const Struct& vector) {
  const Struct& schedule = Field(vector, "schedule").struct_value();
  const Value& expected = Field(vector, "expected");
  const std::string operation = Text(vector, "operation");
  const WorkingCalendar calendar = CalendarOf(schedule);
  if (operation == "before" || operation == "after") {
    EXPECT_EQ(Show(Travel(calendar, vector, operation == "after")), Show(At(expected.string_value())));
  } else if (operation == "within") {
    const Millis time = calendar.WorkingTimeBetween(At(Text(vector, "start")), At(Text(vector, "end")));
    EXPECT_EQ(time, static_cast<Millis>(expected.number_value()) * kSecond);
  } else if (operation == "in_hours") {
    EXPECT_EQ(calendar.IsOpen(At(Text(vector, "time"))), expected.bool_value());
  } else if (operation == "on_break") {
    const Millis time = At(Text(vector, "time"));
    EXPECT_EQ(CalendarOf(schedule, false).IsOpen(time) && !calendar.IsOpen(time), expected.bool_value());
  } else if (operation == "on_holiday") {
    const Millis time = At(Text(vector, "time"));
    EXPECT_EQ(calendar.HolidayOn(LocalDay(time, calendar.zone())).has_value(), expected.bool_value());
  } else if (operation == "periods_after") {
    ExpectPeriods(calendar, vector);
  } else {
    FAIL() << "unknown operation " << operation;
  }
}

TEST(BusinessTimeVectorsTest, AllPass) {
  const std::string data = redress::testing::DataDir();
  if (data.empty()) GTEST_SKIP() << "no ../shared/data and no $REDRESS_DATA";
  std::ifstream file(data + "/business_time/biz_vectors.json");
  ASSERT_TRUE(file.is_open());
  std::stringstream text;
  text << file.rdbuf();
  Struct root;
  const auto parsed = google::protobuf::util::JsonStringToMessage(text.str(), &root);
  ASSERT_TRUE(parsed.ok()) << parsed.ToString();
  const ListValue& vectors = Field(root, "vectors").list_value();
  EXPECT_EQ(vectors.values_size(), 46);
  for (const Value& vector : vectors.values()) {
    SCOPED_TRACE("vector " + std::to_string(Field(vector.struct_value(), "id").number_value()));
    Check(vector.struct_value());
  }
}

}  // namespace
}  // namespace redress::calendar
