#include "tests/sim/coverage.h"

#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "redress/intake/commands/v1/commands.pb.h"
#include "redress/routing/commands/v1/commands.pb.h"
#include "redress/scheduling/commands/v1/commands.pb.h"
#include "redress/sla/commands/v1/commands.pb.h"
#include "services/intake/intake_projection.h"
#include "services/routing/routing_projection.h"
#include "services/scheduling/scheduling_rows.h"
#include "services/sla/sla_projection.h"

namespace redress::sim {
namespace {

namespace pb = ::google::protobuf;

// A service's deciders: commands, the states of what they are about, and how to look one up.
struct Decider {
  const char* stream;
  const char* aggregates;
  const pb::Message& command;
  std::vector<std::string> states;
  std::string (*state)(const store::Rows& rows, uint16_t shard, absl::string_view id);
  // Commands that are about other aggregates.
  std::set<std::string> others;
};

// "RESOLVED" of STATE_RESOLVED; NONE of the zero value.
std::vector<std::string> NamesOf(const pb::EnumDescriptor* type, absl::string_view prefix) {
  std::vector<std::string> names;
  for (int i = 0; i < type->value_count(); ++i) {
    names.push_back(i == 0 ? "NONE" : std::string(absl::StripPrefix(type->value(i)->name(), prefix)));
  }
  return names;
}

std::vector<std::string> IntakeStates() { return NamesOf(intake::rows::v1::State_descriptor(), "STATE_"); }
std::vector<std::string> RoutingStates() {
  return NamesOf(routing::rows::v1::ComplaintRow::State_descriptor(), "STATE_");
}
std::vector<std::string> VisitStates() {
  return NamesOf(scheduling::rows::v1::VisitState_descriptor(), "VISIT_STATE_");
}

std::string IntakeState(const store::Rows& rows, uint16_t shard, absl::string_view id) {
  return IntakeStates()[intake::LoadComplaint(rows, shard, id).state()];
}
std::string RoutingState(const store::Rows& rows, uint16_t shard, absl::string_view id) {
  return RoutingStates()[routing::LoadComplaint(rows, shard, id).state()];
}
std::string VisitStateOf(const store::Rows& rows, uint16_t shard, absl::string_view id) {
  const auto row = scheduling::kVisits.Get(rows, shard, id);
  return VisitStates()[row.has_value() ? row->state() : 0];
}
// A clock has no state of its own: whether intake has spoken, and how many lines there are.
std::string ClockState(const store::Rows& rows, uint16_t shard, absl::string_view id) {
  const auto row = sla::FindClock(rows, shard, id);
  if (!row.has_value()) return "NONE";
  if (!row->has_start()) return "WAITS_FOR_INTAKE";
  return row->runs_size() == 0 ? "WITHOUT_LINES" : "WITH_LINES";
}

const std::vector<Decider>& Deciders() {
  static const auto* deciders = new std::vector<Decider>{
      {"intake",
       "complaints/",
       intake::commands::v1::Command::default_instance(),
       IntakeStates(),
       IntakeState,
       {"erase_person", "note_complaint_of_person", "erase_texts_of_person", "note_person_key_destroyed",
        "note_texts_expired", "expire_person"}},
      {"routing", "complaints/", routing::commands::v1::Command::default_instance(), RoutingStates(), RoutingState, {}},
      {"scheduling",
       "interventions/",
       scheduling::commands::v1::Command::default_instance(),
       VisitStates(),
       VisitStateOf,
       {"end_complaint", "supersede_visits", "reseal_visits", "register_technician", "set_absence"}},
      {"sla",
       "clocks/",
       sla::commands::v1::Command::default_instance(),
       {"NONE", "WAITS_FOR_INTAKE", "WITHOUT_LINES", "WITH_LINES"},
       ClockState,
       {"begin_replan", "replan_page"}}};
  return *deciders;
}

const pb::OneofDescriptor* KindsOf(const pb::Message& command) {
  for (int i = 0; i < command.GetDescriptor()->oneof_decl_count(); ++i) {
    if (command.GetDescriptor()->oneof_decl(i)->name() == "kind") return command.GetDescriptor()->oneof_decl(i);
  }
  return nullptr;
}

}  // namespace

std::set<StateAndCommand> Meeting(const store::Rows& rows, const runtime::v1::Order& order) {
  for (const Decider& decider : Deciders()) {
    if (order.stream() != decider.stream || !absl::StartsWith(order.aggregate(), decider.aggregates)) continue;
    const std::unique_ptr<pb::Message> command(decider.command.New());
    if (!command->ParseFromString(order.command())) return {};
    const auto* kind = command->GetReflection()->GetOneofFieldDescriptor(*command, KindsOf(*command));
    if (kind == nullptr || decider.others.contains(kind->name())) return {};
    const auto shard = static_cast<uint16_t>(order.shard());
    const absl::string_view id = absl::StripPrefix(order.aggregate(), decider.aggregates);
    return {{decider.stream, decider.state(rows, shard, id), kind->name()}};
  }
  return {};
}

std::vector<StateAndCommand> AllMeetings() {
  std::vector<StateAndCommand> all;
  for (const Decider& decider : Deciders()) {
    const auto* kinds = KindsOf(decider.command);
    for (int i = 0; i < kinds->field_count(); ++i) {
      if (decider.others.contains(kinds->field(i)->name())) continue;
      for (const std::string& state : decider.states) all.emplace_back(decider.stream, state, kinds->field(i)->name());
    }
  }
  return all;
}

}  // namespace redress::sim
