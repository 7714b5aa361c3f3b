#include "services/intake/intake_list.h"

#include <algorithm>

#include "services/intake/intake_fixture.h"
#include "services/intake/intake_projection.h"
#include "services/intake/limits.h"

namespace redress::intake {
namespace {

using namespace ::redress::intake::testing;  // NOLINT
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

class IntakeListTest : public IntakeTest {
 protected:
  // A complaint a second, in turn over the residences; the oldest first.
  std::vector<std::string> NewComplaints(int count, const std::vector<std::string>& residences = {"rn", "ra", "rs"}) {
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i) {
      clock_.Advance(kSecond);
      names.push_back(NewComplaint(residences[static_cast<size_t>(i) % residences.size()]));
    }
    return names;
  }
  // All pages, one after the other.
  std::vector<std::string> All(v1::ListComplaintsRequest request, const CallContext& call = Everybody()) {
    std::vector<std::string> names;
    do {
      const auto page = Ask(&IntakeService::ListComplaints, request, call);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      for (const auto& complaint : page->complaints()) names.push_back(complaint.name());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return names;
  }
};

TEST_F(IntakeListTest, ListsByReceiptOverAllShards) {
  std::vector<std::string> names = NewComplaints(12, {"rn", "ra", "rs", "x1", "x2", "x3", "x4"});
  std::set<uint32_t> shards;
  for (const auto& name : names) shards.insert(ShardOfName(name));
  ASSERT_GT(shards.size(), 1u);
  for (const int size : {1, 5, 12, 100}) {
    v1::ListComplaintsRequest request;
    request.set_page_size(size);
    EXPECT_THAT(All(request), ElementsAreArray(names)) << size;
    request.set_order(v1::ListComplaintsRequest::ORDER_NEWEST_FIRST);
    EXPECT_THAT(All(request), ElementsAreArray(names.rbegin(), names.rend())) << size;
  }
}

TEST_F(IntakeListTest, FiltersHoldAtOnce) {
  const std::vector<std::string> names = NewComplaints(9);  // rn ra rs rn ra rs …
  ASSERT_TRUE(Resolve(names[0]).ok());
  ASSERT_TRUE(Change(kWithdraw, names[2]).ok());
  v1::ListComplaintsRequest request;
  request.set_residence("rn");
  EXPECT_THAT(All(request), ElementsAre(names[0], names[3], names[6]));
  request.add_states(v1::COMPLAINT_STATE_RECEIVED);
  EXPECT_THAT(All(request), ElementsAre(names[3], names[6]));
  request.clear_residence();
  request.set_agency("south");
  EXPECT_THAT(All(request), ElementsAre(names[5], names[8]));
  request.set_category("noise");
  EXPECT_THAT(All(request), IsEmpty());
  request.Clear();
  request.add_states(v1::COMPLAINT_STATE_RESOLVED);
  request.add_states(v1::COMPLAINT_STATE_WITHDRAWN);
  EXPECT_THAT(All(request), ElementsAre(names[0], names[2]));
  request.Clear();
  *request.mutable_received_from_time() = Get(names[2]).received_time();
  *request.mutable_received_to_time() = Get(names[5]).received_time();
  EXPECT_THAT(All(request), ElementsAre(names[2], names[3], names[4]));
  request.set_order(v1::ListComplaintsRequest::ORDER_NEWEST_FIRST);
  EXPECT_THAT(All(request), ElementsAre(names[4], names[3], names[2]));
}

TEST_F(IntakeListTest, ShowsWhatIsInScopeAlone) {
  const std::vector<std::string> names = NewComplaints(6);
  EXPECT_THAT(All({}, OfAgency("south")), ElementsAre(names[2], names[5]));
  v1::ListComplaintsRequest request;
  request.add_states(v1::COMPLAINT_STATE_RECEIVED);
  EXPECT_THAT(All(request, OfAgency("south")), ElementsAre(names[2], names[5]));
  request.set_agency("north");
  EXPECT_THAT(All(request, OfAgency("south")), IsEmpty());
  request.Clear();
  request.set_residence("rn");
  EXPECT_THAT(All(request, OfAgency("south")), IsEmpty());
}

TEST_F(IntakeListTest, StaysStableWhileThingsMove) {
  const std::vector<std::string> names = NewComplaints(8, {"rn"});
  v1::ListComplaintsRequest request;
  request.set_page_size(3);
  request.set_agency("north");
  const auto first = Ask(&IntakeService::ListComplaints, request);
  ASSERT_EQ(first->complaints_size(), 3);
  // One seen and one not yet seen move away, a new one comes.
  for (const int moved : {1, 4}) {
    ASSERT_TRUE(Change(kAmend, names[moved], [](auto* amend) { amend->set_residence("rs"); }).ok());
  }
  const std::vector<std::string> later = NewComplaints(1, {"rn"});
  request.set_page_token(first->next_page_token());
  EXPECT_THAT(All(request), ElementsAre(names[3], names[5], names[6], names[7], later[0]));
}

TEST_F(IntakeListTest, RefusesTokensThatAreNotItsOwn) {
  NewComplaints(3);
  v1::ListComplaintsRequest request;
  request.set_page_size(1);
  const std::string token = Ask(&IntakeService::ListComplaints, request)->next_page_token();
  request.set_page_token("rubbish");
  EXPECT_EQ(ReasonOf(Ask(&IntakeService::ListComplaints, request).status()), "PAGE_TOKEN_MALFORMED");
  request.set_page_token(token);
  request.set_agency("north");
  EXPECT_EQ(ReasonOf(Ask(&IntakeService::ListComplaints, request).status()), "PAGE_TOKEN_FOREIGN");
  v1::ListComplaintHistoryRequest history;
  history.set_name("complaints/00000000000000000000000000");
  history.set_page_token(token);
  EXPECT_EQ(ReasonOf(Ask(&IntakeService::ListComplaintHistory, history).status()), "PAGE_TOKEN_FOREIGN");
  request.Clear();
  request.set_page_size(-1);
  request.add_states(static_cast<v1::ComplaintState>(77));
  EXPECT_EQ(ViolationsOf(Ask(&IntakeService::ListComplaints, request).status()).size(), 2u);
}

// Straight into the rows, so many that each shard is read in several pieces, of growing length.
TEST_F(IntakeListTest, ReadsLongRangesBothWays) {
  store::View view(main_->rows.get());
  constexpr store::Table<rows::v1::Complaint> kRows(kComplaintTable);
  rows::v1::Complaint row;
  row.set_state(rows::v1::STATE_RECEIVED);
  std::vector<std::string> ids;
  for (int i = 0; i < 600; ++i) {
    ids.push_back(MakeId(kStart + i, 0, static_cast<uint64_t>(i)));
    row.set_category(ids.back());
    kRows.Put(view, static_cast<uint16_t>(i * i % kShards), ids.back(), row);
  }
  ASSERT_TRUE(main_->rows->Commit(view.writes()).ok());
  for (const bool newest_first : {false, true}) {
    ListQuestion question;
    question.newest_first = newest_first;
    question.page_size = 250;
    std::vector<std::string> found;
    do {
      const ListPage page = List(*main_->rows, kShards, question);
      for (const auto& [id, complaint] : page.complaints) {
        EXPECT_EQ(complaint.category(), id) << "the row of another";
        found.push_back(id);
      }
      question.last_id = page.next_id;
    } while (!question.last_id.empty());
    if (newest_first) std::reverse(found.begin(), found.end());
    EXPECT_EQ(found, ids) << newest_first;
  }
}

TEST_F(IntakeListTest, LooksAtNoMoreThanItMust) {
  // Straight into the rows: more than one call looks at.
  store::View view(main_->rows.get());
  constexpr store::Table<rows::v1::Complaint> kRows(kComplaintTable);
  rows::v1::Complaint row;
  row.set_state(rows::v1::STATE_CLOSED);
  std::string last;
  for (size_t i = 0; i < kMaxLookedAt + 100; ++i) {
    last = MakeId(kStart + static_cast<Millis>(i), 0, i);
    kRows.Put(view, 0, last, row);
  }
  row.set_state(rows::v1::STATE_WITHDRAWN);
  kRows.Put(view, 0, last, row);
  ASSERT_TRUE(main_->rows->Commit(view.writes()).ok());
  ListQuestion question;
  question.states = {rows::v1::STATE_WITHDRAWN};
  ListPage page = List(*main_->rows, kShards, question);
  EXPECT_TRUE(page.complaints.empty());
  ASSERT_FALSE(page.next_id.empty());
  question.last_id = page.next_id;
  page = List(*main_->rows, kShards, question);
  ASSERT_EQ(page.complaints.size(), 1u);
  EXPECT_EQ(page.complaints[0].first, last);
  EXPECT_TRUE(page.next_id.empty());
}

class TrackingTest : public IntakeTest {
 protected:
  absl::StatusOr<v1::LookUpTrackingCodeResponse> LookUp(const std::string& code, const std::string& client = "") {
    v1::LookUpTrackingCodeRequest request;
    request.set_tracking_code(code);
    request.set_client(client);
    return Ask(&IntakeService::LookUpTrackingCode, request, Only(Permission::kTrack));
  }
};

TEST_F(TrackingTest, ShowsStatusAndNextStepAlone) {
  const auto submitted = Submit(SubmitRequest());
  std::string code = submitted->tracking_code();
  const auto found = LookUp(code);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->state(), v1::COMPLAINT_STATE_RECEIVED);
  EXPECT_EQ(found->next_step(), v1::LookUpTrackingCodeResponse::NEXT_STEP_REVIEW);
  EXPECT_EQ(found->position().shard(), submitted->position().shard());
  EXPECT_GE(found->position().next(), submitted->position().next());
  ASSERT_TRUE(Resolve(submitted->complaint().name()).ok());
  code.erase(std::remove(code.begin(), code.end(), '-'), code.end());
  std::transform(code.begin(), code.end(), code.begin(), ::tolower);
  const auto resolved = LookUp(code);
  ASSERT_TRUE(resolved.ok()) << resolved.status();
  EXPECT_EQ(resolved->next_step(), v1::LookUpTrackingCodeResponse::NEXT_STEP_CONFIRM);
  EXPECT_TRUE(resolved->has_window_end_time());
}

TEST_F(TrackingTest, ADeviceMayHaveDrawnTheCode) {
  auto request = SubmitRequest();
  request.set_tracking_code(MakeTrackingCode(42));
  ASSERT_TRUE(Submit(request).ok());
  EXPECT_TRUE(LookUp(MakeTrackingCode(42)).ok());
  request.set_request_id(NextId());
  EXPECT_EQ(ViolationsOf(Submit(request).status()).size(), 1u);
}

TEST_F(TrackingTest, TenTriesAnHour) {
  for (int i = 0; i < kMaxTries; ++i)
    EXPECT_EQ(ReasonOf(LookUp(MakeTrackingCode(i)).status()), "TRACKING_CODE_UNKNOWN");
  EXPECT_EQ(ReasonOf(LookUp(MakeTrackingCode(99)).status()), "TOO_MANY_TRIES");
  EXPECT_EQ(ReasonOf(LookUp("not one").status()), "INVALID_FIELDS");
  EXPECT_EQ(ReasonOf(LookUp(MakeTrackingCode(99), "somebody else").status()), "TRACKING_CODE_UNKNOWN");
  clock_.Advance(kHour);
  EXPECT_EQ(ReasonOf(LookUp(MakeTrackingCode(99)).status()), "TRACKING_CODE_UNKNOWN");
}

TEST_F(TrackingTest, ACodeStaysKnownWhenTheIndexKeyHasChanged) {
  const std::string code = Submit(SubmitRequest())->tracking_code();
  clock_.Advance(40 * kDay);
  executor_.RunFor(kSecond);
  ASSERT_TRUE(keys_.IndexKeys().ok());
  ASSERT_GT(keys_.IndexKeys()->size(), 1u);
  EXPECT_TRUE(LookUp(code).ok());
}

TEST_F(TrackingTest, PeopleAreFoundByPhoneAndMail) {
  auto request = SubmitRequest();
  request.mutable_new_person()->set_full_name("Eleanor");
  request.mutable_new_person()->set_phone("01 23 45 67 89");
  request.mutable_new_person()->set_email("Eleanor@Example.org");
  const auto submitted = Submit(request);
  v1::FindPeopleRequest find;
  find.set_purpose("call");
  find.set_phone("+33 1 23 45 67 89");
  const auto by_phone = Ask(&IntakeService::FindPeople, find);
  ASSERT_TRUE(by_phone.ok()) << by_phone.status();
  ASSERT_EQ(by_phone->people_size(), 1);
  EXPECT_EQ(by_phone->people(0).name(), submitted->complaint().person());
  EXPECT_EQ(Ask(&IntakeService::FindPeople, find, OfAgency("south"))->people_size(), 0);
  find.clear_phone();
  find.set_email(" eleanor@example.org");
  EXPECT_EQ(Ask(&IntakeService::FindPeople, find)->people_size(), 1);
  find.set_email("nobody@example.org");
  EXPECT_EQ(Ask(&IntakeService::FindPeople, find)->people_size(), 0);
  find.set_phone("1");
  EXPECT_EQ(ReasonOf(Ask(&IntakeService::FindPeople, find).status()), "INVALID_FIELDS");
}

}  // namespace
}  // namespace redress::intake
