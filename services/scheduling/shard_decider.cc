#include "services/scheduling/shard_decider.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/status/macros.h"
#include "services/scheduling/intervention.h"
#include "services/scheduling/limits.h"
#include "services/scheduling/scheduling_errors.h"
#include "services/scheduling/scheduling_rows.h"
#include "services/scheduling/technician.h"
#include "services/scheduling/technician_calendar.h"

namespace redress::scheduling {
namespace {

using runtime::NewEvent;
using NewEvents = std::vector<NewEvent>;

class Decider {
 public:
  Decider(const store::Rows& rows, const Command& command, const runtime::DecideContext& context)
      : rows_(rows), command_(command), context_(context) {}

  absl::StatusOr<NewEvents> AboutTechnician(const std::string& name) const;
  absl::StatusOr<NewEvents> AboutVisit(const std::string& id) const;
  absl::StatusOr<NewEvents> Request(const std::string& id) const;
  absl::StatusOr<NewEvents> End(const commands::v1::EndComplaint& ending) const;
  NewEvents Supersede(const commands::v1::SupersedeVisits& later) const;
  NewEvents Reseal(const commands::v1::ResealVisits& resealed) const;

 private:
  bool Sees(absl::string_view agency) const {
    if (!command_.has_scope() || command_.scope().all_agencies()) return true;
    const auto& agencies = command_.scope().agencies();
    return std::find(agencies.begin(), agencies.end(), agency) != agencies.end();
  }
  bool Sees(const Intervention& visit) const {
    return Sees(visit.agency()) &&
           (command_.scope().technician().empty() || command_.scope().technician() == visit.technician());
  }
  Intervention Load(const std::string& id) const {
    return kVisits.Get(rows_, context_.shard, id).value_or(Intervention());
  }
  Circumstances Around(absl::string_view complaint) const {
    const auto ending = kEndingRows.Get(rows_, context_.shard, complaint);
    return {context_.now, ending.has_value() ? std::optional<int32_t>(ending->round()) : std::nullopt};
  }
  static void Append(const std::vector<VisitEvent>& decided, NewEvents* events) {
    for (const VisitEvent& one : decided) {
      events->push_back({absl::StrCat(kInterventions, one.intervention), one.event.SerializeAsString()});
    }
  }
  absl::Status ClaimWindows(const std::string& id, const Intervention& state, const std::vector<VisitEvent>& decided,
                            NewEvents* events) const;
  void Free(const std::string& id, const Intervention& state, absl::string_view reason, Millis at,
            NewEvents* events) const;
  // What assignments before `later` asked for and nobody has booked, elsewhere than `later` does.
  void FreeSuperseded(const commands::v1::SupersedeVisits& later, NewEvents* events) const;
  // An assignment asks for a visit of an agency that has one open: it is to say the same.
  void Amend(const std::string& id, const Intervention& state, NewEvents* events) const;
  int32_t RoundUnderWay(absl::string_view complaint) const;

  const store::Rows& rows_;
  const Command& command_;
  const runtime::DecideContext& context_;
};

absl::StatusOr<NewEvents> Decider::AboutTechnician(const std::string& name) const {
  const auto state =
      kTechnicianRows.Get(rows_, context_.shard, absl::StripPrefix(name, kTechnicians)).value_or(Technician());
  if (!state.agency().empty() && !Sees(state.agency())) return TechnicianUnknown(name);
  ASSIGN_OR_RETURN(const auto decided, DecideTechnician(name, state, command_));
  NewEvents events;
  for (const Event& event : decided) events.push_back({name, event.SerializeAsString()});
  return events;
}

// The slot that a command names, when it names one.
const commands::v1::Slot* SlotOf(const Command& command) {
  switch (command.kind_case()) {
    case Command::kHoldSlot: return &command.hold_slot().slot();
    case Command::kBookVisit: return command.book_visit().has_slot() ? &command.book_visit().slot() : nullptr;
    case Command::kMoveVisit: return &command.move_visit().slot();
    default: return nullptr;
  }
}

template <typename Message>
SlotOffer WindowIn(const Message& event) {
  return {event.technician(), event.window_start(), event.window_end()};
}

std::optional<SlotOffer> WindowClaimed(const Event& event) {
  if (event.has_slot_held()) return WindowIn(event.slot_held());
  if (event.has_visit_booked()) return WindowIn(event.visit_booked());
  if (event.has_visit_moved()) return WindowIn(event.visit_moved());
  return std::nullopt;
}

absl::Status Decider::ClaimWindows(const std::string& id, const Intervention& state,
                                   const std::vector<VisitEvent>& decided, NewEvents* events) const {
  for (const VisitEvent& one : decided) {
    const auto window = WindowClaimed(one.event);
    if (!window.has_value()) continue;
    const auto* slot = SlotOf(command_);
    ASSIGN_OR_RETURN(const auto expired,
                     ClaimWindow(rows_, context_.shard, state,
                                 {id, *window, slot != nullptr && slot->outside_hours(), context_.now}));
    Command expire;
    expire.mutable_expire_hold();
    for (const std::string& other : expired) {
      ASSIGN_OR_RETURN(const auto released, Decide(other, Load(other), expire, {context_.now, {}}));
      Append(released, events);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<NewEvents> Decider::AboutVisit(const std::string& id) const {
  const Intervention state = Load(id);
  if (state.state() != rows::v1::VISIT_STATE_UNSPECIFIED && !Sees(state)) {
    return InterventionUnknown(absl::StrCat(kInterventions, id));
  }
  ASSIGN_OR_RETURN(const auto decided, Decide(id, state, command_, Around(state.complaint())));
  NewEvents events;
  Append(decided, &events);
  RETURN_IF_ERROR(ClaimWindows(id, state, decided, &events));
  return events;
}

void Decider::Free(const std::string& id, const Intervention& state, absl::string_view reason, Millis at,
                   NewEvents* events) const {
  Command free;
  free.mutable_free_visit()->set_reason(std::string(reason));
  free.mutable_free_visit()->set_occurred_at(at);
  const auto decided = Decide(id, state, free, {context_.now, {}});
  if (decided.ok()) Append(*decided, events);
}

int32_t Decider::RoundUnderWay(absl::string_view complaint) const {
  int32_t round = 0;
  for (const std::string& id : VisitsOf(rows_, context_.shard, complaint)) round = std::max(round, Load(id).round());
  const auto ended = Around(complaint).ended_round;
  return ended.has_value() ? std::max(round, *ended + 1) : round;
}

void Decider::FreeSuperseded(const commands::v1::SupersedeVisits& later, NewEvents* events) const {
  for (const std::string& id : VisitsOf(rows_, context_.shard, later.complaint())) {
    const Intervention visit = Load(id);
    const bool unbooked =
        visit.state() == rows::v1::VISIT_STATE_REQUESTED || visit.state() == rows::v1::VISIT_STATE_HELD;
    const bool earlier = visit.assignment() > 0 && visit.assignment() < later.assignment();
    if (!unbooked || !earlier || (!later.none_needed() && visit.agency() == later.agency())) continue;
    Free(id, visit, later.none_needed() ? "not_needed" : "reassigned", later.occurred_at(), events);
  }
}

void Decider::Amend(const std::string& id, const Intervention& state, NewEvents* events) const {
  Command amend;
  *amend.mutable_amend_visit()->mutable_request() = command_.request_visit();
  const auto decided = Decide(id, state, amend, {context_.now, {}});
  if (decided.ok()) Append(*decided, events);
}

absl::StatusOr<NewEvents> Decider::Request(const std::string& id) const {
  Command command = command_;
  auto* request = command.mutable_request_visit();
  if (!Sees(request->agency())) return AgencyUnknown(request->agency());
  if (!request->has_round()) request->set_round(RoundUnderWay(request->complaint()));
  const bool by_hand = request->assignment() == 0;
  int open = 0;
  bool somebody_comes = false;
  NewEvents amendments;  // of those that are open here already
  for (const std::string& other : VisitsOf(rows_, context_.shard, request->complaint())) {
    const Intervention visit = Load(other);
    if (other == id) continue;
    if (IsOpen(visit.state())) ++open;
    if (by_hand) continue;
    // A later assignment was seen already.
    if (visit.assignment() >= request->assignment()) return NewEvents{};
    if (IsOpen(visit.state()) && visit.agency() == request->agency() && visit.round() >= request->round()) {
      somebody_comes = true;
      Amend(other, visit, &amendments);
    }
  }
  commands::v1::SupersedeVisits others;
  others.set_complaint(request->complaint());
  others.set_assignment(request->assignment());
  others.set_agency(request->agency());
  others.set_occurred_at(request->occurred_at());
  if (somebody_comes) {
    FreeSuperseded(others, &amendments);
    return amendments;
  }
  if (by_hand && open >= kMaxOpenVisits) return TooManyVisits(request->complaint(), open);
  ASSIGN_OR_RETURN(const auto decided, Decide(id, Load(id), command, Around(request->complaint())));
  NewEvents events;
  Append(decided, &events);
  if (!by_hand && !events.empty()) FreeSuperseded(others, &events);
  return events;
}

NewEvents Decider::Supersede(const commands::v1::SupersedeVisits& later) const {
  NewEvents events;
  FreeSuperseded(later, &events);
  return events;
}

NewEvents Decider::Reseal(const commands::v1::ResealVisits& resealed) const {
  NewEvents events;
  std::vector<std::string> visits = VisitsOf(rows_, context_.shard, resealed.complaint());
  // Those that are over, too: who comes next copies from the last. The newest first, and no more than a record holds;
  // before all of them those that are open, for somebody is to stand at that door. What the oldest that are over go on
  // holding nobody can open any more: they are shown without.
  std::reverse(visits.begin(), visits.end());
  std::stable_partition(visits.begin(), visits.end(), [&](const std::string& id) { return IsOpen(Load(id).state()); });
  for (const std::string& id : visits) {
    if (events.size() >= kMaxResealedVisits) break;
    const std::optional<Event> amended = Resealed(Load(id), resealed, context_.now);
    if (amended.has_value()) events.push_back({absl::StrCat(kInterventions, id), amended->SerializeAsString()});
  }
  return events;
}

absl::StatusOr<NewEvents> Decider::End(const commands::v1::EndComplaint& ending) const {
  NewEvents events;
  bool open = false;
  for (const std::string& id : VisitsOf(rows_, context_.shard, ending.complaint())) {
    const Intervention visit = Load(id);
    if (!IsOpen(visit.state()) || visit.round() > ending.round()) continue;
    open = true;
    Free(id, visit, "complaint_ended", ending.occurred_at(), &events);
  }
  const auto known = Around(ending.complaint()).ended_round;
  if (!open || (known.has_value() && *known >= ending.round())) return events;
  Event event;
  auto* ended = event.mutable_complaint_ended();
  ended->set_complaint(ending.complaint());
  ended->set_round(ending.round());
  ended->set_occurred_at(ending.occurred_at());
  ended->set_how(ending.how());
  events.push_back(
      {absl::StrCat(kEndings, absl::StripPrefix(ending.complaint(), "complaints/")), event.SerializeAsString()});
  return events;
}

}  // namespace

absl::StatusOr<NewEvents> DecideInShard(const store::Rows& rows, const std::string& aggregate, const Command& command,
                                        const runtime::DecideContext& context) {
  const Decider decider(rows, command, context);
  const std::string id(absl::StripPrefix(aggregate, kInterventions));
  switch (command.kind_case()) {
    case Command::kRegisterTechnician:
    case Command::kSetAbsence: return decider.AboutTechnician(aggregate);
    case Command::kEndComplaint: return decider.End(command.end_complaint());
    case Command::kSupersedeVisits: return decider.Supersede(command.supersede_visits());
    case Command::kResealVisits: return decider.Reseal(command.reseal_visits());
    case Command::kRequestVisit: return decider.Request(id);
    case Command::KIND_NOT_SET: return absl::InternalError("an order without a command");
    default: return decider.AboutVisit(id);
  }
}

}  // namespace redress::scheduling
