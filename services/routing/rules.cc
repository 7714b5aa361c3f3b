#include "services/routing/rules.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace redress::routing {
namespace {

// Visits of categories that say nothing of their length.
constexpr int32_t kDefaultVisitMinutes = 60;

// Holds when nothing is asked for, or `value` is among it.
template <typename List, typename Value>
bool Holds(const List& list, const Value& value) {
  return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
}

bool IsAway(const register_v1::StaffMember& member, Millis at) {
  return std::any_of(member.absences().begin(), member.absences().end(), [at](const register_v1::Absence& absence) {
    return absence.from_ms() <= at && at < absence.to_ms();
  });
}

// Who answers for the rule's agent: the agent; the deputy while the agent is away; else nobody, which is the queue.
std::string Present(const register_v1::Organisation& organisation, const std::string& agent, Millis at) {
  const register_v1::StaffMember* member = FindStaff(organisation, agent);
  if (member == nullptr) return "";
  if (!IsAway(*member, at)) return agent;
  const register_v1::StaffMember* deputy = FindStaff(organisation, member->deputy());
  return deputy == nullptr || IsAway(*deputy, at) ? "" : deputy->id();
}

void SetVisit(const MatterNoted& matter, const std::optional<bool>& by_rule, const register_v1::Category* category,
              Route* route) {
  const bool none_ever =
      matter.kind() == types::v1::COMPLAINT_KIND_PRAISE || matter.kind() == types::v1::COMPLAINT_KIND_SUGGESTION;
  const bool usual =
      category != nullptr && category->visit_needed() && matter.kind() != types::v1::COMPLAINT_KIND_EXPRESSED_NEED;
  // Nobody can be sent to a place that is not known.
  const bool known = route->fallback != kUnknownPlace && route->fallback != kUnknownCase;
  route->visit_needed = known && !none_ever && by_rule.value_or(usual);
  route->visit_minutes = kDefaultVisitMinutes;
  if (category == nullptr) return;
  route->skills.assign(category->skills().begin(), category->skills().end());
  if (category->visit_minutes() > 0) route->visit_minutes = category->visit_minutes();
}

// What is in force at one instant.
struct InForce {
  const register_v1::Organisation& organisation;
  const reference::Snapshot& reference;
  Millis at;
};

void SetTeam(const InForce& now, const std::string& code, const MatterNoted& matter, Route* route) {
  route->team = code;
  route->agency = matter.place_agency();
  route->office = matter.place_office();
  const register_v1::Team* team = FindTeam(now.organisation, code);
  if (team == nullptr) return;
  const std::string agency = AgencyOf(*team, now.reference, now.at);
  if (agency.empty()) return;
  if (agency != route->agency) route->office.clear();
  route->agency = agency;
  if (!team->office().empty()) route->office = team->office();
}

}  // namespace

std::string FirstMiss(const register_v1::Rule& rule, const MatterNoted& matter) {
  if (!Holds(rule.categories(), matter.category())) return "category";
  if (!Holds(rule.agencies(), matter.place_agency())) return "agency";
  if (!Holds(rule.offices(), matter.place_office())) return "office";
  if (!Holds(rule.residences(), matter.residence())) return "residence";
  if (!Holds(rule.kinds(), matter.kind())) return "kind";
  if (!Holds(rule.urgencies(), matter.urgency())) return "urgency";
  if (!Holds(rule.channels(), matter.channel())) return "channel";
  if (matter.care_level() < rule.care_level_at_least()) return "care_level";
  return "";
}

std::string TeamOf(const register_v1::Rule& rule, const MatterNoted& matter) {
  return absl::StrReplaceAll(rule.team(), {{"{agency}", matter.place_agency()}, {"{office}", matter.place_office()}});
}

int32_t PriorityOf(types::v1::Urgency urgency) {
  if (urgency == types::v1::URGENCY_EMERGENCY) return 1;
  return urgency == types::v1::URGENCY_URGENT ? 2 : 3;
}

std::string AgencyOf(const register_v1::Team& team, const reference::Snapshot& reference, Millis at) {
  return reference.FindAgency(team.agency(), at) == nullptr ? "" : team.agency();
}

const register_v1::Team* FindTeam(const register_v1::Organisation& organisation, const std::string& code) {
  for (const register_v1::Team& team : organisation.teams()) {
    if (team.code() == code) return &team;
  }
  return nullptr;
}

const register_v1::StaffMember* FindStaff(const register_v1::Organisation& organisation, const std::string& id) {
  for (const register_v1::StaffMember& member : organisation.staff()) {
    if (member.id() == id) return &member;
  }
  return nullptr;
}

std::optional<Route> FindRoute(const MatterNoted& matter, const reference::Snapshot& reference, Millis at) {
  const auto found = reference.FindOrganisation(at);
  if (found.content == nullptr) return std::nullopt;
  const register_v1::Organisation& organisation = *found.content;
  const InForce now{organisation, reference, at};
  const auto rules = reference.FindRules(at);
  Route route;
  route.rule_set_version = rules.version;
  route.priority = PriorityOf(matter.urgency());
  std::optional<bool> visit_by_rule;
  if (matter.kind() == types::v1::COMPLAINT_KIND_UNSPECIFIED && matter.category().empty()) {
    route.fallback = kUnknownCase;
  } else if (matter.place_agency().empty() || reference.FindAgency(matter.place_agency(), at) == nullptr) {
    route.fallback = kUnknownPlace;
  } else {
    route.fallback = kNoRule;
    for (int i = 0; rules.content != nullptr && i < rules.content->rules_size(); ++i) {
      const register_v1::Rule& rule = rules.content->rules(i);
      std::string miss = FirstMiss(rule, matter);
      const std::string team = TeamOf(rule, matter);
      if (miss.empty() && FindTeam(organisation, team) == nullptr) miss = absl::StrCat("team ", team);
      if (miss.empty()) {
        route.fallback.clear();
        route.rule = rule.id();
        route.agent = Present(organisation, rule.agent(), at);
        if (rule.priority() != 0) route.priority = rule.priority();
        if (rule.has_visit_needed()) visit_by_rule = rule.visit_needed();
        SetTeam(now, team, matter, &route);
        break;
      }
      events::v1::RuleMiss* missed = &route.misses.emplace_back();
      missed->set_rule(rule.id());
      missed->set_condition(std::move(miss));
    }
  }
  if (!route.fallback.empty()) SetTeam(now, organisation.fallback_team(), matter, &route);
  SetVisit(matter, visit_by_rule, reference.FindCategory(matter.category(), at), &route);
  return route;
}

}  // namespace redress::routing
