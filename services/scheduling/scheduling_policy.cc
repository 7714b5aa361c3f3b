#include "services/scheduling/scheduling_policy.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/ids/ids.h"
#include "libs/reference/snapshot.h"
#include "libs/service/inputs.h"
#include "libs/status/macros.h"
#include "redress/intake/events/v1/events.pb.h"
#include "redress/routing/events/v1/events.pb.h"
#include "services/scheduling/intervention.h"

namespace redress::scheduling {
namespace {

using runtime::v1::Order;
using Orders = std::vector<Order>;
using IntakeEvent = intake::events::v1::Event;

constexpr absl::string_view kComplaints = "complaints/";

Order OrderFor(const runtime::ReactContext& context, std::string aggregate, const Command& command) {
  Order order;
  order.set_stream("scheduling");
  order.set_shard(context.shard);
  order.set_aggregate(std::move(aggregate));
  order.set_command(command.SerializeAsString());
  return order;
}

Order RequestFor(const std::string& complaint, const routing::events::v1::Assigned& assigned,
                 const runtime::ReactContext& context) {
  Command command;
  auto* request = command.mutable_request_visit();
  request->set_complaint(complaint);
  request->set_agency(assigned.agency());
  request->set_residence(assigned.residence());
  request->set_category(assigned.category());
  *request->mutable_skills() = assigned.skills();
  request->set_minutes(assigned.visit_minutes());
  request->set_language(assigned.language());
  if (assigned.has_dwelling()) *request->mutable_dwelling() = assigned.dwelling();
  if (assigned.has_access_note()) *request->mutable_access_note() = assigned.access_note();
  request->set_urgency(assigned.urgency());
  request->set_occurred_at(assigned.occurred_at());
  request->set_assignment(assigned.assignment());
  request->set_round(assigned.round());
  request->set_care_level(assigned.care_level());
  if (context.reference != nullptr) {
    const auto* agency = context.reference->FindAgency(assigned.agency(), assigned.occurred_at());
    if (agency != nullptr) request->set_zone(agency->zone());
  }
  const std::string id = AssignedId(complaint, assigned.assignment(), assigned.agency(), assigned.occurred_at());
  return OrderFor(context, absl::StrCat(kInterventions, id), command);
}

void ReactToAssigned(const std::string& complaint, const routing::events::v1::Assigned& assigned,
                     const runtime::ReactContext& context, Orders* orders) {
  const bool here = ShardOf(PlacementOf(assigned.agency()), context.shard_count) == context.shard;
  if (assigned.visit_needed() && here) {
    orders->push_back(RequestFor(complaint, assigned, context));
  } else if (assigned.assignment() > 1) {
    Command command;
    auto* supersede = command.mutable_supersede_visits();
    supersede->set_complaint(complaint);
    supersede->set_assignment(assigned.assignment());
    supersede->set_agency(assigned.agency());
    supersede->set_occurred_at(assigned.occurred_at());
    supersede->set_none_needed(!assigned.visit_needed());
    orders->push_back(OrderFor(context, complaint, command));
  }
}

// By way of routing, so that no assignment from before comes behind it with what nobody can open any more.
void ReactToMatterNoted(const std::string& complaint, const routing::events::v1::MatterNoted& noted,
                        const runtime::ReactContext& context, Orders* orders) {
  if (!noted.resealed()) return;
  Command command;
  auto* reseal = command.mutable_reseal_visits();
  reseal->set_complaint(complaint);
  if (noted.has_dwelling()) *reseal->mutable_dwelling() = noted.dwelling();
  if (noted.has_access_note()) *reseal->mutable_access_note() = noted.access_note();
  orders->push_back(OrderFor(context, complaint, command));
}

Order EndingOf(const std::string& complaint, int32_t round, int64_t at, absl::string_view how,
               const runtime::ReactContext& context) {
  Command command;
  auto* ending = command.mutable_end_complaint();
  ending->set_complaint(complaint);
  ending->set_round(round);
  ending->set_occurred_at(at);
  ending->set_how(std::string(how));
  return OrderFor(context, absl::StrCat(kEndings, absl::StripPrefix(complaint, kComplaints)), command);
}

// Whether its facts end it is intake's to say. How, they show.
Order ImportedEnding(const std::string& complaint, const intake::events::v1::ImportedFactsAdded& added,
                     const runtime::ReactContext& context) {
  const auto end = std::find_if(added.facts().begin(), added.facts().end(), [&](const types::v1::Fact& fact) {
    const bool ends = fact.kind() == types::v1::FACT_KIND_RESOLVED || fact.kind() == types::v1::FACT_KIND_WITHDRAWN;
    return ends && fact.occurred_at() == added.ended_at();
  });
  const bool withdrawn = end != added.facts().end() && end->kind() == types::v1::FACT_KIND_WITHDRAWN;
  return EndingOf(complaint, added.round(), added.ended_at(), withdrawn ? "withdrawn" : "resolved", context);
}

absl::Status ReactToVisitNoted(const intake::events::v1::VisitNoted& noted, const runtime::ReactContext& context,
                               Orders* orders) {
  using Noted = intake::events::v1::VisitNoted;
  const bool open = noted.stage() == Noted::STAGE_REQUESTED || noted.stage() == Noted::STAGE_BOOKED;
  if (!noted.complaint_ended() || !open) return absl::OkStatus();
  ASSIGN_OR_RETURN(const IdParts id, ParseId(absl::StripPrefix(noted.intervention(), kInterventions)));
  if (ShardOf(id.placement, context.shard_count) != context.shard) return absl::OkStatus();
  Command command;
  command.mutable_free_visit()->set_reason("complaint_ended");
  command.mutable_free_visit()->set_occurred_at(noted.occurred_at());
  orders->push_back(OrderFor(context, noted.intervention(), command));
  return absl::OkStatus();
}

absl::Status ReactToIntake(const std::string& complaint, const IntakeEvent& event, const runtime::ReactContext& context,
                           Orders* orders) {
  switch (event.kind_case()) {
    case IntakeEvent::kComplaintResolved: {
      const auto& resolved = event.complaint_resolved();
      orders->push_back(EndingOf(complaint, resolved.round(), resolved.occurred_at(), "resolved", context));
      break;
    }
    case IntakeEvent::kComplaintWithdrawn: {
      const auto& withdrawn = event.complaint_withdrawn();
      orders->push_back(EndingOf(complaint, withdrawn.round(), withdrawn.occurred_at(), "withdrawn", context));
      break;
    }
    case IntakeEvent::kImportedFactsAdded:
      if (event.imported_facts_added().ended()) {
        orders->push_back(ImportedEnding(complaint, event.imported_facts_added(), context));
      }
      break;
    case IntakeEvent::kVisitNoted: return ReactToVisitNoted(event.visit_noted(), context, orders);
    default: break;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Orders> React(const runtime::Input& input, const runtime::ReactContext& context) {
  Orders orders;
  for (const log::v1::Event& event : input.body->events()) {
    if (!absl::StartsWith(event.aggregate(), kComplaints)) continue;
    if (input.from.stream == log::Stream::kRouting) {
      routing::events::v1::Event payload;
      if (!payload.ParseFromString(event.payload())) return service::EventUnreadable(event);
      if (payload.has_assigned()) ReactToAssigned(event.aggregate(), payload.assigned(), context, &orders);
      if (payload.has_matter_noted()) ReactToMatterNoted(event.aggregate(), payload.matter_noted(), context, &orders);
    } else if (input.from.stream == log::Stream::kIntake) {
      IntakeEvent payload;
      if (!payload.ParseFromString(event.payload())) return service::EventUnreadable(event);
      RETURN_IF_ERROR(ReactToIntake(event.aggregate(), payload, context, &orders));
    }
  }
  return orders;
}

}  // namespace redress::scheduling
