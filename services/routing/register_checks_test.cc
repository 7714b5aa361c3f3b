#include "services/routing/register_checks.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/routing/test_register.h"

namespace redress::routing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace testing;

std::vector<std::string> FieldsOf(const Faults& faults) {
  std::vector<std::string> fields;
  for (const FieldViolation& fault : faults) fields.push_back(fault.field);
  return fields;
}

// What is added to something that has no faults, and the fields that are wrong then.
struct Case {
  const char* added;
  std::vector<std::string> fields;
};

TEST(CheckOrganisation, NamesEveryFault) {
  EXPECT_THAT(CheckOrganisation(SomeOrganisation()), IsEmpty());
  const Case kCases[] = {
      {"categories { code: 'lift' default_urgency: URGENCY_URGENT }", {"categories[3].code"}},
      {"categories { code: 'two\\nlines' default_urgency: URGENCY_URGENT }", {"categories[3].code"}},
      {"categories { code: 'gaz chauffage' default_urgency: URGENCY_URGENT skills: 'gaz chauffage' skills: 'Île' }",
       {}},
      {"categories { code: 'x' default_urgency: URGENCY_URGENT skills: 'a' skills: 'a\\tb' skills: 'a' }",
       {"categories[3].skills[1]", "categories[3].skills[2]"}},
      {"teams { code: 'équipe Île-Nord' }", {}},
      {"teams { code: 'a\\r' }", {"teams[5].code"}},
      {"categories { code: 'x' }", {"categories[3].default_urgency"}},
      {"categories { code: 'x' default_urgency: URGENCY_URGENT reopen_window_days: 366 }",
       {"categories[3].reopen_window_days"}},
      {"categories { code: 'x' default_urgency: URGENCY_URGENT retention_days: 36525 }", {}},
      {"categories { code: 'x' default_urgency: URGENCY_URGENT retention_days: 36526 }",
       {"categories[3].retention_days"}},
      {"categories { code: 'x' default_urgency: URGENCY_URGENT retention_days: -1 }", {"categories[3].retention_days"}},
      {"categories { code: 'x' default_urgency: URGENCY_URGENT visit_needed: true }", {"categories[3].visit_minutes"}},
      {"categories { code: 'x' default_urgency: URGENCY_URGENT skills: '' }", {"categories[3].skills[0]"}},
      {"categories { code: 'x' default_urgency: URGENCY_URGENT names { language: 'fr' text: 'a' } names { language: "
       "'fr' "
       "text: 'b' } }",
       {"categories[3].names[1].language"}},
      {"teams { code: 'lifts' }", {"teams[5].code"}},
      {"teams { code: '{office}' }", {"teams[5].code"}},
      {"staff { id: 'ada' team: 'lifts' }", {"staff[3].id"}},
      {"staff { id: 'x' team: 'plumbers' }", {"staff[3].team"}},
      {"staff { id: 'x' team: 'lifts' deputy: 'x' }", {"staff[3].deputy"}},
      {"staff { id: 'x' team: 'lifts' absences { from_ms: 5 to_ms: 5 } }", {"staff[3].absences[0]"}},
      {"categories { } teams { } staff { }",
       {"categories[3].code", "categories[3].default_urgency", "teams[5].code", "staff[3].id", "staff[3].team"}},
  };
  for (const Case& one : kCases) {
    SCOPED_TRACE(one.added);
    auto organisation = SomeOrganisation();
    organisation.MergeFrom(Parse<register_v1::Organisation>(one.added));
    EXPECT_EQ(FieldsOf(CheckOrganisation(organisation)), one.fields);
  }
  EXPECT_THAT(FieldsOf(CheckOrganisation(register_v1::Organisation())), ElementsAre("fallback_team"));
}

TEST(CheckOrganisation, CodesAreAsLongAsEverywhere) {
  auto organisation = SomeOrganisation();
  organisation.add_teams()->set_code(std::string(128, 't'));
  EXPECT_THAT(CheckOrganisation(organisation), IsEmpty());
  organisation.add_teams()->set_code(std::string(129, 't'));
  EXPECT_THAT(FieldsOf(CheckOrganisation(organisation)), ElementsAre("teams[6].code"));
}

TEST(TeamsElsewhere, AreThoseOfAgenciesThatTheTerritoryLacks) {
  EXPECT_THAT(TeamsElsewhere(SomeOrganisation(), SomeTerritory()), IsEmpty());
  auto organisation = SomeOrganisation();
  organisation.mutable_teams(1)->set_agency("nord");
  EXPECT_THAT(TeamsElsewhere(organisation, SomeTerritory()),
              ElementsAre("team 'north-works' belongs to agency 'nord', which the territory does not have"));
}

TEST(CheckRuleSet, NamesEveryFault) {
  EXPECT_THAT(CheckRuleSet(SomeRules(), SomeOrganisation()), IsEmpty());
  const Case kCases[] = {
      {"rules { id: 'lifts' team: 'lifts' }", {"rules[5].id"}},
      {"rules { id: 'x' }", {"rules[5].team"}},
      {"rules { id: 'x' team: 'plumbers' }", {"rules[5].team"}},
      {"rules { id: 'x' team: 'desk-{floor}' }", {"rules[5].team"}},
      {"rules { id: 'x' team: 'desk-{office' }", {"rules[5].team"}},
      {"rules { id: 'x' team: 'lifts' agent: 'zoe' }", {"rules[5].agent"}},
      {"rules { id: 'x' team: 'lifts' agent: 'cem' }", {"rules[5].agent"}},
      {"rules { id: 'x' team: '{agency}-works' agent: 'cem' }", {}},
      {"rules { id: 'x' team: 'lifts' categories: 'lift' categories: 'stairs' }", {"rules[5].categories[1]"}},
      {"rules { id: 'x' team: 'lifts' kinds: COMPLAINT_KIND_UNSPECIFIED }", {"rules[5].kinds[0]"}},
      {"rules { id: 'x' team: 'lifts' priority: 6 }", {"rules[5].priority"}},
      {"rules { id: 'x' team: 'lifts' care_level_at_least: 3 }", {"rules[5].care_level_at_least"}},
      {"rules { } rules { id: 'y' team: 'plumbers' categories: 'stairs' }",
       {"rules[5].id", "rules[5].team", "rules[6].categories[0]", "rules[6].team"}},
  };
  for (const Case& one : kCases) {
    SCOPED_TRACE(one.added);
    auto rules = SomeRules();
    rules.MergeFrom(Parse<register_v1::RuleSet>(one.added));
    EXPECT_EQ(FieldsOf(CheckRuleSet(rules, SomeOrganisation())), one.fields);
  }
}

TEST(UnreachableRules, AreThoseThatAnEarlierOneCovers) {
  EXPECT_THAT(UnreachableRules(SomeRules()), IsEmpty());
  const auto rules = Parse<register_v1::RuleSet>(R"(
    rules { id: 'north' agencies: 'north' agencies: 'south' care_level_at_least: 1 team: 'lifts' }
    rules { id: 'pattern' team: 'desk-{office}' }
    rules { id: 'narrower' agencies: 'north' care_level_at_least: 2 categories: 'lift' team: 'lifts' }
    rules { id: 'wider in care' agencies: 'north' team: 'lifts' }
    rules { id: 'all' team: 'lifts' }
    rules { id: 'behind all' urgencies: URGENCY_URGENT team: 'lifts' })");
  EXPECT_THAT(UnreachableRules(rules),
              ElementsAre("rule 'narrower' is never reached: 'north' takes all that it would",
                          "rule 'behind all' is never reached: 'all' takes all that it would"));
}

constexpr char kLine[] =
    "id: 'a' start: FACT_KIND_RECEIVED stop: FACT_KIND_RESOLVED targets { quantity: 1 unit: TIME_UNIT_HOURS } ";

TEST(CheckPack, NamesEveryFault) {
  const std::string good = std::string("id: 'p' lines { ") + kLine + "}";
  const Case kCases[] = {
      {"", {}},
      {"lines { id: 'a' start: FACT_KIND_RECEIVED stop: FACT_KIND_ANSWERED targets { quantity: 1 unit: "
       "TIME_UNIT_HOURS } }",
       {"lines[1].id"}},
      {"lines { id: 'b' }", {"lines[1].start", "lines[1].stop", "lines[1].targets"}},
      {"lines { id: 'b' start: FACT_KIND_RECEIVED stop: FACT_KIND_RECEIVED targets { quantity: 1 unit: "
       "TIME_UNIT_HOURS } }",
       {"lines[1].stop"}},
      {"lines { id: 'b' starts_after_line: 'a' stop: FACT_KIND_ANSWERED stage: 3 targets { quantity: 0 unit: "
       "TIME_UNIT_HOURS calendar: 'mine' } }",
       {"lines[1].targets[0].quantity", "lines[1].targets[0].calendar", "lines[1].stage"}},
      {"lines { id: 'b' starts_after_line: 'z' stop: FACT_KIND_ANSWERED targets { quantity: 1 unit: TIME_UNIT_HOURS } "
       "}",
       {"lines[1].starts_after_line"}},
      {"lines { id: 'b' starts_after_line: 'c' stop: FACT_KIND_ANSWERED targets { quantity: 1 unit: TIME_UNIT_HOURS } "
       "} lines { id: 'c' starts_after_line: 'b' stop: FACT_KIND_ANSWERED targets { quantity: 1 unit: TIME_UNIT_HOURS "
       "} }",
       {"lines[1].starts_after_line", "lines[2].starts_after_line"}},
      {"lines { id: 'b' start: FACT_KIND_RECEIVED stop: FACT_KIND_ANSWERED targets { quantity: 1 unit: TIME_UNIT_HOURS "
       "} targets { quantity: 1 } warnings { } cancelled_by: FACT_KIND_UNSPECIFIED }",
       {"lines[1].targets[1].urgency", "lines[1].targets[1].unit", "lines[1].warnings[0].minutes_before",
        "lines[1].warnings[0].role", "lines[1].cancelled_by[0]"}},
      {"pauses { id: 'w' begins: FACT_KIND_NO_ACCESS ends: FACT_KIND_VISIT_BOOKED budget_hours: 0 lines: 'z' }",
       {"pauses[0].budget_hours", "pauses[0].lines[0]"}},
      {"pauses { id: 'w' budget_hours: 1 }", {"pauses[0].begins", "pauses[0].ends"}},
  };
  for (const Case& one : kCases) {
    SCOPED_TRACE(one.added);
    auto pack = Parse<register_v1::ObligationPack>(good);
    pack.MergeFrom(Parse<register_v1::ObligationPack>(one.added));
    EXPECT_EQ(FieldsOf(CheckPack(pack, {"agency"})), one.fields);
  }
  EXPECT_THAT(FieldsOf(CheckPack(register_v1::ObligationPack(), {})), ElementsAre("id", "lines"));
}

TEST(CheckPackRules, NamesEveryFault) {
  const auto rules = Parse<register_v1::PackRules>(
      "rules { pack: 'p' categories: 'lift' } rules { pack: 'q' categories: 'stairs' urgencies: URGENCY_UNSPECIFIED }");
  EXPECT_THAT(FieldsOf(CheckPackRules(rules, {"p"}, SomeOrganisation())),
              ElementsAre("rules[1].urgencies[0]", "rules[1].categories[0]", "rules[1].pack"));
}

TEST(CheckUpload, NamesCalendarsThatAreNotThere) {
  EXPECT_THAT(CheckUpload(SomeTerritory(), {"agency"}), IsEmpty());
  auto territory = SomeTerritory();
  territory.mutable_agencies(1)->set_calendar("mine");
  territory.add_units()->set_code("u1");
  EXPECT_THAT(FieldsOf(CheckUpload(territory, {"agency"})),
              ElementsAre("territory.units[1].code", "territory.units[1].residence", "territory.units[1].kind",
                          "territory.agencies[1].calendar"));
  EXPECT_THAT(FieldsOf(CheckUpload(register_v1::Territory(), {})), ElementsAre("territory.agencies"));
}

TEST(CheckStarterSet, TheShippedOneHasNoFault) {
  const auto dir = reference::FindConfigDir();
  ASSERT_TRUE(dir.ok()) << dir.status();
  const auto set = reference::LoadStarterSet(*dir);
  ASSERT_TRUE(set.ok()) << set.status();
  std::vector<std::string> calendars, packs;
  for (const auto& calendar : set->calendars) {
    EXPECT_TRUE(CheckCalendar(calendar).ok());
    calendars.push_back(calendar.id());
  }
  EXPECT_THAT(CheckOrganisation(set->organisation), IsEmpty());
  EXPECT_THAT(CheckRuleSet(set->rules, set->organisation), IsEmpty());
  EXPECT_THAT(UnreachableRules(set->rules), IsEmpty());
  for (const auto& pack : set->packs) {
    EXPECT_THAT(CheckPack(pack, calendars), IsEmpty());
    packs.push_back(pack.id());
  }
  EXPECT_THAT(CheckPackRules(set->pack_rules, packs, set->organisation), IsEmpty());
}

}  // namespace
}  // namespace redress::routing
