#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"
#include "services/intake/complaint.h"
#include "services/intake/complaint_cases.h"

namespace redress::intake {
namespace {

using namespace ::redress::intake::testing;  // NOLINT

constexpr Millis kKept = 30 * kDay;

Event Kept(Millis retention = kKept) {
  Event event = Received();
  event.mutable_complaint_received()->set_retention_ms(retention);
  return event;
}
Event Expired() {
  Event event;
  event.mutable_texts_expired()->set_text_key("text-key");
  return event;
}
Event Held(const std::string& matter = "case-1") {
  Event event;
  event.mutable_legal_hold_set()->set_matter(matter);
  event.mutable_legal_hold_set()->set_reason("dispute");
  event.mutable_legal_hold_set()->set_actor("staff-1");
  return event;
}
Event Lifted(const std::string& matter = "case-1") {
  Event event;
  event.mutable_legal_hold_lifted()->set_matter(matter);
  return event;
}

absl::StatusOr<std::vector<Event>> Meet(const std::vector<Event>& given, const Command& when, Millis now) {
  return Decide(Fold(given), when, {kName, now});
}
Command Expire() {
  Command command;
  command.mutable_expire_texts();
  return command;
}
Command Lift(const std::string& matter) {
  Command command;
  command.mutable_lift_legal_hold()->set_matter(matter);
  command.mutable_lift_legal_hold()->set_reason("settled");
  return command;
}
Command Hold(const std::string& matter) {
  Command command;
  command.mutable_set_legal_hold()->set_matter(matter);
  return command;
}

TEST(Retention, RunsFromTheEndAndNotBeforeTheWindowIsOver) {
  struct Case {
    const char* name;
    std::vector<Event> given;
    Millis expires;
  };
  for (const Case& c : std::vector<Case>{
           {"nothing is said of it", {Received(), ResolvedAs(), Closed()}, 0},
           {"open", {Kept()}, 0},
           {"resolved", {Kept(), ResolvedAs()}, kResolvedAt + kKept},
           {"closed", {Kept(), ResolvedAs(), Closed()}, kResolvedAt + kKept},
           {"shorter than the window", {Kept(kDay), ResolvedAs()}, kWindowEnd},
           {"withdrawn", {Kept(kDay), Withdrawn(kReceivedAt + kMinute)}, kReceivedAt + kMinute + kDay},
           {"taken up again", {Kept(), ResolvedAs(), Reopened()}, 0},
           {"resolved later again",
            {Kept(), ResolvedAs(), Reopened(), ResolvedAs(types::v1::OUTCOME_FIXED, kResolvedAt + kDay)},
            kResolvedAt + kDay + kKept},
           {"a hold moves it not", {Kept(), ResolvedAs(), Held()}, kResolvedAt + kKept},
           {"forgotten with its person", {Kept(), ResolvedAs(), Erased()}, 0},
           {"gone", {Kept(), ResolvedAs(), Closed(), Expired()}, 0},
       }) {
    EXPECT_EQ(ExpiresAt(Fold(c.given)), c.expires) << c.name;
  }
}

TEST(Retention, ExpiresWhenItIsDueAndSaysWhen) {
  const std::vector<Event> given = {Kept(), ResolvedAs(), Closed()};
  const Millis due = kResolvedAt + kKept;
  EXPECT_TRUE(Meet(given, Expire(), due - 1)->empty());
  const auto expired = Meet(given, Expire(), due + kDay);
  ASSERT_TRUE(expired.ok()) << expired.status();
  ASSERT_EQ(expired->size(), 1u);
  EXPECT_EQ(expired->front().texts_expired().text_key(), "text-key");
  EXPECT_EQ(expired->front().texts_expired().occurred_at(), due);
  EXPECT_EQ(expired->front().texts_expired().fired_at(), due + kDay);
  const Complaint after = Fold({Kept(), ResolvedAs(), Closed(), expired->front()});
  EXPECT_TRUE(after.texts_erased());
  EXPECT_THAT(KeysToDestroy(after), ::testing::ElementsAre("text-key"));
  EXPECT_TRUE(Meet({Kept(), ResolvedAs(), Closed(), expired->front()}, Expire(), due + kDay)->empty());
  EXPECT_TRUE(Meet({Kept(), ResolvedAs(), Reopened()}, Expire(), due + kDay)->empty());
  EXPECT_TRUE(Meet({Received(), ResolvedAs(), Closed()}, Expire(), due + 1000 * kDay)->empty());
}

TEST(Retention, FollowsAnAmendedCategoryAndTheRegisterOfThatMoment) {
  Command amend;
  amend.mutable_amend_complaint()->set_category("lift");
  amend.mutable_amend_complaint()->set_retention_ms(5 * kDay);
  // Of the category that it has: what the register says of it now.
  const auto now = Meet({Received(), ResolvedAs()}, amend, kResolvedAt + kHour);
  ASSERT_TRUE(now.ok()) << now.status();
  ASSERT_EQ(now->size(), 1u);
  EXPECT_FALSE(now->front().complaint_amended().has_category());
  EXPECT_EQ(Fold({Received(), now->front()}).retention_ms(), 5 * kDay);
  EXPECT_TRUE(Meet({Received(), now->front()}, amend, kResolvedAt + kHour)->empty()) << "nothing is new";
  // For good again.
  amend.mutable_amend_complaint()->set_retention_ms(0);
  const auto kept = Meet({Received(), now->front()}, amend, kResolvedAt + kHour);
  ASSERT_EQ(kept->size(), 1u);
  EXPECT_EQ(Fold({Received(), now->front(), kept->front()}).retention_ms(), 0);
}

TEST(LegalHold, StopsEverythingThatErases) {
  const std::vector<Event> given = {Kept(), ResolvedAs(), Closed(), Held()};
  EXPECT_TRUE(Meet(given, Expire(), kResolvedAt + kKept)->empty());
  Command erase;
  erase.mutable_erase_texts()->set_person("people/01");
  EXPECT_TRUE(Meet(given, erase, kWindowEnd)->empty());
  Command redact;
  redact.mutable_redact_text()->mutable_redaction()->set_text_key("new-key");
  EXPECT_EQ(ReasonOf(Meet(given, redact, kWindowEnd).status()), "LEGAL_HOLD");
  std::vector<Event> lifted = given;
  lifted.push_back(Lifted());
  EXPECT_EQ(Meet(lifted, Expire(), kResolvedAt + kKept)->size(), 1u);
  EXPECT_EQ(Meet(lifted, erase, kWindowEnd)->size(), 1u);
  EXPECT_EQ(Meet(lifted, redact, kWindowEnd)->size(), 1u);
}

TEST(LegalHold, StandsOnceAMatterUntilTheLastIsLifted) {
  const std::vector<Event> given = {Received(), Held("case-1"), Held("case-2")};
  EXPECT_EQ(Fold(given).legal_holds_size(), 2);
  EXPECT_EQ(Fold(given).legal_holds(0).reason(), "dispute");
  EXPECT_EQ(Fold(given).legal_holds(0).actor(), "staff-1");
  EXPECT_EQ(Fold(given).legal_holds(0).set_at(), kReceivedAt);
  EXPECT_TRUE(Meet(given, Hold("case-1"), kResolvedAt)->empty());
  EXPECT_EQ(ReasonOf(Meet(given, Lift("case-3"), kResolvedAt).status()), "HOLD_NOT_FOUND");
  const auto first = Meet(given, Lift("case-1"), kResolvedAt);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->front().legal_hold_lifted().person(), "") << "another stands";
  const auto last = Meet({Received(), Held("case-1"), Held("case-2"), first->front()}, Lift("case-2"), kResolvedAt);
  EXPECT_EQ(last->front().legal_hold_lifted().person(), "people/01");
  EXPECT_EQ(last->front().legal_hold_lifted().reason(), "settled");
}

TEST(LegalHold, FindsNothingWhereTextsAreGone) {
  EXPECT_EQ(ReasonOf(Meet({Received(), Erased()}, Hold("case-1"), kResolvedAt).status()), "TEXTS_ERASED");
}

TEST(LegalHold, NoMoreThanTwentyStand) {
  std::vector<Event> given = {Received()};
  for (int i = 0; i < kMaxLegalHolds; ++i) given.push_back(Held(absl::StrCat("case-", i)));
  EXPECT_EQ(ReasonOf(Meet(given, Hold("one-more"), kResolvedAt).status()), "TOO_MANY_HOLDS");
  EXPECT_TRUE(Meet(given, Hold("case-7"), kResolvedAt)->empty());
}

}  // namespace
}  // namespace redress::intake
