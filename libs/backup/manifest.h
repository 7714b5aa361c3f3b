// The manifest of a backup: which files it has, their hashes, and how far its log goes.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/log/log_copy.h"
#include "redress/backup/v1/manifest.pb.h"

namespace redress::backup {

// Of the log that a backup in the making holds; files are added by WriteManifest.
v1::Manifest Describe(const log::LogInfo& info, const log::LogSummary& summary);

// Hashes every file under `dir` and writes DIR/MANIFEST, durable. UNAVAILABLE (BACKUP_FAILED) when the disk refuses.
absl::StatusOr<v1::Manifest> WriteManifest(const std::string& dir, v1::Manifest manifest);

// Reads DIR/MANIFEST and compares every file with it. FAILED_PRECONDITION: BACKUP_INCOMPLETE (no manifest: it was not
// finished, or is no backup), BACKUP_VERSION; DATA_LOSS (BACKUP_DAMAGED) naming a file that is missing or was changed.
absl::StatusOr<v1::Manifest> CheckBackup(const std::string& dir);

// Whether the log is the one described. DATA_LOSS (BACKUP_DAMAGED) naming the first shard that differs.
absl::Status CheckLog(const v1::Manifest& manifest, const log::LogInfo& info, const log::LogSummary& summary);

}  // namespace redress::backup
