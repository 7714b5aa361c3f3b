// Events, commands and folds that the tests of the complaint decider share.
#pragma once

#include <string>
#include <vector>

#include "services/intake/complaint.h"

namespace redress::intake::testing {

inline constexpr Millis kReceivedAt = 1'700'000'000'000;
inline constexpr Millis kWindow = 14 * kDay;
inline constexpr Millis kResolvedAt = kReceivedAt + kHour;
inline constexpr Millis kWindowEnd = kResolvedAt + kWindow;
inline constexpr char kName[] = "complaints/01";

inline Event Received(types::v1::ComplaintKind kind = types::v1::COMPLAINT_KIND_COMPLAINT) {
  Event event;
  auto* received = event.mutable_complaint_received();
  received->set_kind(kind);
  received->set_category("lift");
  received->mutable_placement()->set_residence("R1");
  received->mutable_placement()->set_agency("A1");
  received->set_occurred_at(kReceivedAt);
  received->set_person("people/01");
  received->set_text_key("text-key");
  received->set_reopen_window_ms(kWindow);
  return event;
}
inline Event Acknowledged(Millis at = kReceivedAt + kMinute) {
  Event event;
  event.mutable_complaint_acknowledged()->set_occurred_at(at);
  return event;
}
inline Event Started(Millis at = kReceivedAt + 2 * kMinute) {
  Event event;
  event.mutable_complaint_started()->set_occurred_at(at);
  return event;
}
inline Event ResolvedAs(types::v1::Outcome outcome = types::v1::OUTCOME_FIXED, Millis at = kResolvedAt) {
  Event event;
  event.mutable_complaint_resolved()->set_occurred_at(at);
  event.mutable_complaint_resolved()->set_outcome(outcome);
  event.mutable_complaint_resolved()->set_window_ends_at(at + kWindow);
  return event;
}
inline Event Closed() {
  Event event;
  event.mutable_complaint_closed()->set_occurred_at(kWindowEnd);
  event.mutable_complaint_closed()->set_fired_at(kWindowEnd);
  return event;
}
inline Event Confirmed(Millis at = kResolvedAt + kMinute) {
  Event event;
  event.mutable_complaint_confirmed()->set_occurred_at(at);
  return event;
}
inline Event Contested(Millis at = kResolvedAt + kHour) {
  Event event;
  event.mutable_complaint_contested()->set_occurred_at(at);
  return event;
}
inline Event Reopened(Millis at = kResolvedAt + kHour) {
  Event event;
  event.mutable_complaint_reopened()->set_occurred_at(at);
  return event;
}
inline Event Withdrawn(Millis at = kReceivedAt + kMinute) {
  Event event;
  event.mutable_complaint_withdrawn()->set_occurred_at(at);
  return event;
}
inline Event Erased() {
  Event event;
  event.mutable_person_texts_erased()->set_person("people/01");
  event.mutable_person_texts_erased()->set_text_key("text-key");
  return event;
}
inline Event Visit(events::v1::VisitNoted::Stage stage, Millis at, const std::string& result = "",
                   const std::string& intervention = "interventions/01", int64_t version = 1) {
  Event event;
  auto* visit = event.mutable_visit_noted();
  visit->set_intervention(intervention);
  visit->set_stage(stage);
  visit->set_occurred_at(at);
  visit->set_result(result);
  visit->set_intervention_version(version);
  return event;
}

inline Complaint Fold(const std::vector<Event>& events) {
  Complaint state;
  int64_t version = 0;
  for (const Event& event : events) Apply(event, kReceivedAt, ++version, &state);
  return state;
}

// "ComplaintResolved": the event's message.
inline std::string NameOf(const Event& event) {
  const auto* field = event.GetReflection()->GetOneofFieldDescriptor(event, event.GetDescriptor()->oneof_decl(0));
  return field == nullptr ? "none" : std::string(field->message_type()->name());
}

}  // namespace redress::intake::testing
