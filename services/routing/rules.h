// Which team gets a complaint: the first rule all of whose conditions hold, and why none before it did.
//
//   place unknown ──────────────────────────────────▶ fallback team  (unknown_place)
//   rule 1 ─no─▶ rule 2 ─no─▶ … ─yes─▶ its team
//                              no rule ─────────────▶ fallback team  (no_rule)
//
// A rule whose team is not there is passed over like one that does not hold, so that a complaint is never nowhere.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libs/clock/millis.h"
#include "libs/reference/snapshot.h"
#include "redress/routing/events/v1/events.pb.h"

namespace redress::routing {

using events::v1::MatterNoted;
namespace register_v1 = ::redress::register_::v1;

inline constexpr char kUnknownPlace[] = "unknown_place";
inline constexpr char kUnknownCase[] = "unknown_case";
inline constexpr char kNoRule[] = "no_rule";

inline constexpr int32_t kHighestPriority = 1;
inline constexpr int32_t kLowestPriority = 5;

struct Route {
  std::string rule;  // empty in fallback
  int64_t rule_set_version = 0;
  std::string fallback;  // why; empty when a rule matched
  std::string team;
  std::string agent;
  // In charge: the team's where it has one that the territory has, too; else the complaint's own.
  std::string agency;
  std::string office;
  int32_t priority = 0;
  bool visit_needed = false;
  std::vector<std::string> skills;
  int32_t visit_minutes = 0;
  std::vector<events::v1::RuleMiss> misses;
};

// The route of `matter` by what is in force at `at`. Nothing when no organisation is in force: then there is not even a
// fallback team.
std::optional<Route> FindRoute(const MatterNoted& matter, const reference::Snapshot& reference, Millis at);

// The first condition of `rule` that `matter` does not meet: "category", "agency", "office", "residence", "kind",
// "urgency", "channel", "care_level"; empty when all hold.
std::string FirstMiss(const register_v1::Rule& rule, const MatterNoted& matter);

// The rule's team with "{agency}" and "{office}" replaced by the complaint's.
std::string TeamOf(const register_v1::Rule& rule, const MatterNoted& matter);

// Without a rule's word on it: by urgency, 1 for an emergency to 3.
int32_t PriorityOf(types::v1::Urgency urgency);

// The agency that a team brings along: empty when it has none, or one that the territory does not have, which nobody
// would see.
std::string AgencyOf(const register_v1::Team& team, const reference::Snapshot& reference, Millis at);

// Null when there is none.
const register_v1::Team* FindTeam(const register_v1::Organisation& organisation, const std::string& code);
const register_v1::StaffMember* FindStaff(const register_v1::Organisation& organisation, const std::string& id);

}  // namespace redress::routing
