#include "services/sla/converters.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/time_util.h"
#include "services/sla/clock.h"
#include "services/sla/limits.h"

namespace redress::sla {
namespace {

using service::Violations;
using service::WriteTime;

void ParseCodes(absl::string_view field, const google::protobuf::RepeatedPtrField<std::string>& values,
                absl::flat_hash_set<std::string>* out, Violations* violations) {
  if (values.size() > kMaxFilterValues) {
    return violations->Add(field, absl::StrCat("has ", values.size(), " values; ", kMaxFilterValues, " are allowed"));
  }
  for (int i = 0; i < values.size(); ++i) {
    service::CheckText(absl::StrCat(field, "[", i, "]"), values[i], kMaxCodeBytes, /*required=*/false, violations);
    out->insert(values[i]);
  }
}

template <typename IsValid>
void ParseEnums(absl::string_view field, const google::protobuf::RepeatedField<int>& values, IsValid is_valid,
                absl::flat_hash_set<int>* out, Violations* violations) {
  for (int i = 0; i < values.size(); ++i) {
    if (!is_valid(values[i])) violations->Add(absl::StrCat(field, "[", i, "]"), "is no value of its enum");
    out->insert(values[i]);
  }
}

std::vector<GroupBy> ParseGroupBy(const google::protobuf::RepeatedField<int>& dimensions, Violations* violations) {
  std::vector<GroupBy> by;
  if (dimensions.size() > kMaxGroupBy) {
    violations->Add("scope.group_by",
                    absl::StrCat("has ", dimensions.size(), " dimensions; ", kMaxGroupBy, " are allowed"));
  }
  for (int i = 0; i < dimensions.size(); ++i) {
    const std::string field = absl::StrCat("scope.group_by[", i, "]");
    if (dimensions[i] <= 0 || !v1::Dimension_IsValid(dimensions[i])) {
      violations->Add(field, "is no dimension");
      continue;
    }
    // The API numbers them in the same order, from 1.
    const auto one = static_cast<GroupBy>(dimensions[i] - 1);
    if (std::find(by.begin(), by.end(), one) != by.end()) violations->Add(field, "is there twice");
    by.push_back(one);
  }
  return by;
}
static_assert(static_cast<int>(GroupBy::kAgency) + 1 == v1::DIMENSION_AGENCY);
static_assert(static_cast<int>(GroupBy::kKind) + 1 == v1::DIMENSION_KIND);
static_assert(static_cast<int>(GroupBy::kQuarter) + 1 == v1::DIMENSION_QUARTER);

// Half milliseconds are possible: a quantile may lie on the middle of a step.
google::protobuf::Duration WriteFraction(double millis) {
  google::protobuf::Duration duration;
  const double whole = std::floor(millis / kSecond);
  duration.set_seconds(static_cast<int64_t>(whole));
  duration.set_nanos(static_cast<int32_t>(std::llround((millis - whole * kSecond) * 1e6)));
  return duration;
}

void WritePercentiles(const std::vector<std::optional<stats::QuantileEstimate>>& values,
                      google::protobuf::RepeatedPtrField<v1::Percentile>* out) {
  for (size_t i = 0; i < values.size(); ++i) {
    v1::Percentile* percentile = out->Add();
    percentile->set_share(kShares[i]);
    if (!values[i].has_value()) continue;
    *percentile->mutable_time() = WriteFraction(values[i]->time);
    if (values[i]->lower.has_value()) *percentile->mutable_lower() = WriteFraction(*values[i]->lower);
    if (values[i]->upper.has_value()) *percentile->mutable_upper() = WriteFraction(*values[i]->upper);
  }
}

v1::Line::State StateOf(const LineView& line, Millis now) {
  switch (line.judged.state()) {
    case events::v1::JudgedLine::STATE_STOPPED: return IsMet(line.judged) ? v1::Line::STATE_MET : v1::Line::STATE_LATE;
    case events::v1::JudgedLine::STATE_CANCELLED: return v1::Line::STATE_CANCELLED;
    default: return now > line.judged.started().due_at() ? v1::Line::STATE_OVERDUE : v1::Line::STATE_RUNNING;
  }
}

void WriteWritten(const Run& run, v1::Line* out) {
  for (const auto& due : run.dues()) {
    v1::DueVersion* version = out->add_due_versions();
    *version->mutable_due_time() = WriteTime(due.due_at());
    version->set_why(due.why());
    *version->mutable_occurred_time() = WriteTime(due.occurred_at());
    *version->mutable_recorded_time() = WriteTime(due.recorded_at());
    version->set_pack(due.versions().pack());
    version->set_pack_version(due.versions().pack_version());
    version->set_calendar(due.versions().calendar());
    version->set_calendar_version(due.versions().calendar_version());
    version->set_tzdata(due.versions().tzdata());
    version->set_engine(due.versions().engine());
  }
  for (const auto& alarm : run.alarms()) {
    v1::Alarm* raised = out->add_alarms();
    raised->set_breach(alarm.breach());
    *raised->mutable_alarm_time() = WriteTime(alarm.alarm_at());
    *raised->mutable_recorded_time() = WriteTime(alarm.recorded_at());
    *raised->mutable_due_time() = WriteTime(alarm.due_at());
    raised->set_fired_late(alarm.fired_late());
    *raised->mutable_roles() = alarm.roles();
  }
}

}  // namespace

CaseFilter ParseFilter(const v1::CaseFilter& filter, absl::string_view field, const Caller& caller,
                       Violations* violations) {
  CaseFilter result;
  const auto under = [&](absl::string_view name) { return absl::StrCat(field, ".", name); };
  ParseCodes(under("agencies"), filter.agencies(), &result.agencies, violations);
  ParseCodes(under("offices"), filter.offices(), &result.offices, violations);
  ParseCodes(under("teams"), filter.teams(), &result.teams, violations);
  ParseCodes(under("categories"), filter.categories(), &result.categories, violations);
  ParseEnums(under("channels"), filter.channels(), types::v1::Channel_IsValid, &result.channels, violations);
  ParseEnums(under("urgencies"), filter.urgencies(), types::v1::Urgency_IsValid, &result.urgencies, violations);
  ParseEnums(under("kinds"), filter.kinds(), types::v1::ComplaintKind_IsValid, &result.kinds, violations);
  result.all_agencies = caller.all_agencies();
  result.scope = caller.agencies();
  return result;
}

Question ParseInstants(bool has_as_of, const google::protobuf::Timestamp& as_of, bool has_known_at,
                       const google::protobuf::Timestamp& known_at, absl::string_view prefix, Millis now,
                       Violations* violations) {
  Question question;
  question.now = now;
  const auto read = [&](absl::string_view name, const google::protobuf::Timestamp& time) {
    const std::string field = absl::StrCat(prefix, name);
    const Millis at = service::ReadTime(field, true, time, violations);
    if (at > now + kMayBeAhead) violations->Add(field, "lies in the future");
    return at;
  };
  if (has_as_of) question.now = read("as_of_time", as_of);
  if (has_known_at) question.known = read("known_at_time", known_at);
  question.present = !has_as_of && !has_known_at;
  return question;
}

absl::StatusOr<Question> ParseScope(const v1::ReportScope& scope, const Caller& caller, Millis now) {
  Violations violations;
  Question question = ParseInstants(scope.has_as_of_time(), scope.as_of_time(), scope.has_known_at_time(),
                                    scope.known_at_time(), "scope.", now, &violations);
  if (scope.has_start_time()) {
    question.start = service::ReadTime("scope.start_time", true, scope.start_time(), &violations);
  }
  if (scope.has_end_time()) {
    question.end = service::ReadTime("scope.end_time", true, scope.end_time(), &violations);
    if (question.end <= question.start) violations.Add("scope.end_time", "is not after start_time");
  }
  question.at_receipt = scope.at_receipt();
  question.filter = ParseFilter(scope.filter(), "scope.filter", caller, &violations);
  question.group_by = ParseGroupBy(scope.group_by(), &violations);
  if (!violations.empty()) return violations.ToStatus();
  return question;
}

google::protobuf::Duration WriteDuration(Millis length) {
  // TimeUtil ends the process for what no Duration holds.
  using google::protobuf::util::TimeUtil;
  return TimeUtil::MillisecondsToDuration(
      std::clamp(length, TimeUtil::kDurationMinSeconds * kSecond, TimeUtil::kDurationMaxSeconds * kSecond));
}

void WriteGroup(const Grouper& grouper, const std::vector<GroupBy>& by, size_t group,
                google::protobuf::RepeatedPtrField<v1::DimensionValue>* out) {
  const std::vector<std::string>& values = grouper.ValuesOf(group);
  for (size_t i = 0; i < by.size(); ++i) {
    v1::DimensionValue* value = out->Add();
    value->set_dimension(static_cast<v1::Dimension>(static_cast<int>(by[i]) + 1));
    value->set_value(values[i]);
  }
}

void WriteRow(const TtrRow& row, v1::TimeToResolutionRow* out) {
  out->set_cases(row.cases);
  out->set_events(row.events);
  out->set_censored(row.censored);
  out->set_reopened_cases(row.reopened_cases);
  out->set_reopenings(row.reopenings);
  out->set_day_only_cases(row.day_only);
  WritePercentiles(row.percentiles, out->mutable_percentiles());
  WritePercentiles(row.first_resolution, out->mutable_first_resolution());
  for (size_t i = 0; i < row.closed_only.size(); ++i) {
    v1::Percentile* percentile = out->add_closed_only_biased();
    percentile->set_share(kShares[i]);
    if (row.closed_only[i].has_value()) *percentile->mutable_time() = WriteFraction(*row.closed_only[i]);
  }
}

void WriteRow(const std::string& line, const OnTimeRow& row, v1::OnTimeRow* out) {
  out->set_line(line);
  out->set_met(row.rate.met);
  out->set_met_on_late_evidence(row.met_on_late_evidence);
  out->set_late(row.late);
  out->set_overdue(row.overdue);
  out->set_cancelled(row.cancelled);
  out->set_extended(row.extended);
  out->set_met_without_extensions(row.without_extensions.met);
  if (const auto rate = row.rate.Value()) out->set_rate(*rate);
  if (const auto bounds = row.rate.Wilson()) {
    out->set_rate_lower(bounds->lower);
    out->set_rate_upper(bounds->upper);
  }
  if (const auto rate = row.without_extensions.Value()) out->set_rate_without_extensions(*rate);
}

void WriteRow(const WaitingRow& row, v1::WaitingSharesRow* out) {
  out->set_cases(row.cases);
  out->set_total_ms(row.total);
  for (const auto& [key, sum] : row.sums) {
    v1::WaitingShare* share = out->add_shares();
    share->set_state(WriteState(key.first));
    share->set_pause(key.second);
    share->set_first_round_ms(sum.first_round);
    share->set_reopened_ms(sum.reopened);
    if (row.total > 0) {
      share->set_share(static_cast<double>(sum.first_round + sum.reopened) / static_cast<double>(row.total));
    }
  }
}

void WriteRow(const BackdatingRow& row, v1::BackdatingRow* out) {
  out->set_cases(row.cases);
  out->set_backdated_cases(row.backdated_cases);
  out->set_facts(row.facts);
  *out->mutable_longest() = WriteDuration(row.longest);
}

v1::Line WriteLine(const LineView& line, Millis now) {
  v1::Line out;
  const auto& judged = line.judged;
  const auto& started = judged.started();
  out.set_line(started.line());
  out.set_run(started.run());
  out.set_state(StateOf(line, now));
  out.set_start(started.start());
  *out.mutable_start_time() = WriteTime(started.started_at());
  out.set_stop(started.stop());
  *out.mutable_due_time() = WriteTime(started.due_at());
  if (started.due_unextended_at() != 0) *out.mutable_unextended_due_time() = WriteTime(started.due_unextended_at());
  *out.mutable_target() = started.target();
  out.set_zone(started.zone());
  const bool ended = judged.state() != events::v1::JudgedLine::STATE_RUNNING;
  if (ended) *out.mutable_end_time() = WriteTime(judged.ended_at());
  out.set_ended_by(judged.ended_by());
  *out.mutable_time_left() = WriteDuration(started.due_at() - (ended ? judged.ended_at() : now));
  if (line.written.has_value()) {
    out.set_met_on_late_evidence(IsMet(judged) && BreachRaised(*line.written));
    WriteWritten(*line.written, &out);
  }
  for (const CountedPause& pause : line.pauses) {
    v1::LinePause* counted = out.add_pauses();
    counted->set_type(pause.type->id());
    *counted->mutable_start_time() = WriteTime(pause.begin);
    *counted->mutable_end_time() = WriteTime(pause.end);
    *counted->mutable_counted() = WriteDuration(pause.counted);
    counted->set_evidence(EvidenceOf(pause.evidence->fact()));
    counted->set_budget_exhausted(pause.exhausted);
  }
  return out;
}

v1::Segment WriteSegment(const WaitSegment& segment) {
  v1::Segment out;
  out.set_state(WriteState(segment.state));
  if (segment.pause != nullptr) out.set_pause(segment.pause->id());
  out.set_round(segment.round);
  *out.mutable_start_time() = WriteTime(segment.begin);
  *out.mutable_end_time() = WriteTime(segment.end);
  *out.mutable_duration() = WriteDuration(segment.end - segment.begin);
  if (segment.cause != nullptr) {
    out.set_cause(segment.cause->fact().kind());
    out.set_reference(segment.cause->fact().reference());
  }
  out.set_rule(std::string(RuleOf(segment.state)));
  return out;
}

v1::CaseAtRisk WriteAtRisk(const AtRisk& at_risk, Millis now) {
  v1::CaseAtRisk out;
  out.set_complaint(absl::StrCat("complaints/", at_risk.complaint));
  out.set_line(at_risk.line);
  out.set_run(at_risk.run);
  *out.mutable_due_time() = WriteTime(at_risk.due);
  *out.mutable_time_left() = WriteDuration(at_risk.due - now);
  out.set_agency(at_risk.row.agency());
  out.set_office(at_risk.row.office());
  out.set_team(at_risk.row.team());
  out.set_agent(at_risk.row.agent());
  out.set_category(at_risk.row.category());
  out.set_urgency(at_risk.row.urgency());
  out.set_kind(at_risk.row.kind());
  out.set_extended(at_risk.row.extended());
  return out;
}

v1::WaitState WriteState(WaitState state) {
  switch (state) {
    case WaitState::kResolvedUnconfirmed: return v1::WAIT_STATE_RESOLVED_UNCONFIRMED;
    case WaitState::kPaused: return v1::WAIT_STATE_PAUSED;
    case WaitState::kVisitUnderWay: return v1::WAIT_STATE_VISIT_UNDER_WAY;
    case WaitState::kWaitingForContractor: return v1::WAIT_STATE_WAITING_FOR_CONTRACTOR;
    case WaitState::kWaitingForAppointment: return v1::WAIT_STATE_WAITING_FOR_APPOINTMENT;
    case WaitState::kWaitingForAssignee: return v1::WAIT_STATE_WAITING_FOR_ASSIGNEE;
    case WaitState::kNotRouted: return v1::WAIT_STATE_NOT_ROUTED;
    case WaitState::kInHand: return v1::WAIT_STATE_IN_HAND;
  }
  return v1::WAIT_STATE_UNSPECIFIED;
}

}  // namespace redress::sla
