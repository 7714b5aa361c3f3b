#include "services/sla/on_time.h"

#include <algorithm>

#include "services/sla/clock.h"

namespace redress::sla {

using events::v1::JudgedLine;

Verdict VerdictOf(const rows::v1::Run& run) {
  const auto& due = LastDue(run);
  return {run.started().line(), run.state(), run.ended_at(), due.due_at(), due.due_unextended_at(), BreachRaised(run)};
}

Verdict VerdictOf(const JudgedLine& judged, const rows::v1::Run* written, Millis instant) {
  Verdict verdict{judged.started().line(), judged.state(), judged.ended_at(), judged.started().due_at(),
                  judged.started().due_unextended_at()};
  if (written == nullptr) return verdict;
  verdict.alarmed = std::any_of(written->alarms().begin(), written->alarms().end(),
                                [&](const auto& alarm) { return alarm.breach() && alarm.recorded_at() <= instant; });
  return verdict;
}

void OnTimeFigures::Add(size_t group, const Verdict& verdict) {
  if (!question_.InPeriod(verdict.due) || verdict.due > question_.now) return;
  const bool stopped = verdict.state == JudgedLine::STATE_STOPPED;
  // An open line that is due this very instant can still be met; it is not counted before that has passed.
  if (verdict.state == JudgedLine::STATE_RUNNING && verdict.due == question_.now) return;
  OnTimeRow& row = rows_[{group, std::string(verdict.line)}];
  if (verdict.state == JudgedLine::STATE_CANCELLED) {
    ++row.cancelled;
    return;
  }
  const bool met = stopped && verdict.ended_at <= verdict.due;
  const bool met_unextended = met && (verdict.unextended == 0 || verdict.ended_at <= verdict.unextended);
  row.rate += {met, 1};
  row.without_extensions += {met_unextended, 1};
  row.met_on_late_evidence += met && verdict.alarmed;
  row.late += stopped && !met;
  row.overdue += !stopped;
  row.extended += verdict.unextended != 0;
}

std::map<std::string, OnTimeRow> OnTimeFigures::Totals() const {
  std::map<std::string, OnTimeRow> totals;
  for (const auto& [key, row] : rows_) {
    OnTimeRow& total = totals[key.second];
    total.rate += row.rate;
    total.without_extensions += row.without_extensions;
    total.met_on_late_evidence += row.met_on_late_evidence;
    total.late += row.late;
    total.overdue += row.overdue;
    total.cancelled += row.cancelled;
    total.extended += row.extended;
  }
  return totals;
}

}  // namespace redress::sla
