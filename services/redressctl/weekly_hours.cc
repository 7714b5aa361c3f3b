#include "services/redressctl/weekly_hours.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "services/redressctl/output.h"

namespace redress::ctl {
namespace {

constexpr int kMinutesOfDay = 24 * 60;
constexpr absl::string_view kDays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

absl::Status BadHours(absl::string_view part, absl::string_view why) {
  return MakeError(absl::StatusCode::kInvalidArgument, "BAD_HOURS", absl::StrCat("\"", Printable(part), "\" ", why));
}

absl::StatusOr<int> ParseDay(absl::string_view text) {
  const auto found = std::find(std::begin(kDays), std::end(kDays), absl::AsciiStrToLower(text));
  if (found != std::end(kDays)) return static_cast<int>(found - std::begin(kDays));
  return BadHours(text, "is none of mon, tue, wed, thu, fri, sat, sun");
}

absl::StatusOr<int> ParseMinute(absl::string_view text) {
  int hour, minute;
  if (text.size() == 5 && text[2] == ':' && absl::ascii_isdigit(text[0]) && absl::ascii_isdigit(text[3]) &&
      absl::SimpleAtoi(text.substr(0, 2), &hour) && absl::SimpleAtoi(text.substr(3), &minute) && minute < 60 &&
      hour * 60 + minute <= kMinutesOfDay) {
    return hour * 60 + minute;
  }
  return BadHours(text, "is no time of day from 00:00 to 24:00");
}

// "A-B" or, where one is enough, "A".
absl::StatusOr<std::pair<absl::string_view, absl::string_view>> Split(absl::string_view text, bool one_is_enough) {
  const std::vector<absl::string_view> ends = absl::StrSplit(text, '-');
  if (ends.size() == 2) return std::make_pair(ends[0], ends[1]);
  if (ends.size() == 1 && one_is_enough) return std::make_pair(ends[0], ends[0]);
  return BadHours(text, "is no span such as 08:00-12:00");
}

absl::Status AddGroup(absl::string_view group, std::vector<MinuteSpan>* spans) {
  const std::vector<absl::string_view> parts = absl::StrSplit(group, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  if (parts.size() < 2) return BadHours(group, "must be days and spans, as in mon-fri 08:00-12:00");
  ASSIGN_OR_RETURN(const auto days, Split(parts[0], true));
  ASSIGN_OR_RETURN(const int first, ParseDay(days.first));
  ASSIGN_OR_RETURN(const int last, ParseDay(days.second));
  if (last < first) return BadHours(parts[0], "ends before it begins");
  for (size_t i = 1; i < parts.size(); ++i) {
    ASSIGN_OR_RETURN(const auto times, Split(parts[i], false));
    ASSIGN_OR_RETURN(const int start, ParseMinute(times.first));
    ASSIGN_OR_RETURN(const int end, ParseMinute(times.second));
    if (end <= start) return BadHours(parts[i], "ends before it begins");
    for (int day = first; day <= last; ++day) {
      spans->push_back({day * kMinutesOfDay + start, day * kMinutesOfDay + end});
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<MinuteSpan>> ParseWeeklyHours(absl::string_view text) {
  std::vector<MinuteSpan> spans;
  for (absl::string_view group : absl::StrSplit(text, ',')) RETURN_IF_ERROR(AddGroup(group, &spans));
  std::sort(spans.begin(), spans.end(), [](const MinuteSpan& a, const MinuteSpan& b) { return a.start < b.start; });
  for (size_t i = 1; i < spans.size(); ++i) {
    if (spans[i].start < spans[i - 1].end) {
      return BadHours(kDays[spans[i].start / kMinutesOfDay], "has spans that overlap");
    }
  }
  return spans;
}

}  // namespace redress::ctl
