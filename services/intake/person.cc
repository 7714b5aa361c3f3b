#include "services/intake/person.h"

#include "services/intake/intake_errors.h"

namespace redress::intake {
namespace {

// Names listed in an event; more are not of use.
constexpr int kMaxListed = 100;

}  // namespace

absl::StatusOr<std::vector<events::v1::Event>> DecideErasePerson(const PersonState& state, absl::string_view name,
                                                                 const commands::v1::ErasePerson& command,
                                                                 const std::vector<std::string>& open_here) {
  if (!state.has_value() || state->registered_at() == 0) return PersonNotFound(name);
  if (state->erased_at() != 0) return std::vector<events::v1::Event>();
  std::vector<std::string> open = open_here;
  open.insert(open.end(), command.open_elsewhere().begin(), command.open_elsewhere().end());
  events::v1::Event event;
  if (!open.empty()) {
    if (!command.until_closed()) return OpenComplaints(name, open);
    if (open.size() > kMaxListed) open.resize(kMaxListed);
    auto* requested = event.mutable_person_erasure_requested();
    requested->set_reason(command.reason());
    requested->mutable_open_complaints()->Assign(open.begin(), open.end());
  } else {
    event.mutable_person_erased()->set_person_key(state->person_key());
    event.mutable_person_erased()->set_reason(command.reason());
  }
  return std::vector<events::v1::Event>{event};
}

std::vector<events::v1::Event> DecideNoteComplaint(const PersonState& state, absl::string_view complaint) {
  if (!state.has_value() || state->erased_at() == 0) return {};
  events::v1::Event event;
  event.mutable_person_erased()->set_person_key(state->person_key());
  event.mutable_person_erased()->set_reason("received_after_erasure");
  event.mutable_person_erased()->add_complaints(std::string(complaint));
  return {event};
}

void ApplyPersonEvent(const events::v1::Event& event, Millis recorded_at, rows::v1::Person* state) {
  switch (event.kind_case()) {
    case events::v1::Event::kPersonRegistered: {
      const events::v1::PersonRegistered& registered = event.person_registered();
      state->set_person_key(registered.person_key());
      if (registered.has_name()) *state->mutable_name() = registered.name();
      if (registered.has_phone()) *state->mutable_phone() = registered.phone();
      if (registered.has_email()) *state->mutable_email() = registered.email();
      if (registered.has_dwelling()) *state->mutable_dwelling() = registered.dwelling();
      if (registered.has_care_needs()) *state->mutable_care_needs() = registered.care_needs();
      state->set_language(registered.language());
      state->set_registered_at(recorded_at);
      break;
    }
    case events::v1::Event::kPersonErasureRequested:
      if (state->erasure_requested_at() == 0) state->set_erasure_requested_at(recorded_at);
      state->set_erasure_reason(event.person_erasure_requested().reason());
      break;
    case events::v1::Event::kPersonErased:
      if (state->erased_at() == 0) state->set_erased_at(recorded_at);
      state->clear_erasure_requested_at();
      break;
    case events::v1::Event::kKeysDestroyed: state->set_key_destroyed(true); break;
    default: break;  // no person's
  }
}

}  // namespace redress::intake
