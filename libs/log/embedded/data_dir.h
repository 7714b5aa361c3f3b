// Opens, makes or refuses the directory of an embedded log.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/listener.h>

#include <memory>

#include "absl/status/statusor.h"
#include "libs/log/embedded/embedded_log.h"

namespace redress::log {

struct OpenedDirectory {
  std::unique_ptr<rocksdb::DB> db;
  LogInfo info;
  OpenReport report;
};

// As EmbeddedLog::Open.
absl::StatusOr<OpenedDirectory> OpenDirectory(const EmbeddedLogOptions& options,
                                              std::shared_ptr<rocksdb::EventListener> listener);

}  // namespace redress::log
