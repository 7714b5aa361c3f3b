#include "services/redressctl/simulate/landlord_model.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace redress::simulate {
namespace {

constexpr Millis kUntil = 20000 * kDay;

TEST(LandlordModel, IsTheSameForTheSameSeed) {
  const LandlordModel a({.homes = 1000, .days = 100, .seed = 5, .until = kUntil});
  const LandlordModel b({.homes = 1000, .days = 100, .seed = 5, .until = kUntil});
  ASSERT_EQ(a.arrivals().size(), b.arrivals().size());
  for (size_t i = 0; i < a.arrivals().size(); ++i) {
    EXPECT_EQ(a.arrivals()[i].at, b.arrivals()[i].at);
    EXPECT_EQ(a.arrivals()[i].home, b.arrivals()[i].home);
  }
  const LandlordModel c({.homes = 1000, .days = 100, .seed = 6, .until = kUntil});
  EXPECT_NE(a.arrivals().size(), c.arrivals().size());
}

TEST(LandlordModel, HasAboutThreeComplaintsAHomeAYear) {
  const LandlordModel model({.homes = 11000, .days = 365, .seed = 1, .until = kUntil});
  EXPECT_EQ(model.territory().units_size(), 11000);
  EXPECT_EQ(model.territory().residences_size(), 56);
  const double each = static_cast<double>(model.arrivals().size()) / 11000;
  EXPECT_GT(each, 2.6);
  EXPECT_LT(each, 3.4);
}

TEST(LandlordModel, EveryResidenceHasAHome) {
  for (const int homes : {10, 2000, 11000, 27000}) {
    for (uint64_t seed = 0; seed <= 100; ++seed) {
      const LandlordModel model({.homes = homes, .days = 1, .seed = seed, .until = kUntil});
      std::set<std::string> inhabited;
      for (const auto& unit : model.territory().units()) inhabited.insert(unit.residence());
      EXPECT_EQ(model.territory().units_size(), homes);
      EXPECT_EQ(inhabited.size(), model.territory().residences_size()) << homes << " homes, seed " << seed;
    }
  }
}

TEST(LandlordModel, IsInOrderOfTimeAndInsideItsYear) {
  const LandlordModel model({.homes = 2000, .days = 365, .seed = 1, .until = kUntil});
  Millis last = model.begins();
  for (const Arrival& arrival : model.arrivals()) {
    EXPECT_GE(arrival.at, last);
    EXPECT_LT(arrival.at, model.ends());
    last = arrival.at;
  }
}

TEST(LandlordModel, HeatingFailsInWinterAndInBursts) {
  const LandlordModel model({.homes = 11000, .days = 365, .seed = 1, .until = kUntil});
  int winter = 0;
  int summer = 0;
  std::map<std::pair<std::string, Millis>, int> a_day;
  for (const Arrival& arrival : model.arrivals()) {
    if (arrival.category != "heating") continue;
    const int day = static_cast<int>(arrival.at / kDay % 365);
    if (day < 60) ++winter;
    if (day > 150 && day < 210) ++summer;
    ++a_day[{arrival.residence, arrival.at / kDay}];
  }
  EXPECT_GT(winter, 10 * summer);
  int most = 0;
  for (const auto& [where, count] : a_day) most = std::max(most, count);
  EXPECT_GT(most, 8);
}

TEST(LandlordModel, EveningsAreBusierThanNights) {
  const LandlordModel model({.homes = 11000, .days = 365, .seed = 1, .until = kUntil});
  std::map<int, int> by_hour;
  for (const Arrival& arrival : model.arrivals()) {
    ++by_hour[static_cast<int>(arrival.at % kDay / kHour)];
  }
  const int evening = by_hour[17] + by_hour[18] + by_hour[19];
  EXPECT_GT(evening, 4 * (by_hour[1] + by_hour[2] + by_hour[3]));
  EXPECT_GT(evening, by_hour[12] + by_hour[13] + by_hour[14]);
}

TEST(LandlordModel, StaffGoOnLeave) {
  const LandlordModel model({.homes = 11000, .days = 365, .seed = 1, .until = kUntil});
  Millis away = 0;
  for (const Technician& technician : model.technicians()) {
    for (const auto& leave : technician.leaves) {
      EXPECT_LT(leave.from, leave.to);
      away += leave.to - leave.from;
    }
  }
  const Millis each = away / static_cast<Millis>(model.technicians().size());
  EXPECT_GT(each, 14 * kDay);
  EXPECT_LT(each, 90 * kDay);
}

TEST(LandlordModel, EverySkillIsThereInEveryAgency) {
  const LandlordModel model({.homes = 3000, .days = 30, .seed = 3, .until = kUntil});
  std::map<std::string, int> skills;
  for (const Technician& technician : model.technicians()) {
    for (const std::string& skill : technician.skills) ++skills[skill];
  }
  EXPECT_EQ(skills.size(), 8u);
}

}  // namespace
}  // namespace redress::simulate
