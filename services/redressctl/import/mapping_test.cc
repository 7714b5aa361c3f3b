#include "services/redressctl/import/mapping.h"

#include <gmock/gmock.h>

#include "services/redressctl/import/test_support.h"

namespace redress::importer {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

constexpr char kGood[] = R"(
  system: "s" zone: "Europe/Paris" time_formats: "%Y-%m-%d" reference { columns: "id" }
  row { received { column: "r" } resolved { column: "c" }
        state { columns: "st" } states { value: "done" meaning: MEANING_ENDED outcome: OUTCOME_FIXED } })";

std::vector<std::string> Faults(const std::string& text) {
  std::vector<std::string> fields;
  for (const auto& violation : ViolationsOf(ParseMapping(text).status())) fields.push_back(violation.field);
  return fields;
}

TEST(MappingTest, AGoodOneIsTaken) { EXPECT_TRUE(ParseMapping(kGood).ok()); }

TEST(MappingTest, SyntaxUnknownFieldsAndEnumNamesAreNamedByLine) {
  const absl::Status unknown = ParseMapping("system: \"s\"\nfoo: 1\n").status();
  EXPECT_EQ(ReasonOf(unknown), "BAD_MAPPING");
  EXPECT_THAT(unknown.message(), HasSubstr("line 2"));
  EXPECT_EQ(ReasonOf(ParseMapping("row { states { value: \"x\" meaning: MEANING_CLOSED } }").status()), "BAD_MAPPING");
  EXPECT_EQ(ReasonOf(ParseMapping("row {").status()), "BAD_MAPPING");
}

TEST(MappingTest, ValuesOfTextsAreChecked) {
  const std::string good = kGood;
  EXPECT_TRUE(ParseMapping(good + R"(category { columns: "c" values { from: "Heat" to: "heating" } })").ok());
  EXPECT_THAT(Faults(good + R"(category { columns: "c" values { from: "a" to: "b" } values { from: " a " to: "c" }
                                          values { from: "" to: "x" } values { from: "d" to: "" }
                                          values { from: "e" to: "two\nlines" } }
                               agency { columns: "c" unlisted: TREATMENT_FLAG }
                               handler { columns: "c" values { from: "a" to: "b" } })"),
              UnorderedElementsAre("category.values[1].from", "category.values[2].from", "category.values[3].to",
                                   "category.values[4].to", "agency.unlisted", "handler.values"));
}

TEST(MappingTest, EverythingThatIsWrongIsListed) {
  EXPECT_THAT(
      Faults("delimiter: \"\\\"\" time_formats: \"%H\" earliest_year: -1"),
      UnorderedElementsAre("system", "delimiter", "zone", "time_formats[0]", "earliest_year", "reference", "row"));
  EXPECT_THAT(
      Faults(R"(
      system: "s" zone: "UTC" reference { } channel { values { from: "a" } values { from: "a" to: CHANNEL_WEB } }
      row { received { column: "r" } states { value: "a" meaning: MEANING_ENDED } states { value: "a" }
            end_rules { meaning: MEANING_OPEN } facts { time { column: "x" } fact: FACT_KIND_REOPENED stage: 3 } }
      treatments { oddity: ODDITY_MISSING_REFERENCE treatment: TREATMENT_FLAG })"),
      UnorderedElementsAre("reference.columns", "channel.column", "channel.values", "channel.values",
                           "row.received.formats", "row.states", "row.states[0].outcome", "row.resolved",
                           "row.states[1].value", "row.states[1].meaning", "row.resolved", "row.end_rules[0].column",
                           "row.end_rules[0].contains", "row.end_rules[0].meaning", "row.facts[0].time.formats",
                           "row.facts[0].fact", "row.facts[0].stage", "row.facts[0].stage", "treatments[0]"));
  EXPECT_THAT(Faults(R"(
      system: "s" zone: "UTC" time_formats: "%s" reference { columns: "id" }
      event { time { column: "t" midnight_is_day: true optional: true } activity { columns: "a" }
              activities { name: "x" fact: FACT_KIND_RESOLVED until: FACT_KIND_WORK_RESUMED }
              activities { name: "x" fact: FACT_KIND_REOPENED }
              activities { name: "y" fact: FACT_KIND_NO_ACCESS until: FACT_KIND_ASSIGNED note: true } })"),
              UnorderedElementsAre("event.time.midnight_is_day", "event.time.optional", "event.activities[0].outcome",
                                   "event.activities[0].until", "event.activities[1].name", "event.activities[1].fact",
                                   "event.activities[2].until", "event.activities[2].note"));
}

TEST(MappingTest, SystemAndEarliestYearAreWhatTheServerTakes) {
  const auto with = [](const std::string& system, int year) {
    std::string text = kGood;
    text.replace(text.find("\"s\""), 3, absl::StrCat("\"", system, "\""));
    return Faults(absl::StrCat(text, " earliest_year: ", year));
  };
  using ::testing::ElementsAre;
  using ::testing::IsEmpty;
  EXPECT_THAT(with(std::string(64, 's'), 1900), IsEmpty());
  EXPECT_THAT(with("s", 2199), IsEmpty());
  EXPECT_THAT(with(std::string(65, 's'), 1899), ElementsAre("system", "earliest_year"));
  EXPECT_THAT(with("old system", 2200), ElementsAre("system", "earliest_year"));
  EXPECT_THAT(with("système", 1970), ElementsAre("system"));
}

TEST(MappingTest, TreatmentsAreWhatAnOddityAllows) {
  const auto with = [](const std::string& oddity, const std::string& treatment) {
    return ParseMapping(
               absl::StrCat(kGood, "treatments { oddity: ODDITY_", oddity, " treatment: TREATMENT_", treatment, " }"))
        .ok();
  };
  EXPECT_TRUE(with("CLOSED_BEFORE_RECEIVED", "REFUSE"));
  EXPECT_TRUE(with("CLOSED_BEFORE_RECEIVED", "FLAG"));
  EXPECT_FALSE(with("CLOSED_BEFORE_RECEIVED", "ACCEPT"));
  EXPECT_TRUE(with("MISSING_RESIDENCE", "ACCEPT"));
  EXPECT_FALSE(with("MISSING_REFERENCE", "FLAG"));
  EXPECT_TRUE(with("MISSING_REFERENCE", "REFUSE"));
  EXPECT_FALSE(with("INCOMPLETE_CASE", "REFUSE"));
  EXPECT_FALSE(with("UNSPECIFIED", "FLAG"));
}

TEST(MappingTest, AnAbsentFileIsNotFound) {
  EXPECT_EQ(LoadMapping("/nonexistent.textproto").status().code(), absl::StatusCode::kNotFound);
}

TEST(MappingTest, OdditiesAreNamedInLowerCase) {
  EXPECT_EQ(NameOf(::redress::import::v1::ODDITY_CLOSED_BEFORE_RECEIVED), "closed_before_received");
}

}  // namespace
}  // namespace redress::importer
