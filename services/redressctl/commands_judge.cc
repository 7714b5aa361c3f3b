// simulate judge: what set-ups come to over several seeds
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "services/redressctl/commands.h"
#include "services/redressctl/exit_codes.h"
#include "services/redressctl/held_signals.h"
#include "services/redressctl/judgement_table.h"
#include "services/redressctl/number_argument.h"
#include "services/redressctl/session.h"
#include "services/redressctl/simulate/judge.h"

namespace redress::ctl {
namespace {

struct Arguments {
  Argument* setup;
  Argument* against;
  Argument* seeds;
  Argument* first_seed;
  Argument* homes;
  Argument* days;
  Argument* until;
  Argument* config;
};

absl::Status RunJudge(const Arguments& arguments, const Command& above, Session& session) {
  std::vector<FieldViolation> violations;
  // The parser looks there for what it does not find here.
  for (const auto& argument : above.arguments()) {
    if (argument->given()) violations.push_back({argument->names, "does not go with judge"});
  }
  if (!arguments.setup->given()) violations.push_back({"--setup", "is missing: what is to be judged"});
  simulate::JudgeOptions options;
  options.seeds = ReadNumber(*arguments.seeds, 5, 1, 1000, &violations);
  options.first_seed = ReadNumber<int64_t>(*arguments.first_seed, 1, 0, int64_t{1} << 52, &violations);
  const int homes = ReadNumber(*arguments.homes, 0, simulate::kLeastHomes, simulate::kMostHomes, &violations);
  const int days = ReadNumber(*arguments.days, 0, 1, simulate::kMostDays, &violations);
  options.config_dir = arguments.config->value();
  options.until = ReadInstant(*arguments.until, 0, session.zone(), &violations);
  if (!violations.empty()) return Usage(InvalidFields(violations));
  const auto load = [&](const Argument& argument) -> absl::StatusOr<simulate::Setup> {
    auto setup = simulate::LoadSetup(argument.value(), homes, days);
    if (!setup.ok()) return Usage(setup.status());
    return setup;
  };
  ASSIGN_OR_RETURN(options.setup, load(*arguments.setup));
  if (arguments.against->given()) {
    ASSIGN_OR_RETURN(options.against, load(*arguments.against));
    const auto& one = options.setup.choices;
    const auto& other = options.against->choices;
    if (one.homes() != other.homes() || one.days() != other.days()) {
      return Usage(absl::StrCat("set-ups of different landlords cannot be compared seed by seed: ", one.homes(),
                                " homes and ", one.days(), " days, ", other.homes(), " and ", other.days(),
                                "; --homes and --days hold for both"));
    }
  }
  // Its directories are removed before Ctrl-C ends the process.
  const HeldSignals signals;
  options.stop = [&signals] { return signals.waiting(); };
  Progress progress = session.MakeProgress();
  options.progress = [&progress](double done, absl::string_view what) { progress.Show(done, what); };
  ASSIGN_OR_RETURN(const simulate::v1::Judgement judgement, simulate::Judge(options));
  progress.Clear();
  if (session.json()) {
    session.printer().Json(judgement);
  } else {
    ShowJudgement(judgement, session.printer());
  }
  return absl::OkStatus();
}

}  // namespace

void AddJudgeCommand(Command* simulate) {
  Command* command = simulate->Add("judge", "Lives the same days under a set-up, or two, and says what came of it");
  Arguments arguments;
  arguments.setup = command->Option("--setup", "FILE", "The set-up to be judged")->File();
  arguments.against = command->Option("--against", "FILE", "Another one, compared with it seed by seed")->File();
  arguments.seeds = command->Option("--seeds", "N", "How many landlords, each with its residents and luck; default 5");
  arguments.first_seed = command->Option("--first-seed", "N", "The seed of the first; default 1");
  arguments.homes = command->Option("--homes", "N", "In place of the set-ups'");
  arguments.days = command->Option("--days", "N", "In place of the set-ups'");
  arguments.until = command->Option("--until", "WHEN", "When the time ends; default last midnight UTC");
  arguments.config = command->Option("--config", "DIR", "The starter set");
  command->SetNotes(
      "Differences are the second set-up less the first. Intervals are Student's t on the seeds' figures: they hold "
      "for\n"
      "the simulated landlord, whose rates are plausible and not measured.");
  command->SetRun([arguments, simulate](Session& session) { return RunJudge(arguments, *simulate, session); });
}

}  // namespace redress::ctl
