#include "services/sla/sla_logic.h"

#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "libs/reference/snapshot.h"
#include "libs/runtime/knows.h"
#include "libs/status/errors.h"
#include "redress/intake/events/v1/events.pb.h"
#include "redress/register/events/v1/events.pb.h"
#include "redress/routing/events/v1/events.pb.h"
#include "redress/scheduling/events/v1/events.pb.h"
#include "redress/sla/events/v1/events.pb.h"
#include "services/sla/clock.h"
#include "services/sla/promises.h"
#include "services/sla/sla_policy.h"
#include "services/sla/sla_projection.h"
#include "services/sla/sla_replan.h"

namespace redress::sla {
namespace {

using commands::v1::Command;
using commands::v1::Note;

std::vector<Event> TakeIn(const ClockRow& state, commands::v1::TakeIn command, absl::string_view complaint,
                          const runtime::DecideContext& context) {
  const events::v1::ClockStarted* start = state.has_start() ? &state.start() : nullptr;
  for (Note& note : *command.mutable_notes()) {
    if (!note.has_receipt() || start != nullptr) continue;
    auto* receipt = note.mutable_receipt();
    ChoosePack(*context.reference, receipt->mutable_start());
    start = &receipt->start();
  }
  const std::vector<const Note*> fresh = NewNotes(state, command, complaint);
  if (fresh.empty()) return {};
  Promises promises;
  if (start != nullptr) promises = PromisesOf(*context.reference, *start, context.now);
  return DecideTakeIn(state, fresh, complaint, promises, context.now);
}

}  // namespace

int SlaLogic::projection_version() const { return kProjectionVersion; }

std::vector<log::ShardId> SlaLogic::Follows(uint16_t shard, uint32_t shard_count) const {
  std::vector<log::ShardId> inputs = {{log::Stream::kIntake, shard}, {log::Stream::kRouting, shard}};
  for (uint32_t i = 0; i < shard_count; ++i) inputs.push_back({log::Stream::kScheduling, i});
  inputs.push_back({log::Stream::kRegister, 0});
  return inputs;
}

absl::StatusOr<std::vector<runtime::NewEvent>> SlaLogic::Decide(const store::Rows& rows,
                                                                const runtime::v1::Order& order,
                                                                const runtime::DecideContext& context) const {
  Command command;
  const absl::string_view complaint = ComplaintOf(order.aggregate());
  const bool of_replan = absl::StartsWith(order.aggregate(), kReplans);
  if (complaint.empty() == !of_replan || !command.ParseFromString(order.command())) {
    return absl::InternalError("an order that is none of this service");
  }
  if (command.has_begin_replan()) return BeginReplan(rows, order.aggregate(), command.begin_replan().change(), context);
  if (command.has_replan_page()) return DecidePage(rows, order.aggregate(), command.replan_page(), context);
  std::optional<ClockRow> found = FindClock(rows, context.shard, complaint);
  if (!found.has_value()) found.emplace();
  const ClockRow& state = *found;
  std::vector<Event> events;
  switch (command.kind_case()) {
    case Command::kTakeIn: events = TakeIn(state, std::move(*command.mutable_take_in()), complaint, context); break;
    case Command::kRaiseAlarm: events = DecideAlarm(state, command.raise_alarm(), context.now); break;
    case Command::kBeginReplan:
    case Command::kReplanPage:
    case Command::KIND_NOT_SET: return absl::InternalError("an order without a command");
  }
  std::vector<runtime::NewEvent> recorded;
  for (const Event& event : events) recorded.push_back({order.aggregate(), event.SerializeAsString()});
  return recorded;
}

bool SlaLogic::Knows(log::Stream stream, const log::v1::Event& event) const {
  switch (stream) {
    case log::Stream::kSla: return runtime::KnowsAs<redress::sla::events::v1::Event>(event);
    case log::Stream::kIntake: return runtime::KnowsAs<redress::intake::events::v1::Event>(event);
    case log::Stream::kRouting: return runtime::KnowsAs<redress::routing::events::v1::Event>(event);
    case log::Stream::kScheduling: return runtime::KnowsAs<redress::scheduling::events::v1::Event>(event);
    case log::Stream::kRegister: return runtime::KnowsAs<redress::register_::events::v1::Event>(event);
    default: return false;
  }
}

void SlaLogic::Apply(const runtime::ApplyContext& context, const log::v1::Event& event, store::View* rows) const {
  ApplyEvents(context, {&event}, rows);
}

void SlaLogic::ApplyAll(const runtime::ApplyContext& context, const std::vector<const log::v1::Event*>& events,
                        store::View* rows) const {
  ApplyEvents(context, events, rows);
}

std::string SlaLogic::ResultOf(const runtime::ApplyContext&, const store::Rows&) const { return ""; }

absl::StatusOr<std::vector<runtime::v1::Order>> SlaLogic::React(const runtime::Input& input,
                                                                const runtime::ReactContext& context) const {
  return sla::React(input, context);
}

void SlaLogic::Fire(const runtime::Timer& timer, const runtime::ReactContext& context,
                    std::function<void(std::optional<runtime::v1::Order>)> done) {
  Command command;
  if (timer.name == kReplanTimer) {
    command.mutable_replan_page()->set_due(timer.due);
  } else if (ParseAlarmTimer(timer.name, command.mutable_raise_alarm())) {
    command.mutable_raise_alarm()->set_due(timer.due);
  } else {
    return done(std::nullopt);
  }
  runtime::v1::Order order;
  order.set_stream(std::string(log::StreamName(stream())));
  order.set_shard(context.shard);
  order.set_aggregate(timer.aggregate);
  order.set_command(command.SerializeAsString());
  done(std::move(order));
}

}  // namespace redress::sla
