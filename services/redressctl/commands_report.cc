// report ttr|on-time|waiting|backdating
#include <google/protobuf/duration.pb.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "libs/service/requests.h"
#include "redress/sla/v1/sla_service.pb.h"
#include "services/redressctl/call_command.h"
#include "services/redressctl/commands.h"
#include "services/redressctl/fields.h"
#include "services/redressctl/times.h"

namespace redress::ctl {
namespace {

namespace v1 = ::redress::sla::v1;
using Align = TextTable::Align;

using service::MillisOf;

constexpr char kService[] = "redress.sla.v1.SlaService";

CallCommand& AddScope(CallCommand& command, const std::string& period) {
  return command.Option("--by", "scope.group_by", "Split by these")
      .Option("--from", "scope.start_time", absl::StrCat(period, " then or later"))
      .Option("--to", "scope.end_time", absl::StrCat(period, " before then"))
      .Option("--as-of", "scope.as_of_time", "What had happened by then; else now")
      .Option("--known-at", "scope.known_at_time", "What Redress knew then; else all it knows")
      .Option("--at-receipt", "scope.at_receipt", "By who was first in charge, not by who is")
      .Option("--agency", "scope.filter.agencies", "Of these alone")
      .Option("--office", "scope.filter.offices", "Of these alone")
      .Option("--team", "scope.filter.teams", "Of these alone")
      .Option("--category", "scope.filter.categories", "Of these alone")
      .Option("--channel", "scope.filter.channels", "Of these alone")
      .Option("--urgency", "scope.filter.urgencies", "Of these alone")
      .Option("--kind", "scope.filter.kinds", "Of these alone");
}

// "2026-01-01T00:00:00+01:00, times in Europe/Paris".
std::string AsOf(const google::protobuf::Message& reply, const Printer& printer) {
  return absl::StrCat("as of ", printer.Format(reply, "as_of_time"), ", times in ", printer.zone().name());
}

using Group = google::protobuf::RepeatedPtrField<v1::DimensionValue>;

// Columns of the groups, named by a row of them.
std::vector<std::string> GroupHeadings(const Group& group) {
  std::vector<std::string> headings;
  for (const auto& value : group) headings.push_back(ShortName(*v1::Dimension_descriptor(), value.dimension()));
  return headings;
}

std::vector<std::string> GroupCells(const Group& group, size_t columns) {
  std::vector<std::string> cells;
  for (const auto& value : group) cells.push_back(value.value().empty() ? "(unknown)" : value.value());
  // All together.
  if (cells.empty() && columns > 0) cells = {"all"};
  cells.resize(columns);
  return cells;
}

// A table whose first columns are those of the groups.
TextTable MakeTable(std::vector<std::string> group, const std::vector<std::string>& columns, size_t texts = 0) {
  std::vector<Align> aligns(group.size() + texts, Align::kLeft);
  aligns.resize(group.size() + columns.size(), Align::kRight);
  group.insert(group.end(), columns.begin(), columns.end());
  return TextTable(std::move(group), std::move(aligns));
}

void Append(std::vector<std::string> more, std::vector<std::string>* row) {
  row->insert(row->end(), more.begin(), more.end());
}

using Percentiles = google::protobuf::RepeatedPtrField<v1::Percentile>;

// "-": not reached.
std::string Share(const Percentiles& percentiles, double share) {
  for (const auto& percentile : percentiles) {
    if (percentile.share() == share && percentile.has_time()) return FormatRoughly(MillisOf(percentile.time()));
  }
  return "-";
}

void AddTtrRow(const v1::TimeToResolutionRow& row, size_t groups, TextTable* table) {
  std::vector<std::string> cells = GroupCells(row.group(), groups);
  Append({absl::StrCat(row.cases()), absl::StrCat(row.events()), absl::StrCat(row.censored()),
          absl::StrCat(row.reopened_cases()), Share(row.percentiles(), 0.5), Share(row.percentiles(), 0.8),
          Share(row.percentiles(), 0.9), Share(row.percentiles(), 0.95), Share(row.first_resolution(), 0.5),
          Share(row.closed_only_biased(), 0.5)},
         &cells);
  table->Add(std::move(cells));
}

void ShowTtr(const google::protobuf::Message& message, Printer& printer) {
  const auto& reply = static_cast<const v1::GetTimeToResolutionResponse&>(message);
  std::string head = absl::StrCat("time to resolution, ", reply.view() == v1::VIEW_SETTLED ? "settled" : "provisional",
                                  ", ", AsOf(reply, printer));
  if (reply.has_cut_time()) absl::StrAppend(&head, ", cut at ", printer.Format(reply, "cut_time"));
  printer.Line(absl::StrCat(head, "; by opening cohort, open cases counted (Kaplan-Meier)"));
  const auto headings = GroupHeadings(reply.rows_size() > 0 ? reply.rows(0).group() : reply.total().group());
  TextTable table = MakeTable(headings, {"cases", "resolved", "censored", "reopened", "p50", "p80", "p90", "p95",
                                         "first p50", "closed-only p50 (biased)"});
  // Without groups the total says all.
  if (!headings.empty()) {
    for (const auto& row : reply.rows()) AddTtrRow(row, headings.size(), &table);
    table.AddRule();
  }
  AddTtrRow(reply.total(), headings.size(), &table);
  printer.Table(table);
  if (reply.outside_figures() > 0) {
    printer.Line(absl::StrCat(reply.outside_figures(), " of praise, suggestions and expressed needs are not counted"));
  }
}

std::string Rate(bool present, double rate) { return present ? absl::StrFormat("%.1f%%", 100 * rate) : "-"; }

void AddOnTimeRow(const v1::OnTimeRow& row, size_t groups, TextTable* table) {
  std::vector<std::string> cells = GroupCells(row.group(), groups);
  Append({row.line(), Rate(row.has_rate(), row.rate()),
          row.has_rate_lower() && row.has_rate_upper()
              ? absl::StrFormat("%.1f-%.1f%%", 100 * row.rate_lower(), 100 * row.rate_upper())
              : "-",
          absl::StrCat(row.met()), absl::StrCat(row.met_on_late_evidence()), absl::StrCat(row.late()),
          absl::StrCat(row.overdue()), absl::StrCat(row.cancelled()), absl::StrCat(row.extended()),
          Rate(row.has_rate_without_extensions(), row.rate_without_extensions())},
         &cells);
  table->Add(std::move(cells));
}

void ShowOnTime(const google::protobuf::Message& message, Printer& printer) {
  const auto& reply = static_cast<const v1::GetOnTimeRatesResponse&>(message);
  printer.Line(
      absl::StrCat("on time, by line, ", AsOf(reply, printer), "; met / (met + late + overdue) of what was due"));
  const auto headings = GroupHeadings(reply.rows_size() > 0 ? reply.rows(0).group() : Group());
  TextTable table = MakeTable(headings,
                              {"line", "on time", "95 %", "met", "on late evidence", "late", "overdue", "cancelled",
                               "extended", "without extensions"},
                              1);
  if (!headings.empty()) {
    for (const auto& row : reply.rows()) AddOnTimeRow(row, headings.size(), &table);
    table.AddRule();
  }
  for (const auto& row : reply.totals()) AddOnTimeRow(row, headings.size(), &table);
  printer.Table(table);
}

void AddWaitingRows(const v1::WaitingSharesRow& row, size_t groups, TextTable* table) {
  for (const auto& share : row.shares()) {
    std::vector<std::string> cells = GroupCells(row.group(), groups);
    const std::string state = ShortName(*v1::WaitState_descriptor(), share.state());
    Append({share.pause().empty() ? state : absl::StrCat(state, ":", share.pause()), absl::StrCat(row.cases()),
            absl::StrFormat("%.1f%%", 100 * share.share()), FormatRoughly(share.first_round_ms()),
            FormatRoughly(share.reopened_ms()),
            row.cases() == 0 ? "-" : FormatRoughly((share.first_round_ms() + share.reopened_ms()) / row.cases())},
           &cells);
    table->Add(std::move(cells));
  }
}

void ShowWaiting(const google::protobuf::Message& message, Printer& printer) {
  const auto& reply = static_cast<const v1::GetWaitingSharesResponse&>(message);
  printer.Line(absl::StrCat("where the time goes, ", AsOf(reply, printer)));
  const auto headings = GroupHeadings(reply.rows_size() > 0 ? reply.rows(0).group() : Group());
  TextTable table = MakeTable(headings, {"state", "cases", "share", "before re-opening", "after", "mean a case"}, 1);
  if (!headings.empty()) {
    for (const auto& row : reply.rows()) AddWaitingRows(row, headings.size(), &table);
    table.AddRule();
  }
  AddWaitingRows(reply.total(), headings.size(), &table);
  printer.Table(table);
}

void AddBackdatingRow(const v1::BackdatingRow& row, size_t groups, TextTable* table) {
  std::vector<std::string> cells = GroupCells(row.group(), groups);
  Append({absl::StrCat(row.cases()), absl::StrCat(row.backdated_cases()), absl::StrCat(row.facts()),
          row.facts() == 0 ? "-" : FormatRoughly(MillisOf(row.longest()))},
         &cells);
  table->Add(std::move(cells));
}

void ShowBackdating(const google::protobuf::Message& message, Printer& printer) {
  const auto& reply = static_cast<const v1::GetBackdatingResponse&>(message);
  printer.Line(absl::StrCat("facts recorded more than 24 h after they happened, ", AsOf(reply, printer),
                            "; imported ones are not counted"));
  const auto headings = GroupHeadings(reply.rows_size() > 0 ? reply.rows(0).group() : Group());
  TextTable table = MakeTable(headings, {"cases", "with such facts", "facts", "longest"});
  if (!headings.empty()) {
    for (const auto& row : reply.rows()) AddBackdatingRow(row, headings.size(), &table);
    table.AddRule();
  }
  AddBackdatingRow(reply.total(), headings.size(), &table);
  printer.Table(table);
}

}  // namespace

void AddReportCommands(Command* root) {
  Command* group = root->Add("report", "Figures over many complaints");
  CallCommand ttr(
      group, "ttr", "Time to resolution: percentiles by opening cohort",
      MakeRpc<v1::GetTimeToResolutionRequest, v1::GetTimeToResolutionResponse>(kService, "GetTimeToResolution"));
  AddScope(ttr, "Received")
      .Option("--view", "view", "provisional for boards, settled for publication; else provisional")
      .ShowWith(ShowTtr)
      .Patient();
  CallCommand on_time(group, "on-time", "Share of obligations met in time, by line",
                      MakeRpc<v1::GetOnTimeRatesRequest, v1::GetOnTimeRatesResponse>(kService, "GetOnTimeRates"));
  AddScope(on_time, "Due")
      .Option("--line", "lines", "Of these lines, as packs name them")
      .ShowWith(ShowOnTime)
      .Patient();
  CallCommand waiting(group, "waiting", "Where the time goes: shares of what complaints waited for",
                      MakeRpc<v1::GetWaitingSharesRequest, v1::GetWaitingSharesResponse>(kService, "GetWaitingShares"));
  AddScope(waiting, "Received").ShowWith(ShowWaiting).Patient();
  CallCommand backdating(group, "backdating", "Facts recorded long after they happened, which move clocks",
                         MakeRpc<v1::GetBackdatingRequest, v1::GetBackdatingResponse>(kService, "GetBackdating"));
  AddScope(backdating, "Received").ShowWith(ShowBackdating).Patient();
}

}  // namespace redress::ctl
