// Properties of the assignment decider: whatever is followed, chosen by hand and alarmed in whatever order, somebody is
// in charge of what is open, what is told twice is decided once, and a replay says what the living state said.
#include <gtest/gtest.h>
// After gtest, whose macros it uses.
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"
#include "services/routing/assignment.h"
#include "services/routing/test_register.h"

namespace redress::routing {
namespace {

using commands::v1::Change;

constexpr Millis kStart = 10'000'000;

template <typename T>
T OneOf(std::initializer_list<T> values) {
  return *(values.begin() + *rc::gen::inRange<size_t>(0, values.size()));
}
int64_t Below(int64_t bound) { return *rc::gen::inRange<int64_t>(0, bound); }
std::string Word(std::initializer_list<const char*> words) { return OneOf(words); }

const reference::Snapshot& Reference() {
  static const auto snapshot = testing::SomeRegister().Build();
  return *snapshot;
}

void FillOpened(Millis now, commands::v1::Opened* opened) {
  opened->set_kind(OneOf({types::v1::COMPLAINT_KIND_COMPLAINT, types::v1::COMPLAINT_KIND_PRAISE}));
  opened->set_category(Word({"heating", "lift", "noise", "unheard-of"}));
  opened->set_channel(OneOf({types::v1::CHANNEL_PHONE, types::v1::CHANNEL_WEB}));
  opened->set_residence(Word({"rn", "rs", "nowhere"}));
  opened->set_agency(Word({"north", "south", ""}));
  opened->set_office(Word({"n1", "s1", ""}));
  opened->set_care_level(static_cast<uint32_t>(Below(3)));
  opened->set_occurred_at(now - Below(kHour));
  if (Below(5) == 0) opened->set_round(static_cast<int32_t>(Below(3)));
}

// What intake may say next of a complaint, at `version`.
Change AnyChange(int64_t version, Millis now, bool opens = true) {
  Change change;
  change.set_complaint_version(version);
  switch (opens ? Below(4) : 1 + Below(3)) {
    case 0: FillOpened(now, change.mutable_opened()); break;
    case 1:
      if (Below(2) == 0) change.mutable_amended()->set_category(Word({"heating", "lift", "noise"}));
      if (Below(2) == 0) change.mutable_amended()->set_care_level(static_cast<uint32_t>(Below(3)));
      if (Below(2) == 0) change.mutable_amended()->mutable_place()->set_agency(Word({"north", "south"}));
      change.mutable_amended();
      break;
    case 2:
      change.mutable_ended()->set_reason(Word({"resolved", "withdrawn", "closed"}));
      change.mutable_ended()->set_occurred_at(now - Below(kHour));
      if (Below(2) == 0) change.mutable_ended()->set_round(static_cast<int32_t>(Below(4)));
      break;
    default:
      change.mutable_reopened()->set_occurred_at(now - Below(kHour));
      if (Below(2) == 0) change.mutable_reopened()->set_round(static_cast<int32_t>(Below(4)));
  }
  return change;
}

Command AnyByHand() {
  Command command;
  if (Below(4) == 0) command.mutable_scope()->add_agencies(Word({"north", "south"}));
  auto* choice = command.mutable_assign_by_hand();
  choice->set_team(Word({"front-desk", "north-works", "south-works", "lifts", "nobody"}));
  choice->set_agent(Word({"", "", "ada", "cem", "zoe"}));
  choice->set_priority(static_cast<int32_t>(Below(6)));
  if (Below(2) == 0) choice->set_visit_needed(Below(2) == 0);
  return command;
}

Command AnyAlarm(Millis now) {
  Command command;
  command.mutable_escalate()->set_line(Word({"remedy", "answer"}));
  command.mutable_escalate()->set_breach(Below(2) == 0);
  command.mutable_escalate()->set_due_at(now + Below(3) * kHour);
  command.mutable_escalate()->set_occurred_at(now - Below(2 * kHour));
  return command;
}

struct Life {
  ComplaintRow state;
  Millis now = kStart;
  int64_t version = 0;  // of the complaint, as intake counts
  std::vector<std::string> events;

  // False when it was refused.
  bool Take(const Command& command) {
    const auto decided = Decide(state, command, {"complaints/x", now, &Reference()});
    if (!decided.ok()) return false;
    for (const Event& event : *decided) {
      RC_ASSERT(!event.has_assigned() || event.assigned().assignment() == state.assigned().assignment() + 1);
      state = Apply(std::move(state), event);
      events.push_back(event.SerializeAsString());
    }
    return true;
  }
  Command Next() {
    const int64_t kind = Below(4);
    if (kind == 0) return AnyByHand();
    if (kind == 1) return AnyAlarm(now);
    Command command;
    for (int64_t i = Below(3); i >= 0; --i) {
      // Now and then of a version that was followed already.
      if (Below(5) != 0) ++version;
      *command.mutable_follow_complaint()->add_changes() = AnyChange(version, now);
    }
    return command;
  }
};

// What holds of every complaint there is.
void CheckSane(const ComplaintRow& state) {
  std::set<std::tuple<std::string, bool, int64_t>> alarms;
  for (const auto& alarm : state.alarms()) {
    RC_ASSERT(alarms.emplace(alarm.line(), alarm.breach(), alarm.due_at()).second);
    RC_ASSERT(alarm.occurred_at() >= state.assigned().round_began_at());
  }
  if (state.state() == ComplaintRow::STATE_ENDED) RC_ASSERT(!state.ended_reason().empty());
  if (state.state() != ComplaintRow::STATE_OPEN) return;
  // Never nowhere.
  RC_ASSERT(std::set<std::string>({"front-desk", "north-works", "south-works", "desk-n1", "lifts"})
                .count(state.assigned().team()) == 1);
  RC_ASSERT(state.assigned().assignment() >= 1);
  RC_ASSERT(state.assigned().round() == state.round());
  RC_ASSERT(state.priority() >= 1 && state.priority() <= 5);
  RC_ASSERT(state.ended_reason().empty() && state.ended_at() == 0);
  const bool breached =
      std::any_of(state.alarms().begin(), state.alarms().end(), [](const auto& alarm) { return alarm.breach(); });
  const bool chosen = state.assigned().by() == events::v1::ASSIGNED_BY_HAND;
  if (breached && !chosen) RC_ASSERT(state.priority() == 1);
}

Life AnyLife(int commands) {
  Life life;
  for (int i = 0; i < commands; ++i) {
    life.now += OneOf<Millis>({0, kMinute, kHour, 24 * kHour});
    const ComplaintRow before = life.state;
    const size_t events = life.events.size();
    if (!life.Take(life.Next())) RC_ASSERT(life.events.size() == events);
    RC_ASSERT(before.round() <= life.state.round());
    RC_ASSERT(before.complaint_version() <= life.state.complaint_version());
    RC_ASSERT(before.assigned().assignment() <= life.state.assigned().assignment());
    CheckSane(life.state);
  }
  return life;
}

ComplaintRow Replay(const Life& life, ComplaintRow state, size_t from, size_t to) {
  for (size_t i = from; i < to; ++i) {
    Event event;
    RC_ASSERT(event.ParseFromString(life.events[i]));
    state = Apply(std::move(state), event);
  }
  return state;
}

Command Following(std::initializer_list<Change> changes) {
  Command command;
  for (const Change& change : changes) *command.mutable_follow_complaint()->add_changes() = change;
  return command;
}

RC_GTEST_PROP(AssignmentProperty, WhateverHappensSomebodyIsInChargeOfWhatIsOpen, ()) {
  AnyLife(*rc::gen::inRange(1, 60));
}

RC_GTEST_PROP(AssignmentProperty, AReplayFromAnywhereIsTheLivingState, ()) {
  const Life life = AnyLife(*rc::gen::inRange(1, 40));
  const size_t half = Below(static_cast<int64_t>(life.events.size()) + 1);
  ComplaintRow checkpoint;
  RC_ASSERT(checkpoint.ParseFromString(Replay(life, {}, 0, half).SerializeAsString()));
  RC_ASSERT(Replay(life, checkpoint, half, life.events.size()).SerializeAsString() == life.state.SerializeAsString());
}

RC_GTEST_PROP(AssignmentProperty, ACommandToldTwiceRecordsOnce, ()) {
  Life life = AnyLife(*rc::gen::inRange(0, 30));
  const Command command = life.Next();
  life.Take(command);
  const size_t events = life.events.size();
  life.Take(command);
  RC_ASSERT(life.events.size() == events);
}

RC_GTEST_PROP(AssignmentProperty, WhoIsChosenByHandStaysWhateverIsAmended, ()) {
  Life life = AnyLife(*rc::gen::inRange(1, 20));
  if (life.state.state() != ComplaintRow::STATE_OPEN) {
    Change reopened;
    reopened.set_complaint_version(++life.version);
    reopened.mutable_reopened()->set_occurred_at(life.now);
    RC_ASSERT(life.Take(Following({reopened})));
  }
  Command choice = AnyByHand();
  choice.clear_scope();
  if (!life.Take(choice)) RC_DISCARD("no such team or agent");
  RC_PRE(life.state.assigned().by() == events::v1::ASSIGNED_BY_HAND);
  const events::v1::Assigned chosen = life.state.assigned();
  for (int i = 0; i < 5; ++i) {
    const Change change = AnyChange(++life.version, life.now);
    if (!change.has_amended()) continue;
    RC_ASSERT(life.Take(Following({change})));
    RC_ASSERT(life.state.assigned().team() == chosen.team() && life.state.assigned().agent() == chosen.agent());
  }
}

RC_GTEST_PROP(AssignmentProperty, OutOfScopeThereIsNothing, ()) {
  Life life = AnyLife(*rc::gen::inRange(1, 20));
  Command command = AnyByHand();
  command.mutable_scope()->clear_agencies();
  command.mutable_scope()->add_agencies("elsewhere");
  const auto decided = Decide(life.state, command, {"complaints/x", life.now, &Reference()});
  RC_ASSERT(ReasonOf(decided.status()) == "ASSIGNMENT_NOT_FOUND");
}

// Alarms and what intake says come from two streams: an alarm belongs to the round its instant lies in, whenever it is
// heard of.
RC_GTEST_PROP(AssignmentProperty, AnAlarmCountsTheSameWhereverItComesIn, ()) {
  Life born;
  Change opened;
  opened.set_complaint_version(1);
  FillOpened(born.now, opened.mutable_opened());
  opened.mutable_opened()->clear_round();
  RC_ASSERT(born.Take(Following({opened})));
  Change ended, reopened;
  ended.set_complaint_version(2);
  ended.mutable_ended()->set_reason("resolved");
  ended.mutable_ended()->set_occurred_at(born.now + Below(100));
  reopened.set_complaint_version(3);
  reopened.mutable_reopened()->set_occurred_at(ended.ended().occurred_at() + 1 + Below(100));
  Command alarm = AnyAlarm(born.now);
  alarm.mutable_escalate()->set_occurred_at(born.now + Below(250));
  std::vector<ComplaintRow> outcomes;
  for (int at = 0; at < 3; ++at) {
    Life life = born;
    life.now += kHour;
    if (at == 0) RC_ASSERT(life.Take(alarm));
    RC_ASSERT(life.Take(Following({ended})));
    if (at == 1) RC_ASSERT(life.Take(alarm));
    RC_ASSERT(life.Take(Following({reopened})));
    if (at == 2) RC_ASSERT(life.Take(alarm));
    CheckSane(life.state);
    outcomes.push_back(life.state);
  }
  for (const ComplaintRow& outcome : outcomes) {
    RC_ASSERT(outcome.priority() == outcomes[0].priority());
    RC_ASSERT(outcome.alarms_size() == outcomes[0].alarms_size());
  }
}

// Whether it is open, which round, how it ended, and what it is about.
std::string Gist(const ComplaintRow& state) {
  return absl::StrCat(state.state(), " ", state.round(), " ", state.ended_reason(), " ", state.ended_at(), " ",
                      state.matter().category(), " ", state.matter().place_agency());
}

// However much of what intake says is followed at once, and whether or not some of it was followed before, it comes to
// the same. It says first, and once, that a complaint has been opened.
RC_GTEST_PROP(AssignmentProperty, ChangesFollowedAtOnceAreChangesFollowedOneByOne, ()) {
  Life one_by_one, at_once, overlapping;
  Command all;
  const int64_t count = 1 + Below(6);
  const int64_t known = Below(count + 1);
  for (int64_t i = 0; i < count; ++i) {
    Change change = AnyChange(++one_by_one.version, one_by_one.now, /*opens=*/false);
    if (i == 0) FillOpened(one_by_one.now, change.mutable_opened());
    RC_ASSERT(one_by_one.Take(Following({change})));
    *all.mutable_follow_complaint()->add_changes() = change;
    if (i + 1 == known) RC_ASSERT(overlapping.Take(all));
  }
  RC_ASSERT(at_once.Take(all));
  RC_ASSERT(overlapping.Take(all));
  RC_ASSERT(Gist(at_once.state) == Gist(one_by_one.state));
  RC_ASSERT(Gist(overlapping.state) == Gist(one_by_one.state));
}

// Every event that there can be, in any state: folds accept what deciders of other builds have written.
RC_GTEST_PROP(AssignmentProperty, ApplyIsTotal, ()) {
  const Life life = AnyLife(*rc::gen::inRange(0, 20));
  const auto* kinds = Event::GetDescriptor()->oneof_decl(0);
  for (int i = 0; i < kinds->field_count(); ++i) {
    Event event;
    event.GetReflection()->MutableMessage(&event, kinds->field(i));
    const ComplaintRow after = Apply(life.state, event);
    RC_ASSERT(after.complaint_version() == life.state.complaint_version());
  }
}

}  // namespace
}  // namespace redress::routing
