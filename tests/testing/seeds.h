// Seeds of random tests, printed so that a failure can be run again: REDRESS_SEED=n runs that seed alone.
//
//   for (const uint64_t seed : Seeds(20)) {
//     SCOPED_TRACE(absl::StrCat("REDRESS_SEED=", seed));
//     SeededIdSource random(seed);
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "libs/ids/ids.h"

namespace redress::testing {

// 1, 2 … `fixed`, and one that was never used before; $REDRESS_SEED alone if that is set.
inline std::vector<uint64_t> Seeds(int fixed) {
  if (const char* set = std::getenv("REDRESS_SEED")) return {std::strtoull(set, nullptr, 10)};
  std::vector<uint64_t> seeds;
  for (int seed = 1; seed <= fixed; ++seed) seeds.push_back(seed);
  SystemIdSource fresh;
  seeds.push_back(fresh.Random64() >> 1);
  std::printf("seeds 1 to %d and %llu\n", fixed, static_cast<unsigned long long>(seeds.back()));
  return seeds;
}

}  // namespace redress::testing
