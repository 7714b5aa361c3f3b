// simulate: a landlord's year in a directory of its own, or load against a running server
#include <initializer_list>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "services/redressctl/commands.h"
#include "services/redressctl/exit_codes.h"
#include "services/redressctl/number_argument.h"
#include "services/redressctl/session.h"
#include "services/redressctl/simulate/simulate_command.h"

namespace redress::ctl {
namespace {

struct Arguments {
  Argument* dir;
  Argument* homes;
  Argument* days;
  Argument* seed;
  Argument* until;
  Argument* config;
  Argument* setup;
  Argument* shards;
  Argument* target;
  Argument* rate;
  Argument* seconds;
};

// Options of the other use of the command are no options of this one.
void Refuse(std::initializer_list<const Argument*> arguments, absl::string_view why,
            std::vector<FieldViolation>* violations) {
  for (const Argument* argument : arguments) {
    if (argument->given()) violations->push_back({argument->names, std::string(why)});
  }
}

void ShowCounts(const simulate::RunCounts& counts, Session& session) {
  if (session.json()) {
    session.printer().Line(absl::StrFormat(
        R"({"submitted":%d,"visitsBooked":%d,"visitsDone":%d,"noAccess":%d,"resolvedByDesk":%d,"contested":%d,"confirmed":%d,"withdrawn":%d,"calls":%d,"refused":%d,"retried":%d})",
        counts.submitted, counts.visits_booked, counts.visits_done, counts.no_access, counts.resolved_by_desk,
        counts.contested, counts.confirmed, counts.withdrawn, counts.calls, counts.refused, counts.retried));
    return;
  }
  TextTable table({"what", "count"}, {TextTable::Align::kLeft, TextTable::Align::kRight});
  for (const auto& [what, count] :
       {std::pair("complaints", counts.submitted), std::pair("visits booked", counts.visits_booked),
        std::pair("visits done", counts.visits_done), std::pair("no access", counts.no_access),
        std::pair("resolved by desks", counts.resolved_by_desk), std::pair("contested", counts.contested),
        std::pair("confirmed", counts.confirmed), std::pair("withdrawn", counts.withdrawn),
        std::pair("calls", counts.calls)}) {
    table.Add({what, absl::StrCat(count)});
  }
  session.printer().Table(table);
}

absl::Status RunYear(const Arguments& arguments, Session& session) {
  std::vector<FieldViolation> violations;
  simulate::SimulateOptions options;
  options.dir = arguments.dir->value();
  Refuse({arguments.rate, arguments.seconds}, "goes with --target alone", &violations);
  if (options.dir.empty()) violations.push_back({"--data", "is missing: the landlord needs a directory of its own"});
  options.homes = ReadNumber(*arguments.homes, 11000, simulate::kLeastHomes, simulate::kMostHomes, &violations);
  options.days = ReadNumber(*arguments.days, 365, 1, simulate::kMostDays, &violations);
  options.seed = ReadNumber<uint64_t>(*arguments.seed, 1, 0, uint64_t{1} << 52, &violations);
  options.shard_count = ReadNumber<uint32_t>(*arguments.shards, 4, 1, 1024, &violations);
  options.config_dir = arguments.config->value();
  options.until = ReadInstant(*arguments.until, 0, session.zone(), &violations);
  if (options.until > session.Now()) violations.push_back({"--until", "lies in the future"});
  if (!violations.empty()) return Usage(InvalidFields(violations));
  simulate::Setup setup;
  if (arguments.setup->given()) {
    auto loaded = simulate::LoadSetup(arguments.setup->value(), arguments.homes->given() ? options.homes : 0,
                                      arguments.days->given() ? options.days : 0);
    if (!loaded.ok()) return Usage(loaded.status());
    setup = *std::move(loaded);
    options.homes = setup.choices.homes();
    options.days = setup.choices.days();
    options.setup = &setup;
  }
  Progress progress = session.MakeProgress();
  options.progress = [&progress](int done, int all) {
    progress.Show(static_cast<double>(done) / all, absl::StrCat("day ", done, " of ", all));
  };
  ASSIGN_OR_RETURN(const simulate::RunCounts counts, simulate::SimulateLandlord(options));
  progress.Clear();
  ShowCounts(counts, session);
  return simulate::CheckAnswers(counts);
}

absl::Status RunLoad(const Arguments& arguments, Session& session) {
  std::vector<FieldViolation> violations;
  simulate::LoadOptions options;
  Refuse({arguments.dir, arguments.homes, arguments.days, arguments.until, arguments.config, arguments.shards,
          arguments.setup},
         "does not go with --target", &violations);
  options.target = arguments.target->value();
  options.rate = ReadNumber(*arguments.rate, 20.0, 0.01, 100000.0, &violations);
  options.seconds = ReadNumber(*arguments.seconds, 30, 1, 3600, &violations);
  options.seed = ReadNumber<uint64_t>(*arguments.seed, 1, 0, uint64_t{1} << 52, &violations);
  options.token = session.token();
  if (!violations.empty()) return Usage(InvalidFields(violations));
  Progress progress = session.MakeProgress();
  options.progress = [&progress](int64_t sent, int64_t answered, int64_t all) {
    progress.Show(static_cast<double>(sent) / static_cast<double>(all),
                  absl::StrCat(sent, " of ", all, " sent, ", answered, " answered"));
  };
  ASSIGN_OR_RETURN(const simulate::LoadReport report, simulate::SendLoad(options));
  progress.Clear();
  if (session.json()) {
    session.printer().Line(absl::StrFormat(R"({"sent":%d,"ok":%d,"failed":%d,"seconds":%.3f,"p50Ms":%d,"p99Ms":%d})",
                                           report.sent, report.ok, report.failed, report.seconds, report.p50,
                                           report.p99));
  } else {
    session.printer().Line(absl::StrFormat("%d sent, %d answered well, %d not, in %.1f s; p50 %d ms, p99 %d ms",
                                           report.sent, report.ok, report.failed, report.seconds, report.p50,
                                           report.p99));
    for (const auto& [what, times] : report.errors) session.printer().Line(absl::StrCat("  ", times, " × ", what));
  }
  if (report.failed == 0) return absl::OkStatus();
  return MakeError(absl::StatusCode::kUnavailable, "CALLS_FAILED",
                   absl::StrCat(report.failed, " of ", report.sent, " calls failed"));
}

}  // namespace

void AddSimulateCommand(Command* root) {
  Command* command =
      root->Add("simulate", "Lives a landlord's year in a directory of its own, or loads a running server");
  Arguments arguments;
  arguments.dir = command->Option("--data", "DIR", "A new directory for the landlord's log");
  arguments.homes = command->Option("--homes", "N", "Dwellings; default 11000");
  arguments.days = command->Option("--days", "N", "How long; default 365");
  arguments.seed = command->Option("--seed", "N", "The same seed and end give the same figures; default 1");
  arguments.until = command->Option("--until", "WHEN", "When the time ends; default last midnight UTC");
  arguments.config = command->Option("--config", "DIR", "The starter set");
  arguments.setup =
      command->Option("--setup", "FILE", "Under this set-up, as judge lives it; --homes and --days go before its own")
          ->File();
  arguments.shards = command->Option("--shards", "N", "Shards a service, a power of two; default 4");
  arguments.target = command->Option("--target", "HOST:PORT", "Sends complaints to this server in real time instead");
  arguments.rate = command->Option("--rate", "N", "With --target: complaints a second; default 20");
  arguments.seconds = command->Option("--seconds", "N", "With --target: for how long; default 30");
  command->SetRun([arguments](Session& session) {
    return arguments.target->given() ? RunLoad(arguments, session) : RunYear(arguments, session);
  });
  AddJudgeCommand(command);
}

}  // namespace redress::ctl
