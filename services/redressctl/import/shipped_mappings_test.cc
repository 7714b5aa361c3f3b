// The mappings of deploy/mappings on the real files. Every expected figure was counted by a separate program (Python's
// csv, json and zoneinfo, the rules of the mappings written a second time); none was copied from what the mappers say.
#include <gmock/gmock.h>

#include "services/redressctl/import/test_support.h"
#include "tests/testing/data.h"

namespace redress::importer {
namespace {

namespace types = ::redress::types::v1;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

// What a file came to, added up.
struct Totals {
  int64_t rows = 0, accepted_rows = 0, refused_rows = 0, complaints = 0, flagged = 0, due = 0, with_residence = 0;
  int64_t reopened_cases = 0;
  std::map<std::string, int64_t> issues, facts, without_fact;
  int64_t days_received = 0, days_resolved = 0, duplicates = 0;
  // Over the complaints: the receipts; and from receipt to the last ending, where nothing follows that ending.
  int64_t sum_received = 0, sum_durations = 0, ended = 0;
};

void Add(const Result& result, Totals* totals) {
  totals->rows += result.rows();
  for (const Issue& issue : result.issues) ++totals->issues[NameOf(issue.oddity)];
  for (const auto& [activity, rows] : result.without_fact) totals->without_fact[activity] += rows;
  if (!result.complaint.has_value()) {
    totals->refused_rows += result.rows();
    return;
  }
  const auto& complaint = *result.complaint;
  totals->accepted_rows += result.rows();
  ++totals->complaints;
  totals->flagged += !result.issues.empty();
  totals->due += complaint.has_due_at();
  totals->with_residence += !complaint.residence().empty();
  bool reopened = false, open = true;
  int64_t ended_at = 0;
  for (const auto& fact : complaint.facts()) {
    ++totals->facts[types::FactKind_Name(fact.kind()).substr(10)];
    const bool day = fact.precision() == types::PRECISION_DAY;
    totals->days_received += day && fact.kind() == types::FACT_KIND_RECEIVED;
    totals->days_resolved += day && fact.kind() == types::FACT_KIND_RESOLVED;
    totals->duplicates += fact.outcome() == types::OUTCOME_DUPLICATE;
    reopened |= fact.kind() == types::FACT_KIND_REOPENED;
    const bool ends = fact.kind() == types::FACT_KIND_RESOLVED || fact.kind() == types::FACT_KIND_WITHDRAWN;
    if (ends) open = false;
    if (ends) ended_at = fact.occurred_at();
    if (fact.kind() == types::FACT_KIND_REOPENED) open = true;
  }
  totals->reopened_cases += reopened;
  totals->sum_received += complaint.facts(0).occurred_at();
  totals->ended += !open;
  if (!open) totals->sum_durations += ended_at - complaint.facts(0).occurred_at();
}

class ShippedMappingsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    data_ = testing::DataDir();
    if (data_.empty()) GTEST_SKIP() << "the real data are absent: set REDRESS_DATA";
  }
  static ::redress::import::v1::Mapping Shipped(const std::string& name) {
    const auto mapping = LoadMapping(absl::StrCat(SourceDir(), "/deploy/mappings/", name, ".textproto"));
    EXPECT_TRUE(mapping.ok()) << mapping.status();
    return *mapping;
  }
  Totals Read(const std::string& mapping, const std::string& file) const {
    Totals totals;
    for (const Result& result : MapFile(Shipped(mapping), absl::StrCat(data_, "/", file))) Add(result, &totals);
    EXPECT_EQ(totals.accepted_rows + totals.refused_rows, totals.rows);
    return totals;
  }

  std::string data_;
};

TEST(ShippedMappings, AllAreInOrder) {
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SourceDir() + "/deploy/mappings")) {
    if (entry.path().extension() != ".textproto") continue;
    ++found;
    const auto mapping = LoadMapping(entry.path().string());
    EXPECT_TRUE(mapping.ok()) << mapping.status();
  }
  EXPECT_EQ(found, 5);
}

TEST_F(ShippedMappingsTest, NewYorkCsv) {
  const Totals totals = Read("new_york_311_csv", "nyc311/nyc311_mixed_2014-2019_first1000.csv");
  EXPECT_EQ(totals.rows, 1000);
  EXPECT_EQ(totals.complaints, 1000);
  // 14 Pending, 2 Assigned and 1 Open have a closed date; 10 of the Pending one before the receipt.
  EXPECT_THAT(totals.issues, ElementsAre(Pair("end_on_open_row", 17)));
  EXPECT_EQ(totals.flagged, 17);
  // 969 rows are Closed, all with an end that can be; 38 say that they are duplicates.
  EXPECT_THAT(totals.facts, UnorderedElementsAre(Pair("RECEIVED", 1000), Pair("RESOLVED", 969)));
  EXPECT_EQ(totals.duplicates, 38);
  EXPECT_EQ(totals.days_received, 6);
  EXPECT_EQ(totals.days_resolved, 106);
  EXPECT_EQ(totals.due, 486);
  EXPECT_EQ(totals.with_residence, 780);
  EXPECT_EQ(totals.ended, 969);
  EXPECT_EQ(totals.sum_received, 1537919584812000);
  EXPECT_EQ(totals.sum_durations, 739815385000);
}

TEST_F(ShippedMappingsTest, NewYorkSocrata) {
  const Totals totals = Read("new_york_311_socrata", "nyc311/nyc311_socrata_fhrw-4uyv_1000.json");
  EXPECT_EQ(totals.rows, 1000);
  EXPECT_EQ(totals.complaints, 1000);
  // 15 Pending, 6 of them closed before the receipt; 1 Assigned, closed in 1900.
  EXPECT_THAT(totals.issues, ElementsAre(Pair("end_on_open_row", 16)));
  EXPECT_THAT(totals.facts, UnorderedElementsAre(Pair("RECEIVED", 1000), Pair("RESOLVED", 966)));
  EXPECT_EQ(totals.duplicates, 9);
  EXPECT_EQ(totals.days_received, 465);
  EXPECT_EQ(totals.days_resolved, 493);
  EXPECT_EQ(totals.due, 285);
  EXPECT_EQ(totals.with_residence, 802);
  EXPECT_EQ(totals.ended, 966);
  EXPECT_EQ(totals.sum_received, 1353396515620000);
  EXPECT_EQ(totals.sum_durations, 1640705579000);
}

TEST_F(ShippedMappingsTest, VolvoIncidents) {
  const Totals totals = Read("volvo_incidents", "bpic2013/bpi_challenge_2013_incidents.converted.csv.gz");
  EXPECT_EQ(totals.rows, 65533);
  EXPECT_EQ(totals.complaints, 7554);
  EXPECT_THAT(totals.issues, IsEmpty());
  EXPECT_EQ(totals.reopened_cases, 514);
  EXPECT_THAT(totals.facts,
              UnorderedElementsAre(Pair("RECEIVED", 7554), Pair("ASSIGNED", 32499), Pair("RESIDENT_ASKED", 3982),
                                   Pair("PARTS_AWAITED", 1934), Pair("WORK_RESUMED", 5911),
                                   Pair("CONTRACTOR_ORDERED", 299), Pair("CONTRACTOR_REPORTED", 299),
                                   Pair("RESOLVED", 8125), Pair("REOPENED", 580), Pair("WITHDRAWN", 1)));
  // Every one of the 5,716 closings repeats a resolution.
  EXPECT_THAT(totals.without_fact,
              UnorderedElementsAre(Pair("Accepted/Assigned", 2812), Pair("Accepted/In Progress", 7348),
                                   Pair("Accepted/Wait", 65), Pair("Accepted/Wait - Customer", 2),
                                   Pair("Accepted/Wait - Implementation", 18), Pair("Accepted/Wait - User", 324),
                                   Pair("Accepted/Wait - Vendor", 13), Pair("Completed/Closed", 5716),
                                   Pair("Completed/In Call", 17), Pair("Completed/Resolved", 8),
                                   Pair("Queued/Awaiting Assignment", 532)));
  EXPECT_EQ(totals.ended, 7546);
  EXPECT_EQ(totals.sum_received, 10087890190339000);
  EXPECT_EQ(totals.sum_durations, 5462982760000);
}

TEST_F(ShippedMappingsTest, VolvoProblems) {
  const Totals totals = Read("volvo_problems", "bpic2013/BPI_Challenge_2013_closed_problems.converted.csv.gz");
  EXPECT_EQ(totals.rows, 6660);
  EXPECT_EQ(totals.complaints, 1487);
  EXPECT_THAT(totals.issues, IsEmpty());
  // 78 after a closing, 3 after a cancelling.
  EXPECT_EQ(totals.reopened_cases, 61);
  EXPECT_THAT(totals.facts, UnorderedElementsAre(Pair("RECEIVED", 1487), Pair("ASSIGNED", 3848),
                                                 Pair("PARTS_AWAITED", 507), Pair("WORK_RESUMED", 507),
                                                 Pair("RESOLVED", 1565), Pair("REOPENED", 81), Pair("WITHDRAWN", 3)));
  EXPECT_EQ(totals.ended, 1487);
  EXPECT_EQ(totals.sum_received, 1956635322915000);
  EXPECT_EQ(totals.sum_durations, 22982556508000);
}

TEST_F(ShippedMappingsTest, Open311ExamplesAreRefusedWhereTheyAreNoJson) {
  // As printed, both write a service code as 006.
  const Totals one = Read("open311", "open311/spec_examples/json-service-request.json");
  EXPECT_EQ(one.refused_rows, 1);
  EXPECT_THAT(one.issues, ElementsAre(Pair("invalid_json", 1)));
  const Totals two = Read("open311", "open311/spec_examples/json-service-requests.json");
  EXPECT_EQ(two.refused_rows, 2);
  // Sound JSON, but no requests.
  const auto answer = OpenMapper(Shipped("open311"),
                                 absl::StrCat(data_, "/open311/spec_examples/json-service-request-post.json"), kNow);
  EXPECT_EQ(ReasonOf(answer.status()), "NO_SUCH_COLUMN");
  const auto error =
      OpenMapper(Shipped("open311"), absl::StrCat(data_, "/open311/spec_examples/json-errors.json"), kNow);
  EXPECT_EQ(ReasonOf(error.status()), "WRONG_FORMAT");
}

TEST_F(ShippedMappingsTest, Open311ExamplesReadOnceTheirCodesAreStrings) {
  std::ifstream file(absl::StrCat(data_, "/open311/spec_examples/json-service-requests.json"));
  std::string text{std::istreambuf_iterator<char>(file), {}};
  for (size_t at; (at = text.find(":006")) != std::string::npos;) text.replace(at, 4, ":\"006\"");
  const TestFile mended(text);
  const auto results = MapFile(Shipped("open311"), mended.path());
  ASSERT_EQ(results.size(), 2u);
  EXPECT_THAT(Facts(results[0]),
              ElementsAre("RECEIVED 2010-04-14T14:37:38Z", "RESOLVED 2010-04-14T14:37:38Z DUPLICATE"));
  EXPECT_EQ(results[0].complaint->category(), "006");
  EXPECT_EQ(results[0].complaint->residence(), "545483");
  EXPECT_EQ(results[0].complaint->due_at(), At("2010-04-15T14:37:38Z"));
  EXPECT_THAT(Facts(results[1]), ElementsAre("RECEIVED 2010-04-19T14:37:38Z"));
  EXPECT_THAT(results[1].issues, IsEmpty());
}

}  // namespace
}  // namespace redress::importer
