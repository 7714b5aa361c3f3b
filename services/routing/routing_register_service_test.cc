// The register end to end, without a transport.
#include "services/routing/routing_register_service.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "libs/reference/register_rows.h"
#include "libs/reference/territory_check.h"
#include "libs/status/errors.h"
#include "services/routing/routing_fixture.h"

namespace redress::routing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RegisterServiceTest : public testing::RoutingFixture {
 protected:
  void SetUp() override {
    process_ = Boot();
    ASSERT_TRUE(EnterStarterSet(*process_).ok());
  }
  RegisterService& service() { return *process_->register_service; }
  absl::StatusOr<register_v1::UploadTerritoryResponse> Upload(const std::string& request_id,
                                                              const register_v1::Territory& territory) {
    register_v1::UploadTerritoryRequest request;
    request.set_request_id(request_id);
    *request.mutable_territory() = territory;
    return Ask(service(), &RegisterService::UploadTerritory, request);
  }
  absl::StatusOr<register_v1::SetRuleSetResponse> SetRules(const std::string& request_id, const std::string& rules,
                                                           const std::string& etag = "") {
    register_v1::SetRuleSetRequest request;
    request.set_request_id(request_id);
    request.set_etag(etag);
    *request.mutable_rule_set() = testing::Parse<register_v1::RuleSet>(rules);
    return Ask(service(), &RegisterService::SetRuleSet, request);
  }

  std::unique_ptr<Process> process_;
};

TEST_F(RegisterServiceTest, TheStarterSetMakesServicesReady) {
  const auto snapshot = process_->view.Current();
  EXPECT_TRUE(snapshot->complete());
  EXPECT_EQ(snapshot->tzdata_version(), "2025b");
  EXPECT_NE(snapshot->FindCategory("heating", 0), nullptr);
  EXPECT_NE(snapshot->FindCalendar("agency", 0).content, nullptr);
  EXPECT_NE(snapshot->ChoosePack({.kind = types::v1::COMPLAINT_KIND_COMPLAINT}, 0).content, nullptr);
  EXPECT_EQ(snapshot->version(), reference::LoadState(*process_->register_rows).decisions());
  // Whoever was interrupted sends it again: nothing is recorded.
  const int64_t version = snapshot->version();
  ASSERT_TRUE(EnterStarterSet(*process_).ok());
  EXPECT_EQ(process_->view.Version(), version);
}

TEST_F(RegisterServiceTest, AVersionIsEnteredOnceAndKept) {
  const auto first = SetRules("r1", "rules { id: 'a' team: 'front-desk' } rules { id: 'b' team: 'front-desk' }");
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->result().version().version(), 2);
  EXPECT_FALSE(first->result().unchanged());
  EXPECT_THAT(first->result().warnings(), ElementsAre("rule 'b' is never reached: 'a' takes all that it would"));
  const auto again = SetRules("r1", "rules { id: 'a' team: 'front-desk' } rules { id: 'b' team: 'front-desk' }");
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(ReasonOf(SetRules("r1", "rules { id: 'c' team: 'front-desk' }").status()), "REQUEST_ID_REUSED");
  const int64_t decisions = process_->view.Version();
  const auto same = SetRules("r2", "rules { id: 'a' team: 'front-desk' } rules { id: 'b' team: 'front-desk' }");
  ASSERT_TRUE(same.ok());
  EXPECT_TRUE(same->result().unchanged());
  EXPECT_EQ(same->result().version().version(), 2);
  EXPECT_EQ(process_->view.Version(), decisions);
  EXPECT_EQ(ReasonOf(SetRules("r3", "rules { id: 'c' team: 'front-desk' }", "v1").status()), "ETAG_MOVED");
  EXPECT_TRUE(SetRules("r3", "rules { id: 'c' team: 'front-desk' }", same->result().etag()).ok());
}

TEST_F(RegisterServiceTest, EveryFaultIsNamed) {
  const auto refused = SetRules("r1", "rules { id: 'a' team: 'plumbers' categories: 'stairs' } rules { }");
  std::vector<std::string> fields;
  for (const auto& violation : ViolationsOf(refused.status())) fields.push_back(violation.field);
  EXPECT_THAT(fields, ElementsAre("rule_set.rules[0].categories[0]", "rule_set.rules[0].team", "rule_set.rules[1].id",
                                  "rule_set.rules[1].team"));
  register_v1::SetCalendarRequest calendar;
  calendar.set_request_id("r2");
  calendar.mutable_calendar()->set_id("agency");
  calendar.mutable_calendar()->set_zone("Europe/Paris");
  EXPECT_EQ(ReasonOf(Ask(service(), &RegisterService::SetCalendar, calendar).status()), "CALENDAR_NEVER_OPENS");
  const auto empty = Ask(service(), &RegisterService::SetOrganisation, register_v1::SetOrganisationRequest());
  fields.clear();
  for (const auto& violation : ViolationsOf(empty.status())) fields.push_back(violation.field);
  EXPECT_THAT(fields, ElementsAre("request_id", "organisation"));
}

TEST_F(RegisterServiceTest, APackNeedsItsCalendarAndPackRulesTheirPack) {
  register_v1::SetObligationPackRequest pack;
  pack.set_request_id("r1");
  *pack.mutable_pack() = testing::Parse<register_v1::ObligationPack>(
      "id: 'p' lines { id: 'l' start: FACT_KIND_RECEIVED stop: FACT_KIND_RESOLVED targets { quantity: 1 unit: "
      "TIME_UNIT_WORKING_DAYS calendar: 'mine' } }");
  EXPECT_EQ(ViolationsOf(Ask(service(), &RegisterService::SetObligationPack, pack).status()).at(0).field,
            "pack.lines[0].targets[0].calendar");
  pack.mutable_pack()->mutable_lines(0)->mutable_targets(0)->set_calendar("agency");
  EXPECT_TRUE(Ask(service(), &RegisterService::SetObligationPack, pack).ok());
  register_v1::SetPackRulesRequest rules;
  rules.set_request_id("r2");
  rules.mutable_pack_rules()->add_rules()->set_pack("q");
  EXPECT_EQ(ViolationsOf(Ask(service(), &RegisterService::SetPackRules, rules).status()).at(0).field,
            "pack_rules.rules[0].pack");
  rules.mutable_pack_rules()->mutable_rules(0)->set_pack("p");
  EXPECT_TRUE(Ask(service(), &RegisterService::SetPackRules, rules).ok());
  EXPECT_EQ(process_->view.Current()->ChoosePack({}, clock_.Now()).content->id(), "p");
}

TEST_F(RegisterServiceTest, OnlyZoneRulesThatAreHereAreAdopted) {
  register_v1::AdoptTzdataRequest request;
  request.set_request_id("r1");
  request.set_version("2099a");
  EXPECT_EQ(ReasonOf(Ask(service(), &RegisterService::AdoptTzdata, request).status()), "TZDATA_NOT_HERE");
  request.set_version("soon");
  EXPECT_EQ(ReasonOf(Ask(service(), &RegisterService::AdoptTzdata, request).status()), "INVALID_FIELDS");
  request.set_version("2025b");
  const auto same = Ask(service(), &RegisterService::AdoptTzdata, request);
  ASSERT_TRUE(same.ok()) << same.status();
  EXPECT_TRUE(same->result().unchanged());
  EXPECT_EQ(same->result().version().tzdata(), "2025b");
}

TEST_F(RegisterServiceTest, ATerritoryIsUploadedWholeOrNotAtAll) {
  auto broken = testing::SomeTerritory();
  broken.mutable_offices(0)->set_agency("west");
  broken.add_units()->set_code("u1");
  const int64_t before = process_->view.Version();
  const auto refused = Upload("r1", broken);
  std::vector<std::string> fields;
  for (const auto& violation : ViolationsOf(refused.status())) fields.push_back(violation.field);
  EXPECT_THAT(fields, ElementsAre("territory.offices[0].agency", "territory.units[1].code",
                                  "territory.units[1].residence", "territory.units[1].kind"));
  EXPECT_EQ(process_->view.Version(), before);
  const auto first = Upload("r1", testing::SomeTerritory());
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->result().version().territory_counts().residences(), 2);
  EXPECT_EQ(process_->view.Current()->FindPlace("rn", 0)->agency, "north");
  const auto again = Upload("r1", testing::SomeTerritory());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());
  const int64_t version = process_->view.Version();
  const auto same = Upload("r2", testing::SomeTerritory());
  ASSERT_TRUE(same.ok());
  EXPECT_TRUE(same->result().unchanged());
  EXPECT_EQ(process_->view.Version(), version);
  // A read that carries its position sees what is in force.
  EXPECT_EQ(same->result().position().SerializeAsString(), first->result().position().SerializeAsString());
  register_v1::ListPlacesRequest places;
  *places.mutable_position() = same->result().position();
  const auto listed = Ask(service(), &RegisterService::ListPlaces, places);
  ASSERT_TRUE(listed.ok()) << listed.status();
  EXPECT_EQ(listed->places_size(), 2);
  EXPECT_EQ(listed->position().SerializeAsString(), same->result().position().SerializeAsString());
}

TEST_F(RegisterServiceTest, ACyclicTerritoryIsRefusedWhereItBreaksAndNothingIsChanged) {
  ASSERT_TRUE(Upload("r1", testing::SomeTerritory()).ok());
  auto cyclic = testing::SomeTerritory();
  cyclic.mutable_offices(0)->clear_agency();
  cyclic.mutable_offices(0)->set_parent_office("n2");
  auto* office = cyclic.add_offices();
  office->set_code("n2");
  office->set_parent_office("n1");
  const auto before = process_->register_runtime->shard(0).Status().state.next_offset;
  const auto refused = Upload("r2", cyclic);
  std::vector<std::string> faults;
  for (const auto& one : ViolationsOf(refused.status())) faults.push_back(one.field + ": " + one.description);
  EXPECT_THAT(faults, ElementsAre("territory.offices[0].parent_office: 'n1' lies under itself, by way of 'n2'",
                                  "territory.offices[2].parent_office: 'n2' lies under itself, by way of 'n1'"));
  EXPECT_EQ(process_->register_runtime->shard(0).Status().state.next_offset, before);
  EXPECT_EQ(process_->view.Current()->FindPlace("rn", clock_.Now())->agency, "north");
}

TEST_F(RegisterServiceTest, OnlyWhoSeesAllAgenciesChangesWhatConcernsThemAll) {
  ASSERT_TRUE(Upload("r1", testing::SomeTerritory()).ok());
  const auto north = CallerOf("north", PermissionSet::All());
  register_v1::UploadTerritoryRequest territory;
  territory.set_request_id("r2");
  *territory.mutable_territory() = testing::SomeTerritory();
  EXPECT_EQ(ReasonOf(Ask(service(), &RegisterService::UploadTerritory, territory, north).status()), "SCOPE_TOO_NARROW");
  register_v1::SetOrganisationRequest organisation;
  EXPECT_EQ(ReasonOf(Ask(service(), &RegisterService::SetOrganisation, organisation, north).status()),
            "SCOPE_TOO_NARROW");
  EXPECT_EQ(ReasonOf(Ask(service(), &RegisterService::SetRuleSet, register_v1::SetRuleSetRequest(), north).status()),
            "SCOPE_TOO_NARROW");
  EXPECT_EQ(ReasonOf(Ask(service(), &RegisterService::SetCalendar, register_v1::SetCalendarRequest(), north).status()),
            "SCOPE_TOO_NARROW");
  EXPECT_EQ(ReasonOf(Ask(service(), &RegisterService::AdoptTzdata, register_v1::AdoptTzdataRequest(), north).status()),
            "SCOPE_TOO_NARROW");
  // Places of other agencies are not there for them either.
  const auto places = Ask(service(), &RegisterService::ListPlaces, register_v1::ListPlacesRequest(), north);
  ASSERT_TRUE(places.ok());
  ASSERT_EQ(places->places_size(), 1);
  EXPECT_EQ(places->places(0).residence().code(), "rn");
  register_v1::ListPlacesRequest south;
  south.set_agency("south");
  EXPECT_EQ(Ask(service(), &RegisterService::ListPlaces, south, north)->places_size(), 0);
}

TEST_F(RegisterServiceTest, AnotherStarterSetChangesNothingInALogThatHasOne) {
  const int64_t version = process_->view.Version();
  const auto before = process_->register_runtime->shard(0).Status().state.next_offset;
  const auto dir = reference::FindConfigDir();
  auto set = *reference::LoadStarterSet(*dir);
  set.rules.clear_rules();
  std::optional<absl::Status> entered;
  // Of a machine with other zone rules: what is adopted stays until somebody adopts another.
  routing::EnterStarterSet(process_->register_runtime.get(), set, "2099a",
                           [&](absl::Status status) { entered = status; });
  for (int i = 0; i < 1000 && !entered.has_value(); ++i) executor_.RunFor(10);
  ASSERT_TRUE(entered.has_value());
  EXPECT_TRUE(entered->ok()) << *entered;
  EXPECT_EQ(process_->view.Version(), version);
  EXPECT_EQ(process_->register_runtime->shard(0).Status().state.next_offset, before);
  EXPECT_EQ(process_->view.Current()->tzdata_version(), "2025b");
}

TEST_F(RegisterServiceTest, ALargeTerritoryTakesSeveralRecords) {
  auto territory = testing::SomeTerritory();
  for (int i = 0; i < 60'000; ++i) {
    auto* unit = territory.add_units();
    unit->set_code(absl::StrCat("unit-", i));
    unit->set_residence(i % 2 == 0 ? "rn" : "rs");
    unit->set_kind(register_v1::Unit::KIND_DWELLING);
  }
  const int64_t before = process_->view.Version();
  const auto response = Upload("r1", territory);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->result().version().territory_counts().dwellings(), 60'001);
  EXPECT_GT(process_->view.Version(), before + 3);
  EXPECT_EQ(process_->view.Current()->CountDwellings("south", clock_.Now()), 30'000);
  // Another process has it too, from the log alone.
  const auto follower = Boot(/*own=*/false);
  executor_.RunFor(1000);
  EXPECT_EQ(follower->view.Current()->CountDwellings("", 0), 60'001);
}

TEST_F(RegisterServiceTest, AnswersAsOfAnyInstant) {
  ASSERT_TRUE(SetRules("r1", "rules { id: 'a' team: 'front-desk' }").ok());
  const Millis changed = clock_.Now();
  executor_.RunFor(kHour);
  register_v1::GetVersionRequest get;
  get.set_kind(register_v1::REFERENCE_KIND_RULE_SET);
  auto now = Ask(service(), &RegisterService::GetVersion, get);
  ASSERT_TRUE(now.ok());
  EXPECT_EQ(now->rule_set().rules(0).id(), "a");
  EXPECT_EQ(now->etag(), "v2");
  EXPECT_EQ(now->position().next(), process_->register_runtime->shard(0).Status().state.next_offset);
  *get.mutable_as_of_time() = service::WriteTime(changed - kHour);
  EXPECT_EQ(Ask(service(), &RegisterService::GetVersion, get)->version().version(), 1);
  get.set_version(2);
  EXPECT_EQ(Ask(service(), &RegisterService::GetVersion, get)->rule_set().rules(0).id(), "a");
  get.set_version(3);
  EXPECT_EQ(ReasonOf(Ask(service(), &RegisterService::GetVersion, get).status()), "VERSION_NOT_FOUND");
  EXPECT_EQ(ReasonOf(Ask(service(), &RegisterService::GetVersion, register_v1::GetVersionRequest()).status()),
            "INVALID_FIELDS");
}

TEST_F(RegisterServiceTest, ListsVersionsAndPlacesInPages) {
  ASSERT_TRUE(Upload("r1", testing::SomeTerritory()).ok());
  ASSERT_TRUE(SetRules("r2", "rules { id: 'a' team: 'front-desk' }").ok());
  std::vector<std::string> listed;
  register_v1::ListVersionsRequest list;
  list.set_page_size(2);
  do {
    const auto page = Ask(service(), &RegisterService::ListVersions, list);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const auto& one : page->versions()) {
      listed.push_back(absl::StrCat(one.kind(), one.id().empty() ? "" : " ", one.id(), " v", one.version()));
    }
    list.set_page_token(page->next_page_token());
  } while (!list.page_token().empty());
  EXPECT_THAT(listed, ElementsAre("1 v1", "2 v1", "3 v1", "3 v2", "4 own-promises v1", "5 v1", "6 agency v1", "7 v1"));
  list.set_kind(register_v1::REFERENCE_KIND_RULE_SET);
  *list.mutable_as_of_time() = service::WriteTime(clock_.Now());
  const auto in_force = Ask(service(), &RegisterService::ListVersions, list);
  ASSERT_EQ(in_force->versions_size(), 1);
  EXPECT_EQ(in_force->position().stream(), "register");
  EXPECT_EQ(in_force->versions(0).version(), 2);

  register_v1::ListPlacesRequest places;
  places.set_page_size(1);
  const auto first = Ask(service(), &RegisterService::ListPlaces, places);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->places(0).residence().code(), "rn");
  EXPECT_EQ(first->places(0).dwellings(), 1);
  places.set_page_token(first->next_page_token());
  const auto second = Ask(service(), &RegisterService::ListPlaces, places);
  EXPECT_EQ(second->places(0).residence().code(), "rs");
  EXPECT_EQ(second->places(0).agency(), "south");
  EXPECT_EQ(second->next_page_token(), "");
}

TEST_F(RegisterServiceTest, AsksForItsPermissions) {
  const auto reader = CallerOf("north", PermissionSet(Permission::kReadRegister));
  register_v1::SetRuleSetRequest rules;
  EXPECT_EQ(ReasonOf(Ask(service(), &RegisterService::SetRuleSet, rules, reader).status()), "PERMISSION_MISSING");
  EXPECT_EQ(
      ReasonOf(
          Ask(service(), &RegisterService::UploadTerritory, register_v1::UploadTerritoryRequest(), reader).status()),
      "PERMISSION_MISSING");
  EXPECT_TRUE(Ask(service(), &RegisterService::ListVersions, register_v1::ListVersionsRequest(), reader).ok());
  EXPECT_EQ(ReasonOf(Ask(service(), &RegisterService::ListVersions, register_v1::ListVersionsRequest(),
                         CallerOf("north", PermissionSet()))
                         .status()),
            "PERMISSION_MISSING");
}

}  // namespace
}  // namespace redress::routing
