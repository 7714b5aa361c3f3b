#include "services/routing/routing_logic.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/runtime/knows.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "redress/intake/events/v1/events.pb.h"
#include "redress/routing/events/v1/events.pb.h"
#include "redress/sla/events/v1/events.pb.h"
#include "services/routing/assignment.h"
#include "services/routing/routing_errors.h"
#include "services/routing/routing_policy.h"
#include "services/routing/routing_projection.h"

namespace redress::routing {
namespace {

absl::string_view IdOf(absl::string_view aggregate) {
  absl::ConsumePrefix(&aggregate, "complaints/");
  return aggregate;
}

}  // namespace

int RoutingLogic::projection_version() const { return kRoutingProjectionVersion; }

std::vector<log::ShardId> RoutingLogic::Follows(uint16_t shard, uint32_t) const {
  return {{log::Stream::kIntake, shard}, {log::Stream::kSla, shard}};
}

absl::StatusOr<std::vector<runtime::NewEvent>> RoutingLogic::Decide(const store::Rows& rows,
                                                                    const runtime::v1::Order& order,
                                                                    const runtime::DecideContext& context) const {
  Command command;
  if (!command.ParseFromString(order.command())) return CommandUnreadable();
  const ComplaintRow state = LoadComplaint(rows, context.shard, IdOf(order.aggregate()));
  ASSIGN_OR_RETURN(const std::vector<Event> events,
                   routing::Decide(state, command, {order.aggregate(), context.now, context.reference}));
  std::vector<runtime::NewEvent> recorded;
  for (const Event& event : events) recorded.push_back({order.aggregate(), event.SerializeAsString()});
  return recorded;
}

bool RoutingLogic::Knows(log::Stream stream, const log::v1::Event& event) const {
  switch (stream) {
    case log::Stream::kRouting: return runtime::KnowsAs<redress::routing::events::v1::Event>(event);
    case log::Stream::kIntake: return runtime::KnowsAs<redress::intake::events::v1::Event>(event);
    case log::Stream::kSla: return runtime::KnowsAs<redress::sla::events::v1::Event>(event);
    default: return false;
  }
}

void RoutingLogic::Apply(const runtime::ApplyContext& context, const log::v1::Event& event, store::View* rows) const {
  ApplyRoutingEvent(context, event, rows);
}

std::string RoutingLogic::ResultOf(const runtime::ApplyContext& context, const store::Rows& rows) const {
  ComplaintRow row = LoadComplaint(rows, context.shard, IdOf(context.body->events(0).aggregate()));
  row.mutable_matter()->clear_dwelling();
  row.mutable_matter()->clear_access_note();
  return row.SerializeAsString();
}

absl::StatusOr<std::vector<runtime::v1::Order>> RoutingLogic::React(const runtime::Input& input,
                                                                    const runtime::ReactContext& context) const {
  return routing::React(input, context);
}

void RoutingLogic::Fire(const runtime::Timer&, const runtime::ReactContext&,
                        std::function<void(std::optional<runtime::v1::Order>)> done) {
  done(std::nullopt);
}

}  // namespace redress::routing
