// visit request|slots|explain|hold|release|book|move|start|done|no-access|cancel|get|list, technician
// register|absence|list
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "redress/scheduling/v1/scheduling_service.pb.h"
#include "services/redressctl/call_command.h"
#include "services/redressctl/commands.h"
#include "services/redressctl/exit_codes.h"
#include "services/redressctl/weekly_hours.h"

namespace redress::ctl {
namespace {

namespace v1 = ::redress::scheduling::v1;

constexpr char kService[] = "redress.scheduling.v1.SchedulingService";

template <typename Request, typename Response>
CallCommand Call(Command* group, std::string name, absl::string_view method, std::string summary) {
  return CallCommand(group, std::move(name), std::move(summary), MakeRpc<Request, Response>(kService, method));
}

template <typename Request, typename Response>
CallCommand OfVisit(Command* group, std::string name, absl::string_view method, std::string summary) {
  return Call<Request, Response>(group, std::move(name), method, std::move(summary))
      .Name("VISIT", "name", "interventions", "Id or name, as in interventions/ID");
}

// What a technician did, which may be told later.
template <typename Request, typename Response>
CallCommand Report(Command* group, std::string name, absl::string_view method, std::string summary) {
  return OfVisit<Request, Response>(group, std::move(name), method, std::move(summary))
      .Option("--at", "occurred_time", "When it happened; else now")
      .Option("--backdating-reason", "backdating_reason", "Needed when that is more than a day back");
}

CallCommand& WithSlot(CallCommand& command) {
  return command.NameOption("--technician", "slot.technician", "technicians", "Id or name")
      .Option("--start", "slot.start_time", "When the window begins")
      .Option("--end", "slot.end_time", "When it ends; else after the visit's duration")
      .Option("--outside-hours", "outside_hours", "Agreed with the technician outside weekly hours");
}

void AddPlanning(Command* group) {
  Call<v1::RequestVisitRequest, v1::RequestVisitResponse>(group, "request", "RequestVisit", "Asks for a visit by hand")
      .Name("COMPLAINT", "complaint", "complaints", "Id or name, as in complaints/ID")
      .Option("--agency", "agency", "Else that of the last visit; as all below")
      .Option("--residence", "residence", "Code of the residence")
      .Option("--category", "category", "Code of the category")
      .Option("--skill", "skills", "Needed, all of them")
      .Option("--minutes", "duration_minutes", "How long it takes; else 60")
      .Option("--language", "language", "The resident's, as in fr")
      .Option("--urgency", "urgency", "How urgent it is")
      .Option("--round", "round", "How often the complaint was re-opened; else as known");
  OfVisit<v1::FindSlotsRequest, v1::FindSlotsResponse>(group, "slots", "FindSlots", "Free windows, earliest first")
      .Option("--from", "from_time", "Else now")
      .Option("--to", "to_time", "Else 14 days later")
      .Option("--max", "max_slots", "Else 10")
      .List("slots", {"start_time", "end_time", "technician"});
  OfVisit<v1::ExplainSlotsRequest, v1::ExplainSlotsResponse>(group, "explain", "ExplainSlots",
                                                             "Why each technician is offered, or is not")
      .Option("--from", "from_time", "Else now")
      .Option("--to", "to_time", "Else 14 days later")
      .List("technicians", {"technician", "reason", "missing_skills", "slot_count", "first_slot.start_time",
                            "worked_minutes", "absent_minutes", "taken_minutes"});
  auto hold =
      OfVisit<v1::HoldSlotRequest, v1::HoldSlotResponse>(group, "hold", "HoldSlot", "Keeps a window for some minutes");
  WithSlot(hold).Option("--minutes", "hold_minutes", "How long; else 10");
  OfVisit<v1::ReleaseHoldRequest, v1::ReleaseHoldResponse>(group, "release", "ReleaseHold", "Gives a held window back");
  auto book = OfVisit<v1::BookVisitRequest, v1::BookVisitResponse>(group, "book", "BookVisit",
                                                                   "Promises the window held, or another one");
  WithSlot(book);
  auto move = OfVisit<v1::MoveVisitRequest, v1::MoveVisitResponse>(group, "move", "MoveVisit",
                                                                   "Moves a promised visit to another window");
  WithSlot(move)
      .Option("--resident-consented", "resident_consented", "The resident agrees …")
      .Option("--reason", "reason", "… or why the landlord has to: a code");
}

void AddDoing(Command* group) {
  Report<v1::StartVisitRequest, v1::StartVisitResponse>(group, "start", "StartVisit", "The technician is there");
  Report<v1::CompleteVisitRequest, v1::CompleteVisitResponse>(group, "done", "CompleteVisit", "The visit is over")
      .Option("--result", "result", "How it went")
      .Required();
  Report<v1::ReportNoAccessRequest, v1::ReportNoAccessResponse>(group, "no-access", "ReportNoAccess",
                                                                "Nobody opened; a further visit is asked for")
      .Option("--evidence", "evidence", "Reference of a photo or of the card left")
      .Required();
  OfVisit<v1::CancelVisitRequest, v1::CancelVisitResponse>(group, "cancel", "CancelVisit", "Calls it off")
      .Option("--reason", "reason", "A code: resident, landlord, …");
  OfVisit<v1::GetInterventionRequest, v1::GetInterventionResponse>(group, "get", "GetIntervention", "Shows a visit")
      .Option("--personal-data", "include_personal_data", "With dwelling and access note; audited");
  Call<v1::ListInterventionsRequest, v1::ListInterventionsResponse>(group, "list", "ListInterventions",
                                                                    "Visits of a complaint, technician or agency")
      .NameOption("--complaint", "complaint", "complaints", "Of this complaint")
      .NameOption("--technician", "technician", "technicians", "This technician's agenda")
      .Option("--agency", "agency", "Of this agency")
      .Option("--state", "state", "In this state; requested alone is the queue")
      .Option("--from", "from_time", "Windows that begin then or later")
      .Option("--to", "to_time", "Windows that begin before then")
      .List("interventions", {"name", "state", "slot.start_time", "slot.end_time", "slot.technician", "urgency",
                              "category", "complaint", "result"});
}

void AddTechnicianCommands(Command* root) {
  Command* group = root->Add("technician", "People who visit");
  auto add = Call<v1::RegisterTechnicianRequest, v1::RegisterTechnicianResponse>(
      group, "register", "RegisterTechnician", "Writes a technician's particulars, all of them");
  add.Name("TECHNICIAN", "technician.name", "technicians", "Their staff id")
      .Option("--agency", "technician.agency", "Which they work for")
      .Required()
      .Option("--skill", "technician.skills", "What they can do")
      .Option("--language", "technician.languages", "What they speak, as in fr")
      .Option("--hours-zone", "technician.zone", "Zone of their hours; else the agency's");
  Argument* hours =
      add.Extra("--hours", "HOURS", "Every week, as in \"mon-fri 08:00-12:00 13:00-17:00, sat 09:00-12:00\"");
  add.Before([hours](google::protobuf::Message* message, Session&) -> absl::Status {
    if (!hours->given()) return absl::OkStatus();
    auto* request = static_cast<v1::RegisterTechnicianRequest*>(message);
    ASSIGN_OR_RETURN(const std::vector<MinuteSpan> spans, ParseWeeklyHours(hours->value()));
    request->mutable_technician()->clear_hours();
    for (const MinuteSpan& span : spans) {
      auto* into = request->mutable_technician()->add_hours();
      into->set_start_minute(span.start);
      into->set_end_minute(span.end);
    }
    return absl::OkStatus();
  });
  Call<v1::SetAbsenceRequest, v1::SetAbsenceResponse>(group, "absence", "SetAbsence",
                                                      "Notes that a technician is away; lists visits to be moved")
      .Name("TECHNICIAN", "technician", "technicians", "Their staff id")
      .Option("--from", "absence.start_time", "First instant away")
      .Required()
      .Option("--to", "absence.end_time", "First instant back; the same as --from takes the absence back")
      .Required()
      .Option("--reason", "absence.reason", "A code: leave, training, …");
  Call<v1::ListTechniciansRequest, v1::ListTechniciansResponse>(group, "list", "ListTechnicians", "Lists technicians")
      .Option("--agency", "agency", "Of this agency")
      .Option("--skill", "skill", "Who can do this")
      .List("technicians", {"name", "agency", "skills", "languages", "zone", "absences"});
}

}  // namespace

void AddVisitCommands(Command* root) {
  Command* group = root->Add("visit", "Visits, from request to end");
  AddPlanning(group);
  AddDoing(group);
  AddTechnicianCommands(root);
}

}  // namespace redress::ctl
