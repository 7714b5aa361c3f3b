#include "services/redressctl/simulate/dice.h"

#include <cmath>
#include <initializer_list>
#include <numbers>

namespace redress::simulate {

double Dice::Exponential(double mean) { return -mean * std::log1p(-Unit()); }

double Dice::LogNormal(double median, double sigma) {
  // In this order: two draws inside one expression could come either way round.
  const double radius = std::sqrt(-2 * std::log1p(-Unit()));
  const double angle = 2 * std::numbers::pi * Unit();
  return median * std::exp(sigma * radius * std::cos(angle));
}

int Dice::Poisson(double mean) {
  int count = 0;
  // In pieces, so that exp does not vanish.
  for (; mean > 20; mean -= 20) count += Poisson(20);
  double product = Unit();
  for (const double limit = std::exp(-mean); product > limit; product *= Unit()) ++count;
  return count;
}

Dice CaseDice(uint64_t seed, uint64_t arrival, Cause cause, uint64_t occasion) {
  uint64_t state = seed;
  for (const uint64_t part : {arrival, static_cast<uint64_t>(cause), occasion}) {
    state = SeededIdSource(state).Random64() ^ part;
  }
  return Dice(state);
}

}  // namespace redress::simulate
