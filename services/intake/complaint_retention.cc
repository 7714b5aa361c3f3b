// How long a complaint's texts are kept, and what stops them from going.
//
//   open ─ends→ kept until ExpiresAt ─ExpireTexts→ texts erased          re-opened: kept again; a hold: kept while it stands
#include <algorithm>

#include "services/intake/complaint_rules.h"
#include "services/intake/intake_errors.h"
#include "services/intake/legal_hold.h"

namespace redress::intake {

Millis ExpiresAt(const Complaint& state) {
  if (state.state() == rows::v1::STATE_UNSPECIFIED || IsOpen(state.state())) return 0;
  if (state.retention_ms() == 0 || state.texts_erased()) return 0;
  if (state.state() == rows::v1::STATE_WITHDRAWN) return state.withdrawn_at() + state.retention_ms();
  // Whoever contests it needs what was written.
  return std::max(state.resolved_at() + state.retention_ms(), state.window_ends_at());
}

Event TextsExpired(const Complaint& state, Millis due, const Moment& moment) {
  Event event;
  event.mutable_texts_expired()->set_text_key(state.text_key());
  event.mutable_texts_expired()->set_occurred_at(due);
  event.mutable_texts_expired()->set_fired_at(moment.now);
  event.mutable_texts_expired()->set_person(state.person());
  return event;
}

Decision DecideExpireTexts(const Complaint& state, const Moment& moment) {
  const Millis due = ExpiresAt(state);
  // One that is on its way meets what has just changed.
  if (due == 0 || moment.now < due || !state.legal_holds().empty()) return Nothing();
  return One(TextsExpired(state, due, moment));
}

Decision DecideSetHold(const Complaint& state, const commands::v1::SetLegalHold& command, const Moment& moment) {
  if (state.texts_erased()) return NothingToHold(moment.name);
  return DecideSetLegalHold(state.legal_holds(), moment.name, command);
}

Decision DecideLiftHold(const Complaint& state, const commands::v1::LiftLegalHold& command, const Moment& moment) {
  return DecideLiftLegalHold(state.legal_holds(), moment.name, command, state.person());
}

}  // namespace redress::intake
