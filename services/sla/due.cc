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

// A due instant in the making. The end rule comes last, so that what is added in between is not rounded up each time.
class MovingDue {
 public:
  explicit MovingDue(const RunTime& run)
      : run_(run),
        at_(calendar::DueTime(run.started_at, run.target->quantity(), UnitOf(*run.target), calendar::EndRule::kSameTime,
                              *run.calendar)) {}

  Millis Value() const {
    if (fixed_ || run_.target->end_rule() != register_v1::END_RULE_END_OF_DAY) return at_;
    return calendar::EndOfDay(calendar::LocalDay(at_, run_.calendar->zone()), run_.calendar->zone());
  }
  void Add(Millis counted) {
    if (counted <= 0) return;
    at_ = CountsOpenHours(*run_.target) ? run_.calendar->AddWorkingTime(at_, counted)
                                        : std::min(at_ + counted, calendar::kMaxInstant);
  }
  // To an instant given to the millisecond, which no end rule changes.
  void Fix(Millis at) {
    at_ = at;
    fixed_ = true;
  }

 private:
  const RunTime& run_;
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
  return fact.kind() == types::v1::FACT_KIND_EXTENSION_NOTIFIED && run.line->id() != "acknowledge" &&
         fact.until() > 0 && (noted.imported() || !fact.reason().empty());
}

std::vector<Move> MovesOf(const RunTime& run, const Facts& facts, const std::vector<PauseSpan>& pauses) {
  std::vector<Move> moves;
  for (const PauseSpan& span : pauses) {
    if (span.begin_index < run.end && StopsLine(*span.type, run.line->id())) moves.push_back({span.begin_index, &span});
  }
  for (size_t i = run.begin; i < std::min(run.end, facts.size()); ++i) {
    if (IsExtension(run, *facts[i])) moves.push_back({i, nullptr});
  }
  std::stable_sort(moves.begin(), moves.end(), [](const Move& a, const Move& b) { return a.index < b.index; });
  return moves;
}

}  // namespace

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
    pause.counted = CountsOpenHours(*run.target) ? run.calendar->WorkingTimeBetween(pause.begin, pause.end)
                                                 : pause.end - pause.begin;
    if (begin <= unextended.Value()) unextended.Add(pause.counted);
    moving.Add(pause.counted);
    covered = pause.end;
    due.pauses.push_back(pause);
  }
  due.at = moving.Value();
  due.unextended_at = unextended.Value();
  return due;
}

std::vector<Millis> WarningsOf(const RunTime& run, Millis due) {
  std::vector<Millis> instants;
  for (const register_v1::Warning& warning : run.line->warnings()) {
    const Millis before = warning.minutes_before() * kMinute;
    const Millis at = CountsOpenHours(*run.target) ? run.calendar->SubtractWorkingTime(due, before) : due - before;
    if (at > run.started_at && at < due) instants.push_back(at);
  }
  std::sort(instants.begin(), instants.end());
  instants.erase(std::unique(instants.begin(), instants.end()), instants.end());
  return instants;
}

}  // namespace redress::sla
