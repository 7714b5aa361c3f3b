#include "services/standalone/safekeeping.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/backup/manifest.h"
#include "libs/log/log_copy.h"
#include "libs/privacy/folder.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"

namespace redress {
namespace {

namespace fs = std::filesystem;
namespace v1 = admin::v1;

absl::Status Failed(absl::string_view what) { return MakeError(absl::StatusCode::kUnavailable, "BACKUP_FAILED", what); }
absl::Status Failed(const std::string& what, const std::error_code& error) {
  return Failed(absl::StrCat(what, ": ", error.message()));
}

}  // namespace

void Safekeeping::CreateBackup(const std::string& id, rpc::Done<v1::CreateBackupResponse> done) {
  options_.executor->Post([this, id, done = std::move(done)] {
    auto made = Backup(id);
    if (made.ok()) {
      options_.logger->Info(
          "backup_made",
          {{"directory", made->directory()}, {"decisions", made->decisions()}, {"bytes", made->bytes()}});
    } else {
      options_.logger->Error("backup_failed", {{"backup", id}, {"message", made.status().message()}});
    }
    done(std::move(made));
  });
}

absl::StatusOr<v1::CreateBackupResponse> Safekeeping::Backup(const std::string& id) {
  const std::string dir = absl::StrCat(options_.backups_dir, "/", id);
  const std::string part = dir + ".part";
  std::error_code error;
  if (fs::exists(dir, error)) {
    return MakeError(absl::StatusCode::kAlreadyExists, "BACKUP_EXISTS", absl::StrCat(dir, " is there already"));
  }
  // What a backup that was cut short left behind.
  fs::remove_all(part, error);
  if (!error) fs::create_directories(part, error);
  if (!error) fs::permissions(part, fs::perms::owner_all, error);
  if (error) return Failed(part, error);
  auto response = Fill(part);
  if (response.ok()) {
    const absl::Status moved = MoveDurably(part, dir);
    if (moved.ok()) {
      response->set_directory(dir);
      return response;
    }
    response = Failed(moved.message());
  }
  fs::remove_all(part, error);
  return response;
}

absl::StatusOr<v1::CreateBackupResponse> Safekeeping::Fill(const std::string& dir) {
  const auto wrapped = [](const std::set<std::string>& wrappers) {
    if (wrappers.count("") == 0) return absl::OkStatus();
    return MakeError(absl::StatusCode::kFailedPrecondition, "KEYS_LIE_OPEN",
                     "keys lie open, and an erasure would not reach a copy of them: start the server with "
                     "--master-key FILE (redressctl master-key new FILE), then redressctl admin rotate-master-key");
  };
  ASSIGN_OR_RETURN(std::set<std::string> wrappers, options_.key_rows->Wrappers());
  RETURN_IF_ERROR(wrapped(wrappers));
  // The log first: every key that it names was durable before.
  RETURN_IF_ERROR(options_.log->CopyTo(dir + "/log"));
  RETURN_IF_ERROR(options_.key_rows->CopyTo(dir + "/keys"));
  std::error_code error;
  if (!fs::copy_file(options_.audit_file, dir + "/audit.log", error) || error) return Failed(dir + "/audit.log", error);

  // What was copied is read as a restore would, and closed again before its files are hashed.
  backup::v1::Manifest manifest;
  int64_t decisions = 0;
  {
    log::EmbeddedLogOptions copy_options;
    copy_options.dir = dir + "/log";
    copy_options.clock = options_.clock;
    copy_options.executor = options_.executor;
    copy_options.ids = options_.ids;
    copy_options.shard_count = 0;
    ASSIGN_OR_RETURN(const auto copy, log::EmbeddedLog::Open(std::move(copy_options)));
    ASSIGN_OR_RETURN(const log::LogSummary summary, log::ReadWhole(copy.get(), nullptr));
    manifest = backup::Describe(copy->info(), summary);
    for (const auto& [id, shard] : summary) decisions += shard.decisions;
  }
  {
    ASSIGN_OR_RETURN(const auto copy,
                     RocksDbKeyRows::Open({.path = dir + "/keys", .installation = options_.log->info().installation}));
    ASSIGN_OR_RETURN(wrappers, copy->Wrappers());
    RETURN_IF_ERROR(wrapped(wrappers));
  }
  for (const std::string& id : wrappers) manifest.add_master_key_ids(id);
  manifest.set_created_at(options_.clock->Now());
  ASSIGN_OR_RETURN(manifest, backup::WriteManifest(dir, std::move(manifest)));
  v1::CreateBackupResponse response;
  response.set_log_id(manifest.log_id());
  response.set_decisions(decisions);
  for (const auto& file : manifest.files()) response.set_bytes(response.bytes() + file.bytes());
  if (manifest.master_key_ids_size() > 0) response.set_master_key_id(manifest.master_key_ids(0));
  return response;
}

void Safekeeping::RotateMasterKey(rpc::Done<v1::RotateMasterKeyResponse> done) {
  options_.executor->Post([this, done = std::move(done)] { done(Rotate()); });
}

absl::StatusOr<v1::RotateMasterKeyResponse> Safekeeping::Rotate() {
  MasterKeys keys;
  if (!options_.master_key_file.empty()) {
    ASSIGN_OR_RETURN(keys, LoadMasterKeys(options_.master_key_file));
  }
  const std::string current = keys.empty() ? "" : keys.current()->id;
  ASSIGN_OR_RETURN(const WrappedKeyRows::Rotation rotation, options_.keys->Rotate(std::move(keys)));
  options_.logger->Info("master_key_rotated",
                        {{"master_key", current}, {"wrapped", rotation.wrapped}, {"living", rotation.living}});
  v1::RotateMasterKeyResponse response;
  response.set_master_key_id(current);
  response.set_wrapped(rotation.wrapped);
  response.set_living(rotation.living);
  return response;
}

void Safekeeping::FinishRotation() {
  options_.executor->Post([this] {
    const auto needed = options_.keys->NeedsRotation();
    if (options_.master_key_file.empty() || (needed.ok() && !*needed)) return;
    const auto rotated =
        needed.ok() ? options_.keys->Rotate() : absl::StatusOr<WrappedKeyRows::Rotation>(needed.status());
    if (!rotated.ok()) {
      return options_.logger->Error("keys_not_wrapped", {{"message", rotated.status().message()}});
    }
    options_.logger->Info("keys_wrapped", {{"wrapped", rotated->wrapped}, {"living", rotated->living}});
  });
}

}  // namespace redress
