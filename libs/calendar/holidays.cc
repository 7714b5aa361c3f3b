#include "libs/calendar/holidays.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "absl/strings/str_join.h"

namespace redress::calendar {
namespace {

struct Rule {
  bool alsace_moselle;  // only there
  int month;            // 0: counted from Easter Sunday
  int day;
  const char* name;
};

constexpr Rule kRules[] = {
    {false, 1, 1, "1er janvier"},
    {true, 0, -2, "Vendredi saint"},
    {false, 0, 1, "Lundi de Pâques"},
    {false, 5, 1, "1er mai"},
    {false, 5, 8, "8 mai"},
    {false, 0, 39, "Ascension"},
    {false, 0, 50, "Lundi de Pentecôte"},
    {false, 7, 14, "14 juillet"},
    {false, 8, 15, "Assomption"},
    {false, 11, 1, "Toussaint"},
    {false, 11, 11, "11 novembre"},
    {false, 12, 25, "Jour de Noël"},
    {true, 12, 26, "2ème jour de Noël"},
};

constexpr bool InSet(const Rule& rule, HolidaySet set) {
  return set == HolidaySet::kAlsaceMoselle || (set == HolidaySet::kFrance && !rule.alsace_moselle);
}

// Easter is 22 March to 25 April, so what hangs on it is 20 March (Good Friday) to 14 June (Whit Monday).
bool MayHangOnEaster(absl::CivilDay day) { return day.month() >= 3 && day.month() <= 6; }

// For each month, a bit for each day of a fixed date.
constexpr std::array<uint32_t, 13> FixedDatesOf(HolidaySet set) {
  std::array<uint32_t, 13> days{};
  for (const Rule& rule : kRules) {
    if (rule.month != 0 && InSet(rule, set)) days[static_cast<size_t>(rule.month)] |= uint32_t{1} << rule.day;
  }
  return days;
}
constexpr std::array<uint32_t, 13> kFixedFrance = FixedDatesOf(HolidaySet::kFrance);
constexpr std::array<uint32_t, 13> kFixedAlsaceMoselle = FixedDatesOf(HolidaySet::kAlsaceMoselle);

template <typename Visit>
void ForEachOn(HolidaySet set, absl::CivilDay day, Visit visit) {
  const bool movable = MayHangOnEaster(day);
  const int64_t after_easter = movable ? day - EasterSunday(day.year()) : 0;
  for (const Rule& rule : kRules) {
    if (!InSet(rule, set)) continue;
    const bool falls =
        rule.month == 0 ? movable && after_easter == rule.day : rule.month == day.month() && rule.day == day.day();
    if (falls) visit(rule);
  }
}

}  // namespace

absl::CivilDay EasterSunday(int64_t year) {
  const int64_t a = year % 19, b = year / 100, c = year % 100;
  const int64_t d = b / 4, e = b % 4, f = (b + 8) / 25, g = (b - f + 1) / 3;
  const int64_t h = (19 * a + b - d - g + 15) % 30;
  const int64_t i = c / 4, k = c % 4;
  const int64_t l = (32 + 2 * e + 2 * i - h - k) % 7;
  const int64_t m = (a + 11 * h + 22 * l) / 451;
  const int64_t n = h + l - 7 * m + 114;
  return absl::CivilDay(year, n / 31, n % 31 + 1);
}

std::vector<PublicHoliday> PublicHolidays(HolidaySet set, int64_t year) {
  std::vector<PublicHoliday> result;
  for (const Rule& rule : kRules) {
    if (!InSet(rule, set)) continue;
    result.push_back(
        {rule.month == 0 ? EasterSunday(year) + rule.day : absl::CivilDay(year, rule.month, rule.day), rule.name});
  }
  std::stable_sort(result.begin(), result.end(), [](const auto& x, const auto& y) { return x.day < y.day; });
  return result;
}

std::string PublicHolidayOn(HolidaySet set, absl::CivilDay day) {
  std::vector<const char*> names;
  ForEachOn(set, day, [&](const Rule& rule) { names.push_back(rule.name); });
  return absl::StrJoin(names, ", ");
}

bool IsPublicHoliday(HolidaySet set, absl::CivilDay day) {
  if (set == HolidaySet::kNone) return false;
  const auto& fixed = set == HolidaySet::kFrance ? kFixedFrance : kFixedAlsaceMoselle;
  if ((fixed[static_cast<size_t>(day.month())] >> day.day() & 1) != 0) return true;
  // What else there is hangs on Easter.
  bool found = false;
  if (MayHangOnEaster(day)) ForEachOn(set, day, [&](const Rule&) { found = true; });
  return found;
}

}  // namespace redress::calendar
