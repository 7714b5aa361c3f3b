#include "services/intake/person.h"

#include "services/intake/intake_errors.h"
#include "services/intake/legal_hold.h"

namespace redress::intake {
namespace {

// Names listed in an event; more are not of use.
constexpr size_t kMaxListed = 100;

template <typename Names>
std::vector<std::string> Joined(std::vector<std::string> names, const Names& more) {
  names.insert(names.end(), more.begin(), more.end());
  return names;
}

void List(const std::vector<std::string>& names, google::protobuf::RepeatedPtrField<std::string>* into) {
  into->Assign(names.begin(), names.begin() + static_cast<int64_t>(std::min(names.size(), kMaxListed)));
}

}  // namespace

absl::StatusOr<std::vector<events::v1::Event>> DecideErasePerson(const PersonState& state, absl::string_view name,
                                                                 const commands::v1::ErasePerson& command,
                                                                 const std::vector<std::string>& open_here,
                                                                 const std::vector<std::string>& held_here) {
  if (!state.has_value() || state->registered_at() == 0) return PersonNotFound(name);
  if (state->erased_at() != 0) return std::vector<events::v1::Event>();
  std::vector<std::string> held;
  if (!state->legal_holds().empty()) held.emplace_back(name);
  held = Joined(Joined(std::move(held), held_here), command.held_elsewhere());
  if (!held.empty() && !command.again()) return LegalHold(name, held);
  const std::vector<std::string> open = Joined(open_here, command.open_elsewhere());
  if (!open.empty() && !command.until_closed() && !command.force()) return OpenComplaints(name, open);
  events::v1::Event event;
  if (!held.empty() || (!open.empty() && !command.force())) {
    auto* requested = event.mutable_person_erasure_requested();
    requested->set_reason(command.reason());
    List(open, requested->mutable_open_complaints());
    List(held, requested->mutable_held());
  } else {
    auto* erased = event.mutable_person_erased();
    erased->set_person_key(state->person_key());
    erased->set_reason(command.reason());
    List(open, erased->mutable_open_complaints());
  }
  return std::vector<events::v1::Event>{event};
}

absl::StatusOr<std::vector<events::v1::Event>> DecideHoldPerson(const PersonState& state, absl::string_view name,
                                                                const commands::v1::Command& command) {
  if (!state.has_value() || state->registered_at() == 0) return PersonNotFound(name);
  if (command.has_lift_legal_hold()) {
    return DecideLiftLegalHold(state->legal_holds(), name, command.lift_legal_hold(), "");
  }
  if (state->erased_at() != 0) return PersonErasedError(name);
  return DecideSetLegalHold(state->legal_holds(), name, command.set_legal_hold());
}

std::vector<events::v1::Event> DecideNoteTextsExpired(const PersonState& state, absl::string_view complaint) {
  if (!state.has_value() || state->registered_at() == 0 || state->erased_at() != 0) return {};
  events::v1::Event event;
  event.mutable_person_expiry_due()->set_complaint(std::string(complaint));
  return {event};
}

std::vector<events::v1::Event> DecideExpirePerson(const PersonState& state, absl::string_view name,
                                                  const commands::v1::ExpirePerson& command,
                                                  const std::vector<std::string>& kept_here,
                                                  const std::vector<std::string>& open_here) {
  if (!state.has_value() || state->registered_at() == 0 || state->erased_at() != 0) return {};
  std::vector<std::string> kept;
  if (!state->legal_holds().empty()) kept.emplace_back(name);
  kept = Joined(Joined(std::move(kept), kept_here), command.kept_elsewhere());
  const std::vector<std::string> open = Joined(open_here, command.open_elsewhere());
  events::v1::Event event;
  if (kept.empty() && open.empty()) {
    event.mutable_person_erased()->set_person_key(state->person_key());
    event.mutable_person_erased()->set_reason("retention");
  } else {
    List(kept, event.mutable_person_kept()->mutable_kept());
    List(open, event.mutable_person_kept()->mutable_open());
  }
  return {event};
}

std::vector<events::v1::Event> DecideNoteComplaint(const PersonState& state,
                                                   const commands::v1::NoteComplaintOfPerson& command) {
  if (!state.has_value() || state->erased_at() == 0) return {};
  events::v1::Event event;
  event.mutable_person_erased()->set_person_key(state->person_key());
  event.mutable_person_erased()->set_reason(command.reason().empty() ? "received_after_erasure" : command.reason());
  event.mutable_person_erased()->add_complaints(command.complaint());
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
      state->clear_expiry_due();
      break;
    case events::v1::Event::kPersonExpiryDue: state->set_expiry_due(state->erased_at() == 0); break;
    case events::v1::Event::kKeysDestroyed: state->set_key_destroyed(true); break;
    case events::v1::Event::kLegalHoldSet:
    case events::v1::Event::kLegalHoldLifted: ApplyLegalHold(event, recorded_at, state->mutable_legal_holds()); break;
    default: break;  // no person's
  }
}

}  // namespace redress::intake
