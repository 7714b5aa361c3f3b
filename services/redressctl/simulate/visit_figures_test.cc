#include "services/redressctl/simulate/visit_figures.h"

#include <gtest/gtest.h>

#include "libs/service/requests.h"

namespace redress::simulate {
namespace {

using scheduling::v1::Intervention;
using service::WriteTime;

constexpr Millis kMonday = 20003 * kDay;

class VisitFiguresTest : public ::testing::Test {
 protected:
  VisitFiguresTest() {
    register_::v1::Territory territory;
    auto* agency = territory.add_agencies();
    agency->set_code("depot");
    agency->set_latitude(48);
    for (const int latitude : {49, 50}) {
      auto* residence = territory.add_residences();
      residence->set_code("at" + std::to_string(latitude));
      residence->set_latitude(latitude);
    }
    road_.emplace(territory, 1);
  }

  // Booked for [hour, hour + 1) of ann's Monday.
  Intervention* Booked(int hour, const std::string& residence, Intervention::State state) {
    Intervention& visit = visits_.emplace_back();
    visit.set_name("interventions/" + std::to_string(visits_.size()));
    visit.set_complaint("complaints/" + std::to_string(visits_.size()));
    visit.set_agency("depot");
    visit.set_residence(residence);
    visit.set_state(state);
    *visit.mutable_book_time() = WriteTime(kMonday);
    visit.mutable_slot()->set_technician("technicians/ann");
    *visit.mutable_slot()->mutable_start_time() = WriteTime(kMonday + hour * kHour);
    *visit.mutable_slot()->mutable_end_time() = WriteTime(kMonday + (hour + 1) * kHour);
    return &visit;
  }
  Intervention* Done(int hour, const std::string& residence, Millis started) {
    Intervention* visit = Booked(hour, residence, Intervention::STATE_DONE);
    *visit->mutable_start_time() = WriteTime(started);
    *visit->mutable_end_time() = WriteTime(started + 20 * kMinute);
    return visit;
  }
  VisitFigures Count(Millis now = kMonday + kDay) { return CountVisits(visits_, *road_, absl::UTCTimeZone(), now); }

  std::vector<Intervention> visits_;
  std::optional<Road> road_;
  const double degree_ = Kilometres({0, 0}, {1, 0});
};

TEST_F(VisitFiguresTest, APromiseIsKeptInItsWindow) {
  Done(8, "at49", kMonday + 8 * kHour);              // at once
  Done(9, "at49", kMonday + 10 * kHour - 1);         // at the last moment
  Done(10, "at49", kMonday + 11 * kHour);            // too late
  Done(11, "at49", kMonday + 11 * kHour - kMinute);  // too early
  Booked(12, "at49", Intervention::STATE_BOOKED);    // nobody came
  Booked(23, "at49", Intervention::STATE_BOOKED);    // came due just now
  visits_.back().mutable_slot()->mutable_end_time()->set_seconds((kMonday + kDay) / 1000);
  Booked(30, "at49", Intervention::STATE_BOOKED);  // is still to come
  const VisitFigures figures = Count();
  EXPECT_EQ(figures.promises_due, 6);
  EXPECT_EQ(figures.promises_kept, 2);
  EXPECT_EQ(figures.visits_made, 4);
}

TEST_F(VisitFiguresTest, WithoutAccessIsApart) {
  Intervention* closed = Booked(8, "at49", Intervention::STATE_NO_ACCESS);
  *closed->mutable_end_time() = WriteTime(kMonday + 8 * kHour);
  const VisitFigures figures = Count();
  EXPECT_EQ(figures.promises_due, 0);
  EXPECT_EQ(figures.no_access, 1);
  EXPECT_EQ(figures.visits_made, 1);
  EXPECT_NEAR(figures.kilometres, 2 * degree_, 1e-9);
}

TEST_F(VisitFiguresTest, ACancelledPromiseCountsOnceItsWindowIsOver) {
  Intervention* in_time = Booked(8, "at49", Intervention::STATE_CANCELLED);
  *in_time->mutable_end_time() = WriteTime(kMonday + 7 * kHour);
  Intervention* too_late = Booked(9, "at49", Intervention::STATE_CANCELLED);
  *too_late->mutable_end_time() = WriteTime(kMonday + 10 * kHour);
  const VisitFigures figures = Count();
  EXPECT_EQ(figures.promises_due, 1);
  EXPECT_EQ(figures.promises_kept, 0);
  EXPECT_EQ(figures.visits_made, 0);
  EXPECT_EQ(figures.kilometres, 0);
}

TEST_F(VisitFiguresTest, NeverBookedIsNoPromise) {
  Booked(8, "at49", Intervention::STATE_REQUESTED)->clear_book_time();
  Booked(9, "at49", Intervention::STATE_CANCELLED)->clear_book_time();
  EXPECT_EQ(Count().promises_due, 0);
}

TEST_F(VisitFiguresTest, ADayGoesOutAlongItsVisitsAndBack) {
  // By when they began, whatever was planned: 48, 50, 49, 49 again, home.
  Done(9, "at49", kMonday + 10 * kHour);
  Done(8, "at50", kMonday + 8 * kHour);
  Done(11, "at49", kMonday + 11 * kHour);
  EXPECT_NEAR(Count().kilometres, 4 * degree_, 1e-9);
  // Another day, and another technician, have tours of their own.
  Done(33, "at50", kMonday + 33 * kHour);
  EXPECT_NEAR(Count(kMonday + 2 * kDay).kilometres, 8 * degree_, 1e-9);
  Done(8, "at49", kMonday + 8 * kHour)->mutable_slot()->set_technician("technicians/bob");
  EXPECT_NEAR(Count(kMonday + 2 * kDay).kilometres, 10 * degree_, 1e-9);
  // What is later than the instant of the figures does not count.
  EXPECT_NEAR(Count(kMonday + kDay).kilometres, 6 * degree_, 1e-9);
}

TEST_F(VisitFiguresTest, ComplaintsAreCountedOnce) {
  Done(8, "at49", kMonday + 8 * kHour)->set_complaint("complaints/x");
  Done(9, "at49", kMonday + 9 * kHour)->set_complaint("complaints/x");
  Done(10, "at49", kMonday + 10 * kHour)->set_complaint("complaints/y");
  EXPECT_EQ(Count().visits_made, 3);
  EXPECT_EQ(Count().complaints_visited, 2);
}

}  // namespace
}  // namespace redress::simulate
