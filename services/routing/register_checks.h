// Whether reference data make sense, by themselves and with what is registered: every fault at once, each with its
// field. Pure.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "libs/clock/millis.h"
#include "libs/status/errors.h"
#include "redress/register/v1/calendar.pb.h"
#include "redress/register/v1/obligations.pb.h"
#include "redress/register/v1/organisation.pb.h"
#include "redress/register/v1/rules.pb.h"
#include "redress/register/v1/territory.pb.h"

namespace redress::routing {

namespace register_v1 = ::redress::register_::v1;
using Faults = std::vector<FieldViolation>;

// More would make every route slow and its explanation long.
inline constexpr int kMaxRules = 2000;

// By itself: codes that repeat, staff, deputies and a fallback that name what is not there.
Faults CheckOrganisation(const register_v1::Organisation& organisation);

// By an organisation: teams, agents and categories that are not there are faults.
Faults CheckRuleSet(const register_v1::RuleSet& rules, const register_v1::Organisation& organisation);

// By the ids of the calendars registered. A chain of lines that never begins is a fault.
Faults CheckPack(const register_v1::ObligationPack& pack, const std::vector<std::string>& calendars);

// By the ids of the packs registered and an organisation.
Faults CheckPackRules(const register_v1::PackRules& rules, const std::vector<std::string>& packs,
                      const register_v1::Organisation& organisation);

// What CheckTerritory (libs/reference) finds, and agencies whose calendar is not registered.
Faults CheckUpload(const register_v1::Territory& territory, const std::vector<std::string>& calendars);

// INVALID_FIELDS, or CALENDAR_NEVER_OPENS.
absl::Status CheckCalendar(const register_v1::Calendar& calendar);

// Teams of agencies that the territory does not have: one sentence each. What they get stays with the agency of the
// place.
std::vector<std::string> TeamsElsewhere(const register_v1::Organisation& organisation,
                                        const register_v1::Territory& territory);

// Rules that no complaint can reach, because an earlier rule takes all that they would: one sentence each. Shadowing by
// several rules together is not looked for.
std::vector<std::string> UnreachableRules(const register_v1::RuleSet& rules);

}  // namespace redress::routing
