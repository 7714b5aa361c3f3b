// Instants in columns: any format that passes the check, on any text.
//
//   input   = zone format *("|" format) LF text      zone: Paris / Apia / Lord_Howe …, by its first letter
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "services/redressctl/import/times.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace redress::fuzz {
namespace {

using importer::Midnight;

absl::TimeZone ZoneOf(uint8_t letter) {
  // With and without clock changes, one that skipped a day, one that shifts by half an hour.
  static const auto* const names =
      new std::vector<std::string>{"UTC", "Europe/Paris", "Pacific/Apia", "Australia/Lord_Howe", "America/New_York"};
  const auto zone = importer::LoadZone((*names)[letter % names->size()]);
  Check(zone.ok(), "the zones are there");
  return *zone;
}

void Run(absl::string_view bytes) {
  Input input(bytes);
  const absl::TimeZone zone = ZoneOf(input.U8());
  std::vector<std::string> formats = absl::StrSplit(input.TextLine(), '|');
  const absl::string_view text = input.Rest();
  std::vector<std::string> good;
  for (const std::string& format : formats) {
    if (importer::FormatFault(format).empty()) good.push_back(format);
  }
  if (good.empty() || good.size() > 8) return;

  const auto instant = importer::TimeReader(good, zone, Midnight::kInstant).Read(text);
  const auto begins = importer::TimeReader(good, zone, Midnight::kDayBegins).Read(text);
  const auto ends = importer::TimeReader(good, zone, Midnight::kDayEnds).Read(text);
  Check(instant.has_value() == begins.has_value() && instant.has_value() == ends.has_value(),
        "what midnight means decides of nothing else");
  if (!instant.has_value()) return;
  Check(!instant->day_only, "an instant is no day");
  Check(begins->day_only == ends->day_only, "a day is a day");
  Check(begins->at == instant->at, "a day begins at its midnight");
  if (!ends->day_only) return Check(ends->at == instant->at, "what is no midnight stays");
  // 23 to 25 hours as a rule; Apia skipped a day, and far away all instants are one.
  Check(ends->at >= begins->at && ends->at - begins->at < 50 * kHour, "a day ends after it begins");
}

const Target kTarget("import_times", Run);

}  // namespace
}  // namespace redress::fuzz
