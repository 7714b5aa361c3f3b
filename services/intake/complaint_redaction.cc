// Texts under another key, and the keys that go.
//
//   text_key ─TextRedacted{more}→ text_key, resealing_keys: some texts lie under one, some under the other
//            ─TextRedacted──────→ the new one is text_key, all others are former_text_keys
//            ─KeysDestroyed─────→ no former ones
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/intake/complaint_rules.h"
#include "services/intake/intake_errors.h"
#include "services/intake/text_fields.h"

namespace redress::intake {
namespace {

using Keys = google::protobuf::RepeatedPtrField<std::string>;

bool Holds(const Keys& keys, const std::string& key) { return std::find(keys.begin(), keys.end(), key) != keys.end(); }

// Puts the text where the complaint's row holds what is said now.
void Replace(const events::v1::ResealedText& text, Complaint* state) {
  const auto put = [&](types::v1::Sealed* into, auto clear) {
    if (text.has_text()) {
      *into = text.text();
    } else {
      clear();
    }
  };
  const std::string& place = text.place().field();
  if (place == field::kDescription) put(state->mutable_description(), [&] { state->clear_description(); });
  if (place == field::kDwelling) put(state->mutable_dwelling(), [&] { state->clear_dwelling(); });
  if (place == field::kAccessNote) put(state->mutable_access_note(), [&] { state->clear_access_note(); });
  if (place == field::kTrackingCode) put(state->mutable_tracking_code(), [&] { state->clear_tracking_code(); });
  if (place == field::kHandlerNames) put(state->mutable_handler_names(), [&] { state->clear_handler_names(); });
}

}  // namespace

absl::Status CheckTextMayBeKept(const Complaint& state, const types::v1::Sealed* text, const Moment& moment) {
  if (text == nullptr) return absl::OkStatus();
  if (state.texts_erased()) return TextsErased(moment.name);
  // Sealed by a handler whose rows did not show yet that the key goes: recorded, it could never be read.
  const std::string& key = text->key_id();
  const bool known = key.empty() || key == state.text_key() || key == state.person_key();
  return known ? absl::OkStatus() : TextsResealed(moment.name);
}

Decision DecideRedactText(const Complaint& state, const commands::v1::RedactText& command, const Moment& moment) {
  if (state.texts_erased()) return TextsErased(moment.name);
  if (!state.legal_holds().empty()) return LegalHold(moment.name, {std::string(moment.name)});
  const std::string& key = command.redaction().text_key();
  if (key == state.text_key() || Holds(state.former_text_keys(), key)) {
    return absl::InternalError("texts are sealed anew under a key that goes");
  }
  Event event;
  auto* redacted = event.mutable_text_redacted();
  *redacted = command.redaction();
  redacted->set_occurred_at(std::max(moment.now, state.received_at()));
  redacted->clear_old_text_keys();
  if (redacted->more()) return One(std::move(event));
  if (!state.text_key().empty()) redacted->add_old_text_keys(state.text_key());
  for (const std::string& key : state.resealing_keys()) {
    if (key != redacted->text_key()) redacted->add_old_text_keys(key);
  }
  return One(std::move(event));
}

void ApplyRedaction(const events::v1::TextRedacted& event, Complaint* state) {
  for (const events::v1::ResealedText& text : event.texts()) {
    if (text.current()) Replace(text, state);
  }
  if (event.more()) {
    if (!Holds(state->resealing_keys(), event.text_key())) state->add_resealing_keys(event.text_key());
    return;
  }
  state->set_text_key(event.text_key());
  state->clear_resealing_keys();
  for (const std::string& key : event.old_text_keys()) {
    if (!Holds(state->former_text_keys(), key)) state->add_former_text_keys(key);
  }
  *state->mutable_attachment_keys() = event.attachment_keys();
}

std::vector<std::string> KeysToDestroy(const Complaint& state) {
  std::vector<std::string> keys(state.former_text_keys().begin(), state.former_text_keys().end());
  if (!state.texts_erased() || state.keys_destroyed()) return keys;
  if (!state.text_key().empty()) keys.push_back(state.text_key());
  keys.insert(keys.end(), state.resealing_keys().begin(), state.resealing_keys().end());
  return keys;
}

void ApplyKeysDestroyed(const events::v1::KeysDestroyed& event, Complaint* state) {
  const Keys& gone = event.key_ids();
  // Destroyed before the texts were erased, too: those that go now come with a later event.
  const auto is_gone = [&](const std::string& key) { return Holds(gone, key); };
  if (state->texts_erased() && (state->text_key().empty() || is_gone(state->text_key())) &&
      std::all_of(state->resealing_keys().begin(), state->resealing_keys().end(), is_gone)) {
    state->set_keys_destroyed(true);
  }
  auto* former = state->mutable_former_text_keys();
  former->erase(std::remove_if(former->begin(), former->end(), is_gone), former->end());
}

}  // namespace redress::intake
