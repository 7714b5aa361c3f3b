// Which key seals what, and how owners of personal data are found again.
#include "services/intake/intake_fixture.h"

namespace redress::intake {
namespace {

using namespace ::redress::intake::testing;  // NOLINT
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class IntakePrivacyTest : public IntakeTest {
 protected:
  v1::SubmitComplaintRequest FromSomebody() {
    auto request = SubmitRequest();
    request.set_description("hums");
    request.set_dwelling("B 4 left");
    request.set_access_note("ring twice");
    request.mutable_new_person()->set_full_name("Eleanor");
    request.mutable_new_person()->set_phone("0123456789");
    request.mutable_new_person()->set_dwelling("b 4  left");
    return request;
  }
  absl::StatusOr<v1::FindPeopleResponse> FindBy(const std::function<void(v1::FindPeopleRequest*)>& fill) {
    v1::FindPeopleRequest request;
    request.set_purpose("test");
    fill(&request);
    return Ask(&IntakeService::FindPeople, request);
  }
  absl::StatusOr<v1::FindPeopleResponse> FindByPhone() {
    return FindBy([](auto* request) { request->set_phone("+33 1 23 45 67 89"); });
  }
};

TEST_F(IntakePrivacyTest, AHouseholdIsSealedUnderThePersonsKeyAndAccessUnderTheTexts) {
  const auto submitted = Submit(FromSomebody());
  ASSERT_TRUE(submitted.ok()) << submitted.status();
  const std::string name = submitted->complaint().name();
  const auto expect_keys = [&] {
    const rows::v1::Complaint row = RowOf(name);
    ASSERT_NE(row.person_key(), row.text_key());
    EXPECT_EQ(row.dwelling().key_id(), row.person_key());
    EXPECT_EQ(row.access_note().key_id(), row.text_key());
    EXPECT_EQ(row.description().key_id(), row.text_key());
    EXPECT_EQ(row.tracking_code().key_id(), row.text_key());
  };
  expect_keys();
  ASSERT_TRUE(Change(kAmend, name, [](v1::AmendComplaintRequest* request) {
                request->set_description("howls");
                request->set_dwelling("B 5 right");
                request->set_access_note("ring once");
              }).ok());
  expect_keys();
  const v1::PersonalData personal = Get(name, true).personal_data();
  EXPECT_EQ(personal.dwelling(), "B 5 right");
  EXPECT_EQ(personal.access_note(), "ring once");
}

TEST_F(IntakePrivacyTest, WithoutAPersonAllIsTheTexts) {
  auto request = FromSomebody();
  request.clear_new_person();
  const std::string name = Submit(request)->complaint().name();
  ASSERT_TRUE(Change(kAmend, name, [](auto* amend) { amend->set_dwelling("B 5"); }).ok());
  EXPECT_EQ(RowOf(name).dwelling().key_id(), RowOf(name).text_key());
  EXPECT_EQ(Get(name, true).personal_data().dwelling(), "B 5");
}

TEST_F(IntakePrivacyTest, PeopleAreFoundByTheirDwelling) {
  const auto submitted = Submit(FromSomebody());
  ASSERT_TRUE(submitted.ok()) << submitted.status();
  const auto found = FindBy([](auto* request) { request->set_dwelling(" B 4 LEFT"); });
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_EQ(found->people_size(), 1);
  EXPECT_EQ(found->people(0).name(), submitted->complaint().person());
  const auto in = [&](const std::string& residence) {
    return FindBy([&](auto* request) {
             request->set_dwelling("B 4 left");
             request->set_residence(residence);
           })
        ->people_size();
  };
  EXPECT_EQ(in("rn"), 1);
  EXPECT_EQ(in("rs"), 0);
  EXPECT_EQ(FindBy([](auto* request) { request->set_dwelling("B 5 left"); })->people_size(), 0);
  EXPECT_EQ(ReasonOf(FindBy([](auto* request) {
                       request->set_dwelling("B 4");
                       request->set_phone("0123456789");
                     }).status()),
            "INVALID_FIELDS");
}

TEST_F(IntakePrivacyTest, LookUpRowsAreMadeOnceTheKeyStoreIsBack) {
  std::optional<absl::StatusOr<v1::SubmitComplaintResponse>> answer;
  main_->service->SubmitComplaint(Everybody(), FromSomebody(), [&](auto response) { answer = std::move(response); });
  keys_.away = true;  // sealed already, not applied yet
  executor_.RunFor(5 * kSecond);
  keys_.away = false;
  ASSERT_TRUE(answer.has_value() && answer->ok());
  EXPECT_EQ(ReasonOf(FindByPhone().status()), "LOOK_UPS_PENDING");
  v1::LookUpTrackingCodeRequest track;
  track.set_tracking_code((*answer)->tracking_code());
  EXPECT_EQ(Ask(&IntakeService::LookUpTrackingCode, track).status().code(), absl::StatusCode::kUnavailable);

  ASSERT_TRUE(Change(kAcknowledge, (*answer)->complaint().name()).ok());
  const auto found = FindByPhone();
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->people_size(), 1);
  EXPECT_EQ(Ask(&IntakeService::LookUpTrackingCode, track)->state(), v1::COMPLAINT_STATE_ACKNOWLEDGED);
  // Nothing is pending any more: whoever is not there is not found.
  EXPECT_EQ(FindBy([](auto* request) { request->set_phone("0999999999"); })->people_size(), 0);
}

TEST_F(IntakePrivacyTest, AKeyThatIsGoneForGoodLeavesNothingPending) {
  std::optional<absl::StatusOr<v1::SubmitComplaintResponse>> answer;
  main_->service->SubmitComplaint(Everybody(), FromSomebody(), [&](auto response) { answer = std::move(response); });
  executor_.RunFor(kSecond);
  ASSERT_TRUE(answer.has_value() && answer->ok());
  const std::string name = (*answer)->complaint().name();
  ASSERT_TRUE(keys_.Destroy(RowOf(name).person_key()).ok());
  const auto rebuilt = Boot("two", false);
  executor_.RunFor(kSecond);
  const auto found = rebuilt->lookups->FindPhone(*rebuilt->rows, kShards, "0123456789");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(*found, IsEmpty());
}

TEST_F(IntakePrivacyTest, ALostKeyIsSaidAndNotTakenForAnErasure) {
  const std::string name = Submit(FromSomebody())->complaint().name();
  const std::string key = RowOf(name).text_key();
  keys_.rows().Lose(key);
  v1::GetComplaintRequest get;
  get.set_name(name);
  EXPECT_TRUE(Ask(&IntakeService::GetComplaint, get).ok()) << "what is in the clear can be read";
  get.set_personal_data(true);
  get.set_purpose("test");
  const auto read = Ask(&IntakeService::GetComplaint, get);
  EXPECT_EQ(read.status().code(), absl::StatusCode::kDataLoss) << read.status();
  EXPECT_EQ(ReasonOf(read.status()), "KEY_LOST");
  // Words would be sealed under it; the complaint goes on without.
  EXPECT_EQ(ReasonOf(Change(kAddNote, name, [](auto* note) { note->set_text("n"); }).status()), "KEY_LOST");
  EXPECT_TRUE(Change(kAcknowledge, name).ok());
}

TEST_F(IntakePrivacyTest, AReferenceUnderWayIsKnown) {
  // Two calls before anything is decided: neither sees the other in the rows.
  std::vector<absl::Status> answers;
  for (int i = 0; i < 2; ++i) {
    auto request = SubmitRequest();
    request.mutable_external_reference()->set_system("crm");
    request.mutable_external_reference()->set_reference("4711");
    main_->service->SubmitComplaint(Everybody(), request, [&](auto response) { answers.push_back(response.status()); });
  }
  executor_.RunFor(kSecond);
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_TRUE(answers[0].ok()) << answers[0];
  EXPECT_EQ(ReasonOf(answers[1]), "REFERENCE_KNOWN");
  EXPECT_EQ(Ask(&IntakeService::ListComplaints, v1::ListComplaintsRequest())->complaints_size(), 1);
}

}  // namespace
}  // namespace redress::intake
