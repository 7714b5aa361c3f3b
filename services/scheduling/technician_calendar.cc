#include "services/scheduling/technician_calendar.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "services/scheduling/limits.h"
#include "services/scheduling/scheduling_errors.h"
#include "services/scheduling/scheduling_rows.h"

namespace redress::scheduling {
namespace {

std::string FormatInstant(Millis at) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", absl::FromUnixMillis(at), absl::UTCTimeZone());
}

Metadata FreshSlots(const store::Rows& rows, uint16_t shard, const Intervention& state, const Claim& claim) {
  const SlotQuery query = QueryFor(state, claim.now, claim.now, claim.now + kSlotHorizon, kFreshSlots);
  const auto calendars =
      AgencyCalendars(rows, shard, state.agency(), query, claim.now, claim.visit, Technicians::kSkilled);
  Metadata metadata;
  for (const SlotOffer& slot : FindSlots(query, calendars)) {
    metadata.emplace_back(absl::StrCat("slot_", metadata.size() + 1),
                          absl::StrCat(slot.technician, "|", FormatInstant(slot.start), "|", FormatInstant(slot.end)));
  }
  return metadata;
}

bool HoldsIt(const Intervention& state, const Claim& claim) {
  return state.state() == rows::v1::VISIT_STATE_HELD && state.hold_expires_at() > claim.now &&
         state.technician() == claim.window.technician && state.window_start() == claim.window.start &&
         state.window_end() == claim.window.end;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ClaimWindow(const store::Rows& rows, uint16_t shard, const Intervention& state,
                                                     const Claim& claim) {
  const SlotOffer& window = claim.window;
  const auto technician = kTechnicianRows.Get(rows, shard, absl::StripPrefix(window.technician, kTechnicians));
  // Whether another agency's technicians lie in this shard is chance: they are unknown all the same.
  if (!technician.has_value() || technician->agency() != state.agency()) return TechnicianUnknown(window.technician);
  const std::vector<std::string> needed(state.skills().begin(), state.skills().end());
  const auto missing = MissingSkills(*technician, needed);
  if (!missing.empty()) return SkillMissing(window.technician, missing.front());
  std::vector<std::string> expired;
  for (const TakenWindow& taken : TakenBetween(rows, shard, window.technician, window.start, window.end)) {
    if (taken.visit == claim.visit) continue;
    if (taken.Counts(claim.now)) {
      return SlotTaken(window.technician, FreshSlots(rows, shard, state, claim));
    }
    expired.push_back(taken.visit);
  }
  if (HoldsIt(state, claim)) return expired;
  const bool away = IsAway(*technician, window.start, window.end);
  if (away || (!claim.outside_hours && !WorksIn(*technician, window.start, window.end))) {
    return NotWorking(window.technician, away, FreshSlots(rows, shard, state, claim));
  }
  return expired;
}

}  // namespace redress::scheduling
