#include "services/redressctl/import_tally.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "services/redressctl/import/test_support.h"

namespace redress::ctl {
namespace {

using import::v1::ODDITY_CLOSED_BEFORE_RECEIVED;
using import::v1::ODDITY_MISSING_REFERENCE;
using import::v1::ODDITY_UNKNOWN_VALUE;
using intake::v1::ImportedRow;
using ::testing::HasSubstr;

constexpr char kHeading[] = "line,column,outcome,reason,detail\n";

importer::Result Accepted(std::vector<int64_t> lines, std::vector<importer::Issue> issues = {}) {
  importer::Result result;
  result.complaint.emplace();
  result.lines = std::move(lines);
  result.issues = std::move(issues);
  return result;
}

ImportedRow Row(ImportedRow::Answer answer) {
  ImportedRow row;
  row.set_answer(answer);
  return row;
}

TEST(ImportTally, CountsEveryRowOnce) {
  std::ostringstream report;
  ImportTally tally(&report);
  tally.Answered(Accepted({2}), Row(ImportedRow::ANSWER_ACCEPTED));
  // One row with two odd things is flagged once.
  tally.Answered(Accepted({3}, {{ODDITY_CLOSED_BEFORE_RECEIVED, false, 3, "Closed", "x"},
                                {ODDITY_UNKNOWN_VALUE, false, 3, "Channel", "\"fax\", by hand"}}),
                 Row(ImportedRow::ANSWER_ACCEPTED));
  tally.Answered(Accepted({4, 7, 9}), Row(ImportedRow::ANSWER_KNOWN));
  tally.Answered(Accepted({5, 6}), Row(ImportedRow::ANSWER_EXTENDED));
  importer::Result refused;
  refused.lines = {8};
  refused.issues = {{ODDITY_MISSING_REFERENCE, true, 8, "Key", "missing"}};
  tally.Refused(refused);
  EXPECT_EQ(tally.accepted(), 4);
  EXPECT_EQ(tally.flagged(), 1);
  EXPECT_EQ(tally.extended(), 2);
  EXPECT_EQ(tally.known(), 3);
  EXPECT_EQ(tally.refused(), 1);
  EXPECT_EQ(tally.rows(), 8);
  EXPECT_EQ(report.str(), std::string(kHeading) +
                              "3,Closed,flagged,closed_before_received,x\n"
                              "3,Channel,flagged,unknown_value,\"\"\"fax\"\", by hand\"\n"
                              "8,Key,refused,missing_reference,missing\n");
  EXPECT_THAT(tally.Render(), HasSubstr("accepted 4 (flagged 1 among them) + known 3 + refused 1 = 8 rows"));
  EXPECT_EQ(tally.Json(),
            R"({"rows":8,"accepted":4,"flagged":1,"extended":2,"known":3,"refused":1,)"
            R"("refusedFor":{"missing_reference":1},"flaggedFor":{"closed_before_received":1,"unknown_value":1},)"
            R"("withoutFact":{}})");
}

TEST(ImportTally, ListsEachRowOfARefusedCase) {
  std::ostringstream report;
  ImportTally tally(&report);
  importer::Result result;
  result.lines = {2, 5};
  result.issues = {{import::v1::ODDITY_TOO_MANY_FACTS, true, 2, "", "2001 facts"}};
  tally.Refused(result);
  EXPECT_EQ(tally.refused(), 2);
  EXPECT_EQ(report.str(), std::string(kHeading) +
                              "2,,refused,too_many_facts,2001 facts\n"
                              "5,,refused,too_many_facts,its case is refused at line 2\n");
}

TEST(ImportTally, ARefusedRowIsOneRowWhereverItsFaultLies) {
  std::ostringstream report;
  ImportTally tally(&report);
  importer::Result result;
  result.lines = {2};
  // The row begins in line 2; in its third line a quote is wrong.
  result.issues = {{import::v1::ODDITY_MALFORMED_QUOTE, true, 4, "note", "x"}};
  tally.Refused(result);
  EXPECT_EQ(tally.refused(), 1);
  EXPECT_EQ(report.str(), std::string(kHeading) + "4,note,refused,malformed_quote,x\n");
  EXPECT_THAT(tally.Json(), HasSubstr(R"("refusedFor":{"malformed_quote":1})"));
}

TEST(ImportTally, RefusedRowsOfACaseAreNotAmongTheFlagged) {
  const importer::TestFile file(
      "case,at,state\n"
      "A,2024-05-01T00:01,work\n"
      "A,2024-05-01T00:02,dance\n"
      "A,2024-05-01T00:03,sing\n");
  const auto mapper = importer::OpenMapper(importer::Parse(R"(
        system: "log" zone: "UTC" time_formats: "%Y-%m-%dT%H:%M" reference { columns: "case" }
        event { time { column: "at" } activity { columns: "state" } activities { name: "work" } }
        treatments { oddity: ODDITY_UNKNOWN_ACTIVITY treatment: TREATMENT_REFUSE })"),
                                           file.path(), importer::kNow);
  ASSERT_TRUE(mapper.ok()) << mapper.status();
  std::ostringstream report;
  ImportTally tally(&report);
  for (;;) {
    const auto result = (*mapper)->Next();
    ASSERT_TRUE(result.ok()) << result.status();
    if (!result->has_value()) break;
    if ((*result)->complaint.has_value()) {
      tally.WouldSend(**result);
    } else {
      tally.Refused(**result);
    }
  }
  EXPECT_EQ(tally.accepted(), 1);
  EXPECT_EQ(tally.flagged(), 1);
  EXPECT_EQ(tally.refused(), 2);
  EXPECT_EQ(report.str(), std::string(kHeading) +
                              "2,,flagged,incomplete_case,the row in line 3 was refused\n"
                              "2,,flagged,incomplete_case,the row in line 4 was refused\n"
                              "3,state,refused,unknown_activity,'dance'\n"
                              "4,state,refused,unknown_activity,'sing'\n");
  EXPECT_THAT(tally.Json(), HasSubstr(R"("flaggedFor":{"incomplete_case":1})"));
}

TEST(ImportTally, WhatTheServerFindsOddIsFlagged) {
  std::ostringstream report;
  ImportTally tally(&report);
  ImportedRow extended = Row(ImportedRow::ANSWER_EXTENDED);
  extended.add_flags("particulars_changed");
  tally.Answered(Accepted({5, 8}), extended);
  // Counted once though two things are odd about it.
  tally.Answered(Accepted({7}, {{ODDITY_UNKNOWN_VALUE, false, 7, "Channel", "x"}}), extended);
  ImportedRow known = Row(ImportedRow::ANSWER_KNOWN);
  known.add_flags("particulars_changed");
  tally.Answered(Accepted({9}), known);
  EXPECT_EQ(tally.accepted(), 3);
  EXPECT_EQ(tally.flagged(), 2);
  EXPECT_EQ(tally.known(), 1);
  EXPECT_EQ(report.str(), std::string(kHeading) +
                              "5,,flagged,particulars_changed,as the server says\n"
                              "7,Channel,flagged,unknown_value,x\n"
                              "7,,flagged,particulars_changed,as the server says\n"
                              "9,,flagged,particulars_changed,as the server says\n");
  EXPECT_THAT(tally.Json(), HasSubstr(R"("flaggedFor":{"particulars_changed":3,"unknown_value":1})"));
}

TEST(ImportTally, ListsWhatTheServerRefused) {
  std::ostringstream report;
  ImportTally tally(&report);
  ImportedRow row = Row(ImportedRow::ANSWER_REFUSED);
  row.add_refusals()->set_reason("IMPORT_CHANGED");
  row.mutable_refusals(0)->set_description("its facts changed");
  tally.Answered(Accepted({2, 3}), row);
  tally.Answered(Accepted({4}), Row(ImportedRow::ANSWER_UNSPECIFIED));
  EXPECT_EQ(tally.refused(), 3);
  EXPECT_EQ(report.str(), std::string(kHeading) +
                              "2,,refused,IMPORT_CHANGED,its facts changed\n"
                              "3,,refused,IMPORT_CHANGED,its facts changed\n"
                              "4,,refused,NO_REASON,the server gave none\n");
}

}  // namespace
}  // namespace redress::ctl
