#include "services/standalone/standalone.h"

#include <sys/resource.h>

#include <atomic>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/auth/authenticator.h"
#include "libs/calendar/zone.h"
#include "libs/clock/system_clock.h"
#include "libs/log/embedded/embedded_log.h"
#include "libs/metrics/prometheus/prometheus_metrics.h"
#include "libs/privacy/made_ahead_key_store.h"
#include "libs/privacy/rocksdb/rocksdb_key_rows.h"
#include "libs/privacy/wrapped_key_rows.h"
#include "libs/rpc/call_metrics.h"
#include "libs/rpc/grpc/server.h"
#include "libs/rpc/listen.h"
#include "libs/runtime/rows.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "services/standalone/business_metrics.h"
#include "services/standalone/node_watch.h"
#include "services/standalone/projection_dirs.h"
#include "services/standalone/safekeeping.h"
#include "services/standalone/shard_metrics.h"

namespace redress {
namespace {

constexpr Millis kWatch = 200;
// Until a starter set that could not be kept is entered again.
constexpr Millis kAskAgain = 5 * kSecond;
constexpr Millis kReplenishKeys = 2 * kSecond;
// Until look-ups are asked whether the month's index key is another, and keys of months before whether they are over.
constexpr Millis kTendKeys = kMinute;
// Of seven stores while one is rebuilt, the audit, sockets, and some connections.
constexpr rlim_t kFewestFileDescriptors = 256;

// A connection takes one, and a log that cannot open its next file is over: so we take as many as we may have. What
// shells and supervisors set is the soft limit, made for programs that select().
absl::Status RaiseFileDescriptors() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return absl::OkStatus();
  if (limit.rlim_max < kFewestFileDescriptors) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "FILE_DESCRIPTORS",
                     absl::StrCat("this process may open ", limit.rlim_max, " files and connections, and needs ",
                                  kFewestFileDescriptors, " at least: ulimit -n, or LimitNOFILE of its unit"));
  }
  limit.rlim_cur = limit.rlim_max;
  // Refused: then it is as it was.
  setrlimit(RLIMIT_NOFILE, &limit);
  return absl::OkStatus();
}

// Whether a projection knows of more than the log has: a disk lost what it had said was safe. Says of each shard how
// much.
bool IsAhead(log::Log* log, log::Stream stream, const store::Database& database, Logger* logger) {
  bool ahead = false;
  for (uint32_t shard = 0; shard < log->info().ShardsOf(stream); ++shard) {
    const int64_t next = runtime::LoadRuleState(database, static_cast<uint16_t>(shard)).next_offset;
    std::vector<log::Entry> entries;
    const absl::Status read = log->Tail({stream, shard}, next)->Read(1, &entries);
    if (!absl::IsOutOfRange(read)) continue;
    ahead = true;
    logger->Error("projection_ahead_of_log",
                  {{"service", log::StreamName(stream)},
                   {"shard", static_cast<int64_t>(shard)},
                   {"next", next},
                   {"message", absl::StrCat("records that were durable are gone: ", read.message())}});
  }
  return ahead;
}

}  // namespace

// Destroyed from the last member to the first: the server before the services, those before the strands, those before
// the files.
struct Standalone::Parts {
  StandaloneOptions options;
  SystemClock clock;
  SystemIdSource ids;
  std::unique_ptr<ThreadExecutor> committer = std::make_unique<ThreadExecutor>();
  std::unique_ptr<log::EmbeddedLog> log;
  MasterKeys master_keys;
  std::unique_ptr<RocksDbKeyRows> key_rows;
  std::unique_ptr<ErasureList> erasures;
  std::unique_ptr<WrappedKeyRows> wrapped_rows;
  std::unique_ptr<MadeAheadKeyStore> keys;
  std::unique_ptr<FileReadAudit> audit;
  std::unique_ptr<ProjectionDirs> projections;
  std::unique_ptr<Authenticator> authenticator;
  PrometheusMetrics metrics;
  rpc::CallMetrics call_metrics{&metrics};
  std::vector<std::unique_ptr<ThreadExecutor>> strands;
  std::unique_ptr<ThreadExecutor> aside = std::make_unique<ThreadExecutor>();
  std::unique_ptr<ThreadExecutor> heavy = std::make_unique<ThreadExecutor>();
  std::unique_ptr<ThreadExecutor> keeper = std::make_unique<ThreadExecutor>();
  std::unique_ptr<Safekeeping> safekeeping;
  std::optional<reference::StarterSet> starter;
  std::string tzdata;
  std::unique_ptr<Node> node;
  std::unique_ptr<NodeWatch> watch;
  std::unique_ptr<ShardMetrics> shard_metrics;
  std::unique_ptr<BusinessMetrics> business_metrics;
  std::unique_ptr<rpc::Server> server;
  std::unique_ptr<MetricsEndpoint> endpoint;
  std::atomic<bool> stopping{false};
  bool starter_asked = false;  // Watch's own

  absl::Status Prepare();
  absl::Status LoadStarterSet();
  absl::Status OpenLog();
  absl::Status OpenKeys();
  absl::Status OpenNode();
  absl::Status Serve();
  absl::Status AppendStarterSet();
  void Watch();
  void ReplenishKeys();
  void TendIndexKeys();
};

// Everything that can refuse a start without a look at the data: nothing is made before it has passed.
absl::Status Standalone::Parts::Prepare() {
  RETURN_IF_ERROR(RaiseFileDescriptors());
  const bool has_principals = !options.principals_file.empty();
  RETURN_IF_ERROR(CheckListenAddress(options.listen, has_principals));
  if (!options.metrics_listen.empty()) RETURN_IF_ERROR(CheckListenAddress(options.metrics_listen, has_principals));
  if (has_principals) {
    ASSIGN_OR_RETURN(authenticator, StaticTokens::Load(options.principals_file));
  } else {
    authenticator = std::make_unique<NoAuth>();
  }
  if (!options.master_key_file.empty()) {
    ASSIGN_OR_RETURN(master_keys, LoadMasterKeys(options.master_key_file));
  }
  ASSIGN_OR_RETURN(tzdata, calendar::TzdataVersion());
  // An existing log has its register: the files are looked at when they are named, or turn out to be needed.
  if (!options.config_dir.empty() || !std::filesystem::exists(options.dir + "/log")) RETURN_IF_ERROR(LoadStarterSet());
  RETURN_IF_ERROR(rpc::CheckCanListen(options.listen));
  if (!options.metrics_listen.empty()) {
    ASSIGN_OR_RETURN(endpoint, MetricsEndpoint::Start(options.metrics_listen, &metrics));
  }
  return absl::OkStatus();
}

absl::Status Standalone::Parts::LoadStarterSet() {
  ASSIGN_OR_RETURN(const std::string config, reference::FindConfigDir(options.config_dir));
  ASSIGN_OR_RETURN(starter, reference::LoadStarterSet(config));
  return absl::OkStatus();
}

absl::Status Standalone::Parts::OpenLog() {
  std::error_code error;
  const bool made = std::filesystem::create_directories(options.dir, error);
  if (error) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "DATA_DIR",
                     absl::StrCat(options.dir, ": ", error.message()));
  }
  log::EmbeddedLogOptions log_options;
  log_options.dir = options.dir + "/log";
  log_options.clock = &clock;
  log_options.executor = committer.get();
  log_options.ids = &ids;
  log_options.env = options.env;
  log_options.on_fatal = options.on_fatal;
  const bool fresh = !std::filesystem::exists(log_options.dir);
  log_options.installation = fresh && options.installation.empty() ? "landlord" : options.installation;
  log_options.shard_count = fresh && options.shard_count == 0 ? 4 : options.shard_count;
  auto opened = log::EmbeddedLog::Open(log_options);
  if (!opened.ok()) {
    // Only while it is empty: options that no log can be made with.
    if (made) std::filesystem::remove(options.dir, error);
    return opened.status();
  }
  log = *std::move(opened);
  for (const log::TornTail& torn : log->open_report().torn) {
    options.logger->Warning("log_tail_cut", {{"file", torn.file},
                                             {"offset", static_cast<int64_t>(torn.offset)},
                                             {"bytes", static_cast<int64_t>(torn.bytes)}});
  }
  options.logger->Info("log_opened", {{"created", log->open_report().created},
                                      {"log_id", log::Hex(log->info().log_id)},
                                      {"installation", log->info().installation},
                                      {"shards", log->info().shard_count}});
  return absl::OkStatus();
}

absl::Status Standalone::Parts::OpenKeys() {
  // Keys cannot be folded again: a new, empty store would serve every name and text as erased. A log that holds no more
  // than its genesis was made by a start that came no further.
  if (!std::filesystem::exists(options.dir + "/keys")) {
    std::vector<log::Entry> entries;
    RETURN_IF_ERROR(log->Tail({log::Stream::kRegister, 0}, 0)->Read(2, &entries));
    if (entries.size() > 1) {
      return MakeError(
          absl::StatusCode::kFailedPrecondition, "KEY_STORE_MISSING",
          absl::StrCat(options.dir, "/keys is gone, and with it every name and text: put it back; to go on ",
                       "without them for good, make an empty directory of that name and delete ", options.dir,
                       "/keys.mark"));
    }
  }
  ASSIGN_OR_RETURN(key_rows,
                   RocksDbKeyRows::Open(
                       {.path = options.dir + "/keys", .installation = log->info().installation, .env = options.env}));
  if (key_rows->unproved()) {
    options.logger->Warning("key_store_unproved",
                            {{"message", "keys.mark was missing: the key store is taken as it is"}});
  }
  const std::string list = options.erasures_file.empty() ? options.dir + "/erasures.list" : options.erasures_file;
  ASSIGN_OR_RETURN(erasures, ErasureList::Open(list, &clock));
  ASSIGN_OR_RETURN(wrapped_rows, WrappedKeyRows::Open(key_rows.get(), log->info().installation, std::move(master_keys),
                                                      &ids, erasures.get()));
  if (options.master_key_file.empty()) {
    options.logger->Warning("keys_lie_open", {{"message",
                                               "no --master-key: whoever copies the key store can read it, "
                                               "and no backup is made"}});
  }
  keys = std::make_unique<MadeAheadKeyStore>(wrapped_rows.get(), &ids, &clock);
  ASSIGN_OR_RETURN(audit, FileReadAudit::Open(options.dir + "/audit.log", &clock));
  return absl::OkStatus();
}

absl::Status Standalone::Parts::OpenNode() {
  SafekeepingOptions safe;
  safe.log = log.get();
  safe.key_rows = key_rows.get();
  safe.keys = wrapped_rows.get();
  safe.master_key_file = options.master_key_file;
  safe.audit_file = options.dir + "/audit.log";
  safe.backups_dir = options.backups_dir.empty() ? options.dir + "/backups" : options.backups_dir;
  safe.executor = keeper.get();
  safe.clock = &clock;
  safe.ids = &ids;
  safe.logger = options.logger;
  safekeeping = std::make_unique<Safekeeping>(std::move(safe));
  safekeeping->FinishRotation();
  projections = std::make_unique<ProjectionDirs>(options.dir, options.env);
  NodeOptions node_options;
  node_options.tzdata_version = tzdata;
  for (const log::Stream stream : log::kAllStreams) {
    bool fresh = false;
    ASSIGN_OR_RETURN(node_options.databases[stream],
                     projections->OpenCurrent(stream, Node::ProjectionVersion(stream), &fresh));
    if (IsAhead(log.get(), stream, *node_options.databases[stream], options.logger)) {
      node_options.databases[stream] = nullptr;
      ASSIGN_OR_RETURN(node_options.databases[stream], projections->OpenAnew(stream));
      fresh = true;
    }
    if (fresh) options.logger->Info("projection_rebuilding", {{"service", log::StreamName(stream)}});
  }
  const int processors = Processors();
  for (int i = 0; i < processors; ++i) strands.push_back(std::make_unique<ThreadExecutor>());
  node_options.log = log.get();
  node_options.clock = &clock;
  node_options.ids = &ids;
  for (auto& strand : strands) node_options.executors.push_back(strand.get());
  node_options.aside = aside.get();
  node_options.heavy = heavy.get();
  node_options.keys = keys.get();
  node_options.audit = audit.get();
  node_options.projections = projections.get();
  node_options.vault = safekeeping.get();
  node = std::make_unique<Node>(std::move(node_options));
  node->Start(/*own_all=*/true);
  return absl::OkStatus();
}

absl::Status Standalone::Parts::AppendStarterSet() {
  if (!starter.has_value()) RETURN_IF_ERROR(LoadStarterSet());
  node->AppendStarterSet(*starter, tzdata, [this](absl::Status status) {
    if (status.ok()) return options.logger->Info("starter_set_complete");
    options.logger->Error("starter_set_refused", {{"message", status.message()}});
    if (!absl::IsUnavailable(status) && !absl::IsResourceExhausted(status)) return;
    aside->PostAfter(kAskAgain, [this] { starter_asked = false; });
  });
  return absl::OkStatus();
}

absl::Status Standalone::Parts::Serve() {
  shard_metrics = std::make_unique<ShardMetrics>(node.get(), &metrics);
  business_metrics = std::make_unique<BusinessMetrics>(node.get(), heavy.get(), &clock, &metrics);
  rpc::ServerOptions server_options;
  server_options.address = options.listen;
  server_options.authenticator = authenticator.get();
  server_options.clock = &clock;
  server_options.observer = &call_metrics;
  ASSIGN_OR_RETURN(server, rpc::Server::Start(server_options, node->services()));
  NodeWatchOptions watch_options;
  watch_options.node = node.get();
  watch_options.logger = options.logger;
  watch_options.set_serving = [this](absl::string_view service, bool serving) { server->SetServing(service, serving); };
  watch_options.damaged = [this](log::Stream stream) {
    const absl::Status marked = projections->MarkDamaged(stream);
    if (!marked.ok()) options.logger->Error("projection_not_marked", {{"message", marked.message()}});
  };
  watch = std::make_unique<NodeWatch>(std::move(watch_options));
  return absl::OkStatus();
}

void Standalone::Parts::Watch() {
  if (stopping) return;
  watch->Step();
  // Of a new log, and after a start that was cut short: what is there already is left as it is. What is there is known
  // when the register has caught up.
  if (!starter_asked && node->Readiness(log::Stream::kRegister).ok()) {
    starter_asked = true;
    const absl::Status asked = node->reference().Current()->complete() ? absl::OkStatus() : AppendStarterSet();
    if (!asked.ok()) options.logger->Error("starter_set_refused", {{"message", asked.message()}});
  }
  aside->PostAfter(kWatch, [this] { Watch(); });
}

void Standalone::Parts::ReplenishKeys() {
  if (stopping) return;
  const absl::Status status = keys->Replenish();
  if (!status.ok()) options.logger->Warning("keys_not_replenished", {{"message", status.message()}});
  aside->PostAfter(kReplenishKeys, [this] { ReplenishKeys(); });
}

void Standalone::Parts::TendIndexKeys() {
  if (stopping) return;
  node->runtime(log::Stream::kIntake)->Tend();
  const absl::Status status = keys->RetireIndexKeys();
  if (!status.ok()) options.logger->Warning("index_keys_not_retired", {{"message", status.message()}});
  aside->PostAfter(kTendKeys, [this] { TendIndexKeys(); });
}

Standalone::Standalone(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

absl::StatusOr<std::unique_ptr<Standalone>> Standalone::Start(StandaloneOptions options) {
  auto parts = std::make_unique<Parts>();
  parts->options = std::move(options);
  RETURN_IF_ERROR(parts->Prepare());
  RETURN_IF_ERROR(parts->OpenLog());
  RETURN_IF_ERROR(parts->OpenKeys());
  // From here on the destructor stops the strands before the node goes.
  Parts* raw = parts.get();
  std::unique_ptr<Standalone> standalone(new Standalone(std::move(parts)));
  RETURN_IF_ERROR(raw->OpenNode());
  RETURN_IF_ERROR(raw->Serve());
  raw->aside->Post([raw] { raw->Watch(); });
  raw->aside->Post([raw] { raw->ReplenishKeys(); });
  raw->aside->Post([raw] { raw->TendIndexKeys(); });
  return standalone;
}

Standalone::~Standalone() {
  parts_->stopping = true;
  parts_->endpoint = nullptr;
  if (parts_->server != nullptr) parts_->server->Drain();
  parts_->shard_metrics = nullptr;
  // Nothing runs on the strands any more when what they ran goes.
  for (auto& strand : parts_->strands) strand->Stop();
  parts_->aside->Stop();
  parts_->heavy->Stop();
  parts_->keeper->Stop();
  parts_->business_metrics = nullptr;
  parts_->node = nullptr;
  parts_->server = nullptr;
}

int Standalone::port() const { return parts_->server->port(); }
int Standalone::metrics_port() const { return parts_->endpoint == nullptr ? 0 : parts_->endpoint->port(); }
bool Standalone::ready() const { return parts_->watch->ready(); }

}  // namespace redress
