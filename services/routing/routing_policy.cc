#include "services/routing/routing_policy.h"

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/ids/ids.h"
#include "libs/service/inputs.h"
#include "libs/status/macros.h"
#include "redress/intake/events/v1/events.pb.h"
#include "redress/routing/commands/v1/commands.pb.h"
#include "redress/sla/events/v1/events.pb.h"

namespace redress::routing {
namespace {

using commands::v1::Change;
using commands::v1::Command;
using IntakeEvent = ::redress::intake::events::v1::Event;
using SlaEvent = ::redress::sla::events::v1::Event;

constexpr absl::string_view kComplaints = "complaints/";
constexpr absl::string_view kClocks = "clocks/";

void SetPlace(const ::redress::intake::events::v1::Placement& placement, commands::v1::Opened* opened) {
  opened->set_residence(placement.residence());
  opened->set_agency(placement.agency());
  opened->set_office(placement.office());
}

void Ended(const std::string& reason, Millis at, std::optional<int32_t> round, Change* change) {
  auto* ended = change->mutable_ended();
  ended->set_reason(reason);
  ended->set_occurred_at(at);
  if (round.has_value()) ended->set_round(*round);
}

void Received(const ::redress::intake::events::v1::ComplaintReceived& received, Change* change) {
  auto* opened = change->mutable_opened();
  opened->set_kind(received.kind());
  opened->set_category(received.category());
  opened->set_channel(received.channel());
  opened->set_urgency(received.urgency());
  SetPlace(received.placement(), opened);
  opened->set_language(received.language());
  opened->set_care_level(received.care_level());
  if (received.has_dwelling()) *opened->mutable_dwelling() = received.dwelling();
  if (received.has_access_note()) *opened->mutable_access_note() = received.access_note();
  opened->set_occurred_at(received.occurred_at());
}

// How facts ended a complaint at `ended_at`. Whether they did is for intake to say.
std::string HowEnded(const google::protobuf::RepeatedPtrField<types::v1::Fact>& facts, Millis ended_at) {
  for (const types::v1::Fact& fact : facts) {
    if (fact.occurred_at() != ended_at) continue;
    if (fact.kind() == types::v1::FACT_KIND_RESOLVED) break;
    if (fact.kind() == types::v1::FACT_KIND_WITHDRAWN) return "withdrawn";
  }
  return "resolved";
}

// Nothing for an import that nobody can take up again: its end is final.
void Imported(const ::redress::intake::events::v1::ComplaintImported& imported, Millis recorded_at,
              std::vector<Change>* changes) {
  const std::string how = HowEnded(imported.facts(), imported.ended_at());
  if (imported.closed() || (imported.ended() && how == "withdrawn")) return;
  auto* opened = changes->emplace_back().mutable_opened();
  opened->set_kind(imported.kind());
  opened->set_category(imported.category());
  opened->set_channel(imported.channel());
  opened->set_urgency(imported.urgency());
  SetPlace(imported.placement(), opened);
  opened->set_occurred_at(recorded_at);
  opened->set_round(imported.round());
  if (imported.ended()) Ended(how, imported.ended_at(), imported.round(), &changes->emplace_back());
}

// Further facts of an import: how the complaint is with them. Whether that is news, the decider sees.
void FactsAdded(const ::redress::intake::events::v1::ImportedFactsAdded& added, std::vector<Change>* changes) {
  if (added.ended()) {
    return Ended(HowEnded(added.facts(), added.ended_at()), added.ended_at(), added.round(), &changes->emplace_back());
  }
  auto* reopened = changes->emplace_back().mutable_reopened();
  reopened->set_round(added.round());
  // Anything that happens after an end re-opens it; a re-opening by name is more exact.
  if (!added.facts().empty()) reopened->set_occurred_at(added.facts(0).occurred_at());
  for (const types::v1::Fact& fact : added.facts()) {
    if (fact.kind() == types::v1::FACT_KIND_REOPENED) reopened->set_occurred_at(fact.occurred_at());
  }
}

void Amended(const ::redress::intake::events::v1::ComplaintAmended& amended, Change* change) {
  auto* out = change->mutable_amended();
  if (amended.has_kind()) out->set_kind(amended.kind());
  if (amended.has_category()) out->set_category(amended.category());
  if (amended.has_urgency()) out->set_urgency(amended.urgency());
  if (amended.has_care_level()) out->set_care_level(amended.care_level());
  if (amended.has_placement()) {
    out->mutable_place()->set_residence(amended.placement().residence());
    out->mutable_place()->set_agency(amended.placement().agency());
    out->mutable_place()->set_office(amended.placement().office());
  }
  if (amended.has_dwelling()) *out->mutable_dwelling() = amended.dwelling();
  if (amended.has_access_note()) *out->mutable_access_note() = amended.access_note();
}

// Of what was copied from the complaint; nothing when no text of it moved.
void Resealed(const ::redress::intake::events::v1::TextRedacted& redacted, std::vector<Change>* changes) {
  commands::v1::Resealed resealed;
  for (const auto& text : redacted.texts()) {
    if (!text.current()) continue;
    if (text.place().field() == "dwelling") {
      if (text.has_text()) *resealed.mutable_dwelling() = text.text();
      resealed.set_no_dwelling(!text.has_text());
    } else if (text.place().field() == "access_note") {
      if (text.has_text()) *resealed.mutable_access_note() = text.text();
      resealed.set_no_access_note(!text.has_text());
    }
  }
  if (resealed.ByteSizeLong() > 0) *changes->emplace_back().mutable_resealed() = std::move(resealed);
}

std::vector<Change> ChangesOf(const IntakeEvent& event, Millis recorded_at) {
  std::vector<Change> changes;
  switch (event.kind_case()) {
    case IntakeEvent::kComplaintReceived: Received(event.complaint_received(), &changes.emplace_back()); break;
    case IntakeEvent::kComplaintImported: Imported(event.complaint_imported(), recorded_at, &changes); break;
    case IntakeEvent::kImportedFactsAdded: FactsAdded(event.imported_facts_added(), &changes); break;
    case IntakeEvent::kComplaintAmended: Amended(event.complaint_amended(), &changes.emplace_back()); break;
    case IntakeEvent::kTextRedacted: Resealed(event.text_redacted(), &changes); break;
    case IntakeEvent::kComplaintContested:
      changes.emplace_back().mutable_reopened()->set_occurred_at(event.complaint_contested().occurred_at());
      break;
    case IntakeEvent::kComplaintReopened:
      changes.emplace_back().mutable_reopened()->set_occurred_at(event.complaint_reopened().occurred_at());
      break;
    case IntakeEvent::kComplaintResolved:
      Ended("resolved", event.complaint_resolved().occurred_at(), event.complaint_resolved().round(),
            &changes.emplace_back());
      break;
    case IntakeEvent::kComplaintWithdrawn:
      Ended("withdrawn", event.complaint_withdrawn().occurred_at(), event.complaint_withdrawn().round(),
            &changes.emplace_back());
      break;
    case IntakeEvent::kComplaintClosed:
      Ended("closed", event.complaint_closed().occurred_at(), std::nullopt, &changes.emplace_back());
      break;
    default: break;
  }
  return changes;
}

runtime::v1::Order MakeOrder(const runtime::ReactContext& context, const std::string& aggregate,
                             const Command& command) {
  runtime::v1::Order order;
  order.set_stream("routing");
  order.set_shard(context.shard);
  order.set_aggregate(aggregate);
  order.set_command(command.SerializeAsString());
  return order;
}

// Whether a complaint's home is this shard.
bool IsHere(absl::string_view id, const runtime::ReactContext& context) {
  const auto parts = ParseId(id);
  return parts.ok() && ShardOf(parts->placement, context.shard_count) == context.shard;
}

absl::StatusOr<std::vector<runtime::v1::Order>> ReactToIntake(const log::v1::Body& body,
                                                              const runtime::ReactContext& context) {
  std::vector<std::string> names;
  std::map<std::string, Command> commands;
  for (const log::v1::Event& event : body.events()) {
    absl::string_view id = event.aggregate();
    if (!absl::ConsumePrefix(&id, kComplaints) || !IsHere(id, context)) continue;
    IntakeEvent intake;
    if (!intake.ParseFromString(event.payload())) return service::EventUnreadable(event);
    std::vector<Change> changes = ChangesOf(intake, body.recorded_at());
    if (changes.empty()) continue;
    const auto [at, first] = commands.try_emplace(event.aggregate());
    if (first) names.push_back(event.aggregate());
    auto* follow = at->second.mutable_follow_complaint();
    for (Change& change : changes) {
      change.set_complaint_version(event.version());
      *follow->add_changes() = std::move(change);
    }
  }
  std::vector<runtime::v1::Order> orders;
  for (const std::string& name : names) orders.push_back(MakeOrder(context, name, commands[name]));
  return orders;
}

absl::StatusOr<std::vector<runtime::v1::Order>> ReactToSla(const log::v1::Body& body,
                                                           const runtime::ReactContext& context) {
  std::vector<runtime::v1::Order> orders;
  for (const log::v1::Event& event : body.events()) {
    absl::string_view id = event.aggregate();
    if (!absl::ConsumePrefix(&id, kClocks) || !IsHere(id, context)) continue;
    SlaEvent sla;
    if (!sla.ParseFromString(event.payload())) return service::EventUnreadable(event);
    Command command;
    auto* escalate = command.mutable_escalate();
    if (sla.has_warning_raised()) {
      escalate->set_line(sla.warning_raised().line());
      escalate->set_due_at(sla.warning_raised().due_at());
      escalate->set_occurred_at(sla.warning_raised().warned_at());
    } else if (sla.has_breach_raised() && !sla.breach_raised().silent()) {
      escalate->set_line(sla.breach_raised().line());
      escalate->set_breach(true);
      escalate->set_due_at(sla.breach_raised().due_at());
      escalate->set_occurred_at(sla.breach_raised().due_at());
    } else {
      continue;
    }
    orders.push_back(MakeOrder(context, absl::StrCat(kComplaints, id), command));
  }
  return orders;
}

}  // namespace

absl::StatusOr<std::vector<runtime::v1::Order>> React(const runtime::Input& input,
                                                      const runtime::ReactContext& context) {
  if (input.from.stream == log::Stream::kIntake) return ReactToIntake(*input.body, context);
  if (input.from.stream == log::Stream::kSla) return ReactToSla(*input.body, context);
  return std::vector<runtime::v1::Order>();
}

}  // namespace redress::routing
