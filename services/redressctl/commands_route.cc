// route explain|get|queue|assign
#include "absl/strings/str_cat.h"
#include "redress/routing/v1/routing_service.pb.h"
#include "services/redressctl/call_command.h"
#include "services/redressctl/commands.h"

namespace redress::ctl {
namespace {

namespace v1 = ::redress::routing::v1;

constexpr char kService[] = "redress.routing.v1.RoutingService";
constexpr char kComplaint[] = "Id or name, as in complaints/ID";

template <typename Request, typename Response>
CallCommand Call(Command* group, std::string name, absl::string_view method, std::string summary) {
  return CallCommand(group, std::move(name), std::move(summary), MakeRpc<Request, Response>(kService, method));
}

void ShowExplanation(const google::protobuf::Message& message, Printer& printer) {
  const auto& why = static_cast<const v1::ExplainRouteResponse&>(message).explanation();
  printer.Line(
      absl::StrCat(Printable(why.name()), ", assignment ", why.number(), ", ", printer.Format(why, "assigned_time")));
  for (const auto& sentence : why.sentences()) printer.Line(absl::StrCat("  ", Printable(sentence)));
  printer.Line(absl::StrCat("\nmatched on  ", Printable(printer.Format(why, "matter"))));
  printer.Line(absl::StrCat("decided by  ", printer.Format(why, "decided_by"),
                            why.rule().empty() ? "" : absl::StrCat(" ", Printable(why.rule())),
                            why.fallback().empty() ? "" : absl::StrCat(" ", Printable(why.fallback())),
                            why.rule_set_version() == 0 ? "" : absl::StrCat(", rules version ", why.rule_set_version()),
                            why.reason().empty() ? "" : absl::StrCat(", ", Printable(why.reason()))));
  printer.Line(Printable(absl::StrCat("in charge   agency ", why.agency().empty() ? "-" : why.agency(), ", office ",
                                      why.office().empty() ? "-" : why.office(), ", team ", why.team(),
                                      why.agent().empty() ? "" : absl::StrCat(", agent ", why.agent()), ", priority ",
                                      why.priority(), why.visit_needed() ? ", visit needed" : "")));
  if (why.tried_size() == 0) return;
  printer.Line("\nrules before it, and why they did not match");
  printer.List(why, "tried", {"rule", "condition"});
}

}  // namespace

void AddRouteCommands(Command* root) {
  Command* group = root->Add("route", "Who is in charge, and why");
  Call<v1::ExplainRouteRequest, v1::ExplainRouteResponse>(group, "explain", "ExplainRoute",
                                                          "Which rule matched, which came before, and why they did not")
      .Name("COMPLAINT", "name", "complaints", kComplaint)
      .Option("--number", "number", "Which of its assignments; else the last")
      .ShowWith(ShowExplanation);
  Call<v1::GetAssignmentRequest, v1::GetAssignmentResponse>(group, "get", "GetAssignment", "Shows who is in charge")
      .Name("COMPLAINT", "name", "complaints", kComplaint);
  Call<v1::ListQueueRequest, v1::ListQueueResponse>(group, "queue", "ListQueue",
                                                    "Open complaints of a team or agent, most pressing first")
      .Option("--team", "team", "Its queue, with what its agents have")
      .Option("--agent", "agent", "What this one has")
      .List("entries", {"priority", "complaint", "received_time", "urgency", "category", "residence", "agency", "team",
                        "agent", "visit_needed"});
  Call<v1::AssignComplaintRequest, v1::AssignComplaintResponse>(group, "assign", "AssignComplaint",
                                                                "Puts a team or agent in charge by hand")
      .Name("COMPLAINT", "name", "complaints", kComplaint)
      .Option("--team", "team", "Who is to be in charge")
      .Required()
      .Option("--agent", "agent", "A staff id; else the team's queue")
      .Option("--priority", "priority", "1 (first) to 5; else as it is")
      .Option("--visit-needed", "visit_needed", "--visit-needed=false for none; else as it is")
      .Option("--reason", "reason", "A code or short text without personal data");
}

}  // namespace redress::ctl
