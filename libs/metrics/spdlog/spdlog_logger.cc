#include "libs/metrics/spdlog/spdlog_logger.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"

namespace redress {
namespace {

constexpr size_t kMaxFileBytes = 64 << 20;
constexpr size_t kOldFiles = 5;

class SpdlogLogger : public Logger {
 public:
  SpdlogLogger(std::shared_ptr<spdlog::sinks::sink> sink, Severity least, const Clock* clock)
      : least_(least), clock_(clock), logger_("redress", std::move(sink)) {
    // The line is ours; spdlog contributes the writing.
    logger_.set_pattern("%v");
    logger_.flush_on(spdlog::level::trace);
  }
  void Log(Severity severity, absl::string_view event, LogFields fields) override {
    if (severity < least_) return;
    // As text, not as a format.
    logger_.log(spdlog::level::critical, spdlog::string_view_t(FormatLogLine(clock_->Now(), severity, event, fields)));
  }

 private:
  const Severity least_;
  const Clock* const clock_;
  spdlog::logger logger_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Logger>> MakeSpdlogLogger(const LogOptions& options, const Clock* clock) {
  std::shared_ptr<spdlog::sinks::sink> sink;
  try {
    if (options.file.empty()) {
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
      sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(options.file, kMaxFileBytes, kOldFiles);
    }
  } catch (const std::exception& e) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "LOG_FILE",
                     absl::StrCat("cannot write the log file ", options.file, ": ", e.what()));
  }
  return std::make_unique<SpdlogLogger>(std::move(sink), options.least, clock);
}

}  // namespace redress
