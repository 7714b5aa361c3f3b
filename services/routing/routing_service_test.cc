// Routing end to end, without a transport: intake's and sla's records in, assignments and answers out.
#include "services/routing/routing_service.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "libs/ids/codes.h"
#include "libs/status/errors.h"
#include "services/routing/routing_fixture.h"
#include "services/routing/routing_projection.h"

namespace redress::routing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Received(const std::string& category, const std::string& agency, const std::string& office,
                     const std::string& more = "urgency: URGENCY_URGENT") {
  return absl::StrCat(
      "complaint_received { kind: COMPLAINT_KIND_COMPLAINT category: '", category,
      "' channel: CHANNEL_WEB language: 'fr' occurred_at: 1699999999000 placement { residence: 'rn' "
      "agency: '",
      agency, "' office: '", office,
      "' } dwelling { key_id: 'k' box: 'sealed dwelling' } access_note { key_id: 'k' box: 'sealed note' "
      "} ",
      more, " }");
}

class RoutingServiceTest : public testing::RoutingFixture {
 protected:
  void SetUp() override {
    process_ = Boot();
    EnterLandlord(*process_);
  }
  absl::StatusOr<v1::GetAssignmentResponse> Get(const std::string& id, std::optional<types::v1::Position> position,
                                                std::shared_ptr<const Caller> caller = nullptr) {
    v1::GetAssignmentRequest request;
    request.set_name("complaints/" + id);
    if (position.has_value()) *request.mutable_position() = *position;
    return Ask(*process_->routing_service, &RoutingService::GetAssignment, request, std::move(caller));
  }
  v1::Assignment Assignment(const std::string& id, const types::v1::Position& position) {
    const auto response = Get(id, position);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? response->assignment() : v1::Assignment();
  }
  absl::StatusOr<v1::AssignComplaintResponse> Assign(const std::string& id, const std::string& request_id,
                                                     const std::string& fields,
                                                     std::shared_ptr<const Caller> caller = nullptr) {
    auto request = testing::Parse<v1::AssignComplaintRequest>(fields);
    request.set_name("complaints/" + id);
    request.set_request_id(request_id);
    return Ask(*process_->routing_service, &RoutingService::AssignComplaint, request, std::move(caller));
  }
  v1::RouteExplanation Explain(const std::string& id, int64_t number = 0) {
    v1::ExplainRouteRequest request;
    request.set_name("complaints/" + id);
    request.set_number(number);
    const auto response = Ask(*process_->routing_service, &RoutingService::ExplainRoute, request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? response->explanation() : v1::RouteExplanation();
  }
  std::vector<std::string> Queue(const std::string& fields, std::shared_ptr<const Caller> caller = nullptr) {
    auto request = testing::Parse<v1::ListQueueRequest>(fields);
    std::vector<std::string> complaints;
    do {
      const auto page = Ask(*process_->routing_service, &RoutingService::ListQueue, request, caller);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      for (const auto& entry : page->entries()) complaints.push_back(entry.complaint());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return complaints;
  }
  static std::string Id(uint16_t placement, uint64_t random = 1, Millis at = testing::kStart) {
    return MakeId(at, placement, random);
  }

  std::unique_ptr<Process> process_;
};

TEST_F(RoutingServiceTest, AComplaintIsRoutedByTheRulesOfTheRegister) {
  const std::string id = Id(1);
  const auto position = Intake(*process_, id, {Received("heating", "north", "n1")});
  const auto assignment = Assignment(id, position);
  EXPECT_EQ(assignment.state(), v1::Assignment::STATE_OPEN);
  EXPECT_EQ(assignment.team(), "north-works");
  EXPECT_EQ(assignment.agency(), "north");
  EXPECT_EQ(assignment.priority(), 2);
  EXPECT_EQ(assignment.decided_by(), v1::DECIDED_BY_RULE);
  EXPECT_TRUE(assignment.visit_needed());
  EXPECT_EQ(assignment.number(), 1);
  // What scheduling will read is there, sealed as it came.
  const auto stored = LoadComplaint(*process_->routing_rows, 1, id);
  EXPECT_EQ(stored.matter().dwelling().box(), "sealed dwelling");
  EXPECT_EQ(stored.matter().access_note().box(), "sealed note");
}

TEST_F(RoutingServiceTest, ExplainsWhichRuleAndWhyNoneBefore) {
  const std::string id = Id(1);
  Assignment(id, Intake(*process_, id, {Received("heating", "north", "n1")}));
  const auto explanation = Explain(id);
  EXPECT_EQ(explanation.rule(), "heating");
  EXPECT_EQ(explanation.rule_set_version(), 2);
  std::vector<std::string> tried;
  for (const auto& one : explanation.tried()) tried.push_back(one.rule() + ": " + one.condition());
  EXPECT_THAT(tried, ElementsAre("thanks: kind", "lifts: category", "fragile: channel"));
  EXPECT_THAT(explanation.sentences(),
              ElementsAre("rule 'thanks' did not match: it does not hold for kind complaint",
                          "rule 'lifts' did not match: it does not hold for category 'heating'",
                          "rule 'fragile' did not match: it does not hold for channel web",
                          "rule 'heating' of rule set version 2 matched: team 'north-works'"));
  EXPECT_EQ(explanation.matter().residence(), "rn");
}

TEST_F(RoutingServiceTest, ExplanationsStayWhenTheRulesChange) {
  const std::string id = Id(1);
  Assignment(id, Intake(*process_, id, {Received("heating", "north", "n1")}));
  register_v1::SetRuleSetRequest rules;
  rules.set_request_id("new-rules");
  rules.mutable_rule_set()->add_rules()->set_id("all");
  rules.mutable_rule_set()->mutable_rules(0)->set_team("lifts");
  ASSERT_TRUE(Ask(*process_->register_service, &RegisterService::SetRuleSet, rules).ok());
  EXPECT_EQ(Explain(id).rule(), "heating");
  // An amendment is routed by the rules of its time; both assignments can be explained.
  const auto position = Intake(*process_, id, {"complaint_amended { category: 'noise' }"});
  EXPECT_EQ(Assignment(id, position).team(), "lifts");
  EXPECT_EQ(Explain(id).rule(), "all");
  EXPECT_EQ(Explain(id, 1).rule(), "heating");
  v1::ExplainRouteRequest none;
  none.set_name("complaints/" + id);
  none.set_number(3);
  EXPECT_EQ(ReasonOf(Ask(*process_->routing_service, &RoutingService::ExplainRoute, none).status()),
            "ASSIGNMENT_NOT_FOUND");
}

TEST_F(RoutingServiceTest, AnUnknownPlaceGoesToTheFallbackQueue) {
  const std::string id = Id(3);
  const auto assignment = Assignment(id, Intake(*process_, id, {Received("heating", "", "")}));
  EXPECT_EQ(assignment.team(), "front-desk");
  EXPECT_EQ(assignment.decided_by(), v1::DECIDED_BY_FALLBACK);
  EXPECT_FALSE(assignment.visit_needed());
  EXPECT_EQ(Explain(id).fallback(), "unknown_place");
  EXPECT_THAT(Explain(id).sentences(0), HasSubstr("no place of the register"));
  EXPECT_THAT(Queue("team: 'front-desk'"), ElementsAre("complaints/" + id));
}

TEST_F(RoutingServiceTest, ALifeFromReceiptToASecondRound) {
  const std::string id = Id(2);
  Intake(*process_, id, {Received("heating", "north", "n1")});
  auto position = Intake(*process_, id, {"complaint_resolved { occurred_at: 1700000001000 outcome: OUTCOME_FIXED }"});
  auto assignment = Assignment(id, position);
  EXPECT_EQ(assignment.state(), v1::Assignment::STATE_ENDED);
  EXPECT_EQ(assignment.reason(), "resolved");
  EXPECT_THAT(Queue("team: 'north-works'"), ElementsAre());
  position = Intake(*process_, id, {"complaint_contested { occurred_at: 1700000002000 }"});
  assignment = Assignment(id, position);
  EXPECT_EQ(assignment.state(), v1::Assignment::STATE_OPEN);
  EXPECT_EQ(assignment.round(), 1);
  EXPECT_EQ(assignment.number(), 2);
  EXPECT_TRUE(assignment.visit_needed());
  EXPECT_THAT(Queue("team: 'north-works'"), ElementsAre("complaints/" + id));
  position = Intake(*process_, id, {"complaint_withdrawn { occurred_at: 1700000003000 round: 1 }"});
  EXPECT_EQ(Assignment(id, position).reason(), "withdrawn");
}

TEST_F(RoutingServiceTest, ABreachMovesItToTheFrontOfItsQueue) {
  const std::string first = Id(0, 1), second = Id(1, 2, testing::kStart + 1000);
  Intake(*process_, first, {Received("noise", "north", "n1")});
  Intake(*process_, second, {Received("noise", "north", "n1")});
  executor_.RunFor(100);
  EXPECT_THAT(Queue("team: 'desk-n1'"), ElementsAre("complaints/" + first, "complaints/" + second));
  const auto position = Sla(*process_, second, {"breach_raised { line: 'remedy' due_at: 1700000000500 }"});
  EXPECT_EQ(Assignment(second, position).priority(), 1);
  EXPECT_THAT(Queue("team: 'desk-n1'"), ElementsAre("complaints/" + second, "complaints/" + first));
}

TEST_F(RoutingServiceTest, ImportedEndedCasesWriteNothing) {
  const std::string ended = Id(0), open = Id(1);
  const auto before = process_->routing->shard(0).Status().state.next_offset;
  auto position = Intake(
      *process_, ended,
      {"complaint_imported { category: 'noise' closed: true ended: true facts { kind: FACT_KIND_RECEIVED } facts "
       "{ kind: FACT_KIND_RESOLVED } }"});
  EXPECT_EQ(ReasonOf(Get(ended, std::nullopt).status()), "ASSIGNMENT_NOT_FOUND");
  EXPECT_EQ(process_->routing->shard(0).Status().state.next_offset, before);
  position = Intake(*process_, open,
                    {"complaint_imported { kind: COMPLAINT_KIND_COMPLAINT category: 'as given' placement { residence: "
                     "'somewhere' agency: 'theirs' } facts { kind: FACT_KIND_RECEIVED } }"});
  EXPECT_EQ(Assignment(open, position).team(), "front-desk");
}

TEST_F(RoutingServiceTest, AssignsByHand) {
  const std::string id = Id(1);
  Assignment(id, Intake(*process_, id, {Received("heating", "north", "n1")}));
  const auto first = Assign(id, "r1", "team: 'lifts' agent: 'bob' reason: 'knows_the_house'");
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->assignment().team(), "lifts");
  EXPECT_EQ(first->assignment().agent(), "bob");
  EXPECT_EQ(first->assignment().decided_by(), v1::DECIDED_BY_HAND);
  EXPECT_EQ(first->assignment().number(), 2);
  EXPECT_EQ(Explain(id).sentences(0), "assigned by hand to team 'lifts', agent 'bob': knows_the_house");
  EXPECT_THAT(Queue("agent: 'bob'"), ElementsAre("complaints/" + id));
  EXPECT_THAT(Queue("team: 'lifts' agent: 'bob'"), ElementsAre("complaints/" + id));
  EXPECT_THAT(Queue("team: 'front-desk' agent: 'bob'"), ElementsAre());
  // The same request again is the same answer; other content is a mistake; the same choice again is nothing new.
  const auto again = Assign(id, "r1", "team: 'lifts' agent: 'bob' reason: 'knows_the_house'");
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(ReasonOf(Assign(id, "r1", "team: 'lifts'").status()), "REQUEST_ID_REUSED");
  const auto same = Assign(id, "r2", "team: 'lifts' agent: 'bob'");
  ASSERT_TRUE(same.ok());
  EXPECT_EQ(same->assignment().number(), 2);
  // Somebody else was faster.
  EXPECT_EQ(ReasonOf(Assign(id, "r3", "team: 'front-desk' etag: 'v1'").status()), "ETAG_MOVED");
  ASSERT_TRUE(Assign(id, "r3", absl::StrCat("team: 'front-desk' etag: '", same->assignment().etag(), "'")).ok());
  EXPECT_THAT(Queue("agent: 'bob'"), ElementsAre());
}

TEST_F(RoutingServiceTest, RefusesWhatCannotBeAssigned) {
  const std::string id = Id(1);
  Assignment(id, Intake(*process_, id, {Received("heating", "north", "n1")}));
  EXPECT_EQ(ReasonOf(Assign(id, "r1", "team: 'plumbers'").status()), "TEAM_UNKNOWN");
  EXPECT_EQ(ReasonOf(Assign(id, "r2", "team: 'lifts' agent: 'zoe'").status()), "AGENT_UNKNOWN");
  EXPECT_EQ(ReasonOf(Assign(id, "r3", "team: 'lifts' agent: 'cem'").status()), "AGENT_NOT_IN_TEAM");
  EXPECT_EQ(ReasonOf(Assign(Id(1, 99), "r4", "team: 'lifts'").status()), "ASSIGNMENT_NOT_FOUND");
  // What errors echo is one line of at most 128 bytes; the rest is refused without an echo.
  for (const std::string& team : {std::string(kLongestCode + 1, 'x'), std::string("two\\nlines")}) {
    const auto echoed = Assign(id, "r5", absl::StrCat("team: '", team, "'")).status();
    EXPECT_EQ(ReasonOf(echoed), "INVALID_FIELDS");
    EXPECT_FALSE(absl::StrContains(echoed.message(), "xx") || absl::StrContains(echoed.message(), "lines"));
  }
  v1::AssignComplaintRequest bad;
  bad.set_name("complaint/x");
  bad.set_priority(6);
  bad.set_etag("7");
  bad.set_reason("Mme Martin asked");
  const auto refused = Ask(*process_->routing_service, &RoutingService::AssignComplaint, bad);
  std::vector<std::string> fields;
  for (const auto& violation : ViolationsOf(refused.status())) fields.push_back(violation.field);
  EXPECT_THAT(fields, ElementsAre("request_id", "name", "team", "reason", "priority", "etag"));
}

TEST_F(RoutingServiceTest, WhatIsOutOfScopeDoesNotExist) {
  const std::string id = Id(1), nowhere = Id(2);
  Assignment(id, Intake(*process_, id, {Received("heating", "north", "n1")}));
  Assignment(nowhere, Intake(*process_, nowhere, {Received("heating", "", "")}));
  const auto north = CallerOf("north", PermissionSet::All()), south = CallerOf("south", PermissionSet::All());
  EXPECT_TRUE(Get(id, std::nullopt, north).ok());
  EXPECT_EQ(ReasonOf(Get(id, std::nullopt, south).status()), "ASSIGNMENT_NOT_FOUND");
  EXPECT_EQ(ReasonOf(Get(nowhere, std::nullopt, north).status()), "ASSIGNMENT_NOT_FOUND");
  EXPECT_EQ(ReasonOf(Assign(id, "r1", "team: 'lifts' etag: 'v9'", south).status()), "ASSIGNMENT_NOT_FOUND");
  EXPECT_TRUE(Assign(id, "r2", "team: 'lifts'", north).ok());
  EXPECT_THAT(Queue("team: 'lifts'", south), ElementsAre());
  EXPECT_THAT(Queue("team: 'lifts'", north), ElementsAre("complaints/" + id));
  EXPECT_THAT(Queue("team: 'front-desk'", north), ElementsAre());
}

TEST_F(RoutingServiceTest, NobodyHandsOverToWhomTheyDoNotSee) {
  const std::string id = Id(1);
  Assignment(id, Intake(*process_, id, {Received("heating", "north", "n1")}));
  const auto north = CallerOf("north", PermissionSet::All());
  EXPECT_EQ(ReasonOf(Assign(id, "r1", "team: 'south-works'", north).status()), "TEAM_UNKNOWN");
  EXPECT_EQ(Get(id, std::nullopt, north)->assignment().team(), "north-works");
  EXPECT_TRUE(Assign(id, "r2", "team: 'south-works'").ok());
}

TEST_F(RoutingServiceTest, ATeamOfAnAgencyThatIsGoneHidesNoComplaint) {
  auto organisation = testing::SomeOrganisation();
  organisation.mutable_teams(0)->set_agency("gone");
  organisation.mutable_teams(1)->set_agency("gone");
  register_v1::SetOrganisationRequest request;
  request.set_request_id("gone");
  *request.mutable_organisation() = organisation;
  const auto set = Ask(*process_->register_service, &RegisterService::SetOrganisation, request);
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_THAT(set->result().warnings(),
              ElementsAre("team 'front-desk' belongs to agency 'gone', which the territory does not have",
                          "team 'north-works' belongs to agency 'gone', which the territory does not have"));
  const std::string id = Id(1);
  Assignment(id, Intake(*process_, id, {Received("heating", "north", "n1")}));
  const auto north = CallerOf("north", PermissionSet::All());
  EXPECT_EQ(Get(id, std::nullopt, north)->assignment().team(), "north-works");
  // By hand, too.
  ASSERT_TRUE(Assign(id, "r1", "team: 'front-desk'", north).ok());
  EXPECT_EQ(Get(id, std::nullopt, north)->assignment().agency(), "north");
  EXPECT_EQ(Get(id, std::nullopt, north)->assignment().office(), "n1");
}

TEST_F(RoutingServiceTest, ReadsSayUpToWhereTheyHaveSeen) {
  const std::string id = Id(1);
  Assignment(id, Intake(*process_, id, {Received("heating", "north", "n1")}));
  const auto assigned = Assign(id, "r1", "team: 'lifts'");
  ASSERT_TRUE(assigned.ok());
  const std::string wanted = assigned->position().SerializeAsString();
  EXPECT_EQ(Get(id, std::nullopt)->position().SerializeAsString(), wanted);
  v1::ExplainRouteRequest explain;
  explain.set_name("complaints/" + id);
  EXPECT_EQ(Ask(*process_->routing_service, &RoutingService::ExplainRoute, explain)->position().SerializeAsString(),
            wanted);
  v1::ListQueueRequest queue;
  queue.set_team("lifts");
  const auto queued = Ask(*process_->routing_service, &RoutingService::ListQueue, queue);
  ASSERT_EQ(queued->positions_size(), static_cast<int>(testing::kShards));
  EXPECT_EQ(queued->positions(1).SerializeAsString(), wanted);
}

TEST_F(RoutingServiceTest, AsksForItsPermissions) {
  const auto nobody = CallerOf("north", PermissionSet());
  const std::string id = Id(1);
  EXPECT_EQ(ReasonOf(Get(id, std::nullopt, nobody).status()), "PERMISSION_MISSING");
  EXPECT_EQ(ReasonOf(Assign(id, "r1", "team: 'lifts'", nobody).status()), "PERMISSION_MISSING");
  EXPECT_EQ(
      ReasonOf(Ask(*process_->routing_service, &RoutingService::ListQueue, v1::ListQueueRequest(), nobody).status()),
      "PERMISSION_MISSING");
  EXPECT_EQ(
      ReasonOf(
          Ask(*process_->routing_service, &RoutingService::ExplainRoute, v1::ExplainRouteRequest(), nobody).status()),
      "PERMISSION_MISSING");
}

TEST_F(RoutingServiceTest, QueuesArePagedOverAllShards) {
  std::vector<std::string> wanted;
  for (int i = 0; i < 23; ++i) {
    const std::string id = Id(static_cast<uint16_t>(i * 7), 1, testing::kStart + i);
    wanted.push_back("complaints/" + id);
    Intake(*process_, id, {Received("noise", "north", "n1")});
  }
  executor_.RunFor(1000);
  for (const int size : {1, 4, 23, 100}) EXPECT_EQ(Queue(absl::StrCat("team: 'desk-n1' page_size: ", size)), wanted);
  v1::ListQueueRequest other;
  other.set_team("desk-n1");
  other.set_page_size(2);
  const auto page = Ask(*process_->routing_service, &RoutingService::ListQueue, other);
  other.set_team("lifts");
  other.set_page_token(page->next_page_token());
  EXPECT_EQ(ReasonOf(Ask(*process_->routing_service, &RoutingService::ListQueue, other).status()),
            "PAGE_TOKEN_FOREIGN");
  EXPECT_EQ(ReasonOf(Ask(*process_->routing_service, &RoutingService::ListQueue, v1::ListQueueRequest()).status()),
            "INVALID_FIELDS");
}

TEST_F(RoutingServiceTest, ARebuildIsTheLiveProjectionToTheByte) {
  SeededIdSource random(3);
  const std::vector<std::string> kEvents = {
      "complaint_amended { category: 'lift' }",
      "complaint_amended { category: 'noise' placement { residence: 'rs' agency: 'south' office: 's1' } }",
      "complaint_resolved { occurred_at: 1700000001000 }",
      "complaint_contested { occurred_at: 1700000002000 }",
      "complaint_withdrawn { occurred_at: 1700000003000 }",
      "complaint_closed { occurred_at: 1700000004000 }"};
  const std::vector<std::string> kAlarms = {"warning_raised { line: 'remedy' due_at: 5 warned_at: 4 }",
                                            "breach_raised { line: 'answer' due_at: 6 }"};
  for (uint64_t i = 0; i < 12; ++i) {
    const std::string id = Id(static_cast<uint16_t>(i), i, testing::kStart + static_cast<Millis>(i));
    Intake(*process_, id, {Received(i % 2 == 0 ? "heating" : "noise", "north", "n1")});
    for (uint64_t steps = random.Random64() % 5; steps > 0; --steps) {
      const uint64_t draw = random.Random64();
      if (draw % 4 == 0) {
        Sla(*process_, id, {kAlarms[draw / 4 % kAlarms.size()]});
      } else if (draw % 4 == 1) {
        Assign(id, absl::StrCat("r", draw), "team: 'lifts' agent: 'bob'").status().IgnoreError();
      } else {
        Intake(*process_, id, {kEvents[draw / 4 % kEvents.size()]});
      }
    }
  }
  executor_.RunFor(10 * kMinute);
  const auto rebuilt = Boot(/*own=*/false);
  executor_.RunFor(1000);
  for (uint16_t shard = 0; shard < testing::kShards; ++shard) {
    ASSERT_EQ(rebuilt->routing->shard(shard).Status().state.next_offset,
              process_->routing->shard(shard).Status().state.next_offset);
    EXPECT_EQ(store::DigestOf(*rebuilt->routing_rows, shard, store::DigestScope::kAll),
              store::DigestOf(*process_->routing_rows, shard, store::DigestScope::kAll));
  }
  EXPECT_EQ(store::DigestOf(*rebuilt->register_rows, 0, store::DigestScope::kAll),
            store::DigestOf(*process_->register_rows, 0, store::DigestScope::kAll));
  EXPECT_EQ(rebuilt->view.Version(), process_->view.Version());
}

TEST_F(RoutingServiceTest, AFollowerThatTakesOverGoesOnWhereTheOwnerWas) {
  const std::string id = Id(1);
  Assignment(id, Intake(*process_, id, {Received("heating", "north", "n1")}));
  const auto second = Boot(/*own=*/false);
  executor_.RunFor(1000);
  process_->routing->Assign(std::vector<bool>(testing::kShards, false));
  second->routing->AssignAll();
  executor_.RunFor(10 * kSecond);
  const auto position = Intake(*process_, id, {"complaint_amended { category: 'lift' }"});
  v1::GetAssignmentRequest request;
  request.set_name("complaints/" + id);
  *request.mutable_position() = position;
  const auto response = Ask(*second->routing_service, &RoutingService::GetAssignment, request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->assignment().team(), "lifts");
  EXPECT_EQ(response->assignment().number(), 2);
}

}  // namespace
}  // namespace redress::routing
