#include "services/sla/explanation.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "libs/calendar/zone.h"
#include "services/sla/clock.h"
#include "services/sla/clock_changes.h"

namespace redress::sla {
namespace {

using events::v1::JudgedLine;
using events::v1::LineStarted;

std::string LocalTime(Millis at, const std::string& zone) {
  const absl::TimeZone local = calendar::ZoneFor(zone).value_or(absl::UTCTimeZone());
  return absl::FormatTime("%Y-%m-%d %H:%M:%E3S %Ez", absl::FromUnixMillis(at), local);
}

std::string Length(Millis length) { return absl::FormatDuration(absl::Milliseconds(length)); }

std::string TargetText(const register_v1::Target& target) {
  const absl::string_view unit = target.unit() == register_v1::TIME_UNIT_WORKING_HOURS   ? "working hours"
                                 : target.unit() == register_v1::TIME_UNIT_CALENDAR_DAYS ? "calendar days"
                                 : target.unit() == register_v1::TIME_UNIT_WORKING_DAYS  ? "working days"
                                                                                         : "hours round the clock";
  return absl::StrCat(target.quantity(), " ", unit,
                      target.end_rule() == register_v1::END_RULE_END_OF_DAY ? ", to the end of the day" : "");
}

std::string CalendarText(const events::v1::Versions& versions, const std::string& zone) {
  if (versions.calendar().empty()) {
    return absl::StrCat("on the clocks of ", zone,
                        ", every day and hour counted: the agency is not in the register, so no calendar holds");
  }
  return absl::StrCat("by calendar ", versions.calendar(), " version ", versions.calendar_version(), " (", zone, ")");
}

std::string PackText(const events::v1::Versions& versions) {
  return absl::StrCat("pack ", versions.pack(), " version ", versions.pack_version());
}

void AddMoves(const Run& run, std::vector<std::string>* reasons) {
  for (int i = 1; i < run.dues_size(); ++i) {
    const auto& due = run.dues(i);
    reasons->push_back(absl::StrCat("Then due ", LocalTime(due.due_at(), run.started().zone()), ": ", due.why(),
                                    " by what happened ", LocalTime(due.occurred_at(), run.started().zone()),
                                    ", known ", LocalTime(due.recorded_at(), run.started().zone()), "."));
  }
}

std::string VerdictText(const LineView& line, Millis now) {
  const LineStarted& started = line.judged.started();
  const Millis due = started.due_at();
  const std::string at = LocalTime(line.judged.ended_at(), started.zone());
  switch (line.judged.state()) {
    case JudgedLine::STATE_STOPPED:
      return absl::StrCat("Stopped by ", NameOf(line.judged.ended_by()), " at ", at, ", ",
                          Length(std::abs(due - line.judged.ended_at())),
                          IsMet(line.judged) ? " before it was due: met." : " after it was due: late.");
    case JudgedLine::STATE_CANCELLED:
      return absl::StrCat("Not applicable any more since ", at, ", by ", NameOf(line.judged.ended_by()), ".");
    default:
      return now > due ? absl::StrCat("Overdue by ", Length(now - due), ": no ", NameOf(started.stop()), " is known.")
                       : absl::StrCat("Running: ", Length(due - now), " left for ", NameOf(started.stop()), ".");
  }
}

}  // namespace

std::optional<Run> WrittenBy(const Run& run, Millis instant) {
  Run written = run;
  written.clear_dues();
  written.clear_alarms();
  for (const auto& due : run.dues()) {
    if (due.recorded_at() <= instant) *written.add_dues() = due;
  }
  for (const auto& alarm : run.alarms()) {
    if (alarm.recorded_at() <= instant) *written.add_alarms() = alarm;
  }
  if (written.dues().empty()) return std::nullopt;
  return written;
}

std::vector<LineView> LinesOf(const ClockRow& row, const Facts& facts, const Promises& promises,
                              const Question& question) {
  std::vector<PlannedRun> plan = PlanLines(row.start(), facts, promises);
  std::vector<LineView> lines;
  // Without its pack nothing can be planned; what was written is the best there is.
  if (question.present || promises.pack == nullptr) {
    for (const Run& run : row.runs()) {
      LineView& line = lines.emplace_back();
      line.judged = AsJudged(run);
      line.written = run;
      for (PlannedRun& planned : plan) {
        const LineStarted& started = planned.judged.started();
        const bool same = started.line() == run.started().line() && started.run() == run.started().run();
        if (same) line.pauses = std::move(planned.pauses);
      }
    }
    return lines;
  }
  for (PlannedRun& planned : plan) {
    LineView& line = lines.emplace_back();
    line.judged = std::move(planned.judged);
    line.pauses = std::move(planned.pauses);
    const Run* run = FindRun(row, line.judged.started().line(), line.judged.started().run());
    if (run != nullptr) line.written = WrittenBy(*run, std::min(question.now, question.known));
  }
  return lines;
}

// "2nd"; of 2 or more.
std::string Ordinal(int64_t number) {
  const int64_t last = number % 10;
  const bool teen = number / 10 % 10 == 1;
  return absl::StrCat(number, teen || last == 0 || last > 3 ? "th" : last == 1 ? "st" : last == 2 ? "nd" : "rd");
}

std::vector<std::string> ReasonsOf(const LineView& line, Millis now) {
  std::vector<std::string> reasons;
  const LineStarted& started = line.judged.started();
  reasons.push_back(
      absl::StrCat("Began with ", NameOf(started.start()), " at ", LocalTime(started.started_at(), started.zone()),
                   started.run() == 0 ? "." : absl::StrCat(", for the ", Ordinal(started.run() + 1), " time.")));
  const bool written = line.written.has_value();
  const auto& first = written ? line.written->dues(0) : rows::v1::DueVersion::default_instance();
  const auto& versions = written ? first.versions() : started.versions();
  reasons.push_back(absl::StrCat("Due ", LocalTime(written ? first.due_at() : started.due_at(), started.zone()), ": ",
                                 TargetText(started.target()), " ", CalendarText(versions, started.zone()), ", ",
                                 PackText(versions), written ? "." : ", pauses and extensions known then included."));
  if (written) AddMoves(*line.written, &reasons);
  if (written && LastDue(*line.written).due_at() != started.due_at()) {
    reasons.push_back(
        absl::StrCat("Due ", LocalTime(started.due_at(), started.zone()), " by the facts that count then."));
  }
  for (const CountedPause& pause : line.pauses) {
    reasons.push_back(
        absl::StrCat("Paused as ", pause.type->id(), " from ", LocalTime(pause.begin, started.zone()), " to ",
                     LocalTime(pause.end, started.zone()), pause.exhausted ? " (its budget ends there)" : "", ": ",
                     CountsDays(started.target()) ? absl::StrCat(pause.counted / kDay, " days") : Length(pause.counted),
                     " of the line's own time."));
  }
  reasons.push_back(VerdictText(line, now));
  if (written && IsMet(line.judged) && BreachRaised(*line.written)) {
    reasons.push_back("A breach had been raised before the evidence came: met on late evidence.");
  }
  return reasons;
}

std::optional<Millis> WorkingTimeIn(const std::vector<WaitSegment>& segments, const Promises& promises) {
  const auto it = promises.calendars.find("");
  if (it == promises.calendars.end()) return std::nullopt;
  Millis sum = 0;
  for (const WaitSegment& segment : segments) {
    if (segment.state != WaitState::kPaused) sum += it->second.working->WorkingTimeBetween(segment.begin, segment.end);
  }
  return sum;
}

std::string NameOf(types::v1::FactKind kind) {
  const std::string& full = types::v1::FactKind_Name(kind);
  absl::string_view name = full;
  absl::ConsumePrefix(&name, "FACT_KIND_");
  return kind == types::v1::FACT_KIND_UNSPECIFIED ? "no fact" : absl::AsciiStrToLower(name);
}

}  // namespace redress::sla
