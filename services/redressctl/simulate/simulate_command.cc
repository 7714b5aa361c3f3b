#include "services/redressctl/simulate/simulate_command.h"

#include <sys/stat.h>

#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/auth/authenticator.h"
#include "libs/calendar/zone.h"
#include "libs/clock/fake_clock.h"
#include "libs/clock/system_clock.h"
#include "libs/log/embedded/embedded_log.h"
#include "libs/privacy/made_ahead_key_store.h"
#include "libs/privacy/rocksdb/rocksdb_key_rows.h"
#include "libs/rpc/local_client.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "libs/store/buffered_database.h"
#include "services/redressctl/simulate/landlord_setup.h"
#include "services/standalone/projection_dirs.h"

namespace redress::simulate {
namespace {

// Before the year begins there is time to enter the register.
constexpr Millis kSetUpTime = kHour;
constexpr int kKeyBatch = 4096;

// Destroyed from the last member to the first; nothing runs on the executor by then.
struct Landlord {
  explicit Landlord(Millis begins, uint64_t seed) : clock(begins), executor(&clock), ids(seed) {}

  FakeClock clock;
  FakeExecutor executor;
  SeededIdSource ids;
  std::unique_ptr<log::EmbeddedLog> log;
  std::unique_ptr<RocksDbKeyRows> key_rows;
  std::unique_ptr<MadeAheadKeyStore> keys;
  std::unique_ptr<FileReadAudit> audit;
  std::unique_ptr<ProjectionDirs> projections;
  std::vector<std::shared_ptr<store::BufferedDatabase>> buffers;
  std::unique_ptr<Node> node;
  NoAuth authenticator;
  std::unique_ptr<rpc::LocalClient> client;

  absl::Status Open(const SimulateOptions& options);
  // What a simulated day brought, to the disk.
  absl::Status EndDay();
};

absl::Status Landlord::Open(const SimulateOptions& options) {
  // Keys lie in it.
  umask(077);
  std::error_code error;
  std::filesystem::create_directories(options.dir, error);
  if (error) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "DATA_DIR",
                     absl::StrCat(options.dir, ": ", error.message()));
  }
  if (std::filesystem::exists(options.dir + "/log")) {
    return MakeError(
        absl::StatusCode::kFailedPrecondition, "NOT_EMPTY",
        absl::StrCat(options.dir, " holds a log already; a simulated landlord needs a directory of its own"));
  }
  log::EmbeddedLogOptions log_options;
  log_options.dir = options.dir + "/log";
  log_options.clock = &clock;
  log_options.executor = &executor;
  log_options.ids = &ids;
  log_options.installation = "simulated";
  log_options.shard_count = options.shard_count;
  log_options.sync = false;
  ASSIGN_OR_RETURN(log, log::EmbeddedLog::Open(log_options));
  ASSIGN_OR_RETURN(key_rows, RocksDbKeyRows::Open({.path = options.dir + "/keys", .installation = "simulated"}));
  keys = std::make_unique<MadeAheadKeyStore>(key_rows.get(), &ids, &clock, kKeyBatch);
  ASSIGN_OR_RETURN(audit, FileReadAudit::Open(options.dir + "/audit.log", &clock));
  projections = std::make_unique<ProjectionDirs>(options.dir);
  NodeOptions node_options;
  node_options.instance = "simulated";
  // They help a restart, and nothing restarts within the year; most of its records would be positions.
  node_options.position_after = kDay;
  ASSIGN_OR_RETURN(node_options.tzdata_version, calendar::TzdataVersion());
  for (const log::Stream stream : log::kAllStreams) {
    bool fresh = false;
    ASSIGN_OR_RETURN(const auto rows, projections->OpenCurrent(stream, Node::ProjectionVersion(stream), &fresh));
    buffers.push_back(std::make_shared<store::BufferedDatabase>(rows));
    node_options.databases[stream] = buffers.back();
  }
  node_options.log = log.get();
  node_options.clock = &clock;
  node_options.ids = &ids;
  node_options.executors = {&executor};
  node_options.aside = &executor;
  node_options.keys = keys.get();
  node_options.audit = audit.get();
  node_options.projections = projections.get();
  node = std::make_unique<Node>(std::move(node_options));
  node->Start(/*own_all=*/true);
  client = std::make_unique<rpc::LocalClient>(node->services(), &authenticator, &clock);
  return absl::OkStatus();
}

absl::Status Landlord::EndDay() {
  RETURN_IF_ERROR(log->Sync());
  for (const auto& rows : buffers) RETURN_IF_ERROR(rows->Flush());
  return keys->Replenish();
}

// Runs the executor until `status` is there, or an hour of simulated time has passed.
absl::Status Await(FakeExecutor* executor, const std::optional<absl::Status>& status, const char* what) {
  for (int i = 0; i < 3600 && !status.has_value(); ++i) executor->RunFor(kSecond / 2);
  if (status.has_value()) return *status;
  return MakeError(absl::StatusCode::kInternal, "SIMULATION_STUCK", absl::StrCat(what, " was never answered"));
}

}  // namespace

absl::StatusOr<RunCounts> SimulateLandlord(const SimulateOptions& options) {
  LandlordOptions model_options{options.homes, options.days, options.seed, options.until};
  if (model_options.until == 0) model_options.until = SystemClock().Now() / kDay * kDay;
  if (options.setup != nullptr) {
    model_options.staffing = options.setup->choices.staffing();
    model_options.rules = options.setup->rules;
  }
  const LandlordModel model(model_options);
  ASSIGN_OR_RETURN(const std::string config, reference::FindConfigDir(options.config_dir));
  ASSIGN_OR_RETURN(reference::StarterSet starter, reference::LoadStarterSet(config));
  if (options.setup != nullptr) starter = StarterFor(*options.setup, std::move(starter));
  ASSIGN_OR_RETURN(const std::string tzdata, calendar::TzdataVersion());

  Landlord landlord(model.begins() - kSetUpTime, options.seed);
  RETURN_IF_ERROR(landlord.Open(options));
  std::optional<absl::Status> status;
  SetUpLandlord(landlord.node.get(), model, starter, tzdata, [&](absl::Status done) { status = done; });
  RETURN_IF_ERROR(Await(&landlord.executor, status, "the register's set-up"));
  const v1::Setup* choices = options.setup == nullptr ? nullptr : &options.setup->choices;
  const calendar::WorkingCalendar desk = choices == nullptr ? DeskCalendar() : DeskCalendarOf(choices->desk());
  LandlordRun run(&model, landlord.client.get(), &landlord.clock, &landlord.executor, &desk, options.seed, choices);
  status.reset();
  run.RegisterTechnicians([&](absl::Status done) { status = done; });
  RETURN_IF_ERROR(Await(&landlord.executor, status, "the technicians' registration"));
  landlord.executor.RunFor(model.begins() - landlord.clock.Now());
  run.Begin();
  for (int day = 1; day <= options.days; ++day) {
    landlord.executor.RunFor(model.begins() + day * kDay - landlord.clock.Now());
    RETURN_IF_ERROR(landlord.EndDay());
    if (options.progress) options.progress(day, options.days);
    if (options.stop && options.stop()) {
      return MakeError(absl::StatusCode::kCancelled, "STOPPED",
                       absl::StrCat("it was stopped after ", day, " of ", options.days, " days"));
    }
  }
  if (options.at_end) RETURN_IF_ERROR(options.at_end(model, landlord.client.get(), &landlord.executor));
  return run.counts();
}

}  // namespace redress::simulate
