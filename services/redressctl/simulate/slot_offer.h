// In which order a dispatcher offers slots, by what is booked already. Pure.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "libs/calendar/zone.h"
#include "redress/scheduling/v1/intervention.pb.h"
#include "redress/simulate/v1/setup.pb.h"
#include "services/redressctl/simulate/road.h"

namespace redress::simulate {

// What technicians have promised: the visits of each of their days. Not thread-safe.
class Diary {
 public:
  // The road outlives it; days are those of `zone`.
  Diary(const Road* road, calendar::Zone zone) : road_(road), zone_(zone) {}

  // One more visit at a time; one that was noted at that time before gives way.
  void Book(const std::string& technician, Millis start, const std::string& residence);
  // The one at that time is off.
  void Cancel(const std::string& technician, Millis start);

  // How many kilometres longer the technician's day gets by a visit then and there: its tour (Road::Tour) with it less
  // the tour without. Not negative beyond rounding.
  double Detour(const std::string& agency, const std::string& technician, Millis start,
                const std::string& residence) const;

 private:
  using Day = std::pair<std::string, absl::CivilDay>;
  Day DayOf(const std::string& technician, Millis at) const { return {technician, calendar::LocalDay(at, zone_)}; }

  const Road* road_;
  const calendar::Zone zone_;
  std::map<Day, std::map<Millis, std::string>> days_;
};

// `slots`, by start as scheduling found them, in the order of NEAREST: those within the hours of the first by the
// kilometres they add, equal ones and all others as they were.
std::vector<scheduling::v1::Slot> NearestFirst(std::vector<scheduling::v1::Slot> slots, double within_hours,
                                               const Diary& diary, const std::string& agency,
                                               const std::string& residence);

// Whether the policy keeps early slots from a case of this urgency.
bool IsHeldBack(const v1::SlotPolicy& policy, types::v1::Urgency urgency);

}  // namespace redress::simulate
