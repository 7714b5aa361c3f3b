#include "libs/admin/admin_service.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "libs/runtime/rows.h"
#include "libs/service/mutate.h"
#include "libs/service/request_fingerprint.h"
#include "libs/service/requests.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"

namespace redress::admin {
namespace {

constexpr Millis kRebuildPoll = 20;

v1::ShardDigest DigestOf(const runtime::ServiceRuntime& runtime, const store::Rows& rows, uint16_t shard,
                         store::DigestScope scope) {
  const log::RuleState state = runtime::LoadRuleState(rows, shard);
  v1::ShardDigest digest;
  digest.mutable_position()->set_log_id(runtime.info().log_id);
  digest.mutable_position()->set_stream(std::string(log::StreamName(runtime.stream())));
  digest.mutable_position()->set_shard(shard);
  digest.mutable_position()->set_next(state.next_offset);
  digest.set_digest(log::Hex(store::DigestOf(rows, shard, scope)));
  digest.set_chain(log::Hex(state.chain));
  return digest;
}

// The parked input that a request names.
template <typename Request>
log::v1::InputSkipped InputOf(const Request& request) {
  log::v1::InputSkipped name;
  name.set_stream(request.input_service());
  name.set_aggregate(request.aggregate());
  name.set_version(request.version());
  if constexpr (std::is_same_v<Request, v1::SkipParkedInputRequest>) name.set_reason(request.reason());
  return name;
}

absl::Status NoVault() {
  return MakeError(absl::StatusCode::kFailedPrecondition, "NO_VAULT",
                   "this instance keeps neither log nor keys in files");
}

bool IsDirectoryId(absl::string_view id) {
  return !id.empty() && id.size() <= 64 &&
         std::all_of(id.begin(), id.end(), [](char c) { return absl::ascii_isalnum(c) || c == '-'; });
}

absl::Status NoProjectionStore() {
  return MakeError(absl::StatusCode::kFailedPrecondition, "NO_PROJECTION_STORE",
                   "this instance keeps its projections in memory alone");
}

template <typename Request, typename Response>
std::function<absl::StatusOr<Response>(const CallContext&, const Request&)> ForAdmins(
    std::function<absl::StatusOr<Response>(const Request&)> handler) {
  return [handler = std::move(handler)](const CallContext& call, const Request& request) -> absl::StatusOr<Response> {
    RETURN_IF_ERROR(call.caller->Require(Permission::kAdmin));
    return handler(request);
  };
}

}  // namespace

// A rebuild under way: a follower of the log on rows of its own. Lives on the admin's executor.
struct AdminService::Rebuild {
  runtime::ServiceRuntime* live = nullptr;
  std::shared_ptr<store::Database> rows;
  std::unique_ptr<runtime::ServiceRuntime> builder;
  Millis begun = 0;
  v1::RebuildProjectionResponse response;
  rpc::Done<v1::RebuildProjectionResponse> done;
};

AdminService::AdminService(AdminOptions options)
    : options_(std::move(options)), service_("redress.admin.v1.AdminService") {
  ServeVault();
  service_.Read<v1::GetStatusRequest, v1::GetStatusResponse>(
      "GetStatus", ForAdmins<v1::GetStatusRequest, v1::GetStatusResponse>(
                       [this](const v1::GetStatusRequest&) { return GetStatus(); }));
  service_.Read<v1::ListDigestsRequest, v1::ListDigestsResponse>(
      "ListDigests", ForAdmins<v1::ListDigestsRequest, v1::ListDigestsResponse>(
                         [this](const v1::ListDigestsRequest& request) { return ListDigests(request); }));
  service_.Read<v1::CreateCheckpointRequest, v1::CreateCheckpointResponse>(
      "CreateCheckpoint",
      ForAdmins<v1::CreateCheckpointRequest, v1::CreateCheckpointResponse>(
          [this](const v1::CreateCheckpointRequest& request) { return CreateCheckpoint(request); }));
  service_.Read<v1::ListParkedInputsRequest, v1::ListParkedInputsResponse>(
      "ListParkedInputs", ForAdmins<v1::ListParkedInputsRequest, v1::ListParkedInputsResponse>(
                              [this](const v1::ListParkedInputsRequest& request) { return ListParked(request); }));
  service_.Unary<v1::RebuildProjectionRequest, v1::RebuildProjectionResponse>(
      "RebuildProjection", [this](const CallContext& call, const v1::RebuildProjectionRequest& request,
                                  rpc::Done<v1::RebuildProjectionResponse> done) {
        const absl::Status allowed = call.caller->Require(Permission::kAdmin);
        if (!allowed.ok()) return done(allowed);
        StartRebuild(request.service(), std::move(done));
      });
  service_.Unary<v1::ReplayParkedInputRequest, v1::ReplayParkedInputResponse>(
      "ReplayParkedInput", [this](const CallContext& call, const v1::ReplayParkedInputRequest& request,
                                  rpc::Done<v1::ReplayParkedInputResponse> done) {
        Unpark(call, request, /*replay=*/true, std::move(done));
      });
  service_.Unary<v1::SkipParkedInputRequest, v1::SkipParkedInputResponse>(
      "SkipParkedInput", [this](const CallContext& call, const v1::SkipParkedInputRequest& request,
                                rpc::Done<v1::SkipParkedInputResponse> done) {
        Unpark(call, request, /*replay=*/false, std::move(done));
      });
}

void AdminService::ServeVault() {
  service_.Unary<v1::CreateBackupRequest, v1::CreateBackupResponse>(
      "CreateBackup", [this](const CallContext& call, const v1::CreateBackupRequest& request,
                             rpc::Done<v1::CreateBackupResponse> done) {
        const absl::Status allowed = call.caller->Require(Permission::kAdmin);
        if (!allowed.ok()) return done(allowed);
        if (!IsDirectoryId(request.backup_id())) {
          return done(InvalidFields({{"backup_id", "must be 1 to 64 letters, digits and dashes"}}));
        }
        if (options_.vault == nullptr) return done(NoVault());
        options_.vault->CreateBackup(request.backup_id(), std::move(done));
      });
  service_.Unary<v1::RotateMasterKeyRequest, v1::RotateMasterKeyResponse>(
      "RotateMasterKey",
      [this](const CallContext& call, const v1::RotateMasterKeyRequest&, rpc::Done<v1::RotateMasterKeyResponse> done) {
        const absl::Status allowed = call.caller->Require(Permission::kAdmin);
        if (!allowed.ok()) return done(allowed);
        if (options_.vault == nullptr) return done(NoVault());
        options_.vault->RotateMasterKey(std::move(done));
      });
}

AdminService::~AdminService() = default;

absl::StatusOr<std::vector<runtime::ServiceRuntime*>> AdminService::Select(const std::string& service) const {
  if (service.empty()) return options_.runtimes;
  for (runtime::ServiceRuntime* runtime : options_.runtimes) {
    if (log::StreamName(runtime->stream()) == service) return std::vector<runtime::ServiceRuntime*>{runtime};
  }
  return InvalidFields({{"service", "is none that runs here"}});
}

absl::StatusOr<runtime::Shard*> AdminService::SelectShard(const std::string& service, uint32_t shard) const {
  if (service.empty()) return InvalidFields({{"service", "is missing"}});
  ASSIGN_OR_RETURN(const auto selected, Select(service));
  if (shard >= selected[0]->shard_count()) return InvalidFields({{"shard", "does not exist"}});
  return &selected[0]->shard(shard);
}

absl::StatusOr<v1::GetStatusResponse> AdminService::GetStatus() const {
  v1::GetStatusResponse response;
  response.set_instance(options_.instance);
  response.set_ready(options_.ready == nullptr || options_.ready());
  *response.mutable_server_time() = service::WriteTime(options_.clock->Now());
  if (options_.reference != nullptr) response.set_register_version(options_.reference->Version());
  for (runtime::ServiceRuntime* runtime : options_.runtimes) {
    response.set_installation(runtime->info().installation);
    response.set_log_id(log::Hex(runtime->info().log_id));
    response.set_ready(response.ready() && runtime->Ready());
    const auto rows = runtime->ReadNow();
    for (const runtime::ShardStatus& status : runtime->Status()) {
      v1::ShardStatus* out = response.add_shards();
      out->set_service(std::string(log::StreamName(status.id.stream)));
      out->set_shard(status.id.shard);
      out->set_owner(status.owner);
      out->set_caught_up(status.caught_up);
      out->set_last_owner(status.last_owner);
      out->set_next_offset(status.state.next_offset);
      out->set_fence(status.state.fence);
      out->set_seq(status.state.seq);
      out->set_chain(log::Hex(status.state.chain));
      out->set_claims(status.claims);
      out->set_voids(status.voids);
      out->set_applied(status.applied);
      out->set_parked(static_cast<int64_t>(runtime::ListParked(*rows, static_cast<uint16_t>(status.id.shard)).size()));
      out->set_timers_fired(status.timers_fired);
      out->set_queued(static_cast<int64_t>(status.queued));
      out->set_queue_age_ms(status.queue_age_ms);
      out->set_reactor_lag_ms(status.reactor_lag_ms);
      out->set_tail_lag_ms(status.tail_lag_ms);
      out->set_timers_due(static_cast<int64_t>(status.timers_due));
      if (!status.stopped.ok()) out->set_stopped(status.stopped.ToString());
    }
  }
  return response;
}

absl::StatusOr<v1::ListDigestsResponse> AdminService::ListDigests(const v1::ListDigestsRequest& request) const {
  ASSIGN_OR_RETURN(const auto selected, Select(request.service()));
  const auto scope = request.domain_only() ? store::DigestScope::kDomain : store::DigestScope::kAll;
  v1::ListDigestsResponse response;
  for (runtime::ServiceRuntime* runtime : selected) {
    const auto rows = runtime->ReadNow();
    for (uint32_t shard = 0; shard < runtime->shard_count(); ++shard) {
      *response.add_digests() = DigestOf(*runtime, *rows, static_cast<uint16_t>(shard), scope);
    }
  }
  return response;
}

absl::StatusOr<v1::CreateCheckpointResponse> AdminService::CreateCheckpoint(
    const v1::CreateCheckpointRequest& request) const {
  const std::string& id = request.checkpoint_id();
  if (!IsDirectoryId(id)) return InvalidFields({{"checkpoint_id", "must be 1 to 64 letters, digits and dashes"}});
  if (request.service().empty()) return InvalidFields({{"service", "is missing"}});
  ASSIGN_OR_RETURN(const auto selected, Select(request.service()));
  if (options_.projections == nullptr) return NoProjectionStore();
  v1::CreateCheckpointResponse response;
  const std::string dir = options_.projections->CheckpointDir(selected[0]->stream(), id, response.mutable_directory());
  RETURN_IF_ERROR(selected[0]->database()->Checkpoint(dir));
  return response;
}

absl::StatusOr<v1::ListParkedInputsResponse> AdminService::ListParked(
    const v1::ListParkedInputsRequest& request) const {
  ASSIGN_OR_RETURN(const auto selected, Select(request.service()));
  std::vector<v1::ParkedInput> all;
  for (runtime::ServiceRuntime* runtime : selected) {
    const auto rows = runtime->ReadNow();
    for (uint32_t shard = 0; shard < runtime->shard_count(); ++shard) {
      for (const auto& row : runtime::ListParked(*rows, static_cast<uint16_t>(shard))) {
        v1::ParkedInput& out = all.emplace_back();
        out.set_service(std::string(log::StreamName(runtime->stream())));
        out.set_shard(shard);
        out.set_input_service(row.input().stream());
        out.set_aggregate(row.input().aggregate());
        out.set_version(row.input().version());
        out.set_reason(row.input().reason());
        *out.mutable_parked_time() = service::WriteTime(row.parked_at());
      }
    }
  }
  const auto key = [](const v1::ParkedInput& input) {
    return absl::StrCat(input.service(), "/", absl::Dec(input.shard(), absl::kZeroPad5), "/", input.input_service(),
                        "/", input.aggregate(), "/", absl::Dec(input.version(), absl::kZeroPad16));
  };
  std::sort(all.begin(), all.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  service::PageQuestion question{"parked_inputs", request.service(), options_.runtimes[0]->info().log_id, 1};
  ASSIGN_OR_RETURN(const service::Page page, service::ReadPage(request.page_size(), request.page_token(), question));
  v1::ListParkedInputsResponse response;
  for (const v1::ParkedInput& input : all) {
    if (!page.last_key.empty() && key(input) <= page.last_key) continue;
    if (response.parked_inputs_size() == page.size) {
      const auto& last = response.parked_inputs(response.parked_inputs_size() - 1);
      response.set_next_page_token(service::WritePageToken(question, key(last)));
      break;
    }
    *response.add_parked_inputs() = input;
  }
  return response;
}

template <typename Request, typename Response>
void AdminService::Unpark(const CallContext& call, const Request& request, bool replay,
                          rpc::Done<Response> done) const {
  const absl::Status allowed = call.caller->Require(Permission::kAdmin);
  if (!allowed.ok()) return done(allowed);
  service::Violations violations;
  service::CheckRequestId(request.request_id(), &violations);
  const auto shard = SelectShard(request.service(), request.shard());
  violations.Merge(shard.status());
  const absl::Status valid = violations.ToStatus();
  if (!valid.ok()) return done(valid);
  const auto keys = options_.keys->IndexKeys();
  if (!keys.ok()) return done(keys.status());
  runtime::v1::Order by = service::CallerOrder(call, request.request_id());
  service::Fingerprint fingerprint = service::FingerprintOf(request);
  service::SetFingerprint(keys->front(), fingerprint, &by);
  (*shard)->Unpark(InputOf(request), replay, std::move(by),
                   [store = options_.keys, fingerprint = std::move(fingerprint),
                    done = std::move(done)](absl::StatusOr<runtime::v1::Receipt> receipt) {
                     if (receipt.ok() && receipt->known()) {
                       const absl::Status same = service::CheckSameRequest(store, receipt->fingerprint(),
                                                                           receipt->fingerprint_key(), fingerprint);
                       if (!same.ok()) return done(same);
                     }
                     if (!receipt.ok()) return done(receipt.status());
                     Response response;
                     *response.mutable_position() = receipt->position();
                     done(response);
                   });
}

void AdminService::StartRebuild(const std::string& service, rpc::Done<v1::RebuildProjectionResponse> done) {
  const auto selected =
      service.empty()
          ? absl::StatusOr<std::vector<runtime::ServiceRuntime*>>(InvalidFields({{"service", "is missing"}}))
          : Select(service);
  if (!selected.ok()) return done(selected.status());
  if (options_.projections == nullptr) return done(NoProjectionStore());
  auto rebuild = std::make_shared<Rebuild>();
  {
    MutexLock lock(mutex_);
    if (running_ != nullptr) {
      return done(MakeError(absl::StatusCode::kFailedPrecondition, "REBUILD_RUNNING", "one rebuild at a time"));
    }
    running_ = rebuild;
  }
  rebuild->live = (*selected)[0];
  rebuild->done = std::move(done);
  options_.executor->Post([this, rebuild] {
    auto rows = options_.projections->CreateBeside(rebuild->live->stream());
    if (!rows.ok()) {
      MutexLock lock(mutex_);
      running_ = nullptr;
      return rebuild->done(rows.status());
    }
    rebuild->rows = *rows;
    rebuild->begun = options_.clock->Monotonic();
    runtime::ServiceOptions build;
    build.instance = options_.instance + "-rebuild";
    build.log = &rebuild->live->log();
    build.executors = {options_.executor};
    build.clock = options_.clock;
    build.ids = options_.ids;
    build.database = rebuild->rows;
    build.logic = &rebuild->live->logic();
    build.reference = rebuild->live->reference();
    rebuild->builder = std::make_unique<runtime::ServiceRuntime>(build);
    rebuild->builder->Start();
    ContinueRebuild(rebuild);
  });
}

void AdminService::ContinueRebuild(std::shared_ptr<Rebuild> rebuild) {
  const auto live = rebuild->live->Status();
  const auto built = rebuild->builder->Status();
  bool caught_up = rebuild->builder->Ready();
  for (size_t i = 0; i < live.size(); ++i) {
    caught_up &= built[i].state.next_offset >= live[i].state.next_offset;
    if (!built[i].stopped.ok()) {
      rebuild->builder = nullptr;
      rebuild->rows = nullptr;
      options_.projections->Discard(rebuild->live->stream());
      {
        MutexLock lock(mutex_);
        running_ = nullptr;
      }
      return rebuild->done(built[i].stopped);
    }
  }
  if (!caught_up) {
    return options_.executor->PostAfter(kRebuildPoll, [this, rebuild] { ContinueRebuild(rebuild); });
  }
  FinishRebuild(rebuild);
}

void AdminService::FinishRebuild(std::shared_ptr<Rebuild> rebuild) {
  // The builder stops here, so its rows stand still; the live ones may go on: what is not at the same position is not
  // compared.
  for (const runtime::ShardStatus& status : rebuild->builder->Status()) {
    rebuild->response.set_records(rebuild->response.records() + status.applied);
  }
  rebuild->builder = nullptr;
  const auto live_rows = rebuild->live->ReadNow();
  rebuild->response.set_equal(true);
  for (uint32_t shard = 0; shard < rebuild->live->shard_count(); ++shard) {
    const auto number = static_cast<uint16_t>(shard);
    const auto built = DigestOf(*rebuild->live, *rebuild->rows, number, store::DigestScope::kAll);
    const auto live = DigestOf(*rebuild->live, *live_rows, number, store::DigestScope::kAll);
    if (built.position().next() == live.position().next()) {
      rebuild->response.set_compared(rebuild->response.compared() + 1);
      rebuild->response.set_equal(rebuild->response.equal() && built.digest() == live.digest());
    }
    *rebuild->response.add_digests() = built;
  }
  rebuild->live->Reopen(rebuild->rows, [this, rebuild] {
    options_.executor->Post([this, rebuild] {
      rebuild->rows = nullptr;
      rebuild->response.set_elapsed_ms(options_.clock->Monotonic() - rebuild->begun);
      const absl::Status adopted = options_.projections->Adopt(rebuild->live->stream());
      {
        MutexLock lock(mutex_);
        running_ = nullptr;
      }
      adopted.ok() ? rebuild->done(rebuild->response) : rebuild->done(adopted);
    });
  });
}

}  // namespace redress::admin
