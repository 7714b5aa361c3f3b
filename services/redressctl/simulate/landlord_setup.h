// Enters a simulated landlord into a fresh log: starter set, territory, teams, rules.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "libs/calendar/working_calendar.h"
#include "libs/reference/starter_set.h"
#include "services/redressctl/simulate/landlord_model.h"
#include "services/standalone/node.h"

namespace redress::simulate {

// `node` owns the register. Calls back when all of it is in force, or with the first refusal.
void SetUpLandlord(Node* node, const LandlordModel& model, const reference::StarterSet& starter,
                   const std::string& tzdata_version, std::function<void(absl::Status)> done);

// When the desks are open: Monday to Friday, 8 to 18, French holidays.
calendar::WorkingCalendar DeskCalendar();

}  // namespace redress::simulate
