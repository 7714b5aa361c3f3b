#include "libs/calendar/zone.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "libs/status/errors.h"

namespace redress::calendar {
namespace {

// abseil keeps every name it was ever asked for, and takes file paths, "libc:…" and "Fixed/…" for names.
bool LooksLikeIanaName(absl::string_view name) {
  if (name.empty() || name.size() > 64 || !absl::ascii_isalpha(name.front())) return false;
  if (absl::StartsWith(name, "Fixed/") || name == "localtime") return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '/' || c == '_' || c == '-' || c == '+'; });
}

Millis Clamp(Millis instant) { return std::clamp(instant, kMinInstant, kMaxInstant); }

Millis Unclamped(const CivilTime& civil, Zone zone) {
  const Zone::TimeInfo info = zone.At(civil.second);
  if (info.kind == Zone::TimeInfo::SKIPPED) return absl::ToUnixMillis(info.trans);
  return absl::ToUnixMillis(info.pre) + civil.millis;
}

absl::Status BadDate(absl::string_view text) {
  return MakeError(absl::StatusCode::kInvalidArgument, "BAD_DATE", absl::StrCat("no date YYYY-MM-DD: '", text, "'"));
}

}  // namespace

absl::StatusOr<Zone> ZoneFor(absl::string_view name) {
  Zone zone;
  if (!LooksLikeIanaName(name) || !absl::LoadTimeZone(name, &zone)) {
    return MakeError(absl::StatusCode::kInvalidArgument, "UNKNOWN_ZONE",
                     absl::StrCat("no such time zone: '", name, "'"));
  }
  return zone;
}

CivilTime ToCivil(Millis instant, Zone zone) {
  const Zone::CivilInfo info = zone.At(absl::FromUnixMillis(Clamp(instant)));
  return {info.cs, static_cast<int>(absl::ToInt64Milliseconds(info.subsecond))};
}

Millis ToInstant(const CivilTime& civil, Zone zone) { return Clamp(Unclamped(civil, zone)); }

CivilKind KindOf(absl::CivilSecond civil, Zone zone) {
  switch (zone.At(civil).kind) {
    case Zone::TimeInfo::SKIPPED: return CivilKind::kSkipped;
    case Zone::TimeInfo::REPEATED: return CivilKind::kRepeated;
    case Zone::TimeInfo::UNIQUE: break;
  }
  return CivilKind::kUnique;
}

absl::CivilDay LocalDay(Millis instant, Zone zone) {
  instant = Clamp(instant);
  absl::CivilDay day(ToCivil(instant, zone).second);
  // Clocks set back over midnight show a date again whose successor has begun.
  while (day.year() < 10000 && StartOfDay(day + 1, zone) <= instant) ++day;
  return day;
}

Millis StartOfDay(absl::CivilDay day, Zone zone) { return ToInstant({absl::CivilSecond(day)}, zone); }

Millis EndOfDay(absl::CivilDay day, Zone zone) {
  const Millis next = Unclamped({absl::CivilSecond(day + 1)}, zone);
  return std::max(StartOfDay(day, zone), Clamp(next - 1));
}

absl::StatusOr<absl::CivilDay> ParseDay(absl::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return BadDate(text);
  for (const size_t i : {0, 1, 2, 3, 5, 6, 8, 9}) {
    if (!absl::ascii_isdigit(text[i])) return BadDate(text);
  }
  int year = 0, month = 0, day = 0;
  if (!absl::SimpleAtoi(text.substr(0, 4), &year) || !absl::SimpleAtoi(text.substr(5, 2), &month) ||
      !absl::SimpleAtoi(text.substr(8, 2), &day)) {
    return BadDate(text);
  }
  const absl::CivilDay result(year, month, day);  // carries 31 April over to 1 May
  if (year < 1 || result.month() != month || result.day() != day) return BadDate(text);
  return result;
}

std::string FormatDay(absl::CivilDay day) {
  return absl::StrFormat("%04d-%02d-%02d", day.year(), day.month(), day.day());
}

std::string ZoneinfoDir() {
  const char* set = std::getenv("TZDIR");
  return set != nullptr && *set != '\0' ? set : "/usr/share/zoneinfo";
}

absl::StatusOr<std::string> TzdataVersion(const std::string& directory) {
  std::string line;
  if (std::ifstream rules(directory + "/tzdata.zi"); std::getline(rules, line)) {
    absl::string_view version = line;
    if (absl::ConsumePrefix(&version, "# version ") && !version.empty()) {
      return std::string(absl::StripAsciiWhitespace(version));
    }
  }
  if (std::ifstream version(directory + "/+VERSION"); std::getline(version, line) && !line.empty()) {
    return std::string(absl::StripAsciiWhitespace(line));
  }
  return MakeError(
      absl::StatusCode::kNotFound, "TZDATA_VERSION_UNKNOWN",
      absl::StrCat("neither tzdata.zi nor +VERSION in ", directory, " tells the release of the zone rules"));
}

}  // namespace redress::calendar
