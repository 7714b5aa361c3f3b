#include "services/sla/sla_logic.h"

#include <utility>

#include "libs/reference/snapshot.h"
#include "libs/status/errors.h"
#include "services/sla/clock.h"
#include "services/sla/promises.h"
#include "services/sla/sla_policy.h"
#include "services/sla/sla_projection.h"

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
    ChoosePack(*context.reference, receipt->supplied_facts(), receipt->mutable_start());
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
  return inputs;
}

absl::StatusOr<std::vector<runtime::NewEvent>> SlaLogic::Decide(const store::Rows& rows,
                                                                const runtime::v1::Order& order,
                                                                const runtime::DecideContext& context) const {
  Command command;
  const absl::string_view complaint = ComplaintOf(order.aggregate());
  if (complaint.empty() || !command.ParseFromString(order.command())) {
    return absl::InternalError("an order that is none of this service");
  }
  const ClockRow state = FindClock(rows, context.shard, complaint).value_or(ClockRow());
  std::vector<Event> events;
  switch (command.kind_case()) {
    case Command::kTakeIn: events = TakeIn(state, std::move(*command.mutable_take_in()), complaint, context); break;
    case Command::kRaiseAlarm: events = DecideAlarm(state, command.raise_alarm(), context.now); break;
    case Command::KIND_NOT_SET: return absl::InternalError("an order without a command");
  }
  std::vector<runtime::NewEvent> recorded;
  for (const Event& event : events) recorded.push_back({order.aggregate(), event.SerializeAsString()});
  return recorded;
}

void SlaLogic::Apply(const runtime::ApplyContext& context, const log::v1::Event& event, store::View* rows) const {
  ApplyEvent(context, event, rows);
}

std::string SlaLogic::ResultOf(const runtime::ApplyContext&, const store::Rows&) const { return ""; }

absl::StatusOr<std::vector<runtime::v1::Order>> SlaLogic::React(const runtime::Input& input,
                                                                const runtime::ReactContext& context) const {
  return sla::React(input, context);
}

void SlaLogic::Fire(const runtime::Timer& timer, const runtime::ReactContext& context,
                    std::function<void(std::optional<runtime::v1::Order>)> done) {
  Command command;
  if (!ParseAlarmTimer(timer.name, command.mutable_raise_alarm())) return done(std::nullopt);
  command.mutable_raise_alarm()->set_due(timer.due);
  runtime::v1::Order order;
  order.set_stream(std::string(log::StreamName(stream())));
  order.set_shard(context.shard);
  order.set_aggregate(timer.aggregate);
  order.set_command(command.SerializeAsString());
  done(std::move(order));
}

}  // namespace redress::sla
