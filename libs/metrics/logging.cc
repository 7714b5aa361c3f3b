#include "libs/metrics/logging.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "libs/metrics/json.h"
#include "libs/status/utf8.h"

namespace redress {
namespace {

constexpr size_t kMaxTextBytes = 500;

void AppendValue(std::string* out, const LogValue& value) {
  struct Append {
    std::string* out;
    void operator()(absl::string_view text) const { AppendJsonString(out, CutUtf8(text, kMaxTextBytes)); }
    void operator()(int64_t number) const { absl::StrAppend(out, number); }
    void operator()(double number) const {
      if (std::isfinite(number)) {
        absl::StrAppend(out, number);
      } else {
        absl::StrAppend(out, "null");
      }
    }
    void operator()(bool truth) const { absl::StrAppend(out, truth ? "true" : "false"); }
  };
  std::visit(Append{out}, value.get());
}

}  // namespace

absl::string_view NameOf(Severity severity) {
  switch (severity) {
    case Severity::kDebug: return "debug";
    case Severity::kInfo: return "info";
    case Severity::kWarning: return "warning";
    case Severity::kError: return "error";
  }
  return "";
}

std::string FormatLogLine(Millis at, Severity severity, absl::string_view event, LogFields fields) {
  std::string line = absl::StrCat(
      "{\"time\":\"", absl::FormatTime("%E4Y-%m-%dT%H:%M:%E3SZ", absl::FromUnixMillis(at), absl::UTCTimeZone()),
      "\",\"severity\":\"", NameOf(severity), "\",\"event\":");
  AppendJsonString(&line, event);
  for (const LogField& field : fields) {
    line.push_back(',');
    AppendJsonString(&line, field.name);
    line.push_back(':');
    AppendValue(&line, field.value);
  }
  line.push_back('}');
  return line;
}

void InMemoryLogger::Log(Severity severity, absl::string_view event, LogFields fields) {
  MutexLock lock(mutex_);
  lines_.push_back(FormatLogLine(clock_->Now(), severity, event, fields));
}

std::vector<std::string> InMemoryLogger::lines() const {
  MutexLock lock(mutex_);
  return lines_;
}

}  // namespace redress
