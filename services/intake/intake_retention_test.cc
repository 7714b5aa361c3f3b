// Retention, legal holds and forced erasures, from the handlers to the key store.
#include "services/intake/intake_fixture.h"
#include "services/intake/intake_projection.h"

namespace redress::intake {
namespace {

using namespace ::redress::intake::testing;  // NOLINT
using ::testing::HasSubstr;
using ::testing::Not;

class IntakeRetentionTest : public IntakeTest {
 protected:
  // Somebody with a complaint about the rent, whose texts are kept for 30 days after its end.
  void SetUp() override {
    IntakeTest::SetUp();
    auto request = SubmitRequest();
    request.set_category("rent");
    request.set_description("Ysabeau writes of the rent");
    request.mutable_new_person()->set_full_name("Ysabeau");
    const auto response = Submit(request);
    ASSERT_TRUE(response.ok()) << response.status();
    name_ = response->complaint().name();
    person_ = response->complaint().person();
    code_ = response->tracking_code();
  }
  // Another one of theirs, in another shard.
  std::string Elsewhere() {
    auto request = SubmitRequest();
    request.set_person(person_);
    request.set_category("rent");
    for (const char* residence : {"rs", "ra", "x1", "x2", "x3", "x4"}) {
      request.set_residence(residence);
      if (ShardOf(PlacementOf(residence), kShards) != ShardOfName(name_)) break;
    }
    const auto response = Submit(request);
    EXPECT_TRUE(response.ok()) << response.status();
    EXPECT_NE(ShardOfName(response->complaint().name()), ShardOfName(name_));
    return response->complaint().name();
  }
  absl::StatusOr<v1::SetLegalHoldResponse> Hold(const std::string& name, const std::string& matter = "case-1",
                                                const CallContext& call = Everybody()) {
    v1::SetLegalHoldRequest request;
    request.set_request_id(NextId());
    request.set_name(name);
    request.set_matter(matter);
    request.set_reason("dispute");
    return Ask(&IntakeService::Hold<v1::SetLegalHoldRequest, v1::SetLegalHoldResponse>, request, call);
  }
  absl::StatusOr<v1::LiftLegalHoldResponse> Lift(const std::string& name, const std::string& matter = "case-1") {
    v1::LiftLegalHoldRequest request;
    request.set_request_id(NextId());
    request.set_name(name);
    request.set_matter(matter);
    request.set_reason("settled");
    auto response = Ask(&IntakeService::Hold<v1::LiftLegalHoldRequest, v1::LiftLegalHoldResponse>, request);
    executor_.RunFor(5 * kSecond);
    return response;
  }
  absl::StatusOr<v1::ErasePersonResponse> Erase(bool force, bool until_closed = false) {
    v1::ErasePersonRequest request;
    request.set_request_id(NextId());
    request.set_name(person_);
    request.set_reason("court-order");
    request.set_force(force);
    request.set_until_closed(until_closed);
    auto response = Ask(&IntakeService::ErasePerson, request);
    executor_.RunFor(5 * kSecond);
    return response;
  }
  bool IsGone(const std::string& name) {
    const bool gone = ReasonOf(keys_.Find(RowOf(name).text_key()).status()) == "KEY_DESTROYED";
    EXPECT_EQ(gone, RowOf(name).keys_destroyed()) << name;
    EXPECT_EQ(gone, RowOf(name).texts_erased()) << name;
    EXPECT_EQ(Get(name, true).personal_data().description().empty(), gone || name != name_) << name;
    return gone;
  }
  bool PersonIsErased() {
    return LoadPerson(*main_->rows, static_cast<uint16_t>(ShardOfName(person_)), PersonIdOf(person_))->erased_at() != 0;
  }
  std::string LastEvent(const std::string& name) {
    v1::ListComplaintHistoryRequest request;
    request.set_name(name);
    const auto history = Ask(&IntakeService::ListComplaintHistory, request);
    std::string last;
    for (const auto& entry : history->entries()) {
      if (entry.event() != "KeysDestroyed") last = entry.event();
    }
    return last;
  }

  std::string name_;
  std::string person_;
  std::string code_;
};

TEST_F(IntakeRetentionTest, TextsGoWhenTheyHaveBeenKeptLongEnough) {
  executor_.RunFor(100 * kDay);
  EXPECT_FALSE(IsGone(name_)) << "it is open";
  EXPECT_FALSE(Get(name_).has_retention_end_time());
  ASSERT_TRUE(Change(kWithdraw, name_).ok());
  EXPECT_EQ(Get(name_).retention_end_time().seconds(), (RowOf(name_).withdrawn_at() + 30 * kDay) / kSecond);
  executor_.RunFor(30 * kDay - kHour);
  EXPECT_FALSE(IsGone(name_));
  executor_.RunFor(2 * kHour);
  EXPECT_TRUE(IsGone(name_));
  EXPECT_EQ(LastEvent(name_), "TextsExpired");
  EXPECT_FALSE(Get(name_).has_retention_end_time());
  v1::LookUpTrackingCodeRequest track;
  track.set_tracking_code(code_);
  EXPECT_EQ(ReasonOf(Ask(&IntakeService::LookUpTrackingCode, track).status()), "TRACKING_CODE_UNKNOWN");
  EXPECT_EQ(ReasonOf(Change(kAddNote, name_, [](auto* note) { note->set_text("x"); }).status()), "TEXTS_ERASED");
  EXPECT_FALSE(PersonIsErased());
}

TEST_F(IntakeRetentionTest, WhatIsTakenUpAgainIsKeptAgain) {
  ASSERT_TRUE(Change(kResolve, name_, [](auto* r) { r->set_outcome(types::v1::OUTCOME_FIXED); }).ok());
  executor_.RunFor(10 * kDay);
  ASSERT_TRUE(Change(kContest, name_).ok());
  executor_.RunFor(60 * kDay);
  EXPECT_FALSE(IsGone(name_));
  ASSERT_TRUE(Change(kResolve, name_, [](auto* r) { r->set_outcome(types::v1::OUTCOME_FIXED); }).ok());
  executor_.RunFor(29 * kDay);
  EXPECT_FALSE(IsGone(name_));
  executor_.RunFor(2 * kDay);
  EXPECT_TRUE(IsGone(name_));
}

TEST_F(IntakeRetentionTest, APersonGoesWithTheLastOfTheirTexts) {
  const std::string other = Elsewhere();
  ASSERT_TRUE(Change(kWithdraw, name_).ok());
  executor_.RunFor(40 * kDay);
  EXPECT_TRUE(IsGone(name_));
  EXPECT_FALSE(PersonIsErased()) << "one in another shard is still open";
  ASSERT_TRUE(Change(kWithdraw, other).ok());
  executor_.RunFor(30 * kDay + kHour);
  EXPECT_TRUE(IsGone(other));
  EXPECT_FALSE(PersonIsErased());
  executor_.RunFor(kDay);
  EXPECT_TRUE(PersonIsErased());
  const auto person = LoadPerson(*main_->rows, static_cast<uint16_t>(ShardOfName(person_)), PersonIdOf(person_));
  EXPECT_EQ(ReasonOf(keys_.Find(person->person_key()).status()), "KEY_DESTROYED");
}

TEST_F(IntakeRetentionTest, APersonStaysWhileWhatIsWithoutTextsIsTakenUpAgain) {
  ASSERT_TRUE(Change(kResolve, name_, [](auto* r) { r->set_outcome(types::v1::OUTCOME_FIXED); }).ok());
  const Millis resolved = clock_.Now();
  executor_.RunFor(30 * kDay + kHour);
  ASSERT_TRUE(IsGone(name_));
  // A letter of the first week that was found only now.
  const auto contested = Change(kContest, name_, [&](auto* contest) {
    contest->mutable_occurred_time()->set_seconds((resolved + 7 * kDay) / kSecond);
    contest->set_reason("letter");
  });
  ASSERT_TRUE(contested.ok()) << contested.status();
  executor_.RunFor(50 * kDay);
  EXPECT_FALSE(PersonIsErased()) << "an open complaint stops it";
  ASSERT_TRUE(Change(kWithdraw, name_).ok());
  executor_.RunFor(kDay + kHour);
  EXPECT_TRUE(PersonIsErased());
}

TEST_F(IntakeRetentionTest, APersonWhoIsHeldGoesADayAfterThat) {
  ASSERT_TRUE(Change(kWithdraw, name_).ok());
  executor_.RunFor(30 * kDay + kHour);
  ASSERT_TRUE(IsGone(name_));
  ASSERT_TRUE(Hold(person_).ok());
  executor_.RunFor(10 * kDay);
  EXPECT_FALSE(PersonIsErased());
  ASSERT_TRUE(Lift(person_).ok());
  executor_.RunFor(kDay + kHour);
  EXPECT_TRUE(PersonIsErased());
}

TEST_F(IntakeRetentionTest, APersonStaysWithTextsThatAreKeptForGood) {
  auto request = SubmitRequest();
  request.set_person(person_);
  const auto lift = Submit(request);
  ASSERT_TRUE(lift.ok()) << lift.status();
  ASSERT_TRUE(Change(kWithdraw, lift->complaint().name()).ok());
  ASSERT_TRUE(Change(kWithdraw, name_).ok());
  executor_.RunFor(400 * kDay);
  EXPECT_TRUE(IsGone(name_));
  EXPECT_FALSE(PersonIsErased());
}

TEST_F(IntakeRetentionTest, OtherCategoriesAreKeptForGood) {
  auto request = SubmitRequest();
  request.set_description("Ysabeau writes of the lift");
  const auto lift = Submit(request);
  ASSERT_TRUE(lift.ok()) << lift.status();
  ASSERT_TRUE(Change(kWithdraw, lift->complaint().name()).ok());
  executor_.RunFor(400 * kDay);
  EXPECT_FALSE(RowOf(lift->complaint().name()).texts_erased());
}

TEST_F(IntakeRetentionTest, AHoldStopsItAndWhatCameDueGoesWhenItIsLifted) {
  ASSERT_TRUE(Change(kWithdraw, name_).ok());
  const auto held = Hold(name_);
  ASSERT_TRUE(held.ok()) << held.status();
  ASSERT_EQ(held->legal_holds_size(), 1);
  EXPECT_EQ(held->legal_holds(0).matter(), "case-1");
  EXPECT_EQ(held->legal_holds(0).reason(), "dispute");
  EXPECT_EQ(held->legal_holds(0).actor(), "staff-1");
  ASSERT_TRUE(Hold(name_, "case-2").ok());
  EXPECT_EQ(Get(name_).legal_holds_size(), 2);
  EXPECT_EQ(Ask(&IntakeService::ListComplaints, v1::ListComplaintsRequest())->complaints(0).legal_holds_size(), 2);
  // Residents' portals, too, get the answers to changes.
  const auto changed = Change(kAmend, name_, [](auto* amend) { amend->set_care_level(1); });
  EXPECT_EQ(changed->complaint().legal_holds_size(), 0);
  executor_.RunFor(90 * kDay);
  EXPECT_FALSE(IsGone(name_));
  ASSERT_EQ(Lift(name_)->legal_holds_size(), 1);
  executor_.RunFor(kDay);
  EXPECT_FALSE(IsGone(name_)) << "of another matter one stands";
  ASSERT_EQ(Lift(name_, "case-2")->legal_holds_size(), 0);
  EXPECT_TRUE(IsGone(name_));
  EXPECT_EQ(ReasonOf(Hold(name_).status()), "TEXTS_ERASED");
  EXPECT_EQ(ReasonOf(Lift(name_).status()), "HOLD_NOT_FOUND");
}

TEST_F(IntakeRetentionTest, AHoldOnAPersonStopsItForTheirComplaintsInEveryShard) {
  const std::string other = Elsewhere();
  ASSERT_TRUE(Change(kWithdraw, name_).ok());
  ASSERT_TRUE(Change(kWithdraw, other).ok());
  ASSERT_TRUE(Hold(person_).ok());
  v1::GetPersonRequest get;
  get.set_name(person_);
  get.set_purpose("test");
  EXPECT_EQ(Ask(&IntakeService::GetPerson, get)->person().legal_holds_size(), 1);
  executor_.RunFor(60 * kDay);
  EXPECT_FALSE(IsGone(name_));
  EXPECT_FALSE(IsGone(other));
  ASSERT_TRUE(Lift(person_).ok());
  executor_.RunFor(2 * kHour);
  EXPECT_TRUE(IsGone(name_));
  EXPECT_TRUE(IsGone(other));
}

TEST_F(IntakeRetentionTest, HoldsRefuseAnErasureAndARedaction) {
  const std::string other = Elsewhere();
  ASSERT_TRUE(Change(kWithdraw, name_).ok());
  ASSERT_TRUE(Change(kWithdraw, other).ok());
  for (const std::string& held : {name_, other, person_}) {
    ASSERT_TRUE(Hold(held).ok()) << held;
    for (const bool force : {false, true}) {
      const auto refused = Erase(force);
      EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
      EXPECT_EQ(ReasonOf(refused.status()), "LEGAL_HOLD") << held;
      EXPECT_THAT(std::string(refused.status().message()), HasSubstr(held));
    }
    EXPECT_EQ(ReasonOf(Erase(false, /*until_closed=*/true).status()), "LEGAL_HOLD") << held;
    v1::RedactTextRequest redact;
    redact.set_request_id(NextId());
    redact.set_name(name_);
    redact.set_reason("neighbour");
    redact.add_redactions()->set_version(1);
    redact.mutable_redactions(0)->set_field(v1::Redaction::FIELD_DESCRIPTION);
    if (held != other) {
      EXPECT_EQ(ReasonOf(Ask(&IntakeService::RedactText, redact).status()), "LEGAL_HOLD") << held;
    }
    ASSERT_TRUE(Lift(held).ok());
  }
  EXPECT_FALSE(PersonIsErased());
  ASSERT_TRUE(Erase(false).ok());
  EXPECT_TRUE(PersonIsErased());
  EXPECT_TRUE(IsGone(name_));
  EXPECT_TRUE(IsGone(other));
  EXPECT_EQ(ReasonOf(Hold(person_).status()), "PERSON_ERASED");
}

TEST_F(IntakeRetentionTest, AnErasureThatWaitsWaitsForAHoldToo) {
  const std::string other = Elsewhere();
  ASSERT_TRUE(Erase(false, /*until_closed=*/true).ok());
  ASSERT_TRUE(Change(kWithdraw, name_).ok());
  ASSERT_TRUE(Change(kWithdraw, other).ok());
  ASSERT_TRUE(Hold(other).ok());
  executor_.RunFor(5 * kDay);
  EXPECT_FALSE(PersonIsErased());
  ASSERT_TRUE(Lift(other).ok());
  executor_.RunFor(2 * kDay);
  EXPECT_TRUE(PersonIsErased());
  EXPECT_TRUE(IsGone(other));
}

TEST_F(IntakeRetentionTest, AHoldThatAnErasurePassedByIsComeBackFor) {
  const std::string other = Elsewhere();
  ASSERT_TRUE(Change(kWithdraw, name_).ok());
  ASSERT_TRUE(Change(kWithdraw, other).ok());
  // Decided before the person's shard could know of the hold.
  runtime::v1::Order order;
  order.set_stream("intake");
  order.set_shard(ShardOfName(person_));
  order.set_aggregate(person_);
  commands::v1::Command command;
  command.mutable_erase_person()->set_reason("asked");
  order.set_command(command.SerializeAsString());
  order.set_order_class(runtime::v1::ORDER_CLASS_CALLER);
  ASSERT_TRUE(Hold(other).ok());
  bool done = false;
  main_->runtime->Execute(order, [&](auto receipt) {
    EXPECT_TRUE(receipt.ok()) << receipt.status();
    done = true;
  });
  executor_.RunFor(kMinute);
  ASSERT_TRUE(done);
  EXPECT_TRUE(PersonIsErased());
  EXPECT_TRUE(IsGone(name_));
  EXPECT_FALSE(IsGone(other));
  ASSERT_TRUE(Lift(other).ok());
  executor_.RunFor(kMinute);
  EXPECT_TRUE(IsGone(other));
}

TEST_F(IntakeRetentionTest, ForcedAnErasureGoesThoughComplaintsAreOpen) {
  EXPECT_EQ(ReasonOf(Erase(false).status()), "OPEN_COMPLAINTS");
  EXPECT_EQ(ReasonOf(Erase(true, /*until_closed=*/true).status()), "INVALID_FIELDS");
  const auto erased = Erase(true);
  ASSERT_TRUE(erased.ok()) << erased.status();
  EXPECT_TRUE(erased->erased());
  EXPECT_TRUE(IsGone(name_));
  EXPECT_THAT(EveryByte(), HasSubstr("court-order"));
  // It goes on without its texts.
  ASSERT_TRUE(Change(kAcknowledge, name_).ok());
  ASSERT_TRUE(Change(kWithdraw, name_).ok());
}

TEST_F(IntakeRetentionTest, FactsAndFiguresDoNotMove) {
  ASSERT_TRUE(Change(kResolve, name_, [](auto* r) { r->set_outcome(types::v1::OUTCOME_FIXED); }).ok());
  executor_.RunFor(20 * kDay);
  const auto facts = [&] {
    v1::Complaint complaint = Get(name_);
    complaint.clear_etag();
    complaint.clear_texts_erased();
    complaint.clear_retention_end_time();
    return complaint.SerializeAsString();
  };
  v1::ListComplaintsRequest list;
  list.add_states(v1::COMPLAINT_STATE_CLOSED);
  const std::string before = facts();
  ASSERT_EQ(Ask(&IntakeService::ListComplaints, list)->complaints_size(), 1);
  executor_.RunFor(20 * kDay);
  ASSERT_TRUE(IsGone(name_));
  EXPECT_EQ(facts(), before);
  EXPECT_EQ(Ask(&IntakeService::ListComplaints, list)->complaints_size(), 1);
}

TEST_F(IntakeRetentionTest, ARebuildAfterwardsIsTheSame) {
  const std::string other = Elsewhere();
  ASSERT_TRUE(Change(kWithdraw, name_).ok());
  ASSERT_TRUE(Change(kWithdraw, other).ok());
  ASSERT_TRUE(Hold(other).ok());
  ASSERT_TRUE(Hold(person_).ok());
  ASSERT_TRUE(Lift(person_).ok());
  executor_.RunFor(40 * kDay);
  ASSERT_TRUE(IsGone(name_));
  ASSERT_FALSE(IsGone(other));
  const auto rebuilt = Boot("two", false);
  executor_.RunFor(kSecond);
  EXPECT_EQ(Digest(*rebuilt), Digest(*main_));
  EXPECT_THAT(EveryByte(), Not(HasSubstr("Ysabeau")));
}

TEST_F(IntakeRetentionTest, OneToldTwiceIsOne) {
  v1::SetLegalHoldRequest request;
  request.set_request_id("hold-1");
  request.set_name(name_);
  request.set_matter("case-1");
  request.set_reason("dispute");
  const auto hold = &IntakeService::Hold<v1::SetLegalHoldRequest, v1::SetLegalHoldResponse>;
  const auto first = Ask(hold, request);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(Ask(hold, request)->SerializeAsString(), first->SerializeAsString());
  request.set_request_id("hold-2");
  EXPECT_EQ(Ask(hold, request)->legal_holds_size(), 1);
  request.set_request_id("hold-1");
  request.set_matter("case-2");
  EXPECT_EQ(Ask(hold, request).status().code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(IntakeRetentionTest, ManyKeysGoInOneWriteOfTheKeyStore) {
  std::vector<std::string> names = {name_};
  for (int i = 0; i < 150; ++i) {
    auto request = SubmitRequest();
    request.set_category("rent");
    request.set_residence(absl::StrCat("x", i % 8));
    const auto response = Submit(request);
    ASSERT_TRUE(response.ok()) << response.status();
    names.push_back(response->complaint().name());
  }
  for (const std::string& name : names) ASSERT_TRUE(Change(kWithdraw, name).ok());
  keys_.keeps = true;
  executor_.RunFor(31 * kDay);
  EXPECT_FALSE(RowOf(name_).keys_destroyed());
  keys_.keeps = false;
  keys_.destructions = 0;
  executor_.RunFor(kMinute);
  for (const std::string& name : names) EXPECT_TRUE(IsGone(name)) << name;
  EXPECT_LE(keys_.destructions, 3);
}

TEST_F(IntakeRetentionTest, InALogThatWasJustMadeNothingGoesByItself) {
  auto request = SubmitRequest();
  request.set_category("rent");
  request.mutable_new_person()->set_full_name("Another");
  const auto other = Submit(request);
  ASSERT_TRUE(other.ok()) << other.status();
  ASSERT_TRUE(Change(kWithdraw, name_).ok());
  person_ = other->complaint().person();
  ASSERT_TRUE(Erase(false, /*until_closed=*/true).ok());
  ASSERT_TRUE(Change(kWithdraw, other->complaint().name()).ok());
  in_grace_ = true;
  executor_.RunFor(40 * kDay);
  EXPECT_FALSE(IsGone(name_));
  EXPECT_FALSE(PersonIsErased());
  // A hold of before comes in time.
  ASSERT_TRUE(Hold(name_).ok());
  in_grace_ = false;
  executor_.RunFor(2 * kHour);
  EXPECT_TRUE(PersonIsErased());
  EXPECT_FALSE(IsGone(name_));
  // What somebody asks for is done at once.
  in_grace_ = true;
  ASSERT_TRUE(Lift(name_).ok());
  executor_.RunFor(kDay);
  EXPECT_FALSE(IsGone(name_));
  person_ = RowOf(name_).person();
  ASSERT_TRUE(Erase(false).ok());
  EXPECT_TRUE(IsGone(name_));
}

TEST_F(IntakeRetentionTest, HoldsThatStandAreListedByMatter) {
  const std::string other = Elsewhere();
  const auto list = [&](const std::string& matter, int page_size, const CallContext& call = Everybody()) {
    std::vector<std::string> found;
    v1::ListLegalHoldsRequest request;
    request.set_matter(matter);
    request.set_page_size(page_size);
    do {
      const auto page = Ask(&IntakeService::ListLegalHolds, request, call);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      EXPECT_LE(page->legal_holds_size(), page_size);
      EXPECT_EQ(page->positions_size(), static_cast<int>(kShards));
      for (const auto& hold : page->legal_holds()) {
        found.push_back(absl::StrCat(hold.matter(), " ", hold.name()));
        EXPECT_EQ(hold.reason(), "dispute");
        EXPECT_EQ(hold.actor(), "staff-1");
        EXPECT_NE(hold.set_time().seconds(), 0);
      }
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return found;
  };
  EXPECT_TRUE(list("", 2).empty());
  for (const std::string& held : {person_, other, name_}) {
    for (const char* matter : {"case-2", "case-10", "case"}) ASSERT_TRUE(Hold(held, matter).ok());
  }
  const std::string first = std::min(name_, other);
  const std::string second = std::max(name_, other);
  std::vector<std::string> all;
  for (const char* matter : {"case", "case-10", "case-2"}) {
    for (const std::string& held : {first, second, person_}) all.push_back(absl::StrCat(matter, " ", held));
  }
  for (const int page_size : {1, 2, 3, 50}) EXPECT_EQ(list("", page_size), all) << page_size;
  EXPECT_EQ(list("case", 2), std::vector<std::string>(all.begin(), all.begin() + 3));
  EXPECT_TRUE(list("cas", 2).empty());
  // Of another agency nothing is shown.
  EXPECT_TRUE(list("", 2, OfAgency("elsewhere")).empty());
  EXPECT_EQ(list("", 2, OfAgency(Get(name_).agency())), all);
  for (const std::string& held : {person_, other, name_}) ASSERT_TRUE(Lift(held, "case-10").ok());
  all.erase(all.begin() + 3, all.begin() + 6);
  EXPECT_EQ(list("", 4), all);

  v1::ListLegalHoldsRequest request;
  EXPECT_EQ(Ask(&IntakeService::ListLegalHolds, request, Only(Permission::kReadComplaints)).status().code(),
            absl::StatusCode::kPermissionDenied);
  request.set_page_size(1);
  request.set_page_token(Ask(&IntakeService::ListLegalHolds, request)->next_page_token());
  request.set_matter("case");
  EXPECT_EQ(ReasonOf(Ask(&IntakeService::ListLegalHolds, request).status()), "PAGE_TOKEN_FOREIGN");
  request.set_page_token("x");
  EXPECT_EQ(ReasonOf(Ask(&IntakeService::ListLegalHolds, request).status()), "PAGE_TOKEN_MALFORMED");
  request.clear_page_token();
  request.set_matter("Mr. Doe");
  EXPECT_EQ(ReasonOf(Ask(&IntakeService::ListLegalHolds, request).status()), "INVALID_FIELDS");
  request.clear_matter();
  request.set_page_size(-1);
  EXPECT_EQ(ReasonOf(Ask(&IntakeService::ListLegalHolds, request).status()), "INVALID_FIELDS");
}

TEST_F(IntakeRetentionTest, OnlyThoseWhoMayEraseHold) {
  EXPECT_EQ(Hold(name_, "case-1", Only(Permission::kReadPersonalData)).status().code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ReasonOf(Hold(name_, "case-1", OfAgency("elsewhere")).status()), "COMPLAINT_NOT_FOUND");
  EXPECT_EQ(ReasonOf(Hold(person_, "case-1", OfAgency("elsewhere")).status()), "PERSON_NOT_FOUND");
  EXPECT_EQ(ReasonOf(Hold(name_, "Mr. Doe").status()), "INVALID_FIELDS");
  EXPECT_EQ(ReasonOf(Hold("clocks/1").status()), "INVALID_FIELDS");
}

}  // namespace
}  // namespace redress::intake
