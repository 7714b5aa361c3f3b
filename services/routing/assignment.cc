#include "services/routing/assignment.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "libs/status/macros.h"
#include "services/routing/routing_errors.h"
#include "services/routing/rules.h"

namespace redress::routing {
namespace {

using commands::v1::Amended;
using commands::v1::Change;
using events::v1::Assigned;
using events::v1::MatterNoted;

// A complaint while a record's changes are followed.
struct Following {
  explicit Following(const ComplaintRow& state)
      : state(state.state()),
        matter(state.matter()),
        round(state.round()),
        followed(state.complaint_version()),
        version(followed) {}
  ComplaintRow::State state;
  MatterNoted matter;
  int32_t round;
  const int64_t followed;  // before; one event may mean several changes
  int64_t version;
  bool matter_changed = false;
  bool resealed = false;
  bool reopened = false;
  Millis happened_at = 0;
  std::string ended_reason;
  Millis ended_at = 0;
};

bool SameBox(const types::v1::Sealed& a, const types::v1::Sealed& b) {
  return a.key_id() == b.key_id() && a.box() == b.box();
}

bool SameMatter(const MatterNoted& a, const MatterNoted& b) {
  return a.kind() == b.kind() && a.category() == b.category() && a.channel() == b.channel() &&
         a.urgency() == b.urgency() && a.residence() == b.residence() && a.place_agency() == b.place_agency() &&
         a.place_office() == b.place_office() && a.language() == b.language() && a.care_level() == b.care_level() &&
         SameBox(a.dwelling(), b.dwelling()) && SameBox(a.access_note(), b.access_note());
}

MatterNoted MatterOf(const commands::v1::Opened& opened) {
  MatterNoted matter;
  matter.set_kind(opened.kind());
  matter.set_category(opened.category());
  matter.set_channel(opened.channel());
  matter.set_urgency(opened.urgency());
  matter.set_residence(opened.residence());
  matter.set_place_agency(opened.agency());
  matter.set_place_office(opened.office());
  matter.set_language(opened.language());
  matter.set_care_level(opened.care_level());
  if (opened.has_dwelling()) *matter.mutable_dwelling() = opened.dwelling();
  if (opened.has_access_note()) *matter.mutable_access_note() = opened.access_note();
  return matter;
}

void Amend(const Amended& amended, MatterNoted* matter) {
  if (amended.has_kind()) matter->set_kind(amended.kind());
  if (amended.has_category()) matter->set_category(amended.category());
  if (amended.has_urgency()) matter->set_urgency(amended.urgency());
  if (amended.has_care_level()) matter->set_care_level(amended.care_level());
  if (amended.has_place()) {
    matter->set_residence(amended.place().residence());
    matter->set_place_agency(amended.place().agency());
    matter->set_place_office(amended.place().office());
  }
  if (amended.has_dwelling()) *matter->mutable_dwelling() = amended.dwelling();
  if (amended.has_access_note()) *matter->mutable_access_note() = amended.access_note();
}

void Reseal(const commands::v1::Resealed& resealed, MatterNoted* matter) {
  if (resealed.has_dwelling()) *matter->mutable_dwelling() = resealed.dwelling();
  if (resealed.has_access_note()) *matter->mutable_access_note() = resealed.access_note();
  if (resealed.no_dwelling()) matter->clear_dwelling();
  if (resealed.no_access_note()) matter->clear_access_note();
}

void Follow(const Change& change, Following* at) {
  if (change.complaint_version() <= at->followed) return;
  at->version = change.complaint_version();
  switch (change.kind_case()) {
    case Change::kOpened:
      at->matter = MatterOf(change.opened());
      at->matter_changed = true;
      at->round = std::max(at->round, change.opened().round());
      at->happened_at = change.opened().occurred_at();
      if (at->state != ComplaintRow::STATE_ENDED) at->state = ComplaintRow::STATE_OPEN;
      return;
    case Change::kAmended: {
      const MatterNoted before = at->matter;
      Amend(change.amended(), &at->matter);
      at->matter_changed |= !SameMatter(before, at->matter);
      return;
    }
    case Change::kResealed: {
      const MatterNoted before = at->matter;
      Reseal(change.resealed(), &at->matter);
      at->resealed |= !SameMatter(before, at->matter);
      return;
    }
    case Change::kEnded: {
      // Imported facts may hold a re-opening and its end at once.
      const bool later_round = change.ended().has_round() && change.ended().round() > at->round;
      if (later_round) at->round = change.ended().round();
      // "closed" behind "resolved" ends nothing more.
      if (at->state == ComplaintRow::STATE_ENDED && !later_round) return;
      at->reopened |= later_round && at->state == ComplaintRow::STATE_ENDED;
      at->state = ComplaintRow::STATE_ENDED;
      at->ended_reason = change.ended().reason();
      at->ended_at = change.ended().occurred_at();
      return;
    }
    case Change::kReopened:
      // Imported facts say of a complaint that is open that it is.
      if (at->state == ComplaintRow::STATE_OPEN && change.reopened().has_round() &&
          change.reopened().round() <= at->round) {
        return;
      }
      at->round = change.reopened().has_round() ? std::max(at->round, change.reopened().round()) : at->round + 1;
      at->state = ComplaintRow::STATE_OPEN;
      at->reopened = true;
      at->happened_at = change.reopened().occurred_at();
      return;
    case Change::KIND_NOT_SET: return;
  }
}

void SetMatter(const MatterNoted& matter, Assigned* assigned) {
  assigned->set_kind(matter.kind());
  assigned->set_category(matter.category());
  assigned->set_channel(matter.channel());
  assigned->set_urgency(matter.urgency());
  assigned->set_residence(matter.residence());
  assigned->set_place_agency(matter.place_agency());
  assigned->set_place_office(matter.place_office());
  assigned->set_language(matter.language());
  assigned->set_care_level(matter.care_level());
  if (matter.has_dwelling()) *assigned->mutable_dwelling() = matter.dwelling();
  if (matter.has_access_note()) *assigned->mutable_access_note() = matter.access_note();
}

void SetRoute(const Route& route, Assigned* assigned) {
  assigned->set_by(events::v1::ASSIGNED_BY_RULE);
  assigned->set_rule(route.rule);
  assigned->set_rule_set_version(route.rule_set_version);
  assigned->set_fallback(route.fallback);
  assigned->set_agency(route.agency);
  assigned->set_office(route.office);
  assigned->set_team(route.team);
  assigned->set_agent(route.agent);
  for (const auto& miss : route.misses) *assigned->add_misses() = miss;
}

void SetVisit(const Route& route, Assigned* assigned) {
  assigned->set_visit_needed(route.visit_needed);
  for (const std::string& skill : route.skills) assigned->add_skills(skill);
  assigned->set_visit_minutes(route.visit_minutes);
}

// Those whom somebody chose stay in charge. Priority and visit stay as chosen, too, unless the amendment is about what
// they depend on.
void KeepChoice(const ComplaintRow& state, const MatterNoted& matter, Assigned* assigned) {
  const Assigned& chosen = state.assigned();
  assigned->set_by(events::v1::ASSIGNED_BY_HAND);
  assigned->set_agency(chosen.agency());
  assigned->set_office(chosen.office());
  assigned->set_team(chosen.team());
  assigned->set_agent(chosen.agent());
  assigned->set_reason(chosen.reason());
  const MatterNoted& before = state.matter();
  if (before.urgency() == matter.urgency()) assigned->set_priority(state.priority());
  if (before.kind() == matter.kind() && before.category() == matter.category() &&
      before.residence() == matter.residence() && before.place_agency() == matter.place_agency()) {
    assigned->set_visit_needed(chosen.visit_needed());
  }
}

absl::StatusOr<Assigned> AssignByRules(const ComplaintRow& state, const Following& at, const Moment& moment) {
  const std::optional<Route> route =
      moment.reference == nullptr ? std::nullopt : FindRoute(at.matter, *moment.reference, moment.now);
  if (!route.has_value()) return RegisterIncomplete();
  Assigned assigned;
  assigned.set_assignment(state.assigned().assignment() + 1);
  SetVisit(*route, &assigned);
  SetMatter(at.matter, &assigned);
  const Millis round_began_at = at.reopened ? at.happened_at : state.assigned().round_began_at();
  assigned.set_round_began_at(round_began_at);
  assigned.set_priority(Raised(route->priority, state, round_began_at));
  const bool same_round = state.state() == ComplaintRow::STATE_OPEN && !at.reopened;
  if (same_round && state.assigned().by() == events::v1::ASSIGNED_BY_HAND) {
    KeepChoice(state, at.matter, &assigned);
  } else {
    SetRoute(*route, &assigned);
  }
  assigned.set_occurred_at(std::max<Millis>(moment.now, at.happened_at));
  assigned.set_round(at.round);
  assigned.set_complaint_version(at.version);
  return assigned;
}

MatterNoted Noted(const Following& at) {
  MatterNoted noted = at.matter;
  noted.set_complaint_version(at.version);
  noted.set_resealed(at.resealed);
  return noted;
}

absl::StatusOr<std::vector<Event>> DecideFollow(const ComplaintRow& state, const commands::v1::FollowComplaint& command,
                                                const Moment& moment) {
  Following at(state);
  for (const Change& change : command.changes()) Follow(change, &at);
  std::vector<Event> events;
  if (at.version == state.complaint_version()) return events;
  if (at.state == ComplaintRow::STATE_OPEN) {
    if (state.state() == ComplaintRow::STATE_OPEN && !at.reopened && !at.matter_changed) {
      // Nobody is put in charge anew because words lie under another key.
      if (at.resealed) *events.emplace_back().mutable_matter_noted() = Noted(at);
      return events;
    }
    ASSIGN_OR_RETURN(Assigned assigned, AssignByRules(state, at, moment));
    *events.emplace_back().mutable_assigned() = std::move(assigned);
    return events;
  }
  if (at.matter_changed || at.resealed) *events.emplace_back().mutable_matter_noted() = Noted(at);
  if (at.state != ComplaintRow::STATE_ENDED) return events;
  if (state.state() == ComplaintRow::STATE_OPEN) {
    auto* ended = events.emplace_back().mutable_assignment_ended();
    ended->set_reason(at.ended_reason);
    ended->set_occurred_at(at.ended_at);
    ended->set_round(at.round);
    ended->set_complaint_version(at.version);
  } else if (state.state() != ComplaintRow::STATE_ENDED || at.reopened) {
    auto* ended = events.emplace_back().mutable_ending_recorded();
    ended->set_reason(at.ended_reason);
    ended->set_occurred_at(at.ended_at);
    ended->set_round(at.round);
    ended->set_complaint_version(at.version);
  }
  return events;
}

bool Sees(const Command& command, absl::string_view agency) {
  if (!command.has_scope() || command.scope().all_agencies()) return true;
  const auto& agencies = command.scope().agencies();
  return std::find(agencies.begin(), agencies.end(), agency) != agencies.end();
}

absl::Status CheckChoice(const Command& command, const register_v1::Organisation& organisation, const Moment& moment) {
  const commands::v1::AssignByHand& choice = command.assign_by_hand();
  const register_v1::Team* team = FindTeam(organisation, choice.team());
  if (team == nullptr) return TeamUnknown(choice.team());
  const std::string agency = AgencyOf(*team, *moment.reference, moment.now);
  if (!agency.empty() && !Sees(command, agency)) return TeamUnknown(choice.team());
  if (choice.agent().empty()) return absl::OkStatus();
  const register_v1::StaffMember* member = FindStaff(organisation, choice.agent());
  if (member == nullptr) return AgentUnknown(choice.agent());
  if (member->team() != choice.team()) return AgentNotInTeam(choice.agent(), choice.team());
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Event>> DecideByHand(const ComplaintRow& state, const Command& command,
                                                const Moment& moment) {
  const commands::v1::AssignByHand& choice = command.assign_by_hand();
  if (state.state() == ComplaintRow::STATE_UNSPECIFIED || !Sees(command, AgencyOf(state))) {
    return AssignmentNotFound(moment.name);
  }
  if (state.state() == ComplaintRow::STATE_ENDED) return AssignmentEnded(moment.name, state.ended_reason());
  const auto organisation = moment.reference == nullptr ? reference::Versioned<register_v1::Organisation>()
                                                        : moment.reference->FindOrganisation(moment.now);
  if (organisation.content == nullptr) return RegisterIncomplete();
  RETURN_IF_ERROR(CheckChoice(command, *organisation.content, moment));
  const Assigned& before = state.assigned();
  const int32_t priority = choice.priority() == 0 ? state.priority() : choice.priority();
  const bool visit = choice.has_visit_needed() ? choice.visit_needed() : before.visit_needed();
  std::vector<Event> events;
  if (before.team() == choice.team() && before.agent() == choice.agent() && state.priority() == priority &&
      before.visit_needed() == visit) {
    return events;
  }
  Assigned* assigned = events.emplace_back().mutable_assigned();
  SetMatter(state.matter(), assigned);
  assigned->set_assignment(before.assignment() + 1);
  assigned->set_by(events::v1::ASSIGNED_BY_HAND);
  const register_v1::Team& team = *FindTeam(*organisation.content, choice.team());
  const std::string agency = AgencyOf(team, *moment.reference, moment.now);
  const bool moves = !agency.empty() && agency != before.agency();
  assigned->set_agency(agency.empty() ? before.agency() : agency);
  const bool has_office = !team.office().empty() && (team.agency().empty() || !agency.empty());
  assigned->set_office(has_office ? team.office() : moves ? "" : before.office());
  assigned->set_team(choice.team());
  assigned->set_agent(choice.agent());
  assigned->set_priority(priority);
  assigned->set_occurred_at(std::max<Millis>(moment.now, before.occurred_at()));
  assigned->set_visit_needed(visit);
  *assigned->mutable_skills() = before.skills();
  assigned->set_visit_minutes(before.visit_minutes());
  assigned->set_reason(choice.reason());
  assigned->set_round(state.round());
  assigned->set_round_began_at(before.round_began_at());
  return events;
}

std::vector<Event> DecideEscalate(const ComplaintRow& state, const commands::v1::Escalate& command) {
  std::vector<Event> events;
  const bool ended = state.state() == ComplaintRow::STATE_ENDED;
  if (ended && command.occurred_at() <= state.ended_at()) return events;
  if (command.occurred_at() < state.assigned().round_began_at()) return events;
  for (const rows::v1::Alarm& alarm : state.alarms()) {
    if (alarm.line() == command.line() && alarm.breach() == command.breach() && alarm.due_at() == command.due_at()) {
      return events;
    }
  }
  auto* escalated = events.emplace_back().mutable_escalated();
  escalated->set_line(command.line());
  escalated->set_breach(command.breach());
  escalated->set_due_at(command.due_at());
  escalated->set_occurred_at(command.occurred_at());
  escalated->set_round(ended ? state.round() + 1 : state.round());
  // Before the complaint itself or its re-opening is known the alarm is kept, and counts when it is routed.
  if (state.state() != ComplaintRow::STATE_OPEN) return events;
  // However many warnings, the priority rises by one; after a breach it is the highest already.
  const int32_t one_higher =
      state.alarms().empty() ? std::max(kHighestPriority, state.priority() - 1) : state.priority();
  escalated->set_priority(command.breach() ? kHighestPriority : one_higher);
  return events;
}

void ApplyAssigned(const Assigned& assigned, ComplaintRow* state) {
  auto* alarms = state->mutable_alarms();
  alarms->erase(
      std::remove_if(alarms->begin(), alarms->end(),
                     [&](const rows::v1::Alarm& alarm) { return alarm.occurred_at() < assigned.round_began_at(); }),
      alarms->end());
  MatterNoted* matter = state->mutable_matter();
  matter->set_kind(assigned.kind());
  matter->set_category(assigned.category());
  matter->set_channel(assigned.channel());
  matter->set_urgency(assigned.urgency());
  matter->set_residence(assigned.residence());
  matter->set_place_agency(assigned.place_agency());
  matter->set_place_office(assigned.place_office());
  matter->set_language(assigned.language());
  matter->set_care_level(assigned.care_level());
  matter->clear_dwelling();
  matter->clear_access_note();
  if (assigned.has_dwelling()) *matter->mutable_dwelling() = assigned.dwelling();
  if (assigned.has_access_note()) *matter->mutable_access_note() = assigned.access_note();
  *state->mutable_assigned() = assigned;
  // What the matter holds already, and what only explanations need.
  state->mutable_assigned()->clear_dwelling();
  state->mutable_assigned()->clear_access_note();
  state->mutable_assigned()->clear_misses();
  state->set_state(ComplaintRow::STATE_OPEN);
  state->set_round(assigned.round());
  state->set_priority(assigned.priority());
  state->clear_ended_reason();
  state->clear_ended_at();
  state->set_complaint_version(std::max(state->complaint_version(), assigned.complaint_version()));
}

// AssignmentEnded and EndingRecorded say the same.
template <typename Ended>
void ApplyEnded(const Ended& ended, ComplaintRow* state) {
  state->set_state(ComplaintRow::STATE_ENDED);
  state->set_ended_reason(ended.reason());
  state->set_ended_at(ended.occurred_at());
  state->set_round(std::max(state->round(), ended.round()));
  state->set_complaint_version(std::max(state->complaint_version(), ended.complaint_version()));
}

}  // namespace

const std::string& AgencyOf(const ComplaintRow& state) {
  return state.has_assigned() ? state.assigned().agency() : state.matter().place_agency();
}

int32_t Raised(int32_t priority, const ComplaintRow& state, Millis since) {
  bool warned = false, breached = false;
  for (const rows::v1::Alarm& alarm : state.alarms()) {
    if (alarm.occurred_at() < since) continue;
    (alarm.breach() ? breached : warned) = true;
  }
  if (breached) return kHighestPriority;
  return warned ? std::max(kHighestPriority, priority - 1) : priority;
}

absl::StatusOr<std::vector<Event>> Decide(const ComplaintRow& state, const Command& command, const Moment& moment) {
  switch (command.kind_case()) {
    case Command::kFollowComplaint: return DecideFollow(state, command.follow_complaint(), moment);
    case Command::kAssignByHand: return DecideByHand(state, command, moment);
    case Command::kEscalate: return DecideEscalate(state, command.escalate());
    case Command::KIND_NOT_SET: break;
  }
  return std::vector<Event>();
}

ComplaintRow Apply(ComplaintRow state, const Event& event) {
  switch (event.kind_case()) {
    case Event::kAssigned: ApplyAssigned(event.assigned(), &state); break;
    case Event::kAssignmentEnded: ApplyEnded(event.assignment_ended(), &state); break;
    case Event::kEndingRecorded: ApplyEnded(event.ending_recorded(), &state); break;
    case Event::kEscalated: {
      const auto& escalated = event.escalated();
      rows::v1::Alarm* alarm = state.add_alarms();
      alarm->set_line(escalated.line());
      alarm->set_breach(escalated.breach());
      alarm->set_due_at(escalated.due_at());
      alarm->set_occurred_at(escalated.occurred_at());
      if (escalated.priority() != 0) state.set_priority(escalated.priority());
      break;
    }
    case Event::kMatterNoted:
      *state.mutable_matter() = event.matter_noted();
      state.mutable_matter()->clear_resealed();  // said of the event
      state.set_complaint_version(std::max(state.complaint_version(), event.matter_noted().complaint_version()));
      break;
    case Event::KIND_NOT_SET: break;
  }
  return state;
}

}  // namespace redress::routing
