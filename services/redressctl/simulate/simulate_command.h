// `redressctl simulate`: a landlord's year in minutes, through the real services in a process of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "libs/clock/fake_clock.h"
#include "libs/clock/millis.h"
#include "services/redressctl/simulate/landlord_run.h"
#include "services/redressctl/simulate/setup_file.h"

namespace redress::simulate {

struct SimulateOptions {
  int homes = 11000;
  int days = 365;
  uint64_t seed = 1;
  Millis until = 0;  // 0: last midnight UTC
  std::string dir;
  std::string config_dir;  // of the starter set; empty: as reference::FindConfigDir looks for it
  uint32_t shard_count = 4;
  // Null: the landlord without a set-up. Homes and days are those above.
  const Setup* setup = nullptr;
  // After each simulated day: days done, days in all.
  std::function<void(int, int)> progress;
  // Asked after each simulated day; true: no further one is lived.
  std::function<bool()> stop;
  // When the time is over and the services still run; its error is the simulation's.
  std::function<absl::Status(const LandlordModel&, rpc::Client*, FakeExecutor*)> at_end;
};

// Makes a log in `dir` and lives the year there on a simulated clock, in this thread; synced once a simulated day. The
// same seed and end give the same figures. FAILED_PRECONDITION (NOT_EMPTY) when there is a log already; CANCELLED
// (STOPPED) when `stop` said so.
absl::StatusOr<RunCounts> SimulateLandlord(const SimulateOptions& options);

struct LoadOptions {
  std::string target;  // host:port
  std::string token;
  double rate = 20;  // complaints a second
  int seconds = 30;
  uint64_t seed = 1;
  // Now and then, from the caller's thread: sent, answered, all there will be.
  std::function<void(int64_t, int64_t, int64_t)> progress;
};

struct LoadReport {
  int64_t sent = 0;
  int64_t ok = 0;
  int64_t failed = 0;
  double seconds = 0;
  Millis p50 = 0;
  Millis p99 = 0;
  std::map<std::string, int64_t> errors;  // by code and reason
};

// Sends the landlord's complaints to a running server in real time, `rate` a second for `seconds`; waits for the last
// answers.
absl::StatusOr<LoadReport> SendLoad(const LoadOptions& options);

}  // namespace redress::simulate
