#include "services/redressctl/simulate/staffing.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "services/redressctl/simulate/landlord_model.h"

namespace redress::simulate {
namespace {

using ::testing::ElementsAre;

constexpr Millis kUntil = 20000 * kDay;

v1::Staffing Parse(const std::string& text) {
  v1::Staffing staffing;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &staffing));
  return staffing;
}

std::vector<Technician> Staff(const std::string& text, int homes = 24000, uint64_t seed = 7) {
  StaffOptions options{.homes = homes, .begins = kUntil - 365 * kDay, .days = 365, .seed = seed};
  for (int a = 1; a <= AgenciesOf(homes); ++a) options.agencies.push_back("agency-" + std::to_string(a));
  return DrawStaff(Parse(text), options);
}

int Count(const std::vector<Technician>& staff, const std::string& agency, const std::string& trade) {
  return static_cast<int>(std::count_if(staff.begin(), staff.end(), [&](const Technician& one) {
    return one.agency == agency && one.skills.front() == trade;
  }));
}

bool Same(const Technician& a, const Technician& b) {
  return a.id == b.id && a.agency == b.agency && a.skills == b.skills && a.leaves.size() == b.leaves.size() &&
         std::equal(a.leaves.begin(), a.leaves.end(), b.leaves.begin(),
                    [](const auto& x, const auto& y) { return x.from == y.from && x.to == y.to; });
}

// Who is in both is the same person in both.
int Shared(const std::vector<Technician>& a, const std::vector<Technician>& b) {
  int shared = 0;
  for (const Technician& one : a) {
    for (const Technician& other : b) {
      if (one.id != other.id) continue;
      EXPECT_TRUE(Same(one, other)) << one.id;
      ++shared;
    }
  }
  return shared;
}

TEST(DrawStaff, AddsAndTakesWithoutTouchingTheOthers) {
  const auto usual = Staff("");
  const auto more = Staff(R"(additions { agency: "agency-2" trades: ["plumbing", "locks"] technicians: 2 })");
  EXPECT_EQ(more.size(), usual.size() + 2);
  EXPECT_EQ(Shared(usual, more), static_cast<int>(usual.size()));
  EXPECT_EQ(Count(more, "agency-2", "plumbing"), Count(usual, "agency-2", "plumbing") + 2);
  EXPECT_EQ(Count(more, "agency-1", "plumbing"), Count(usual, "agency-1", "plumbing"));

  const auto fewer = Staff(R"(removals { trades: "heating" technicians: 1 })");
  EXPECT_EQ(fewer.size(), usual.size() - 2);
  EXPECT_EQ(Shared(usual, fewer), static_cast<int>(fewer.size()));
  EXPECT_EQ(Count(Staff(R"(removals { trades: "lift" technicians: 999 })"), "agency-1", "lift"), 0);
}

TEST(DrawStaff, DwellingsATechnicianGrowAndShrinkOneCrew) {
  const auto usual = Staff("");
  EXPECT_EQ(Shared(usual, Staff("homes_per_technician: 350")), static_cast<int>(usual.size()));
  const auto many = Staff("homes_per_technician: 200");
  EXPECT_EQ(many.size(), 120u);
  EXPECT_EQ(Shared(usual, many), static_cast<int>(usual.size()));
  const auto few = Staff("homes_per_technician: 1200");
  EXPECT_EQ(few.size(), 20u);
  EXPECT_EQ(Shared(usual, few), 20);
}

TEST(DrawStaff, CrewsStandInPlaceOfTheDrawnOne) {
  const auto usual = Staff("");
  const auto staff = Staff(R"(
    crews { agency: "agency-1" trades: ["building", "joinery"] technicians: 2 }
    crews { agency: "agency-1" trades: "pest" technicians: 1 hours { start_minute: 1080 end_minute: 1320 } }
    hours { start_minute: 480 end_minute: 900 })");
  const auto of_first = static_cast<size_t>(
      std::count_if(staff.begin(), staff.end(), [](const Technician& one) { return one.agency == "agency-1"; }));
  EXPECT_EQ(of_first, 3u);
  EXPECT_THAT(staff[0].skills, ElementsAre("building", "joinery"));
  EXPECT_EQ(staff[0].hours.size(), 1u);
  EXPECT_EQ(staff[0].hours[0].end_minute(), 900);
  EXPECT_EQ(staff[2].hours[0].start_minute(), 1080);
  // The other agency has whom it had.
  EXPECT_EQ(Shared(usual, staff), static_cast<int>(staff.size() - of_first));
}

TEST(DrawStaff, NobodysLeaveDependsOnTheOthers) {
  const auto usual = Staff("leave_share: 0.2");
  const auto other = Staff(R"(leave_share: 0.2 removals { trades: "heating" technicians: 1 }
                              additions { trades: "pest" technicians: 1 })");
  EXPECT_EQ(Shared(usual, other), static_cast<int>(usual.size()) - 2);
  // Additions are the same people on top of any crew.
  EXPECT_EQ(Shared(other, Staff(R"(leave_share: 0.2 crews { trades: "lift" technicians: 1 }
                                   additions { trades: "pest" technicians: 1 })")),
            2);
}

TEST(DrawStaff, LeaveIsAShareOfWeeksAndGrowsWithIt) {
  Millis away_before = 0;
  std::vector<Technician> before = Staff("leave_share: 0");
  for (const Technician& one : before) EXPECT_TRUE(one.leaves.empty());
  for (const double share : {0.1, 0.3, 1.0}) {
    const auto staff = Staff("leave_share: " + std::to_string(share));
    Millis away = 0;
    for (size_t i = 0; i < staff.size(); ++i) {
      for (const auto& leave : staff[i].leaves) away += leave.to - leave.from;
      // Whoever was away before still is.
      for (const auto& leave : before[i].leaves) {
        EXPECT_TRUE(std::any_of(staff[i].leaves.begin(), staff[i].leaves.end(), [&](const auto& longer) {
          return longer.from <= leave.from && leave.to <= longer.to;
        }));
      }
    }
    const double weeks = static_cast<double>(away) / static_cast<double>(7 * kDay) / static_cast<double>(staff.size());
    EXPECT_NEAR(weeks / 53, share, 0.05);
    EXPECT_GT(away, away_before);
    away_before = away;
    before = staff;
  }
}

TEST(LandlordModel, ResidentsDoNotDependOnWhoMendsIt) {
  const LandlordModel usual({.homes = 12000, .days = 60, .seed = 3, .until = kUntil});
  const LandlordModel other({.homes = 12000,
                             .days = 60,
                             .seed = 3,
                             .until = kUntil,
                             .staffing = Parse(R"(homes_per_technician: 2000 leave_share: 0.5
                                                  additions { trades: "pest" technicians: 3 })")});
  EXPECT_NE(usual.technicians().size(), other.technicians().size());
  EXPECT_EQ(usual.territory().SerializeAsString(), other.territory().SerializeAsString());
  ASSERT_EQ(usual.arrivals().size(), other.arrivals().size());
  for (size_t i = 0; i < usual.arrivals().size(); ++i) {
    const Arrival& a = usual.arrivals()[i];
    const Arrival& b = other.arrivals()[i];
    EXPECT_EQ(std::tie(a.at, a.home, a.residence, a.category, a.kind, a.channel, a.language, a.care_level),
              std::tie(b.at, b.home, b.residence, b.category, b.kind, b.channel, b.language, b.care_level));
  }
}

}  // namespace
}  // namespace redress::simulate
