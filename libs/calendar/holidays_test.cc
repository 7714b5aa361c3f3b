#include "libs/calendar/holidays.h"

#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "libs/calendar/zone.h"
#include "tests/testing/data.h"

namespace redress::calendar {
namespace {

TEST(EasterSundayTest, KnownYears) {
  EXPECT_EQ(EasterSunday(1818), absl::CivilDay(1818, 3, 22));  // as early as it gets
  EXPECT_EQ(EasterSunday(1943), absl::CivilDay(1943, 4, 25));  // as late
  EXPECT_EQ(EasterSunday(2000), absl::CivilDay(2000, 4, 23));
  EXPECT_EQ(EasterSunday(2026), absl::CivilDay(2026, 4, 5));
  EXPECT_EQ(EasterSunday(2285), absl::CivilDay(2285, 3, 22));
}

TEST(PublicHolidaysTest, ElevenInFranceThirteenInAlsaceMoselle) {
  EXPECT_TRUE(PublicHolidays(HolidaySet::kNone, 2026).empty());
  EXPECT_EQ(PublicHolidays(HolidaySet::kFrance, 2026).size(), 11u);
  EXPECT_EQ(PublicHolidays(HolidaySet::kAlsaceMoselle, 2026).size(), 13u);
  EXPECT_FALSE(IsPublicHoliday(HolidaySet::kFrance, absl::CivilDay(2026, 12, 26)));
  EXPECT_TRUE(IsPublicHoliday(HolidaySet::kAlsaceMoselle, absl::CivilDay(2026, 12, 26)));
  EXPECT_FALSE(IsPublicHoliday(HolidaySet::kNone, absl::CivilDay(2026, 12, 25)));
  EXPECT_EQ(PublicHolidayOn(HolidaySet::kFrance, absl::CivilDay(2008, 5, 1)), "1er mai, Ascension");
  EXPECT_EQ(PublicHolidayOn(HolidaySet::kFrance, absl::CivilDay(2008, 5, 2)), "");
}

TEST(PublicHolidaysTest, ListAndLookUpAgree) {
  for (const HolidaySet set : {HolidaySet::kNone, HolidaySet::kFrance, HolidaySet::kAlsaceMoselle}) {
    std::set<absl::CivilDay> listed, looked_up;
    for (int year = 1900; year <= 2200; ++year) {
      for (const PublicHoliday& holiday : PublicHolidays(set, year)) {
        listed.insert(holiday.day);
        EXPECT_NE(PublicHolidayOn(set, holiday.day).find(holiday.name), std::string::npos);
      }
    }
    for (absl::CivilDay day(1900, 1, 1); day.year() <= 2200; ++day) {
      if (IsPublicHoliday(set, day)) looked_up.insert(day);
    }
    EXPECT_EQ(listed, looked_up);
  }
}

struct Source {
  const char* file;
  int first, last;
  HolidaySet set;
  bool names;  // whether the file uses the official ones, which we do
};

class OfficialHolidaysTest : public ::testing::TestWithParam<Source> {};

TEST_P(OfficialHolidaysTest, AreComputed) {
  const std::string data = redress::testing::DataDir();
  if (data.empty()) GTEST_SKIP() << "no ../shared/data and no $REDRESS_DATA";
  const Source& source = GetParam();
  std::ifstream file(data + "/holidays/" + source.file);
  ASSERT_TRUE(file.is_open()) << source.file;
  const auto entry = [&](absl::CivilDay day, const std::string& name) {
    return source.names ? FormatDay(day) + " " + name : FormatDay(day);
  };
  std::set<std::string> official, computed;
  std::string line;
  std::getline(file, line);  // the header
  while (std::getline(file, line)) {
    const std::vector<std::string> cells = absl::StrSplit(absl::StripAsciiWhitespace(line), ',');
    const auto day = ParseDay(cells.at(0));
    ASSERT_TRUE(day.ok()) << line;
    official.insert(entry(*day, cells.back()));
  }
  for (int year = source.first; year <= source.last; ++year) {
    for (const PublicHoliday& holiday : PublicHolidays(source.set, year))
      computed.insert(entry(holiday.day, holiday.name));
  }
  EXPECT_EQ(computed, official);
  EXPECT_GT(official.size(), 250u);
}

INSTANTIATE_TEST_SUITE_P(
    Files, OfficialHolidaysTest,
    ::testing::Values(Source{"jours_feries_metropole.csv", 2006, 2031, HolidaySet::kFrance, true},
                      Source{"jours_feries_alsace-moselle.csv", 2006, 2031, HolidaySet::kAlsaceMoselle, true},
                      Source{"jours_feries_seuls_1950-2050.antoineaugusti.csv", 1950, 2050, HolidaySet::kFrance, false},
                      Source{"jours_feries_seuls_alsace_moselle_1950-2050.antoineaugusti.csv", 1950, 2050,
                             HolidaySet::kAlsaceMoselle, false}));

}  // namespace
}  // namespace redress::calendar
