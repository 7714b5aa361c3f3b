// register territory|organisation|rules|pack|pack-rules|calendar FILE, tzdata VERSION, get, list, places
#include <google/protobuf/text_format.h>

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/reference/territory_check.h"
#include "libs/reference/territory_csv.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "redress/register/v1/register_service.pb.h"
#include "services/redressctl/call_command.h"
#include "services/redressctl/commands.h"
#include "services/redressctl/exit_codes.h"
#include "services/redressctl/fields.h"
#include "services/redressctl/message_file.h"

namespace redress::ctl {
namespace {

namespace v1 = ::redress::register_::v1;

constexpr char kService[] = "redress.register.v1.RegisterService";
constexpr char kActiveHelp[] = "From when it holds; else from now, and a first version always has";
// Below the 4 MiB that a server takes.
constexpr size_t kPageBytes = 1 << 20;

template <typename Request, typename Response>
CallCommand Call(Command* group, std::string name, absl::string_view method, std::string summary) {
  return CallCommand(group, std::move(name), std::move(summary), MakeRpc<Request, Response>(kService, method));
}

// The version without the position, which a person wants last.
void ShowResult(const google::protobuf::Message& reply, Printer& printer) {
  const auto* field = reply.GetDescriptor()->FindFieldByName("result");
  const auto& result = static_cast<const v1::SetResult&>(reply.GetReflection()->GetMessage(reply, field));
  printer.Line(result.unchanged() ? "in force already: nothing was recorded" : "recorded");
  printer.Fields(result.version());
  for (const auto& warning : result.warnings()) printer.Line(absl::StrCat("warning: ", Printable(warning)));
  printer.Line(absl::StrCat("etag  ", result.etag()));
  if (result.has_position()) printer.Line(absl::StrCat("position  ", printer.Format(result, "position")));
}

// Loads FILE into the field `content` of the request.
template <typename Request, typename Response>
void AddSet(Command* group, std::string name, absl::string_view method, const char* content, std::string summary) {
  CallCommand command = Call<Request, Response>(group, std::move(name), method, std::move(summary));
  Argument* file = command.ExtraPositional("FILE", "Text format, or JSON if it ends in .json")->File();
  command.Option("--active", "active_time", kActiveHelp)
      .ShowWith(ShowResult)
      .Before([file, content](google::protobuf::Message* request, Session& session) {
        const auto* field = request->GetDescriptor()->FindFieldByName(content);
        return LoadMessage(file->value(), *session.environment().in,
                           request->GetReflection()->MutableMessage(request, field));
      });
}

absl::StatusOr<v1::Territory> LoadTerritory(const std::string& path, std::istream& in) {
  if (absl::EndsWith(path, ".json") || absl::EndsWith(path, ".textproto")) {
    v1::Territory territory;
    RETURN_IF_ERROR(LoadMessage(path, in, &territory));
    return territory;
  }
  ASSIGN_OR_RETURN(const std::string text, ReadText(path, in));
  auto territory = reference::ParseTerritoryCsv(text);
  if (!territory.ok()) return Usage(Annotate(territory.status(), path));
  return territory;
}

struct TerritoryArguments {
  Argument* file;
  Argument* active;
  Argument* request_id;
};

absl::Status UploadTerritory(const TerritoryArguments& arguments, Session& session) {
  ASSIGN_OR_RETURN(const v1::Territory territory, LoadTerritory(arguments.file->value(), *session.environment().in));
  v1::UploadTerritoryRequest head;
  head.set_request_id(arguments.request_id->given() ? arguments.request_id->value() : session.NewRequestId());
  if (arguments.active->given()) {
    const absl::Status set = SetField(&head, "active_time", arguments.active->value(), session.zone());
    if (!set.ok()) return Usage(Annotate(set, "--active"));
  }
  std::vector<v1::Territory> pages = reference::Split(territory, kPageBytes);
  if (pages.empty()) pages.emplace_back();
  const auto stream = session.client().Open(absl::StrCat(kService, "/UploadTerritory"), session.Options(0));
  Progress progress = session.MakeProgress();
  for (size_t i = 0; i < pages.size(); ++i) {
    v1::UploadTerritoryRequest request = i == 0 ? head : v1::UploadTerritoryRequest();
    *request.mutable_territory() = std::move(pages[i]);
    request.set_complete(i + 1 == pages.size());
    if (!stream->Write(request)) break;
    progress.Show(static_cast<double>(i + 1) / static_cast<double>(pages.size()), "sent");
  }
  stream->WritesDone();
  v1::UploadTerritoryResponse reply;
  const bool answered = stream->Read(&reply);
  RETURN_IF_ERROR(stream->Finish());
  if (!answered) return MakeError(absl::StatusCode::kInternal, "NO_ANSWER", "the server ended without an answer");
  progress.Clear();
  if (session.printer().json()) {
    session.printer().Json(reply);
  } else {
    ShowResult(reply, session.printer());
  }
  return absl::OkStatus();
}

void AddTerritory(Command* group) {
  Command* command =
      group->Add("territory", "Enters agencies, offices, residences and units: what the file leaves out is gone");
  TerritoryArguments arguments;
  arguments.file = command->Positional("FILE", "CSV (kind,code,name,…), or .textproto, or .json")->Required()->File();
  arguments.active = command->Option("--active", "TIME", kActiveHelp);
  arguments.request_id =
      command->Option("--request-id", "REQUEST_ID", "Makes it safe to run this again; else a new one");
  command->SetRun([arguments](Session& session) { return UploadTerritory(arguments, session); });
}

// As the commands that enter it are called, too.
std::string KindOf(const std::string& given) {
  if (given == "rules") return "rule_set";
  if (given == "pack") return "obligation_pack";
  return given;
}

const std::vector<std::string>& Kinds() {
  static const auto* const kinds =
      new std::vector<std::string>{"territory", "organisation", "rules", "pack", "pack-rules", "calendar", "tzdata"};
  return *kinds;
}

// Each of which has an id.
bool IsOneOfMany(absl::string_view kind) { return kind == "pack" || kind == "calendar"; }

CallCommand::Prepare SetKind(const Argument* kind) {
  return [kind](google::protobuf::Message* request, Session& session) -> absl::Status {
    if (!kind->given()) return absl::OkStatus();
    return SetField(request, "kind", KindOf(kind->value()), session.zone());
  };
}

// The content as a file that can be changed and entered again, the version as a comment above it.
void ShowVersion(const google::protobuf::Message& message, Printer& printer) {
  const auto& reply = static_cast<const v1::GetVersionResponse&>(message);
  printer.Line(absl::StrCat("# ", printer.Format(reply, "version")));
  if (!reply.etag().empty()) printer.Line(absl::StrCat("# etag=", reply.etag()));
  const auto* content =
      reply.GetReflection()->GetOneofFieldDescriptor(reply, reply.GetDescriptor()->FindOneofByName("content"));
  // Of tzdata the version says all.
  if (content == nullptr) return;
  std::string text;
  google::protobuf::TextFormat::Printer writer;
  writer.SetUseUtf8StringEscaping(true);
  writer.PrintToString(reply.GetReflection()->GetMessage(reply, content), &text);
  printer.Raw(text);
}

struct DownloadArguments {
  const Argument* version;
  const Argument* as_of;
  const Argument* position;
  const Argument* agency;
  const Argument* csv;
};

// A territory is a stream of its own: too many nodes for one answer.
absl::Status PrintTerritory(const DownloadArguments& arguments, Session& session) {
  v1::DownloadTerritoryRequest request;
  const std::pair<const Argument*, const char*> fields[] = {{arguments.version, "version"},
                                                            {arguments.as_of, "as_of_time"},
                                                            {arguments.position, "position"},
                                                            {arguments.agency, "agency"}};
  for (const auto& [argument, field] : fields) {
    if (!argument->given()) continue;
    const absl::Status set = SetField(&request, field, argument->value(), session.zone());
    if (!set.ok()) return Usage(Annotate(set, argument->names));
  }
  const auto stream =
      session.client().Subscribe(absl::StrCat(kService, "/DownloadTerritory"), request, session.Options(0));
  Printer& printer = session.printer();
  v1::DownloadTerritoryResponse message;
  v1::DownloadTerritoryResponse first;
  v1::Territory territory;
  bool complete = false;
  while (stream->Read(&message)) {
    if (message.has_version()) {
      first = message;
      first.clear_territory();
    }
    complete = message.complete();
    if (printer.json()) {
      printer.Json(message);
    } else {
      reference::Join(message.territory(), &territory);
    }
  }
  RETURN_IF_ERROR(stream->Finish());
  if (!complete) return MakeError(absl::StatusCode::kInternal, "NO_ANSWER", "the server ended before the last node");
  if (first.partial()) session.Note("part of the territory: entered again, all other nodes would be gone");
  if (printer.json()) return absl::OkStatus();
  if (arguments.csv->set()) {
    printer.Raw(reference::FormatTerritoryCsv(territory));
    return absl::OkStatus();
  }
  printer.Line(absl::StrCat("# ", printer.Format(first, "version")));
  std::string text;
  google::protobuf::TextFormat::Printer writer;
  writer.SetUseUtf8StringEscaping(true);
  writer.PrintToString(territory, &text);
  printer.Raw(text);
  return absl::OkStatus();
}

// `register get territory` is a call of another kind than those of all other kinds.
void GetTerritoryToo(Command* get, const Argument* kind) {
  DownloadArguments arguments;
  arguments.version = get->FindOption("--version");
  arguments.as_of = get->FindOption("--as-of");
  arguments.position = get->FindOption("--position");
  arguments.agency = get->Option("--agency", "AGENCY", "Of a territory: what belongs to this agency");
  arguments.csv = get->Flag("--csv", "Of a territory: as a table");
  const Argument* id = get->FindOption("--id");
  const Argument* json = get->FindOption("--json");
  get->SetRun([arguments, kind, id, json, others = get->run()](Session& session) -> absl::Status {
    if (kind->value() == "territory") {
      if (id->given() || json->given()) return Usage("--id and --json are not for a territory: there is one");
      if (arguments.csv->set() && session.json()) return Usage("--csv does not go with -o json");
      return PrintTerritory(arguments, session);
    }
    if (arguments.agency->given() || arguments.csv->set()) return Usage("--agency and --csv are for a territory");
    return others(session);
  });
}

void AddReads(Command* group) {
  CallCommand get = Call<v1::GetVersionRequest, v1::GetVersionResponse>(
      group, "get", "GetVersion", "Prints what is in force, or a version, as a file to be changed and entered again");
  Argument* kind = get.ExtraPositional("KIND", "Of what")->OneOf(Kinds());
  get.Option("--id", "id", "Which pack or calendar")
      .Option("--version", "version", "This version; else what is in force")
      .Option("--as-of", "as_of_time", "In force then; else now")
      .ShowWith(ShowVersion)
      .Before([kind](google::protobuf::Message* request, Session& session) -> absl::Status {
        if (IsOneOfMany(kind->value()) && static_cast<v1::GetVersionRequest*>(request)->id().empty()) {
          return Usage(absl::StrCat("--id is missing: which ", kind->value(), "? `redressctl register list --kind ",
                                    kind->value(), "` shows them"));
        }
        return SetKind(kind)(request, session);
      });
  GetTerritoryToo(group->children().back().get(), kind);
  CallCommand list = Call<v1::ListVersionsRequest, v1::ListVersionsResponse>(group, "list", "ListVersions",
                                                                             "Lists versions of reference data");
  kind = list.Extra("--kind", "KIND", "Of this alone")->OneOf(Kinds());
  list.Option("--id", "id", "Which pack or calendar")
      .Option("--as-of", "as_of_time", "Those in force then alone")
      .List("versions",
            {"kind", "id", "version", "active_time", "recorded_time", "actor", "tzdata", "territory_counts"})
      .Before(SetKind(kind));
  Call<v1::ListPlacesRequest, v1::ListPlacesResponse>(group, "places", "ListPlaces", "Lists residences")
      .Option("--agency", "agency", "Of this agency")
      .Option("--as-of", "as_of_time", "In force then; else now")
      .List("places", {"residence.code", "residence.name", "residence.office", "agency", "residence.commune", "units",
                       "dwellings"});
}

}  // namespace

void AddRegisterCommands(Command* root) {
  Command* group = root->Add("register", "Reference data: versioned, active from an instant");
  AddTerritory(group);
  AddSet<v1::SetOrganisationRequest, v1::SetOrganisationResponse>(group, "organisation", "SetOrganisation",
                                                                  "organisation", "Enters categories, teams and staff");
  AddSet<v1::SetRuleSetRequest, v1::SetRuleSetResponse>(group, "rules", "SetRuleSet", "rule_set",
                                                        "Enters routing rules");
  AddSet<v1::SetObligationPackRequest, v1::SetObligationPackResponse>(group, "pack", "SetObligationPack", "pack",
                                                                      "Enters an obligation pack");
  AddSet<v1::SetPackRulesRequest, v1::SetPackRulesResponse>(group, "pack-rules", "SetPackRules", "pack_rules",
                                                            "Enters which pack applies");
  AddSet<v1::SetCalendarRequest, v1::SetCalendarResponse>(group, "calendar", "SetCalendar", "calendar",
                                                          "Enters a working calendar");
  Call<v1::AdoptTzdataRequest, v1::AdoptTzdataResponse>(group, "tzdata", "AdoptTzdata",
                                                        "Adopts a version of the zone rules")
      .Positional("VERSION", "version", "As 2025b")
      .ShowWith(ShowResult);
  AddReads(group);
}

}  // namespace redress::ctl
