#include "services/routing/routing_register_logic.h"

#include <algorithm>

#include "libs/reference/register_rows.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "services/routing/routing_errors.h"

namespace redress::routing {

absl::StatusOr<std::vector<runtime::NewEvent>> RegisterLogic::Decide(const store::Rows& rows,
                                                                     const runtime::v1::Order& order,
                                                                     const runtime::DecideContext& context) const {
  RegisterCommand command;
  if (!command.ParseFromString(order.command())) return CommandUnreadable();
  const RegisterState state = LoadRegisterState(rows, command, context.now);
  ASSIGN_OR_RETURN(const std::vector<RegisterEvent> events, routing::Decide(state, command, context.now));
  std::vector<runtime::NewEvent> recorded;
  for (const RegisterEvent& event : events) recorded.push_back({order.aggregate(), event.SerializeAsString()});
  return recorded;
}

RegisterState LoadRegisterState(const store::Rows& rows, const RegisterCommand& command, Millis now) {
  RegisterState state;
  state.state = reference::LoadState(rows);
  state.versions = reference::LoadVersions(rows, KindOf(command), IdOf(command));
  const Millis active_from = ActiveFrom(command, state.versions, now);
  // Rules that have always been active are judged by the organisation of now: that is whom they are for.
  const Millis judged_at = std::max(active_from, now);
  const auto organisation = reference::FindInForce(rows, register_v1::REFERENCE_KIND_ORGANISATION, "", judged_at);
  if (organisation.has_value()) state.organisation = organisation->organisation();
  state.calendars = reference::ListIds(rows, register_v1::REFERENCE_KIND_CALENDAR);
  state.packs = reference::ListIds(rows, register_v1::REFERENCE_KIND_OBLIGATION_PACK);
  if (command.has_add_territory_part()) {
    state.draft = reference::FindDraft(rows, command.add_territory_part().upload());
  }
  if (command.has_activate_territory()) {
    state.draft = reference::FindDraft(rows, command.activate_territory().upload());
    if (state.draft.has_value()) state.drafted = reference::LoadTerritory(rows, state.draft->version());
    const auto territory = reference::FindInForce(rows, register_v1::REFERENCE_KIND_TERRITORY, "", active_from);
    if (territory.has_value()) state.territory = reference::LoadTerritory(rows, territory->version());
  }
  return state;
}

runtime::v1::Order RegisterOrder(const RegisterCommand& command) {
  runtime::v1::Order order;
  order.set_stream("register");
  order.set_shard(0);
  order.set_aggregate(AggregateOf(command));
  order.set_command(command.SerializeAsString());
  return order;
}

}  // namespace redress::routing
