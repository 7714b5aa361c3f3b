// Enters a simulated landlord into a fresh log: starter set, territory, teams, rules.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "libs/calendar/working_calendar.h"
#include "libs/reference/starter_set.h"
#include "redress/register/v1/calendar.pb.h"
#include "redress/simulate/v1/setup.pb.h"
#include "services/redressctl/simulate/landlord_model.h"
#include "services/standalone/node.h"

namespace redress::simulate {

// `node` owns the register. Calls back when all of it is in force, or with the first refusal.
void SetUpLandlord(Node* node, const LandlordModel& model, const reference::StarterSet& starter,
                   const std::string& tzdata_version, std::function<void(absl::Status)> done);

// When the desks are open: Monday to Friday, 8 to 18, French holidays.
calendar::WorkingCalendar DeskCalendar();
// The same with the hours of `desk`, if it has any: to be compiled.
register_::v1::Calendar DeskHours(const v1::Desk& desk);

}  // namespace redress::simulate
