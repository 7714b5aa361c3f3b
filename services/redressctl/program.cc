#include "services/redressctl/program.h"

#include "absl/strings/str_cat.h"
#include "services/redressctl/command_line.h"
#include "services/redressctl/commands.h"
#include "services/redressctl/completion.h"

namespace redress::ctl {
namespace {

void AddVersionCommand(Command* root) {
  root->Add("version", "Prints the version of this program")->SetRun([](Session& session) {
    Printer& printer = session.printer();
    printer.Line(printer.json() ? absl::StrCat("{\"version\":\"", kVersion, "\"}")
                                : absl::StrCat("redressctl ", kVersion));
    return absl::OkStatus();
  });
}

ExitCode Report(const absl::Status& ended, const Session* session, const Environment& environment) {
  if (ended.ok()) return session != nullptr && session->findings() ? kExitFindings : kExitOk;
  const bool json = session != nullptr && session->json();
  *environment.err << (json ? DescribeAsJson(ended) : Describe(ended)) << std::endl;
  return ExitCodeOf(ended);
}

}  // namespace

std::unique_ptr<Command> MakeCommands() {
  auto root = std::make_unique<Command>("redressctl", "The command line of Redress");
  AddComplaintCommands(root.get());
  AddPushCommand(root.get());
  AddImportCommand(root.get());
  AddRegisterCommands(root.get());
  AddRouteCommands(root.get());
  AddVisitCommands(root.get());
  AddClockCommands(root.get());
  AddReportCommands(root.get());
  AddEventsCommand(root.get());
  AddAdminCommands(root.get());
  AddBackupCommands(root.get());
  AddSimulateCommand(root.get());
  AddCompletionCommands(root.get());
  AddVersionCommand(root.get());
  root->SetNotes(absl::StrCat(
      "Times are ISO 8601: 2026-03-01T14:30:00Z, with an offset, or local to --zone without one; a date is its "
      "midnight.\n"
      "With -o json each reply is a line of proto JSON, and an error a google.rpc.Status on the error stream.\n",
      kExitCodesHelp));
  return root;
}

ExitCode RunProgram(const std::vector<std::string>& words, const Environment& environment) {
  const std::unique_ptr<Command> root = MakeCommands();
  const GlobalArguments global(root.get());
  const ParsedLine line = ParseLine(root.get(), words, *environment.out, *environment.err);
  if (line.command == nullptr) return line.exit_code;
  const auto session = Session::Start(environment, global);
  if (!session.ok()) return Report(session.status(), nullptr, environment);
  absl::Status ended = line.command->run()(**session);
  if (!(*session)->printer().Flush() && ended.ok()) {
    ended = absl::UnknownError("the output cannot be written");
  }
  return Report(ended, session->get(), environment);
}

}  // namespace redress::ctl
