// The simulation finds what it is there to find: each mistake of mutants.toml makes its checks object within some
// seeds, on which nothing is found without it; and each check objects to some mistake.
//   SIM_MUTANT=name   this one alone     SIM_MUTANT_SEEDS=n   at most so many seeds each
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tests/sim/mutants/mutant.h"
#include "tests/sim/simulation.h"

namespace redress::sim {
namespace {

// "NAME INVARIANT,INVARIANT" a line, from mutants.toml.
constexpr char kMutants[] =
#include "mutants.inc"
    ;

// Of checker.h, and what does not happen at rest.
const std::vector<std::string> kInvariants = {"chain",  "time", "source",  "versions", "once", "reaction",
                                              "parked", "slot", "replica", "digest",   "rest"};

struct Named {
  std::string name;
  std::set<std::string> caught_by;
};

std::vector<Named> Mutants() {
  std::vector<Named> mutants;
  for (const auto line : absl::StrSplit(kMutants, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    const char* only = std::getenv("SIM_MUTANT");
    if (only != nullptr && words[0] != only) continue;
    mutants.push_back({words[0], absl::StrSplit(words[1], ',')});
  }
  return mutants;
}

uint64_t MostSeeds() {
  uint64_t value = 0;
  const char* text = std::getenv("SIM_MUTANT_SEEDS");
  return text != nullptr && absl::SimpleAtoi(text, &value) ? value : 40;
}

// What one seed makes of it: the checks that object, each with its first words.
std::map<std::string, std::string> Objections(const std::string& mutant, uint64_t seed) {
  std::cerr << (mutant.empty() ? "as it is" : mutant) << ", seed " << seed << std::endl;
  SetMutant(mutant);
  const SimulationResult result = Simulate({.seed = seed});
  SetMutant("");
  std::map<std::string, std::string> objections;
  for (const std::string& violation : result.findings.violations) {
    objections.emplace(violation.substr(0, violation.find(':')), violation);
  }
  if (!result.unexpected.empty()) objections.emplace("rest", result.unexpected[0]);
  if (result.unanswered > 0) objections.emplace("rest", absl::StrCat(result.unanswered, " calls are not answered"));
  return objections;
}

TEST(Mutants, AreAllCaught) {
  const std::vector<Named> mutants = Mutants();
  ASSERT_FALSE(mutants.empty());
  std::map<std::string, std::set<std::string>> caught;  // invariant → mutants
  uint64_t last = 0;
  for (const Named& mutant : mutants) {
    bool found = false;
    for (uint64_t seed = 1; seed <= MostSeeds() && !found; ++seed) {
      last = std::max(last, seed);
      const auto objections = Objections(mutant.name, seed);
      for (const auto& [invariant, words] : objections) {
        caught[invariant].insert(mutant.name);
        if (found || !mutant.caught_by.contains(invariant)) continue;
        found = true;
        std::cout << "caught " << mutant.name << " on seed " << seed << " by " << words.substr(0, 160) << "\n";
      }
    }
    EXPECT_TRUE(found) << mutant.name << " is not caught by " << absl::StrJoin(mutant.caught_by, " or ") << " within "
                       << MostSeeds() << " seeds";
  }
  for (const std::string& invariant : kInvariants) {
    std::cout << "invariant " << invariant << " objected to " << absl::StrJoin(caught[invariant], " ") << "\n";
    if (std::getenv("SIM_MUTANT") != nullptr) continue;
    EXPECT_FALSE(caught[invariant].empty()) << "nothing shows that " << invariant << " finds anything";
  }
  for (uint64_t seed = 1; seed <= last; ++seed) {
    for (const auto& [invariant, words] : Objections("", seed))
      ADD_FAILURE() << "without any, seed " << seed << ": " << words;
  }
}

}  // namespace
}  // namespace redress::sim
