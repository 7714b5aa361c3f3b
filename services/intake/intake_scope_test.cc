// What lies in other agencies does not exist for a caller, whichever way they ask.
#include "services/intake/intake_fixture.h"

namespace redress::intake {
namespace {

using namespace ::redress::intake::testing;  // NOLINT
using ::testing::HasSubstr;
using ::testing::Not;

class IntakeScopeTest : public IntakeTest {
 protected:
  // A complaint of agency north by a person with a reference.
  void SetUp() override {
    auto request = SubmitRequest();
    request.mutable_new_person()->set_full_name("Eleanor");
    request.mutable_external_reference()->set_system("crm");
    request.mutable_external_reference()->set_reference("4711");
    const auto response = Submit(request);
    ASSERT_TRUE(response.ok()) << response.status();
    name_ = response->complaint().name();
    person_ = response->complaint().person();
    ASSERT_EQ(response->complaint().agency(), "north");
  }
  v1::SubmitComplaintRequest InSouth() {
    auto request = SubmitRequest();
    request.set_residence("rs");
    return request;
  }

  std::string name_;
  std::string person_;
  const CallContext north_ = OfAgency("north");
  const CallContext south_ = OfAgency("south");
};

TEST_F(IntakeScopeTest, APersonOfOthersCannotBeNamed) {
  auto request = InSouth();
  request.set_person(person_);
  EXPECT_EQ(ReasonOf(Submit(request, south_).status()), "PERSON_NOT_FOUND");
  request.set_request_id(NextId());
  EXPECT_TRUE(Submit(request, north_).ok());
}

TEST_F(IntakeScopeTest, AReferenceIsRefusedWithoutTheNameOfAnothersComplaint) {
  auto request = InSouth();
  request.mutable_external_reference()->set_system("crm");
  request.mutable_external_reference()->set_reference("4711");
  const auto foreign = Submit(request, south_).status();
  EXPECT_EQ(ReasonOf(foreign), "REFERENCE_KNOWN");
  EXPECT_THAT(std::string(foreign.message()), Not(HasSubstr(name_)));
  EXPECT_THAT(MetadataOf(foreign), ::testing::IsEmpty());
  request.set_request_id(NextId());
  EXPECT_THAT(std::string(Submit(request, north_).status().message()), HasSubstr(name_));
}

TEST_F(IntakeScopeTest, ARecurrenceOfAnothersComplaintNamesNone) {
  auto request = InSouth();
  request.set_recurrence_of(name_);
  const auto foreign = ViolationsOf(Submit(request, south_).status());
  ASSERT_EQ(foreign.size(), 1u);
  EXPECT_EQ(foreign[0].description, "names no complaint");
  request.set_request_id(NextId());
  EXPECT_TRUE(Submit(request, north_).ok());
}

TEST_F(IntakeScopeTest, AStaleEtagTellsNothingOfOthers) {
  const auto stale = [](v1::AcknowledgeComplaintRequest* request) { request->set_etag("v99"); };
  EXPECT_EQ(ReasonOf(Change(kAcknowledge, name_, stale, south_).status()), "COMPLAINT_NOT_FOUND");
  EXPECT_EQ(ReasonOf(Change(kAcknowledge, name_, stale, north_).status()), "ETAG_MOVED");
}

TEST_F(IntakeScopeTest, AnEtagOfWhatThereIsNotIsNotFound) {
  const std::string none = "complaints/" + MakeId(kStart, 7, 7);
  const auto with_etag = [](v1::AcknowledgeComplaintRequest* request) { request->set_etag("v1"); };
  EXPECT_EQ(ReasonOf(Change(kAcknowledge, none, with_etag).status()), "COMPLAINT_NOT_FOUND");
  v1::ErasePersonRequest erase;
  erase.set_request_id(NextId());
  erase.set_name("people/" + MakeId(kStart, 7, 7));
  erase.set_reason("asked");
  erase.set_etag("v1");
  EXPECT_EQ(ReasonOf(Ask(&IntakeService::ErasePerson, erase).status()), "PERSON_NOT_FOUND");
}

TEST_F(IntakeScopeTest, ARetryIsAnsweredAlsoWhenTheComplaintHasMovedAway) {
  const auto once = [](v1::AcknowledgeComplaintRequest* request) { request->set_request_id("once"); };
  const auto first = Change(kAcknowledge, name_, once, north_);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_TRUE(Change(kAmend, name_, [](auto* request) { request->set_residence("rs"); }).ok());
  const auto again = Change(kAcknowledge, name_, once, north_);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(ReasonOf(Change(kAcknowledge, name_, nullptr, north_).status()), "COMPLAINT_NOT_FOUND");
}

}  // namespace
}  // namespace redress::intake
