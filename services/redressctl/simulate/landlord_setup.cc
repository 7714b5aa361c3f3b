#include "services/redressctl/simulate/landlord_setup.h"

#include <utility>

#include "absl/strings/str_cat.h"
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

register_::v1::Calendar DeskHours(const v1::Desk& desk) {
  register_::v1::Calendar calendar;
  calendar.set_id("desk");
  calendar.set_zone("Europe/Paris");
  calendar.add_holiday_sets("FR");
  *calendar.mutable_weekly() = desk.hours();
  if (!desk.hours().empty()) return calendar;
  auto* weekly = calendar.add_weekly();
  for (int day = 1; day <= 5; ++day) weekly->add_weekdays(static_cast<register_::v1::Weekday>(day));
  auto* span = weekly->add_spans();
  span->set_start_minute(8 * 60);
  span->set_end_minute(18 * 60);
  return calendar;
}

calendar::WorkingCalendar DeskCalendar() { return *calendar::WorkingCalendar::Compile(DeskHours({})); }

}  // namespace redress::simulate
