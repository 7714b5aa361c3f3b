#include "services/redressctl/import/times.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "libs/status/errors.h"

namespace redress::importer {
namespace {

bool GivesInstant(absl::string_view format) {
  for (absl::string_view mark : {"%z", "%Ez", "%E*z", "%:z", "%s"}) {
    if (absl::StrContains(format, mark)) return true;
  }
  return false;
}

// ParseTime also takes "infinite-future" and the like.
bool Parse(const std::string& format, absl::string_view text, absl::Time* time) {
  std::string error;
  return absl::ParseTime(format, text, time, &error) && *time != absl::InfiniteFuture() &&
         *time != absl::InfinitePast();
}

}  // namespace

absl::StatusOr<absl::TimeZone> LoadZone(const std::string& name) {
  absl::TimeZone zone;
  // "localtime" would make the outcome depend on the machine.
  if (name.empty() || name == "localtime" || !absl::LoadTimeZone(name, &zone)) {
    return MakeError(absl::StatusCode::kNotFound, "NO_SUCH_ZONE", absl::StrCat("no time zone is named '", name, "'"));
  }
  return zone;
}

std::string FormatFault(const std::string& format) {
  const absl::TimeZone utc = absl::UTCTimeZone();
  const absl::CivilSecond sample(2011, 10, 23, 21, 43, 59);
  const std::string written = absl::FormatTime(format, absl::FromCivil(sample, utc), utc);
  absl::Time read;
  if (!Parse(format, written, &read)) return "cannot be read back";
  return absl::ToCivilDay(read, utc) == absl::CivilDay(sample) ? "" : "does not give year, month and day";
}

TimeReader::TimeReader(const std::vector<std::string>& formats, absl::TimeZone zone, Midnight midnight)
    : zone_(zone), midnight_(midnight) {
  for (const std::string& format : formats) formats_.push_back({format, GivesInstant(format)});
}

Millis TimeReader::At(absl::CivilSecond local) const {
  const absl::TimeZone::TimeInfo info = zone_.At(local);
  return absl::ToUnixMillis(info.kind == absl::TimeZone::TimeInfo::SKIPPED ? info.trans : info.pre);
}

std::optional<ReadTime> TimeReader::Read(absl::string_view text) const {
  for (const Format& format : formats_) {
    // Without an offset the text is parsed as if it were UTC: that keeps the local fields as written.
    absl::Time parsed;
    if (!Parse(format.text, text, &parsed)) continue;
    const absl::TimeZone::CivilInfo info = (format.instant ? zone_ : absl::UTCTimeZone()).At(parsed);
    const bool midnight =
        info.cs == absl::CivilSecond(absl::CivilDay(info.cs)) && info.subsecond == absl::ZeroDuration();
    ReadTime time{.day_only = midnight && midnight_ != Midnight::kInstant};
    if (time.day_only && midnight_ == Midnight::kDayEnds) {
      time.at = At(info.cs + (24 * 3600 - 1));
    } else if (format.instant) {
      time.at = absl::ToUnixMillis(parsed);
    } else {
      time.at = At(info.cs) + absl::ToInt64Milliseconds(info.subsecond);
    }
    return time;
  }
  return std::nullopt;
}

}  // namespace redress::importer
