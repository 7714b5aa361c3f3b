#include "services/intake/intake_fixture.h"
#include "services/intake/intake_projection.h"

namespace redress::intake {
namespace {

using namespace ::redress::intake::testing;  // NOLINT
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kPlanted[] = "Plantagenet";

class IntakeErasureTest : public IntakeTest {
 protected:
  // Somebody with two complaints, in two shards, both withdrawn unless `open`.
  void Settle(bool open = false) {
    auto request = SubmitRequest();
    request.set_description(absl::StrCat(kPlanted, " writes of the lift"));
    request.set_dwelling(absl::StrCat("at ", kPlanted, "'s"));
    auto* person = request.mutable_new_person();
    person->set_full_name(absl::StrCat("Eleanor ", kPlanted));
    person->set_phone("0123456789");
    person->set_email(absl::StrCat(kPlanted, "@example.org"));
    auto response = Submit(request);
    ASSERT_TRUE(response.ok()) << response.status();
    first_ = response->complaint().name();
    code_ = response->tracking_code();
    person_ = response->complaint().person();
    request = SubmitRequest();
    request.set_person(person_);
    request.set_description(absl::StrCat(kPlanted, " writes again"));
    for (const char* residence : {"rs", "ra", "x1", "x2", "x3", "x4"}) {
      request.set_residence(residence);
      if (ShardOf(PlacementOf(residence), kShards) != ShardOfName(first_)) break;
    }
    response = Submit(request);
    ASSERT_TRUE(response.ok()) << response.status();
    second_ = response->complaint().name();
    ASSERT_NE(ShardOfName(first_), ShardOfName(second_));
    ASSERT_TRUE(Change(kAddMessage, first_, [](auto* message) {
                  message->set_channel(types::v1::CHANNEL_PHONE);
                  message->set_text(absl::StrCat(kPlanted, " called"));
                }).ok());
    if (open) return;
    ASSERT_TRUE(Change(kWithdraw, first_).ok());
    ASSERT_TRUE(Change(kWithdraw, second_).ok());
  }
  absl::StatusOr<v1::ErasePersonResponse> Erase(bool until_closed = false, const CallContext& call = Everybody()) {
    v1::ErasePersonRequest request;
    request.set_request_id(NextId());
    request.set_name(person_);
    request.set_reason("asked");
    request.set_until_closed(until_closed);
    const auto response = Ask(&IntakeService::ErasePerson, request, call);
    executor_.RunFor(5 * kSecond);
    return response;
  }
  v1::ListComplaintHistoryResponse History(const std::string& name) {
    v1::ListComplaintHistoryRequest request;
    request.set_name(name);
    request.set_personal_data(true);
    request.set_purpose("test");
    return *Ask(&IntakeService::ListComplaintHistory, request);
  }
  bool KeyIsGone(const std::string& key) { return ReasonOf(keys_.Find(key).status()) == "KEY_DESTROYED"; }
  rows::v1::Person PersonRow() {
    return *LoadPerson(*main_->rows, static_cast<uint16_t>(ShardOfName(person_)), PersonIdOf(person_));
  }
  void ExpectForgotten(const std::string& name) {
    EXPECT_TRUE(KeyIsGone(RowOf(name).text_key())) << name;
    EXPECT_TRUE(RowOf(name).keys_destroyed()) << name;
    const v1::Complaint complaint = Get(name, true);
    EXPECT_TRUE(complaint.texts_erased());
    EXPECT_EQ(complaint.personal_data().description(), "");
    EXPECT_EQ(complaint.personal_data().dwelling(), "");
  }

  std::string first_;
  std::string second_;
  std::string person_;
  std::string code_;
};

TEST_F(IntakeErasureTest, APersonIsForgottenInEveryShard) {
  Settle();
  ASSERT_FALSE(Get(first_, true).personal_data().description().empty());
  const auto erased = Erase();
  ASSERT_TRUE(erased.ok()) << erased.status();
  EXPECT_TRUE(erased->erased());
  ExpectForgotten(first_);
  ExpectForgotten(second_);
  EXPECT_TRUE(KeyIsGone(PersonRow().person_key()));
  EXPECT_TRUE(PersonRow().key_destroyed());

  v1::GetPersonRequest get;
  get.set_name(person_);
  get.set_purpose("test");
  const auto person = Ask(&IntakeService::GetPerson, get);
  ASSERT_TRUE(person.ok()) << person.status();
  EXPECT_EQ(person->person().full_name(), "");
  EXPECT_TRUE(person->person().has_erased_time());
  v1::FindPeopleRequest find;
  find.set_purpose("test");
  find.set_phone("0123456789");
  EXPECT_EQ(Ask(&IntakeService::FindPeople, find)->people_size(), 0);
  v1::LookUpTrackingCodeRequest track;
  track.set_tracking_code(code_);
  EXPECT_EQ(ReasonOf(Ask(&IntakeService::LookUpTrackingCode, track).status()), "TRACKING_CODE_UNKNOWN");
  EXPECT_EQ(ReasonOf(Change(kAddNote, first_, [](auto* note) { note->set_text("x"); }).status()), "TEXTS_ERASED");
}

TEST_F(IntakeErasureTest, TheKeyOfWhatIsAttachedGoesWithTheTexts) {
  Settle();
  v1::GetAttachmentKeyRequest request;
  request.set_name(first_);
  request.set_uri("store/photo-1");
  request.set_purpose("store");
  const auto key = Ask(&IntakeService::GetAttachmentKey, request);
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->key().size(), 32u);
  EXPECT_GT(key->position().next(), 0);
  EXPECT_THAT(audit_.lines(), ::testing::Contains("staff-1 store " + first_ + " attachment/store/photo-1"));
  EXPECT_EQ(Ask(&IntakeService::GetAttachmentKey, request)->key(), key->key());
  request.set_name(second_);
  EXPECT_NE(Ask(&IntakeService::GetAttachmentKey, request)->key(), key->key());
  EXPECT_THAT(EveryByte(), Not(HasSubstr(key->key())));
  request.set_uri("");
  EXPECT_EQ(ReasonOf(Ask(&IntakeService::GetAttachmentKey, request).status()), "INVALID_FIELDS");
  request.set_uri("store/photo-1");
  ASSERT_TRUE(Erase().ok());
  EXPECT_EQ(ReasonOf(Ask(&IntakeService::GetAttachmentKey, request).status()), "TEXTS_ERASED");
}

TEST_F(IntakeErasureTest, PlantedNamesAreFoundNowhere) {
  Settle();
  EXPECT_THAT(EveryByte(), Not(HasSubstr(kPlanted)));
  EXPECT_THAT(EveryByte(), Not(HasSubstr("0123456789")));
  ASSERT_TRUE(Erase().ok());
  EXPECT_THAT(EveryByte(), Not(HasSubstr(kPlanted)));
}

TEST_F(IntakeErasureTest, FactsAndFiguresDoNotMove) {
  Settle();
  const auto facts = [&](const std::string& name) {
    v1::Complaint complaint = Get(name);
    complaint.clear_etag();
    complaint.clear_texts_erased();
    return complaint.SerializeAsString();
  };
  v1::ListComplaintsRequest list;
  list.add_states(v1::COMPLAINT_STATE_WITHDRAWN);
  const std::string before = facts(first_) + facts(second_);
  ASSERT_EQ(Ask(&IntakeService::ListComplaints, list)->complaints_size(), 2);
  ASSERT_TRUE(Erase().ok());
  EXPECT_EQ(facts(first_) + facts(second_), before);
  EXPECT_EQ(Ask(&IntakeService::ListComplaints, list)->complaints_size(), 2);
}

TEST_F(IntakeErasureTest, OpenComplaintsStopItAndAreListed) {
  Settle(/*open=*/true);
  const auto refused = Erase();
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(refused.status()), "OPEN_COMPLAINTS");
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr(first_));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr(second_));
  EXPECT_FALSE(KeyIsGone(RowOf(first_).text_key()));
}

TEST_F(IntakeErasureTest, UntilClosedItIsTriedAgain) {
  Settle(/*open=*/true);
  const auto delayed = Erase(/*until_closed=*/true);
  ASSERT_TRUE(delayed.ok()) << delayed.status();
  EXPECT_FALSE(delayed->erased());
  EXPECT_EQ(delayed->open_complaints_size(), 2);
  executor_.RunFor(3 * kDay);
  EXPECT_EQ(PersonRow().erased_at(), 0);
  ASSERT_TRUE(Change(kWithdraw, first_).ok());
  executor_.RunFor(2 * kDay);
  EXPECT_EQ(PersonRow().erased_at(), 0) << "one in another shard is still open";
  ASSERT_TRUE(Change(kWithdraw, second_).ok());
  executor_.RunFor(2 * kDay);
  EXPECT_NE(PersonRow().erased_at(), 0);
  ExpectForgotten(first_);
  ExpectForgotten(second_);
}

TEST_F(IntakeErasureTest, ManyComplaintsGoInPages) {
  Settle();
  std::vector<std::string> names;
  for (int i = 0; i < 150; ++i) {
    auto request = SubmitRequest();
    request.set_person(person_);
    const auto response = Submit(request);
    ASSERT_TRUE(response.ok()) << response.status();
    names.push_back(response->complaint().name());
    ASSERT_TRUE(Change(kWithdraw, names.back()).ok());
  }
  ASSERT_TRUE(Erase().ok());
  executor_.RunFor(kMinute);
  for (const std::string& name : names) EXPECT_TRUE(KeyIsGone(RowOf(name).text_key())) << name;
}

TEST_F(IntakeErasureTest, AComplaintThatCameTooLateIsForgottenToo) {
  Settle();
  // Decided in another shard before that shard could know of the erasure.
  auto request = SubmitRequest();
  request.set_person(person_);
  request.set_residence("rs");
  commands::v1::Command command;
  auto* received = command.mutable_submit_complaint()->mutable_complaint();
  const Key key = *keys_.TakeKey(KeyKind::kText);
  received->set_text_key(key.id);
  received->set_person(person_);
  received->set_occurred_at(clock_.Now());
  const uint32_t other = ShardOfName(second_);
  uint16_t placement = 0;
  while (ShardOf(placement, kShards) != other) ++placement;
  ASSERT_TRUE(Erase().ok());
  runtime::v1::Order order;
  order.set_stream("intake");
  order.set_shard(other);
  order.set_aggregate(absl::StrCat("complaints/", MakeId(clock_.Now(), placement, 1)));
  order.set_command(command.SerializeAsString());
  order.set_order_class(runtime::v1::ORDER_CLASS_CALLER);
  bool done = false;
  main_->runtime->Execute(order, [&](auto receipt) {
    EXPECT_TRUE(receipt.ok()) << receipt.status();
    done = true;
  });
  executor_.RunFor(kMinute);
  ASSERT_TRUE(done);
  EXPECT_TRUE(KeyIsGone(key.id));
  // Whoever asks now is told.
  EXPECT_EQ(ReasonOf(Submit(request).status()), "PERSON_ERASED");
}

TEST_F(IntakeErasureTest, NobodyIsErasedWhileComplaintsAreUnread) {
  Settle();
  behind_ = true;
  const auto early = Erase();
  EXPECT_EQ(early.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(early.status()), "NOT_CAUGHT_UP");
  EXPECT_EQ(PersonRow().erased_at(), 0);
  behind_ = false;
  ASSERT_TRUE(Erase().ok());
  EXPECT_NE(PersonRow().erased_at(), 0);
}

TEST_F(IntakeErasureTest, ADelayedErasureWaitsUntilComplaintsAreRead) {
  Settle(/*open=*/true);
  ASSERT_TRUE(Erase(/*until_closed=*/true).ok());
  ASSERT_TRUE(Change(kWithdraw, first_).ok());
  ASSERT_TRUE(Change(kWithdraw, second_).ok());
  behind_ = true;
  executor_.RunFor(kDay + kHour);
  EXPECT_EQ(PersonRow().erased_at(), 0);
  behind_ = false;
  executor_.RunFor(kMinute);
  EXPECT_NE(PersonRow().erased_at(), 0);
  ExpectForgotten(first_);
}

TEST_F(IntakeErasureTest, AKeyThatCouldNotBeDestroyedIsTriedAgain) {
  Settle();
  keys_.rows().FailNextPut(InMemoryKeyRows::Fault::kLost);
  ASSERT_TRUE(Erase().ok());
  const auto gone = [&](const std::string& key) { return KeyIsGone(key) ? 1 : 0; };
  EXPECT_LT(gone(PersonRow().person_key()) + gone(RowOf(first_).text_key()) + gone(RowOf(second_).text_key()), 3);
  executor_.RunFor(kMinute);
  ExpectForgotten(first_);
  ExpectForgotten(second_);
  EXPECT_TRUE(KeyIsGone(PersonRow().person_key()));
  EXPECT_TRUE(PersonRow().key_destroyed());
}

TEST_F(IntakeErasureTest, NothingIsOpenedAnyMoreWhileKeysAreStillThere) {
  Settle();
  keys_.keeps = true;
  ASSERT_TRUE(Erase().ok());
  ASSERT_TRUE(keys_.Find(RowOf(first_).text_key()).ok());
  const v1::PersonalData personal = Get(first_, true).personal_data();
  EXPECT_EQ(personal.description(), "");
  EXPECT_EQ(personal.dwelling(), "");
  EXPECT_EQ(personal.tracking_code(), "");
  const auto history = History(first_);
  EXPECT_GT(history.entries_size(), 2);
  for (const auto& entry : history.entries()) EXPECT_EQ(entry.text(), "") << entry.event();
  keys_.keeps = false;
  executor_.RunFor(kMinute);
  ExpectForgotten(first_);
}

TEST_F(IntakeErasureTest, ARetriedTextGetsItsFirstAnswerAfterwardsToo) {
  Settle();
  const auto note = [](v1::AddNoteRequest* request) {
    request->set_request_id("note-1");
    request->set_text("they will call again");
  };
  const auto first = Change(kAddNote, first_, note);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_TRUE(Erase().ok());
  const auto again = Change(kAddNote, first_, note);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());
}

TEST_F(IntakeErasureTest, ARebuildAfterwardsIsTheSameAndFindsNobody) {
  Settle();
  ASSERT_TRUE(Erase().ok());
  const auto rebuilt = Boot("two", false);
  executor_.RunFor(kSecond);
  EXPECT_EQ(Digest(*rebuilt), Digest(*main_));
  EXPECT_THAT(*rebuilt->lookups->FindPhone(*rebuilt->rows, kShards, "0123456789"), IsEmpty());
}

TEST_F(IntakeErasureTest, OnlyThoseWhoMayEraseDo) {
  Settle();
  EXPECT_EQ(Erase(false, Only(Permission::kReadPersonalData)).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ReasonOf(Erase(false, OfAgency("elsewhere")).status()), "PERSON_NOT_FOUND");
}

}  // namespace
}  // namespace redress::intake
