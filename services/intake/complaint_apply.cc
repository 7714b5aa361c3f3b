#include <algorithm>

#include "services/intake/complaint_rules.h"
#include "services/intake/legal_hold.h"

namespace redress::intake {
namespace {

void ApplyReceived(const events::v1::ComplaintReceived& event, Complaint* state) {
  state->set_state(rows::v1::STATE_RECEIVED);
  state->set_kind(event.kind());
  state->set_category(event.category());
  state->set_channel(event.channel());
  state->set_urgency(event.urgency());
  *state->mutable_placement() = event.placement();
  state->set_language(event.language());
  state->set_care_level(event.care_level());
  state->set_person(event.person());
  state->set_person_key(event.person_key());
  state->set_text_key(event.text_key());
  if (event.has_description()) *state->mutable_description() = event.description();
  if (event.has_dwelling()) *state->mutable_dwelling() = event.dwelling();
  if (event.has_access_note()) *state->mutable_access_note() = event.access_note();
  if (event.has_tracking_code()) *state->mutable_tracking_code() = event.tracking_code();
  if (event.has_external_reference()) *state->mutable_external_reference() = event.external_reference();
  state->set_reopen_window_ms(event.reopen_window_ms());
  state->set_retention_ms(event.retention_ms());
  *state->mutable_attachments() = event.attachments();
  state->set_recurrence_of(event.recurrence_of());
  state->set_campaign(event.campaign());
  state->set_received_at(event.occurred_at());
}

void ApplyImported(const events::v1::ComplaintImported& event, Complaint* state) {
  state->set_state(rows::v1::STATE_RECEIVED);
  state->set_imported(true);
  *state->mutable_external_reference() = event.source();
  state->set_kind(event.kind());
  state->set_category(event.category());
  state->set_channel(event.channel());
  state->set_urgency(event.urgency());
  *state->mutable_placement() = event.placement();
  state->set_text_key(event.text_key());
  if (event.has_description()) *state->mutable_description() = event.description();
  if (event.has_handler_names()) *state->mutable_handler_names() = event.handler_names();
  state->set_reopen_window_ms(event.reopen_window_ms());
  state->set_retention_ms(event.retention_ms());
  state->set_due_at(event.due_at());
  *state->mutable_flags() = event.flags();
  state->set_content_hash(event.content_hash());
  state->set_particulars_hash(event.particulars_hash());
  ApplyImportedFacts(event.facts(), event.closed(), state);
}

void ApplyFactsAdded(const events::v1::ImportedFactsAdded& event, Complaint* state) {
  state->set_content_hash(event.content_hash());
  *state->mutable_flags() = event.flags();
  ApplyImportedFacts(event.facts(), event.closed(), state);
}

void ApplyResolved(const events::v1::ComplaintResolved& event, Complaint* state) {
  state->set_state(rows::v1::STATE_RESOLVED);
  state->set_resolved_at(event.occurred_at());
  state->set_outcome(event.outcome());
  state->set_window_ends_at(event.window_ends_at());
  state->clear_confirmed_at();
}

void BeginRound(rows::v1::RoundBegan how, Millis at, Complaint* state) {
  state->set_state(rows::v1::STATE_IN_PROGRESS);
  state->set_round(state->round() + 1);
  state->set_round_began(how);
  state->set_round_began_at(at);
  state->clear_confirmed_at();
  state->clear_closed_at();
}

void ApplyAmended(const events::v1::ComplaintAmended& event, Complaint* state) {
  if (event.has_category()) state->set_category(event.category());
  if (event.has_reopen_window_ms()) state->set_reopen_window_ms(event.reopen_window_ms());
  if (event.has_retention_ms()) state->set_retention_ms(event.retention_ms());
  if (event.has_urgency()) state->set_urgency(event.urgency());
  if (event.has_placement()) *state->mutable_placement() = event.placement();
  if (event.has_kind()) state->set_kind(event.kind());
  if (event.has_care_level()) state->set_care_level(event.care_level());
  if (event.has_description()) *state->mutable_description() = event.description();
  if (event.has_dwelling()) *state->mutable_dwelling() = event.dwelling();
  if (event.has_access_note()) *state->mutable_access_note() = event.access_note();
}

void ApplyAssignment(const events::v1::AssignmentNoted& event, Complaint* state) {
  state->mutable_placement()->set_agency(event.agency());
  state->mutable_placement()->set_office(event.office());
  state->set_team(event.team());
  state->set_agent(event.agent());
  state->set_assignment_version(event.assignment_version());
}

void ApplyVisit(const events::v1::VisitNoted& event, Complaint* state) {
  rows::v1::Visit* visit = nullptr;
  for (rows::v1::Visit& known : *state->mutable_visits()) {
    if (known.intervention() == event.intervention()) visit = &known;
  }
  if (visit == nullptr) {
    visit = state->add_visits();
    visit->set_intervention(event.intervention());
    visit->set_round(state->round());
  }
  visit->set_stage(event.stage());
  visit->set_occurred_at(event.occurred_at());
  visit->set_result(event.result());
  visit->set_version(event.intervention_version());
  // A stage that names no window leaves the one that was promised.
  if (event.window_starts_at() != 0) {
    visit->set_window_starts_at(event.window_starts_at());
    visit->set_window_ends_at(event.window_ends_at());
  }
}

void ApplyAlarm(const events::v1::AlarmNoted& event, Complaint* state) {
  state->set_alarm_version(event.clock_version());
  if (event.breach()) {
    state->set_breaches(state->breaches() + 1);
  } else {
    state->set_warnings(state->warnings() + 1);
  }
}

}  // namespace

void Apply(const Event& event, Millis recorded_at, int64_t version, Complaint* state) {
  switch (event.kind_case()) {
    case Event::kComplaintReceived:
      ApplyReceived(event.complaint_received(), state);
      state->set_recorded_at(recorded_at);
      break;
    case Event::kComplaintImported:
      ApplyImported(event.complaint_imported(), state);
      state->set_recorded_at(recorded_at);
      break;
    case Event::kImportedFactsAdded: ApplyFactsAdded(event.imported_facts_added(), state); break;
    case Event::kComplaintAcknowledged:
      state->set_state(rows::v1::STATE_ACKNOWLEDGED);
      state->set_acknowledged_at(event.complaint_acknowledged().occurred_at());
      break;
    case Event::kComplaintStarted:
      state->set_state(rows::v1::STATE_IN_PROGRESS);
      state->set_started_at(event.complaint_started().occurred_at());
      break;
    case Event::kComplaintAnswered:
      state->set_answered_at(event.complaint_answered().occurred_at());
      state->set_answered_stage(event.complaint_answered().stage());
      break;
    case Event::kComplaintResolved: ApplyResolved(event.complaint_resolved(), state); break;
    case Event::kComplaintConfirmed: state->set_confirmed_at(event.complaint_confirmed().occurred_at()); break;
    case Event::kComplaintContested:
      BeginRound(rows::v1::ROUND_BEGAN_BY_CONTEST, event.complaint_contested().occurred_at(), state);
      break;
    case Event::kComplaintReopened:
      BeginRound(rows::v1::ROUND_BEGAN_BY_REOPENING, event.complaint_reopened().occurred_at(), state);
      break;
    case Event::kComplaintWithdrawn:
      state->set_state(rows::v1::STATE_WITHDRAWN);
      state->set_withdrawn_at(event.complaint_withdrawn().occurred_at());
      break;
    case Event::kComplaintClosed:
      state->set_state(rows::v1::STATE_CLOSED);
      state->set_closed_at(event.complaint_closed().occurred_at());
      break;
    case Event::kComplaintAmended: ApplyAmended(event.complaint_amended(), state); break;
    case Event::kMessageAdded: state->set_messages(state->messages() + 1); break;
    case Event::kNoteAdded: state->set_notes(state->notes() + 1); break;
    case Event::kAttachmentAdded: *state->add_attachments() = event.attachment_added().attachment(); break;
    case Event::kFactRecorded:
      if (event.fact_recorded().fact().kind() == types::v1::FACT_KIND_ACKNOWLEDGED) {
        state->set_acknowledged_at(event.fact_recorded().fact().occurred_at());
      }
      break;
    case Event::kAssignmentNoted: ApplyAssignment(event.assignment_noted(), state); break;
    case Event::kVisitNoted: ApplyVisit(event.visit_noted(), state); break;
    case Event::kAlarmNoted: ApplyAlarm(event.alarm_noted(), state); break;
    case Event::kPersonTextsErased:
    case Event::kTextsExpired: state->set_texts_erased(true); break;
    case Event::kLegalHoldSet:
    case Event::kLegalHoldLifted: ApplyLegalHold(event, recorded_at, state->mutable_legal_holds()); break;
    case Event::kKeysDestroyed: ApplyKeysDestroyed(event.keys_destroyed(), state); break;
    case Event::kTextRedacted: ApplyRedaction(event.text_redacted(), state); break;
    case Event::kPersonRegistered:
    case Event::kPersonErasureRequested:
    case Event::kPersonErased:
    case Event::kPersonExpiryDue:
    case Event::kPersonKept:
    case Event::KIND_NOT_SET: break;  // no complaint's
  }
  state->set_version(std::max(state->version(), version));
}

}  // namespace redress::intake
