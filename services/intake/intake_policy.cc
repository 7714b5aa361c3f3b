#include "services/intake/intake_policy.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/ids/ids.h"
#include "libs/runtime/fold.h"
#include "libs/service/inputs.h"
#include "libs/status/macros.h"
#include "redress/intake/commands/v1/commands.pb.h"
#include "redress/intake/events/v1/events.pb.h"
#include "redress/routing/events/v1/events.pb.h"
#include "redress/scheduling/events/v1/events.pb.h"
#include "redress/sla/events/v1/events.pb.h"
#include "services/intake/intake_projection.h"

namespace redress::intake {
namespace {

using commands::v1::Command;
using events::v1::VisitNoted;
using runtime::v1::Order;
using Orders = std::vector<Order>;

Order MakeOrder(uint16_t shard, std::string aggregate, const Command& command) {
  Order order;
  order.set_stream(std::string(log::StreamName(log::Stream::kIntake)));
  order.set_shard(shard);
  order.set_aggregate(std::move(aggregate));
  order.set_command(command.SerializeAsString());
  return order;
}

// Whether the complaint or person of this id lives in the shard.
bool IsHome(absl::string_view id, const runtime::ReactContext& context) {
  const auto parts = ParseId(id);
  return parts.ok() && ShardOf(parts->placement, context.shard_count) == context.shard;
}

template <typename Event>
absl::StatusOr<Event> ReadPayload(const log::v1::Event& stored) {
  Event event;
  if (!event.ParseFromString(stored.payload())) return service::EventUnreadable(stored);
  return event;
}

absl::Status ReactToRouting(const log::v1::Event& stored, const runtime::ReactContext& context, Orders* orders) {
  ASSIGN_OR_RETURN(const auto event, ReadPayload<::redress::routing::events::v1::Event>(stored));
  if (!event.has_assigned() || !IsHome(ComplaintIdOf(stored.aggregate()), context)) return absl::OkStatus();
  const auto& assigned = event.assigned();
  Command command;
  auto* noted = command.mutable_note_assignment()->mutable_assignment();
  noted->set_agency(assigned.agency());
  noted->set_office(assigned.office());
  noted->set_team(assigned.team());
  noted->set_agent(assigned.agent());
  noted->set_occurred_at(assigned.occurred_at());
  noted->set_assignment_version(stored.version());
  orders->push_back(MakeOrder(context.shard, stored.aggregate(), command));
  return absl::OkStatus();
}

// The stage that a visit's event says, and the complaint it is for; nothing for events of other kinds.
struct Stage {
  std::string complaint;
  VisitNoted noted;
};
template <typename Event>
Stage MakeStage(VisitNoted::Stage stage, const Event& event) {
  Stage made;
  made.complaint = event.complaint();
  made.noted.set_stage(stage);
  made.noted.set_occurred_at(event.occurred_at());
  return made;
}
template <typename Event>
Stage WithWindow(const Event& event) {
  Stage made = MakeStage(VisitNoted::STAGE_BOOKED, event);
  made.noted.set_window_starts_at(event.window_start());
  made.noted.set_window_ends_at(event.window_end());
  return made;
}

std::optional<Stage> StageOf(const ::redress::scheduling::events::v1::Event& event) {
  using SchedulingEvent = ::redress::scheduling::events::v1::Event;
  switch (event.kind_case()) {
    case SchedulingEvent::kVisitRequested: return MakeStage(VisitNoted::STAGE_REQUESTED, event.visit_requested());
    case SchedulingEvent::kVisitBooked: return WithWindow(event.visit_booked());
    case SchedulingEvent::kVisitMoved: return WithWindow(event.visit_moved());
    case SchedulingEvent::kVisitStarted: return MakeStage(VisitNoted::STAGE_STARTED, event.visit_started());
    case SchedulingEvent::kVisitDone: {
      Stage done = MakeStage(VisitNoted::STAGE_DONE, event.visit_done());
      done.noted.set_result(event.visit_done().result());
      return done;
    }
    case SchedulingEvent::kVisitNoAccess: return MakeStage(VisitNoted::STAGE_NO_ACCESS, event.visit_no_access());
    case SchedulingEvent::kVisitCancelled: return MakeStage(VisitNoted::STAGE_CANCELLED, event.visit_cancelled());
    default: return std::nullopt;
  }
}

absl::Status ReactToScheduling(const log::v1::Event& stored, const runtime::ReactContext& context, Orders* orders) {
  ASSIGN_OR_RETURN(const auto event, ReadPayload<::redress::scheduling::events::v1::Event>(stored));
  std::optional<Stage> stage = StageOf(event);
  if (!stage.has_value() || !IsHome(ComplaintIdOf(stage->complaint), context)) return absl::OkStatus();
  stage->noted.set_intervention(stored.aggregate());
  stage->noted.set_intervention_version(stored.version());
  Command command;
  *command.mutable_note_visit()->mutable_visit() = stage->noted;
  orders->push_back(MakeOrder(context.shard, stage->complaint, command));
  return absl::OkStatus();
}

absl::Status ReactToSla(const log::v1::Event& stored, const runtime::ReactContext& context, Orders* orders) {
  ASSIGN_OR_RETURN(const auto event, ReadPayload<::redress::sla::events::v1::Event>(stored));
  absl::string_view id = stored.aggregate();
  if (!absl::ConsumePrefix(&id, "clocks/") || !IsHome(id, context)) return absl::OkStatus();
  Command command;
  auto* alarm = command.mutable_note_alarm()->mutable_alarm();
  if (event.has_warning_raised()) {
    alarm->set_line(event.warning_raised().line());
    alarm->set_due_at(event.warning_raised().due_at());
  } else if (event.has_breach_raised() && !event.breach_raised().silent()) {
    alarm->set_line(event.breach_raised().line());
    alarm->set_due_at(event.breach_raised().due_at());
    alarm->set_breach(true);
  } else {
    return absl::OkStatus();
  }
  alarm->set_clock_version(stored.version());
  orders->push_back(MakeOrder(context.shard, absl::StrCat(kComplaintPrefix, id), command));
  return absl::OkStatus();
}

absl::Status ReactToIntake(const log::v1::Body& body, const log::v1::Event& stored,
                           const runtime::ReactContext& context, Orders* orders) {
  ASSIGN_OR_RETURN(const auto event, ReadPayload<events::v1::Event>(stored));
  Command command;
  if (event.has_person_erased()) {
    command.mutable_erase_texts_of_person()->set_person(stored.aggregate());
    orders->push_back(MakeOrder(context.shard, stored.aggregate(), command));
  } else if (event.has_complaint_received() && !event.complaint_received().person().empty()) {
    const std::string& person = event.complaint_received().person();
    // Registered in the same decision: nobody can have erased them before.
    const bool born_here = std::any_of(body.events().begin(), body.events().end(),
                                       [&](const auto& other) { return other.aggregate() == person; });
    if (born_here || !IsHome(PersonIdOf(person), context)) return absl::OkStatus();
    command.mutable_note_complaint_of_person()->set_complaint(stored.aggregate());
    orders->push_back(MakeOrder(context.shard, person, command));
  } else if (event.has_texts_expired() && !event.texts_expired().person().empty()) {
    const std::string& person = event.texts_expired().person();
    if (!IsHome(PersonIdOf(person), context)) return absl::OkStatus();
    command.mutable_note_texts_expired()->set_complaint(stored.aggregate());
    orders->push_back(MakeOrder(context.shard, person, command));
  } else if (event.has_legal_hold_lifted() && !event.legal_hold_lifted().person().empty()) {
    const std::string& person = event.legal_hold_lifted().person();
    if (!IsHome(PersonIdOf(person), context)) return absl::OkStatus();
    command.mutable_note_complaint_of_person()->set_complaint(stored.aggregate());
    command.mutable_note_complaint_of_person()->set_reason("hold_lifted");
    orders->push_back(MakeOrder(context.shard, person, command));
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<log::ShardId> FollowedByIntake(uint16_t shard, uint32_t shard_count) {
  std::vector<log::ShardId> inputs = {{log::Stream::kRouting, shard}, {log::Stream::kSla, shard}};
  for (uint32_t i = 0; i < shard_count; ++i) inputs.push_back({log::Stream::kScheduling, i});
  for (uint32_t i = 0; i < shard_count; ++i) inputs.push_back({log::Stream::kIntake, i});
  return inputs;
}

absl::StatusOr<std::vector<Order>> ReactToInput(const runtime::Input& input, const runtime::ReactContext& context) {
  Orders orders;
  for (const log::v1::Event& stored : input.body->events()) {
    // The runtime's own: what a shard has parked means nothing to others.
    if (absl::StartsWith(stored.aggregate(), runtime::kInputsPrefix)) continue;
    switch (input.from.stream) {
      case log::Stream::kRouting: RETURN_IF_ERROR(ReactToRouting(stored, context, &orders)); break;
      case log::Stream::kScheduling: RETURN_IF_ERROR(ReactToScheduling(stored, context, &orders)); break;
      case log::Stream::kSla: RETURN_IF_ERROR(ReactToSla(stored, context, &orders)); break;
      case log::Stream::kIntake: RETURN_IF_ERROR(ReactToIntake(*input.body, stored, context, &orders)); break;
      case log::Stream::kRegister: break;
    }
  }
  return orders;
}

}  // namespace redress::intake
