#include "services/redressctl/simulate/road.h"

#include <gtest/gtest.h>

#include <numbers>

namespace redress::simulate {
namespace {

TEST(Kilometres, AreThoseOfTheSphere) {
  // A quarter of a great circle, over the pole and along the equator; a degree of a meridian.
  const double quarter = 6371.0088 * std::numbers::pi / 2;
  EXPECT_NEAR(Kilometres({0, 0}, {90, 17}), quarter, 1e-9);
  EXPECT_NEAR(Kilometres({0, -45}, {0, 45}), quarter, 1e-9);
  EXPECT_NEAR(Kilometres({48, 2}, {49, 2}), quarter / 90, 1e-9);
  // Along a parallel of 60 degrees a degree is about half of that.
  EXPECT_NEAR(Kilometres({60, 10}, {60, 11}), quarter / 180, 0.01);
  // On the other side of the earth the formula is good to the metre.
  EXPECT_NEAR(Kilometres({10, 20}, {-10, -160}), 2 * quarter, 1e-3);
  EXPECT_EQ(Kilometres({48.85, 2.35}, {48.85, 2.35}), 0);
}

TEST(Road, ToursGoOutAndBack) {
  register_::v1::Territory territory;
  auto* agency = territory.add_agencies();
  agency->set_code("a");
  agency->set_latitude(48);
  for (const auto& [code, latitude] : {std::pair("north", 49.0), std::pair("south", 47.0)}) {
    auto* residence = territory.add_residences();
    residence->set_code(code);
    residence->set_latitude(latitude);
  }
  const double degree = 6371.0088 * std::numbers::pi / 180;
  const Road road(territory, 1.5);
  EXPECT_EQ(road.Tour("a", {}), 0);
  EXPECT_NEAR(road.Tour("a", {"north"}), 1.5 * 2 * degree, 1e-9);
  EXPECT_NEAR(road.Tour("a", {"north", "north", "south"}), 1.5 * 4 * degree, 1e-9);
  EXPECT_EQ(road.Way("a", "unheard of"), 0);
  EXPECT_EQ(road.Find("unheard of"), nullptr);
}

}  // namespace
}  // namespace redress::simulate
