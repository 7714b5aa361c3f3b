// What the process says about itself: one event a line, with fields, for people and for programs.
//
//   logger.Info("shard_owned", {{"stream", "intake"}, {"shard", 3}, {"took_ms", 20}});
//
// Never a resident's data: event and field names are constants of the program; values are ids, codes, counts and times,
// not texts that people wrote.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/clock/clock.h"
#include "libs/status/mutex.h"

namespace redress {

enum class Severity { kDebug, kInfo, kWarning, kError };
absl::string_view NameOf(Severity severity);

// Text, whole number, number or truth; texts must live until the call returns.
class LogValue {
 public:
  LogValue(const char* text) : value_(absl::string_view(text)) {}
  LogValue(absl::string_view text) : value_(text) {}
  LogValue(const std::string& text) : value_(absl::string_view(text)) {}
  template <typename T>
  requires std::is_arithmetic_v<T> LogValue(T value) {
    if constexpr (std::is_same_v<T, bool>) {
      value_ = value;
    } else if constexpr (std::is_floating_point_v<T>) {
      value_ = static_cast<double>(value);
    } else {
      value_ = static_cast<int64_t>(value);
    }
  }
  const std::variant<absl::string_view, int64_t, double, bool>& get() const { return value_; }

 private:
  std::variant<absl::string_view, int64_t, double, bool> value_;
};

struct LogField {
  absl::string_view name;
  LogValue value;
};
using LogFields = std::initializer_list<LogField>;

// Thread-safe.
class Logger {
 public:
  virtual ~Logger() = default;
  virtual void Log(Severity severity, absl::string_view event, LogFields fields) = 0;

  void Debug(absl::string_view event, LogFields fields = {}) { Log(Severity::kDebug, event, fields); }
  void Info(absl::string_view event, LogFields fields = {}) { Log(Severity::kInfo, event, fields); }
  void Warning(absl::string_view event, LogFields fields = {}) { Log(Severity::kWarning, event, fields); }
  void Error(absl::string_view event, LogFields fields = {}) { Log(Severity::kError, event, fields); }
};

class NullLogger : public Logger {
 public:
  void Log(Severity, absl::string_view, LogFields) override {}
};

// For tests: the lines.
class InMemoryLogger : public Logger {
 public:
  explicit InMemoryLogger(const Clock* clock) : clock_(clock) {}
  void Log(Severity severity, absl::string_view event, LogFields fields) override;
  std::vector<std::string> lines() const;

 private:
  const Clock* const clock_;
  mutable Mutex mutex_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
};

// One line without its end:
// {"time":"2026-03-01T00:00:00.000Z","severity":"info","event":"shard_owned","stream":"intake","shard":3}. Texts are
// cut at 500 bytes.
std::string FormatLogLine(Millis at, Severity severity, absl::string_view event, LogFields fields);

}  // namespace redress
