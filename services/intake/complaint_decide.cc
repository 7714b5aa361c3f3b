#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/clock/instant_text.h"
#include "libs/status/macros.h"
#include "services/intake/complaint_rules.h"
#include "services/intake/intake_errors.h"

namespace redress::intake {
namespace {

using rows::v1::RoundBegan;

// As in "cannot be acknowledged".
absl::string_view WhatIsDone(Command::KindCase command) {
  switch (command) {
    case Command::kAcknowledgeComplaint: return "acknowledged";
    case Command::kStartComplaint: return "started";
    case Command::kResolveComplaint: return "resolved";
    case Command::kConfirmComplaint: return "confirmed";
    case Command::kContestComplaint: return "contested";
    case Command::kReopenComplaint: return "reopened";
    case Command::kWithdrawComplaint: return "withdrawn";
    default: return "changed so";
  }
}

// The time of a transition: not before the receipt, nor before the present round.
absl::StatusOr<Millis> TransitionAt(const Complaint& state, const commands::v1::When& when, const Moment& moment) {
  ASSIGN_OR_RETURN(const Millis at, SinceReceipt(state, when, moment));
  if (when.occurred_at() == 0) return std::max(at, state.round_began_at());
  if (state.round() > 0 && at < state.round_began_at()) {
    return BadArgument("BEFORE_REOPENING",
                       absl::StrCat("occurred_time: ", InstantText(at), " is before the re-opening at ",
                                    InstantText(state.round_began_at())));
  }
  return at;
}

Decision DecideSubmit(const commands::v1::SubmitComplaint& command, const Moment& moment) {
  Event event;
  *event.mutable_complaint_received() = command.complaint();
  // "Now" is nobody's claim: after a step of a clock it may lie far from the shard's time, and is right all the same.
  if (command.received_now()) return One(std::move(event));
  commands::v1::When when;
  when.set_occurred_at(command.complaint().occurred_at());
  when.set_may_backdate(command.may_backdate());
  when.set_reason(command.complaint().backdating_reason());
  ASSIGN_OR_RETURN(const Millis at, OccurredAt(when, moment));
  event.mutable_complaint_received()->set_occurred_at(at);
  return One(std::move(event));
}

Decision DecideAcknowledge(const Complaint& state, const commands::v1::AcknowledgeComplaint& command,
                           const Moment& moment) {
  if (state.acknowledged_at() != 0) return Nothing();
  ASSIGN_OR_RETURN(const Millis at, TransitionAt(state, command.when(), moment));
  Event event;
  if (state.state() == rows::v1::STATE_IN_PROGRESS) {
    // Work began first: the acknowledgement is a fact that moves nothing.
    auto* fact = event.mutable_fact_recorded()->mutable_fact();
    fact->set_kind(types::v1::FACT_KIND_ACKNOWLEDGED);
    fact->set_occurred_at(at);
    fact->set_reason(command.when().reason());
  } else {
    event.mutable_complaint_acknowledged()->set_occurred_at(at);
    event.mutable_complaint_acknowledged()->set_reason(command.when().reason());
  }
  return One(std::move(event));
}

Decision DecideStart(const Complaint& state, const commands::v1::StartComplaint& command, const Moment& moment) {
  ASSIGN_OR_RETURN(const Millis at, TransitionAt(state, command.when(), moment));
  Event event;
  event.mutable_complaint_started()->set_occurred_at(at);
  event.mutable_complaint_started()->set_reason(command.when().reason());
  return One(std::move(event));
}

}  // namespace

Event Resolved(const Complaint& state, Millis at, types::v1::Outcome outcome) {
  Event event;
  auto* resolved = event.mutable_complaint_resolved();
  resolved->set_occurred_at(at);
  resolved->set_outcome(outcome);
  resolved->set_window_ends_at(at + state.reopen_window_ms());
  resolved->set_round(state.round());
  return event;
}

namespace {

Decision DecideAnswer(const Complaint& state, const commands::v1::AnswerComplaint& command, const Moment& moment) {
  RETURN_IF_ERROR(CheckTextMayBeKept(state, command.has_text() ? &command.text() : nullptr, moment));
  const bool ends = EndsWithAnswer(state.kind()) && IsOpen(state.state());
  ASSIGN_OR_RETURN(const Millis at,
                   ends ? TransitionAt(state, command.when(), moment) : SinceReceipt(state, command.when(), moment));
  Event event;
  auto* answered = event.mutable_complaint_answered();
  answered->set_occurred_at(at);
  answered->set_stage(std::max(command.stage(), 1u));
  answered->set_reason(command.when().reason());
  if (command.has_text()) *answered->mutable_text() = command.text();
  std::vector<Event> events = One(std::move(event));
  if (ends) events.push_back(Resolved(state, at, types::v1::OUTCOME_ANSWERED));
  return events;
}

absl::Status CheckOutcome(const Complaint& state, types::v1::Outcome outcome) {
  if (outcome == types::v1::OUTCOME_UNSPECIFIED) {
    return BadArgument("WRONG_OUTCOME", "outcome: is missing");
  }
  if (EndsWithAnswer(state.kind()) &&
      (outcome == types::v1::OUTCOME_FIXED || outcome == types::v1::OUTCOME_NOT_UPHELD)) {
    return BadArgument("WRONG_OUTCOME",
                       "outcome: praise, suggestions and expressed needs end ANSWERED, NOT_OURS or DUPLICATE");
  }
  return absl::OkStatus();
}

Decision DecideResolve(const Complaint& state, const commands::v1::ResolveComplaint& command, const Moment& moment) {
  RETURN_IF_ERROR(CheckOutcome(state, command.outcome()));
  if (state.state() == rows::v1::STATE_RESOLVED) {
    if (state.outcome() == command.outcome()) return Nothing();
    return WrongState(moment.name, "RESOLVED", "resolved again with another outcome");
  }
  RETURN_IF_ERROR(CheckTextMayBeKept(state, command.has_text() ? &command.text() : nullptr, moment));
  ASSIGN_OR_RETURN(const Millis at, TransitionAt(state, command.when(), moment));
  Event event = Resolved(state, at, command.outcome());
  event.mutable_complaint_resolved()->set_reason(command.when().reason());
  if (command.has_text()) *event.mutable_complaint_resolved()->mutable_text() = command.text();
  return One(std::move(event));
}

// The time of something said about the last resolution.
absl::StatusOr<Millis> AfterResolution(const Complaint& state, const commands::v1::When& when, const Moment& moment) {
  ASSIGN_OR_RETURN(const Millis at, OccurredAt(when, moment));
  if (when.occurred_at() == 0) return std::max(at, state.resolved_at());
  if (at < state.resolved_at()) {
    return BadArgument("BEFORE_RESOLUTION",
                       absl::StrCat("occurred_time: ", InstantText(at), " is before the resolution at ",
                                    InstantText(state.resolved_at())));
  }
  return at;
}

Decision DecideConfirm(const Complaint& state, const commands::v1::ConfirmComplaint& command, const Moment& moment) {
  if (state.confirmed_at() != 0) return Nothing();
  ASSIGN_OR_RETURN(const Millis at, AfterResolution(state, command.when(), moment));
  Event event;
  event.mutable_complaint_confirmed()->set_occurred_at(at);
  event.mutable_complaint_confirmed()->set_reason(command.when().reason());
  return One(std::move(event));
}

// Contest and Reopen: whether there is something to do, and when it happened.
absl::StatusOr<Millis> ReopeningAt(const Complaint& state, const commands::v1::When& when, const Moment& moment) {
  ASSIGN_OR_RETURN(const Millis at, AfterResolution(state, when, moment));
  if (at >= state.window_ends_at()) return WindowPassed(moment.name, NameOf(state.state()), state.window_ends_at());
  return at;
}

Decision DecideContest(const Complaint& state, const commands::v1::ContestComplaint& command, const Moment& moment) {
  if (IsOpen(state.state())) {
    if (state.round_began() == rows::v1::ROUND_BEGAN_BY_CONTEST) return Nothing();
    return WrongState(moment.name, NameOf(state.state()), "contested");
  }
  RETURN_IF_ERROR(CheckTextMayBeKept(state, command.has_text() ? &command.text() : nullptr, moment));
  ASSIGN_OR_RETURN(const Millis at, ReopeningAt(state, command.when(), moment));
  Event event;
  event.mutable_complaint_contested()->set_occurred_at(at);
  event.mutable_complaint_contested()->set_reason(command.when().reason());
  if (command.has_text()) *event.mutable_complaint_contested()->mutable_text() = command.text();
  return One(std::move(event));
}

Decision DecideReopen(const Complaint& state, const commands::v1::ReopenComplaint& command, const Moment& moment) {
  if (IsOpen(state.state())) {
    if (state.round_began() == rows::v1::ROUND_BEGAN_BY_REOPENING) return Nothing();
    return WrongState(moment.name, NameOf(state.state()), "reopened");
  }
  ASSIGN_OR_RETURN(const Millis at, ReopeningAt(state, command.when(), moment));
  Event event;
  event.mutable_complaint_reopened()->set_occurred_at(at);
  event.mutable_complaint_reopened()->set_reason(command.when().reason());
  return One(std::move(event));
}

Decision DecideWithdraw(const Complaint& state, const commands::v1::WithdrawComplaint& command, const Moment& moment) {
  ASSIGN_OR_RETURN(const Millis at, TransitionAt(state, command.when(), moment));
  Event event;
  event.mutable_complaint_withdrawn()->set_occurred_at(at);
  event.mutable_complaint_withdrawn()->set_reason(command.when().reason());
  event.mutable_complaint_withdrawn()->set_round(state.round());
  return One(std::move(event));
}

Decision DecideClose(const Complaint& state, const Moment& moment) {
  if (moment.now < state.window_ends_at()) return Nothing();
  Event event;
  event.mutable_complaint_closed()->set_occurred_at(state.window_ends_at());
  event.mutable_complaint_closed()->set_fired_at(moment.now);
  return One(std::move(event));
}

Decision NoteKeysDestroyed(const commands::v1::NoteKeysDestroyed& command) {
  Event event;
  *event.mutable_keys_destroyed()->mutable_key_ids() = command.key_ids();
  return One(std::move(event));
}

Decision DecideByKind(const Complaint& state, const Command& command, const Moment& moment) {
  switch (command.kind_case()) {
    case Command::kSubmitComplaint: return DecideSubmit(command.submit_complaint(), moment);
    case Command::kImportComplaint: return DecideImport(state, command.import_complaint(), moment);
    case Command::kAcknowledgeComplaint: return DecideAcknowledge(state, command.acknowledge_complaint(), moment);
    case Command::kStartComplaint: return DecideStart(state, command.start_complaint(), moment);
    case Command::kAnswerComplaint: return DecideAnswer(state, command.answer_complaint(), moment);
    case Command::kResolveComplaint: return DecideResolve(state, command.resolve_complaint(), moment);
    case Command::kConfirmComplaint: return DecideConfirm(state, command.confirm_complaint(), moment);
    case Command::kContestComplaint: return DecideContest(state, command.contest_complaint(), moment);
    case Command::kReopenComplaint: return DecideReopen(state, command.reopen_complaint(), moment);
    case Command::kWithdrawComplaint: return DecideWithdraw(state, command.withdraw_complaint(), moment);
    case Command::kAmendComplaint: return DecideAmend(state, command.amend_complaint(), moment);
    case Command::kAddMessage: return DecideAddMessage(state, command.add_message(), moment);
    case Command::kAddNote: return DecideAddNote(state, command.add_note(), moment);
    case Command::kAddAttachment: return DecideAddAttachment(state, command.add_attachment(), moment);
    case Command::kRecordFact: return DecideRecordFact(state, command.record_fact(), moment);
    case Command::kCloseComplaint: return DecideClose(state, moment);
    case Command::kNoteAssignment: return DecideNoteAssignment(state, command.note_assignment());
    case Command::kNoteVisit: return DecideNoteVisit(state, command.note_visit());
    case Command::kNoteAlarm: return DecideNoteAlarm(state, command.note_alarm());
    case Command::kEraseTexts: return DecideEraseTexts(state, command.erase_texts());
    case Command::kNoteKeysDestroyed: return NoteKeysDestroyed(command.note_keys_destroyed());
    case Command::kRedactText: return DecideRedactText(state, command.redact_text(), moment);
    case Command::kSetLegalHold: return DecideSetHold(state, command.set_legal_hold(), moment);
    case Command::kLiftLegalHold: return DecideLiftHold(state, command.lift_legal_hold(), moment);
    case Command::kExpireTexts: return DecideExpireTexts(state, moment);
    default: return absl::InternalError("no command on a complaint");
  }
}

}  // namespace

absl::StatusOr<Millis> OccurredAt(const commands::v1::When& when, const Moment& moment) {
  if (when.occurred_at() == 0) return moment.now;
  if (when.occurred_at() > moment.now + kMayBeAhead) {
    return BadArgument("OCCURRED_AT_AHEAD", absl::StrCat("occurred_time: ", InstantText(when.occurred_at()),
                                                         " is more than 5 minutes ahead of ", InstantText(moment.now)));
  }
  if (when.occurred_at() >= moment.now - kMayBeBack) return when.occurred_at();
  if (!when.may_backdate()) {
    return BadArgument("BACKDATING_NEEDS_PERMISSION",
                       "occurred_time: more than 24 hours back needs the permission record_backdated_facts");
  }
  if (when.reason().empty()) {
    return BadArgument("BACKDATING_NEEDS_REASON", "reason: is needed for what happened more than 24 hours ago");
  }
  return when.occurred_at();
}

absl::StatusOr<Millis> SinceReceipt(const Complaint& state, const commands::v1::When& when, const Moment& moment) {
  ASSIGN_OR_RETURN(const Millis at, OccurredAt(when, moment));
  // A receipt may lie a little ahead; what is told without a time comes after it.
  if (when.occurred_at() == 0) return std::max(at, state.received_at());
  if (at < state.received_at()) {
    return BadArgument("BEFORE_RECEIPT", absl::StrCat("occurred_time: ", InstantText(at), " is before the receipt at ",
                                                      InstantText(state.received_at())));
  }
  return at;
}

bool InScope(const Complaint& state, const Command& command) {
  if (!command.has_scope() || command.scope().all_agencies()) return true;
  const auto& agencies = command.scope().agencies();
  return !state.placement().agency().empty() &&
         std::find(agencies.begin(), agencies.end(), state.placement().agency()) != agencies.end();
}

Decision Decide(const Complaint& state, const Command& command, const Moment& moment) {
  if (state.state() != rows::v1::STATE_UNSPECIFIED && !InScope(state, command)) return ComplaintNotFound(moment.name);
  switch (RuleOf(state.state(), command.kind_case())) {
    case Rule::kDecide: return DecideByKind(state, command, moment);
    case Rule::kNothing: return Nothing();
    case Rule::kRefuse: return WrongState(moment.name, NameOf(state.state()), WhatIsDone(command.kind_case()));
    case Rule::kNotFound: return ComplaintNotFound(moment.name);
    case Rule::kExists: return ComplaintExists(moment.name);
  }
  return absl::InternalError("no such rule");
}

}  // namespace redress::intake
