// Public holidays that follow from the year alone.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"

namespace redress::calendar {

enum class HolidaySet {
  kNone,
  kFrance,         // the 11 national days of code du travail, art. L3133-1
  kAlsaceMoselle,  // those, and Good Friday and 26 December, art. L3134-13 (Good Friday in every commune)
};

struct PublicHoliday {
  absl::CivilDay day;
  std::string name;  // the official French one
};

// Easter Sunday of a Gregorian year (the anonymous computus, Meeus, Astronomical Algorithms, ch. 8).
absl::CivilDay EasterSunday(int64_t year);

// In order of date; two where two fall on one day (Ascension 2008 on 1 May). Today's list for every year: that 8 May
// was an ordinary day in 1976 is not said.
std::vector<PublicHoliday> PublicHolidays(HolidaySet set, int64_t year);

// The name of the set's holiday on `day`, "" if none; names of two on one day are joined by ", ". Allocates only if
// there is one.
std::string PublicHolidayOn(HolidaySet set, absl::CivilDay day);

// The same, without its name; quick: what walks over days ask.
bool IsPublicHoliday(HolidaySet set, absl::CivilDay day);

}  // namespace redress::calendar
