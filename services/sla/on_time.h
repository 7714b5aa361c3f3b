// How many obligations were met in time. Pure.
//
// Cohort by due instant: lines due in the period and not after the instant of the report. Met: stopped by the due
// instant. Late: stopped after it. Overdue: not stopped. Cancelled lines stand outside. Extended lines count at their
// extended due instant; a second rate judges the same lines at what was due without.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "libs/stats/rate.h"
#include "redress/sla/rows/v1/rows.pb.h"
#include "services/sla/grouping.h"

namespace redress::sla {

// What a rate needs of one run of a line.
struct Verdict {
  absl::string_view line;
  events::v1::JudgedLine::State state = events::v1::JudgedLine::STATE_UNSPECIFIED;
  Millis ended_at = 0;
  Millis due = 0;
  Millis unextended = 0;  // 0: not extended
  bool alarmed = false;   // a breach was raised
};
// As written; and as planned, for an instant by which `written` (null: nothing) was known of the run.
Verdict VerdictOf(const rows::v1::Run& run);
Verdict VerdictOf(const events::v1::JudgedLine& judged, const rows::v1::Run* written, Millis instant);

struct OnTimeRow {
  stats::Rate rate;
  stats::Rate without_extensions;
  int64_t met_on_late_evidence = 0;
  int64_t late = 0;
  int64_t overdue = 0;
  int64_t cancelled = 0;
  int64_t extended = 0;
};

class OnTimeFigures {
 public:
  explicit OnTimeFigures(const Question& question) : question_(question) {}

  // Counts a verdict whose due instant lies in the period, and has passed or been settled by the report's.
  void Add(size_t group, const Verdict& verdict);
  // By group and line.
  const std::map<std::pair<size_t, std::string>, OnTimeRow>& rows() const { return rows_; }
  // By line, over all groups.
  std::map<std::string, OnTimeRow> Totals() const;

 private:
  const Question& question_;
  std::map<std::pair<size_t, std::string>, OnTimeRow> rows_;
};

}  // namespace redress::sla
