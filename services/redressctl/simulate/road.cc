#include "services/redressctl/simulate/road.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace redress::simulate {
namespace {

constexpr double kEarthRadius = 6371.0088;

double Radians(double degrees) { return degrees * std::numbers::pi / 180; }

}  // namespace

double Kilometres(const Place& from, const Place& to) {
  const double north = std::sin(Radians(to.latitude - from.latitude) / 2);
  const double east = std::sin(Radians(to.longitude - from.longitude) / 2);
  const double half = north * north + std::cos(Radians(from.latitude)) * std::cos(Radians(to.latitude)) * east * east;
  return 2 * kEarthRadius * std::asin(std::sqrt(std::min(1.0, half)));
}

Road::Road(const register_::v1::Territory& territory, double detour_factor) : detour_factor_(detour_factor) {
  for (const auto& agency : territory.agencies()) places_[agency.code()] = {agency.latitude(), agency.longitude()};
  for (const auto& residence : territory.residences()) {
    places_[residence.code()] = {residence.latitude(), residence.longitude()};
  }
}

const Place* Road::Find(absl::string_view code) const {
  const auto found = places_.find(code);
  return found == places_.end() ? nullptr : &found->second;
}

double Road::Way(absl::string_view from, absl::string_view to) const {
  const Place* begin = Find(from);
  const Place* end = Find(to);
  return begin == nullptr || end == nullptr ? 0 : detour_factor_ * Kilometres(*begin, *end);
}

double Road::Tour(absl::string_view agency, const std::vector<std::string>& stops) const {
  double length = 0;
  absl::string_view at = agency;
  for (const std::string& stop : stops) {
    length += Way(at, stop);
    at = stop;
  }
  return length + Way(at, agency);
}

}  // namespace redress::simulate
