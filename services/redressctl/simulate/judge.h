// The judge of policies: the same seeds lived under one set-up or two, and what came of it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/clock/millis.h"
#include "redress/simulate/v1/judgement.pb.h"
#include "services/redressctl/simulate/setup_file.h"

namespace redress::simulate {

struct JudgeOptions {
  Setup setup;
  // The second less the first is the difference. The same homes and days.
  std::optional<Setup> against;
  int64_t first_seed = 1;
  int seeds = 5;
  Millis until = 0;        // 0: last midnight UTC
  std::string config_dir;  // as SimulateOptions
  std::string work_dir;    // where temporary directories are made; empty: the system's
  // After each simulated day: the share of all that is done, and what is being lived.
  std::function<void(double, absl::string_view)> progress;
  // Asked as often; true: nothing more is lived.
  std::function<bool()> stop;
};

// Lives each seed under each set-up, one after the other in this thread, each in a temporary directory that is removed
// again, whatever it ends with. The same options give the same answer to the byte. Errors name set-up and seed; INTERNAL
// (UNEXPECTED_ANSWERS) when the services refused what they should take; CANCELLED (STOPPED) when `stop` said so.
absl::StatusOr<v1::Judgement> Judge(const JudgeOptions& options);

}  // namespace redress::simulate
