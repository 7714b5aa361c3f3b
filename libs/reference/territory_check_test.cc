#include "libs/reference/territory_check.h"

#include <google/protobuf/util/message_differencer.h>

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "libs/reference/territory_index.h"
#include "libs/reference/test_territory.h"

namespace redress::reference {
namespace {

using ::redress::register_::v1::Territory;
using ::redress::register_::v1::Unit;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace testing;

std::vector<std::string> Fields(const Territory& territory) {
  std::vector<std::string> fields;
  for (const TerritoryFault& fault : CheckTerritory(territory)) fields.push_back(FieldOf(fault));
  return fields;
}

TEST(TerritoryCheck, AcceptsWhatHoldsTogether) { EXPECT_THAT(Fields(SmallTerritory()), IsEmpty()); }

TEST(TerritoryCheck, NamesEachFault) {
  const struct {
    const char* name;
    std::function<void(Territory*)> spoil;
    std::vector<std::string> fields;
  } kCases[] = {
      {"duplicate agency", [](Territory* t) { AddAgency(t, "north"); }, {"agencies[2].code"}},
      {"agency without a code", [](Territory* t) { AddAgency(t, ""); }, {"agencies[2].code"}},
      {"agency with a long code", [](Territory* t) { AddAgency(t, std::string(129, 'a')); }, {"agencies[2].code"}},
      {"agency of two lines", [](Territory* t) { AddAgency(t, "a\nb"); }, {"agencies[2].code"}},
      {"agency of bytes that are no text", [](Territory* t) { AddAgency(t, "a\xC3"); }, {"agencies[2].code"}},
      {"agency with an accent and a blank", [](Territory* t) { AddAgency(t, "Île Nord"); }, {}},
      {"agency in no zone", [](Territory* t) { AddAgency(t, "west", "Europe/Nowhere"); }, {"agencies[2].zone"}},
      {"agency without a calendar",
       [](Territory* t) { AddAgency(t, "west", "Europe/Paris", ""); },
       {"agencies[2].calendar"}},
      {"not on this earth",
       [](Territory* t) { t->mutable_agencies(0)->set_latitude(std::numeric_limits<double>::quiet_NaN()); },
       {"agencies[0].latitude"}},
      {"duplicate office", [](Territory* t) { AddOffice(t, "n1", "north"); }, {"offices[3].code"}},
      {"office of nobody", [](Territory* t) { AddOffice(t, "x", ""); }, {"offices[3].agency"}},
      {"office of an unknown agency", [](Territory* t) { AddOffice(t, "x", "west"); }, {"offices[3].agency"}},
      {"office under an unknown one", [](Territory* t) { AddOffice(t, "x", "", "y"); }, {"offices[3].parent_office"}},
      {"office under itself", [](Territory* t) { AddOffice(t, "x", "", "x"); }, {"offices[3].parent_office"}},
      {"a circle of two",
       [](Territory* t) {
         AddOffice(t, "x", "", "y");
         AddOffice(t, "y", "north", "x");
       },
       {"offices[3].parent_office", "offices[4].parent_office"}},
      {"office under another agency's", [](Territory* t) { AddOffice(t, "x", "north", "s1"); }, {"offices[3].agency"}},
      {"duplicate residence", [](Territory* t) { AddResidence(t, "rn", "n1"); }, {"residences[3].code"}},
      {"residence of an unknown office", [](Territory* t) { AddResidence(t, "x", "n9"); }, {"residences[3].office"}},
      {"duplicate unit", [](Territory* t) { AddUnit(t, "u1", "rn"); }, {"units[5].code"}},
      {"unit of an unknown residence", [](Territory* t) { AddUnit(t, "x", "r9"); }, {"units[5].residence"}},
      {"unit of no use", [](Territory* t) { AddUnit(t, "x", "rn", Unit::KIND_UNSPECIFIED); }, {"units[5].kind"}},
      {"all at once",
       [](Territory* t) {
         AddAgency(t, "north");
         AddOffice(t, "x", "", "x");
         AddUnit(t, "u1", "r9");
       },
       {"agencies[2].code", "offices[3].parent_office", "units[5].code", "units[5].residence"}},
  };
  for (const auto& one : kCases) {
    SCOPED_TRACE(one.name);
    Territory territory = SmallTerritory();
    one.spoil(&territory);
    EXPECT_EQ(Fields(territory), one.fields);
  }
}

TEST(TerritoryCheck, WhatHangsOnACircleIsNoPartOfIt) {
  Territory territory = SmallTerritory();
  AddOffice(&territory, "x", "", "y");
  AddOffice(&territory, "y", "", "x");
  AddOffice(&territory, "below", "", "x");
  EXPECT_THAT(Fields(territory), ElementsAre("offices[3].parent_office", "offices[4].parent_office"));
}

TEST(TerritoryCheck, AgencyOfAnOfficeIsThatAbove) {
  EXPECT_EQ(TerritoryIndex(SmallTerritory()).AgencyOf("n1a"), "north");
  EXPECT_EQ(TerritoryIndex(SmallTerritory()).AgencyOf("s1"), "south");
  EXPECT_EQ(TerritoryIndex(SmallTerritory()).AgencyOf("s2"), "");
}

TEST(TerritoryCheck, PagesJoinedGiveTheWhole) {
  Territory territory = SmallTerritory();
  for (int i = 0; i < 500; ++i) AddUnit(&territory, absl::StrCat("many-", i), "rs");
  for (const size_t max_bytes : {size_t{1}, size_t{100}, size_t{4096}, size_t{1} << 20}) {
    SCOPED_TRACE(max_bytes);
    const std::vector<Territory> pages = Split(territory, max_bytes);
    Territory joined;
    for (const Territory& page : pages) {
      EXPECT_TRUE(page.ByteSizeLong() <= max_bytes ||
                  page.agencies_size() + page.offices_size() + page.residences_size() + page.units_size() == 1);
      Join(page, &joined);
    }
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(joined, territory));
  }
  EXPECT_THAT(Split(Territory(), 100), IsEmpty());
}

}  // namespace
}  // namespace redress::reference
