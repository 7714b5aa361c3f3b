#include "services/standalone/node.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/privacy/sealer.h"
#include "libs/reference/register_fold.h"
#include "libs/runtime/rows.h"
#include "libs/status/errors.h"
#include "libs/subscribe/event_stream.h"
#include "services/intake/intake_logic.h"
#include "services/intake/intake_lookups.h"
#include "services/intake/intake_rpc.h"
#include "services/intake/intake_service.h"
#include "services/routing/routing_grpc.h"
#include "services/routing/routing_logic.h"
#include "services/routing/routing_register_logic.h"
#include "services/routing/routing_register_service.h"
#include "services/routing/routing_service.h"
#include "services/routing/routing_starter.h"
#include "services/scheduling/scheduling_grpc.h"
#include "services/scheduling/scheduling_logic.h"
#include "services/scheduling/scheduling_service.h"
#include "services/sla/sla_grpc.h"
#include "services/sla/sla_logic.h"
#include "services/sla/sla_service.h"
#include "services/standalone/watched_projections.h"

namespace redress {
namespace {

// What national phone numbers get in front.
constexpr const char* kCountryPrefix = "33";
// When callers of a service that is not ready ask again.
constexpr Millis kRetryReady = kSecond;

// One service: how it decides, what runs it, what serves it.
template <typename LogicType, typename ServiceType>
struct Hosted {
  std::unique_ptr<LogicType> logic;
  // Goes after the runtime, which answers what is still open into the service's handlers.
  std::unique_ptr<ServiceType> service;
  std::unique_ptr<runtime::ServiceRuntime> runtime;
};

}  // namespace

// Destroyed from the last member to the first.
struct Node::Parts {
  Parts(const std::string& tzdata_version, const Clock* clock) : view(tzdata_version), callers(clock) {}
  reference::RegisterView view;
  runtime::Callers callers;
  runtime::JudgedEntries judged;
  std::unique_ptr<runtime::Logic> register_logic;
  std::unique_ptr<routing::RegisterService> register_service;
  std::unique_ptr<runtime::ServiceRuntime> register_runtime;
  std::unique_ptr<intake::Lookups> lookups;
  std::unique_ptr<Opener> opener;
  Hosted<intake::IntakeLogic, intake::IntakeService> intake;
  Hosted<routing::RoutingLogic, routing::RoutingService> routing;
  Hosted<scheduling::SchedulingLogic, scheduling::SchedulingService> scheduling;
  Hosted<sla::SlaLogic, sla::SlaService> sla;
  std::unique_ptr<WatchedProjections> projections;
  std::unique_ptr<admin::AdminService> admin;
  std::unique_ptr<subscribe::EventStream> events;
  // With the stream that each stands for.
  std::vector<std::pair<log::Stream, std::unique_ptr<rpc::Service>>> own;
};

int Node::ProjectionVersion(log::Stream stream) {
  switch (stream) {
    case log::Stream::kRegister: return reference::RegisterFollower().projection_version();
    case log::Stream::kIntake: return intake::IntakeLogic(nullptr, nullptr, nullptr).projection_version();
    case log::Stream::kRouting: return routing::RoutingLogic().projection_version();
    case log::Stream::kScheduling: return scheduling::SchedulingLogic().projection_version();
    case log::Stream::kSla: return sla::SlaLogic().projection_version();
  }
  return 0;
}

bool Node::Runs(log::Stream stream) const {
  return std::find(options_.services.begin(), options_.services.end(), stream) != options_.services.end();
}

runtime::ServiceOptions Node::OptionsFor(log::Stream stream, runtime::Logic* logic) {
  runtime::ServiceOptions options;
  options.instance = options_.instance;
  options.address = options_.address;
  options.log = options_.log;
  options.judged = &parts_->judged;
  options.executors = options_.executors;
  options.clock = options_.clock;
  options.ids = options_.ids;
  options.database = options_.databases.at(stream);
  options.logic = logic;
  options.forwarder = options_.forwarder;
  options.faults = options_.faults;
  options.callers = &parts_->callers;
  options.limits = options_.limits;
  options.position_after = options_.position_after;
  if (stream == log::Stream::kRegister) {
    options.database = parts_->view.Watch(options.database);
  } else {
    options.reference = &parts_->view;
  }
  return options;
}

Node::Node(NodeOptions options)
    : options_(std::move(options)), parts_(std::make_unique<Parts>(options_.tzdata_version, options_.clock)) {
  Parts& parts = *parts_;
  if (options_.heavy == nullptr) options_.heavy = options_.aside;
  const std::string& installation = options_.log->info().installation;
  std::vector<runtime::ServiceRuntime*> runtimes;
  std::vector<log::Stream> streams;

  if (Runs(log::Stream::kRouting)) {
    parts.register_logic = std::make_unique<routing::RegisterLogic>();
  } else {
    parts.register_logic = std::make_unique<reference::RegisterFollower>();
  }
  parts.register_runtime =
      std::make_unique<runtime::ServiceRuntime>(OptionsFor(log::Stream::kRegister, parts.register_logic.get()));
  runtimes.push_back(parts.register_runtime.get());
  parts.lookups = std::make_unique<intake::Lookups>(installation, kCountryPrefix, options_.keys);
  parts.opener = std::make_unique<Opener>(installation, options_.keys, options_.audit);

  if (Runs(log::Stream::kIntake)) {
    auto& host = parts.intake;
    host.logic = std::make_unique<intake::IntakeLogic>(parts.lookups.get(), options_.keys, options_.aside);
    host.runtime = std::make_unique<runtime::ServiceRuntime>(OptionsFor(log::Stream::kIntake, host.logic.get()));
    host.logic->Bind([runtime = host.runtime.get()] { return runtime->ReadNow(); },
                     [runtime = host.runtime.get()] { return runtime->Ready(); },
                     [clock = options_.clock, made = options_.log->info().created_at] {
                       return made != 0 && clock->Now() < made + intake::kGraceOfNewLog;
                     });
    intake::IntakeOptions intake;
    intake.runtime = host.runtime.get();
    intake.keys = options_.keys;
    intake.audit = options_.audit;
    intake.lookups = parts.lookups.get();
    intake.ids = options_.ids;
    intake.executor = options_.aside;
    host.service = std::make_unique<intake::IntakeService>(intake);
    Host(log::Stream::kIntake, std::make_unique<rpc::Service>(intake::MakeIntakeRpc(host.service.get())));
    runtimes.push_back(host.runtime.get());
    streams.push_back(log::Stream::kIntake);
  }
  if (Runs(log::Stream::kRouting)) {
    auto& host = parts.routing;
    host.logic = std::make_unique<routing::RoutingLogic>();
    host.runtime = std::make_unique<runtime::ServiceRuntime>(OptionsFor(log::Stream::kRouting, host.logic.get()));
    host.service = std::make_unique<routing::RoutingService>(
        routing::RoutingDeps{.runtime = host.runtime.get(), .keys = options_.keys});
    parts.register_service = std::make_unique<routing::RegisterService>(routing::RegisterDeps{
        .runtime = parts.register_runtime.get(), .keys = options_.keys, .tzdata_here = options_.tzdata_version});
    Host(log::Stream::kRouting, std::make_unique<rpc::Service>(routing::MakeRpcService(host.service.get())));
    Host(log::Stream::kRegister, std::make_unique<rpc::Service>(routing::MakeRpcService(parts.register_service.get())));
    runtimes.push_back(host.runtime.get());
    streams.push_back(log::Stream::kRouting);
  }
  if (Runs(log::Stream::kScheduling)) {
    auto& host = parts.scheduling;
    host.logic = std::make_unique<scheduling::SchedulingLogic>();
    host.runtime = std::make_unique<runtime::ServiceRuntime>(OptionsFor(log::Stream::kScheduling, host.logic.get()));
    scheduling::SchedulingDeps deps;
    deps.runtime = host.runtime.get();
    deps.keys = options_.keys;
    deps.opener = parts.opener.get();
    deps.ids = options_.ids;
    host.service = std::make_unique<scheduling::SchedulingService>(deps);
    Host(log::Stream::kScheduling, std::make_unique<rpc::Service>(scheduling::MakeRpcService(host.service.get())));
    runtimes.push_back(host.runtime.get());
    streams.push_back(log::Stream::kScheduling);
  }
  if (Runs(log::Stream::kSla)) {
    auto& host = parts.sla;
    host.logic = std::make_unique<sla::SlaLogic>();
    host.runtime = std::make_unique<runtime::ServiceRuntime>(OptionsFor(log::Stream::kSla, host.logic.get()));
    host.service = std::make_unique<sla::SlaService>(host.runtime.get(), options_.heavy);
    auto served = std::make_unique<rpc::Service>(sla::kSlaServiceName);
    sla::Bind(host.service.get(), served.get());
    Host(log::Stream::kSla, std::move(served));
    runtimes.push_back(host.runtime.get());
    streams.push_back(log::Stream::kSla);
  }
  admin::AdminOptions admin;
  admin.instance = options_.instance;
  admin.runtimes = runtimes;
  if (options_.projections != nullptr) {
    parts.projections = std::make_unique<WatchedProjections>(options_.projections, &parts.view);
    admin.projections = parts.projections.get();
  }
  admin.vault = options_.vault;
  admin.executor = options_.heavy;
  admin.keys = options_.keys;
  admin.clock = options_.clock;
  admin.ids = options_.ids;
  admin.reference = &parts.view;
  admin.ready = [this] { return Ready(); };
  parts.admin = std::make_unique<admin::AdminService>(std::move(admin));
  parts.events =
      std::make_unique<subscribe::EventStream>(options_.log, options_.aside, streams, [this](log::ShardId id) {
        return runtime::LoadRuleState(*runtime(id.stream)->ReadNow(), static_cast<uint16_t>(id.shard));
      });
  options_.databases.clear();
}

void Node::Host(log::Stream stream, std::unique_ptr<rpc::Service> service) {
  service->Guard([this, stream, opened = std::make_shared<std::atomic<bool>>(false)] {
    if (opened->load()) return stream == log::Stream::kRegister ? absl::OkStatus() : CheckTzdata();
    const absl::Status ready = Readiness(stream);
    if (ready.ok()) opened->store(true);
    return ready;
  });
  // A scan that meets a damaged block ends there: half a list is no answer.
  service->CheckReplies([this, stream] { return runtime(stream)->Health(); });
  parts_->own.emplace_back(stream, std::move(service));
}

Node::~Node() = default;

runtime::ServiceRuntime* Node::runtime(log::Stream stream) const {
  switch (stream) {
    case log::Stream::kRegister: return parts_->register_runtime.get();
    case log::Stream::kIntake: return parts_->intake.runtime.get();
    case log::Stream::kRouting: return parts_->routing.runtime.get();
    case log::Stream::kScheduling: return parts_->scheduling.runtime.get();
    case log::Stream::kSla: return parts_->sla.runtime.get();
  }
  return nullptr;
}

void Node::Start(bool own_all) {
  for (const log::Stream stream : log::kAllStreams) {
    runtime::ServiceRuntime* service = runtime(stream);
    if (service == nullptr) continue;
    service->Start();
    if (own_all && (stream != log::Stream::kRegister || Runs(log::Stream::kRouting))) service->AssignAll();
  }
}

void Node::Assign(log::Stream stream, const std::vector<bool>& wanted) {
  runtime::ServiceRuntime* service = runtime(stream);
  if (service != nullptr) service->Assign(wanted);
}

void Node::AppendStarterSet(const reference::StarterSet& set, const std::string& tzdata_version,
                            std::function<void(absl::Status)> done) {
  routing::EnterStarterSet(parts_->register_runtime.get(), set, tzdata_version, std::move(done));
}

absl::Status Node::CheckTzdata() const {
  const std::string adopted = reference().Current()->tzdata_version();
  if (adopted == options_.tzdata_version) return absl::OkStatus();
  return RetryLater(absl::StatusCode::kUnavailable, "TZDATA_DIFFERS",
                    absl::StrCat("the register's due times are computed with tzdata ", adopted, ", this machine has ",
                                 options_.tzdata_version, ": install the one, or `redressctl register tzdata ",
                                 options_.tzdata_version, "`"),
                    kRetryReady, {{"adopted", adopted}, {"here", options_.tzdata_version}});
}

absl::Status Node::Readiness(log::Stream stream) const {
  for (const log::Stream needed : {log::Stream::kRegister, stream}) {
    const runtime::ServiceRuntime* service = runtime(needed);
    if (service == nullptr || service->Ready()) continue;
    for (const runtime::ShardStatus& status : service->Status()) {
      if (status.stopped.ok()) continue;
      return RetryLater(absl::StatusCode::kUnavailable, "SHARD_STOPPED",
                        absl::StrCat(log::ToString(status.id), " has stopped: ", status.stopped.message()),
                        kRetryReady);
    }
    return RetryLater(absl::StatusCode::kUnavailable, "CATCHING_UP",
                      absl::StrCat(log::StreamName(needed), " is still catching up with the log; ask again"),
                      kRetryReady);
  }
  if (stream == log::Stream::kRegister) return absl::OkStatus();
  if (!reference().Current()->complete()) {
    return RetryLater(absl::StatusCode::kUnavailable, "STARTER_SET_MISSING",
                      "the register has no complete starter set, or one that this machine cannot use", kRetryReady);
  }
  return CheckTzdata();
}

absl::Status Node::Readiness(const rpc::Service& service) const {
  for (const auto& [stream, own] : parts_->own) {
    if (own.get() == &service) return Readiness(stream);
  }
  return absl::OkStatus();
}

bool Node::Ready() const {
  return std::all_of(std::begin(log::kAllStreams), std::end(log::kAllStreams),
                     [this](log::Stream stream) { return runtime(stream) == nullptr || Readiness(stream).ok(); });
}

std::vector<const rpc::Service*> Node::services() const {
  std::vector<const rpc::Service*> services;
  for (const auto& [stream, service] : parts_->own) services.push_back(service.get());
  services.push_back(&parts_->admin->service());
  services.push_back(&parts_->events->service());
  return services;
}

const reference::RegisterView& Node::reference() const { return parts_->view; }

}  // namespace redress
