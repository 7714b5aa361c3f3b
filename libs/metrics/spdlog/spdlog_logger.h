// Log lines to standard error or a file, through spdlog.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "libs/metrics/logging.h"

namespace redress {

struct LogOptions {
  // Empty: standard error. A file is begun anew at 64 MiB; five old ones are kept.
  std::string file;
  // Less severe lines are dropped.
  Severity least = Severity::kInfo;
};

// FAILED_PRECONDITION (LOG_FILE) if the file cannot be written. `clock` outlives the logger.
absl::StatusOr<std::unique_ptr<Logger>> MakeSpdlogLogger(const LogOptions& options, const Clock* clock);

}  // namespace redress
