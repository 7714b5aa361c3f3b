#include "services/sla/sla_reports.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/ids/ids.h"
#include "libs/status/macros.h"
#include "services/sla/clock_changes.h"
#include "services/sla/converters.h"
#include "services/sla/sla_errors.h"
#include "services/sla/sla_policy.h"
#include "services/sla/sla_projection.h"

namespace redress::sla {
namespace {

// Promises of many clocks: few differ.
class PromiseCache {
 public:
  explicit PromiseCache(const reference::Snapshot* reference, Millis at) : reference_(reference), at_(at) {}

  const Promises& Of(const events::v1::ClockStarted& start) {
    // Of the agency, what it was at receipt: complaints of one agency may be measured by different calendars.
    const auto* agency = reference_->FindAgency(start.at_receipt().agency(), start.received_at());
    key_.clear();
    absl::StrAppend(&key_, start.pack(), "\n", start.pack_version(), "\n", start.zone(), "\n");
    if (agency != nullptr) absl::StrAppend(&key_, agency->calendar(), "\n", agency->zone());
    const auto it = promises_.find(key_);
    if (it != promises_.end()) return it->second;
    return promises_.emplace(key_, PromisesOf(*reference_, start, at_)).first->second;
  }

 private:
  const reference::Snapshot* reference_;
  const Millis at_;
  std::string key_;
  std::map<std::string, Promises> promises_;
};

// The instant of which all that is known counts: whose calendars a past question is answered with, up to which alarms
// had been raised.
Millis KnownAt(const Question& question) { return std::min(question.now, question.known); }

v1::TimeToResolution TimeOf(const CaseView& view, const Question& question, const std::vector<WaitSegment>& segments,
                            const Promises& promises) {
  v1::TimeToResolution out;
  switch (view.life.end) {
    case Life::End::kOpen: out.set_state(v1::TimeToResolution::STATE_OPEN); break;
    case Life::End::kResolved: out.set_state(v1::TimeToResolution::STATE_RESOLVED); break;
    case Life::End::kWithdrawn: out.set_state(v1::TimeToResolution::STATE_WITHDRAWN); break;
    case Life::End::kDuplicate: out.set_state(v1::TimeToResolution::STATE_DUPLICATE); break;
  }
  *out.mutable_elapsed() = WriteDuration(std::max<Millis>(0, view.until(question.now) - view.received()));
  if (!view.life.open()) *out.mutable_end_time() = service::WriteTime(view.life.ended_at);
  if (view.life.resolved_once) {
    *out.mutable_first_resolution() = WriteDuration(view.life.first_resolved_at - view.received());
  }
  out.set_reopenings(view.life.reopenings);
  if (const auto working = WorkingTimeIn(segments, promises)) *out.mutable_working_time() = WriteDuration(*working);
  out.set_outside_figures(StandsOutsideFigures(view.dimensions.kind));
  return out;
}

void WriteCase(const CaseView& view, const std::string& complaint, v1::Clock* out) {
  out->set_name(ClockName(complaint));
  out->set_kind(view.dimensions.kind);
  out->set_category(std::string(view.dimensions.category));
  out->set_channel(view.dimensions.channel);
  out->set_urgency(view.dimensions.urgency);
  out->set_agency(std::string(view.dimensions.agency));
  out->set_office(std::string(view.dimensions.office));
  out->set_team(std::string(view.dimensions.team));
  out->set_agent(std::string(view.dimensions.agent));
  *out->mutable_received_time() = service::WriteTime(view.received());
  out->set_imported(view.start->imported());
  out->set_pack(view.start->pack());
  out->set_pack_version(view.start->pack_version());
  if (view.start->source_due_at() != 0) {
    *out->mutable_source_due_time() = service::WriteTime(view.start->source_due_at());
  }
  *out->mutable_lines_left_out() = view.start->lines_left_out();
}

}  // namespace

absl::StatusOr<v1::GetTimeToResolutionResponse> ReportTimeToResolution(const ReportSource& source,
                                                                       const Question& question, View view) {
  v1::GetTimeToResolutionResponse response;
  Grouper grouper(question.group_by);
  TtrFigures figures(question.now);
  CaseView one;
  int64_t outside = 0;
  ForEachCase(*source.rows, source.shard_count, [&](absl::string_view, const CaseRow& row) {
    if (!question.InPeriod(row.start().received_at()) || !Look(row, question, &one)) return;
    if (StandsOutsideFigures(one.dimensions.kind)) {
      ++outside;
      return;
    }
    figures.Add(grouper.GroupOf(one), one);
  });
  if (grouper.size() > kMaxGroups) return TooManyGroups();
  response.set_outside_figures(outside);
  *response.mutable_as_of_time() = service::WriteTime(question.now);
  response.set_view(view == View::kSettled ? v1::VIEW_SETTLED : v1::VIEW_PROVISIONAL);
  if (view == View::kSettled) *response.mutable_cut_time() = service::WriteTime(figures.cut());
  const std::vector<TtrRow> rows = figures.Rows(view, grouper.size());
  for (const size_t group : grouper.Sorted()) {
    if (rows[group].cases == 0) continue;  // all of it after the cut
    v1::TimeToResolutionRow* row = response.add_rows();
    WriteGroup(grouper, question.group_by, group, row->mutable_group());
    WriteRow(rows[group], row);
  }
  WriteRow(figures.Total(view), response.mutable_total());
  return response;
}

absl::StatusOr<v1::GetOnTimeRatesResponse> ReportOnTime(const ReportSource& source, const Question& question,
                                                        const absl::flat_hash_set<std::string>& lines) {
  v1::GetOnTimeRatesResponse response;
  Grouper grouper(question.group_by);
  OnTimeFigures figures(question);
  PromiseCache promises(source.reference, KnownAt(question));
  CaseView one;
  const auto add = [&](const Verdict& verdict, std::optional<size_t>* group) {
    if (!lines.empty() && !lines.contains(verdict.line)) return;
    if (!group->has_value()) *group = grouper.GroupOf(one);
    figures.Add(**group, verdict);
  };
  ForEachClock(*source.rows, source.shard_count, [&](absl::string_view, const ClockRow& row) {
    if (!Look(row, question, &one)) return;
    std::optional<size_t> group;
    const Promises* kept = question.present ? nullptr : &promises.Of(row.start());
    // Without its pack nothing can be planned; what was written is the best there is.
    if (kept == nullptr || kept->pack == nullptr) {
      for (const Run& run : row.runs()) add(VerdictOf(run), &group);
      return;
    }
    for (const PlannedRun& planned : PlanLines(row.start(), one.facts, *kept)) {
      const auto& started = planned.judged.started();
      add(VerdictOf(planned.judged, FindRun(row, started.line(), started.run()), KnownAt(question)), &group);
    }
  });
  if (figures.rows().size() > kMaxGroups) return TooManyGroups();
  *response.mutable_as_of_time() = service::WriteTime(question.now);
  for (const size_t group : grouper.Sorted()) {
    for (auto it = figures.rows().lower_bound({group, ""}); it != figures.rows().end() && it->first.first == group;
         ++it) {
      v1::OnTimeRow* row = response.add_rows();
      WriteGroup(grouper, question.group_by, group, row->mutable_group());
      WriteRow(it->first.second, it->second, row);
    }
  }
  for (const auto& [line, row] : figures.Totals()) WriteRow(line, row, response.add_totals());
  return response;
}

absl::StatusOr<v1::GetWaitingSharesResponse> ReportWaiting(const ReportSource& source, const Question& question) {
  v1::GetWaitingSharesResponse response;
  Grouper grouper(question.group_by);
  WaitingFigures figures(question.now);
  PromiseCache promises(source.reference, KnownAt(question));
  CaseView one;
  ForEachCase(*source.rows, source.shard_count, [&](absl::string_view, const CaseRow& row) {
    if (!question.InPeriod(row.start().received_at()) || !Look(row, question, &one)) return;
    if (StandsOutsideFigures(one.dimensions.kind)) return;
    figures.Add(grouper.GroupOf(one), one, promises.Of(row.start()).pack.get());
  });
  if (grouper.size() > kMaxGroups) return TooManyGroups();
  *response.mutable_as_of_time() = service::WriteTime(question.now);
  for (const size_t group : grouper.Sorted()) {
    v1::WaitingSharesRow* row = response.add_rows();
    WriteGroup(grouper, question.group_by, group, row->mutable_group());
    WriteRow(figures.rows()[group], row);
  }
  WriteRow(figures.Total(), response.mutable_total());
  return response;
}

absl::StatusOr<v1::GetBackdatingResponse> ReportBackdating(const ReportSource& source, const Question& question) {
  v1::GetBackdatingResponse response;
  Grouper grouper(question.group_by);
  BackdatingFigures figures;
  CaseView one;
  ForEachCase(*source.rows, source.shard_count, [&](absl::string_view, const CaseRow& row) {
    if (question.InPeriod(row.start().received_at()) && Look(row, question, &one)) {
      figures.Add(grouper.GroupOf(one), one);
    }
  });
  if (grouper.size() > kMaxGroups) return TooManyGroups();
  *response.mutable_as_of_time() = service::WriteTime(question.now);
  for (const size_t group : grouper.Sorted()) {
    v1::BackdatingRow* row = response.add_rows();
    WriteGroup(grouper, question.group_by, group, row->mutable_group());
    WriteRow(figures.rows()[group], row);
  }
  WriteRow(figures.Total(), response.mutable_total());
  return response;
}

absl::StatusOr<v1::ClockExplanation> ExplainOne(const ReportSource& source, const Question& question,
                                                const std::string& complaint) {
  ASSIGN_OR_RETURN(const IdParts id, ParseId(complaint));
  const auto shard = static_cast<uint16_t>(ShardOf(id.placement, source.shard_count));
  const std::optional<ClockRow> row = FindClock(*source.rows, shard, complaint);
  if (!row.has_value() || !row->has_start()) return ClockNotFound(ClockName(complaint));
  // Who may see it goes by who is in charge now, whatever instant is asked about.
  Facts all;
  Select(row->facts(), {}, &all);
  if (!question.filter.Passes(DimensionsOf(row->start(), all))) return ClockNotFound(ClockName(complaint));
  Question unfiltered = question;
  unfiltered.filter = CaseFilter();
  CaseView view;
  if (!Look(*row, unfiltered, &view)) return ClockNotFound(ClockName(complaint));
  const Promises promises = PromisesOf(*source.reference, row->start(), KnownAt(question));
  const std::vector<WaitSegment> segments =
      SegmentsOf(view.received(), view.until(question.now), view.facts, promises.pack.get());
  v1::ClockExplanation explanation;
  v1::Clock* clock = explanation.mutable_clock();
  WriteCase(view, complaint, clock);
  *clock->mutable_time_to_resolution() = TimeOf(view, question, segments, promises);
  for (const WaitSegment& segment : segments) *explanation.add_segments() = WriteSegment(segment);
  for (const LineView& line : LinesOf(*row, view.facts, promises, question)) {
    *clock->add_lines() = WriteLine(line, question.now);
    v1::LineExplanation* explained = explanation.add_lines();
    *explained->mutable_line() = clock->lines(clock->lines_size() - 1);
    for (std::string& reason : ReasonsOf(line, question.now)) explained->add_reasons(std::move(reason));
  }
  return explanation;
}

}  // namespace redress::sla
