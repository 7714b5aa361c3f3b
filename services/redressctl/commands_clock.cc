// clock get|explain|at-risk
#include <google/protobuf/duration.pb.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "libs/service/requests.h"
#include "redress/sla/v1/sla_service.pb.h"
#include "services/redressctl/call_command.h"
#include "services/redressctl/commands.h"
#include "services/redressctl/fields.h"
#include "services/redressctl/time_bar.h"
#include "services/redressctl/times.h"

namespace redress::ctl {
namespace {

namespace v1 = ::redress::sla::v1;

using service::MillisOf;

constexpr char kService[] = "redress.sla.v1.SlaService";
constexpr size_t kBarWidth = 100;

// What stands for a state in the bar.
char LetterOf(v1::WaitState state) {
  switch (state) {
    case v1::WAIT_STATE_RESOLVED_UNCONFIRMED: return 'r';
    case v1::WAIT_STATE_PAUSED: return 'p';
    case v1::WAIT_STATE_VISIT_UNDER_WAY: return 'v';
    case v1::WAIT_STATE_WAITING_FOR_CONTRACTOR: return 'c';
    case v1::WAIT_STATE_WAITING_FOR_APPOINTMENT: return 'a';
    case v1::WAIT_STATE_WAITING_FOR_ASSIGNEE: return 'q';
    case v1::WAIT_STATE_NOT_ROUTED: return 'n';
    case v1::WAIT_STATE_IN_HAND: return 'h';
    default: return '?';
  }
}

std::string NameOf(const v1::Segment& segment) {
  const std::string state = ShortName(*v1::WaitState_descriptor(), segment.state());
  return segment.pause().empty() ? state : absl::StrCat(state, ":", segment.pause());
}

void ShowHead(const v1::Clock& clock, const std::string& as_of, Printer& printer) {
  const auto& ttr = clock.time_to_resolution();
  printer.Line(absl::StrCat(clock.name(), ", received ", printer.Format(clock, "received_time"), ", as of ", as_of));
  std::string line = absl::StrCat("time to resolution ", FormatDuration(MillisOf(ttr.elapsed())), ", ",
                                  ShortName(*v1::TimeToResolution::State_descriptor(), ttr.state()));
  if (ttr.has_end_time()) absl::StrAppend(&line, " ", printer.Format(ttr, "end_time"));
  if (ttr.reopenings() > 0) absl::StrAppend(&line, ", re-openings ", ttr.reopenings());
  if (ttr.has_first_resolution()) {
    absl::StrAppend(&line, ", first resolution after ", FormatDuration(MillisOf(ttr.first_resolution())));
  }
  if (ttr.has_working_time()) {
    absl::StrAppend(&line, ", working time ", FormatDuration(MillisOf(ttr.working_time())));
  }
  if (ttr.outside_figures()) absl::StrAppend(&line, ", outside the figures");
  printer.Line(line);
  std::string charge = absl::StrCat("in charge: agency ", clock.agency().empty() ? "-" : clock.agency(), ", team ",
                                    clock.team().empty() ? "-" : clock.team());
  if (!clock.agent().empty()) absl::StrAppend(&charge, ", agent ", clock.agent());
  absl::StrAppend(&charge, "; pack ",
                  clock.pack().empty() ? "none" : absl::StrCat(clock.pack(), " version ", clock.pack_version()));
  printer.Line(Printable(charge));
}

void ShowSegments(const v1::ClockExplanation& explanation, Printer& printer) {
  using Align = TextTable::Align;
  const Millis total = MillisOf(explanation.clock().time_to_resolution().elapsed());
  TextTable table(
      {"", "state", "round", "from", "to", "duration", "share", "begins with", "rule"},
      {Align::kLeft, Align::kLeft, Align::kRight, Align::kLeft, Align::kLeft, Align::kRight, Align::kRight});
  std::vector<BarPart> parts;
  Millis sum = 0;
  for (const auto& segment : explanation.segments()) {
    const Millis length = MillisOf(segment.duration());
    const char letter = LetterOf(segment.state());
    sum += length;
    parts.push_back({letter, length});
    std::string cause = printer.Format(segment, "cause");
    if (!segment.reference().empty()) absl::StrAppend(&cause, cause.empty() ? "" : " ", segment.reference());
    table.Add({std::string(1, letter), NameOf(segment), absl::StrCat(segment.round()),
               printer.Format(segment, "start_time"), printer.Format(segment, "end_time"), FormatDuration(length),
               total == 0 ? "" : absl::StrFormat("%.1f%%", 100.0 * length / total), cause, segment.rule()});
  }
  printer.Line("");
  printer.Table(table);
  printer.Line(absl::StrCat("\n[", DrawBar(parts, kBarWidth), "]"));
  printer.Line(absl::StrCat("sum of segments ", FormatDuration(sum),
                            sum == total ? " = time to resolution" : " IS NOT the time to resolution"));
}

void ShowLines(const v1::ClockExplanation& explanation, Printer& printer) {
  for (const auto& entry : explanation.lines()) {
    const auto& line = entry.line();
    std::string head =
        absl::StrCat("\n", line.line(), line.run() > 0 ? absl::StrCat(" (run ", line.run() + 1, ")") : "", ": ",
                     printer.Format(line, "state"), ", due ", printer.Format(line, "due_time"));
    if (line.has_time_left()) {
      const Millis left = MillisOf(line.time_left());
      absl::StrAppend(&head, left < 0 ? ", over by " : ", time left ", FormatDuration(left < 0 ? -left : left));
    }
    printer.Line(head);
    for (const auto& reason : entry.reasons()) printer.Line(absl::StrCat("  ", Printable(reason)));
  }
}

void ShowClock(const google::protobuf::Message& message, Printer& printer) {
  const auto& reply = static_cast<const v1::GetClockResponse&>(message);
  ShowHead(reply.clock(), printer.Format(reply, "as_of_time"), printer);
  printer.Line("");
  printer.List(
      reply.clock(), "lines",
      {"line", "run", "state", "start_time", "due_time", "end_time", "time_left", "target.quantity", "target.unit"});
  for (const auto& line : reply.clock().lines()) {
    for (const auto& pause : line.pauses()) {
      printer.Line(Printable(absl::StrCat(line.line(), " paused: ", FormatMessage(pause, printer.zone()))));
    }
    for (const auto& alarm : line.alarms()) {
      printer.Line(Printable(absl::StrCat(line.line(), " alarm: ", FormatMessage(alarm, printer.zone()))));
    }
  }
  if (reply.clock().lines_left_out_size() > 0) {
    printer.Line(absl::StrCat("not started, as the source cannot tell their end: ",
                              printer.Format(reply.clock(), "lines_left_out")));
  }
}

void ShowExplanation(const google::protobuf::Message& message, Printer& printer) {
  const auto& reply = static_cast<const v1::ExplainClockResponse&>(message);
  ShowHead(reply.explanation().clock(), printer.Format(reply, "as_of_time"), printer);
  ShowSegments(reply.explanation(), printer);
  ShowLines(reply.explanation(), printer);
}

CallCommand& AddInstants(CallCommand& command) {
  return command.Option("--as-of", "as_of_time", "What had happened by then; else now")
      .Option("--known-at", "known_at_time", "What Redress knew then; else all it knows");
}

}  // namespace

void AddClockCommands(Command* root) {
  Command* group = root->Add("clock", "What is owed by when, and where the time went");
  CallCommand get(group, "get", "Shows the obligation lines of a complaint",
                  MakeRpc<v1::GetClockRequest, v1::GetClockResponse>(kService, "GetClock"));
  get.Name("COMPLAINT", "name", "clocks", "Id or name, as in complaints/ID").ShowWith(ShowClock);
  AddInstants(get);
  CallCommand explain(group, "explain", "Why it took as long as it did, to the second",
                      MakeRpc<v1::ExplainClockRequest, v1::ExplainClockResponse>(kService, "ExplainClock"));
  explain.Name("COMPLAINT", "name", "clocks", "Id or name, as in complaints/ID").ShowWith(ShowExplanation);
  AddInstants(explain);
  CallCommand(group, "at-risk", "Open lines by time left, overdue ones first",
              MakeRpc<v1::ListCasesAtRiskRequest, v1::ListCasesAtRiskResponse>(kService, "ListCasesAtRisk"))
      .Option("--line", "lines", "Of these lines, as packs name them")
      .Option("--due-before", "due_before_time", "Due before then")
      .Option("--agency", "filter.agencies", "In charge")
      .Option("--office", "filter.offices", "In charge")
      .Option("--team", "filter.teams", "In charge")
      .Option("--category", "filter.categories", "Of these alone")
      .Option("--channel", "filter.channels", "Of these alone")
      .Option("--urgency", "filter.urgencies", "Of these alone")
      .Option("--kind", "filter.kinds", "Of these alone")
      .List("cases", {"time_left", "due_time", "line", "complaint", "urgency", "category", "agency", "team", "agent"});
}

}  // namespace redress::ctl
