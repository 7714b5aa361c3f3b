// How events fold into a visit.
#include "services/scheduling/intervention.h"

namespace redress::scheduling {
namespace {

using enum rows::v1::VisitState;

void ApplyRequested(const events::v1::VisitRequested& event, Intervention* state) {
  state->set_state(VISIT_STATE_REQUESTED);
  state->set_complaint(event.complaint());
  state->set_agency(event.agency());
  state->set_residence(event.residence());
  state->set_category(event.category());
  *state->mutable_skills() = event.skills();
  state->set_minutes(event.minutes());
  state->set_language(event.language());
  state->set_urgency(event.urgency());
  state->set_care_level(event.care_level());
  state->set_zone(event.zone());
  if (event.has_dwelling()) *state->mutable_dwelling() = event.dwelling();
  if (event.has_access_note()) *state->mutable_access_note() = event.access_note();
  state->set_assignment(event.assignment());
  state->set_round(event.round());
  state->set_follows(event.follows());
  state->set_requested_at(event.occurred_at());
}

void ApplyAmended(const events::v1::VisitAmended& event, Intervention* state) {
  state->set_residence(event.residence());
  state->set_category(event.category());
  *state->mutable_skills() = event.skills();
  state->set_minutes(event.minutes());
  state->set_language(event.language());
  state->set_urgency(event.urgency());
  state->set_care_level(event.care_level());
  state->clear_dwelling();
  state->clear_access_note();
  if (event.has_dwelling()) *state->mutable_dwelling() = event.dwelling();
  if (event.has_access_note()) *state->mutable_access_note() = event.access_note();
  state->set_assignment(event.assignment());
}

template <typename Message>
void ApplyWindow(const Message& event, VisitState to, Intervention* state) {
  state->set_state(to);
  state->set_technician(event.technician());
  state->set_window_start(event.window_start());
  state->set_window_end(event.window_end());
  state->clear_hold_expires_at();
}

void ApplyEnd(VisitState to, int64_t at, Intervention* state) {
  state->set_state(to);
  state->set_ended_at(at);
  state->clear_hold_expires_at();
}

}  // namespace

Intervention Apply(Intervention state, const Event& event) {
  switch (event.kind_case()) {
    case Event::kVisitRequested: ApplyRequested(event.visit_requested(), &state); break;
    case Event::kSlotHeld:
      ApplyWindow(event.slot_held(), VISIT_STATE_HELD, &state);
      state.set_hold_expires_at(event.slot_held().expires_at());
      break;
    case Event::kHoldReleased:
      state.set_state(VISIT_STATE_REQUESTED);
      state.clear_technician();
      state.clear_window_start();
      state.clear_window_end();
      state.clear_hold_expires_at();
      break;
    case Event::kVisitBooked:
      ApplyWindow(event.visit_booked(), VISIT_STATE_BOOKED, &state);
      state.set_booked_at(event.visit_booked().occurred_at());
      break;
    case Event::kVisitAmended: ApplyAmended(event.visit_amended(), &state); break;
    case Event::kVisitMoved:
      ApplyWindow(event.visit_moved(), VISIT_STATE_BOOKED, &state);
      state.set_moves(state.moves() + 1);
      break;
    case Event::kVisitStarted:
      state.set_state(VISIT_STATE_STARTED);
      state.set_started_at(event.visit_started().occurred_at());
      break;
    case Event::kVisitDone:
      ApplyEnd(VISIT_STATE_DONE, event.visit_done().occurred_at(), &state);
      state.set_result(event.visit_done().result());
      break;
    case Event::kVisitNoAccess:
      ApplyEnd(VISIT_STATE_NO_ACCESS, event.visit_no_access().occurred_at(), &state);
      state.set_evidence(event.visit_no_access().evidence());
      break;
    case Event::kVisitCancelled:
      ApplyEnd(VISIT_STATE_CANCELLED, event.visit_cancelled().occurred_at(), &state);
      state.set_cancel_reason(event.visit_cancelled().reason());
      break;
    default: break;
  }
  return state;
}

}  // namespace redress::scheduling
