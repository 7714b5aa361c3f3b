#include "services/redressctl/simulate/dice.h"

#include <gtest/gtest.h>

#include <set>

namespace redress::simulate {
namespace {

TEST(CaseDice, AreThoseOfTheCaseCauseAndOccasion) {
  EXPECT_EQ(CaseDice(1, 2, Cause::kMood, 3).Bits(), CaseDice(1, 2, Cause::kMood, 3).Bits());
  std::set<uint64_t> seen;
  int drawn = 0;
  for (uint64_t seed = 0; seed < 10; ++seed) {
    for (uint64_t arrival = 0; arrival < 100; ++arrival) {
      for (const Cause cause : {Cause::kAcknowledge, Cause::kMood, Cause::kWithdrawal}) {
        for (uint64_t occasion = 0; occasion < 4; ++occasion, ++drawn) {
          seen.insert(CaseDice(seed, arrival, cause, occasion).Bits());
        }
      }
    }
  }
  EXPECT_EQ(seen.size(), static_cast<size_t>(drawn));
}

TEST(CaseDice, AreFairAndIndependentOfTheirNeighbours) {
  // First draws of neighbouring cases and occasions: as many above a half as below, alone and together.
  int above = 0;
  int together = 0;
  constexpr int kCases = 20000;
  for (uint64_t arrival = 0; arrival < kCases; ++arrival) {
    const bool first = CaseDice(5, arrival, Cause::kCome, 0).Unit() < 0.5;
    const bool second = CaseDice(5, arrival, Cause::kCome, 1).Unit() < 0.5;
    above += first;
    together += first && second;
  }
  // Five standard errors.
  EXPECT_NEAR(above, kCases / 2, 354);
  EXPECT_NEAR(together, kCases / 4, 307);
}

TEST(Dice, LogNormalHasItsMedian) {
  Dice dice(1);
  int below = 0;
  for (int i = 0; i < 20000; ++i) below += dice.LogNormal(3, 0.8) < 3;
  EXPECT_NEAR(below, 10000, 354);
}

}  // namespace
}  // namespace redress::simulate
