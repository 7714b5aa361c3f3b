#include "services/sla/sla_policy.h"

#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/ids/ids.h"
#include "libs/service/inputs.h"
#include "libs/status/macros.h"
#include "redress/intake/events/v1/events.pb.h"
#include "redress/register/events/v1/events.pb.h"
#include "redress/routing/events/v1/events.pb.h"
#include "redress/scheduling/events/v1/events.pb.h"
#include "services/sla/facts.h"

namespace redress::sla {
namespace {

using commands::v1::Note;
using types::v1::Fact;
using types::v1::FactKind;

Fact& AddFact(FactKind kind, Millis occurred_at, Note* note) {
  Fact& fact = *note->add_facts();
  fact.set_kind(kind);
  fact.set_occurred_at(occurred_at);
  return fact;
}

// Facts of intake's own commands say who did it and why, if anything.
Fact& AddFact(FactKind kind, Millis occurred_at, const std::string& reason, const log::v1::Body& body, Note* note) {
  Fact& fact = AddFact(kind, occurred_at, note);
  fact.set_reason(reason);
  fact.set_actor(body.actor());
  return fact;
}

void SetPlace(const intake::events::v1::Placement& placement, events::v1::ClockStarted* start) {
  start->set_residence(placement.residence());
  start->set_zone(placement.zone());
  start->mutable_at_receipt()->set_agency(placement.agency());
  start->mutable_at_receipt()->set_office(placement.office());
}

void Received(const intake::events::v1::ComplaintReceived& received, const log::v1::Body& body, Note* note) {
  auto* start = note->mutable_receipt()->mutable_start();
  start->set_kind(received.kind());
  start->set_category(received.category());
  start->set_channel(received.channel());
  start->set_urgency(received.urgency());
  SetPlace(received.placement(), start);
  start->set_received_at(received.occurred_at());
  start->set_recorded_at(body.recorded_at());
  start->set_reopen_window_ms(received.reopen_window_ms());
  AddFact(types::v1::FACT_KIND_RECEIVED, received.occurred_at(), received.backdating_reason(), body, note);
}

void Imported(const intake::events::v1::ComplaintImported& imported, const log::v1::Body& body, Note* note) {
  note->set_imported(true);
  auto* start = note->mutable_receipt()->mutable_start();
  start->set_kind(imported.kind());
  start->set_category(imported.category());
  start->set_channel(imported.channel());
  start->set_urgency(imported.urgency());
  SetPlace(imported.placement(), start);
  start->set_imported(true);
  start->set_recorded_at(body.recorded_at());
  start->set_source_due_at(imported.due_at());
  start->set_reopen_window_ms(imported.reopen_window_ms());
  *note->mutable_facts() = imported.facts();
  *start->mutable_supplied_facts() = imported.supplied_facts();
  if (!imported.facts().empty()) start->set_received_at(imported.facts(0).occurred_at());
  for (const Fact& fact : imported.facts()) {
    if (fact.kind() != types::v1::FACT_KIND_RECEIVED) continue;
    start->set_received_at(fact.occurred_at());
    break;
  }
}

void Amended(const intake::events::v1::ComplaintAmended& amended, Note* note) {
  const bool says_something = amended.has_kind() || amended.has_category() || amended.has_urgency();
  if (!says_something && !amended.has_reopen_window_ms()) return;
  auto* said = note->mutable_amended();
  said->set_occurred_at(amended.occurred_at());
  if (amended.has_kind()) said->set_kind(amended.kind());
  if (amended.has_category()) said->set_category(amended.category());
  if (amended.has_urgency()) said->set_urgency(amended.urgency());
  if (amended.has_reopen_window_ms()) said->set_reopen_window_ms(amended.reopen_window_ms());
}

void Answered(const intake::events::v1::ComplaintAnswered& answered, const log::v1::Body& body, Note* note) {
  AddFact(types::v1::FACT_KIND_ANSWERED, answered.occurred_at(), answered.reason(), body, note)
      .set_stage(answered.stage());
}

void Resolved(const intake::events::v1::ComplaintResolved& resolved, const log::v1::Body& body, Note* note) {
  Fact& fact = AddFact(types::v1::FACT_KIND_RESOLVED, resolved.occurred_at(), resolved.reason(), body, note);
  fact.set_outcome(resolved.outcome());
  fact.set_reference(resolved.intervention());
}

bool FromIntake(const log::v1::Event& event, const log::v1::Body& body, Note* note) {
  using intake::events::v1::Event;
  Event said;
  if (!said.ParseFromString(event.payload())) return false;
  switch (said.kind_case()) {
    case Event::kComplaintReceived: Received(said.complaint_received(), body, note); break;
    case Event::kComplaintImported: Imported(said.complaint_imported(), body, note); break;
    case Event::kImportedFactsAdded:
      note->set_imported(true);
      *note->mutable_facts() = said.imported_facts_added().facts();
      break;
    case Event::kComplaintAcknowledged:
      AddFact(types::v1::FACT_KIND_ACKNOWLEDGED, said.complaint_acknowledged().occurred_at(),
              said.complaint_acknowledged().reason(), body, note);
      break;
    case Event::kComplaintAnswered: Answered(said.complaint_answered(), body, note); break;
    case Event::kComplaintResolved: Resolved(said.complaint_resolved(), body, note); break;
    case Event::kComplaintContested:
      AddFact(types::v1::FACT_KIND_REOPENED, said.complaint_contested().occurred_at(), "contested", body, note);
      break;
    case Event::kComplaintReopened:
      AddFact(types::v1::FACT_KIND_REOPENED, said.complaint_reopened().occurred_at(),
              said.complaint_reopened().reason(), body, note);
      break;
    case Event::kComplaintWithdrawn:
      AddFact(types::v1::FACT_KIND_WITHDRAWN, said.complaint_withdrawn().occurred_at(),
              said.complaint_withdrawn().reason(), body, note);
      break;
    case Event::kFactRecorded: *note->add_facts() = said.fact_recorded().fact(); break;
    case Event::kComplaintAmended: Amended(said.complaint_amended(), note); break;
    default: break;
  }
  return true;
}

bool FromRouting(const log::v1::Event& event, Note* note) {
  routing::events::v1::Event said;
  if (!said.ParseFromString(event.payload())) return false;
  if (!said.has_assigned()) return true;
  const auto& assigned = said.assigned();
  Fact& fact = AddFact(types::v1::FACT_KIND_ASSIGNED, assigned.occurred_at(), note);
  fact.set_team(assigned.team());
  fact.set_agent(assigned.agent());
  auto* dimensions = note->add_dimensions();
  dimensions->set_agency(assigned.agency());
  dimensions->set_office(assigned.office());
  dimensions->set_team(assigned.team());
  dimensions->set_agent(assigned.agent());
  return true;
}

// Sets `complaint` for events about a visit.
bool FromScheduling(const log::v1::Event& event, Note* note, std::string* complaint) {
  using scheduling::events::v1::Event;
  Event said;
  if (!said.ParseFromString(event.payload())) return false;
  const auto visit = [&](FactKind kind, const auto& happened, absl::string_view result = "",
                         absl::string_view reason = "") {
    *complaint = happened.complaint();
    Fact& fact = AddFact(kind, happened.occurred_at(), note);
    fact.set_reference(event.aggregate());
    fact.set_result(std::string(result));
    fact.set_reason(std::string(reason));
  };
  switch (said.kind_case()) {
    case Event::kVisitRequested: visit(types::v1::FACT_KIND_VISIT_REQUESTED, said.visit_requested()); break;
    case Event::kVisitBooked: visit(types::v1::FACT_KIND_VISIT_BOOKED, said.visit_booked()); break;
    case Event::kVisitMoved:
      visit(types::v1::FACT_KIND_VISIT_BOOKED, said.visit_moved(), "", said.visit_moved().reason());
      break;
    case Event::kVisitStarted:
      visit(types::v1::FACT_KIND_VISIT_STARTED, said.visit_started(), "", said.visit_started().backdating_reason());
      break;
    case Event::kVisitDone:
      visit(types::v1::FACT_KIND_VISIT_ENDED, said.visit_done(), said.visit_done().result(),
            said.visit_done().backdating_reason());
      break;
    case Event::kVisitNoAccess:
      visit(types::v1::FACT_KIND_NO_ACCESS, said.visit_no_access(), "no_access",
            said.visit_no_access().backdating_reason());
      note->mutable_facts(0)->set_evidence(said.visit_no_access().evidence());
      break;
    case Event::kVisitCancelled:
      visit(types::v1::FACT_KIND_VISIT_ENDED, said.visit_cancelled(), kVisitCancelled, said.visit_cancelled().reason());
      break;
    default: break;
  }
  return true;
}

// What the register says that may move due instants. A change of territory moves none: an agency's calendar and zone
// are those of the receipt.
bool FromRegister(const log::v1::Event& event, events::v1::ReplanBegun* change) {
  using register_::events::v1::Event;
  Event said;
  if (!said.ParseFromString(event.payload())) return false;
  if (said.has_calendar_set()) {
    change->set_calendar(said.calendar_set().calendar().id());
    change->set_calendar_version(said.calendar_set().version());
    change->set_active_from(said.calendar_set().active_from());
  } else if (said.has_tzdata_adopted()) {
    change->set_tzdata(said.tzdata_adopted().version());
  }
  return true;
}

runtime::v1::Order OrderFor(const std::string& aggregate, const commands::v1::Command& command, uint16_t shard) {
  runtime::v1::Order order;
  order.set_stream(std::string(log::StreamName(log::Stream::kSla)));
  order.set_shard(shard);
  order.set_aggregate(aggregate);
  order.set_command(command.SerializeAsString());
  return order;
}

absl::StatusOr<std::vector<runtime::v1::Order>> ReactToRegister(const log::v1::Body& body, uint16_t shard) {
  std::vector<runtime::v1::Order> orders;
  for (const log::v1::Event& event : body.events()) {
    commands::v1::Command command;
    auto* change = command.mutable_begin_replan()->mutable_change();
    if (!FromRegister(event, change)) return service::EventUnreadable(event);
    if (change->calendar().empty() && change->tzdata().empty()) continue;
    change->set_recorded_at(body.recorded_at());
    orders.push_back(OrderFor(ReplanName(*change), command, shard));
  }
  return orders;
}

// The bare id of "complaints/<id>", or what is one already.
std::string BareId(absl::string_view name) {
  absl::ConsumePrefix(&name, "complaints/");
  return std::string(name);
}

}  // namespace

std::string ClockName(absl::string_view complaint) { return absl::StrCat("clocks/", complaint); }

std::string ReplanName(const events::v1::ReplanBegun& change) {
  if (!change.tzdata().empty()) return absl::StrCat(kReplans, "tzdata/", change.tzdata());
  return absl::StrCat(kReplans, "calendar/", change.calendar(), "/", change.calendar_version());
}

absl::string_view ComplaintOf(absl::string_view clock_name) {
  return absl::ConsumePrefix(&clock_name, "clocks/") ? clock_name : "";
}

absl::StatusOr<std::vector<runtime::v1::Order>> React(const runtime::Input& input,
                                                      const runtime::ReactContext& context) {
  if (input.from.stream == log::Stream::kRegister) return ReactToRegister(*input.body, context.shard);
  // What cannot be given to a shard is parked by one of all those that read it.
  const bool parks = input.from.shard == context.shard;
  std::map<std::string, commands::v1::Command> by_complaint;
  for (const log::v1::Event& event : input.body->events()) {
    const bool of_complaint = absl::StartsWith(event.aggregate(), "complaints/");
    const bool of_visit = absl::StartsWith(event.aggregate(), "interventions/");
    Note note;
    std::string complaint = BareId(event.aggregate());
    bool read = true;
    switch (input.from.stream) {
      case log::Stream::kIntake:
        if (of_complaint) read = FromIntake(event, *input.body, &note);
        break;
      case log::Stream::kRouting:
        if (of_complaint) read = FromRouting(event, &note);
        break;
      case log::Stream::kScheduling:
        if (of_visit) read = FromScheduling(event, &note, &complaint);
        break;
      default: break;
    }
    if (!read && !parks) continue;
    if (!read) return service::EventUnreadable(event);
    if (note.facts().empty() && !note.has_receipt() && !note.has_amended()) continue;
    complaint = BareId(complaint);
    const absl::StatusOr<IdParts> id = ParseId(complaint);
    if (!id.ok() && parks) return id.status();
    if (!id.ok() || ShardOf(id->placement, context.shard_count) != context.shard) continue;
    note.set_recorded_at(input.body->recorded_at());
    auto* cause = note.mutable_cause();
    cause->set_stream(std::string(log::StreamName(input.from.stream)));
    cause->set_aggregate(event.aggregate());
    cause->set_version(event.version());
    *by_complaint[complaint].mutable_take_in()->add_notes() = std::move(note);
  }
  std::vector<runtime::v1::Order> orders;
  for (const auto& [complaint, command] : by_complaint) {
    orders.push_back(OrderFor(ClockName(complaint), command, context.shard));
  }
  return orders;
}

}  // namespace redress::sla
