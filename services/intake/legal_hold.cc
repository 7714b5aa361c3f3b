#include "services/intake/legal_hold.h"

#include <algorithm>

#include "services/intake/intake_errors.h"
#include "services/intake/limits.h"

namespace redress::intake {
namespace {

auto Find(const LegalHolds& holds, const std::string& matter) {
  return std::find_if(holds.begin(), holds.end(), [&](const auto& hold) { return hold.matter() == matter; });
}

}  // namespace

absl::StatusOr<std::vector<events::v1::Event>> DecideSetLegalHold(const LegalHolds& holds, absl::string_view name,
                                                                  const commands::v1::SetLegalHold& command) {
  if (Find(holds, command.matter()) != holds.end()) return std::vector<events::v1::Event>();
  if (holds.size() >= kMaxLegalHolds) return TooManyHolds(name, holds.size());
  events::v1::Event event;
  auto* set = event.mutable_legal_hold_set();
  set->set_matter(command.matter());
  set->set_reason(command.reason());
  set->set_actor(command.actor());
  return std::vector<events::v1::Event>{event};
}

absl::StatusOr<std::vector<events::v1::Event>> DecideLiftLegalHold(const LegalHolds& holds, absl::string_view name,
                                                                   const commands::v1::LiftLegalHold& command,
                                                                   const std::string& person) {
  if (Find(holds, command.matter()) == holds.end()) return HoldNotFound(name, command.matter());
  events::v1::Event event;
  auto* lifted = event.mutable_legal_hold_lifted();
  lifted->set_matter(command.matter());
  lifted->set_reason(command.reason());
  lifted->set_actor(command.actor());
  if (holds.size() == 1) lifted->set_person(person);
  return std::vector<events::v1::Event>{event};
}

void ApplyLegalHold(const events::v1::Event& event, Millis recorded_at, LegalHolds* holds) {
  const bool is_set = event.has_legal_hold_set();
  const auto at = Find(*holds, is_set ? event.legal_hold_set().matter() : event.legal_hold_lifted().matter());
  if (at != holds->end()) holds->erase(at);
  if (!is_set) return;
  rows::v1::LegalHold* hold = holds->Add();
  hold->set_matter(event.legal_hold_set().matter());
  hold->set_reason(event.legal_hold_set().reason());
  hold->set_actor(event.legal_hold_set().actor());
  hold->set_set_at(recorded_at);
}

}  // namespace redress::intake
