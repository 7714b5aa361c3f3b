// complaint
// submit|get|list|history|acknowledge|start|answer|resolve|confirm|contest|reopen|withdraw|amend|message|note|
// attach|attachment-key|fact|redact, track CODE, person get|find|erase|export
#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "redress/intake/v1/intake_service.pb.h"
#include "services/redressctl/call_command.h"
#include "services/redressctl/commands.h"
#include "services/redressctl/exit_codes.h"
#include "services/redressctl/fields.h"

namespace redress::ctl {
namespace {

namespace v1 = ::redress::intake::v1;

constexpr char kService[] = "redress.intake.v1.IntakeService";
constexpr char kComplaint[] = "Id or name, as in complaints/ID";
constexpr char kPurpose[] = "Why personal data are read: a code, for the audit";

template <typename Request, typename Response>
CallCommand Call(Command* group, std::string name, absl::string_view method, std::string summary) {
  return CallCommand(group, std::move(name), std::move(summary), MakeRpc<Request, Response>(kService, method));
}

// A step of a complaint's life.
template <typename Request, typename Response>
CallCommand Step(Command* group, std::string name, absl::string_view method, std::string summary) {
  return Call<Request, Response>(group, std::move(name), method, std::move(summary))
      .Name("COMPLAINT", "name", "complaints", kComplaint)
      .Option("--at", "occurred_time", "When it happened; else now")
      .Option("--reason", "reason", "A code, needed when that is more than a day back");
}

void AddSubmit(Command* group) {
  Call<v1::SubmitComplaintRequest, v1::SubmitComplaintResponse>(group, "submit", "SubmitComplaint",
                                                                "Takes a complaint; prints its tracking code")
      .Option("--category", "category", "A code of the register")
      .Required()
      .Option("--channel", "channel", "How it came in")
      .Required()
      .Option("--kind", "kind", "Else complaint")
      .Option("--urgency", "urgency", "Else the category's")
      .Option("--residence", "residence", "Code of the residence")
      .Option("--description", "description", "What is wrong, in the resident's words")
      .Option("--dwelling", "dwelling", "Which dwelling")
      .Option("--access-note", "access_note", "How to get in")
      .Option("--language", "language", "The resident's, as in fr")
      .Option("--care-level", "care_level", "0 none, 1 some, 2 much")
      .Option("--received", "received_time", "When it came in; else now")
      .Option("--backdating-reason", "backdating_reason", "A code, needed when that is more than a day back")
      .NameOption("--person", "person", "people", "Somebody known: id or name")
      .Option("--person-name", "new_person.full_name", "Somebody new")
      .Option("--phone", "new_person.phone", "Of somebody new")
      .Option("--email", "new_person.email", "Of somebody new")
      .Option("--care-needs", "new_person.care_needs", "Of somebody new")
      .Option("--system", "external_reference.system", "Another system that knows it")
      .Option("--reference", "external_reference.reference", "That system's name for it")
      .Option("--attachment", "attachments", "As JSON: {\"uri\":…,\"sha256\":…}")
      .NameOption("--recurrence-of", "recurrence_of", "complaints", "A closed complaint whose trouble came back")
      .Option("--campaign", "campaign", "Outreach campaign it came from")
      .Option("--tracking-code", "tracking_code", "Drawn by a device that was off line");
}

void AddReads(Command* group) {
  Call<v1::GetComplaintRequest, v1::GetComplaintResponse>(group, "get", "GetComplaint", "Shows a complaint")
      .Name("COMPLAINT", "name", "complaints", kComplaint)
      .Option("--personal-data", "personal_data", "With description, dwelling, access note and tracking code")
      .Option("--purpose", "purpose", kPurpose);
  Call<v1::ListComplaintsRequest, v1::ListComplaintsResponse>(group, "list", "ListComplaints", "Lists complaints")
      .Option("--state", "states", "Any of these")
      .Option("--residence", "residence", "Code of the residence")
      .Option("--agency", "agency", "Agency in charge")
      .Option("--category", "category", "Code of the category")
      .Option("--from", "received_from_time", "Received then or later")
      .Option("--to", "received_to_time", "Received before then")
      .Option("--order", "order", "By time of receipt; else oldest_first")
      .Option("--system", "external_reference.system", "Another system …")
      .Option("--reference", "external_reference.reference", "… and its name for the complaint")
      .List("complaints", {"name", "state", "received_time", "urgency", "category", "agency", "team", "residence"});
  Call<v1::ListComplaintHistoryRequest, v1::ListComplaintHistoryResponse>(group, "history", "ListComplaintHistory",
                                                                          "Lists what happened to a complaint")
      .Name("COMPLAINT", "name", "complaints", kComplaint)
      .Option("--personal-data", "personal_data", "With texts")
      .Option("--purpose", "purpose", kPurpose)
      .List("entries", {"version", "occurred_time", "event", "actor", "reason", "details", "text"});
}

void AddLandlordSteps(Command* group) {
  Step<v1::AcknowledgeComplaintRequest, v1::AcknowledgeComplaintResponse>(
      group, "acknowledge", "AcknowledgeComplaint", "Notes that the resident was told it has come in");
  Step<v1::StartComplaintRequest, v1::StartComplaintResponse>(group, "start", "StartComplaint",
                                                              "Notes that work on it has begun");
  Step<v1::AnswerComplaintRequest, v1::AnswerComplaintResponse>(group, "answer", "AnswerComplaint",
                                                                "Notes an answer to the resident")
      .Option("--stage", "stage", "1 or 2; else 1")
      .Option("--text", "text", "What was answered");
  Step<v1::ResolveComplaintRequest, v1::ResolveComplaintResponse>(group, "resolve", "ResolveComplaint",
                                                                  "Says that it is solved")
      .Option("--outcome", "outcome", "How it ended")
      .Required()
      .Option("--text", "text", "What was done");
  Step<v1::AmendComplaintRequest, v1::AmendComplaintResponse>(group, "amend", "AmendComplaint",
                                                              "Corrects what was said of it")
      .Option("--kind", "kind", "What it is after all")
      .Option("--category", "category", "A code of the register")
      .Option("--urgency", "urgency", "How urgent it is after all")
      .Option("--residence", "residence", "Agency and office follow from it")
      .Option("--care-level", "care_level", "0 none, 1 some, 2 much")
      .Option("--description", "description", "What is wrong, as it should have been said")
      .Option("--dwelling", "dwelling", "Which dwelling it is about")
      .Option("--access-note", "access_note", "How to get in");
  Step<v1::AddNoteRequest, v1::AddNoteResponse>(group, "note", "AddNote", "Writes a note for colleagues")
      .Positional("TEXT", "text", "The note");
  Step<v1::RecordFactRequest, v1::RecordFactResponse>(group, "fact", "RecordFact",
                                                      "Records a fact that has no command of its own")
      .Positional("KIND", "kind", "Which")
      .Option("--reference", "reference", "A visit, an order, or evidence")
      .Option("--result", "result", "Of visit_ended and no_access: a code")
      .Option("--until", "until_time", "Of extension_notified: the new due time")
      .Option("--line", "line", "Of extension_notified: the obligation line")
      .Option("--evidence", "evidence", "What shows it: a reference or a code");
}

void AddResidentSteps(Command* group) {
  Step<v1::ConfirmComplaintRequest, v1::ConfirmComplaintResponse>(group, "confirm", "ConfirmComplaint",
                                                                  "The resident agrees that it is solved");
  Step<v1::ContestComplaintRequest, v1::ContestComplaintResponse>(group, "contest", "ContestComplaint",
                                                                  "The resident says that it is not solved")
      .Option("--text", "text", "Their words");
  Step<v1::ReopenComplaintRequest, v1::ReopenComplaintResponse>(group, "reopen", "ReopenComplaint",
                                                                "Takes a resolved one up again");
  Step<v1::WithdrawComplaintRequest, v1::WithdrawComplaintResponse>(group, "withdraw", "WithdrawComplaint",
                                                                    "The resident takes it back");
  Step<v1::AddMessageRequest, v1::AddMessageResponse>(group, "message", "AddMessage",
                                                      "Notes what somebody wrote or said, or was told")
      .Positional("TEXT", "text", "The message")
      .Option("--from-resident", "from_resident", "The resident's words; else the landlord's")
      .Option("--channel", "channel", "How it came or went");
  Step<v1::AddAttachmentRequest, v1::AddAttachmentResponse>(group, "attach", "AddAttachment",
                                                            "Attaches what lies elsewhere, by reference and hash")
      .Positional("URI", "attachment.uri", "Where it lies")
      .Option("--sha256", "attachment.sha256", "Its hash, 64 hex digits")
      .Required()
      .Option("--size", "attachment.size_bytes", "In bytes")
      .Option("--media-type", "attachment.media_type", "As in image/jpeg");
  Call<v1::GetAttachmentKeyRequest, v1::GetAttachmentKeyResponse>(
      group, "attachment-key", "GetAttachmentKey", "The key for what an attachment points at; each reading is audited")
      .Name("COMPLAINT", "name", "complaints", "Id or name, as in complaints/ID")
      .Positional("URI", "uri", "That of the attachment")
      .Option("--purpose", "purpose", kPurpose);
}

// Pages until the end, whatever --output says: it is for programs, or for the person's own.
absl::Status ExportPerson(const Argument& person, const Argument& purpose, const Argument& position, Session& session) {
  v1::ExportPersonRequest request;
  request.set_name(InCollection(person.value(), "people"));
  request.set_purpose(purpose.value());
  if (position.given()) {
    const absl::Status set = SetField(&request, "position", position.value(), session.zone());
    if (!set.ok()) return Usage(InvalidFields({{position.names, std::string(set.message())}}));
  }
  bool partial = false;
  do {
    v1::ExportPersonResponse page;
    RETURN_IF_ERROR(session.Call(absl::StrCat(kService, "/ExportPerson"), request, &page));
    partial |= page.partial();
    session.printer().Json(page);
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  if (partial) {
    session.Note("complaints of agencies that you do not see were left out");
    session.SetFindings();
  }
  return absl::OkStatus();
}

// One text a run; several at once come as JSON.
void AddRedact(Command* group) {
  CallCommand call = Call<v1::RedactTextRequest, v1::RedactTextResponse>(
      group, "redact", "RedactText", "Takes words about somebody else out of what was written, for ever");
  call.Name("COMPLAINT", "name", "complaints", kComplaint).Option("--reason", "reason", "Why: a code").Required();
  Argument* version = call.Extra("--entry", "VERSION", "Of the entry that says it, as complaint history shows it");
  Argument* field = call.Extra("--field", "FIELD", "Which of its texts; else what a message, note or answer says");
  field->OneOf(ShortNames(*v1::Redaction::Field_descriptor()));
  Argument* kept = call.Extra("--keep", "TEXT", "What is kept of it; else nothing");
  Argument* file = call.Extra("--keep-file", "FILE", "The same from a file, - for the standard input");
  file->File();
  call.Before([version, field, kept, file](google::protobuf::Message* message, Session& session) -> absl::Status {
    auto* request = static_cast<v1::RedactTextRequest*>(message);
    if (!version->given()) {
      // What was to be kept must not be lost: nothing brings it back.
      const bool wanted = field->given() || kept->given() || file->given() || request->redactions().empty();
      return wanted ? InvalidFields({{"--entry", "is missing"}}) : absl::OkStatus();
    }
    v1::Redaction* redaction = request->add_redactions();
    RETURN_IF_ERROR(SetField(redaction, "version", version->value(), session.zone()));
    if (field->given()) RETURN_IF_ERROR(SetField(redaction, "field", field->value(), session.zone()));
    if (kept->given() && file->given()) return InvalidFields({{"--keep-file", "does not go with --keep"}});
    if (kept->given()) redaction->set_kept_text(kept->value());
    if (file->given()) {
      ASSIGN_OR_RETURN(*redaction->mutable_kept_text(), ReadText(file->value(), *session.environment().in));
    }
    return absl::OkStatus();
  });
}

void AddPersonCommands(Command* root) {
  Command* group = root->Add("person", "People who complain");
  Call<v1::GetPersonRequest, v1::GetPersonResponse>(group, "get", "GetPerson",
                                                    "Shows a person; each reading is audited")
      .Name("PERSON", "name", "people", "Id or name, as in people/ID")
      .Option("--purpose", "purpose", kPurpose);
  Call<v1::FindPeopleRequest, v1::FindPeopleResponse>(group, "find", "FindPeople",
                                                      "People with a phone number, a mail address or a dwelling")
      .Option("--phone", "phone", "In any spelling")
      .Option("--email", "email", "In upper or lower case")
      .Option("--dwelling", "dwelling", "As it was given, but for case and blanks")
      .Option("--residence", "residence", "With --dwelling: of this residence alone")
      .Option("--purpose", "purpose", kPurpose)
      .List("people", {"name", "full_name", "phone", "email", "registered_time", "erased_time"});
  Call<v1::ErasePersonRequest, v1::ErasePersonResponse>(group, "erase", "ErasePerson",
                                                        "Forgets a person for ever; facts and figures stay")
      .Name("PERSON", "name", "people", "Id or name, as in people/ID")
      .Option("--reason", "reason", "Why: a code")
      .Required()
      .Option("--until-closed", "until_closed", "Waits for open complaints to end instead of refusing")
      .Option("--force", "force", "Although complaints are open, which go on without their texts");
  Command* exporting = group->Add("export", "All there is about a person, a page of proto JSON a line");
  Argument* person = exporting->Positional("PERSON", "Id or name, as in people/ID")->Required();
  Argument* purpose = exporting->Option("--purpose", "CODE", kPurpose)->Required();
  Argument* position = exporting->Option("--position", "POSITION", kPositionHelp);
  exporting->SetRun(
      [person, purpose, position](Session& session) { return ExportPerson(*person, *purpose, *position, session); });
}

void AddHoldCommands(Command* root) {
  constexpr char kOn[] = "complaints/ID or people/ID";
  constexpr char kMatter[] = "The dispute or inquiry that it is for: a code";
  Command* group = root->Add("hold", "Legal holds: nothing is erased or redacted while one stands");
  Call<v1::SetLegalHoldRequest, v1::SetLegalHoldResponse>(group, "set", "SetLegalHold",
                                                          "Keeps a complaint, or a person and their complaints")
      .Positional("NAME", "name", kOn)
      .Option("--matter", "matter", kMatter)
      .Required()
      .Option("--reason", "reason", "Why: a code")
      .Required()
      .List("legal_holds", {"matter", "reason", "actor", "set_time"});
  Call<v1::LiftLegalHoldRequest, v1::LiftLegalHoldResponse>(
      group, "lift", "LiftLegalHold", "Ends a hold; what came due under the last one is erased now")
      .Positional("NAME", "name", kOn)
      .Option("--matter", "matter", kMatter)
      .Required()
      .Option("--reason", "reason", "Why: a code")
      .Required()
      .List("legal_holds", {"matter", "reason", "actor", "set_time"});
  Call<v1::ListLegalHoldsRequest, v1::ListLegalHoldsResponse>(group, "list", "ListLegalHolds",
                                                              "Lists the holds that stand, by matter")
      .Option("--matter", "matter", "Of this alone")
      .List("legal_holds", {"matter", "name", "reason", "actor", "set_time"});
}

}  // namespace

void AddComplaintCommands(Command* root) {
  Command* group = root->Add("complaint", "Complaints, from submission to the end");
  AddSubmit(group);
  AddReads(group);
  AddLandlordSteps(group);
  AddResidentSteps(group);
  AddRedact(group);
  Call<v1::LookUpTrackingCodeRequest, v1::LookUpTrackingCodeResponse>(root, "track", "LookUpTrackingCode",
                                                                      "Where the complaint with a tracking code stands")
      .Positional("CODE", "tracking_code", "With or without dashes, in any case")
      .Option("--client", "client", "Whose tries are counted");
  AddPersonCommands(root);
  AddHoldCommands(root);
}

}  // namespace redress::ctl
