#include "services/intake/intake_service.h"

#include "services/intake/intake_fixture.h"
#include "services/intake/intake_rpc.h"
#include "services/intake/limits.h"

namespace redress::intake {
namespace {

using namespace ::redress::intake::testing;  // NOLINT
using ::testing::HasSubstr;

class IntakeServiceTest : public IntakeTest {
 protected:
  template <typename V>
  v1::ComplaintState StateAfter(V verb, const std::string& name) {
    const auto response = Change(verb, name);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? response->complaint().state() : v1::COMPLAINT_STATE_UNSPECIFIED;
  }
};

TEST_F(IntakeServiceTest, EveryMethodOfTheProtoHasAHandler) {
  EXPECT_THAT(MakeIntakeRpc(main_->service.get()).Missing(), ::testing::IsEmpty());
}

TEST_F(IntakeServiceTest, AComplaintLivesItsLife) {
  const auto submitted = Submit(SubmitRequest());
  ASSERT_TRUE(submitted.ok()) << submitted.status();
  const v1::Complaint& complaint = submitted->complaint();
  EXPECT_EQ(complaint.state(), v1::COMPLAINT_STATE_RECEIVED);
  EXPECT_EQ(complaint.agency(), "north");
  EXPECT_EQ(complaint.office(), "n1");
  EXPECT_EQ(complaint.zone(), "Europe/Paris");
  EXPECT_EQ(complaint.urgency(), types::v1::URGENCY_URGENT);
  EXPECT_EQ(complaint.kind(), types::v1::COMPLAINT_KIND_COMPLAINT);
  const std::string name = complaint.name();

  EXPECT_EQ(StateAfter(kAcknowledge, name), v1::COMPLAINT_STATE_ACKNOWLEDGED);
  EXPECT_EQ(StateAfter(kBegin, name), v1::COMPLAINT_STATE_IN_PROGRESS);
  EXPECT_EQ(StateAfter(kAnswer, name), v1::COMPLAINT_STATE_IN_PROGRESS);
  EXPECT_EQ(Resolve(name), absl::OkStatus());
  EXPECT_EQ(StateAfter(kContest, name), v1::COMPLAINT_STATE_IN_PROGRESS);
  EXPECT_EQ(Resolve(name), absl::OkStatus());
  EXPECT_EQ(StateAfter(kConfirm, name), v1::COMPLAINT_STATE_RESOLVED);
  EXPECT_EQ(Get(name).reopenings(), 1);

  clock_.Advance(14 * kDay + kMinute);
  executor_.RunFor(kHour);
  const v1::Complaint closed = Get(name);
  EXPECT_EQ(closed.state(), v1::COMPLAINT_STATE_CLOSED);
  EXPECT_EQ(closed.closed_time().seconds(), closed.window_end_time().seconds());
  EXPECT_EQ(ReasonOf(Change(kContest, name).status()), "WINDOW_PASSED");
  EXPECT_EQ(ReasonOf(Change(kWithdraw, name).status()), "WRONG_STATE");
}

TEST_F(IntakeServiceTest, AVisitToTheCounterIsWithdrawnAgain) {
  const std::string name = NewComplaint();
  EXPECT_EQ(StateAfter(kWithdraw, name), v1::COMPLAINT_STATE_WITHDRAWN);
  const int64_t version = Get(name).etag().size();
  const auto again = Change(kWithdraw, name);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->complaint().state(), v1::COMPLAINT_STATE_WITHDRAWN);
  EXPECT_EQ(static_cast<int64_t>(again->complaint().etag().size()), version);
}

TEST_F(IntakeServiceTest, ARetryGetsTheFirstAnswerAgain) {
  const auto request = SubmitRequest("call-1");
  const auto first = Submit(request);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(StateAfter(kAcknowledge, first->complaint().name()), v1::COMPLAINT_STATE_ACKNOWLEDGED);
  const auto again = Submit(request);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(again->tracking_code().size(), 13u);
}

TEST_F(IntakeServiceTest, ARequestIdWithOtherContentIsRefused) {
  auto request = SubmitRequest("call-1");
  ASSERT_TRUE(Submit(request).ok());
  request.set_description("something else");
  EXPECT_EQ(ReasonOf(Submit(request).status()), "REQUEST_ID_REUSED");
  // Another residence may live in another shard: it is found all the same.
  for (const char* residence : {"rs", "ra", "elsewhere", ""}) {
    request = SubmitRequest("call-1");
    request.set_residence(residence);
    EXPECT_EQ(ReasonOf(Submit(request).status()), "REQUEST_ID_REUSED") << residence;
  }
  // Another caller's ids are their own.
  EXPECT_TRUE(Submit(request, Everybody("staff-9")).ok());
}

TEST_F(IntakeServiceTest, TwoAtOnceWithOneRequestIdAreOne) {
  int answers = 0;
  std::set<std::string> names;
  for (const char* residence : {"rn", "rn", "rs"}) {
    auto request = SubmitRequest("call-1");
    request.set_residence(residence);
    main_->service->SubmitComplaint(Everybody(), request, [&](absl::StatusOr<v1::SubmitComplaintResponse> response) {
      ++answers;
      if (response.ok()) names.insert(response->complaint().name());
    });
  }
  executor_.RunFor(kSecond);
  EXPECT_EQ(answers, 3);
  EXPECT_EQ(names.size(), 1u);
}

TEST_F(IntakeServiceTest, AChangeRetriedGetsItsFirstAnswerAgain) {
  const std::string name = NewComplaint();
  const auto same = [](v1::ResolveComplaintRequest* request) {
    request->set_request_id("once");
    request->set_outcome(types::v1::OUTCOME_FIXED);
  };
  const auto first = Change(kResolve, name, same);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_TRUE(Change(kContest, name).ok());
  const auto again = Change(kResolve, name, same);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->complaint().state(), v1::COMPLAINT_STATE_RESOLVED);
  EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());
  const auto other = Change(kResolve, name, [](v1::ResolveComplaintRequest* request) {
    request->set_request_id("once");
    request->set_outcome(types::v1::OUTCOME_NOT_OURS);
  });
  EXPECT_EQ(ReasonOf(other.status()), "REQUEST_ID_REUSED");
}

TEST_F(IntakeServiceTest, AStaleEtagIsAborted) {
  const std::string name = NewComplaint();
  const std::string etag = Get(name).etag();
  ASSERT_TRUE(Change(kAcknowledge, name).ok());
  const auto with_etag = [&](v1::StartComplaintRequest* request) { request->set_etag(etag); };
  const auto stale = Change(kBegin, name, with_etag);
  EXPECT_EQ(stale.status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ReasonOf(stale.status()), "ETAG_MOVED");
  EXPECT_TRUE(Change(kBegin, name, [&](auto* request) { request->set_etag(Get(name).etag()); }).ok());
}

TEST_F(IntakeServiceTest, OutOfScopeDoesNotExist) {
  const std::string name = NewComplaint("rn");
  const auto south = OfAgency("south");
  EXPECT_EQ(ReasonOf(Change(kAcknowledge, name, nullptr, south).status()), "COMPLAINT_NOT_FOUND");
  const auto note = [](v1::AddNoteRequest* request) { request->set_text("x"); };
  EXPECT_EQ(ReasonOf(Change(kAddNote, name, note, south).status()), "COMPLAINT_NOT_FOUND");
  v1::GetComplaintRequest request;
  request.set_name(name);
  EXPECT_EQ(ReasonOf(Ask(&IntakeService::GetComplaint, request, south).status()), "COMPLAINT_NOT_FOUND");
  EXPECT_TRUE(Ask(&IntakeService::GetComplaint, request, OfAgency("north")).ok());
}

TEST_F(IntakeServiceTest, PermissionComesBeforeEverything) {
  const std::string name = NewComplaint();
  const auto reader = Only(Permission::kReadComplaints);
  EXPECT_EQ(Submit({}, reader).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Change(kAcknowledge, name, nullptr, reader).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Change(kContest, "", nullptr, reader).status().code(), absl::StatusCode::kPermissionDenied);
  v1::GetComplaintRequest personal;
  personal.set_name(name);
  personal.set_personal_data(true);
  EXPECT_EQ(Ask(&IntakeService::GetComplaint, personal, reader).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Submit({}, CallOf(Caller())).status().code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(IntakeServiceTest, PersonalDataIsReadOnRecordAlone) {
  auto request = SubmitRequest();
  request.set_description("Frau Plantagenet hears the lift all night");
  request.set_dwelling("stair B, 4th floor, left");
  request.mutable_new_person()->set_full_name("Eleanor Plantagenet");
  request.mutable_new_person()->set_phone("01 23 45 67 89");
  const auto submitted = Submit(request);
  ASSERT_TRUE(submitted.ok()) << submitted.status();
  const std::string name = submitted->complaint().name();
  EXPECT_FALSE(Get(name).has_personal_data());
  EXPECT_TRUE(audit_.lines().empty());
  const v1::PersonalData personal = Get(name, true).personal_data();
  EXPECT_EQ(personal.description(), request.description());
  EXPECT_EQ(personal.dwelling(), request.dwelling());
  EXPECT_EQ(personal.tracking_code(), submitted->tracking_code());
  EXPECT_THAT(audit_.lines(), ::testing::Contains("staff-1 test " + name + " description"));

  v1::GetComplaintRequest no_purpose;
  no_purpose.set_name(name);
  no_purpose.set_personal_data(true);
  EXPECT_EQ(ReasonOf(Ask(&IntakeService::GetComplaint, no_purpose).status()), "INVALID_FIELDS");
  audit_.FailWith(absl::UnavailableError("the audit is away"));
  no_purpose.set_purpose("curiosity");
  EXPECT_EQ(Ask(&IntakeService::GetComplaint, no_purpose).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(EveryByte(), ::testing::Not(HasSubstr("Plantagenet")));
}

TEST_F(IntakeServiceTest, AKnownPersonComplainsAgain) {
  auto request = SubmitRequest();
  request.mutable_new_person()->set_full_name("Eleanor");
  const auto first = Submit(request);
  ASSERT_TRUE(first.ok()) << first.status();
  request = SubmitRequest();
  request.set_residence("rs");
  request.set_person(first->complaint().person());
  const auto second = Submit(request);
  ASSERT_TRUE(second.ok()) << second.status();
  v1::GetPersonRequest get;
  get.set_name(first->complaint().person());
  get.set_purpose("test");
  const auto person = Ask(&IntakeService::GetPerson, get);
  ASSERT_TRUE(person.ok()) << person.status();
  EXPECT_EQ(person->person().full_name(), "Eleanor");
  EXPECT_THAT(person->person().complaints(),
              ::testing::UnorderedElementsAre(first->complaint().name(), second->complaint().name()));
  request.set_request_id("unknown");
  request.set_person("people/00000000000000000000000000");
  EXPECT_EQ(ReasonOf(Submit(request).status()), "PERSON_NOT_FOUND");
}

TEST_F(IntakeServiceTest, AnExternalReferenceIsOneComplaints) {
  auto request = SubmitRequest();
  request.mutable_external_reference()->set_system("crm");
  request.mutable_external_reference()->set_reference("4711");
  const auto first = Submit(request);
  ASSERT_TRUE(first.ok()) << first.status();
  request.set_request_id(NextId());
  request.set_residence("rs");
  const auto second = Submit(request);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ReasonOf(second.status()), "REFERENCE_KNOWN");
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(first->complaint().name()));
}

TEST_F(IntakeServiceTest, AnUnknownResidenceIsTakenAsItIs) {
  const v1::Complaint complaint = Get(NewComplaint("no such place"));
  EXPECT_EQ(complaint.residence(), "no such place");
  EXPECT_EQ(complaint.agency(), "");
}

TEST_F(IntakeServiceTest, AnAmendmentMovesItToAnotherAgency) {
  const std::string name = NewComplaint("rn");
  const auto amended = Change(kAmend, name, [](v1::AmendComplaintRequest* request) {
    request->set_residence("rs");
    request->set_category("noise");
  });
  ASSERT_TRUE(amended.ok()) << amended.status();
  EXPECT_EQ(amended->complaint().agency(), "south");
  EXPECT_EQ(amended->complaint().category(), "noise");
  EXPECT_EQ(amended->complaint().name(), name);
  EXPECT_EQ(ReasonOf(Change(kAmend, name).status()), "INVALID_FIELDS");
}

TEST_F(IntakeServiceTest, TheHistoryTellsWhatHappened) {
  const std::string name = NewComplaint();
  ASSERT_TRUE(Change(kAddNote, name, [](v1::AddNoteRequest* request) { request->set_text("door code 4711"); }).ok());
  ASSERT_TRUE(Change(kRecordFact, name, [](v1::RecordFactRequest* request) {
                request->set_kind(types::v1::FACT_KIND_HAZARD_CLASSIFIED);
                request->set_reference("damp");
              }).ok());
  ASSERT_TRUE(Resolve(name).ok());
  v1::ListComplaintHistoryRequest request;
  request.set_name(name);
  request.set_page_size(3);
  const auto page = Ask(&IntakeService::ListComplaintHistory, request);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->entries_size(), 3);
  EXPECT_EQ(page->entries(0).event(), "ComplaintReceived");
  EXPECT_EQ(page->entries(0).actor(), "staff-1");
  EXPECT_EQ(page->entries(1).event(), "NoteAdded");
  EXPECT_EQ(page->entries(1).text(), "");
  EXPECT_EQ(page->entries(2).details().at("reference"), "damp");
  request.set_page_token(page->next_page_token());
  const auto rest = Ask(&IntakeService::ListComplaintHistory, request);
  ASSERT_TRUE(rest.ok()) << rest.status();
  ASSERT_EQ(rest->entries_size(), 1);
  EXPECT_EQ(rest->entries(0).details().at("outcome"), "FIXED");
  EXPECT_EQ(rest->next_page_token(), "");
  request.clear_page_token();
  request.set_personal_data(true);
  request.set_purpose("test");
  EXPECT_EQ(Ask(&IntakeService::ListComplaintHistory, request)->entries(1).text(), "door code 4711");
}

TEST_F(IntakeServiceTest, AReadWaitsForThePositionItCarries) {
  const auto submitted = Submit(SubmitRequest());
  v1::GetComplaintRequest request;
  request.set_name(submitted->complaint().name());
  *request.mutable_position() = submitted->position();
  const auto got = Ask(&IntakeService::GetComplaint, request);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_GE(got->position().next(), submitted->position().next());
  request.mutable_position()->set_next(1'000'000);
  EXPECT_EQ(Ask(&IntakeService::GetComplaint, request).status().code(), absl::StatusCode::kUnavailable);
  request.mutable_position()->set_log_id(std::string(16, 'x'));
  EXPECT_EQ(ReasonOf(Ask(&IntakeService::GetComplaint, request).status()), "ANOTHER_LOG");
}

// ---- bad input: a precise error, and nothing changed

class BadInputTest : public IntakeServiceTest {
 protected:
  // The fields that a request is refused for; nothing of it is recorded.
  std::vector<std::string> Refused(const std::function<void(v1::SubmitComplaintRequest*)>& spoil) {
    auto request = SubmitRequest();
    spoil(&request);
    executor_.RunFor(kSecond);
    const std::string before = Digest(*main_);
    const auto refused = Submit(request);
    executor_.RunFor(kSecond);
    EXPECT_EQ(Digest(*main_), before);
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument) << refused.status();
    std::vector<std::string> fields;
    for (const FieldViolation& violation : ViolationsOf(refused.status())) fields.push_back(violation.field);
    return fields;
  }
};
using ::testing::ElementsAre;

TEST_F(BadInputTest, NamesEveryBadFieldAtOnce) {
  EXPECT_THAT(Refused([](auto* request) {
                request->set_request_id("not visible\n");
                request->set_category("");
                request->set_channel(static_cast<types::v1::Channel>(99));
                request->set_language("fr_FR!");
                request->set_care_level(3);
                request->set_backdating_reason("Mrs Smith called");
                request->mutable_external_reference()->set_system("crm");
                request->set_person("persons/1");
                request->set_tracking_code("ABC");
              }),
              ElementsAre("request_id", "category", "channel", "language", "care_level", "backdating_reason",
                          "external_reference.reference", "tracking_code", "person"));
}

TEST_F(BadInputTest, ACategoryThatIsNotInTheRegister) {
  EXPECT_THAT(Refused([](auto* request) { request->set_category("dragons"); }), ElementsAre("category"));
}

TEST_F(BadInputTest, FiveMebibytesOfText) {
  EXPECT_THAT(Refused([](auto* request) { request->set_description(std::string(5 << 20, 'a')); }),
              ElementsAre("description"));
}

TEST_F(BadInputTest, TenThousandAttachments) {
  EXPECT_THAT(Refused([](auto* request) {
                for (int i = 0; i < 10000; ++i) request->add_attachments()->set_uri("file:1");
              }),
              ElementsAre("attachments"));
}

TEST_F(BadInputTest, AnAttachmentWithoutItsHash) {
  EXPECT_THAT(Refused([](auto* request) { request->add_attachments()->set_uri("file:1"); }),
              ElementsAre("attachments[0].sha256"));
}

TEST_F(BadInputTest, InvalidUtf8) {
  EXPECT_THAT(Refused([](auto* request) {
                request->set_description("ok \xFF");
                request->set_residence("\xC0\xAF");
              }),
              ElementsAre("residence", "description"));
}

TEST_F(BadInputTest, DatesThatAreNone) {
  for (const int64_t seconds : {int64_t{-62135596800}, int64_t{253402300799}}) {  // years 1 and 9999
    EXPECT_THAT(Refused([&](auto* request) { request->mutable_received_time()->set_seconds(seconds); }),
                ElementsAre("received_time"));
  }
}

TEST_F(BadInputTest, TimesThatNobodyBelieves) {
  const auto at = [](Millis when) {
    return
        [when](v1::SubmitComplaintRequest* request) { *request->mutable_received_time() = service::WriteTime(when); };
  };
  EXPECT_THAT(Refused(at(clock_.Now() + 10 * kMinute)), ElementsAre());
  auto late = SubmitRequest();
  *late.mutable_received_time() = service::WriteTime(clock_.Now() - 2 * kDay);
  EXPECT_EQ(ReasonOf(Submit(late).status()), "BACKDATING_NEEDS_REASON");
  EXPECT_EQ(ReasonOf(Submit(late, Only(Permission::kSubmit)).status()), "BACKDATING_NEEDS_PERMISSION");
  late.set_backdating_reason("paper_form");
  const auto accepted = Submit(late);
  ASSERT_TRUE(accepted.ok()) << accepted.status();
  EXPECT_EQ(accepted->complaint().received_time().seconds(), late.received_time().seconds());
}

TEST_F(BadInputTest, ResolvedBeforeReceived) {
  const std::string name = NewComplaint();
  const std::string before = Get(name).SerializeAsString();
  const auto refused = Change(kResolve, name, [&](v1::ResolveComplaintRequest* request) {
    request->set_outcome(types::v1::OUTCOME_FIXED);
    *request->mutable_occurred_time() = service::WriteTime(clock_.Now() - kHour);
  });
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(refused.status()), "BEFORE_RECEIPT");
  EXPECT_EQ(Get(name).SerializeAsString(), before);
}

TEST_F(BadInputTest, ATextTooLongForAMessage) {
  const std::string name = NewComplaint();
  const auto refused = Change(
      kAddMessage, name, [](v1::AddMessageRequest* request) { request->set_text(std::string(kMaxText + 1, 'a')); });
  ASSERT_EQ(ViolationsOf(refused.status()).size(), 2u);  // and no channel
  EXPECT_THAT(ViolationsOf(refused.status())[1].description, HasSubstr("65537 bytes; at most 65536"));
}

}  // namespace
}  // namespace redress::intake
