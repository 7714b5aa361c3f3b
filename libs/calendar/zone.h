// Civil time and time zones: from instants to what local clocks show, and back.
//
// Zone rules are the system's tzdata ($TZDIR, else /usr/share/zoneinfo), read by abseil once a zone and process. All
// else is a pure function. Instants are clamped to the years 1 to 9999, so that nothing here overflows or runs for
// ever.
//
// Local days tile time: day d is [StartOfDay(d), StartOfDay(d + 1)), 23 to 25 hours long as a rule, empty where a zone
// skipped the date. Where clocks set back shortly after midnight show the old date again, those minutes are the new
// day's.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "libs/clock/clock.h"

namespace redress::calendar {

// Cheap to copy; never dangles.
using Zone = absl::TimeZone;

inline constexpr Millis kMinInstant = -62135596800000;  // 0001-01-01T00:00:00.000Z
inline constexpr Millis kMaxInstant = 253402300799999;  // 9999-12-31T23:59:59.999Z

// What local clocks show, to the millisecond.
struct CivilTime {
  absl::CivilSecond second;
  int millis = 0;  // 0-999
};

enum class CivilKind {
  kUnique,
  kSkipped,   // in the gap of a clock change: clocks never show it
  kRepeated,  // clocks show it twice
};

// The zone of an IANA name ("Europe/Paris", "Etc/UTC"). INVALID_ARGUMENT, reason UNKNOWN_ZONE, for any other text:
// paths, "localtime" and fixed offsets too.
absl::StatusOr<Zone> ZoneFor(absl::string_view name);

// What clocks in the zone show at `instant`.
CivilTime ToCivil(Millis instant, Zone zone);

// In a gap the first instant after it; of a repeated time the earlier. Monotone: a later civil time is never an earlier
// instant.
Millis ToInstant(const CivilTime& civil, Zone zone);

// How often clocks in the zone show `civil`.
CivilKind KindOf(absl::CivilSecond civil, Zone zone);

// The local day whose tile holds `instant`.
absl::CivilDay LocalDay(Millis instant, Zone zone);

// First and last millisecond of a local day.
Millis StartOfDay(absl::CivilDay day, Zone zone);
Millis EndOfDay(absl::CivilDay day, Zone zone);

// "2026-05-01", years 0001 to 9999. INVALID_ARGUMENT, reason BAD_DATE, unless exactly that and a day that exists.
absl::StatusOr<absl::CivilDay> ParseDay(absl::string_view text);
// The same back.
std::string FormatDay(absl::CivilDay day);

// Where zone rules are read from.
std::string ZoneinfoDir();

// The release of the zone rules in `directory`, e.g. "2025b": from the first line of tzdata.zi, else from +VERSION.
// NOT_FOUND, reason TZDATA_VERSION_UNKNOWN, where neither says.
absl::StatusOr<std::string> TzdataVersion(const std::string& directory = ZoneinfoDir());

}  // namespace redress::calendar
