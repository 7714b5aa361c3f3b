// The files that outlive the process: copies of log and keys, and the master key that the keys are wrapped by.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "libs/admin/admin_service.h"
#include "libs/clock/clock.h"
#include "libs/ids/ids.h"
#include "libs/log/embedded/embedded_log.h"
#include "libs/metrics/logging.h"
#include "libs/privacy/rocksdb/rocksdb_key_rows.h"
#include "libs/privacy/wrapped_key_rows.h"

namespace redress {

// All pointers outlive it.
struct SafekeepingOptions {
  log::EmbeddedLog* log = nullptr;
  RocksDbKeyRows* key_rows = nullptr;  // as they lie on the disk
  WrappedKeyRows* keys = nullptr;      // over them
  std::string master_key_file;         // empty: none
  std::string audit_file;
  std::string backups_dir;       // made when it is needed
  Executor* executor = nullptr;  // a strand of its own: a copy is read whole
  Clock* clock = nullptr;
  IdSource* ids = nullptr;
  Logger* logger = nullptr;
};

// Thread-safe.
class Safekeeping : public admin::Vault {
 public:
  explicit Safekeeping(SafekeepingOptions options) : options_(std::move(options)) {}

  void CreateBackup(const std::string& id, rpc::Done<admin::v1::CreateBackupResponse> done) override;
  void RotateMasterKey(rpc::Done<admin::v1::RotateMasterKeyResponse> done) override;

  // Wraps what lies open or under an earlier key, as a rotation that was cut short leaves it; on the strand.
  void FinishRotation();

 private:
  absl::StatusOr<admin::v1::CreateBackupResponse> Backup(const std::string& id);
  // Into `dir`, which is new.
  absl::StatusOr<admin::v1::CreateBackupResponse> Fill(const std::string& dir);
  absl::StatusOr<admin::v1::RotateMasterKeyResponse> Rotate();

  const SafekeepingOptions options_;
};

}  // namespace redress
