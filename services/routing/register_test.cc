#include "services/routing/register.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "libs/reference/history.h"
#include "libs/status/errors.h"
#include "services/routing/test_register.h"

namespace redress::routing {
namespace {

using namespace testing;
using reference::kAlways;
using register_rows_v1::VersionRow;

constexpr Millis kNow = 1'000'000'000;

RegisterCommand SetRules(const std::string& rules, std::optional<Millis> active_from = std::nullopt) {
  RegisterCommand command;
  *command.mutable_set_rule_set() = Parse<register_v1::RuleSet>(rules);
  if (active_from.has_value()) command.set_active_from(*active_from);
  return command;
}
VersionRow RulesRow(int64_t version, Millis active_from, const std::string& rules) {
  VersionRow row;
  row.set_version(version);
  row.set_active_from(active_from);
  row.set_recorded_at(5);
  *row.mutable_rule_set() = Parse<register_v1::RuleSet>(rules);
  return row;
}
RegisterState With(std::vector<VersionRow> versions) {
  RegisterState state;
  state.versions = std::move(versions);
  state.organisation = SomeOrganisation();
  state.calendars = {"agency"};
  return state;
}

constexpr char kA[] = "rules { id: 'a' team: 'lifts' }";
constexpr char kB[] = "rules { id: 'b' team: 'lifts' }";

// "v2 from 1000000000", "" for nothing, or the reason.
std::string Outcome(const absl::StatusOr<std::vector<RegisterEvent>>& events) {
  if (!events.ok()) return ReasonOf(events.status());
  if (events->empty()) return "";
  const RegisterEvent& event = events->at(0);
  if (event.has_rule_set_set()) {
    const auto& set = event.rule_set_set();
    return absl::StrCat("v", set.version(), " from ",
                        set.active_from() == kAlways ? "always" : absl::StrCat(set.active_from()));
  }
  return absl::StrCat("event ", event.kind_case());
}

TEST(Register, VersionsAreImmutableAndActiveFromAnInstant) {
  const struct {
    const char* name;
    std::vector<VersionRow> given;
    RegisterCommand when;
    std::string then;
  } kCases[] = {
      {"the first has always been", {}, SetRules(kA), "v1 from always"},
      {"the first may say since when", {}, SetRules(kA, 7), "v1 from 7"},
      {"a later one is active from now", {RulesRow(1, kAlways, kA)}, SetRules(kB), "v2 from 1000000000"},
      {"or from later on", {RulesRow(1, kAlways, kA)}, SetRules(kB, kNow + 5), "v2 from 1000000005"},
      {"a clock may run a little ahead",
       {RulesRow(1, kAlways, kA)},
       SetRules(kB, kNow - kActiveMayBeBack),
       absl::StrCat("v2 from ", kNow - kActiveMayBeBack)},
      {"what was in force is not changed",
       {RulesRow(1, kAlways, kA)},
       SetRules(kB, kNow - kActiveMayBeBack - 1),
       "ACTIVE_IN_THE_PAST"},
      {"the same again is nothing", {RulesRow(1, kAlways, kA)}, SetRules(kA), ""},
      {"the same in the past is nothing either", {RulesRow(1, kAlways, kA)}, SetRules(kA, 9), ""},
      {"back to an older content is a version",
       {RulesRow(1, kAlways, kA), RulesRow(2, 50, kB)},
       SetRules(kA),
       "v3 from 1000000000"},
      {"what will be in force is no reason",
       {RulesRow(1, kAlways, kA), RulesRow(2, kNow + 9, kB)},
       SetRules(kB),
       "v3 from 1000000000"},
      {"faults are found before anything else",
       {RulesRow(1, kAlways, kA)},
       SetRules("rules { id: 'a' team: 'plumbers' }", 3),
       "INVALID_FIELDS"},
  };
  for (const auto& one : kCases) {
    SCOPED_TRACE(one.name);
    EXPECT_EQ(Outcome(Decide(With(one.given), one.when, kNow)), one.then);
  }
}

TEST(Register, AStarterSetMayBeAnotherUntilOneIsComplete) {
  RegisterCommand starter = SetRules(kB, kAlways);
  EXPECT_EQ(Outcome(Decide(With({RulesRow(1, kAlways, kA)}), starter, kNow)), "ACTIVE_IN_THE_PAST");
  starter.set_starter(true);
  RegisterState state = With({RulesRow(1, kAlways, kA)});
  EXPECT_EQ(Outcome(Decide(state, starter, kNow)), "v2 from always");
  state.state.set_complete(true);
  EXPECT_EQ(Outcome(Decide(state, starter, kNow)), "");
  RegisterCommand adopt;
  adopt.mutable_adopt_tzdata()->set_version("2099a");
  adopt.set_starter(true);
  state.state.set_tzdata_version("2025b");
  EXPECT_EQ(Outcome(Decide(state, adopt, kNow)), "");
  adopt.set_starter(false);
  EXPECT_NE(Outcome(Decide(state, adopt, kNow)), "");
}

TEST(Register, FaultsCarryTheFieldOfTheRequest) {
  const auto refused = Decide(With({}), SetRules("rules { id: 'a' team: 'plumbers' }"), kNow);
  ASSERT_EQ(ViolationsOf(refused.status()).size(), 1u);
  EXPECT_EQ(ViolationsOf(refused.status())[0].field, "rule_set.rules[0].team");
}

TEST(Register, ACalendarThatNeverOpensIsRefused) {
  RegisterCommand command;
  command.mutable_set_calendar()->set_id("agency");
  command.mutable_set_calendar()->set_zone("Europe/Paris");
  EXPECT_EQ(Outcome(Decide(With({}), command, kNow)), "CALENDAR_NEVER_OPENS");
  command.mutable_set_calendar()->set_zone("Europe/Atlantis");
  const auto refused = Decide(With({}), command, kNow);
  EXPECT_EQ(ViolationsOf(refused.status()).at(0).field, "calendar.zone");
}

TEST(Register, TerritoriesComeInPages) {
  RegisterCommand part;
  part.mutable_add_territory_part()->set_upload("u");
  *part.mutable_add_territory_part()->mutable_nodes() = SomeTerritory();
  RegisterState state = With({});
  state.state.set_last_territory(4);
  const auto first = Decide(state, part, kNow);
  ASSERT_EQ(first->size(), 1u);
  EXPECT_EQ(first->at(0).territory_part_added().version(), 5);
  part.mutable_add_territory_part()->set_part(1);
  EXPECT_EQ(Outcome(Decide(state, part, kNow)), "UPLOAD_INCOMPLETE");
  state.draft.emplace();
  state.draft->set_version(5);
  state.draft->set_parts(2);
  EXPECT_EQ(Outcome(Decide(state, part, kNow)), "");
  part.mutable_add_territory_part()->set_part(2);
  EXPECT_EQ(Decide(state, part, kNow)->at(0).territory_part_added().version(), 5);
  for (int i = 0; i < 40'000; ++i) {
    part.mutable_add_territory_part()->mutable_nodes()->add_units()->set_code(absl::StrCat("code-", i));
  }
  EXPECT_EQ(Outcome(Decide(state, part, kNow)), "INVALID_FIELDS");
}

TEST(Register, ATerritoryCountsOnceItIsWholeAndHoldsTogether) {
  RegisterCommand activate;
  activate.mutable_activate_territory()->set_upload("u");
  activate.mutable_activate_territory()->set_parts(2);
  RegisterState state = With({});
  EXPECT_EQ(Outcome(Decide(state, activate, kNow)), "UPLOAD_INCOMPLETE");
  state.draft.emplace();
  state.draft->set_version(5);
  state.draft->set_parts(1);
  EXPECT_EQ(Outcome(Decide(state, activate, kNow)), "UPLOAD_INCOMPLETE");
  state.draft->set_parts(2);
  state.drafted = SomeTerritory();
  const auto events = Decide(state, activate, kNow);
  ASSERT_TRUE(events.ok());
  EXPECT_EQ(events->at(0).territory_activated().version(), 5);
  EXPECT_EQ(events->at(0).territory_activated().active_from(), kAlways);
  state.territory = SomeTerritory();
  EXPECT_EQ(Outcome(Decide(state, activate, kNow)), "");
  state.drafted.mutable_offices(0)->set_agency("west");
  EXPECT_EQ(Outcome(Decide(state, activate, kNow)), "INVALID_FIELDS");
}

TEST(Register, ZoneRulesAndTheStarterSetAreTakenOnce) {
  RegisterCommand adopt;
  RegisterState state = With({});
  for (const char* version : {"", "2025", "2025B", "20255", "latest"}) {
    adopt.mutable_adopt_tzdata()->set_version(version);
    EXPECT_EQ(Outcome(Decide(state, adopt, kNow)), "INVALID_FIELDS") << version;
  }
  adopt.mutable_adopt_tzdata()->set_version("2025b");
  EXPECT_EQ(Decide(state, adopt, kNow)->at(0).tzdata_adopted().version(), "2025b");
  state.state.set_tzdata_version("2025b");
  EXPECT_EQ(Outcome(Decide(state, adopt, kNow)), "");
  RegisterCommand complete;
  complete.mutable_complete_starter_set();
  EXPECT_TRUE(Decide(state, complete, kNow)->at(0).has_starter_set_completed());
  state.state.set_complete(true);
  EXPECT_EQ(Outcome(Decide(state, complete, kNow)), "");
}

}  // namespace
}  // namespace redress::routing
