// The whole system in one thread on a seed: several processes of each service on a faulty log, people who retry,
// crashes at every fault point. The same seed gives the same run, to the byte.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "libs/clock/millis.h"
#include "tests/sim/checker.h"
#include "tests/sim/coverage.h"

namespace redress::sim {

struct SimulationOptions {
  uint64_t seed = 1;
  int homes = 600;
  int days = 2;
  // Faults end here; the rest is for coming to rest: longer than a re-open window of 14 days.
  int quiet_days = 16;
  // Tells on standard error how far it is, once a simulated hour.
  bool trace = false;
};

// What must go wrong in a hundred seeds, besides deaths at every fault point.
inline constexpr const char* kFaultsToMeet[] = {"append lost",
                                                "append unknown",
                                                "append late",
                                                "append in part",
                                                "append twice",
                                                "append refused",
                                                "records forgotten",
                                                "brokers down",
                                                "rows forgotten",
                                                "rows forgotten by RocksDB",
                                                "rows lost",
                                                "rows damaged",
                                                "rows rebuilt after damage",
                                                "disk slow",
                                                "disk full",
                                                "log full",
                                                "paused past take-over",
                                                "clock set by an hour",
                                                "connection cut",
                                                "key put fails",
                                                "retry elsewhere",
                                                "answered QUEUE_FULL",
                                                "answered LOG_FULL",
                                                "answered DISK_FULL",
                                                "answered PROJECTION_CORRUPT",
                                                "answered NOT_OWNER",
                                                "answered OUTCOME_UNKNOWN"};

// One seed in so many, kProvokedSeed the first, meets what the others seldom do (Trouble::Provoke).
inline constexpr uint64_t kSeedsForProvoked = 10;
inline constexpr uint64_t kProvokedSeed = 3;

struct SimulationResult {
  Findings findings;
  std::set<std::string> fault_points_hit;
  std::set<StateAndCommand> met;
  std::map<std::string, int64_t> faults;   // what went wrong, by the names of kFaultsToMeet
  std::map<std::string, int64_t> reasons;  // refusals, by reason
  int64_t crashes = 0;
  int64_t restarts = 0;
  int64_t calls = 0;
  int64_t retries = 0;
  int64_t unanswered = 0;  // calls that never got a final answer: 0 is demanded
  int64_t submitted = 0;
  int64_t visits_done = 0;
  std::vector<std::string> unexpected;  // refusals that no client should get
  // Hash of all records of the log: the same for the same seed.
  std::string fingerprint;
};

SimulationResult Simulate(const SimulationOptions& options);

}  // namespace redress::sim
