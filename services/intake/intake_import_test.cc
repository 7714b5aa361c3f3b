#include "services/intake/intake_fixture.h"
#include "services/intake/intake_projection.h"
#include "services/intake/limits.h"

namespace redress::intake {
namespace {

using namespace ::redress::intake::testing;  // NOLINT
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Row = v1::ImportedRow;

class IntakeImportTest : public IntakeTest {
 protected:
  using Stream = FakeStream<v1::ImportComplaintsRequest, v1::ImportComplaintsResponse>;

  static v1::ImportedComplaint Old(const std::string& reference, Millis received = kStart - 100 * kDay) {
    v1::ImportedComplaint row;
    row.set_system("ny311");
    row.set_reference(reference);
    row.set_category("Noise - Residential");
    row.set_residence("10025");
    row.set_zone("America/New_York");
    Add(&row, types::v1::FACT_KIND_RECEIVED, received);
    return row;
  }
  static v1::ImportedFact* Add(v1::ImportedComplaint* row, types::v1::FactKind kind, Millis at) {
    auto* fact = row->add_facts();
    fact->set_kind(kind);
    fact->set_occurred_at(at);
    return fact;
  }
  static v1::ImportedComplaint Closed(const std::string& reference) {
    v1::ImportedComplaint row = Old(reference);
    Add(&row, types::v1::FACT_KIND_RESOLVED, row.facts(0).occurred_at() + kDay)->set_outcome(types::v1::OUTCOME_FIXED);
    return row;
  }

  v1::ImportComplaintsResponse Import(const std::vector<v1::ImportedComplaint>& rows,
                                      const CallContext& call = Everybody("importer")) {
    auto stream = std::make_shared<Stream>(&executor_);
    main_->service->ImportComplaints(
        call, rpc::BidiStream<v1::ImportComplaintsRequest, v1::ImportComplaintsResponse>(stream));
    v1::ImportComplaintsRequest request;
    for (const auto& row : rows) *request.add_complaints() = row;
    stream->Send(request);
    stream->Close();
    for (int i = 0; i < 1000 && !stream->finished().has_value(); ++i) executor_.RunFor(10);
    EXPECT_TRUE(stream->finished().has_value());
    finished_ = stream->finished().value_or(absl::OkStatus());
    return stream->answers().empty() ? v1::ImportComplaintsResponse() : stream->answers().front();
  }
  static std::vector<Row::Answer> Answers(const v1::ImportComplaintsResponse& response) {
    std::vector<Row::Answer> answers;
    for (const auto& row : response.rows()) answers.push_back(row.answer());
    return answers;
  }

  absl::Status finished_;
};

TEST_F(IntakeImportTest, OldComplaintsKeepTheirDates) {
  const auto response = Import({Closed("1"), Old("2")});
  EXPECT_THAT(Answers(response), ElementsAre(Row::ANSWER_ACCEPTED, Row::ANSWER_ACCEPTED));
  EXPECT_GE(response.positions_size(), 1);
  const v1::Complaint closed = Get(response.rows(0).complaint());
  EXPECT_TRUE(closed.imported());
  EXPECT_EQ(closed.state(), v1::COMPLAINT_STATE_CLOSED);
  EXPECT_EQ(closed.received_time().seconds(), (kStart - 100 * kDay) / 1000);
  EXPECT_EQ(closed.resolved_time().seconds(), (kStart - 99 * kDay) / 1000);
  EXPECT_EQ(closed.external_reference().reference(), "1");
  EXPECT_EQ(Get(response.rows(1).complaint()).state(), v1::COMPLAINT_STATE_RECEIVED);
  executor_.RunFor(kDay);
  EXPECT_EQ(Get(response.rows(0).complaint()).etag(), closed.etag()) << "a timer has touched a closed one";
}

TEST_F(IntakeImportTest, TheSameAgainChangesNothing) {
  const std::vector<v1::ImportedComplaint> rows = {Closed("1"), Old("2")};
  const auto first = Import(rows);
  executor_.RunFor(kSecond);
  const std::string before = Digest(*main_);
  const auto again = Import(rows);
  EXPECT_THAT(Answers(again), ElementsAre(Row::ANSWER_KNOWN, Row::ANSWER_KNOWN));
  EXPECT_EQ(again.rows(0).complaint(), first.rows(0).complaint());
  EXPECT_EQ(Digest(*main_), before);
}

TEST_F(IntakeImportTest, FurtherFactsAreAddedAndChangedOnesRefused) {
  v1::ImportedComplaint row = Old("1");
  Import({row});
  Add(&row, types::v1::FACT_KIND_RESOLVED, kStart - kDay)->set_outcome(types::v1::OUTCOME_FIXED);
  const auto extended = Import({row});
  EXPECT_THAT(Answers(extended), ElementsAre(Row::ANSWER_EXTENDED));
  EXPECT_EQ(Get(extended.rows(0).complaint()).state(), v1::COMPLAINT_STATE_RESOLVED);
  EXPECT_THAT(Answers(Import({row})), ElementsAre(Row::ANSWER_KNOWN));
  row.mutable_facts(1)->set_occurred_at(kStart - 2 * kDay);
  const auto changed = Import({row});
  EXPECT_THAT(Answers(changed), ElementsAre(Row::ANSWER_REFUSED));
  EXPECT_EQ(changed.rows(0).refusals(0).reason(), "IMPORT_CHANGED");
  // A received date that is another now would be another id: it is found by its reference.
  EXPECT_EQ(Import({Old("1", kStart - 50 * kDay)}).rows(0).refusals(0).reason(), "IMPORT_CHANGED");
}

TEST_F(IntakeImportTest, ParticularsThatHaveChangedStopNoFurtherFacts) {
  v1::ImportedComplaint row = Old("1");
  row.set_due_at(kStart);
  const auto first = Import({row});
  EXPECT_THAT(first.rows(0).flags(), ::testing::IsEmpty());
  row.set_due_at(kStart + 7 * kDay);
  Add(&row, types::v1::FACT_KIND_RESOLVED, kStart - kDay)->set_outcome(types::v1::OUTCOME_FIXED);
  const auto extended = Import({row});
  EXPECT_THAT(Answers(extended), ElementsAre(Row::ANSWER_EXTENDED));
  EXPECT_THAT(extended.rows(0).flags(), ElementsAre("particulars_changed"));
  const v1::Complaint complaint = Get(first.rows(0).complaint());
  EXPECT_EQ(complaint.state(), v1::COMPLAINT_STATE_RESOLVED);
  EXPECT_THAT(complaint.flags(), ElementsAre("particulars_changed"));
  // Another place would be another id, too; the known one is found, and stays where it is.
  row.set_residence("10026");
  const auto known = Import({row});
  EXPECT_THAT(Answers(known), ElementsAre(Row::ANSWER_KNOWN));
  EXPECT_THAT(known.rows(0).flags(), ElementsAre("particulars_changed"));
  EXPECT_EQ(Get(first.rows(0).complaint()).residence(), "10025");
}

TEST_F(IntakeImportTest, FactsCarryLineAndEvidence) {
  v1::ImportedComplaint row = Old("1");
  auto* notice = Add(&row, types::v1::FACT_KIND_EXTENSION_NOTIFIED, kStart - 50 * kDay);
  notice->set_line("remedy");
  notice->set_evidence("letter-7");
  notice->set_until(kStart - 10 * kDay);
  auto* visit = Add(&row, types::v1::FACT_KIND_NO_ACCESS, kStart - 40 * kDay);
  visit->set_reference("visit-3");
  visit->set_result("no_access");
  const std::string name = Import({row}).rows(0).complaint();
  std::vector<types::v1::Fact> facts;
  ScanHistory(*main_->rows, static_cast<uint16_t>(ShardOfName(name)), ComplaintIdOf(name), 0,
              [&](int64_t, const rows::v1::HistoryEntry& entry) {
                const auto& imported = entry.event().complaint_imported().facts();
                facts.assign(imported.begin(), imported.end());
                return false;
              });
  ASSERT_EQ(facts.size(), 3u);
  EXPECT_EQ(facts[1].line(), "remedy");
  EXPECT_EQ(facts[1].evidence(), "letter-7");
  EXPECT_EQ(facts[1].until(), kStart - 10 * kDay);
  EXPECT_EQ(facts[2].reference(), "visit-3");
  EXPECT_EQ(facts[2].result(), "no_access");
  row.mutable_facts(1)->set_evidence("letter-8");
  EXPECT_EQ(Import({row}).rows(0).refusals(0).reason(), "IMPORT_CHANGED");
  row.mutable_facts(1)->set_line("two words");
  EXPECT_EQ(Import({row}).rows(0).refusals(0).field(), "facts[1].line");
}

TEST_F(IntakeImportTest, RespectsTheCallersAgencies) {
  v1::ImportedComplaint north = Old("1");
  north.set_agency("north");
  v1::ImportedComplaint south = Old("2");
  south.set_agency("south");
  const auto response = Import({north, south, Old("3")}, OfAgency("north"));
  EXPECT_THAT(Answers(response), ElementsAre(Row::ANSWER_ACCEPTED, Row::ANSWER_REFUSED, Row::ANSWER_REFUSED));
  EXPECT_EQ(response.rows(1).refusals(0).reason(), "AGENCY_OUT_OF_SCOPE");
  const auto theirs = Import({south});
  EXPECT_THAT(Answers(theirs), ElementsAre(Row::ANSWER_ACCEPTED));
  // Known to others: neither told where, nor touched.
  south.set_agency("north");
  Add(&south, types::v1::FACT_KIND_WITHDRAWN, kStart - kDay);
  const auto foreign = Import({south}, OfAgency("north"));
  EXPECT_THAT(Answers(foreign), ElementsAre(Row::ANSWER_REFUSED));
  EXPECT_EQ(foreign.rows(0).complaint(), "");
  EXPECT_EQ(foreign.rows(0).refusals(0).reason(), "REFERENCE_KNOWN");
  EXPECT_THAT(foreign.rows(0).refusals(0).description(), Not(HasSubstr(theirs.rows(0).complaint())));
  EXPECT_EQ(Get(theirs.rows(0).complaint()).state(), v1::COMPLAINT_STATE_RECEIVED);
}

TEST_F(IntakeImportTest, StaffIdsAreOfThisKeyStoreAndLastAsLongAsIt) {
  const auto agent_by = [&](KeyStore* keys, const std::string& reference) {
    v1::ImportedComplaint row = Old(reference);
    Add(&row, types::v1::FACT_KIND_ASSIGNED, kStart - 99 * kDay)->set_handler("Eleanor Plantagenet");
    main_->service = MakeService(*main_, keys);
    return Get(Import({row}).rows(0).complaint()).agent();
  };
  const std::string first = agent_by(&keys_, "1");
  EXPECT_THAT(first, ::testing::StartsWith("staff-"));
  MadeAheadKeyStore restarted(&keys_.rows(), &ids_, &clock_);
  EXPECT_EQ(agent_by(&restarted, "2"), first);
  InMemoryKeyStore another(&ids_, &clock_);
  EXPECT_NE(agent_by(&another, "3"), first);
}

TEST_F(IntakeImportTest, TwoStreamsWithOneReferenceAreOneComplaint) {
  // Two residences of one shard, so that the ids differ and neither has been decided when both are sent.
  std::vector<std::string> places;
  for (int i = 0; places.size() < 2; ++i) {
    if (ShardOf(PlacementOf(absl::StrCat("place-", i)), kShards) == 0) places.push_back(absl::StrCat("place-", i));
  }
  std::vector<std::shared_ptr<Stream>> streams;
  for (const std::string& place : places) {
    streams.push_back(std::make_shared<Stream>(&executor_));
    main_->service->ImportComplaints(
        Everybody("importer"),
        rpc::BidiStream<v1::ImportComplaintsRequest, v1::ImportComplaintsResponse>(streams.back()));
    v1::ImportComplaintsRequest request;
    *request.add_complaints() = Old("1");
    request.mutable_complaints(0)->set_residence(place);
    streams.back()->Send(request);
  }
  executor_.RunFor(5 * kSecond);
  ASSERT_EQ(streams[0]->answers().size(), 1u);
  ASSERT_EQ(streams[1]->answers().size(), 1u);
  const Row& one = streams[0]->answers()[0].rows(0);
  const Row& other = streams[1]->answers()[0].rows(0);
  EXPECT_EQ(one.answer(), Row::ANSWER_ACCEPTED);
  EXPECT_EQ(other.answer(), Row::ANSWER_KNOWN);
  EXPECT_EQ(one.complaint(), other.complaint());
  for (const auto& stream : streams) stream->Close();
  executor_.RunFor(kSecond);
}

TEST_F(IntakeImportTest, WaitsForTheKeyStore) {
  keys_.away = true;
  executor_.PostAfter(3 * kSecond, [this] { keys_.away = false; });
  EXPECT_THAT(Answers(Import({Old("1"), Closed("2")})), ElementsAre(Row::ANSWER_ACCEPTED, Row::ANSWER_ACCEPTED));
}

TEST_F(IntakeImportTest, OneReferenceTwiceInAMessageIsOneComplaint) {
  v1::ImportedComplaint elsewhere = Old("1");
  elsewhere.set_residence("10099");
  const auto response = Import({Old("1"), Old("1"), elsewhere});
  EXPECT_THAT(Answers(response), ElementsAre(Row::ANSWER_ACCEPTED, Row::ANSWER_KNOWN, Row::ANSWER_KNOWN));
  EXPECT_THAT(response.rows(2).flags(), ElementsAre("particulars_changed"));
  EXPECT_EQ(response.rows(0).complaint(), response.rows(1).complaint());
}

TEST_F(IntakeImportTest, AReferenceIsOneLineOfText) {
  const std::string longest(128, 'x');
  EXPECT_THAT(Answers(Import({Old("SR 2019/12"), Old("n° 7 é"), Old(longest)})),
              ElementsAre(Row::ANSWER_ACCEPTED, Row::ANSWER_ACCEPTED, Row::ANSWER_ACCEPTED));
  EXPECT_THAT(Answers(Import({Old("SR 2019/12"), Old(longest + "x"), Old("a\tb"), Old("")})),
              ElementsAre(Row::ANSWER_KNOWN, Row::ANSWER_REFUSED, Row::ANSWER_REFUSED, Row::ANSWER_REFUSED));
}

TEST_F(IntakeImportTest, EveryReasonOfARefusalIsTold) {
  v1::ImportedComplaint row = Old("two\nlines");
  row.set_channel(static_cast<types::v1::Channel>(99));
  row.set_due_at(service::kLatest + 1);
  row.set_zone("Mme Martin, 3rd floor");
  Add(&row, types::v1::FACT_KIND_RESOLVED, kStart - 200 * kDay);
  Add(&row, types::v1::FACT_KIND_ACKNOWLEDGED, kStart + kDay);
  const auto response = Import({row, Old("2")});
  EXPECT_THAT(Answers(response), ElementsAre(Row::ANSWER_REFUSED, Row::ANSWER_ACCEPTED));
  std::vector<std::string> fields;
  for (const auto& refusal : response.rows(0).refusals()) fields.push_back(refusal.field());
  EXPECT_THAT(fields,
              ElementsAre("reference", "channel", "zone", "facts[1].occurred_at", "facts[2].occurred_at", "due_at"));
}

TEST_F(IntakeImportTest, MoreFactsThanFitAreRefusedWithTheirCount) {
  v1::ImportedComplaint row = Old("1");
  for (int i = 0; i < kMaxImportedFacts; ++i) {
    Add(&row, types::v1::FACT_KIND_RESIDENT_ASKED, kStart - 100 * kDay + i);
  }
  const auto response = Import({row});
  ASSERT_EQ(response.rows(0).refusals_size(), 1);
  EXPECT_THAT(response.rows(0).refusals(0).description(), HasSubstr("has 2001; at most 2000"));
  row.mutable_facts()->RemoveLast();
  EXPECT_THAT(Answers(Import({row})), ElementsAre(Row::ANSWER_ACCEPTED));
}

TEST_F(IntakeImportTest, HandlersBecomeStaffIdsAndNamesAreSealed) {
  v1::ImportedComplaint row = Old("1");
  auto* assigned = Add(&row, types::v1::FACT_KIND_ASSIGNED, kStart - 99 * kDay);
  assigned->set_team("N5");
  assigned->set_handler("Eleanor Plantagenet");
  row.set_description("Plantagenet hears it");
  v1::ImportedComplaint same_handler = row;
  same_handler.set_reference("2");
  const auto response = Import({row, same_handler});
  const v1::Complaint first = Get(response.rows(0).complaint(), true);
  EXPECT_THAT(first.agent(), ::testing::StartsWith("staff-"));
  EXPECT_EQ(first.team(), "N5");
  EXPECT_EQ(Get(response.rows(1).complaint()).agent(), first.agent());
  EXPECT_EQ(first.personal_data().description(), "Plantagenet hears it");
  EXPECT_THAT(EveryByte(), Not(HasSubstr("Plantagenet")));
}

// The second stream's rows do not show the first one's complaint yet: what it seals lies under a key of its own.
TEST_F(IntakeImportTest, NamesThatComeWithFurtherFactsAreKeptWhenTwoStreamsMeet) {
  const v1::ImportedComplaint row = Old("1");
  v1::ImportedComplaint longer = row;
  Add(&longer, types::v1::FACT_KIND_ASSIGNED, kStart - 99 * kDay)->set_handler("Eleanor Plantagenet");
  std::vector<std::shared_ptr<Stream>> streams;
  for (const auto& sent : {row, longer}) {
    auto stream = streams.emplace_back(std::make_shared<Stream>(&executor_));
    main_->service->ImportComplaints(
        Everybody("importer"), rpc::BidiStream<v1::ImportComplaintsRequest, v1::ImportComplaintsResponse>(stream));
    v1::ImportComplaintsRequest request;
    *request.add_complaints() = sent;
    stream->Send(request);
    stream->Close();
  }
  executor_.RunFor(10 * kSecond);
  ASSERT_EQ(streams[0]->answers().size(), 1u);
  ASSERT_EQ(streams[1]->answers().size(), 1u);
  EXPECT_THAT(Answers(streams[0]->answers().front()), ElementsAre(Row::ANSWER_ACCEPTED));
  EXPECT_THAT(Answers(streams[1]->answers().front()), ElementsAre(Row::ANSWER_EXTENDED));
  const std::string name = streams[1]->answers().front().rows(0).complaint();
  std::vector<std::string> keys_of_names;
  ScanHistory(*main_->rows, static_cast<uint16_t>(ShardOfName(name)), ComplaintIdOf(name), 0,
              [&](int64_t, const rows::v1::HistoryEntry& entry) {
                const auto& added = entry.event().imported_facts_added();
                if (added.facts_size() > 0) keys_of_names.push_back(added.handler_names().key_id());
                return true;
              });
  EXPECT_THAT(keys_of_names, ElementsAre(RowOf(name).text_key()));
}

TEST_F(IntakeImportTest, AnImportedOneLivesOn) {
  const auto response = Import({Old("1")});
  const std::string name = response.rows(0).complaint();
  ASSERT_TRUE(Change(kAddNote, name, [](auto* note) { note->set_text("taken over"); }).ok());
  ASSERT_TRUE(Resolve(name).ok());
  EXPECT_EQ(Get(name).state(), v1::COMPLAINT_STATE_RESOLVED);
  clock_.Advance(15 * kDay);
  executor_.RunFor(kHour);
  EXPECT_EQ(Get(name).state(), v1::COMPLAINT_STATE_CLOSED);
}

TEST_F(IntakeImportTest, GoesOnWhenTheLogWasAway) {
  std::vector<v1::ImportedComplaint> rows;
  for (int i = 0; i < kMaxImportRows; ++i) {
    rows.push_back(Old(absl::StrCat(i)));
    rows.back().set_residence(absl::StrCat("place-", i % 11));
  }
  main_->log->Cut();
  executor_.PostAfter(5 * kSecond, [this] { main_->log->Mend(); });
  const auto response = Import(rows);
  for (const auto& row : response.rows()) {
    EXPECT_TRUE(row.answer() == Row::ANSWER_ACCEPTED || row.answer() == Row::ANSWER_KNOWN);
  }
  v1::ListComplaintsRequest list;
  list.set_page_size(1000);
  EXPECT_EQ(Ask(&IntakeService::ListComplaints, list)->complaints_size(), kMaxImportRows);
}

// A refusal would be taken for the last word on the row.
TEST_F(IntakeImportTest, TroubleOfTheServersOwnEndsTheStreamAndRefusesNoRow) {
  const std::vector<v1::ImportedComplaint> rows = {Old("1"), Closed("2"), Old("3"), Old("two\nlines")};
  Import({rows[0]});
  keys_.lost_after = 1;
  const auto ended = Import(rows);
  EXPECT_EQ(ended.rows_size(), 0) << ended.ShortDebugString();
  EXPECT_EQ(finished_.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ReasonOf(finished_), "KEY_STORE_CORRUPT");
  keys_.lost_after = -1;
  EXPECT_THAT(Answers(Import(rows)),
              ElementsAre(Row::ANSWER_KNOWN, Row::ANSWER_KNOWN, Row::ANSWER_ACCEPTED, Row::ANSWER_REFUSED));
  EXPECT_TRUE(finished_.ok()) << finished_;
}

TEST_F(IntakeImportTest, WhatHasToWaitIsNotWaitedForOnceTheStreamIsToEnd) {
  main_->log->Cut();
  executor_.RunFor(kSecond);
  keys_.lost_after = 1;
  const Millis begun = clock_.Now();
  Import({Old("1"), Old("2")});
  EXPECT_EQ(finished_.code(), absl::StatusCode::kDataLoss);
  EXPECT_LE(clock_.Now() - begun, kSecond);
}

TEST_F(IntakeImportTest, DamagedRowsRefuseNothing) {
  main_->rows->set_health(MakeError(absl::StatusCode::kDataLoss, "PROJECTION_CORRUPT", "a block that cannot be read"));
  EXPECT_EQ(Import({Old("")}).rows_size(), 0);
  EXPECT_EQ(ReasonOf(finished_), "PROJECTION_CORRUPT");
}

TEST_F(IntakeImportTest, ListsByReference) {
  const auto response = Import({Old("1"), Old("2")});
  v1::ListComplaintsRequest list;
  list.mutable_external_reference()->set_system("ny311");
  list.mutable_external_reference()->set_reference("2");
  const auto found = Ask(&IntakeService::ListComplaints, list);
  ASSERT_EQ(found->complaints_size(), 1);
  EXPECT_EQ(found->complaints(0).name(), response.rows(1).complaint());
}

TEST_F(IntakeImportTest, RefusesMoreRowsThanFit) {
  Import(std::vector<v1::ImportedComplaint>(kMaxImportRows + 1, Old("1")));
  EXPECT_EQ(ReasonOf(finished_), "TOO_MANY_ROWS");
  Import({}, Only(Permission::kSubmit));
  EXPECT_EQ(finished_.code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(IntakeImportTest, ARebuildIsTheSame) {
  Import({Closed("1"), Old("2")});
  v1::ImportedComplaint row = Old("2");
  Add(&row, types::v1::FACT_KIND_RESOLVED, kStart - kDay);
  Add(&row, types::v1::FACT_KIND_REOPENED, kStart - kHour);
  Import({row});
  executor_.RunFor(kSecond);
  const auto rebuilt = Boot("two", false);
  executor_.RunFor(kSecond);
  EXPECT_EQ(Digest(*rebuilt), Digest(*main_));
}

}  // namespace
}  // namespace redress::intake
