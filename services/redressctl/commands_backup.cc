// backup NAME, restore BACKUP DIR, master-key new|add|list|drop
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/privacy/master_key.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "redress/admin/v1/admin_service.pb.h"
#include "services/redressctl/call_command.h"
#include "services/redressctl/commands.h"
#include "services/redressctl/exit_codes.h"
#include "services/redressctl/restore.h"
#include "services/redressctl/times.h"

namespace redress::ctl {
namespace {

namespace v1 = ::redress::admin::v1;

constexpr char kService[] = "redress.admin.v1.AdminService";

struct RestoreArguments {
  Argument* backup;
  Argument* dir;
  Argument* erasures;
  Argument* none;
};

// One line. As proto JSON has it: names in camel case, 64-bit numbers and times as text.
std::string Dump(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string AsJson(const RestoreReport& report, calendar::Zone zone) {
  return Dump({{"installation", report.installation},
               {"madeTime", FormatInstant(report.made_at, zone)},
               {"oldLogId", report.old_log_id},
               {"newLogId", report.new_log_id},
               {"decisions", absl::StrCat(report.decisions)},
               {"destroyed", absl::StrCat(report.destroyed)},
               {"erasedSince", report.erased_since},
               {"masterKeyIds", report.master_keys}});
}

absl::Status RunRestore(const RestoreArguments& arguments, Session& session) {
  if (arguments.erasures->given() == arguments.none->set()) {
    return Usage(
        "say what was erased since: --erasures FILE, or --nobody-was-erased. Without the list they would come back");
  }
  RestoreOptions options;
  options.backup = arguments.backup->value();
  options.dir = std::string(absl::StripSuffix(arguments.dir->value(), "/"));
  options.erasures = arguments.erasures->value();
  options.clock = session.environment().clock;
  options.ids = session.environment().ids;
  ASSIGN_OR_RETURN(const RestoreReport report, Restore(options));
  Printer& printer = session.printer();
  if (printer.json()) {
    printer.Line(AsJson(report, session.zone()));
    return absl::OkStatus();
  }
  printer.Line(Printable(absl::StrCat(report.decisions, " decisions of log ", report.old_log_id, " are log ",
                                      report.new_log_id, " in ", options.dir)));
  printer.Line(absl::StrCat("the backup was made ", FormatInstant(report.made_at, session.zone())));
  printer.Line(absl::StrCat(report.destroyed, " keys were destroyed again"));
  for (const std::string& id : report.master_keys) {
    printer.Line(Printable(absl::StrCat("the server needs master key ", id)));
  }
  for (const std::string& name : report.erased_since) {
    printer.Line(Printable(absl::StrCat("erased after the backup: ", name)));
  }
  printer.Line("Cursors and positions of the old log are refused (ANOTHER_LOG): subscribers begin again.");
  session.Note(
      "legal holds that were set after the backup are not in it: `redressctl hold set` them again within a day");
  if (!report.erased_since.empty()) {
    session.Note("nobody reads them again; `redressctl person erase` each of the people, so that the log says so");
  }
  return absl::OkStatus();
}

absl::StatusOr<MasterKeys> WithNewKey(const MasterKeys& keys, Session& session) {
  std::vector<MasterKey> all;
  all.push_back(MakeMasterKey(*session.environment().ids, session.Now()));
  all.insert(all.end(), keys.all().begin(), keys.all().end());
  return MasterKeys(std::move(all));
}

void Show(const MasterKeys& keys, Session& session) {
  Printer& printer = session.printer();
  bool current = true;
  for (const MasterKey& key : keys.all()) {
    const std::string made = FormatInstant(key.made_at, session.zone());
    printer.Line(printer.json() ? Dump({{"id", key.id}, {"madeTime", made}, {"current", current}})
                                : absl::StrCat(key.id, "  made ", made, current ? "  current" : "  earlier"));
    current = false;
  }
}

absl::Status NewFile(const std::string& file, Session& session) {
  std::error_code error;
  const bool there = std::filesystem::exists(file, error);
  if (error) return Usage(absl::StrCat(file, ": ", error.message()));
  if (there) return Usage(absl::StrCat(file, " is there already; `master-key add` puts a new key into it"));
  ASSIGN_OR_RETURN(const MasterKeys keys, WithNewKey(MasterKeys(), session));
  RETURN_IF_ERROR(SaveMasterKeys(file, keys));
  Show(keys, session);
  return absl::OkStatus();
}

absl::Status AddKey(const std::string& file, Session& session) {
  ASSIGN_OR_RETURN(MasterKeys keys, LoadMasterKeys(file));
  ASSIGN_OR_RETURN(keys, WithNewKey(keys, session));
  RETURN_IF_ERROR(SaveMasterKeys(file, keys));
  Show(keys, session);
  return absl::OkStatus();
}

absl::Status DropKey(const std::string& file, const std::string& id, Session& session) {
  ASSIGN_OR_RETURN(const MasterKeys keys, LoadMasterKeys(file));
  if (keys.Find(id) == nullptr) return Usage(absl::StrCat(file, " holds no master key ", id));
  if (keys.current()->id == id) {
    return Usage(absl::StrCat(id, " is the current one: add another and rotate first"));
  }
  std::vector<MasterKey> kept;
  for (const MasterKey& key : keys.all()) {
    if (key.id != id) kept.push_back(key);
  }
  const MasterKeys left(std::move(kept));
  RETURN_IF_ERROR(SaveMasterKeys(file, left));
  Show(left, session);
  return absl::OkStatus();
}

void AddMasterKeyCommands(Command* root) {
  Command* group = root->Add("master-key", "The file of the key that wraps the keys of personal data");
  const auto add = [group](const char* name, const char* summary, absl::Status (*run)(const std::string&, Session&)) {
    Command* command = group->Add(name, summary);
    Argument* file = command->Positional("FILE", "The master key file")->Required();
    command->SetRun([file, run](Session& session) { return run(file->value(), session); });
    return command;
  };
  add("new", "Makes the file with a first key", NewFile);
  add("add", "Puts a new key in front; `admin rotate-master-key` goes over to it", AddKey)
      ->SetNotes(
          "Every 30 days: master-key add, admin rotate-master-key, and 30 days later master-key drop of the earlier "
          "one.\nWhat was erased is then out of reach in every backup older than that.");
  add("list", "Ids and times of its keys", [](const std::string& file, Session& session) -> absl::Status {
    ASSIGN_OR_RETURN(const MasterKeys keys, LoadMasterKeys(file));
    Show(keys, session);
    return absl::OkStatus();
  });
  Command* drop = group->Add("drop", "Destroys an earlier key: backups that it wraps open nothing any more");
  Argument* file = drop->Positional("FILE", "The master key file")->Required();
  Argument* id = drop->Positional("ID", "As listed; never the current one")->Required();
  drop->SetRun([file, id](Session& session) { return DropKey(file->value(), id->value(), session); });
}

}  // namespace

void AddBackupCommands(Command* root) {
  CallCommand(root, "backup", "Copies log and keys of a running server into a directory of its own, and reads the copy",
              MakeRpc<v1::CreateBackupRequest, v1::CreateBackupResponse>(kService, "CreateBackup"))
      .Positional("NAME", "backup_id", "What it is to be called, under the server's --backups")
      .Patient();
  Command* restore = root->Add("restore", "Makes a data directory from a backup, on this machine");
  RestoreArguments arguments;
  arguments.backup = restore->Positional("BACKUP", "Directory of the backup")->Required();
  arguments.dir = restore->Positional("DIR", "The data directory to make")->Required();
  arguments.erasures = restore->Option("--erasures", "FILE", "List of what was erased since the backup")->File();
  arguments.none = restore->Flag("--nobody-was-erased", "There is no such list, and nobody was");
  restore->SetNotes(
      "The log gets a new id: cursors and positions of the old one are refused, and subscribers begin again.\n"
      "The master key is not in a backup; redress-standalone needs its file.\n"
      "Legal holds that were set after the backup are not in it: set them again within a day; until then nothing is\n"
      "erased by itself.");
  restore->SetRun([arguments](Session& session) { return RunRestore(arguments, session); });
  AddMasterKeyCommands(root);
}

}  // namespace redress::ctl
