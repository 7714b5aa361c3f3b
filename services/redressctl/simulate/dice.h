// Draws from a seed.
#pragma once

#include <cstdint>

#include "libs/ids/ids.h"

namespace redress::simulate {

// Not thread-safe.
class Dice {
 public:
  explicit Dice(uint64_t seed) : source_(seed) {}
  uint64_t Bits() { return source_.Random64(); }
  // [0, 1).
  double Unit() { return static_cast<double>(Bits() >> 11) * 0x1.0p-53; }
  bool Chance(double p) { return Unit() < p; }
  // [0, n).
  int Below(int n) { return static_cast<int>(Bits() % static_cast<uint64_t>(n)); }
  double Exponential(double mean);
  // exp of a normal with this median; sigma 0.5 is a spread of about 1:2.7 between the 16th and 84th percentile.
  double LogNormal(double median, double sigma);
  // Poisson, also for large means.
  int Poisson(double mean);

 private:
  SeededIdSource source_;
};

// What is left to chance in a case once somebody has complained.
enum class Cause : uint64_t {
  kAcknowledge = 1,
  kAnswer,
  kDispatch,  // when a dispatcher takes it up
  kDesk,      // how long a desk takes without a visit, and how it ends
  kSlot,      // which offers suit
  kHangUp,
  kCome,  // how late in the window, and whether anybody opens
  kWork,  // how long it takes
  kMood,  // contest, confirm or silence
  kWithdrawal,
  kParts,  // whether they are missing
};

// A case's chances of one cause on one occasion: the same whatever else happened before, here or in other cases, so
// that two landlords of one seed differ by what they do and not by what they draw. `occasion` counts those of the case
// and cause.
Dice CaseDice(uint64_t seed, uint64_t arrival, Cause cause, uint64_t occasion);

}  // namespace redress::simulate
