#include "services/scheduling/scheduling_logic.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/runtime/knows.h"
#include "redress/intake/events/v1/events.pb.h"
#include "redress/routing/events/v1/events.pb.h"
#include "redress/scheduling/events/v1/events.pb.h"
#include "services/scheduling/converters.h"
#include "services/scheduling/intervention.h"
#include "services/scheduling/scheduling_policy.h"
#include "services/scheduling/scheduling_projection.h"
#include "services/scheduling/scheduling_rows.h"
#include "services/scheduling/shard_decider.h"

namespace redress::scheduling {

int SchedulingLogic::projection_version() const { return kProjectionVersion; }

std::vector<log::ShardId> SchedulingLogic::Follows(uint16_t, uint32_t shard_count) const {
  std::vector<log::ShardId> inputs;
  for (uint32_t shard = 0; shard < shard_count; ++shard) {
    inputs.push_back({log::Stream::kRouting, shard});
    inputs.push_back({log::Stream::kIntake, shard});
  }
  return inputs;
}

absl::StatusOr<std::vector<runtime::NewEvent>> SchedulingLogic::Decide(const store::Rows& rows,
                                                                       const runtime::v1::Order& order,
                                                                       const runtime::DecideContext& context) const {
  commands::v1::Command command;
  if (!command.ParseFromString(order.command())) return absl::InternalError("an order that cannot be read");
  return DecideInShard(rows, order.aggregate(), command, context);
}

bool SchedulingLogic::Knows(log::Stream stream, const log::v1::Event& event) const {
  switch (stream) {
    case log::Stream::kScheduling: return runtime::KnowsAs<redress::scheduling::events::v1::Event>(event);
    case log::Stream::kRouting: return runtime::KnowsAs<redress::routing::events::v1::Event>(event);
    case log::Stream::kIntake: return runtime::KnowsAs<redress::intake::events::v1::Event>(event);
    default: return false;
  }
}

void SchedulingLogic::Apply(const runtime::ApplyContext& context, const log::v1::Event& event,
                            store::View* rows) const {
  Project(context, event, rows);
}

std::string SchedulingLogic::ResultOf(const runtime::ApplyContext& context, const store::Rows& rows) const {
  return RenderAggregate(rows, context.shard, context.body->events(0).aggregate());
}

absl::StatusOr<std::vector<runtime::v1::Order>> SchedulingLogic::React(const runtime::Input& input,
                                                                       const runtime::ReactContext& context) const {
  return scheduling::React(input, context);
}

void SchedulingLogic::Fire(const runtime::Timer& timer, const runtime::ReactContext& context,
                           std::function<void(std::optional<runtime::v1::Order>)> done) {
  Command command;
  command.mutable_expire_hold();
  runtime::v1::Order order;
  order.set_stream("scheduling");
  order.set_shard(context.shard);
  order.set_aggregate(timer.aggregate);
  order.set_command(command.SerializeAsString());
  done(std::move(order));
}

}  // namespace redress::scheduling
