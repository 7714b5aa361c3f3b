#include "services/routing/rules.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "services/routing/test_register.h"

namespace redress::routing {
namespace {

using ::testing::ElementsAre;
using namespace testing;

struct Wanted {
  std::string rule;
  std::string fallback;
  std::string team;
  std::string agent;
  std::string agency;
  std::string office;
  int priority;
  bool visit;
  std::vector<std::string> misses;
};

TEST(Rules, EachSentenceOfTheRuleSet) {
  const auto snapshot = SomeRegister().Build();
  const struct {
    const char* name;
    const char* matter;
    Millis at;
    Wanted wanted;
  } kCases[] = {
      {"first match wins",
       "kind: COMPLAINT_KIND_COMPLAINT category: 'lift' place_agency: 'north' place_office: 'n1' residence: 'rn'",
       0,
       {"lifts", "", "lifts", "ada", "north", "n1", 2, true, {"thanks: kind"}}},
      {"an agent away is stood in for",
       "kind: COMPLAINT_KIND_COMPLAINT category: 'lift' place_agency: 'north' place_office: 'n1'",
       1000,
       {"lifts", "", "lifts", "bob", "north", "n1", 2, true, {"thanks: kind"}}},
      {"with the deputy away too, the team's queue",
       "kind: COMPLAINT_KIND_COMPLAINT category: 'lift' place_agency: 'north' place_office: 'n1'",
       1999,
       {"lifts", "", "lifts", "", "north", "n1", 2, true, {"thanks: kind"}}},
      {"an absence ends",
       "kind: COMPLAINT_KIND_COMPLAINT category: 'lift' place_agency: 'north' place_office: 'n1'",
       2000,
       {"lifts", "", "lifts", "ada", "north", "n1", 2, true, {"thanks: kind"}}},
      {"a team by agency; priority by urgency",
       "kind: COMPLAINT_KIND_COMPLAINT category: 'heating' urgency: URGENCY_EMERGENCY place_agency: 'north' "
       "place_office: 'n1'",
       0,
       {"heating",
        "",
        "north-works",
        "",
        "north",
        "n1",
        1,
        true,
        {"thanks: kind", "lifts: category", "fragile: channel"}}},
      {"a team's office goes before the complaint's",
       "kind: COMPLAINT_KIND_COMPLAINT category: 'heating' place_agency: 'south' place_office: 's9'",
       0,
       {"heating",
        "",
        "south-works",
        "",
        "south",
        "s1",
        3,
        true,
        {"thanks: kind", "lifts: category", "fragile: channel"}}},
      {"a rule may forbid the visit",
       "kind: COMPLAINT_KIND_COMPLAINT category: 'noise' place_agency: 'north' place_office: 'n1'",
       0,
       {"office",
        "",
        "desk-n1",
        "",
        "north",
        "n1",
        4,
        false,
        {"thanks: kind", "lifts: category", "fragile: channel", "heating: category"}}},
      {"care level at least",
       "kind: COMPLAINT_KIND_COMPLAINT category: 'noise' care_level: 2 channel: CHANNEL_PHONE place_agency: 'south'",
       0,
       {"fragile", "", "desk-n1", "", "south", "", 1, false, {"thanks: kind", "lifts: category"}}},
      {"care level below",
       "kind: COMPLAINT_KIND_COMPLAINT category: 'noise' care_level: 1 channel: CHANNEL_PHONE place_agency: 'south'",
       0,
       {"",
        kNoRule,
        "front-desk",
        "",
        "south",
        "",
        3,
        false,
        {"thanks: kind", "lifts: category", "fragile: care_level", "heating: category", "office: office"}}},
      {"a rule whose team is not there is passed over",
       "kind: COMPLAINT_KIND_COMPLAINT category: 'noise' urgency: URGENCY_URGENT place_agency: 'south' "
       "place_office: 's1'",
       0,
       {"",
        kNoRule,
        "front-desk",
        "",
        "south",
        "s1",
        2,
        false,
        {"thanks: kind", "lifts: category", "fragile: channel", "heating: category", "office: team desk-s1"}}},
      {"an unknown agency goes to the fallback, and nobody is sent",
       "kind: COMPLAINT_KIND_COMPLAINT category: 'lift' place_agency: 'west'",
       0,
       {"", kUnknownPlace, "front-desk", "", "west", "", 3, false, {}}},
      {"no agency at all",
       "kind: COMPLAINT_KIND_COMPLAINT category: 'lift' urgency: URGENCY_EMERGENCY residence: 'r9'",
       0,
       {"", kUnknownPlace, "front-desk", "", "", "", 1, false, {}}},
      {"nothing known", "", 0, {"", kUnknownCase, "front-desk", "", "", "", 3, false, {}}},
      {"praise needs no visit",
       "kind: COMPLAINT_KIND_PRAISE category: 'lift' place_agency: 'north' place_office: 'n1'",
       0,
       {"thanks", "", "front-desk", "", "north", "n1", 5, false, {}}},
      {"an expressed need is no visit by itself",
       "kind: COMPLAINT_KIND_EXPRESSED_NEED category: 'lift' place_agency: 'north' place_office: 'n1'",
       0,
       {"lifts", "", "lifts", "ada", "north", "n1", 2, false, {"thanks: kind"}}},
  };
  for (const auto& one : kCases) {
    SCOPED_TRACE(one.name);
    const auto route = FindRoute(Parse<MatterNoted>(one.matter), *snapshot, one.at);
    ASSERT_TRUE(route.has_value());
    EXPECT_EQ(route->rule, one.wanted.rule);
    EXPECT_EQ(route->fallback, one.wanted.fallback);
    EXPECT_EQ(route->team, one.wanted.team);
    EXPECT_EQ(route->agent, one.wanted.agent);
    EXPECT_EQ(route->agency, one.wanted.agency);
    EXPECT_EQ(route->office, one.wanted.office);
    EXPECT_EQ(route->priority, one.wanted.priority);
    EXPECT_EQ(route->visit_needed, one.wanted.visit);
    std::vector<std::string> misses;
    for (const auto& miss : route->misses) misses.push_back(miss.rule() + ": " + miss.condition());
    EXPECT_EQ(misses, one.wanted.misses);
  }
}

TEST(Rules, VisitsTakeSkillsAndMinutesFromTheCategory) {
  const auto route =
      FindRoute(Parse<MatterNoted>("kind: COMPLAINT_KIND_COMPLAINT category: 'lift' place_agency: 'north'"),
                *SomeRegister().Build(), 0);
  EXPECT_THAT(route->skills, ElementsAre("lift"));
  EXPECT_EQ(route->visit_minutes, 45);
}

TEST(Rules, ATeamOfAnAgencyThatIsNotThereLeavesTheComplaintWithItsOwn) {
  auto organisation = SomeOrganisation();
  for (auto& team : *organisation.mutable_teams()) {
    if (team.code() != "lifts" && team.code() != "front-desk") continue;
    team.set_agency("gone");
    team.set_office("g1");
  }
  const auto snapshot = reference::SnapshotBuilder().Add(SomeTerritory()).Add(organisation).Add(SomeRules()).Build();
  const auto by_rule = FindRoute(Parse<MatterNoted>("kind: COMPLAINT_KIND_COMPLAINT category: 'lift' place_agency: "
                                                    "'north' place_office: 'n1'"),
                                 *snapshot, 0);
  EXPECT_EQ(by_rule->team, "lifts");
  EXPECT_EQ(by_rule->agency, "north");
  EXPECT_EQ(by_rule->office, "n1");
  const auto fallback = FindRoute(
      Parse<MatterNoted>("kind: COMPLAINT_KIND_COMPLAINT category: 'other' place_agency: 'south'"), *snapshot, 0);
  EXPECT_EQ(fallback->team, "front-desk");
  EXPECT_EQ(fallback->agency, "south");
  EXPECT_EQ(fallback->office, "");
}

TEST(Rules, WithoutAnOrganisationThereIsNoRoute) {
  EXPECT_FALSE(FindRoute(MatterNoted(), *reference::SnapshotBuilder().Add(SomeRules()).Build(), 0).has_value());
}

TEST(Rules, RulesInForceAtTheInstantDecide) {
  const auto later = Parse<register_v1::RuleSet>("rules { id: 'all' team: 'front-desk' }");
  const auto snapshot = SomeRegister().Add(later, 5000).Build();
  const auto matter = Parse<MatterNoted>("kind: COMPLAINT_KIND_COMPLAINT category: 'lift' place_agency: 'north'");
  EXPECT_EQ(FindRoute(matter, *snapshot, 4999)->rule, "lifts");
  EXPECT_EQ(FindRoute(matter, *snapshot, 4999)->rule_set_version, 1);
  EXPECT_EQ(FindRoute(matter, *snapshot, 5000)->rule, "all");
  EXPECT_EQ(FindRoute(matter, *snapshot, 5000)->rule_set_version, 2);
}

// ---- laws, on random rules and complaints

const std::vector<std::string> kCategories = {"heating", "lift", "noise"};
const std::vector<std::string> kAgencies = {"north", "south", "west", ""};
const std::vector<std::string> kOffices = {"n1", "s1", ""};
const std::vector<std::string> kTeams = {"front-desk", "lifts", "{agency}-works", "desk-{office}", "nobody"};

template <typename List>
void DrawSome(const std::vector<std::string>& from, List* into) {
  for (int i = *rc::gen::weightedElement<int>({{3, 0}, {2, 1}, {1, 2}}); i > 0; --i)
    *into->Add() = *rc::gen::elementOf(from);
}

register_v1::RuleSet DrawRules() {
  register_v1::RuleSet rules;
  for (int i = *rc::gen::inRange(0, 8); i > 0; --i) {
    register_v1::Rule* rule = rules.add_rules();
    rule->set_id("rule-" + std::to_string(rules.rules_size()));
    DrawSome(kCategories, rule->mutable_categories());
    DrawSome(kAgencies, rule->mutable_agencies());
    DrawSome(kOffices, rule->mutable_offices());
    if (*rc::gen::inRange(0, 3) == 0) rule->add_urgencies(static_cast<types::v1::Urgency>(*rc::gen::inRange(1, 4)));
    rule->set_care_level_at_least(*rc::gen::weightedElement<uint32_t>({{4, 0}, {1, 1}, {1, 2}}));
    rule->set_team(*rc::gen::elementOf(kTeams));
  }
  return rules;
}

MatterNoted DrawMatter() {
  MatterNoted matter;
  matter.set_kind(types::v1::COMPLAINT_KIND_COMPLAINT);
  matter.set_category(*rc::gen::elementOf(kCategories));
  matter.set_place_agency(*rc::gen::elementOf(kAgencies));
  matter.set_place_office(*rc::gen::elementOf(kOffices));
  matter.set_urgency(static_cast<types::v1::Urgency>(*rc::gen::inRange(1, 4)));
  matter.set_care_level(static_cast<uint32_t>(*rc::gen::inRange(0, 3)));
  return matter;
}

bool TeamIsThere(const register_v1::Rule& rule, const MatterNoted& matter) {
  return FindTeam(SomeOrganisation(), TeamOf(rule, matter)) != nullptr;
}

RC_GTEST_PROP(RulesLaws, AComplaintIsNeverNowhere, ()) {
  const auto rules = DrawRules();
  const auto snapshot = reference::SnapshotBuilder().Add(SomeTerritory()).Add(SomeOrganisation()).Add(rules).Build();
  const auto route = FindRoute(DrawMatter(), *snapshot, 0);
  RC_ASSERT(route.has_value());
  RC_ASSERT(FindTeam(SomeOrganisation(), route->team) != nullptr);
  RC_ASSERT(route->rule.empty() == !route->fallback.empty());
  RC_ASSERT(route->priority >= kHighestPriority && route->priority <= kLowestPriority);
}

RC_GTEST_PROP(RulesLaws, EveryRuleBeforeTheOneThatMatchedIsExplained, ()) {
  const auto rules = DrawRules();
  const auto matter = DrawMatter();
  const auto snapshot = reference::SnapshotBuilder().Add(SomeTerritory()).Add(SomeOrganisation()).Add(rules).Build();
  const auto route = FindRoute(matter, *snapshot, 0);
  if (route->fallback == kUnknownPlace) {
    RC_ASSERT(route->misses.empty());
    return;
  }
  for (size_t i = 0; i < route->misses.size(); ++i) {
    const register_v1::Rule& rule = rules.rules(static_cast<int>(i));
    RC_ASSERT(route->misses[i].rule() == rule.id());
    RC_ASSERT(!FirstMiss(rule, matter).empty() || !TeamIsThere(rule, matter));
  }
  if (route->rule.empty()) {
    RC_ASSERT(route->misses.size() == static_cast<size_t>(rules.rules_size()));
  } else {
    const register_v1::Rule& matched = rules.rules(static_cast<int>(route->misses.size()));
    RC_ASSERT(matched.id() == route->rule);
    RC_ASSERT(FirstMiss(matched, matter).empty());
    RC_ASSERT(TeamIsThere(matched, matter));
  }
}

RC_GTEST_PROP(RulesLaws, RulesBehindTheMatchChangeNothing, ()) {
  auto rules = DrawRules();
  const auto matter = DrawMatter();
  const auto build = [&] {
    return reference::SnapshotBuilder().Add(SomeTerritory()).Add(SomeOrganisation()).Add(rules).Build();
  };
  const auto before = FindRoute(matter, *build(), 0);
  if (before->rule.empty()) return;
  const auto more = DrawRules();
  for (const auto& rule : more.rules()) *rules.add_rules() = rule;
  const auto after = FindRoute(matter, *build(), 0);
  RC_ASSERT(after->rule == before->rule);
  RC_ASSERT(after->team == before->team);
}

}  // namespace
}  // namespace redress::routing
