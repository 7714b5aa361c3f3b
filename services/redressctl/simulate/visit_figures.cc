#include "services/redressctl/simulate/visit_figures.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "libs/service/requests.h"
#include "services/redressctl/simulate/setup_file.h"

namespace redress::simulate {
namespace {

using scheduling::v1::Intervention;

struct Stop {
  Millis at = 0;
  std::string name;  // of the visit: an order for equal times
  std::string residence;
};

// When somebody stood there; 0: nobody did.
Millis WentAt(const Intervention& visit) {
  if (visit.has_start_time()) return service::MillisOf(visit.start_time());
  const bool went = visit.state() == Intervention::STATE_NO_ACCESS || visit.state() == Intervention::STATE_DONE;
  return went && visit.has_end_time() ? service::MillisOf(visit.end_time()) : 0;
}

}  // namespace

VisitFigures CountVisits(absl::Span<const Intervention> visits, const Road& road, calendar::Zone zone, Millis now) {
  VisitFigures figures;
  std::set<std::string> complaints;
  std::map<std::tuple<std::string, std::string, absl::CivilDay>, std::vector<Stop>> days;
  for (const Intervention& visit : visits) {
    const Millis went = WentAt(visit);
    const bool made = went != 0 && went < now;
    if (made) {
      ++figures.visits_made;
      complaints.insert(visit.complaint());
      days[{visit.agency(), visit.slot().technician(), calendar::LocalDay(went, zone)}].push_back(
          {went, visit.name(), visit.residence()});
    }
    if (visit.state() == Intervention::STATE_NO_ACCESS && made) {
      ++figures.no_access;
      continue;
    }
    if (!visit.has_book_time()) continue;
    const Millis start = service::MillisOf(visit.slot().start_time());
    const Millis end = service::MillisOf(visit.slot().end_time());
    const bool called_off = visit.state() == Intervention::STATE_CANCELLED && !made &&
                            (!visit.has_end_time() || service::MillisOf(visit.end_time()) < end);
    if (called_off || (!made && end > now)) continue;
    ++figures.promises_due;
    if (made && went >= start && went < end) ++figures.promises_kept;
  }
  figures.complaints_visited = static_cast<int64_t>(complaints.size());
  for (auto& [day, stops] : days) {
    std::sort(stops.begin(), stops.end(),
              [](const Stop& a, const Stop& b) { return std::tie(a.at, a.name) < std::tie(b.at, b.name); });
    std::vector<std::string> residences;
    for (Stop& stop : stops) residences.push_back(std::move(stop.residence));
    figures.kilometres += road.Tour(std::get<0>(day), residences);
  }
  return figures;
}

}  // namespace redress::simulate
