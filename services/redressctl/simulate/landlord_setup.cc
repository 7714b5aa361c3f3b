#include "services/redressctl/simulate/landlord_setup.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/redressctl/simulate/setup_file.h"
#include "services/routing/routing_starter.h"
#include "services/standalone/register_orders.h"

namespace redress::simulate {

void SetUpLandlord(Node* node, const LandlordModel& model, const reference::StarterSet& starter,
                   const std::string& tzdata_version, std::function<void(absl::Status)> done) {
  // The landlord's own organisation and rules stand in the starter set's place: they hold from the beginning on.
  reference::StarterSet own = starter;
  own.organisation = model.OrganisationFrom(starter.organisation);
  own.rules = model.Rules();
  std::vector<runtime::v1::Order> orders =
      TerritoryOrders(model.territory(), absl::StrCat("simulated-", model.territory().units_size()));
  std::vector<runtime::v1::Order> starters = routing::StarterOrders(own, tzdata_version);
  // Rules name teams of the territory's offices: the territory first, but behind the calendars that its agencies name.
  std::vector<runtime::v1::Order> all;
  const size_t calendars = 1 + own.calendars.size();
  all.insert(all.end(), starters.begin(), starters.begin() + static_cast<std::ptrdiff_t>(calendars));
  all.insert(all.end(), orders.begin(), orders.end());
  all.insert(all.end(), starters.begin() + static_cast<std::ptrdiff_t>(calendars), starters.end());
  ExecuteInOrder(node->runtime(log::Stream::kRegister), std::move(all), std::move(done));
}

calendar::WorkingCalendar DeskCalendar() { return DeskCalendarOf({}); }

}  // namespace redress::simulate
