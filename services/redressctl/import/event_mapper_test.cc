#include "services/redressctl/import/event_mapper.h"

#include <gmock/gmock.h>

#include "absl/strings/str_replace.h"
#include "services/redressctl/import/test_support.h"

namespace redress::importer {
namespace {

namespace types = ::redress::types::v1;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr char kMapping[] = R"(
  system: "log" zone: "UTC" time_formats: "%Y-%m-%dT%H:%M"
  reference { columns: "case" } category { columns: "product" }
  team { columns: "team" } handler { columns: "who" blank_values: "robot" }
  urgency { column: "impact" values { from: "High" to: URGENCY_URGENT } }
  event {
    time { column: "at" } activity { columns: "state" columns: "step" }
    activities { name: "work" }
    activities { name: "queue" assigns: ASSIGNS_TEAM }
    activities { name: "wait/user" fact: FACT_KIND_RESIDENT_ASKED until: FACT_KIND_WORK_RESUMED }
    activities { name: "wait/vendor" fact: FACT_KIND_CONTRACTOR_ORDERED until: FACT_KIND_CONTRACTOR_REPORTED }
    activities { name: "answer" fact: FACT_KIND_ANSWERED stage: 2 assigns: ASSIGNS_NOBODY }
    activities { name: "drop" fact: FACT_KIND_UNASSIGNED assigns: ASSIGNS_NOBODY }
    activities { name: "done" fact: FACT_KIND_RESOLVED outcome: OUTCOME_FIXED }
    activities { name: "done/dup" fact: FACT_KIND_RESOLVED outcome: OUTCOME_DUPLICATE }
    activities { name: "closed" fact: FACT_KIND_RESOLVED outcome: OUTCOME_FIXED assigns: ASSIGNS_NOBODY }
    activities { name: "cancel" fact: FACT_KIND_WITHDRAWN assigns: ASSIGNS_NOBODY }
    activities { name: "thanks" note: true }
  })";
constexpr char kHeader[] = "case,product,team,who,impact,at,state,step\n";

// "state[/step]" at minute `minute` of 2024-05-01.
std::string Event(const std::string& the_case, int minute, const std::string& state, const std::string& team = "",
                  const std::string& who = "", const std::string& product = "", const std::string& impact = "") {
  const auto slash = state.find('/');
  return absl::StrCat(the_case, ",", product, ",", team, ",", who, ",", impact,
                      ",2024-05-01T00:", minute < 10 ? "0" : "", minute, ",", state.substr(0, slash), ",",
                      slash == std::string::npos ? "" : state.substr(slash + 1), "\n");
}

std::vector<Result> Map(const std::vector<std::string>& lines, const std::string& more = "") {
  std::string data = kHeader;
  for (const std::string& line : lines) data += line;
  return MapText(absl::StrCat(kMapping, more), data);
}

// The facts of one case as "KIND minute detail".
std::vector<std::string> Fold(const std::vector<std::string>& lines) {
  const auto results = Map(lines);
  EXPECT_EQ(results.size(), 1u);
  std::vector<std::string> facts;
  for (std::string fact : Facts(results[0])) {
    const size_t time = fact.find(" 2024-05-01T00:");
    facts.push_back(fact.substr(0, time) + " " + fact.substr(time + 15, 2) + fact.substr(time + 21));
  }
  return facts;
}

TEST(CaseFoldTest, TheFirstRowIsTheReceipt) {
  EXPECT_THAT(Fold({Event("A", 1, "work")}), ElementsAre("RECEIVED 01"));
  EXPECT_THAT(Fold({Event("A", 1, "done")}), ElementsAre("RECEIVED 01", "RESOLVED 01 FIXED"));
  EXPECT_THAT(Fold({Event("A", 1, "thanks")}), ElementsAre("RECEIVED 01"));
}

TEST(CaseFoldTest, FurtherResolutionsAreNotes) {
  EXPECT_THAT(Fold({Event("A", 1, "work"), Event("A", 2, "done"), Event("A", 3, "closed"), Event("A", 4, "cancel")}),
              ElementsAre("RECEIVED 01", "RESOLVED 02 FIXED"));
}

TEST(CaseFoldTest, AnyOtherActivityAfterAResolutionReopens) {
  EXPECT_THAT(Fold({Event("A", 1, "work"), Event("A", 2, "done"), Event("A", 3, "work"), Event("A", 4, "work"),
                    Event("A", 5, "closed")}),
              ElementsAre("RECEIVED 01", "RESOLVED 02 FIXED", "REOPENED 03", "RESOLVED 05 FIXED"));
  EXPECT_THAT(Fold({Event("A", 1, "work"), Event("A", 2, "done"), Event("A", 3, "wait/user")}),
              ElementsAre("RECEIVED 01", "RESOLVED 02 FIXED", "REOPENED 03", "RESIDENT_ASKED 03"));
}

TEST(CaseFoldTest, ANoteReopensNothingAndEndsNoWait) {
  EXPECT_THAT(
      Fold({Event("A", 1, "wait/user"), Event("A", 2, "thanks", "T9"), Event("A", 3, "done"), Event("A", 4, "thanks")}),
      ElementsAre("RECEIVED 01", "RESIDENT_ASKED 01", "WORK_RESUMED 03", "RESOLVED 03 FIXED"));
}

TEST(CaseFoldTest, AWithdrawalEndsAndCanBeReopened) {
  EXPECT_THAT(Fold({Event("A", 1, "work"), Event("A", 2, "cancel"), Event("A", 3, "closed")}),
              ElementsAre("RECEIVED 01", "WITHDRAWN 02"));
  EXPECT_THAT(Fold({Event("A", 1, "work"), Event("A", 2, "cancel"), Event("A", 3, "work")}),
              ElementsAre("RECEIVED 01", "WITHDRAWN 02", "REOPENED 03"));
}

TEST(CaseFoldTest, AWaitLastsUntilAnotherActivity) {
  EXPECT_THAT(Fold({Event("A", 1, "work"), Event("A", 2, "wait/user"), Event("A", 3, "wait/user"),
                    Event("A", 4, "wait/vendor"), Event("A", 5, "work"), Event("A", 6, "work")}),
              ElementsAre("RECEIVED 01", "RESIDENT_ASKED 02", "WORK_RESUMED 04", "CONTRACTOR_ORDERED 04",
                          "CONTRACTOR_REPORTED 05"));
}

TEST(CaseFoldTest, AssignmentsFollowTeamAndHandlerWhenTheyChange) {
  EXPECT_THAT(
      Fold({Event("A", 1, "work", "T1", "ann"), Event("A", 2, "work", "T1", "ann"), Event("A", 3, "work", "T1", "bob"),
            Event("A", 4, "work", "", ""), Event("A", 5, "work", "T2", ""), Event("A", 6, "work", "", "cy")}),
      ElementsAre("RECEIVED 01", "ASSIGNED 01 T1/ann", "ASSIGNED 03 T1/bob", "ASSIGNED 05 T2/", "ASSIGNED 06 T2/cy"));
}

TEST(CaseFoldTest, AQueueTakesTheCaseFromItsHandler) {
  EXPECT_THAT(Fold({Event("A", 1, "work", "T1", "ann"), Event("A", 2, "queue", "T1", "ann"),
                    Event("A", 3, "queue", "T1", "bob"), Event("A", 4, "work", "T1", "robot")}),
              ElementsAre("RECEIVED 01", "ASSIGNED 01 T1/ann", "ASSIGNED 02 T1/"));
}

TEST(CaseFoldTest, WhoClosesOrNotesIsNotInCharge) {
  EXPECT_THAT(Fold({Event("A", 1, "work", "T1", "ann"), Event("A", 2, "closed", "T2", "bob"),
                    Event("A", 3, "done", "T3", "cy"), Event("A", 4, "thanks", "T4", "di")}),
              ElementsAre("RECEIVED 01", "ASSIGNED 01 T1/ann", "RESOLVED 02 FIXED"));
}

TEST(CaseFoldTest, AfterUnassignedTheSameTeamIsAssignedAgain) {
  EXPECT_THAT(Fold({Event("A", 1, "work", "T1"), Event("A", 2, "drop"), Event("A", 3, "work", "T1")}),
              ElementsAre("RECEIVED 01", "ASSIGNED 01 T1/", "UNASSIGNED 02", "ASSIGNED 03 T1/"));
}

TEST(CaseFoldTest, OutcomesAndStagesAreTheActivitys) {
  EXPECT_THAT(Fold({Event("A", 1, "work"), Event("A", 2, "answer"), Event("A", 3, "done/dup")}),
              ElementsAre("RECEIVED 01", "ANSWERED 02 stage 2", "RESOLVED 03 DUPLICATE"));
}

TEST(EventMapperTest, RowsOfACaseNeedNeitherOrderNorNeighbourhood) {
  const auto results = Map({Event("B", 9, "done"), Event("A", 5, "done", "T2", "", "late"), Event("B", 3, "work"),
                            Event("A", 1, "work", "T1", "", "early", "High"), Event("A", 3, "wait/user")});
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].complaint->reference(), "B");
  EXPECT_THAT(results[0].lines, ElementsAre(2, 4));
  EXPECT_EQ(results[1].complaint->reference(), "A");
  EXPECT_THAT(results[1].lines, ElementsAre(3, 5, 6));
  EXPECT_EQ(results[1].first_line(), 3);
  // The earliest row says what the case is.
  EXPECT_EQ(results[1].complaint->category(), "early");
  EXPECT_EQ(results[1].complaint->urgency(), types::URGENCY_URGENT);
  EXPECT_THAT(Facts(results[1]),
              ElementsAre("RECEIVED 2024-05-01T00:01:00Z", "ASSIGNED 2024-05-01T00:01:00Z T1/",
                          "RESIDENT_ASKED 2024-05-01T00:03:00Z", "WORK_RESUMED 2024-05-01T00:05:00Z",
                          "ASSIGNED 2024-05-01T00:05:00Z T2/", "RESOLVED 2024-05-01T00:05:00Z FIXED"));
  EXPECT_THAT(results[1].complaint->supplied_facts(),
              ElementsAre(types::FACT_KIND_RECEIVED, types::FACT_KIND_ANSWERED, types::FACT_KIND_RESIDENT_ASKED,
                          types::FACT_KIND_WORK_RESUMED, types::FACT_KIND_ASSIGNED, types::FACT_KIND_UNASSIGNED,
                          types::FACT_KIND_CONTRACTOR_ORDERED, types::FACT_KIND_CONTRACTOR_REPORTED,
                          types::FACT_KIND_RESOLVED, types::FACT_KIND_REOPENED, types::FACT_KIND_WITHDRAWN));
}

TEST(EventMapperTest, RowsOfOneInstantKeepTheirLines) {
  EXPECT_THAT(Fold({Event("A", 1, "work"), Event("A", 2, "done"), Event("A", 2, "work")}),
              ElementsAre("RECEIVED 01", "RESOLVED 02 FIXED", "REOPENED 02"));
}

TEST(EventMapperTest, RowsWithoutAFactAreCountedByActivity) {
  const auto results =
      Map({Event("A", 1, "work"), Event("A", 2, "work"), Event("A", 3, "wait/user"), Event("A", 4, "wait/user"),
           Event("A", 5, "done"), Event("A", 6, "closed"), Event("A", 7, "thanks")});
  EXPECT_THAT(results[0].without_fact,
              ElementsAre(Pair("closed", 1), Pair("thanks", 1), Pair("wait/user", 1), Pair("work", 1)));
  EXPECT_EQ(results[0].rows(), 7);
}

TEST(EventMapperTest, AnUnknownActivityIsFlaggedAndReopens) {
  const std::vector<std::string> lines = {Event("A", 1, "work"), Event("A", 2, "done"), Event("A", 3, "dance", "T1")};
  const auto flagged = Map(lines);
  EXPECT_THAT(Issues(flagged[0]), ElementsAre("F unknown_activity@4:state+step"));
  EXPECT_EQ(flagged[0].complaint->facts(2).kind(), types::FACT_KIND_REOPENED);
  EXPECT_EQ(flagged[0].complaint->facts_size(), 3);
  const auto refused = Map(lines, "treatments { oddity: ODDITY_UNKNOWN_ACTIVITY treatment: TREATMENT_REFUSE }");
  ASSERT_EQ(refused.size(), 2u);
  EXPECT_THAT(Issues(refused[0]), ElementsAre("F incomplete_case@2:"));
  EXPECT_EQ(refused[0].issues[0].detail, "the row in line 4 was refused");
  EXPECT_EQ(refused[0].complaint->facts_size(), 2);
  EXPECT_THAT(Issues(refused[1]), ElementsAre("R unknown_activity@4:state+step"));
}

TEST(EventMapperTest, TimesThatCannotBeAreFlaggedAndLeftOut) {
  const std::string at = ",work,\n";
  const auto results = Map({Event("A", 1, "work"), "A,,,,,x" + at, "A,,,,," + at, "A,,,,,0001-01-01T00:00" + at,
                            "A,,,,,9999-12-31T23:59" + at, "A,,,,,2024-06-01T00:01" + at});
  ASSERT_EQ(results.size(), 1u);
  EXPECT_THAT(Issues(results[0]),
              ElementsAre("F unreadable_time@3:at", "F unreadable_time@4:at", "F fact_impossible@5:at",
                          "F fact_impossible@6:at", "F fact_in_future@7:at"));
  EXPECT_EQ(results[0].complaint->facts_size(), 1);
  EXPECT_EQ(results[0].rows(), 6);
  EXPECT_THAT(results[0].without_fact, ElementsAre(Pair("work", 5)));
  EXPECT_THAT(results[0].complaint->flags(), ElementsAre("fact_impossible", "fact_in_future", "unreadable_time"));
}

TEST(EventMapperTest, AnUntimedFirstRowDoesNotSayWhatTheCaseIs) {
  const auto results = Map({"A,wrong,,,,x,work,\n", Event("A", 1, "work", "", "", "right")});
  EXPECT_EQ(results[0].complaint->category(), "right");
}

TEST(EventMapperTest, ACaseWithoutAnyTimeIsRefused) {
  const auto results = Map({"A,,,,,x,work,\n", "A,,,,,y,work,\n", Event("B", 1, "work")});
  ASSERT_EQ(results.size(), 2u);
  EXPECT_FALSE(results[0].complaint.has_value());
  EXPECT_EQ(results[0].rows(), 2);
  EXPECT_THAT(Issues(results[0]),
              ElementsAre("F unreadable_time@2:at", "R missing_received@2:at", "F unreadable_time@3:at"));
}

TEST(EventMapperTest, RefusedRowsStandAtTheirLines) {
  const auto results =
      Map({",,,,,2024-05-01T00:01,work,\n", Event("A", 1, "work"), "A,x\n", Event("B", 1, "work"), "C,,,,\n"});
  ASSERT_EQ(results.size(), 5u);
  EXPECT_THAT(Issues(results[0]), ElementsAre("R missing_reference@2:case"));
  EXPECT_EQ(results[1].complaint->reference(), "A");
  EXPECT_THAT(results[1].issues, IsEmpty());  // whose row line 4 is cannot be told
  EXPECT_THAT(Issues(results[2]), ElementsAre("R wrong_field_count@4:"));
  EXPECT_EQ(results[3].complaint->reference(), "B");
  EXPECT_THAT(Issues(results[4]), ElementsAre("R wrong_field_count@6:"));
}

TEST(EventMapperTest, TeamsAndReferencesAreWhatTheServerTakes) {
  const auto results = Map({Event("A", 1, "work", std::string(200, 'x')), Event("B 1", 1, "work", "T 1"),
                            Event("a\tb", 1, "work"), Event("C", 1, "work", "", std::string(1024, 'x'))});
  ASSERT_EQ(results.size(), 4u);
  EXPECT_THAT(Issues(results[0]), ElementsAre("R value_too_long@2:team"));
  EXPECT_THAT(Issues(results[1]), IsEmpty());
  EXPECT_THAT(Issues(results[2]), ElementsAre("R control_character@4:case"));
  EXPECT_THAT(Issues(results[3]), IsEmpty());
}

TEST(EventMapperTest, WhatIsOddAboutTheEarliestRowConcernsTheCase) {
  const auto results = Map({Event("A", 1, "work", "", "", std::string(300, 'x')), Event("A", 2, "work"),
                            Event("B", 1, "work", "", "", "", "Huge"), Event("B", 2, "work", "", "", "", "Vast")});
  EXPECT_THAT(Issues(results[0]), ElementsAre("R value_too_long@2:product"));
  EXPECT_EQ(results[0].rows(), 2);
  EXPECT_THAT(Issues(results[1]), ElementsAre("F unknown_value@4:impact"));
}

TEST(EventMapperTest, OverTwoThousandFactsAreRefusedWithTheirCount) {
  std::string data = kHeader;
  const auto add = [&data](const std::string& name, int rows) {
    for (int i = 0; i < rows; ++i) absl::StrAppend(&data, name, ",,T,a", i, ",,2024-05-01T00:00,work,\n");
  };
  add("A", 1999);
  add("B", 2000);
  const auto results = MapText(kMapping, data);
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].complaint->facts_size(), 2000);
  EXPECT_FALSE(results[1].complaint.has_value());
  EXPECT_THAT(Issues(results[1]), ElementsAre("R too_many_facts@2001:"));
  EXPECT_EQ(results[1].issues[0].detail, "2001 facts, at most 2000");
  EXPECT_EQ(results[1].rows(), 2000);
}

TEST(EventMapperTest, JsonEventsReadAlike) {
  const auto results = MapText(
      kMapping,
      R"({"case":7,"product":"p","team":"T","who":"a","impact":"High","at":"2024-05-01T00:01","state":"work","step":null}
{"case":7,"at":"2024-05-01T00:02","state":"done","step":"dup"})");
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].complaint->reference(), "7");
  EXPECT_THAT(Facts(results[0]), ElementsAre("RECEIVED 2024-05-01T00:01:00Z", "ASSIGNED 2024-05-01T00:01:00Z T/a",
                                             "RESOLVED 2024-05-01T00:02:00Z DUPLICATE"));
}

TEST(EventMapperTest, TeamsAndCategoriesAreTranslatedRowByRow) {
  std::string mapping = kMapping;
  mapping = absl::StrReplaceAll(mapping, {{R"(category { columns: "product" })",
                                           R"(category { columns: "product" values { from: "P1" to: "heating" } })"},
                                          {R"(team { columns: "team" })",
                                           R"(team { columns: "team" values { from: "T1" to: "first" }
                                                     unlisted: TREATMENT_REFUSE })"}});
  const auto results =
      MapText(mapping, absl::StrCat(kHeader, Event("a", 0, "work", "T1", "", "P1"),
                                    Event("a", 5, "work", "T2", "", "P1"), Event("a", 9, "done", "T1")));
  ASSERT_EQ(results.size(), 2u);
  EXPECT_THAT(Issues(results[1]), ElementsAre("R unknown_value@3:team"));
  EXPECT_EQ(results[0].complaint->category(), "heating");
  EXPECT_THAT(Facts(results[0]), ElementsAre("RECEIVED 2024-05-01T00:00:00Z", "ASSIGNED 2024-05-01T00:00:00Z first/",
                                             "RESOLVED 2024-05-01T00:09:00Z FIXED"));
  EXPECT_THAT(Issues(results[0]), ElementsAre("F incomplete_case@2:"));
}

}  // namespace
}  // namespace redress::importer
