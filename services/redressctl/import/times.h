// Reads instants as a source writes them.
//
// A local time that a clock change skips is the first instant after the gap; one that happens twice is the earlier.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/clock/clock.h"

namespace redress::importer {

// What an exact local midnight is.
enum class Midnight {
  kInstant,    // an instant like any other
  kDayBegins,  // a day without a time, as its first instant
  kDayEnds,    // a day without a time, as 23:59:59 of it
};

struct ReadTime {
  Millis at = 0;
  // Only the day is known.
  bool day_only = false;
};

// A zone of the system's tzdata. NOT_FOUND for a name it lacks.
absl::StatusOr<absl::TimeZone> LoadZone(const std::string& name);

// What is wrong with a format, "" if nothing: it must give back the day of a time written in it.
std::string FormatFault(const std::string& format);

// Immutable.
class TimeReader {
 public:
  // Every format passes FormatFault; they are tried in turn.
  TimeReader(const std::vector<std::string>& formats, absl::TimeZone zone, Midnight midnight);

  // Nothing when no format fits. Any year is read, 1 and 9999 as well: whether it makes sense is the caller's question.
  std::optional<ReadTime> Read(absl::string_view text) const;

 private:
  struct Format {
    std::string text;
    bool instant;  // gives an instant rather than a local time
  };
  Millis At(absl::CivilSecond local) const;

  std::vector<Format> formats_;
  absl::TimeZone zone_;
  Midnight midnight_;
};

}  // namespace redress::importer
