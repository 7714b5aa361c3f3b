#include "services/redressctl/simulate/slot_offer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/service/requests.h"
#include "services/redressctl/simulate/setup_file.h"

namespace redress::simulate {
namespace {

using ::testing::ElementsAre;

// A meridian: the depot at 48, residences at whole degrees.
register_::v1::Territory Meridian() {
  register_::v1::Territory territory;
  auto* agency = territory.add_agencies();
  agency->set_code("depot");
  agency->set_latitude(48);
  for (const int latitude : {47, 49, 50, 51}) {
    auto* residence = territory.add_residences();
    residence->set_code("at" + std::to_string(latitude));
    residence->set_latitude(latitude);
  }
  return territory;
}

class SlotOfferTest : public ::testing::Test {
 protected:
  scheduling::v1::Slot Slot(const std::string& technician, Millis start) {
    scheduling::v1::Slot slot;
    slot.set_technician(technician);
    *slot.mutable_start_time() = service::WriteTime(start);
    return slot;
  }
  std::vector<std::string> Order(double within_hours, const std::string& residence) {
    std::vector<std::string> order;
    for (const auto& slot : NearestFirst({Slot("ann", kMonday + 9 * kHour), Slot("bob", kMonday + 10 * kHour),
                                          Slot("cid", kMonday + 11 * kHour), Slot("bob", kMonday + 33 * kHour)},
                                         within_hours, diary_, "depot", residence)) {
      order.push_back(slot.technician() + std::to_string((service::MillisOf(slot.start_time()) - kMonday) / kHour));
    }
    return order;
  }

  static constexpr Millis kMonday = 20003 * kDay;  // 2024-10-07
  const Road road_{Meridian(), 1};
  const double degree_ = Kilometres({0, 0}, {1, 0});
  Diary diary_{&road_, absl::UTCTimeZone()};
};

TEST_F(SlotOfferTest, DetourIsTheTourWithLessTheTourWithout) {
  // Of an empty day: there and back.
  EXPECT_NEAR(diary_.Detour("depot", "ann", kMonday + 9 * kHour, "at50"), 4 * degree_, 1e-9);
  diary_.Book("ann", kMonday + 10 * kHour, "at50");
  // On the way, before and after; further on; the other way.
  EXPECT_NEAR(diary_.Detour("depot", "ann", kMonday + 9 * kHour, "at49"), 0, 1e-9);
  EXPECT_NEAR(diary_.Detour("depot", "ann", kMonday + 11 * kHour, "at49"), 0, 1e-9);
  EXPECT_NEAR(diary_.Detour("depot", "ann", kMonday + 11 * kHour, "at51"), 2 * degree_, 1e-9);
  EXPECT_NEAR(diary_.Detour("depot", "ann", kMonday + 11 * kHour, "at47"), 2 * degree_, 1e-9);
  // Between two visits.
  diary_.Book("ann", kMonday + 14 * kHour, "at47");
  EXPECT_NEAR(diary_.Detour("depot", "ann", kMonday + 12 * kHour, "at49"), 0, 1e-9);
  EXPECT_NEAR(diary_.Detour("depot", "ann", kMonday + 15 * kHour, "at49"), 2 * degree_, 1e-9);
  // Another day, another technician.
  EXPECT_NEAR(diary_.Detour("depot", "ann", kMonday + 33 * kHour, "at49"), 2 * degree_, 1e-9);
  EXPECT_NEAR(diary_.Detour("depot", "bob", kMonday + 12 * kHour, "at49"), 2 * degree_, 1e-9);
  diary_.Cancel("ann", kMonday + 10 * kHour);
  diary_.Cancel("ann", kMonday + 14 * kHour);
  diary_.Cancel("ann", kMonday + 14 * kHour);
  EXPECT_NEAR(diary_.Detour("depot", "ann", kMonday + 12 * kHour, "at49"), 2 * degree_, 1e-9);
}

TEST_F(SlotOfferTest, NearestFirstIsByDetourAndThenByTime) {
  EXPECT_THAT(Order(72, "at50"), ElementsAre("ann9", "bob10", "cid11", "bob33"));
  diary_.Book("bob", kMonday + 34 * kHour, "at50");
  EXPECT_THAT(Order(72, "at50"), ElementsAre("bob33", "ann9", "bob10", "cid11"));
  diary_.Book("cid", kMonday + 15 * kHour, "at49");
  EXPECT_THAT(Order(72, "at50"), ElementsAre("bob33", "cid11", "ann9", "bob10"));
  // Only among those near the first.
  EXPECT_THAT(Order(2, "at50"), ElementsAre("cid11", "ann9", "bob10", "bob33"));
  EXPECT_THAT(Order(0, "at50"), ElementsAre("ann9", "bob10", "cid11", "bob33"));
  EXPECT_TRUE(NearestFirst({}, 72, diary_, "depot", "at50").empty());
}

TEST(IsHeldBack, WhoeverIsNotServedFirst) {
  const auto policy = ParseSetup("slots { reserve_hours: 24 }")->slots();
  EXPECT_TRUE(IsHeldBack(policy, types::v1::URGENCY_ROUTINE));
  EXPECT_FALSE(IsHeldBack(policy, types::v1::URGENCY_URGENT));
  EXPECT_FALSE(IsHeldBack(policy, types::v1::URGENCY_EMERGENCY));
  const auto emergencies = ParseSetup("slots { reserve_hours: 24 reserve_for: URGENCY_EMERGENCY }")->slots();
  EXPECT_TRUE(IsHeldBack(emergencies, types::v1::URGENCY_URGENT));
  EXPECT_FALSE(IsHeldBack(ParseSetup("")->slots(), types::v1::URGENCY_ROUTINE));
}

}  // namespace
}  // namespace redress::simulate
