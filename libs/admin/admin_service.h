// What an operator sees and does: status, digests, rebuild, checkpoints, parked inputs, backups, rotation of the master
// key. On every instance.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/clock/clock.h"
#include "libs/privacy/key_store.h"
#include "libs/rpc/service.h"
#include "libs/runtime/service_runtime.h"
#include "libs/status/mutex.h"
#include "libs/store/store.h"
#include "redress/admin/v1/admin_service.pb.h"

namespace redress::admin {

// Where projections lie.
class ProjectionStore {
 public:
  virtual ~ProjectionStore() = default;
  // A new, empty one for `stream`, beside the one in use.
  virtual absl::StatusOr<std::shared_ptr<store::Database>> CreateBeside(log::Stream stream) = 0;
  // The one made last by CreateBeside is in use from now on, also after a restart; the other is deleted when nobody
  // holds it.
  virtual absl::Status Adopt(log::Stream stream) = 0;
  // Gives up the one made last.
  virtual void Discard(log::Stream stream) = 0;
  // A full path for a checkpoint, and what to tell the caller.
  virtual std::string CheckpointDir(log::Stream stream, const std::string& id, std::string* relative) = 0;
};

// Where log and keys lie. Thread-safe; answers on a strand of its own.
class Vault {
 public:
  virtual ~Vault() = default;
  // As AdminService.CreateBackup; `id` is a good one.
  virtual void CreateBackup(const std::string& id, rpc::Done<v1::CreateBackupResponse> done) = 0;
  // As AdminService.RotateMasterKey.
  virtual void RotateMasterKey(rpc::Done<v1::RotateMasterKeyResponse> done) = 0;
};

struct AdminOptions {
  std::string instance;
  // What runs here, by stream; they outlive it.
  std::vector<runtime::ServiceRuntime*> runtimes;
  // Null: rebuilds and checkpoints are refused (NO_PROJECTION_STORE).
  ProjectionStore* projections = nullptr;
  // Null: backups and rotations are refused (NO_VAULT). Outlives it.
  Vault* vault = nullptr;
  // A strand of its own: rebuilds run on it. Outlives it.
  Executor* executor = nullptr;
  const Clock* clock = nullptr;
  // Where the fingerprints of requests have their key.
  KeyStore* keys = nullptr;
  IdSource* ids = nullptr;
  runtime::ReferenceSource* reference = nullptr;
  // Whether the instance serves, which needs more than shards that have caught up; null: nothing more.
  std::function<bool()> ready;
};

// Thread-safe.
class AdminService {
 public:
  explicit AdminService(AdminOptions options);
  ~AdminService();
  rpc::Service& service() { return service_; }

 private:
  struct Rebuild;

  void ServeVault();
  absl::StatusOr<std::vector<runtime::ServiceRuntime*>> Select(const std::string& service) const;
  absl::StatusOr<runtime::Shard*> SelectShard(const std::string& service, uint32_t shard) const;
  absl::StatusOr<v1::GetStatusResponse> GetStatus() const;
  absl::StatusOr<v1::ListDigestsResponse> ListDigests(const v1::ListDigestsRequest& request) const;
  absl::StatusOr<v1::CreateCheckpointResponse> CreateCheckpoint(const v1::CreateCheckpointRequest& request) const;
  absl::StatusOr<v1::ListParkedInputsResponse> ListParked(const v1::ListParkedInputsRequest& request) const;
  // A ReplayParkedInput or SkipParkedInput.
  template <typename Request, typename Response>
  void Unpark(const CallContext& call, const Request& request, bool replay, rpc::Done<Response> done) const;
  void StartRebuild(const std::string& service, rpc::Done<v1::RebuildProjectionResponse> done);
  void ContinueRebuild(std::shared_ptr<Rebuild> rebuild);
  void FinishRebuild(std::shared_ptr<Rebuild> rebuild);

  const AdminOptions options_;
  rpc::Service service_;
  mutable Mutex mutex_;
  std::shared_ptr<Rebuild> running_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace redress::admin
