#include "services/redressctl/import/row_mapper.h"

#include <gmock/gmock.h>

#include "absl/strings/str_replace.h"
#include "services/redressctl/import/test_support.h"

namespace redress::importer {
namespace {

namespace types = ::redress::types::v1;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kMapping[] = R"(
  system: "src" zone: "America/New_York" time_formats: "%Y-%m-%d %H:%M:%S" blank_values: "N/A"
  reference { columns: "id" }
  category { columns: "type" columns: "sub" }
  residence { columns: "lot" }
  team { columns: "team" } handler { columns: "who" }
  channel { column: "via" values { from: "TEL" to: CHANNEL_PHONE } default_value: CHANNEL_MAIL }
  row {
    received { column: "opened" midnight_is_day: true }
    resolved { column: "closed" midnight_is_day: true }
    due { column: "due" }
    state { columns: "state" }
    states { value: "New" meaning: MEANING_OPEN }
    states { value: "Done" meaning: MEANING_ENDED outcome: OUTCOME_FIXED }
    states { value: "Gone" meaning: MEANING_WITHDRAWN }
    end_rules { column: "note" contains: "Duplicate of" meaning: MEANING_ENDED outcome: OUTCOME_DUPLICATE }
    facts { time { column: "acked" } fact: FACT_KIND_ACKNOWLEDGED }
  })";
constexpr char kHeader[] = "id,type,sub,lot,team,who,via,opened,closed,due,state,note,acked\n";

// A row of that file: what a test does not name is in order.
struct Cells {
  std::string id = "1", type = "Heat", sub = "", lot = "L1", team = "", who = "", via = "TEL";
  std::string opened = "2024-05-01 10:00:00", closed = "", due = "", state = "New", note = "", acked = "";

  std::string Line() const {
    return absl::StrCat(id, ",", type, ",", sub, ",", lot, ",", team, ",", who, ",", via, ",", opened, ",", closed, ",",
                        due, ",", state, ",", note, ",", acked, "\n");
  }
};

std::vector<Result> Map(const std::vector<Cells>& rows, const std::string& more = "") {
  std::string data = kHeader;
  for (const Cells& row : rows) data += row.Line();
  return MapText(absl::StrCat(kMapping, more), data);
}

Result MapOne(const Cells& row, const std::string& more = "") {
  std::vector<Result> results = Map({row}, more);
  EXPECT_EQ(results.size(), 1u);
  return results.empty() ? Result() : results[0];
}

std::string Treat(const std::string& oddity, const std::string& treatment) {
  return absl::StrCat("treatments { oddity: ODDITY_", oddity, " treatment: TREATMENT_", treatment, " }");
}

TEST(RowMapperTest, AnOpenRowIsAComplaint) {
  const Result result = MapOne({.sub = "No heat", .due = "2024-05-03 10:00:00"});
  ASSERT_TRUE(result.complaint.has_value());
  EXPECT_EQ(result.complaint->system(), "src");
  EXPECT_EQ(result.complaint->reference(), "1");
  EXPECT_EQ(result.complaint->category(), "Heat/No heat");
  EXPECT_EQ(result.complaint->residence(), "L1");
  EXPECT_EQ(result.complaint->channel(), types::CHANNEL_PHONE);
  EXPECT_EQ(result.complaint->kind(), types::COMPLAINT_KIND_COMPLAINT);
  EXPECT_EQ(result.complaint->zone(), "America/New_York");
  EXPECT_EQ(result.complaint->due_at(), At("2024-05-03T14:00:00Z"));
  EXPECT_THAT(result.complaint->supplied_facts(),
              ElementsAre(types::FACT_KIND_RECEIVED, types::FACT_KIND_ACKNOWLEDGED, types::FACT_KIND_ASSIGNED,
                          types::FACT_KIND_RESOLVED, types::FACT_KIND_WITHDRAWN));
  EXPECT_THAT(Facts(result), ElementsAre("RECEIVED 2024-05-01T14:00:00Z"));
  EXPECT_THAT(result.issues, IsEmpty());
  EXPECT_THAT(result.complaint->flags(), IsEmpty());
  EXPECT_THAT(result.lines, ElementsAre(2));
}

TEST(RowMapperTest, AnEndedRowIsResolved) {
  EXPECT_THAT(Facts(MapOne({.closed = "2024-05-02 10:00:00", .state = "Done"})),
              ElementsAre("RECEIVED 2024-05-01T14:00:00Z", "RESOLVED 2024-05-02T14:00:00Z FIXED"));
}

TEST(RowMapperTest, AWithdrawnRowIsWithdrawn) {
  EXPECT_THAT(Facts(MapOne({.closed = "2024-05-02 10:00:00", .state = "Gone", .note = "duplicate of 5"})),
              ElementsAre("RECEIVED 2024-05-01T14:00:00Z", "WITHDRAWN 2024-05-02T14:00:00Z"));
}

TEST(RowMapperTest, AnEndRuleOverrulesTheState) {
  EXPECT_THAT(Facts(MapOne({.closed = "2024-05-02 10:00:00", .state = "Done", .note = "a DUPLICATE of 5"})),
              ElementsAre("RECEIVED 2024-05-01T14:00:00Z", "RESOLVED 2024-05-02T14:00:00Z DUPLICATE"));
  EXPECT_THAT(Facts(MapOne({.state = "New", .note = "duplicate of 5"})), ElementsAre("RECEIVED 2024-05-01T14:00:00Z"));
}

TEST(RowMapperTest, MidnightsAreDays) {
  const Result result = MapOne({.opened = "2024-05-01 00:00:00", .closed = "2024-05-01 00:00:00", .state = "Done"});
  EXPECT_THAT(Facts(result),
              ElementsAre("RECEIVED 2024-05-01T04:00:00Z day", "RESOLVED 2024-05-02T03:59:59Z day FIXED"));
  EXPECT_THAT(result.issues, IsEmpty());
  // `due` is no such column.
  EXPECT_EQ(MapOne({.due = "2024-05-03 00:00:00"}).complaint->due_at(), At("2024-05-03T04:00:00Z"));
}

TEST(RowMapperTest, ClockChangesFollowTheRule) {
  EXPECT_THAT(Facts(MapOne({.opened = "2024-03-10 02:30:00"})), ElementsAre("RECEIVED 2024-03-10T07:00:00Z"));
  EXPECT_THAT(Facts(MapOne({.opened = "2023-11-05 01:30:00"})), ElementsAre("RECEIVED 2023-11-05T05:30:00Z"));
}

TEST(RowMapperTest, WhoHandlesItIsInChargeFromTheReceipt) {
  EXPECT_THAT(Facts(MapOne({.team = "T1", .who = "Ada L", .closed = "2024-05-01 10:00:00", .state = "Done"})),
              ElementsAre("RECEIVED 2024-05-01T14:00:00Z", "ASSIGNED 2024-05-01T14:00:00Z T1/Ada L",
                          "RESOLVED 2024-05-01T14:00:00Z FIXED"));
}

TEST(RowMapperTest, FurtherTimesAreFactsInOrder) {
  EXPECT_THAT(Facts(MapOne({.closed = "2024-05-03 10:00:00", .state = "Done", .acked = "2024-05-02 10:00:00"})),
              ElementsAre("RECEIVED 2024-05-01T14:00:00Z", "ACKNOWLEDGED 2024-05-02T14:00:00Z",
                          "RESOLVED 2024-05-03T14:00:00Z FIXED"));
}

// One row of this table is one oddity of an end: flagged, and the complaint open; refused where the mapping says so.
struct EndCase {
  const char* oddity;
  Cells row;
};

class EndTest : public ::testing::TestWithParam<EndCase> {};

TEST_P(EndTest, IsFlaggedAndOpenOrRefused) {
  const EndCase& c = GetParam();
  const std::string name = absl::AsciiStrToLower(c.oddity);
  const std::string column = name == "unknown_state" ? "state" : "closed";
  const Result flagged = MapOne(c.row);
  EXPECT_THAT(Issues(flagged), ElementsAre(absl::StrCat("F ", name, "@2:", column)));
  EXPECT_THAT(Facts(flagged), ElementsAre("RECEIVED 2024-05-01T14:00:00Z"));
  ASSERT_TRUE(flagged.complaint.has_value());
  EXPECT_THAT(flagged.complaint->flags(), ElementsAre(name));
  const Result refused = MapOne(c.row, Treat(c.oddity, "REFUSE"));
  EXPECT_THAT(Issues(refused), ElementsAre(absl::StrCat("R ", name, "@2:", column)));
  EXPECT_FALSE(refused.complaint.has_value());
}

INSTANTIATE_TEST_SUITE_P(
    All, EndTest,
    ::testing::Values(EndCase{"CLOSED_BEFORE_RECEIVED", {.closed = "2024-05-01 09:59:59", .state = "Done"}},
                      EndCase{"END_IMPOSSIBLE", {.closed = "1900-01-01 00:00:00", .state = "Done"}},
                      EndCase{"END_IMPOSSIBLE", {.closed = "0001-01-01 10:00:00", .state = "Done"}},
                      EndCase{"END_IMPOSSIBLE", {.closed = "9999-12-31 23:59:59", .state = "Done"}},
                      EndCase{"END_IN_FUTURE", {.closed = "2024-05-31 20:00:01", .state = "Done"}},
                      EndCase{"END_IN_FUTURE",
                              {.closed = "2024-05-31 00:00:00", .state = "Done"}},  // its end is to come
                      EndCase{"END_MISSING", {.closed = "", .state = "Done"}},
                      EndCase{"END_MISSING", {.closed = "N/A", .state = "Gone"}},
                      EndCase{"END_ON_OPEN_ROW", {.closed = "2024-05-02 10:00:00", .state = "New"}},
                      EndCase{"END_ON_OPEN_ROW", {.closed = "1900-01-01 00:00:00", .state = "New"}},
                      EndCase{"UNREADABLE_TIME", {.closed = "soon", .state = "Done"}},
                      EndCase{"UNKNOWN_STATE", {.closed = "2024-05-02 10:00:00", .state = "Odd"}},
                      EndCase{"UNKNOWN_STATE", {.closed = "2024-05-02 10:00:00", .state = ""}}));

TEST(RowMapperTest, AnEndAtTheReceiptOrAtNowCounts) {
  EXPECT_THAT(MapOne({.closed = "2024-05-01 10:00:00", .state = "Done"}).issues, IsEmpty());
  EXPECT_THAT(MapOne({.closed = "2024-05-31 20:00:00", .state = "Done"}).issues, IsEmpty());
}

TEST(RowMapperTest, AReceiptThatCannotBeIsRefused) {
  const auto issue = [](const std::string& opened) { return Issues(MapOne({.opened = opened})); };
  EXPECT_THAT(issue(""), ElementsAre("R missing_received@2:opened"));
  EXPECT_THAT(issue("N/A"), ElementsAre("R missing_received@2:opened"));
  EXPECT_THAT(issue("2024-02-30 10:00:00"), ElementsAre("R unreadable_time@2:opened"));
  EXPECT_THAT(issue("0001-01-01 00:00:00"), ElementsAre("R received_impossible@2:opened"));
  EXPECT_THAT(issue("9999-12-31 00:00:00"), ElementsAre("R received_impossible@2:opened"));
  EXPECT_THAT(issue("1969-12-31 23:59:59"), ElementsAre("R received_impossible@2:opened"));
  EXPECT_THAT(issue("2024-05-31 20:00:01"), ElementsAre("R received_in_future@2:opened"));
}

TEST(RowMapperTest, TheEarliestYearIsTheMappings) {
  const std::string since_1900 = "earliest_year: 1900";
  EXPECT_THAT(Facts(MapOne({.opened = "1900-06-01 10:00:00"}, since_1900)),
              ElementsAre("RECEIVED 1900-06-01T15:00:00Z"));
  EXPECT_THAT(Issues(MapOne({.opened = "1899-12-31 10:00:00"}, since_1900)),
              ElementsAre("R received_impossible@2:opened"));
}

TEST(RowMapperTest, AMissingReferenceIsRefused) {
  EXPECT_THAT(Issues(MapOne({.id = " "})), ElementsAre("R missing_reference@2:id"));
}

TEST(RowMapperTest, ADuplicateReferenceIsRefusedFromTheSecondOn) {
  const auto results = Map({{.id = "A"}, {.id = "B"}, {.id = "A"}, {.id = "A"}});
  ASSERT_EQ(results.size(), 4u);
  EXPECT_TRUE(results[0].complaint && results[1].complaint);
  EXPECT_THAT(Issues(results[2]), ElementsAre("R duplicate_reference@4:id"));
  EXPECT_EQ(results[2].issues[0].detail, "first in line 2");
  EXPECT_FALSE(results[3].complaint.has_value());
  const auto flagged = Map({{.id = "A"}, {.id = "A"}}, Treat("DUPLICATE_REFERENCE", "FLAG"));
  EXPECT_THAT(flagged[1].complaint->flags(), ElementsAre("duplicate_reference"));
}

TEST(RowMapperTest, ARefusedRowLeavesItsReferenceToTheNext) {
  const auto results = Map({{.id = "A", .opened = "soon"}, {.id = "A"}, {.id = "A"}});
  EXPECT_THAT(Issues(results[0]), ElementsAre("R unreadable_time@2:opened"));
  EXPECT_TRUE(results[1].complaint.has_value());
  EXPECT_EQ(results[2].issues[0].detail, "first in line 3");
}

// As IntakeImportTest.AReferenceIsOneLineOfText has it: a dry run must not promise what the server refuses.
TEST(RowMapperTest, AReferenceIsOneLineOfText) {
  const std::string longest(128, 'x');
  for (const std::string& id : {std::string("SR 2019/12"), std::string("n° 7 é"), longest}) {
    EXPECT_THAT(Issues(MapOne({.id = id})), IsEmpty()) << id;
  }
  EXPECT_THAT(Issues(MapOne({.id = longest + "x"})), ElementsAre("R value_too_long@2:id"));
  const Result tab = MapOne({.id = "a\tb"});
  EXPECT_THAT(Issues(tab), ElementsAre("R control_character@2:id"));
  EXPECT_EQ(tab.issues[0].detail, "'a\\tb'");
}

TEST(RowMapperTest, CodesAreWhatTheServerTakes) {
  const std::string more = "agency { columns: \"team\" } office { columns: \"team\" }";
  EXPECT_THAT(Issues(MapOne({.lot = std::string(200, 'x')})), ElementsAre("R value_too_long@2:lot"));
  EXPECT_THAT(Issues(MapOne({.lot = "\"two\nlines\""})), ElementsAre("R control_character@2:lot"));
  EXPECT_THAT(Issues(MapOne({.team = std::string(129, 'x')}, more)),
              ElementsAre("R value_too_long@2:team", "R value_too_long@2:team", "R value_too_long@2:team"));
  EXPECT_THAT(Issues(MapOne({.who = std::string(1024, 'x')})), IsEmpty());
  EXPECT_THAT(Issues(MapOne({.who = std::string(1025, 'x')})), ElementsAre("R value_too_long@2:who"));
}

TEST(RowMapperTest, TimesOutsideTheServersYearsAreImpossible) {
  const Millis in_2150 = At("2150-01-01T00:00:00Z");
  const auto due = [in_2150](const std::string& day) {
    const auto results = MapText(R"(system: "s" zone: "UTC" time_formats: "%Y-%m-%d" reference { columns: "id" }
                                    row { received { column: "r" } due { column: "d" } })",
                                 absl::StrCat("id,r,d\n1,2149-01-01,", day, "\n"), in_2150);
    return Issues(results[0]);
  };
  EXPECT_THAT(due("2199-12-31"), IsEmpty());
  EXPECT_THAT(due("2201-01-01"), ElementsAre("F due_impossible@2:d"));
}

TEST(RowMapperTest, ADetailIsNotCutInsideACharacter) {
  for (int before = 60; before <= 64; ++before) {
    for (const std::string& character : {std::string("é"), std::string("€"), std::string("𝄞")}) {
      const size_t whole = before + character.size() <= 64 ? before + character.size() : before;
      EXPECT_EQ(Quoted(std::string(before, 'x') + character + std::string(9, '\n')).substr(0, whole + 1),
                ("'" + std::string(before, 'x') + character).substr(0, whole + 1));
      EXPECT_EQ(Quoted(std::string(before, 'x') + character + std::string(9, 'y')).find('\\'), std::string::npos);
    }
  }
  EXPECT_EQ(Quoted(std::string(64, 'x')), "'" + std::string(64, 'x') + "'");
  EXPECT_EQ(Quoted(std::string(65, 'x')), "'" + std::string(64, 'x') + "…'");
}

TEST(RowMapperTest, UnknownValuesAreFlaggedRefusedOrAccepted) {
  const Cells row = {.via = "FAX"};
  const Result flagged = MapOne(row);
  EXPECT_THAT(Issues(flagged), ElementsAre("F unknown_value@2:via"));
  EXPECT_EQ(flagged.issues[0].detail, "'FAX'");
  EXPECT_EQ(flagged.complaint->channel(), types::CHANNEL_UNSPECIFIED);
  EXPECT_THAT(Issues(MapOne(row, Treat("UNKNOWN_VALUE", "REFUSE"))), ElementsAre("R unknown_value@2:via"));
  EXPECT_THAT(Issues(MapOne(row, Treat("UNKNOWN_VALUE", "ACCEPT"))), IsEmpty());
  EXPECT_EQ(MapOne({.via = ""}).complaint->channel(), types::CHANNEL_MAIL);
}

constexpr char kTranslated[] = R"(
  system: "src" zone: "UTC" time_formats: "%Y-%m-%d" blank_values: "N/A"
  reference { columns: "id" }
  category { columns: "type" columns: "sub" default_value: "other"
             values { from: "Heat/Hot Water" to: "heating" } values { from: "Boiler" to: "heating" } UNLISTED }
  team { columns: "team" values { from: "Équipe 1" to: "plumbers" } unlisted: TREATMENT_FLAG }
  row { received { column: "opened" } })";

Result Translate(const std::string& line, const std::string& unlisted = "") {
  std::vector<Result> results = MapText(absl::StrReplaceAll(kTranslated, {{"UNLISTED", unlisted}}),
                                        absl::StrCat("id,type,sub,team,opened\n1,", line, ",2024-05-01\n"));
  EXPECT_EQ(results.size(), 1u);
  return results.empty() ? Result() : results[0];
}

TEST(RowMapperTest, WordsOfTheSourceBecomeCodes) {
  const Result joined = Translate(" Heat ,Hot Water,Équipe 1");
  EXPECT_THAT(Issues(joined), IsEmpty());
  EXPECT_EQ(joined.complaint->category(), "heating");
  EXPECT_THAT(Facts(joined), ElementsAre("RECEIVED 2024-05-01T00:00:00Z", "ASSIGNED 2024-05-01T00:00:00Z plumbers/"));
  EXPECT_EQ(Translate("Boiler,N/A,").complaint->category(), "heating");
  const Result missing = Translate(",,", "unlisted: TREATMENT_REFUSE");
  EXPECT_THAT(Issues(missing), IsEmpty()) << "what is missing has the default";
  EXPECT_EQ(missing.complaint->category(), "other");
}

TEST(RowMapperTest, WordsThatAreNotListedAreKeptFlaggedOrRefused) {
  const std::string line = "Lift,,";
  for (const char* unlisted : {"", "unlisted: TREATMENT_ACCEPT"}) {
    const Result kept = Translate(line, unlisted);
    EXPECT_THAT(Issues(kept), IsEmpty());
    EXPECT_EQ(kept.complaint->category(), "Lift");
  }
  const Result flagged = Translate(line, "unlisted: TREATMENT_FLAG");
  EXPECT_THAT(Issues(flagged), ElementsAre("F unknown_value@2:type+sub"));
  EXPECT_EQ(flagged.issues[0].detail, "'Lift'");
  EXPECT_EQ(flagged.complaint->category(), "Lift");
  const Result refused = Translate(line, "unlisted: TREATMENT_REFUSE");
  EXPECT_THAT(Issues(refused), ElementsAre("R unknown_value@2:type+sub"));
  EXPECT_FALSE(refused.complaint.has_value());
  const Result team = Translate("Boiler,,Équipe 2");
  EXPECT_THAT(Issues(team), ElementsAre("F unknown_value@2:team"));
  EXPECT_EQ(Facts(team).back(), "ASSIGNED 2024-05-01T00:00:00Z Équipe 2/");
}

TEST(RowMapperTest, AMissingResidenceIsFlaggedRefusedOrAccepted) {
  EXPECT_THAT(Issues(MapOne({.lot = "N/A"})), ElementsAre("F missing_residence@2:lot"));
  EXPECT_FALSE(MapOne({.lot = ""}, Treat("MISSING_RESIDENCE", "REFUSE")).complaint.has_value());
  EXPECT_THAT(Issues(MapOne({.lot = ""}, Treat("MISSING_RESIDENCE", "ACCEPT"))), IsEmpty());
}

TEST(RowMapperTest, ADueTimeThatCannotBeIsLeftOut) {
  EXPECT_THAT(Issues(MapOne({.due = "x"})), ElementsAre("F unreadable_time@2:due"));
  const Result far = MapOne({.due = "9999-01-01 00:00:00"});
  EXPECT_THAT(Issues(far), ElementsAre("F due_impossible@2:due"));
  EXPECT_FALSE(far.complaint->has_due_at());
  const Result early = MapOne({.due = "2024-04-30 10:00:00"});
  EXPECT_THAT(Issues(early), ElementsAre("F due_before_received@2:due"));
  EXPECT_TRUE(early.complaint->has_due_at());
  EXPECT_THAT(Issues(MapOne({.due = "2030-01-01 00:00:00"})), IsEmpty());
}

TEST(RowMapperTest, AFurtherTimeThatCannotBeIsLeftOut) {
  const auto issue = [](const std::string& acked) {
    const Result result = MapOne({.acked = acked});
    EXPECT_EQ(Facts(result).size(), 1u);
    return Issues(result);
  };
  EXPECT_THAT(issue("x"), ElementsAre("F unreadable_time@2:acked"));
  EXPECT_THAT(issue("0001-01-01 00:00:00"), ElementsAre("F fact_impossible@2:acked"));
  EXPECT_THAT(issue("2025-01-01 00:00:00"), ElementsAre("F fact_in_future@2:acked"));
  EXPECT_THAT(issue("2024-04-01 00:00:00"), ElementsAre("F fact_before_received@2:acked"));
}

TEST(RowMapperTest, TooLongIsRefusedWithItsLength) {
  const Result code = MapOne({.type = std::string(kMaxCodeBytes + 1, 'x')});
  EXPECT_THAT(Issues(code), ElementsAre("R value_too_long@2:type+sub"));
  EXPECT_THAT(code.issues[0].detail, HasSubstr("129 bytes"));
  const Result text = MapOne({.note = std::string(5 << 20, 'x')}, "description { columns: \"note\" }");
  EXPECT_THAT(Issues(text), ElementsAre("R value_too_long@2:note"));
}

TEST(RowMapperTest, EveryReasonIsListed) {
  EXPECT_THAT(
      Issues(MapOne({.id = "", .lot = "", .via = "FAX", .closed = "x", .due = "x", .state = "Done", .acked = "x"})),
      ElementsAre("R missing_reference@2:id", "F unknown_value@2:via", "F missing_residence@2:lot",
                  "F unreadable_time@2:acked", "F unreadable_time@2:closed", "F unreadable_time@2:due"));
}

TEST(RowMapperTest, UnusableRowsAreRefusedByLine) {
  const auto results =
      MapText(kMapping, absl::StrCat(kHeader, Cells{}.Line(), "1,2,3\n", Cells{.id = "2", .note = "\"x\"y"}.Line(),
                                     Cells{.id = "3", .type = "\xFF"}.Line(), Cells{.id = "4"}.Line()));
  ASSERT_EQ(results.size(), 5u);
  EXPECT_THAT(Issues(results[1]), ElementsAre("R wrong_field_count@3:"));
  EXPECT_THAT(Issues(results[2]), ElementsAre("R malformed_quote@4:note"));
  EXPECT_THAT(Issues(results[3]), ElementsAre("R invalid_utf8@5:type"));
  EXPECT_TRUE(results[4].complaint.has_value());
}

TEST(RowMapperTest, AMappingThatNamesNoSuchColumnIsRefusedFirst) {
  const TestFile file("id,type,sub,opened,closed,state\n");
  const absl::Status status = OpenMapper(Parse(kMapping), file.path(), kNow).status();
  EXPECT_EQ(ReasonOf(status), "NO_SUCH_COLUMN");
  std::vector<std::string> missing;
  for (const auto& violation : ViolationsOf(status)) missing.push_back(violation.field);
  EXPECT_THAT(missing, ElementsAre("lot", "via", "team", "who", "due", "note", "acked"));
}

TEST(RowMapperTest, WithoutAStateAnEndEnds) {
  const auto results = MapText(
      R"(system: "s" zone: "UTC" time_formats: "%s" reference { columns: "id" }
         row { received { column: "r" } resolved { column: "c" } })",
      "id,r,c\n1,1000,2000\n2,1000,\n");
  EXPECT_THAT(Facts(results[0]), ElementsAre("RECEIVED 1970-01-01T00:16:40Z", "RESOLVED 1970-01-01T00:33:20Z FIXED"));
  EXPECT_THAT(Facts(results[1]), ElementsAre("RECEIVED 1970-01-01T00:16:40Z"));
}

TEST(RowMapperTest, TheFirstPresentColumnCanBeTaken) {
  const auto results = MapText(
      R"(system: "s" zone: "UTC" time_formats: "%s" reference { columns: "id" }
         residence { columns: "a" columns: "b" first_present: true default_value: "none" blank_values: "?" }
         row { received { column: "r" } })",
      "id,r,a,b\n1,1,x,y\n2,1,?,y\n3,1,,\n");
  EXPECT_EQ(results[0].complaint->residence(), "x");
  EXPECT_EQ(results[1].complaint->residence(), "y");
  EXPECT_EQ(results[2].complaint->residence(), "none");
}

TEST(RowMapperTest, TheSameFileGivesTheSameResults) {
  const std::vector<Cells> rows = {{.id = "A", .via = "FAX"}, {.id = "B", .closed = "x", .state = "Done"}, {.id = "A"}};
  const auto first = Map(rows);
  const auto second = Map(rows);
  ASSERT_EQ(first.size(), second.size());
  for (size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].issues, second[i].issues);
    ASSERT_EQ(first[i].complaint.has_value(), second[i].complaint.has_value());
    if (first[i].complaint) {
      EXPECT_EQ(first[i].complaint->SerializeAsString(), second[i].complaint->SerializeAsString());
    }
  }
}

}  // namespace
}  // namespace redress::importer
