#include "libs/reference/territory_csv.h"

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "libs/reference/starter_set.h"
#include "libs/reference/territory_check.h"
#include "libs/reference/territory_index.h"
#include "libs/reference/test_territory.h"
#include "libs/status/errors.h"

namespace redress::reference {
namespace {

namespace v1 = ::redress::register_::v1;
using ::testing::ElementsAre;

constexpr char kHead[] =
    "kind,code,name,agency,office,residence,zone,calendar,commune,latitude,longitude,use\n"
    "agency,north,Nord,,,,Europe/Paris,agency,,48.9,2.2,\n";

std::vector<std::string> Faults(const std::string& text) {
  std::vector<std::string> faults;
  const auto parsed = ParseTerritoryCsv(text);
  for (const FieldViolation& one : ViolationsOf(parsed.status())) {
    faults.push_back(absl::StrCat(one.field, ": ", one.description));
  }
  return faults;
}

TEST(TerritoryCsv, ReadsTheShippedExample) {
  const auto dir = FindConfigDir();
  ASSERT_TRUE(dir.ok()) << dir.status();
  std::ifstream file(absl::StrCat(*dir, "/territory_demo/territory.csv"), std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  const auto territory = ParseTerritoryCsv(text.str());
  ASSERT_TRUE(territory.ok()) << territory.status();
  const auto counts = Count(*territory);
  EXPECT_EQ(counts.agencies(), 1);
  EXPECT_EQ(counts.offices(), 3);
  EXPECT_EQ(counts.residences(), 3);
  EXPECT_EQ(counts.units(), 9);
  EXPECT_EQ(counts.dwellings(), 7);
  EXPECT_EQ(territory->offices(2).name(), "Annexe des Érables, rue haute");
  EXPECT_EQ(TerritoryIndex(*territory).AgencyOf("north-2-annex"), "north");
}

TEST(TerritoryCsv, ReadsQuotesLineEndsAndAByteOrderMark) {
  const auto territory = ParseTerritoryCsv(
      "\xEF\xBB\xBF"
      "code,kind,name,zone,calendar\r\n\r\nnorth,agency,\"Nord \"\"haut\"\"\r\nbis\",Europe/Paris,agency\r\n");
  ASSERT_TRUE(territory.ok()) << territory.status();
  ASSERT_EQ(territory->agencies_size(), 1);
  EXPECT_EQ(territory->agencies(0).name(), "Nord \"haut\"\r\nbis");
}

TEST(TerritoryCsv, NamesTheLineOfEveryFault) {
  EXPECT_THAT(
      Faults(absl::StrCat(kHead, "office,o1,,north,,,,,,,,\n",           // 3
                          "office,o1,,north,,,,,,,,\n",                  // 4
                          "office,o2,\"two\nlines\",,o9,,,,,,,\n",       // 5 and 6
                          "residence,r1,,,o1,,,,,north,2,\n",            // 7
                          "unit,u1,,,,r9,,,,,,dwelling\n",               // 8
                          "unit,u2,,,,r1,,,,,,castle\n",                 // 9
                          "tower,t1,,,,,,,,,,\n",                        // 10
                          "unit,u3,,,,r1,,,,,,dwelling,one too many\n",  // 11
                          "office,x,,,y,,,,,,,\noffice,y,,,x,,,,,,,\n")),
      ElementsAre("line 4: code 'o1' is there already", "line 5: parent_office 'o9' is no office of this territory",
                  "line 7: latitude 'north' is no number", "line 8: residence 'r9' is no residence of this territory",
                  "line 9: kind must be dwelling, parking, shop or land",
                  "line 10: kind 'tower' is none of agency, office, residence, unit",
                  "line 11: has 13 fields, 12 are named", "line 12: parent_office 'x' lies under itself, by way of 'y'",
                  "line 13: parent_office 'y' lies under itself, by way of 'x'"));
}

TEST(TerritoryCsv, NamesLineAndColumnOfWhatIsNoUtf8) {
  EXPECT_THAT(Faults(absl::StrCat(kHead, "office,o1,Bureau,north,,,,,,,,\n",           // 3
                                  "office,o2,B\xE2timent \xC9rables,north,,,,,,,,\n",  // 4
                                  "residence,r\xFF,Nord,,o1,,,,Saint-\xC9,2,2,\n")),
              ElementsAre("line 4: name is not valid UTF-8 at byte 1", "line 5: code is not valid UTF-8 at byte 1",
                          "line 5: commune is not valid UTF-8 at byte 6"));
  EXPECT_THAT(Faults("kind,code,pr\xE9nom\n"), ElementsAre("line 1: column 3 is not valid UTF-8 at byte 2"));
}

TEST(TerritoryCsv, RefusesWhatIsNoTable) {
  EXPECT_THAT(Faults(""), ElementsAre("line 1: there is no first row with the names of the columns"));
  EXPECT_THAT(Faults("kind,colour\n"),
              ElementsAre("line 1: 'colour' is no column of a territory", "line 1: column 'code' is missing"));
  EXPECT_THAT(Faults("kind,kind,code\n"), ElementsAre("line 1: column 'kind' is there twice"));
  EXPECT_THAT(Faults(absl::StrCat(kHead, "office,o1,\"Bureau,north,,,,,,,,\noffice,o2,,north,,,,,,,,\n")),
              ElementsAre("line 3: a quote is not closed as it should be"));
  EXPECT_THAT(Faults(absl::StrCat(kHead, "office,o1,\"Bureau\" des Lilas,north,,,,,,,,\n")),
              ElementsAre("line 3: a quote is not closed as it should be"));
}

TEST(TerritoryCsv, WhatIsWrittenReadsAsItWas) {
  v1::Territory territory = testing::SmallTerritory();
  territory.mutable_agencies(0)->set_name("Nord, \"haut\"\nde ville");
  territory.mutable_agencies(0)->set_latitude(48.91530000000001);
  territory.mutable_agencies(0)->set_longitude(-1.0 / 3);
  territory.mutable_offices(1)->set_name("Bureau");
  territory.mutable_residences(0)->set_commune("Asnières-sur-Seine");
  territory.mutable_residences(0)->set_latitude(1e-9);
  territory.mutable_units(0)->set_kind(v1::Unit::KIND_PARKING);
  territory.mutable_units(1)->set_kind(v1::Unit::KIND_LAND);
  const auto again = ParseTerritoryCsv(FormatTerritoryCsv(territory));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->DebugString(), territory.DebugString());
}

}  // namespace
}  // namespace redress::reference
