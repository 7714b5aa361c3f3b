// What a request must say, and what of it is recorded.
#include "services/intake/intake_fixture.h"

namespace redress::intake {
namespace {

using namespace ::redress::intake::testing;  // NOLINT
using ::testing::ElementsAre;

class IntakeVerbsTest : public IntakeTest {
 protected:
  static std::vector<std::string> Fields(const absl::Status& status) {
    std::vector<std::string> fields;
    for (const FieldViolation& violation : ViolationsOf(status)) fields.push_back(violation.field);
    return fields;
  }
};

TEST_F(IntakeVerbsTest, ANoticeOfAnExtensionSaysWhichLineUntilWhenAndWhy) {
  const std::string name = NewComplaint();
  const auto bare =
      Change(kRecordFact, name, [](auto* request) { request->set_kind(types::v1::FACT_KIND_EXTENSION_NOTIFIED); });
  EXPECT_THAT(Fields(bare.status()), ElementsAre("until_time", "line", "reason"));
  const auto whole = Change(kRecordFact, name, [&](v1::RecordFactRequest* request) {
    request->set_kind(types::v1::FACT_KIND_EXTENSION_NOTIFIED);
    *request->mutable_until_time() = service::WriteTime(clock_.Now() + 9 * kDay);
    request->set_line("remedy");
    request->set_reason("parts_late");
    request->set_evidence("letter-7");
  });
  ASSERT_TRUE(whole.ok()) << whole.status();
  v1::ListComplaintHistoryRequest history;
  history.set_name(name);
  const auto entries = Ask(&IntakeService::ListComplaintHistory, history)->entries();
  EXPECT_EQ(entries[1].details().at("line"), "remedy");
  EXPECT_EQ(entries[1].details().at("evidence"), "letter-7");
  EXPECT_EQ(entries[1].reason(), "parts_late");
}

TEST_F(IntakeVerbsTest, EvidenceOfOtherFactsIsKeptAndChecked) {
  const std::string name = NewComplaint();
  const auto with = [](const std::string& evidence) {
    return [evidence](v1::RecordFactRequest* request) {
      request->set_kind(types::v1::FACT_KIND_NO_ACCESS);
      request->set_reference("interventions/7");
      request->set_evidence(evidence);
    };
  };
  EXPECT_TRUE(Change(kRecordFact, name, with("photo-1")).ok());
  EXPECT_THAT(Fields(Change(kRecordFact, name, with("Mrs Smith was out")).status()), ElementsAre("evidence"));
}

TEST_F(IntakeVerbsTest, AnAmendedCategoryBringsItsWindow) {
  const std::string name = NewComplaint();
  ASSERT_TRUE(Change(kAmend, name, [](auto* request) { request->set_category("noise"); }).ok());
  ASSERT_TRUE(Resolve(name).ok());
  const v1::Complaint complaint = Get(name);
  EXPECT_EQ(complaint.window_end_time().seconds() - complaint.resolved_time().seconds(), 7 * kDay / 1000);
}

TEST_F(IntakeVerbsTest, AnAmendmentThatNamesItsResidenceMovesNothing) {
  const std::string name = NewComplaint("rn");
  const std::string etag = Get(name).etag();
  const auto same = Change(kAmend, name, [](auto* request) { request->set_residence("rn"); });
  ASSERT_TRUE(same.ok()) << same.status();
  EXPECT_EQ(same->complaint().etag(), etag);
}

TEST_F(IntakeVerbsTest, AStepOfTheClockStopsNobodyFromComplaining) {
  NewComplaint();
  clock_.Step(-2 * kDay);
  const auto submitted = Submit(SubmitRequest(), Only(Permission::kSubmit));
  ASSERT_TRUE(submitted.ok()) << submitted.status();
  EXPECT_EQ(submitted->complaint().received_time().seconds(), clock_.Now() / 1000);
}

TEST_F(IntakeVerbsTest, TheFirstMillisecondOf1970IsNotNow) {
  auto request = SubmitRequest();
  request.mutable_received_time();
  EXPECT_THAT(Fields(Submit(request).status()), ElementsAre("received_time"));
  const std::string name = NewComplaint();
  const auto refused = Change(kAcknowledge, name, [](auto* acknowledge) { acknowledge->mutable_occurred_time(); });
  EXPECT_THAT(Fields(refused.status()), ElementsAre("occurred_time"));
}

// ---- reads

TEST_F(IntakeVerbsTest, ReadsSayUpToWhereTheyRead) {
  auto request = SubmitRequest();
  request.mutable_new_person()->set_phone("0123456789");
  const auto submitted = Submit(request);
  ASSERT_TRUE(submitted.ok()) << submitted.status();
  const auto& written = submitted->position();
  const auto covers = [&](const auto& positions) {
    EXPECT_EQ(positions.size(), static_cast<int>(kShards));
    for (const auto& position : positions) {
      if (position.shard() == written.shard()) {
        EXPECT_EQ(position.log_id(), written.log_id());
        return position.next() >= written.next();
      }
    }
    return false;
  };
  EXPECT_TRUE(covers(Ask(&IntakeService::ListComplaints, v1::ListComplaintsRequest())->positions()));
  v1::FindPeopleRequest find;
  find.set_phone("0123456789");
  find.set_purpose("test");
  EXPECT_TRUE(covers(Ask(&IntakeService::FindPeople, find)->positions()));
  v1::GetPersonRequest person;
  person.set_name(submitted->complaint().person());
  person.set_purpose("test");
  EXPECT_GE(Ask(&IntakeService::GetPerson, person)->position().next(), written.next());
  v1::ListComplaintHistoryRequest history;
  history.set_name(submitted->complaint().name());
  const auto told = Ask(&IntakeService::ListComplaintHistory, history);
  EXPECT_EQ(told->position().shard(), written.shard());
  EXPECT_GE(told->position().next(), written.next());
}

TEST_F(IntakeVerbsTest, APageOfHistoryEndsAtTwoMebibytes) {
  const std::string name = NewComplaint();
  constexpr int kNotes = 40;
  for (int i = 0; i < kNotes; ++i) {
    ASSERT_TRUE(Change(kAddNote, name, [](auto* note) { note->set_text(std::string(kMaxText, 'a')); }).ok());
  }
  v1::ListComplaintHistoryRequest request;
  request.set_name(name);
  request.set_personal_data(true);
  request.set_purpose("test");
  int entries = 0;
  int pages = 0;
  do {
    const auto page = Ask(&IntakeService::ListComplaintHistory, request);
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_LT(page->ByteSizeLong(), kMaxPageBytes + 2 * kMaxText);
    entries += page->entries_size();
    request.set_page_token(page->next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(entries, kNotes + 1);
  EXPECT_EQ(pages, 2);
}

TEST_F(IntakeVerbsTest, APageOfAListEndsAtTwoMebibytesAndLosesNothing) {
  constexpr int kComplaints = 50;
  std::set<std::string> names;
  for (int i = 0; i < kComplaints; ++i) {
    auto request = SubmitRequest();
    for (int j = 0; j < kMaxAttachments; ++j) {
      auto* attachment = request.add_attachments();
      attachment->set_uri(absl::StrCat(j, std::string(kMaxUri - 3, 'u')));
      attachment->set_sha256(std::string(32, 's'));
    }
    ASSERT_TRUE(Submit(request).ok());
  }
  v1::ListComplaintsRequest list;
  list.set_page_size(1000);
  int pages = 0;
  do {
    const auto page = Ask(&IntakeService::ListComplaints, list);
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_LT(page->ByteSizeLong(), kMaxPageBytes + (100u << 10));
    for (const auto& complaint : page->complaints()) EXPECT_TRUE(names.insert(complaint.name()).second);
    list.set_page_token(page->next_page_token());
    ++pages;
  } while (!list.page_token().empty());
  EXPECT_EQ(names.size(), static_cast<size_t>(kComplaints));
  EXPECT_EQ(pages, 2);
}

}  // namespace
}  // namespace redress::intake
