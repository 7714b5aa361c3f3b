#include "services/intake/complaint_rules.h"

namespace redress::intake {
namespace {

using events::v1::VisitNoted;

bool IsOpenVisit(VisitNoted::Stage stage) {
  return stage == VisitNoted::STAGE_REQUESTED || stage == VisitNoted::STAGE_BOOKED ||
         stage == VisitNoted::STAGE_STARTED;
}
bool HasEnded(VisitNoted::Stage stage) {
  return stage == VisitNoted::STAGE_DONE || stage == VisitNoted::STAGE_NO_ACCESS;
}

// The visit whose end resolves the complaint: the last that ended in this round, if it ended fixed and none is open.
const rows::v1::Visit* ResolvingVisit(const Complaint& state) {
  const rows::v1::Visit* last = nullptr;
  for (const rows::v1::Visit& visit : state.visits()) {
    if (IsOpenVisit(visit.stage())) return nullptr;
    if (visit.round() != state.round() || !HasEnded(visit.stage())) continue;
    if (last == nullptr || visit.occurred_at() >= last->occurred_at()) last = &visit;
  }
  if (last == nullptr || last->stage() != VisitNoted::STAGE_DONE || last->result() != "fixed") return nullptr;
  // It would end before the receipt or the re-opening: clocks differ, or it was reported for another round.
  if (last->occurred_at() < state.received_at() || last->occurred_at() < state.round_began_at()) return nullptr;
  return last;
}

}  // namespace

Decision DecideNoteAssignment(const Complaint& state, const commands::v1::NoteAssignment& command) {
  if (command.assignment().assignment_version() <= state.assignment_version()) return Nothing();
  Event event;
  *event.mutable_assignment_noted() = command.assignment();
  return One(std::move(event));
}

Decision DecideNoteVisit(const Complaint& state, const commands::v1::NoteVisit& command) {
  const VisitNoted& noted = command.visit();
  for (const rows::v1::Visit& visit : state.visits()) {
    if (visit.intervention() == noted.intervention() && visit.version() >= noted.intervention_version()) {
      return Nothing();
    }
  }
  Event event;
  *event.mutable_visit_noted() = noted;
  event.mutable_visit_noted()->set_complaint_ended(!IsOpen(state.state()));
  Complaint after = state;
  Apply(event, 0, 0, &after);
  std::vector<Event> events = One(std::move(event));
  if (!IsOpen(state.state())) return events;

  if (const rows::v1::Visit* visit = ResolvingVisit(after)) {
    Event resolved = Resolved(state, visit->occurred_at(),
                              EndsWithAnswer(state.kind()) ? types::v1::OUTCOME_ANSWERED : types::v1::OUTCOME_FIXED);
    resolved.mutable_complaint_resolved()->set_intervention(visit->intervention());
    events.push_back(std::move(resolved));
  } else if (noted.stage() == VisitNoted::STAGE_STARTED && state.state() != rows::v1::STATE_IN_PROGRESS) {
    Event started;
    started.mutable_complaint_started()->set_occurred_at(noted.occurred_at());
    started.mutable_complaint_started()->set_reason("visit_started");
    events.push_back(std::move(started));
  }
  return events;
}

Decision DecideNoteAlarm(const Complaint& state, const commands::v1::NoteAlarm& command) {
  if (command.alarm().clock_version() <= state.alarm_version()) return Nothing();
  Event event;
  *event.mutable_alarm_noted() = command.alarm();
  return One(std::move(event));
}

Decision DecideEraseTexts(const Complaint& state, const commands::v1::EraseTexts& command) {
  if (state.texts_erased() || state.person() != command.person()) return Nothing();
  // Set before this shard could know of the erasure: the person's shard hears when it is lifted, and asks again.
  if (!state.legal_holds().empty()) return Nothing();
  Event event;
  event.mutable_person_texts_erased()->set_person(command.person());
  event.mutable_person_texts_erased()->set_text_key(state.text_key());
  return One(std::move(event));
}

}  // namespace redress::intake
