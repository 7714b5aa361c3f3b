#include "services/redressctl/simulate/judge.h"

#include <stdlib.h>

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/clock/system_clock.h"
#include "libs/service/requests.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "services/redressctl/simulate/comparison.h"
#include "services/redressctl/simulate/figures.h"
#include "services/redressctl/simulate/simulate_command.h"

namespace redress::simulate {
namespace {

// A directory that goes with its owner.
class WorkDir {
 public:
  // Inside `parent`, or where the system keeps such.
  explicit WorkDir(const std::string& parent) {
    std::error_code error;
    std::filesystem::path above = parent;
    if (parent.empty()) above = std::filesystem::temp_directory_path(error);
    path_ = (above / "redress-judge.XXXXXX").string();
    if (error || ::mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  ~WorkDir() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  WorkDir(const WorkDir&) = delete;
  WorkDir& operator=(const WorkDir&) = delete;

  // Empty when none could be made.
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

absl::StatusOr<Figures> Live(const Setup& setup, int64_t seed, const JudgeOptions& options,
                             std::function<void(int, int)> progress) {
  const WorkDir dir(options.work_dir);
  if (dir.path().empty()) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "DATA_DIR",
                     "no temporary directory can be made: $TMPDIR says where");
  }
  Figures figures;
  SimulateOptions year;
  year.homes = setup.choices.homes();
  year.days = setup.choices.days();
  year.seed = static_cast<uint64_t>(seed);
  year.until = options.until;
  year.dir = dir.path() + "/landlord";
  year.config_dir = options.config_dir;
  year.setup = &setup;
  year.progress = std::move(progress);
  year.stop = options.stop;
  year.at_end = [&](const LandlordModel& model, rpc::Client* client, FakeExecutor* executor) -> absl::Status {
    ASSIGN_OR_RETURN(figures, AskFigures(model, setup.choices.travel().detour_factor(), client, executor));
    return absl::OkStatus();
  };
  ASSIGN_OR_RETURN(const RunCounts counts, SimulateLandlord(year));
  RETURN_IF_ERROR(CheckAnswers(counts));
  return figures;
}

}  // namespace

absl::StatusOr<v1::Judgement> Judge(const JudgeOptions& given) {
  JudgeOptions options = given;
  // Once, so that a midnight between two seeds changes nothing.
  if (options.until == 0) options.until = SystemClock().Now() / kDay * kDay;
  const int runs = options.seeds * (options.against.has_value() ? 2 : 1);
  int run = 0;
  const auto live = [&](const Setup& setup, int64_t seed) -> absl::StatusOr<Figures> {
    const std::string what = absl::StrCat(setup.choices.title(), ", seed ", seed);
    auto figures = Live(setup, seed, options, [&](int day, int days) {
      if (!options.progress) return;
      options.progress((run + static_cast<double>(day) / days) / runs,
                       absl::StrCat(what, ": day ", day, " of ", days, " (", run + 1, " of ", runs, ")"));
    });
    ++run;
    if (!figures.ok()) return Annotate(figures.status(), what);
    return figures;
  };
  std::vector<SeedFigures> seeds;
  for (int i = 0; i < options.seeds; ++i) {
    SeedFigures& seed = seeds.emplace_back();
    seed.seed = options.first_seed + i;
    ASSIGN_OR_RETURN(seed.setup, live(options.setup, seed.seed));
    if (options.against.has_value()) {
      ASSIGN_OR_RETURN(seed.against, live(*options.against, seed.seed));
    }
  }
  v1::Judgement judgement;
  judgement.set_setup(options.setup.choices.title());
  if (options.against.has_value()) judgement.set_against(options.against->choices.title());
  judgement.set_homes(options.setup.choices.homes());
  judgement.set_days(options.setup.choices.days());
  *judgement.mutable_end_time() = service::WriteTime(options.until);
  judgement.set_first_seed(options.first_seed);
  judgement.set_seeds(options.seeds);
  for (v1::Figure& figure : Compare(seeds)) *judgement.add_figures() = std::move(figure);
  return judgement;
}

}  // namespace redress::simulate
