#include "services/scheduling/intervention.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/clock/millis.h"
#include "libs/ids/ids.h"
#include "libs/status/errors.h"

namespace redress::scheduling {
namespace {

using enum rows::v1::VisitState;

constexpr Millis kNow = 1'700'000'000'000;
constexpr Millis kSlot = kNow + 2 * kHour;
const std::string kId = MakeId(kNow - kDay, 7, 1);

template <typename Message>
void SetSlot(Millis start, Message* slot) {
  slot->set_technician("technicians/t1");
  slot->set_start(start);
}

Command Request(int32_t round = 0, int64_t assignment = 1) {
  Command command;
  auto* request = command.mutable_request_visit();
  request->set_complaint("complaints/c");
  request->set_agency("north");
  request->set_minutes(60);
  request->set_round(round);
  request->set_assignment(assignment);
  request->set_occurred_at(kNow - kDay);
  return command;
}
Command Hold(Millis start = kSlot) {
  Command command;
  SetSlot(start, command.mutable_hold_slot()->mutable_slot());
  return command;
}
Command Release() {
  Command command;
  command.mutable_release_hold();
  return command;
}
Command Expire() {
  Command command;
  command.mutable_expire_hold();
  return command;
}
Command Book() {
  Command command;
  command.mutable_book_visit();
  return command;
}
Command BookAt(Millis start) {
  Command command;
  SetSlot(start, command.mutable_book_visit()->mutable_slot());
  return command;
}
Command Move(Millis start = kSlot + kHour) {
  Command command;
  SetSlot(start, command.mutable_move_visit()->mutable_slot());
  command.mutable_move_visit()->set_resident_consented(true);
  return command;
}
Command Start(Millis at = 0) {
  Command command;
  command.mutable_start_visit()->set_occurred_at(at);
  return command;
}
Command Complete(absl::string_view result = kFixed, Millis at = 0) {
  Command command;
  command.mutable_complete_visit()->set_result(std::string(result));
  command.mutable_complete_visit()->set_occurred_at(at);
  return command;
}
Command NoAccess() {
  Command command;
  command.mutable_report_no_access()->set_evidence("photo/1");
  return command;
}
Command Cancel() {
  Command command;
  command.mutable_cancel_visit()->set_reason("resident");
  return command;
}
Command Free() {
  Command command;
  command.mutable_free_visit()->set_reason("complaint_ended");
  return command;
}

Command Amend(const std::string& category = "heating", int64_t assignment = 2) {
  Command command;
  auto* request = command.mutable_amend_visit()->mutable_request();
  *request = Request(0, assignment).request_visit();
  request->set_category(category);
  request->add_skills("gas");
  return command;
}

// What the commands make of nothing, one after the other.
Intervention Given(const std::vector<Command>& commands, Millis now = kNow) {
  Intervention state;
  for (const Command& command : commands) {
    const auto events = Decide(kId, state, command, {now, {}});
    EXPECT_TRUE(events.ok()) << events.status();
    for (const VisitEvent& one : *events) {
      if (one.intervention == kId) state = Apply(state, one.event);
    }
  }
  return state;
}

Intervention InState(VisitState state) {
  switch (state) {
    case VISIT_STATE_REQUESTED: return Given({Request()});
    case VISIT_STATE_HELD: return Given({Request(), Hold()});
    case VISIT_STATE_BOOKED: return Given({Request(), BookAt(kSlot)});
    case VISIT_STATE_STARTED: return Given({Request(), BookAt(kSlot), Start()});
    case VISIT_STATE_DONE: return Given({Request(), BookAt(kSlot), Complete()});
    case VISIT_STATE_NO_ACCESS: return Given({Request(), BookAt(kSlot), NoAccess()});
    case VISIT_STATE_CANCELLED: return Given({Request(), Cancel()});
    default: return {};
  }
}

std::string NameOfEvent(const Event& event) {
  const auto* field = event.GetDescriptor()->FindFieldByNumber(event.kind_case());
  return field == nullptr ? "?" : std::string(field->message_type()->name());
}

// "VisitDone VisitRequested", or the reason of the refusal.
std::string Outcome(const absl::StatusOr<std::vector<VisitEvent>>& decided) {
  if (!decided.ok()) return ReasonOf(decided.status());
  return absl::StrJoin(*decided, " ",
                       [](std::string* out, const VisitEvent& one) { out->append(NameOfEvent(one.event)); });
}

constexpr char kWrong[] = "INTERVENTION_STATE";
constexpr char kNone[] = "INTERVENTION_UNKNOWN";

struct Case {
  const char* name;
  VisitState given;
  Command when;
  std::string then;
};

std::vector<Case> Cases() {
  return {
      {"request_nothing", VISIT_STATE_UNSPECIFIED, Request(), "VisitRequested"},
      {"hold_nothing", VISIT_STATE_UNSPECIFIED, Hold(), kNone},
      {"release_nothing", VISIT_STATE_UNSPECIFIED, Release(), kNone},
      {"expire_nothing", VISIT_STATE_UNSPECIFIED, Expire(), ""},
      {"book_nothing", VISIT_STATE_UNSPECIFIED, BookAt(kSlot), kNone},
      {"move_nothing", VISIT_STATE_UNSPECIFIED, Move(), kNone},
      {"start_nothing", VISIT_STATE_UNSPECIFIED, Start(), kNone},
      {"complete_nothing", VISIT_STATE_UNSPECIFIED, Complete(), kNone},
      {"no_access_nothing", VISIT_STATE_UNSPECIFIED, NoAccess(), kNone},
      {"cancel_nothing", VISIT_STATE_UNSPECIFIED, Cancel(), kNone},
      {"free_nothing", VISIT_STATE_UNSPECIFIED, Free(), ""},
      {"amend_nothing", VISIT_STATE_UNSPECIFIED, Amend(), ""},

      {"request_requested", VISIT_STATE_REQUESTED, Request(), ""},
      {"hold_requested", VISIT_STATE_REQUESTED, Hold(), "SlotHeld"},
      {"release_requested", VISIT_STATE_REQUESTED, Release(), ""},
      {"expire_requested", VISIT_STATE_REQUESTED, Expire(), ""},
      {"book_requested_with_slot", VISIT_STATE_REQUESTED, BookAt(kSlot), "VisitBooked"},
      {"book_requested_without_slot", VISIT_STATE_REQUESTED, Book(), "NOT_HELD"},
      {"move_requested", VISIT_STATE_REQUESTED, Move(), kWrong},
      {"start_requested", VISIT_STATE_REQUESTED, Start(), kWrong},
      {"complete_requested", VISIT_STATE_REQUESTED, Complete(), kWrong},
      {"no_access_requested", VISIT_STATE_REQUESTED, NoAccess(), kWrong},
      {"cancel_requested", VISIT_STATE_REQUESTED, Cancel(), "VisitCancelled"},
      {"free_requested", VISIT_STATE_REQUESTED, Free(), "VisitCancelled"},
      {"amend_requested", VISIT_STATE_REQUESTED, Amend(), "VisitAmended"},

      {"request_held", VISIT_STATE_HELD, Request(), ""},
      {"hold_held_again", VISIT_STATE_HELD, Hold(), ""},
      {"hold_held_elsewhere", VISIT_STATE_HELD, Hold(kSlot + kHour), "SlotHeld"},
      {"release_held", VISIT_STATE_HELD, Release(), "HoldReleased"},
      {"expire_held_in_time", VISIT_STATE_HELD, Expire(), ""},
      {"book_held", VISIT_STATE_HELD, Book(), "VisitBooked"},
      {"book_held_elsewhere", VISIT_STATE_HELD, BookAt(kSlot + kHour), "VisitBooked"},
      {"move_held", VISIT_STATE_HELD, Move(), kWrong},
      {"start_held", VISIT_STATE_HELD, Start(), kWrong},
      {"complete_held", VISIT_STATE_HELD, Complete(), kWrong},
      {"no_access_held", VISIT_STATE_HELD, NoAccess(), kWrong},
      {"cancel_held", VISIT_STATE_HELD, Cancel(), "VisitCancelled"},
      {"free_held", VISIT_STATE_HELD, Free(), "VisitCancelled"},
      {"amend_held", VISIT_STATE_HELD, Amend(), "VisitAmended"},

      {"request_booked", VISIT_STATE_BOOKED, Request(), ""},
      {"hold_booked", VISIT_STATE_BOOKED, Hold(), kWrong},
      {"release_booked", VISIT_STATE_BOOKED, Release(), kWrong},
      {"expire_booked", VISIT_STATE_BOOKED, Expire(), ""},
      {"book_booked_again", VISIT_STATE_BOOKED, BookAt(kSlot), ""},
      {"book_booked_without_slot", VISIT_STATE_BOOKED, Book(), ""},
      {"book_booked_elsewhere", VISIT_STATE_BOOKED, BookAt(kSlot + kHour), kWrong},
      {"move_booked", VISIT_STATE_BOOKED, Move(), "VisitMoved"},
      {"move_booked_nowhere", VISIT_STATE_BOOKED, Move(kSlot), ""},
      {"start_booked", VISIT_STATE_BOOKED, Start(), "VisitStarted"},
      {"complete_booked", VISIT_STATE_BOOKED, Complete(), "VisitDone"},
      {"no_access_booked", VISIT_STATE_BOOKED, NoAccess(), "VisitNoAccess VisitRequested"},
      {"cancel_booked", VISIT_STATE_BOOKED, Cancel(), "VisitCancelled"},
      {"free_booked", VISIT_STATE_BOOKED, Free(), "VisitCancelled"},
      {"amend_booked", VISIT_STATE_BOOKED, Amend(), "VisitAmended"},

      {"request_started", VISIT_STATE_STARTED, Request(), ""},
      {"hold_started", VISIT_STATE_STARTED, Hold(), kWrong},
      {"release_started", VISIT_STATE_STARTED, Release(), kWrong},
      {"expire_started", VISIT_STATE_STARTED, Expire(), ""},
      {"book_started", VISIT_STATE_STARTED, BookAt(kSlot), kWrong},
      {"move_started", VISIT_STATE_STARTED, Move(), kWrong},
      {"start_started", VISIT_STATE_STARTED, Start(), ""},
      {"complete_started", VISIT_STATE_STARTED, Complete(), "VisitDone"},
      {"complete_started_parts", VISIT_STATE_STARTED, Complete(kPartsAwaited), "VisitDone VisitRequested"},
      {"complete_started_inspected", VISIT_STATE_STARTED, Complete(kInspected), "VisitDone"},
      {"complete_started_not_ours", VISIT_STATE_STARTED, Complete(kNotOurs), "VisitDone"},
      {"no_access_started", VISIT_STATE_STARTED, NoAccess(), "VisitNoAccess VisitRequested"},
      {"cancel_started", VISIT_STATE_STARTED, Cancel(), "VisitCancelled"},
      {"free_started", VISIT_STATE_STARTED, Free(), ""},
      {"amend_started", VISIT_STATE_STARTED, Amend(), "VisitAmended"},

      {"request_done", VISIT_STATE_DONE, Request(), ""},
      {"hold_done", VISIT_STATE_DONE, Hold(), kWrong},
      {"release_done", VISIT_STATE_DONE, Release(), kWrong},
      {"expire_done", VISIT_STATE_DONE, Expire(), ""},
      {"book_done", VISIT_STATE_DONE, BookAt(kSlot), kWrong},
      {"move_done", VISIT_STATE_DONE, Move(), kWrong},
      {"start_done", VISIT_STATE_DONE, Start(), kWrong},
      {"complete_done_again", VISIT_STATE_DONE, Complete(), ""},
      {"complete_done_otherwise", VISIT_STATE_DONE, Complete(kInspected), kWrong},
      {"no_access_done", VISIT_STATE_DONE, NoAccess(), kWrong},
      {"cancel_done", VISIT_STATE_DONE, Cancel(), kWrong},
      {"free_done", VISIT_STATE_DONE, Free(), ""},
      {"amend_done", VISIT_STATE_DONE, Amend(), ""},

      {"request_no_access", VISIT_STATE_NO_ACCESS, Request(), ""},
      {"hold_no_access", VISIT_STATE_NO_ACCESS, Hold(), kWrong},
      {"release_no_access", VISIT_STATE_NO_ACCESS, Release(), kWrong},
      {"expire_no_access", VISIT_STATE_NO_ACCESS, Expire(), ""},
      {"book_no_access", VISIT_STATE_NO_ACCESS, BookAt(kSlot), kWrong},
      {"move_no_access", VISIT_STATE_NO_ACCESS, Move(), kWrong},
      {"start_no_access", VISIT_STATE_NO_ACCESS, Start(), kWrong},
      {"complete_no_access", VISIT_STATE_NO_ACCESS, Complete(), kWrong},
      {"no_access_no_access", VISIT_STATE_NO_ACCESS, NoAccess(), ""},
      {"cancel_no_access", VISIT_STATE_NO_ACCESS, Cancel(), kWrong},
      {"free_no_access", VISIT_STATE_NO_ACCESS, Free(), ""},
      {"amend_no_access", VISIT_STATE_NO_ACCESS, Amend(), ""},

      {"request_cancelled", VISIT_STATE_CANCELLED, Request(), ""},
      {"hold_cancelled", VISIT_STATE_CANCELLED, Hold(), kWrong},
      {"release_cancelled", VISIT_STATE_CANCELLED, Release(), kWrong},
      {"expire_cancelled", VISIT_STATE_CANCELLED, Expire(), ""},
      {"book_cancelled", VISIT_STATE_CANCELLED, BookAt(kSlot), kWrong},
      {"move_cancelled", VISIT_STATE_CANCELLED, Move(), kWrong},
      {"start_cancelled", VISIT_STATE_CANCELLED, Start(), kWrong},
      {"complete_cancelled", VISIT_STATE_CANCELLED, Complete(), kWrong},
      {"no_access_cancelled", VISIT_STATE_CANCELLED, NoAccess(), kWrong},
      {"cancel_cancelled", VISIT_STATE_CANCELLED, Cancel(), ""},
      {"free_cancelled", VISIT_STATE_CANCELLED, Free(), ""},
      {"amend_cancelled", VISIT_STATE_CANCELLED, Amend(), ""},
  };
}

TEST(Intervention, DecidesAsTheTableSays) {
  for (const Case& one : Cases()) {
    EXPECT_EQ(Outcome(Decide(kId, InState(one.given), one.when, {kNow, {}})), one.then) << one.name;
  }
}

TEST(Intervention, EveryStateMeetsEveryCommandInTheTable) {
  std::set<std::pair<int, int>> pairs;
  std::set<int> commands;
  for (const Case& one : Cases()) {
    pairs.emplace(one.given, one.when.kind_case());
    commands.insert(one.when.kind_case());
  }
  // All commands about one visit: those that name several or none are decided elsewhere.
  EXPECT_EQ(commands.size(), 12u);
  EXPECT_EQ(pairs.size(), static_cast<size_t>(rows::v1::VisitState_ARRAYSIZE) * commands.size());
}

TEST(Intervention, AnAmendmentReplacesAllThatWasSaidAndNothingThatWasPromised) {
  Command asked = Request();
  asked.mutable_request_visit()->mutable_dwelling()->set_box("door 7");
  const Intervention booked = Given({asked, BookAt(kSlot)});
  Command amend = Amend("lift");
  amend.mutable_amend_visit()->mutable_request()->mutable_access_note()->set_box("dog");
  amend.mutable_amend_visit()->mutable_request()->set_urgency(types::v1::URGENCY_EMERGENCY);
  const auto amended = Decide(kId, booked, amend, {kNow, {}});
  ASSERT_EQ(Outcome(amended), "VisitAmended");
  const Intervention after = Apply(booked, amended->front().event);
  EXPECT_EQ(after.category(), "lift");
  EXPECT_EQ(after.skills(0), "gas");
  EXPECT_EQ(after.urgency(), types::v1::URGENCY_EMERGENCY);
  EXPECT_FALSE(after.has_dwelling());
  EXPECT_EQ(after.access_note().box(), "dog");
  EXPECT_EQ(after.assignment(), 2);
  EXPECT_EQ(after.state(), VISIT_STATE_BOOKED);
  EXPECT_EQ(after.window_start(), kSlot);
  // The same again says nothing new.
  EXPECT_EQ(Outcome(Decide(kId, after, amend, {kNow, {}})), "");
}

TEST(Intervention, WhatAVisitByHandIsForStaysAsChosen) {
  const Intervention by_hand = Given({Request(0, /*assignment=*/0)});
  EXPECT_EQ(Outcome(Decide(kId, by_hand, Amend("lift"), {kNow, {}})), "");
  Command amend = Amend("lift");
  amend.mutable_amend_visit()->mutable_request()->mutable_dwelling()->set_box("door 8");
  const auto amended = Decide(kId, by_hand, amend, {kNow, {}});
  ASSERT_EQ(Outcome(amended), "VisitAmended");
  const Intervention after = Apply(by_hand, amended->front().event);
  EXPECT_EQ(after.category(), "");
  EXPECT_EQ(after.assignment(), 0);
  EXPECT_EQ(after.dwelling().box(), "door 8");
}

TEST(Intervention, AnExpiredHoldCountsAsNoneWhetherOrNotItWasFreed) {
  const Intervention held = InState(VISIT_STATE_HELD);
  const Circumstances later{kNow + 10 * kMinute, {}};
  EXPECT_EQ(held.hold_expires_at(), later.now);
  EXPECT_EQ(Outcome(Decide(kId, held, Book(), {later.now - 1, {}})), "VisitBooked");
  EXPECT_EQ(Outcome(Decide(kId, held, Book(), later)), "HOLD_EXPIRED");
  EXPECT_EQ(Outcome(Decide(kId, held, BookAt(kSlot), later)), "VisitBooked");
  EXPECT_EQ(Outcome(Decide(kId, held, Hold(), later)), "SlotHeld");
  const auto expired = Decide(kId, held, Expire(), later);
  ASSERT_EQ(Outcome(expired), "HoldReleased");
  EXPECT_TRUE(expired->front().event.hold_released().expired());
  EXPECT_EQ(Apply(held, expired->front().event).state(), VISIT_STATE_REQUESTED);
}

TEST(Intervention, TheNextVisitIsTheSameOneHoweverOftenItIsDecided) {
  const Intervention booked = InState(VISIT_STATE_BOOKED);
  const auto once = Decide(kId, booked, NoAccess(), {kNow, {}});
  const auto twice = Decide(kId, booked, NoAccess(), {kNow, {}});
  ASSERT_EQ(once->size(), 2u);
  EXPECT_EQ((*once)[1].intervention, (*twice)[1].intervention);
  EXPECT_EQ(ParseId((*once)[1].intervention)->placement, ParseId(kId)->placement);
  const Intervention next = Apply({}, (*once)[1].event);
  EXPECT_EQ(next.follows(), absl::StrCat("interventions/", kId));
  EXPECT_EQ(next.complaint(), "complaints/c");
  EXPECT_EQ(next.minutes(), 60);
  EXPECT_EQ(next.requested_at(), kNow);
}

TEST(Intervention, NoFurtherVisitIsAskedForOnceTheRoundHasEnded) {
  const Intervention booked = InState(VISIT_STATE_BOOKED);
  EXPECT_EQ(Outcome(Decide(kId, booked, NoAccess(), {kNow, 0})), "VisitNoAccess");
  EXPECT_EQ(Outcome(Decide(kId, booked, Complete(kPartsAwaited), {kNow, 0})), "VisitDone");
}

TEST(Intervention, ARequestOfAnEndedRoundIsRefusedAndOneOfALaterRoundIsNot) {
  EXPECT_EQ(Outcome(Decide(kId, {}, Request(0), {kNow, 0})), "");
  EXPECT_EQ(Outcome(Decide(kId, {}, Request(0, /*assignment=*/0), {kNow, 0})), "COMPLAINT_ENDED");
  EXPECT_EQ(Outcome(Decide(kId, {}, Request(1), {kNow, 0})), "VisitRequested");
}

TEST(Intervention, ImpossibleTimesAreRefused) {
  const Intervention booked = InState(VISIT_STATE_BOOKED);
  const Intervention started = InState(VISIT_STATE_STARTED);
  EXPECT_EQ(Outcome(Decide(kId, booked, Start(kNow + 5 * kMinute), {kNow, {}})), "VisitStarted");
  EXPECT_EQ(Outcome(Decide(kId, booked, Start(kNow + 5 * kMinute + 1), {kNow, {}})), "INVALID_FIELDS");
  EXPECT_EQ(Outcome(Decide(kId, booked, Start(kNow - kDay - 1), {kNow, {}})), "INVALID_FIELDS");
  EXPECT_EQ(Outcome(Decide(kId, started, Complete(kFixed, kNow), {kNow, {}})), "VisitDone");
  EXPECT_EQ(Outcome(Decide(kId, started, Complete(kFixed, kNow - 1), {kNow, {}})), "INVALID_FIELDS");
}

TEST(Intervention, ImpossibleWindowsAreRefused) {
  const Intervention requested = InState(VISIT_STATE_REQUESTED);
  const auto held = [&](Millis start, Millis end) {
    Command command = Hold(start);
    command.mutable_hold_slot()->mutable_slot()->set_end(end);
    return Outcome(Decide(kId, requested, command, {kNow, {}}));
  };
  EXPECT_EQ(held(kSlot, kSlot + kHour), "SlotHeld");
  EXPECT_EQ(held(kSlot, kSlot + kHour - 1), "INVALID_FIELDS");
  EXPECT_EQ(held(kSlot, kSlot + kDay), "SlotHeld");
  EXPECT_EQ(held(kSlot, kSlot + kDay + 1), "INVALID_FIELDS");
  EXPECT_EQ(held(kNow - 5 * kMinute, 0), "SlotHeld");
  EXPECT_EQ(held(kNow - 5 * kMinute - 1, 0), "SLOT_PAST");
  EXPECT_EQ(held(kNow + 800 * kDay, 0), "INVALID_FIELDS");
}

TEST(Intervention, AMoveSaysWhereFromAndIsCounted) {
  const Intervention booked = InState(VISIT_STATE_BOOKED);
  const auto moved = Decide(kId, booked, Move(), {kNow, {}});
  const auto& event = moved->front().event.visit_moved();
  EXPECT_EQ(event.old_window_start(), kSlot);
  EXPECT_EQ(event.old_technician(), "technicians/t1");
  EXPECT_TRUE(event.resident_consented());
  const Intervention after = Apply(booked, moved->front().event);
  EXPECT_EQ(after.window_start(), kSlot + kHour);
  EXPECT_EQ(after.window_end(), kSlot + 2 * kHour);
  EXPECT_EQ(after.moves(), 1);
}

TEST(Intervention, AnEndingFromOutsideNeverEndsAVisitBeforeItsRequest) {
  Command free = Free();
  free.mutable_free_visit()->set_occurred_at(kNow - 30 * kDay);
  const auto freed = Decide(kId, InState(VISIT_STATE_BOOKED), free, {kNow, {}});
  EXPECT_EQ(freed->front().event.visit_cancelled().occurred_at(), kNow - kDay);
}

TEST(Intervention, IdsOfAssignmentsNameTheAgencysShardAndNeverChange) {
  const std::string id = AssignedId("complaints/c", 2, "north", kNow);
  EXPECT_EQ(id, AssignedId("complaints/c", 2, "north", kNow));
  EXPECT_NE(id, AssignedId("complaints/c", 3, "north", kNow));
  EXPECT_EQ(ParseId(id)->placement, PlacementOf("north"));
  EXPECT_TRUE(ParseId(AssignedId("complaints/c", 1, "", -5)).ok());
}

}  // namespace
}  // namespace redress::scheduling
