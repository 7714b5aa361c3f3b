// SIM_SEEDS=n SIM_FIRST_SEED=s choose; 20 seeds from 1 otherwise. A failing seed prints itself and
// replays exactly:
//   SIM_SEEDS=1 SIM_FIRST_SEED=<seed> tests/run --only sim
#include "tests/sim/simulation.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "absl/strings/numbers.h"
#include "libs/runtime/environment.h"

namespace redress::sim {
namespace {

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  uint64_t value = 0;
  const char* text = std::getenv(name);
  return text != nullptr && absl::SimpleAtoi(text, &value) ? value : otherwise;
}

TEST(Simulation, HoldsOnEverySeed) {
  const uint64_t seeds = FromEnvironment("SIM_SEEDS", 20);
  const uint64_t first = FromEnvironment("SIM_FIRST_SEED", 1);
  std::set<std::string> hit;
  SimulationResult sum;
  for (uint64_t seed = first; seed < first + seeds; ++seed) {
    const SimulationResult result = Simulate({.seed = seed, .trace = FromEnvironment("SIM_TRACE", 0) != 0});
    for (const std::string& violation : result.findings.violations)
      ADD_FAILURE() << "seed " << seed << ": " << violation;
    for (const std::string& what : result.unexpected) ADD_FAILURE() << "seed " << seed << ": unexpected: " << what;
    EXPECT_EQ(result.unanswered, 0) << "seed " << seed;
    EXPECT_GT(result.submitted, 0) << "seed " << seed;
    hit.insert(result.fault_points_hit.begin(), result.fault_points_hit.end());
    sum.findings.accepted += result.findings.accepted;
    sum.findings.voids += result.findings.voids;
    sum.findings.claims += result.findings.claims;
    sum.findings.acknowledged += result.findings.acknowledged;
    sum.findings.reactions += result.findings.reactions;
    sum.crashes += result.crashes;
    sum.retries += result.retries;
    sum.submitted += result.submitted;
    sum.visits_done += result.visits_done;
    if (HasFailure()) {
      std::cerr << "failing seed " << seed << ": SIM_SEEDS=1 SIM_FIRST_SEED=" << seed << " tests/run --only sim\n";
      break;
    }
  }
  std::cout << seeds << " seeds from " << first << ": " << sum.submitted << " complaints, " << sum.visits_done
            << " visits, " << sum.findings.acknowledged << " acknowledged, " << sum.findings.accepted << " accepted, "
            << sum.findings.voids << " void, " << sum.findings.claims << " claims, " << sum.findings.reactions
            << " reactions, " << sum.crashes << " crashes, " << sum.retries << " retries\n";
  if (seeds >= 100) {
    for (const absl::string_view point : runtime::kFaultPoints) {
      EXPECT_TRUE(hit.contains(std::string(point))) << point << " was never hit";
    }
  }
}

TEST(Simulation, ReplaysExactly) {
  const uint64_t seed = FromEnvironment("SIM_FIRST_SEED", 1);
  EXPECT_EQ(Simulate({.seed = seed}).fingerprint, Simulate({.seed = seed}).fingerprint);
}

}  // namespace
}  // namespace redress::sim
