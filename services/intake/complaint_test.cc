#include "services/intake/complaint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/status/errors.h"
#include "services/intake/complaint_cases.h"

namespace redress::intake {
namespace {

using namespace ::redress::intake::testing;  // NOLINT
using events::v1::VisitNoted;

// What became of a command: "-" nothing, "!REASON" refused, else "Event Event > STATE".
std::string Meet(const std::vector<Event>& given, const Command& when, Millis now) {
  Complaint state = Fold(given);
  const auto events = Decide(state, when, {kName, now});
  if (!events.ok()) return absl::StrCat("!", ReasonOf(events.status()));
  if (events->empty()) return "-";
  std::vector<std::string> names;
  for (const Event& event : *events) {
    names.push_back(NameOf(event));
    Apply(event, now, state.version() + 1, &state);
  }
  return absl::StrCat(absl::StrJoin(names, " "), " > ", NameOf(state.state()));
}

std::vector<Event> CanonicalGiven(int state) {
  switch (state) {
    case rows::v1::STATE_RECEIVED: return {Received()};
    case rows::v1::STATE_ACKNOWLEDGED: return {Received(), Acknowledged()};
    case rows::v1::STATE_IN_PROGRESS: return {Received(), Acknowledged(), Started()};
    case rows::v1::STATE_RESOLVED: return {Received(), ResolvedAs()};
    case rows::v1::STATE_CLOSED: return {Received(), ResolvedAs(), Closed()};
    case rows::v1::STATE_WITHDRAWN: return {Received(), Withdrawn()};
    default: return {};
  }
}

Millis CanonicalNow(int state) {
  return state == rows::v1::STATE_CLOSED ? kWindowEnd + kMinute : kResolvedAt + kMinute;
}

// A plain command of each kind.
Command Plain(Command::KindCase kind) {
  Command command;
  const auto* field = Command::GetDescriptor()->FindFieldByNumber(kind);
  command.GetReflection()->MutableMessage(&command, field);
  switch (kind) {
    case Command::kSubmitComplaint:
      *command.mutable_submit_complaint()->mutable_complaint() = Received().complaint_received();
      break;
    case Command::kImportComplaint: {
      auto* fact = command.mutable_import_complaint()->mutable_complaint()->add_facts();
      fact->set_kind(types::v1::FACT_KIND_RECEIVED);
      fact->set_occurred_at(kReceivedAt);
      break;
    }
    case Command::kResolveComplaint: command.mutable_resolve_complaint()->set_outcome(types::v1::OUTCOME_FIXED); break;
    case Command::kAmendComplaint: command.mutable_amend_complaint()->set_category("door"); break;
    case Command::kAddAttachment: command.mutable_add_attachment()->mutable_attachment()->set_uri("file:1"); break;
    case Command::kRecordFact:
      command.mutable_record_fact()->mutable_fact()->set_kind(types::v1::FACT_KIND_HAZARD_CLASSIFIED);
      break;
    case Command::kNoteAssignment:
      command.mutable_note_assignment()->mutable_assignment()->set_assignment_version(1);
      break;
    case Command::kNoteVisit:
      *command.mutable_note_visit()->mutable_visit() =
          Visit(VisitNoted::STAGE_BOOKED, kReceivedAt + kMinute).visit_noted();
      break;
    case Command::kNoteAlarm: command.mutable_note_alarm()->mutable_alarm()->set_clock_version(1); break;
    case Command::kEraseTexts: command.mutable_erase_texts()->set_person("people/01"); break;
    case Command::kRedactText: command.mutable_redact_text()->mutable_redaction()->set_text_key("new-key"); break;
    case Command::kSetLegalHold: command.mutable_set_legal_hold()->set_matter("case-1"); break;
    case Command::kLiftLegalHold: command.mutable_lift_legal_hold()->set_matter("case-1"); break;
    default: break;
  }
  return command;
}

struct Row {
  Command::KindCase command;
  // From none, RECEIVED, ACKNOWLEDGED, IN_PROGRESS, RESOLVED, CLOSED, WITHDRAWN; "=" before an event: the state stays.
  const char* then[kStates];
};

// The whole (state × command) table, one sentence a cell.
const Row kEveryPair[] = {
    {Command::kSubmitComplaint,
     {"ComplaintReceived > RECEIVED", "!COMPLAINT_EXISTS", "!COMPLAINT_EXISTS", "!COMPLAINT_EXISTS",
      "!COMPLAINT_EXISTS", "!COMPLAINT_EXISTS", "!COMPLAINT_EXISTS"}},
    {Command::kImportComplaint,
     {"ComplaintImported > RECEIVED", "!COMPLAINT_EXISTS", "!COMPLAINT_EXISTS", "!COMPLAINT_EXISTS",
      "!COMPLAINT_EXISTS", "!COMPLAINT_EXISTS", "!COMPLAINT_EXISTS"}},
    {Command::kAcknowledgeComplaint,
     {"!COMPLAINT_NOT_FOUND", "ComplaintAcknowledged > ACKNOWLEDGED", "-", "-", "!WRONG_STATE", "!WRONG_STATE",
      "!WRONG_STATE"}},
    {Command::kStartComplaint,
     {"!COMPLAINT_NOT_FOUND", "ComplaintStarted > IN_PROGRESS", "ComplaintStarted > IN_PROGRESS", "-", "!WRONG_STATE",
      "!WRONG_STATE", "!WRONG_STATE"}},
    {Command::kAnswerComplaint,
     {"!COMPLAINT_NOT_FOUND", "=ComplaintAnswered", "=ComplaintAnswered", "=ComplaintAnswered", "=ComplaintAnswered",
      "=ComplaintAnswered", "=ComplaintAnswered"}},
    {Command::kResolveComplaint,
     {"!COMPLAINT_NOT_FOUND", "ComplaintResolved > RESOLVED", "ComplaintResolved > RESOLVED",
      "ComplaintResolved > RESOLVED", "-", "!WRONG_STATE", "!WRONG_STATE"}},
    {Command::kConfirmComplaint,
     {"!COMPLAINT_NOT_FOUND", "!WRONG_STATE", "!WRONG_STATE", "!WRONG_STATE", "=ComplaintConfirmed", "!WRONG_STATE",
      "!WRONG_STATE"}},
    {Command::kContestComplaint,
     {"!COMPLAINT_NOT_FOUND", "!WRONG_STATE", "!WRONG_STATE", "!WRONG_STATE", "ComplaintContested > IN_PROGRESS",
      "!WINDOW_PASSED", "!WRONG_STATE"}},
    {Command::kReopenComplaint,
     {"!COMPLAINT_NOT_FOUND", "!WRONG_STATE", "!WRONG_STATE", "!WRONG_STATE", "ComplaintReopened > IN_PROGRESS",
      "!WINDOW_PASSED", "!WRONG_STATE"}},
    {Command::kWithdrawComplaint,
     {"!COMPLAINT_NOT_FOUND", "ComplaintWithdrawn > WITHDRAWN", "ComplaintWithdrawn > WITHDRAWN",
      "ComplaintWithdrawn > WITHDRAWN", "!WRONG_STATE", "!WRONG_STATE", "-"}},
    {Command::kAmendComplaint,
     {"!COMPLAINT_NOT_FOUND", "=ComplaintAmended", "=ComplaintAmended", "=ComplaintAmended", "=ComplaintAmended",
      "=ComplaintAmended", "=ComplaintAmended"}},
    {Command::kAddMessage,
     {"!COMPLAINT_NOT_FOUND", "=MessageAdded", "=MessageAdded", "=MessageAdded", "=MessageAdded", "=MessageAdded",
      "=MessageAdded"}},
    {Command::kAddNote,
     {"!COMPLAINT_NOT_FOUND", "=NoteAdded", "=NoteAdded", "=NoteAdded", "=NoteAdded", "=NoteAdded", "=NoteAdded"}},
    {Command::kAddAttachment,
     {"!COMPLAINT_NOT_FOUND", "=AttachmentAdded", "=AttachmentAdded", "=AttachmentAdded", "=AttachmentAdded",
      "=AttachmentAdded", "=AttachmentAdded"}},
    {Command::kRecordFact,
     {"!COMPLAINT_NOT_FOUND", "=FactRecorded", "=FactRecorded", "=FactRecorded", "=FactRecorded", "=FactRecorded",
      "=FactRecorded"}},
    // The window has not passed at the moment asked, so RESOLVED stays; see the rules below for when it has.
    {Command::kCloseComplaint, {"-", "-", "-", "-", "-", "-", "-"}},
    {Command::kNoteAssignment,
     {"-", "=AssignmentNoted", "=AssignmentNoted", "=AssignmentNoted", "=AssignmentNoted", "=AssignmentNoted",
      "=AssignmentNoted"}},
    {Command::kNoteVisit,
     {"-", "=VisitNoted", "=VisitNoted", "=VisitNoted", "=VisitNoted", "=VisitNoted", "=VisitNoted"}},
    {Command::kNoteAlarm,
     {"-", "=AlarmNoted", "=AlarmNoted", "=AlarmNoted", "=AlarmNoted", "=AlarmNoted", "=AlarmNoted"}},
    {Command::kEraseTexts,
     {"-", "=PersonTextsErased", "=PersonTextsErased", "=PersonTextsErased", "=PersonTextsErased", "=PersonTextsErased",
      "=PersonTextsErased"}},
    {Command::kNoteKeysDestroyed,
     {"-", "=KeysDestroyed", "=KeysDestroyed", "=KeysDestroyed", "=KeysDestroyed", "=KeysDestroyed", "=KeysDestroyed"}},
    {Command::kRedactText,
     {"!COMPLAINT_NOT_FOUND", "=TextRedacted", "=TextRedacted", "=TextRedacted", "=TextRedacted", "=TextRedacted",
      "=TextRedacted"}},
    {Command::kSetLegalHold,
     {"!COMPLAINT_NOT_FOUND", "=LegalHoldSet", "=LegalHoldSet", "=LegalHoldSet", "=LegalHoldSet", "=LegalHoldSet",
      "=LegalHoldSet"}},
    // None stands; see complaint_retention_test.cc for when one does, and for texts that have been kept long enough.
    {Command::kLiftLegalHold,
     {"!COMPLAINT_NOT_FOUND", "!HOLD_NOT_FOUND", "!HOLD_NOT_FOUND", "!HOLD_NOT_FOUND", "!HOLD_NOT_FOUND",
      "!HOLD_NOT_FOUND", "!HOLD_NOT_FOUND"}},
    {Command::kExpireTexts, {"-", "-", "-", "-", "-", "-", "-"}},
};

TEST(EveryStateAndCommand, MeetAsTheTableSays) {
  std::set<std::pair<int, int>> pairs;
  for (const Row& row : kEveryPair) {
    for (int state = 0; state < kStates; ++state) {
      std::string then = row.then[state];
      if (then[0] == '=') then = absl::StrCat(then.substr(1), " > ", NameOf(static_cast<State>(state)));
      EXPECT_EQ(Meet(CanonicalGiven(state), Plain(row.command), CanonicalNow(state)), then)
          << "command " << row.command << " in " << NameOf(static_cast<State>(state));
      pairs.insert({state, row.command});
    }
  }
  EXPECT_EQ(pairs.size(), std::size(kComplaintCommands) * kStates);
  EXPECT_EQ(Fold({}).state(), 0);
}

Command Resolve(types::v1::Outcome outcome, Millis at = 0) {
  Command command;
  command.mutable_resolve_complaint()->set_outcome(outcome);
  command.mutable_resolve_complaint()->mutable_when()->set_occurred_at(at);
  return command;
}
Command Contest(Millis at = 0) {
  Command command;
  command.mutable_contest_complaint()->mutable_when()->set_occurred_at(at);
  return command;
}
Command Reopen(Millis at = 0) {
  Command command;
  command.mutable_reopen_complaint()->mutable_when()->set_occurred_at(at);
  return command;
}
Command NoteVisit(const Event& visit) {
  Command command;
  *command.mutable_note_visit()->mutable_visit() = visit.visit_noted();
  return command;
}
Command WithText(Command command) {
  types::v1::Sealed sealed;
  sealed.set_box("box");
  switch (command.kind_case()) {
    case Command::kAddMessage: *command.mutable_add_message()->mutable_text() = sealed; break;
    case Command::kAmendComplaint: *command.mutable_amend_complaint()->mutable_description() = sealed; break;
    case Command::kResolveComplaint: *command.mutable_resolve_complaint()->mutable_text() = sealed; break;
    default: break;
  }
  return command;
}
Command Acknowledge(Millis at, bool may_backdate = false, const std::string& reason = "") {
  Command command;
  auto* when = command.mutable_acknowledge_complaint()->mutable_when();
  when->set_occurred_at(at);
  when->set_may_backdate(may_backdate);
  when->set_reason(reason);
  return command;
}
Command Fact(types::v1::FactKind kind) {
  Command command;
  command.mutable_record_fact()->mutable_fact()->set_kind(kind);
  return command;
}

struct Case {
  const char* name;
  std::vector<Event> given;
  Command when;
  Millis now;
  std::string then;
};

void ExpectAll(const std::vector<Case>& cases) {
  for (const Case& c : cases) EXPECT_EQ(Meet(c.given, c.when, c.now), c.then) << c.name;
}

TEST(Resolving, EndsARound) {
  const Millis now = kResolvedAt + 2 * kHour;
  const auto praise = types::v1::COMPLAINT_KIND_PRAISE;
  Command answer;
  answer.mutable_answer_complaint();
  ExpectAll({
      {"first_call_fix", {Received()}, Resolve(types::v1::OUTCOME_FIXED), now, "ComplaintResolved > RESOLVED"},
      {"another_outcome_afterwards",
       {Received(), ResolvedAs()},
       Resolve(types::v1::OUTCOME_NOT_OURS),
       now,
       "!WRONG_STATE"},
      {"no_outcome", {Received()}, Resolve(types::v1::OUTCOME_UNSPECIFIED), now, "!WRONG_OUTCOME"},
      {"before_receipt",
       {Received()},
       Resolve(types::v1::OUTCOME_FIXED, kReceivedAt - 1),
       kReceivedAt + kHour,
       "!BEFORE_RECEIPT"},
      {"at_receipt",
       {Received()},
       Resolve(types::v1::OUTCOME_FIXED, kReceivedAt),
       kReceivedAt + kHour,
       "ComplaintResolved > RESOLVED"},
      {"before_the_reopening",
       {Received(), ResolvedAs(), Contested()},
       Resolve(types::v1::OUTCOME_FIXED, kResolvedAt + kMinute),
       now,
       "!BEFORE_REOPENING"},
      {"second_round",
       {Received(), ResolvedAs(), Contested()},
       Resolve(types::v1::OUTCOME_FIXED),
       now,
       "ComplaintResolved > RESOLVED"},
      {"praise_ends_answered", {Received(praise)}, answer, now, "ComplaintAnswered ComplaintResolved > RESOLVED"},
      {"praise_is_not_fixed", {Received(praise)}, Resolve(types::v1::OUTCOME_FIXED), now, "!WRONG_OUTCOME"},
      {"praise_may_be_a_duplicate",
       {Received(praise)},
       Resolve(types::v1::OUTCOME_DUPLICATE),
       now,
       "ComplaintResolved > RESOLVED"},
      {"answered_again_after_its_end",
       {Received(praise), ResolvedAs(types::v1::OUTCOME_ANSWERED)},
       answer,
       now,
       "ComplaintAnswered > RESOLVED"},
  });
}

TEST(Resolving, SaysUntilWhenItMayBeContestedAndWhichRoundItEnds) {
  const auto events =
      Decide(Fold({Received(), ResolvedAs(), Contested()}), Resolve(types::v1::OUTCOME_FIXED, kResolvedAt + 2 * kHour),
             {kName, kResolvedAt + 3 * kHour});
  ASSERT_TRUE(events.ok()) << events.status();
  EXPECT_EQ(events->front().complaint_resolved().window_ends_at(), kResolvedAt + 2 * kHour + kWindow);
  EXPECT_EQ(events->front().complaint_resolved().round(), 1);
}

TEST(Contesting, IsJudgedByTheWindowWhetherOrNotTheTimerFired) {
  ExpectAll({
      {"last_instant",
       {Received(), ResolvedAs()},
       Contest(kWindowEnd - 1),
       kWindowEnd - 1,
       "ComplaintContested > IN_PROGRESS"},
      {"too_late_before_the_timer", {Received(), ResolvedAs()}, Contest(kWindowEnd), kWindowEnd, "!WINDOW_PASSED"},
      {"told_late_after_the_timer",
       {Received(), ResolvedAs(), Closed()},
       Contest(kWindowEnd - 1),
       kWindowEnd + kMinute,
       "ComplaintContested > IN_PROGRESS"},
      {"reopened_after_the_timer",
       {Received(), ResolvedAs(), Closed()},
       Reopen(kWindowEnd - 1),
       kWindowEnd + kMinute,
       "ComplaintReopened > IN_PROGRESS"},
      {"before_the_resolution",
       {Received(), ResolvedAs()},
       Contest(kResolvedAt - 1),
       kResolvedAt + kMinute,
       "!BEFORE_RESOLUTION"},
      {"twice", {Received(), ResolvedAs(), Contested()}, Contest(), kResolvedAt + 2 * kHour, "-"},
      {"reopened_twice", {Received(), ResolvedAs(), Reopened()}, Reopen(), kResolvedAt + 2 * kHour, "-"},
      {"contested_when_reopened_by_others",
       {Received(), ResolvedAs(), Reopened()},
       Contest(),
       kResolvedAt + 2 * kHour,
       "!WRONG_STATE"},
      {"confirmed_and_yet_contested",
       {Received(), ResolvedAs(), Confirmed()},
       Contest(),
       kResolvedAt + 2 * kHour,
       "ComplaintContested > IN_PROGRESS"},
  });
}

TEST(Contesting, TooLateTellsTheWayOut) {
  const auto refused = Decide(Fold({Received(), ResolvedAs(), Closed()}), Contest(), {kName, kWindowEnd + kDay});
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.status().message()), ::testing::HasSubstr("CLOSED"));
  EXPECT_THAT(std::string(refused.status().message()), ::testing::HasSubstr("recurrence_of = complaints/01"));
}

TEST(Confirming, KeepsTheStateAndTheWindow) {
  Command confirm;
  confirm.mutable_confirm_complaint();
  EXPECT_EQ(Meet({Received(), ResolvedAs(), Confirmed()}, confirm, kResolvedAt + kHour), "-");
  const Complaint state = Fold({Received(), ResolvedAs(), Confirmed()});
  EXPECT_EQ(state.window_ends_at(), kWindowEnd);
  EXPECT_EQ(state.confirmed_at(), kResolvedAt + kMinute);
}

TEST(Closing, ComesWhenTheWindowHasPassed) {
  Command close;
  close.mutable_close_complaint();
  EXPECT_EQ(Meet({Received(), ResolvedAs()}, close, kWindowEnd - 1), "-");
  EXPECT_EQ(Meet({Received(), ResolvedAs()}, close, kWindowEnd), "ComplaintClosed > CLOSED");
  const auto late = Decide(Fold({Received(), ResolvedAs()}), close, {kName, kWindowEnd + kDay});
  EXPECT_EQ(late->front().complaint_closed().occurred_at(), kWindowEnd);
  EXPECT_EQ(late->front().complaint_closed().fired_at(), kWindowEnd + kDay);
}

TEST(Acknowledging, AfterTheStartIsAFact) {
  EXPECT_EQ(Meet({Received(), Started()}, Acknowledge(0), kResolvedAt), "FactRecorded > IN_PROGRESS");
  EXPECT_EQ(Meet({Received(), Acknowledged(), Started()}, Acknowledge(0), kResolvedAt), "-");
}

TEST(OccurredAt, IsBelievedWithinBounds) {
  const Millis now = kReceivedAt + 3 * kDay;
  ExpectAll({
      {"five_minutes_ahead", {Received()}, Acknowledge(now + kMayBeAhead), now, "ComplaintAcknowledged > ACKNOWLEDGED"},
      {"further_ahead", {Received()}, Acknowledge(now + kMayBeAhead + 1), now, "!OCCURRED_AT_AHEAD"},
      {"a_day_back", {Received()}, Acknowledge(now - kMayBeBack), now, "ComplaintAcknowledged > ACKNOWLEDGED"},
      {"further_back", {Received()}, Acknowledge(now - kMayBeBack - 1), now, "!BACKDATING_NEEDS_PERMISSION"},
      {"further_back_with_permission_alone",
       {Received()},
       Acknowledge(now - kMayBeBack - 1, true),
       now,
       "!BACKDATING_NEEDS_REASON"},
      {"further_back_with_both",
       {Received()},
       Acknowledge(now - kMayBeBack - 1, true, "letter_found"),
       now,
       "ComplaintAcknowledged > ACKNOWLEDGED"},
  });
}

TEST(Visits, ResolveWhenNoneIsOpenAndTheLastEndedFixed) {
  const Millis t = kReceivedAt + kHour;
  const Millis now = t + kDay;
  const auto booked = Visit(VisitNoted::STAGE_BOOKED, t);
  const auto other = Visit(VisitNoted::STAGE_BOOKED, t, "", "interventions/02");
  const auto fixed = Visit(VisitNoted::STAGE_DONE, t + kHour, "fixed", "interventions/01", 2);
  const auto parts = Visit(VisitNoted::STAGE_DONE, t + kHour, "parts_awaited", "interventions/01", 2);
  const auto other_cancelled = Visit(VisitNoted::STAGE_CANCELLED, t + 2 * kHour, "", "interventions/02", 2);
  const auto other_no_access = Visit(VisitNoted::STAGE_NO_ACCESS, t + 2 * kHour, "", "interventions/02", 2);
  ExpectAll({
      {"begun",
       {Received()},
       NoteVisit(Visit(VisitNoted::STAGE_STARTED, t)),
       now,
       "VisitNoted ComplaintStarted > IN_PROGRESS"},
      {"fixed", {Received(), booked}, NoteVisit(fixed), now, "VisitNoted ComplaintResolved > RESOLVED"},
      {"not_fixed", {Received(), booked}, NoteVisit(parts), now, "VisitNoted > RECEIVED"},
      {"another_is_open", {Received(), booked, other}, NoteVisit(fixed), now, "VisitNoted > RECEIVED"},
      {"the_open_one_is_cancelled",
       {Received(), booked, other, fixed},
       NoteVisit(other_cancelled),
       now,
       "VisitNoted ComplaintResolved > RESOLVED"},
      {"a_later_one_found_nobody",
       {Received(), booked, other, fixed},
       NoteVisit(other_no_access),
       now,
       "VisitNoted > RECEIVED"},
      {"told_twice", {Received(), booked, fixed, ResolvedAs()}, NoteVisit(fixed), now, "-"},
      {"after_the_end", {Received(), booked, Withdrawn()}, NoteVisit(fixed), now, "VisitNoted > WITHDRAWN"},
      {"of_an_earlier_round",
       {Received(), booked, ResolvedAs(), Contested(t + 3 * kHour)},
       NoteVisit(fixed),
       now,
       "VisitNoted > IN_PROGRESS"},
      {"before_the_receipt",
       {Received()},
       NoteVisit(Visit(VisitNoted::STAGE_DONE, kReceivedAt - 1, "fixed")),
       now,
       "VisitNoted > RECEIVED"},
  });
}

TEST(Visits, GiveTheResolutionTheirTime) {
  const Millis end = kReceivedAt + 3 * kHour;
  const auto events =
      Decide(Fold({Received()}), NoteVisit(Visit(VisitNoted::STAGE_DONE, end, "fixed")), {kName, end + kDay});
  ASSERT_EQ(events->size(), 2u);
  EXPECT_EQ((*events)[1].complaint_resolved().occurred_at(), end);
  EXPECT_EQ((*events)[1].complaint_resolved().intervention(), "interventions/01");
  EXPECT_EQ((*events)[1].complaint_resolved().window_ends_at(), end + kWindow);
}

TEST(Visits, StillOpenAtTheEndAreMarked) {
  const auto events = Decide(Fold({Received(), Withdrawn()}),
                             NoteVisit(Visit(VisitNoted::STAGE_REQUESTED, kReceivedAt + kHour)), {kName, kResolvedAt});
  EXPECT_TRUE(events->front().visit_noted().complaint_ended());
}

TEST(Notes, AreTakenOnceEach) {
  const Millis now = kResolvedAt;
  Command assignment = Plain(Command::kNoteAssignment);
  Event assigned;
  *assigned.mutable_assignment_noted() = assignment.note_assignment().assignment();
  Event alarmed;
  *alarmed.mutable_alarm_noted() = Plain(Command::kNoteAlarm).note_alarm().alarm();
  Event attached;
  *attached.mutable_attachment_added()->mutable_attachment() =
      Plain(Command::kAddAttachment).add_attachment().attachment();
  Command same_amendment;
  same_amendment.mutable_amend_complaint()->set_category("lift");
  ExpectAll({
      {"assignment", {Received(), assigned}, assignment, now, "-"},
      {"alarm", {Received(), alarmed}, Plain(Command::kNoteAlarm), now, "-"},
      {"attachment", {Received(), attached}, Plain(Command::kAddAttachment), now, "-"},
      {"amendment_that_changes_nothing", {Received()}, same_amendment, now, "-"},
      {"texts_erased", {Received(), Erased()}, Plain(Command::kEraseTexts), now, "-"},
  });
  Command other_person;
  other_person.mutable_erase_texts()->set_person("people/02");
  EXPECT_EQ(Meet({Received()}, other_person, now), "-");
}

TEST(Facts, WithACommandOfTheirOwnAreRecordedByIt) {
  for (const auto kind : {types::v1::FACT_KIND_RECEIVED, types::v1::FACT_KIND_ACKNOWLEDGED,
                          types::v1::FACT_KIND_ANSWERED, types::v1::FACT_KIND_RESOLVED, types::v1::FACT_KIND_REOPENED,
                          types::v1::FACT_KIND_WITHDRAWN, types::v1::FACT_KIND_ASSIGNED}) {
    EXPECT_EQ(Meet({Received()}, Fact(kind), kResolvedAt), "!FACT_HAS_COMMAND") << kind;
  }
}

TEST(ErasedTexts, TakeNoMore) {
  const std::vector<Event> given = {Received(), ResolvedAs(), Erased()};
  const Millis now = kResolvedAt + kHour;
  Command message;
  message.mutable_add_message();
  Command amend;
  amend.mutable_amend_complaint();
  EXPECT_EQ(Meet(given, WithText(message), now), "!TEXTS_ERASED");
  EXPECT_EQ(Meet(given, WithText(amend), now), "!TEXTS_ERASED");
  EXPECT_EQ(Meet(given, Contest(), now), "ComplaintContested > IN_PROGRESS");
}

TEST(Scope, HidesWhatIsOfOtherAgencies) {
  Command command = Plain(Command::kAcknowledgeComplaint);
  command.mutable_scope()->add_agencies("A2");
  EXPECT_EQ(Meet({Received()}, command, kResolvedAt), "!COMPLAINT_NOT_FOUND");
  command.mutable_scope()->add_agencies("A1");
  EXPECT_EQ(Meet({Received()}, command, kResolvedAt), "ComplaintAcknowledged > ACKNOWLEDGED");
}

}  // namespace
}  // namespace redress::intake
