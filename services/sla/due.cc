#include "services/sla/due.h"

#include <algorithm>

#include "libs/calendar/due_time.h"

namespace redress::sla {
namespace {

using register_v1::Target;

bool CountsOpenHours(const Target& target) {
  return target.unit() == register_v1::TIME_UNIT_WORKING_HOURS || target.unit() == register_v1::TIME_UNIT_WORKING_DAYS;
}

calendar::Unit UnitOf(const Target& target) {
  switch (target.unit()) {
    case register_v1::TIME_UNIT_WORKING_HOURS: return calendar::Unit::kWorkingHours;
    case register_v1::TIME_UNIT_CALENDAR_DAYS: return calendar::Unit::kCalendarDays;
    case register_v1::TIME_UNIT_WORKING_DAYS: return calendar::Unit::kWorkingDays;
    default: return calendar::Unit::kHours;
  }
}

// How much a pause moves a due instant by, in the target's unit.
Millis CountedIn(const RunTime& run, Millis begin, Millis end) {
  const calendar::Zone zone = run.calendar->zone();
  switch (UnitOf(*run.target)) {
    case calendar::Unit::kHours: return end - begin;
    case calendar::Unit::kWorkingHours: return run.calendar->WorkingTimeBetween(begin, end);
    case calendar::Unit::kCalendarDays: return (calendar::LocalDay(end, zone) - calendar::LocalDay(begin, zone)) * kDay;
    case calendar::Unit::kWorkingDays: return run.calendar->WorkingDaysBetween(begin, end) * kDay;
  }
  return 0;
}

// A due instant in the making. The end rule comes last, so that what is added in between is not rounded up each time.
class MovingDue {
 public:
  explicit MovingDue(const RunTime& run)
      : run_(run), base_(run.started_at), quantity_(run.target->quantity()), at_(Reached()) {}

  Millis Value() const {
    if (fixed_ || run_.target->end_rule() != register_v1::END_RULE_END_OF_DAY) return at_;
    return calendar::EndOfDay(calendar::LocalDay(at_, run_.calendar->zone()), run_.calendar->zone());
  }
  void Add(Millis counted) {
    if (counted <= 0) return;
    if (CountsDays(*run_.target)) {
      // Days are counted from where the counting began, so that each of them keeps its time of day.
      quantity_ += counted / kDay;
      at_ = Reached();
    } else {
      at_ = CountsOpenHours(*run_.target) ? run_.calendar->AddWorkingTime(at_, counted)
                                          : std::min(at_ + counted, calendar::kMaxInstant);
    }
  }
  // To an instant given to the millisecond, which no end rule changes.
  void Fix(Millis at) {
    base_ = at_ = at;
    quantity_ = 0;
    fixed_ = true;
  }

 private:
  Millis Reached() const {
    return calendar::DueTime(base_, quantity_, UnitOf(*run_.target), calendar::EndRule::kSameTime, *run_.calendar);
  }

  const RunTime& run_;
  Millis base_;
  int64_t quantity_;
  Millis at_;
  bool fixed_ = false;
};

// What moves a due instant: a pause or an extension, by the fact it begins with.
struct Move {
  size_t index = 0;
  const PauseSpan* pause = nullptr;  // else an extension
};

bool IsExtension(const RunTime& run, const NotedFact& noted) {
  const types::v1::Fact& fact = noted.fact();
  if (fact.kind() != types::v1::FACT_KIND_EXTENSION_NOTIFIED || fact.until() <= 0) return false;
  // A source that names no line means all it has.
  if (fact.line().empty() ? !noted.imported() : fact.line() != run.line->id()) return false;
  switch (run.line->extensions()) {
    case register_v1::EXTENSIONS_NEVER: return false;
    case register_v1::EXTENSIONS_BY_CONSENT: return fact.reason() == kResidentConsented;
    default: return noted.imported() || !fact.reason().empty();
  }
}

std::vector<Move> MovesOf(const RunTime& run, const Facts& facts, const std::vector<PauseSpan>& pauses) {
  std::vector<Move> moves;
  for (const PauseSpan& span : pauses) {
    if (span.begin_index < run.end && StopsLine(*span.type, *run.line)) moves.push_back({span.begin_index, &span});
  }
  for (size_t i = run.begin; i < std::min(run.end, facts.size()); ++i) {
    if (IsExtension(run, *facts[i])) moves.push_back({i, nullptr});
  }
  std::stable_sort(moves.begin(), moves.end(), [](const Move& a, const Move& b) { return a.index < b.index; });
  return moves;
}

}  // namespace

bool CountsDays(const Target& target) {
  return target.unit() == register_v1::TIME_UNIT_CALENDAR_DAYS || target.unit() == register_v1::TIME_UNIT_WORKING_DAYS;
}

const Target* TargetFor(const register_v1::Line& line, types::v1::Urgency urgency) {
  const Target* others = nullptr;
  for (const Target& target : line.targets()) {
    if (target.urgency() == urgency) return &target;
    if (target.urgency() == types::v1::URGENCY_UNSPECIFIED) others = &target;
  }
  return others;
}

Due DueOf(const RunTime& run, const Facts& facts, const std::vector<PauseSpan>& pauses) {
  Due due;
  MovingDue moving(run);
  MovingDue unextended(run);
  PauseBudget budget;
  Millis covered = run.started_at;  // pauses up to here have been counted
  for (const Move& move : MovesOf(run, facts, pauses)) {
    if (move.pause == nullptr) {
      const types::v1::Fact& notice = facts[move.index]->fact();
      if (notice.occurred_at() > moving.Value() || notice.until() <= moving.Value()) continue;
      moving.Fix(notice.until());
      due.extended = true;
      continue;
    }
    const PauseSpan& span = *move.pause;
    const Millis begin = std::max(span.begin, run.started_at);
    // An end that came with the run's own end or after it was not known while it ran.
    const Millis length = (span.end_index < run.end ? span.end : kForEver) - std::max<Millis>(begin, 0);
    if (length <= 0 || begin > moving.Value()) continue;
    CountedPause pause{span.type, span.evidence, std::max(begin, covered)};
    const Millis given = budget.Take(*span.type, length);
    pause.end = begin + given;
    pause.exhausted = given < length;
    if (pause.end <= pause.begin) continue;
    pause.counted = CountedIn(run, pause.begin, pause.end);
    if (begin <= unextended.Value()) unextended.Add(pause.counted);
    moving.Add(pause.counted);
    covered = pause.end;
    due.pauses.push_back(pause);
  }
  due.at = moving.Value();
  due.unextended_at = unextended.Value();
  return due;
}

std::vector<PlannedWarning> WarningsOf(const RunTime& run, Millis due) {
  std::vector<PlannedWarning> warnings;
  for (const register_v1::Warning& warning : run.line->warnings()) {
    const Millis before = warning.minutes_before() * kMinute;
    const Millis at = CountsOpenHours(*run.target) ? run.calendar->SubtractWorkingTime(due, before) : due - before;
    if (at > run.started_at && at < due) warnings.push_back({at, warning.role()});
  }
  std::sort(warnings.begin(), warnings.end());
  warnings.erase(std::unique(warnings.begin(), warnings.end()), warnings.end());
  return warnings;
}

}  // namespace redress::sla
