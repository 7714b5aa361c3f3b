// How far it is between visits. Pure.
//
// A way is the great circle between two places (haversine, on a sphere of 6371.0088 km, the mean radius of IUGG) times
// a detour factor: roads of towns are some 1.3 times as long as straight lines (circuity of 1.2 to 1.4 is what studies
// of road networks find).
#pragma once

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "redress/register/v1/territory.pb.h"

namespace redress::simulate {

inline constexpr double kDetourFactor = 1.3;

struct Place {
  double latitude = 0;  // degrees
  double longitude = 0;
};

// Great circle, in kilometres.
double Kilometres(const Place& from, const Place& to);

class Road {
 public:
  Road(const register_::v1::Territory& territory, double detour_factor);

  // Of a residence or an agency by code; null for one that the territory does not have.
  const Place* Find(absl::string_view code) const;
  // 0 from or to nowhere.
  double Way(absl::string_view from, absl::string_view to) const;
  // From the agency to the stops, in their order, and back.
  double Tour(absl::string_view agency, const std::vector<std::string>& stops) const;

 private:
  const double detour_factor_;
  absl::flat_hash_map<std::string, Place> places_;
};

}  // namespace redress::simulate
