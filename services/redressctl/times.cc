#include "services/redressctl/times.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"

namespace redress::ctl {
namespace {

constexpr Millis kLongest = 10000 * kDay;

absl::Status BadTime(absl::string_view text, absl::string_view why) {
  return MakeError(absl::StatusCode::kInvalidArgument, "BAD_TIME",
                   absl::StrCat("\"", absl::CHexEscape(text), "\" is no instant: ", why));
}

absl::Status BadDuration(absl::string_view text, absl::string_view why) {
  return MakeError(absl::StatusCode::kInvalidArgument, "BAD_DURATION",
                   absl::StrCat("\"", absl::CHexEscape(text), "\" is no duration: ", why));
}

// Takes exactly `digits` digits off the front.
std::optional<int> TakeNumber(absl::string_view* text, size_t digits) {
  if (text->size() < digits) return std::nullopt;
  int value = 0;
  for (size_t at = 0; at < digits; ++at) {
    if (!absl::ascii_isdigit((*text)[at])) return std::nullopt;
    value = value * 10 + ((*text)[at] - '0');
  }
  text->remove_prefix(digits);
  return value;
}

bool Take(absl::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

struct TimeOfDay {
  int hour = 0, minute = 0, second = 0, millis = 0;
};

// hh:mm[:ss[.fraction]]; nothing when it is not of that form.
std::optional<TimeOfDay> TakeTimeOfDay(absl::string_view* text) {
  TimeOfDay time;
  const auto hour = TakeNumber(text, 2);
  if (!hour.has_value() || !Take(text, ':')) return std::nullopt;
  const auto minute = TakeNumber(text, 2);
  if (!minute.has_value()) return std::nullopt;
  time.hour = *hour;
  time.minute = *minute;
  if (!Take(text, ':')) return time;
  const auto second = TakeNumber(text, 2);
  if (!second.has_value()) return std::nullopt;
  time.second = *second;
  if (!Take(text, '.')) return time;
  int scale = 100;
  size_t digits = 0;
  for (; !text->empty() && absl::ascii_isdigit(text->front()); ++digits, scale /= 10) {
    time.millis += (text->front() - '0') * scale;
    text->remove_prefix(1);
  }
  if (digits == 0 || digits > 3) return std::nullopt;
  return time;
}

// Z, +hh:mm, +hhmm or +hh.
std::optional<Millis> TakeOffset(absl::string_view* text) {
  if (Take(text, 'Z')) return 0;
  const int sign = Take(text, '+') ? 1 : Take(text, '-') ? -1 : 0;
  if (sign == 0) return std::nullopt;
  const auto hours = TakeNumber(text, 2);
  if (!hours.has_value() || *hours > 14) return std::nullopt;
  int minutes = 0;
  if (!text->empty()) {
    Take(text, ':');
    const auto given = TakeNumber(text, 2);
    if (!given.has_value() || *given > 59) return std::nullopt;
    minutes = *given;
  }
  return sign * (*hours * kHour + minutes * kMinute);
}

struct Part {
  char letter;
  Millis unit;
};

// PnDTnHnMnS, whole numbers.
absl::StatusOr<Millis> ParseIsoDuration(absl::string_view text) {
  constexpr absl::string_view kForm = "P[nD][T[nH][nM][nS]]";
  absl::string_view rest = text.substr(1);
  std::vector<Part> left = {{'D', kDay}};
  Millis total = 0;
  bool any = false;
  while (!rest.empty()) {
    if (Take(&rest, 'T')) {
      left = {{'H', kHour}, {'M', kMinute}, {'S', kSecond}};
      continue;
    }
    const size_t digits = rest.find_first_not_of("0123456789");
    int64_t number;
    if (digits == absl::string_view::npos || !absl::SimpleAtoi(rest.substr(0, digits), &number) || number > kLongest) {
      return BadDuration(text, kForm);
    }
    while (!left.empty() && left.front().letter != rest[digits]) left.erase(left.begin());
    if (left.empty()) return BadDuration(text, kForm);
    total += number * left.front().unit;
    if (total > kLongest) return BadDuration(text, "more than 10,000 days");
    left.erase(left.begin());
    rest.remove_prefix(digits + 1);
    any = true;
  }
  if (!any) return BadDuration(text, kForm);
  return total;
}

}  // namespace

absl::StatusOr<Millis> ParseInstant(absl::string_view text, calendar::Zone zone) {
  constexpr absl::string_view kForm = "write it as 2026-03-01, 2026-03-01T14:30 or 2026-03-01T14:30:00.250Z";
  absl::string_view rest = text;
  if (rest.size() < 10) return BadTime(text, kForm);
  const absl::string_view date = rest.substr(0, 10);
  rest.remove_prefix(10);
  const auto day = calendar::ParseDay(date);
  if (!day.ok()) {
    return BadTime(text, date[4] == '-' && date[7] == '-' ? absl::StrCat("there is no day ", absl::CHexEscape(date))
                                                          : std::string(kForm));
  }
  if (rest.empty()) return calendar::StartOfDay(*day, zone);
  if (!Take(&rest, 'T') && !Take(&rest, ' ')) return BadTime(text, kForm);
  const auto time = TakeTimeOfDay(&rest);
  if (!time.has_value()) return BadTime(text, kForm);
  if (time->hour > 23 || time->minute > 59 || time->second > 59) return BadTime(text, "there is no such time of day");
  const calendar::CivilTime civil{
      absl::CivilSecond(day->year(), day->month(), day->day(), time->hour, time->minute, time->second), time->millis};
  if (rest.empty()) return calendar::ToInstant(civil, zone);
  const auto offset = TakeOffset(&rest);
  if (!offset.has_value() || !rest.empty()) {
    return BadTime(text, "the offset must be Z or +hh:mm, at most 14 hours");
  }
  const Millis instant = calendar::ToInstant(civil, absl::UTCTimeZone()) - *offset;
  if (instant < calendar::kMinInstant || instant > calendar::kMaxInstant) {
    return BadTime(text, "years go from 1 to 9999");
  }
  return instant;
}

std::string FormatInstant(Millis instant, calendar::Zone zone) {
  const std::string local = absl::FormatTime(instant % kSecond == 0 ? "%E4Y-%m-%dT%H:%M:%S" : "%E4Y-%m-%dT%H:%M:%E3S",
                                             absl::FromUnixMillis(instant), zone);
  if (zone == absl::UTCTimeZone()) return local + "Z";
  return local + absl::FormatTime("%Ez", absl::FromUnixMillis(instant), zone);
}

absl::StatusOr<Millis> ParseDuration(absl::string_view text) {
  if (absl::StartsWith(text, "P")) return ParseIsoDuration(text);
  constexpr absl::string_view kForm = "write it as 45s, 90m, 2d4h30m, 500ms or PT1H30M";
  absl::string_view rest = text;
  Millis total = 0;
  Millis last = kLongest;
  if (rest.empty()) return BadDuration(text, kForm);
  while (!rest.empty()) {
    const size_t digits = rest.find_first_not_of("0123456789");
    int64_t number;
    if (digits == absl::string_view::npos || !absl::SimpleAtoi(rest.substr(0, digits), &number) || number > kLongest) {
      return BadDuration(text, kForm);
    }
    rest.remove_prefix(digits);
    Millis unit;
    if (absl::ConsumePrefix(&rest, "ms")) {
      unit = 1;
    } else if (Take(&rest, 'd')) {
      unit = kDay;
    } else if (Take(&rest, 'h')) {
      unit = kHour;
    } else if (Take(&rest, 'm')) {
      unit = kMinute;
    } else if (Take(&rest, 's')) {
      unit = kSecond;
    } else {
      return BadDuration(text, kForm);
    }
    // From large to small, each once.
    if (unit >= last) return BadDuration(text, kForm);
    last = unit;
    total += number > kLongest / unit ? kLongest + 1 : number * unit;
    if (total > kLongest) return BadDuration(text, "more than 10,000 days");
  }
  return total;
}

std::string FormatDuration(Millis duration) {
  if (duration == 0) return "0s";
  std::string text = duration < 0 ? "-" : "";
  // Of the smallest value there is no positive.
  uint64_t left = duration < 0 ? -static_cast<uint64_t>(duration) : static_cast<uint64_t>(duration);
  const auto add = [&](uint64_t unit, absl::string_view name) {
    if (left >= unit) absl::StrAppend(&text, text.empty() || text == "-" ? "" : " ", left / unit, name);
    left %= unit;
  };
  add(kDay, "d");
  add(kHour, "h");
  add(kMinute, "m");
  add(kSecond, "s");
  add(1, "ms");
  return text;
}

std::string FormatRoughly(Millis duration) {
  // Of the smallest value there is no positive.
  const Millis size = std::llabs(std::max(duration, -std::numeric_limits<Millis>::max()));
  Millis unit = 1;
  if (size >= kDay) {
    unit = kHour;
  } else if (size >= kHour) {
    unit = kMinute;
  } else if (size >= kSecond) {
    unit = kSecond;
  }
  return FormatDuration(duration / unit * unit);
}

}  // namespace redress::ctl
