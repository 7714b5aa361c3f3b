#include "services/sla/plan.h"

#include <algorithm>
#include <map>
#include <set>

#include "libs/calendar/due_time.h"
#include "services/sla/due.h"

namespace redress::sla {
namespace {

using events::v1::JudgedLine;
using register_v1::Line;
using types::v1::FactKind;

// Where a run of a line begins and ends, in indexes of facts.
struct RunSpan {
  size_t begin = 0;
  size_t end = kNever;
  JudgedLine::State state = JudgedLine::STATE_RUNNING;
};

// A fact with what it did to the complaint's life; without effect when it was a mere note.
struct Step {
  const NotedFact* noted = nullptr;
  Turn turn = Turn::kNone;
  FactKind kind = types::v1::FACT_KIND_UNSPECIFIED;  // as lines see it
  bool ends_case_without_answer = false;             // withdrawn, duplicate
  bool frees_last_visit = false;                     // the last one asked for was cancelled, and none takes its place
};

// Visits asked for that have not ended.
class OpenVisits {
 public:
  // Whether `fact` frees the last of them.
  bool Take(const types::v1::Fact& fact) {
    switch (fact.kind()) {
      case types::v1::FACT_KIND_VISIT_REQUESTED:
      case types::v1::FACT_KIND_VISIT_BOOKED: names_.insert(fact.reference()); return false;
      case types::v1::FACT_KIND_NO_ACCESS: names_.erase(fact.reference()); return false;
      case types::v1::FACT_KIND_VISIT_ENDED:
        return names_.erase(fact.reference()) > 0 && names_.empty() && fact.result() == kVisitCancelled;
      default: return false;
    }
  }

 private:
  std::set<absl::string_view> names_;
};

// A visit given to another agency is freed there and asked for here at one instant, told in any order.
bool AskedForAt(const Facts& facts, size_t from, Millis at) {
  for (size_t i = from; i < facts.size() && facts[i]->fact().occurred_at() == at; ++i) {
    if (facts[i]->fact().kind() == types::v1::FACT_KIND_VISIT_REQUESTED) return true;
  }
  return false;
}

std::vector<Step> StepsOf(const Facts& facts) {
  std::vector<Step> steps;
  steps.reserve(facts.size());
  Life life;
  OpenVisits visits;
  for (size_t i = 0; i < facts.size(); ++i) {
    const NotedFact* noted = facts[i];
    Step step{noted, life.Take(*noted), noted->fact().kind()};
    step.frees_last_visit = visits.Take(noted->fact()) && !AskedForAt(facts, i + 1, noted->fact().occurred_at());
    const bool turns = step.kind == types::v1::FACT_KIND_RESOLVED || step.kind == types::v1::FACT_KIND_WITHDRAWN ||
                       step.kind == types::v1::FACT_KIND_REOPENED;
    if (turns && step.turn == Turn::kNone) step.kind = types::v1::FACT_KIND_UNSPECIFIED;
    if (step.kind == types::v1::FACT_KIND_VISIT_ENDED && noted->fact().result() == kVisitCancelled) {
      step.kind = types::v1::FACT_KIND_UNSPECIFIED;
    }
    step.ends_case_without_answer =
        step.turn == Turn::kWithdrawn || (step.turn == Turn::kResolved && life.end == Life::End::kDuplicate);
    steps.push_back(step);
  }
  return steps;
}

bool Has(const google::protobuf::RepeatedField<int>& kinds, FactKind kind) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

bool Stops(const Line& line, const Step& step) {
  // A visit that has ended has taken place, whether or not its beginning was told.
  if (line.stop() == types::v1::FACT_KIND_VISIT_STARTED && step.kind == types::v1::FACT_KIND_VISIT_ENDED) return true;
  if (step.kind == types::v1::FACT_KIND_UNSPECIFIED) return false;
  if (Has(line.also_stopped_by(), step.kind)) return true;
  if (step.kind != line.stop()) return false;
  if (step.kind != types::v1::FACT_KIND_ANSWERED || line.stage() == 0) return true;
  return std::max<uint32_t>(step.noted->fact().stage(), 1) == line.stage();
}

bool Cancels(const Line& line, const Step& step) {
  if (step.ends_case_without_answer) return true;
  if (step.frees_last_visit && line.start() == types::v1::FACT_KIND_VISIT_REQUESTED) return true;
  return step.kind != types::v1::FACT_KIND_UNSPECIFIED && Has(line.cancelled_by(), step.kind);
}

// `after` are the runs of the line this one is chained to; null when it starts by a fact.
std::vector<RunSpan> RunsOf(const Line& line, const std::vector<Step>& steps, const std::vector<RunSpan>* after) {
  std::vector<RunSpan> runs;
  bool running = false;
  bool case_gone = false;  // withdrawn or a duplicate
  bool resolved = false;   // and not re-opened since
  const bool ends_with_case = Has(line.cancelled_by(), types::v1::FACT_KIND_RESOLVED);
  bool stopped_before = false;  // the stop fact came in this round, before any start
  const auto begins = [&](size_t i) {
    if (steps[i].turn == Turn::kReopened && line.stop() == types::v1::FACT_KIND_RESOLVED && !runs.empty()) return true;
    if (after == nullptr) return steps[i].kind == line.start() && line.start() != types::v1::FACT_KIND_UNSPECIFIED;
    return !stopped_before && std::any_of(after->begin(), after->end(), [&](const RunSpan& run) {
      return run.state == JudgedLine::STATE_STOPPED && run.end == i;
    });
  };
  for (size_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    if (step.turn == Turn::kReopened) case_gone = stopped_before = resolved = false;
    resolved |= step.turn == Turn::kResolved;
    if (running) {
      const bool cancelled = step.ends_case_without_answer;
      if (!cancelled && Stops(line, step)) {
        runs.back().state = JudgedLine::STATE_STOPPED;
      } else if (cancelled || Cancels(line, step)) {
        runs.back().state = JudgedLine::STATE_CANCELLED;
      } else {
        continue;
      }
      runs.back().end = i;
      running = false;
    } else {
      stopped_before |= Stops(line, step);
      if (case_gone || step.ends_case_without_answer || (resolved && ends_with_case) || !begins(i)) continue;
      // Somebody is told of a receipt once.
      if (step.kind == types::v1::FACT_KIND_RECEIVED && !runs.empty()) continue;
      runs.push_back({i});
      running = true;
    }
    case_gone |= step.ends_case_without_answer;
  }
  return runs;
}

// The runs of every line, in pack order. A line chained to none, or in a circle, has none.
std::vector<std::vector<RunSpan>> AllRuns(const register_v1::ObligationPack& pack, const std::vector<Step>& steps,
                                          const events::v1::ClockStarted& start) {
  const int count = pack.lines_size();
  std::vector<std::vector<RunSpan>> runs(static_cast<size_t>(count));
  std::map<absl::string_view, size_t> done;
  const auto left_out = [&](const std::string& id) {
    return std::find(start.lines_left_out().begin(), start.lines_left_out().end(), id) != start.lines_left_out().end();
  };
  for (int pass = 0; pass < count; ++pass) {
    bool any = false;
    for (int i = 0; i < count; ++i) {
      const Line& line = pack.lines(i);
      if (done.contains(line.id()) || left_out(line.id())) continue;
      const auto base = done.find(line.starts_after_line());
      if (!line.starts_after_line().empty() && base == done.end()) continue;
      runs[i] = RunsOf(line, steps, base == done.end() ? nullptr : &runs[base->second]);
      done[line.id()] = static_cast<size_t>(i);
      any = true;
    }
    if (!any) break;
  }
  return runs;
}

// The urgency in force for a run: as last amended before its end.
types::v1::Urgency UrgencyUntil(const events::v1::ClockStarted& start, const std::vector<Step>& steps, size_t end) {
  types::v1::Urgency urgency = start.urgency();
  for (size_t i = 0; i < std::min(end, steps.size()); ++i) {
    if (steps[i].noted->has_amended() && steps[i].noted->amended().has_urgency()) {
      urgency = steps[i].noted->amended().urgency();
    }
  }
  return urgency;
}

PlannedRun Judge(const Line& line, int number, const RunSpan& span, const register_v1::Target& target,
                 const std::vector<Step>& steps, const Facts& facts, const std::vector<PauseSpan>& pauses,
                 const Promises& promises) {
  PlannedRun planned;
  const CalendarInForce& calendar = promises.CalendarFor(target);
  JudgedLine& judged = planned.judged;
  judged.set_state(span.state);
  if (span.state != JudgedLine::STATE_RUNNING) {
    judged.set_ended_at(facts[span.end]->fact().occurred_at());
    judged.set_ended_by(facts[span.end]->fact().kind());
  }
  auto* started = judged.mutable_started();
  started->set_line(line.id());
  started->set_run(number);
  started->set_start(steps[span.begin].kind);
  started->set_stop(line.stop());
  started->set_started_at(facts[span.begin]->fact().occurred_at());
  *started->mutable_target() = target;
  started->set_zone(calendar.zone);
  auto* versions = started->mutable_versions();
  versions->set_pack(promises.pack->id());
  versions->set_pack_version(promises.pack_version);
  versions->set_calendar(calendar.id);
  versions->set_calendar_version(calendar.version);
  versions->set_tzdata(promises.tzdata);
  versions->set_engine(calendar::kEngineVersion);
  const RunTime time{&line, &target, calendar.working.get(), started->started_at(), span.begin, span.end};
  const Due due = DueOf(time, facts, pauses);
  started->set_due_at(due.at);
  if (due.extended) started->set_due_unextended_at(due.unextended_at);
  for (const PlannedWarning& warning : WarningsOf(time, due.at)) {
    started->add_warnings_at(warning.at);
    started->add_warning_roles(warning.role);
  }
  planned.pauses = due.pauses;
  return planned;
}

}  // namespace

std::vector<PlannedRun> PlanLines(const events::v1::ClockStarted& start, const Facts& facts, const Promises& promises) {
  std::vector<PlannedRun> plan;
  if (promises.pack == nullptr) return plan;
  const std::vector<Step> steps = StepsOf(facts);
  const std::vector<PauseSpan> pauses = PauseSpansOf(facts, promises.pack.get());
  const auto runs = AllRuns(*promises.pack, steps, start);
  for (int i = 0; i < promises.pack->lines_size(); ++i) {
    const Line& line = promises.pack->lines(i);
    int number = 0;
    for (const RunSpan& span : runs[static_cast<size_t>(i)]) {
      const register_v1::Target* target = TargetFor(line, UrgencyUntil(start, steps, span.end));
      if (target == nullptr) continue;
      plan.push_back(Judge(line, number++, span, *target, steps, facts, pauses, promises));
    }
  }
  return plan;
}

}  // namespace redress::sla
