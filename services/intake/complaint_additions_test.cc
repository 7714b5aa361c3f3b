// What is added to a complaint in any state: amendments, messages, notes, attachments, facts.
#include <gtest/gtest.h>

#include <functional>

#include "libs/status/errors.h"
#include "services/intake/complaint.h"
#include "services/intake/complaint_cases.h"

namespace redress::intake {
namespace {

using namespace ::redress::intake::testing;  // NOLINT

Command Amend(const std::function<void(commands::v1::AmendComplaint*)>& fill) {
  Command command;
  fill(command.mutable_amend_complaint());
  return command;
}
Command MoveTo(const std::string& residence, const std::string& agency) {
  return Amend([&](auto* amend) {
    amend->mutable_placement()->set_residence(residence);
    amend->mutable_placement()->set_agency(agency);
  });
}
Event AssignedTo(const std::string& agency) {
  Event event;
  event.mutable_assignment_noted()->set_agency(agency);
  event.mutable_assignment_noted()->set_assignment_version(1);
  return event;
}

TEST(Amending, TheSameResidenceMovesNobodysComplaint) {
  // Routing has put another agency in charge since; the register still says A1.
  const Complaint state = Fold({Received(), AssignedTo("A9")});
  const auto same = Decide(state, MoveTo("R1", "A1"), {kName, kResolvedAt});
  ASSERT_TRUE(same.ok()) << same.status();
  EXPECT_TRUE(same->empty());
  const auto moved = Decide(state, MoveTo("R2", "A2"), {kName, kResolvedAt});
  ASSERT_EQ(moved->size(), 1u);
  EXPECT_EQ(Fold({Received(), AssignedTo("A9"), moved->front()}).placement().agency(), "A2");
}

TEST(Amending, AnotherCategoryBringsItsWindow) {
  const Command amend = Amend([](auto* amend) {
    amend->set_category("noise");
    amend->set_reopen_window_ms(3 * kDay);
  });
  const auto amended = Decide(Fold({Received()}), amend, {kName, kResolvedAt});
  ASSERT_EQ(amended->size(), 1u);
  EXPECT_EQ(amended->front().complaint_amended().reopen_window_ms(), 3 * kDay);
  Command resolve;
  resolve.mutable_resolve_complaint()->set_outcome(types::v1::OUTCOME_FIXED);
  const auto resolved = Decide(Fold({Received(), amended->front()}), resolve, {kName, kResolvedAt});
  EXPECT_EQ(resolved->front().complaint_resolved().window_ends_at(), kResolvedAt + 3 * kDay);
}

TEST(Amending, TheSameCategoryKeepsTheWindow) {
  const Command amend = Amend([](auto* amend) {
    amend->set_category("lift");
    amend->set_reopen_window_ms(3 * kDay);
    amend->set_care_level(2);
  });
  const auto amended = Decide(Fold({Received()}), amend, {kName, kResolvedAt});
  ASSERT_EQ(amended->size(), 1u);
  EXPECT_FALSE(amended->front().complaint_amended().has_reopen_window_ms());
}

// Each addition, happening at `at`.
std::vector<Command> EachAt(Millis at) {
  std::vector<Command> commands(5);
  commands[0].mutable_amend_complaint()->set_category("door");
  commands[0].mutable_amend_complaint()->mutable_when()->set_occurred_at(at);
  commands[1].mutable_add_message()->mutable_when()->set_occurred_at(at);
  commands[2].mutable_add_note()->mutable_when()->set_occurred_at(at);
  commands[3].mutable_add_attachment()->mutable_when()->set_occurred_at(at);
  commands[4].mutable_record_fact()->mutable_fact()->set_kind(types::v1::FACT_KIND_MADE_SAFE);
  commands[4].mutable_record_fact()->mutable_when()->set_occurred_at(at);
  return commands;
}

TEST(Additions, DoNotComeBeforeTheReceipt) {
  for (const Command& command : EachAt(kReceivedAt - 1)) {
    EXPECT_EQ(ReasonOf(Decide(Fold({Received()}), command, {kName, kResolvedAt}).status()), "BEFORE_RECEIPT")
        << command.kind_case();
  }
  for (const Command& command : EachAt(kReceivedAt)) {
    EXPECT_TRUE(Decide(Fold({Received()}), command, {kName, kResolvedAt}).ok()) << command.kind_case();
  }
}

TEST(Additions, WithoutATimeComeNoEarlierThanAReceiptThatLiesAhead) {
  for (const Command& command : EachAt(0)) {
    const auto events = Decide(Fold({Received()}), command, {kName, kReceivedAt - kMinute});
    EXPECT_TRUE(events.ok()) << events.status();
  }
  Command note;
  note.mutable_add_note();
  EXPECT_EQ(Decide(Fold({Received()}), note, {kName, kReceivedAt - kMinute})->front().note_added().occurred_at(),
            kReceivedAt);
}

TEST(Submitting, NowIsNoClaimToBeJudged) {
  Command command;
  *command.mutable_submit_complaint()->mutable_complaint() = Received().complaint_received();
  const Moment two_days_on = {kName, kReceivedAt + 2 * kDay};
  EXPECT_EQ(ReasonOf(Decide(Complaint(), command, two_days_on).status()), "BACKDATING_NEEDS_PERMISSION");
  command.mutable_submit_complaint()->set_received_now(true);
  const auto events = Decide(Complaint(), command, two_days_on);
  ASSERT_TRUE(events.ok()) << events.status();
  EXPECT_EQ(events->front().complaint_received().occurred_at(), kReceivedAt);
}

}  // namespace
}  // namespace redress::intake
