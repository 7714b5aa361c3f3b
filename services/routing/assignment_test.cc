#include "services/routing/assignment.h"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "libs/status/errors.h"
#include "services/routing/test_register.h"

namespace redress::routing {
namespace {

using namespace testing;

constexpr Millis kNow = 10'000'000;

Command Following(const std::string& changes) {
  return Parse<Command>(absl::StrCat("follow_complaint { ", changes, " }"));
}
// Of version 1: a heating complaint in north, but for what `other` says.
Command Opened(const std::string& other = "") {
  Command command = Following(
      "changes { complaint_version: 1 opened { kind: COMPLAINT_KIND_COMPLAINT category: 'heating' channel: "
      "CHANNEL_PHONE urgency: URGENCY_URGENT residence: 'rn' agency: 'north' office: 'n1' language: 'fr' occurred_at: "
      "9000000 dwelling { key_id: 'k' box: 'sealed' } access_note { key_id: 'k' box: 'note' } } }");
  command.mutable_follow_complaint()->mutable_changes(0)->mutable_opened()->MergeFrom(
      Parse<commands::v1::Opened>(other));
  return command;
}
Command Amended(int version, const std::string& fields) {
  return Following(absl::StrCat("changes { complaint_version: ", version, " amended { ", fields, " } }"));
}
Command Resealed(int version, const std::string& fields) {
  return Following(absl::StrCat("changes { complaint_version: ", version, " resealed { ", fields, " } }"));
}
Command Ended(int version, const std::string& reason = "resolved", int round = 0) {
  return Following(absl::StrCat("changes { complaint_version: ", version, " ended { reason: '", reason,
                                "' occurred_at: 9500000 round: ", round, " } }"));
}
Command Reopened(int version) {
  return Following(absl::StrCat("changes { complaint_version: ", version, " reopened { occurred_at: 9600000 } }"));
}
Command ByHand(const std::string& team, const std::string& more = "", const std::string& scope = "all_agencies: true") {
  return Parse<Command>(absl::StrCat("scope { ", scope, " } assign_by_hand { team: '", team, "' ", more, " }"));
}
Command Alarm(bool breach, const std::string& line = "remedy", int due = 77, int occurred_at = 76) {
  return Parse<Command>(absl::StrCat("escalate { line: '", line, "' breach: ", breach ? "true" : "false",
                                     " due_at: ", due, " occurred_at: ", occurred_at, " }"));
}
// What an import says of a complaint that it leaves open.
Command StillOpen(int version, int round) {
  return Following(absl::StrCat("changes { complaint_version: ", version,
                                " reopened { occurred_at: 9600000 round: ", round, " } }"));
}

absl::StatusOr<std::vector<Event>> DecideAt(const ComplaintRow& state, const Command& command) {
  static const auto snapshot = SomeRegister().Build();
  return Decide(state, command, {"complaints/x", kNow, snapshot.get()});
}
ComplaintRow After(const std::vector<Command>& commands) {
  ComplaintRow state;
  for (const Command& command : commands) {
    const auto events = DecideAt(state, command);
    EXPECT_TRUE(events.ok()) << events.status();
    for (const Event& event : *events) state = Apply(state, event);
  }
  return state;
}

// "Assigned north-works by rule heating, priority 2, round 0, visit": what a test can say in a line.
std::string Describe(const Event& event) {
  switch (event.kind_case()) {
    case Event::kAssigned: {
      const auto& a = event.assigned();
      const std::string by = a.by() == events::v1::ASSIGNED_BY_HAND ? "by hand"
                             : a.fallback().empty()                 ? absl::StrCat("by ", a.rule())
                                                                    : a.fallback();
      return absl::StrCat("#", a.assignment(), " ", a.agency(), "/", a.team(), a.agent().empty() ? "" : ":", a.agent(),
                          " ", by, " p", a.priority(), " r", a.round(), a.visit_needed() ? " visit" : "");
    }
    case Event::kAssignmentEnded:
      return absl::StrCat("ended ", event.assignment_ended().reason(), " r", event.assignment_ended().round());
    case Event::kEndingRecorded:
      return absl::StrCat("ending ", event.ending_recorded().reason(), " r", event.ending_recorded().round());
    case Event::kEscalated:
      return absl::StrCat("escalated ", event.escalated().breach() ? "breach" : "warning", " p",
                          event.escalated().priority(), event.escalated().round() == 0 ? "" : " r",
                          event.escalated().round() == 0 ? "" : absl::StrCat(event.escalated().round()));
    case Event::kMatterNoted:
      return absl::StrCat("noted ", event.matter_noted().category(),
                          event.matter_noted().resealed() ? " resealed" : "");
    case Event::KIND_NOT_SET: break;
  }
  return "?";
}
std::string Describe(const absl::StatusOr<std::vector<Event>>& events) {
  if (!events.ok()) return ReasonOf(events.status());
  return absl::StrJoin(*events, "; ", [](std::string* out, const Event& event) { out->append(Describe(event)); });
}

struct Case {
  const char* name;
  std::vector<Command> given;
  Command when;
  std::string then;
};

std::vector<Case> Cases() {
  const std::string kFirst = "#1 north/north-works by heating p2 r0 visit";
  return {
      // (unknown)
      {"received", {}, Opened(), kFirst},
      {"amended_unknown", {}, Amended(3, "category: 'lift'"), "noted lift"},
      {"resealed_unknown", {}, Resealed(3, "access_note { key_id: 'k2' box: 'n' }"), "noted  resealed"},
      {"ended_unknown", {}, Ended(3), "ending resolved r0"},
      {"reopened_unknown", {}, Reopened(5), "#1 /front-desk unknown_case p3 r1"},
      {"by_hand_unknown", {}, ByHand("lifts"), "ASSIGNMENT_NOT_FOUND"},
      {"alarm_unknown", {}, Alarm(true), "escalated breach p0"},
      {"received_and_resolved_at_once",
       {},
       Following("changes { complaint_version: 1 opened { kind: COMPLAINT_KIND_COMPLAINT category: 'heating' agency: "
                 "'north' } } changes { complaint_version: 2 ended { reason: 'resolved' round: 0 } }"),
       "noted heating; ending resolved r0"},
      {"import_that_may_be_contested",
       {},
       Following("changes { complaint_version: 1 opened { kind: COMPLAINT_KIND_COMPLAINT category: 'heating' agency: "
                 "'north' } } changes { complaint_version: 1 ended { reason: 'resolved' round: 2 } }"),
       "noted heating; ending resolved r2"},
      {"import_of_the_third_round", {}, Opened("round: 2"), "#1 north/north-works by heating p2 r2 visit"},
      // OPEN
      {"received_twice", {Opened()}, Opened(), ""},
      {"amended_without_effect", {Opened()}, Amended(2, "category: 'heating'"), ""},
      {"amended_category", {Opened()}, Amended(2, "category: 'lift'"), "#2 north/lifts:ada by lifts p2 r0 visit"},
      {"amended_place",
       {Opened()},
       Amended(2, "place { residence: 'rs' agency: 'south' office: 's1' }"),
       "#2 south/south-works by heating p2 r0 visit"},
      {"amended_place_to_nowhere",
       {Opened()},
       Amended(2, "place { residence: '?' }"),
       "#2 /front-desk unknown_place p2 r0"},
      {"amended_dwelling",
       {Opened()},
       Amended(2, "dwelling { key_id: 'k' box: 'other' }"),
       "#2 north/north-works by heating p2 r0 visit"},
      {"amended_twice", {Opened(), Amended(2, "category: 'lift'")}, Amended(2, "category: 'lift'"), ""},
      {"amended_leaves_a_choice_by_hand",
       {Opened(), ByHand("front-desk", "agent: 'cem'")},
       Amended(2, "category: 'noise'"),
       "#3 north/front-desk:cem by hand p2 r0"},
      {"amended_urgency_of_a_choice_by_hand",
       {Opened(), ByHand("front-desk", "priority: 5 visit_needed: false")},
       Amended(2, "urgency: URGENCY_EMERGENCY"),
       "#3 north/front-desk by hand p1 r0"},
      // Nobody is put in charge anew, whatever rules say now, and no visit is asked for.
      {"resealed", {Opened()}, Resealed(2, "access_note { key_id: 'k2' box: 'note' }"), "noted heating resealed"},
      {"resealed_to_none", {Opened()}, Resealed(2, "no_access_note: true"), "noted heating resealed"},
      {"resealed_what_is_elsewhere", {Opened()}, Resealed(2, "dwelling { key_id: 'k' box: 'sealed' }"), ""},
      {"resealed_and_amended_at_once",
       {Opened()},
       Following("changes { complaint_version: 2 resealed { no_access_note: true } } changes { complaint_version: 3 "
                 "amended { category: 'lift' } }"),
       "#2 north/lifts:ada by lifts p2 r0 visit"},
      {"resolved", {Opened()}, Ended(2), "ended resolved r0"},
      {"withdrawn", {Opened()}, Ended(2, "withdrawn"), "ended withdrawn r0"},
      {"amended_and_withdrawn_at_once",
       {Opened()},
       Following("changes { complaint_version: 2 amended { category: 'lift' } } changes { complaint_version: 3 ended { "
                 "reason: 'withdrawn' round: 0 } }"),
       "noted lift; ended withdrawn r0"},
      {"reopened_while_open", {Opened()}, Reopened(2), "#2 north/north-works by heating p2 r1 visit"},
      {"by_hand", {Opened()}, ByHand("lifts", "agent: 'bob' reason: 'r'"), "#2 north/lifts:bob by hand p2 r0 visit"},
      {"by_hand_to_another_agency", {Opened()}, ByHand("south-works"), "#2 south/south-works by hand p2 r0 visit"},
      {"by_hand_with_priority", {Opened()}, ByHand("lifts", "priority: 5"), "#2 north/lifts by hand p5 r0 visit"},
      {"by_hand_without_visit", {Opened()}, ByHand("lifts", "visit_needed: false"), "#2 north/lifts by hand p2 r0"},
      {"by_hand_as_it_is", {Opened()}, ByHand("north-works"), ""},
      {"by_hand_twice", {Opened(), ByHand("lifts")}, ByHand("lifts"), ""},
      {"by_hand_in_scope", {Opened()}, ByHand("lifts", "", "agencies: 'north'"), "#2 north/lifts by hand p2 r0 visit"},
      {"by_hand_out_of_scope", {Opened()}, ByHand("lifts", "", "agencies: 'south'"), "ASSIGNMENT_NOT_FOUND"},
      {"by_hand_to_an_agency_out_of_scope", {Opened()}, ByHand("south-works", "", "agencies: 'north'"), "TEAM_UNKNOWN"},
      {"by_hand_to_another_agency_in_scope",
       {Opened()},
       ByHand("south-works", "", "agencies: 'north' agencies: 'south'"),
       "#2 south/south-works by hand p2 r0 visit"},
      {"by_hand_unknown_team", {Opened()}, ByHand("plumbers"), "TEAM_UNKNOWN"},
      {"by_hand_unknown_agent", {Opened()}, ByHand("lifts", "agent: 'zoe'"), "AGENT_UNKNOWN"},
      {"by_hand_agent_elsewhere", {Opened()}, ByHand("lifts", "agent: 'cem'"), "AGENT_NOT_IN_TEAM"},
      {"warned", {Opened()}, Alarm(false), "escalated warning p1"},
      {"breached", {Opened("urgency: URGENCY_ROUTINE")}, Alarm(true), "escalated breach p1"},
      {"warned_again_of_another_line",
       {Opened("urgency: URGENCY_ROUTINE"), Alarm(false)},
       Alarm(false, "answer"),
       "escalated warning p2"},
      {"warned_twice", {Opened(), Alarm(false)}, Alarm(false), ""},
      {"warned_of_the_moved_due", {Opened(), Alarm(false)}, Alarm(false, "remedy", 99), "escalated warning p1"},
      // alarms and assignments meet in either order
      {"received_after_its_breach", {Alarm(true)}, Opened(), "#1 north/north-works by heating p1 r0 visit"},
      {"amended_after_a_warning",
       {Opened("urgency: URGENCY_ROUTINE"), Alarm(false)},
       Amended(2, "category: 'noise'"),
       "#2 north/desk-n1 by office p3 r0"},
      // ENDED
      {"received_after_its_end", {Ended(3)}, Opened(), ""},
      {"amended_after_its_end", {Opened(), Ended(2)}, Amended(3, "category: 'lift'"), "noted lift"},
      {"amended_after_its_end_without_effect", {Opened(), Ended(2)}, Amended(3, "category: 'heating'"), ""},
      {"closed_after_resolved", {Opened(), Ended(2)}, Ended(3, "closed"), ""},
      {"resolved_twice", {Opened(), Ended(2)}, Ended(2), ""},
      {"contested", {Opened(), Ended(2)}, Reopened(3), "#2 north/north-works by heating p2 r1 visit"},
      {"contested_after_by_hand",
       {Opened(), ByHand("lifts"), Ended(2)},
       Reopened(3),
       "#3 north/north-works by heating p2 r1 visit"},
      {"contested_after_amendment",
       {Opened(), Ended(2), Amended(3, "category: 'lift'")},
       Reopened(4),
       "#2 north/lifts:ada by lifts p2 r1 visit"},
      {"contested_after_a_breach",
       {Opened(), Alarm(true), Ended(2)},
       Reopened(3),
       "#2 north/north-works by heating p2 r1 visit"},
      {"contested_twice", {Opened(), Ended(2), Reopened(3)}, Reopened(3), ""},
      {"contested_and_resolved_at_once",
       {Opened(), Ended(2)},
       Following("changes { complaint_version: 3 reopened {} } changes { complaint_version: 4 ended { reason: "
                 "'resolved' } }"),
       "ending resolved r1"},
      {"by_hand_after_its_end", {Opened(), Ended(2)}, ByHand("lifts"), "ASSIGNMENT_ENDED"},
      {"alarm_after_its_end", {Opened(), Ended(2)}, Alarm(true), ""},
      {"alarm_of_the_instant_of_its_end", {Opened(), Ended(2)}, Alarm(true, "remedy", 9500000, 9500000), ""},
      // alarms and re-openings meet in either order; ended at 9500000, re-opened at 9600000
      {"breach_heard_of_before_the_reopening",
       {Opened(), Ended(2)},
       Alarm(true, "remedy", 9700000, 9700000),
       "escalated breach p0 r1"},
      {"contested_after_the_breach_of_its_next_round",
       {Opened(), Ended(2), Alarm(true, "remedy", 9700000, 9700000)},
       Reopened(3),
       "#2 north/north-works by heating p1 r1 visit"},
      {"warning_and_breach_of_either_round_before_the_reopening",
       {Opened("urgency: URGENCY_ROUTINE"), Alarm(true), Ended(2), Alarm(false, "remedy", 9900000, 9700000)},
       Reopened(3),
       "#2 north/north-works by heating p2 r1 visit"},
      {"contested_after_an_alarm_that_the_end_overtook",
       {Opened(), Ended(2), Alarm(true, "remedy", 9550000, 9550000)},
       Reopened(3),
       "#2 north/north-works by heating p2 r1 visit"},
      {"breach_of_the_first_round_heard_of_in_the_second",
       {Opened(), Ended(2), Reopened(3)},
       Alarm(true, "remedy", 9400000, 9400000),
       ""},
      {"warning_of_the_first_round_heard_of_in_the_second",
       {Opened(), Ended(2), Reopened(3)},
       Alarm(false, "remedy", 9900000, 9400000),
       ""},
      {"breach_of_the_second_round",
       {Opened(), Ended(2), Reopened(3)},
       Alarm(true, "remedy", 9700000, 9700000),
       "escalated breach p1 r1"},
      {"breach_of_the_first_round_after_a_choice_in_the_second",
       {Opened(), Ended(2), Reopened(3), ByHand("lifts")},
       Alarm(true, "remedy", 9400000, 9400000),
       ""},
      {"amended_in_the_second_round_after_its_breach",
       {Opened(), Ended(2), Reopened(3), Alarm(true, "remedy", 9700000, 9700000)},
       Amended(4, "category: 'lift'"),
       "#3 north/lifts:ada by lifts p1 r1 visit"},
      {"received_in_its_third_round_after_a_breach",
       {Alarm(true)},
       Opened("round: 2"),
       "#1 north/north-works by heating p1 r2 visit"},
      {"resealed_after_the_end", {Opened(), Ended(2)}, Resealed(3, "no_dwelling: true"), "noted heating resealed"},
      // imports say how it is, not what has changed
      {"said_to_be_open_while_open", {Opened()}, StillOpen(2, 0), ""},
      {"said_to_be_open_in_the_next_round", {Opened()}, StillOpen(2, 1), "#2 north/north-works by heating p2 r1 visit"},
      {"said_to_be_open_after_its_end",
       {Opened(), Ended(2)},
       StillOpen(3, 1),
       "#2 north/north-works by heating p2 r1 visit"},
      {"reopened_and_ended_while_ended", {Opened(), Ended(2)}, Ended(3, "resolved", 1), "ending resolved r1"},
      {"reopened_and_ended_while_open", {Opened()}, Ended(2, "resolved", 1), "ended resolved r1"},
  };
}

TEST(Assignment, GivenWhenThen) {
  for (const Case& one : Cases()) {
    SCOPED_TRACE(one.name);
    EXPECT_EQ(Describe(DecideAt(After(one.given), one.when)), one.then);
  }
}

// What a command is in this count: its kind, and of what is followed what happened.
std::string KindOf(const Command& command) {
  if (!command.has_follow_complaint()) return absl::StrCat("command ", command.kind_case());
  return absl::StrCat("change ", command.follow_complaint().changes(0).kind_case());
}

TEST(Assignment, EveryStateMeetsEveryCommand) {
  std::map<std::string, std::set<int>> met;
  for (const Case& one : Cases()) met[KindOf(one.when)].insert(After(one.given).state());
  const std::set<std::string> kinds = {"change 2", "change 3",  "change 4", "change 5",
                                       "change 6", "command 3", "command 4"};
  for (const std::string& kind : kinds) {
    EXPECT_THAT(met[kind], ::testing::UnorderedElementsAre(ComplaintRow::STATE_UNSPECIFIED, ComplaintRow::STATE_OPEN,
                                                           ComplaintRow::STATE_ENDED))
        << kind;
  }
  EXPECT_EQ(met.size(), kinds.size());
}

TEST(Assignment, WhatTookEffectTakesNoneAgain) {
  for (const Case& one : Cases()) {
    SCOPED_TRACE(one.name);
    ComplaintRow state = After(one.given);
    const auto first = DecideAt(state, one.when);
    if (!first.ok()) continue;
    for (const Event& event : *first) state = Apply(state, event);
    EXPECT_EQ(Describe(DecideAt(state, one.when)), "");
  }
}

TEST(Assignment, CarriesWhatSchedulingNeeds) {
  const auto events = DecideAt({}, Opened("care_level: 2"));
  ASSERT_TRUE(events.ok());
  const auto& assigned = events->at(0).assigned();
  EXPECT_EQ(assigned.category(), "heating");
  EXPECT_EQ(assigned.residence(), "rn");
  EXPECT_THAT(assigned.skills(), ::testing::ElementsAre("heating"));
  EXPECT_EQ(assigned.visit_minutes(), 90);
  EXPECT_EQ(assigned.language(), "fr");
  EXPECT_EQ(assigned.dwelling().box(), "sealed");
  EXPECT_EQ(assigned.access_note().box(), "note");
  EXPECT_EQ(assigned.urgency(), types::v1::URGENCY_URGENT);
  EXPECT_EQ(assigned.care_level(), 2u);
  EXPECT_EQ(assigned.occurred_at(), kNow);
  EXPECT_EQ(assigned.rule_set_version(), 1);
  EXPECT_EQ(assigned.complaint_version(), 1);
  EXPECT_EQ(assigned.channel(), types::v1::CHANNEL_PHONE);
  EXPECT_EQ(assigned.place_office(), "n1");
  // By hand, too.
  const auto by_hand = DecideAt(After({Opened("care_level: 2")}), ByHand("lifts"));
  EXPECT_EQ(by_hand->at(0).assigned().dwelling().box(), "sealed");
  EXPECT_EQ(by_hand->at(0).assigned().visit_minutes(), 90);
}

TEST(Assignment, WhatWasResealedIsWhatTheNextAssignmentCarries) {
  const ComplaintRow row =
      After({Opened(), Resealed(2, "dwelling { key_id: 'k2' box: 'again' } no_access_note: true")});
  EXPECT_EQ(row.state(), ComplaintRow::STATE_OPEN);
  EXPECT_EQ(row.assigned().assignment(), 1);
  EXPECT_EQ(row.complaint_version(), 2);
  const auto next = DecideAt(row, Amended(3, "category: 'lift'"));
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(next->at(0).assigned().dwelling().box(), "again");
  EXPECT_FALSE(next->at(0).assigned().has_access_note());
}

TEST(Assignment, IsNotBeforeTheReceipt) {
  const auto events = DecideAt({}, Opened(absl::StrCat("occurred_at: ", kNow + 60'000)));
  EXPECT_EQ(events->at(0).assigned().occurred_at(), kNow + 60'000);
}

TEST(Assignment, WithoutARegisterAnInputIsRefused) {
  const auto events = Decide({}, Opened(), {"complaints/x", kNow, nullptr});
  EXPECT_EQ(ReasonOf(events.status()), "REGISTER_INCOMPLETE");
  const auto empty = reference::SnapshotBuilder().Build();
  EXPECT_EQ(ReasonOf(Decide({}, Opened(), {"complaints/x", kNow, empty.get()}).status()), "REGISTER_INCOMPLETE");
}

}  // namespace
}  // namespace redress::routing
