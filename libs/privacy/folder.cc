#include "libs/privacy/folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "libs/status/macros.h"

namespace redress {
namespace {

namespace fs = std::filesystem;

absl::Status Sync(const fs::path& path) {
  const int opened = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = opened >= 0 && fsync(opened) == 0;
  const int error = errno;
  if (opened >= 0) close(opened);
  return synced ? absl::OkStatus() : absl::UnavailableError(absl::StrCat(path.string(), ": ", std::strerror(error)));
}

absl::Status SyncTree(const std::string& dir) {
  RETURN_IF_ERROR(Sync(dir));
  std::error_code error;
  for (fs::recursive_directory_iterator at(dir, error), end; !error && at != end; at.increment(error)) {
    if (at->is_regular_file() || at->is_directory()) RETURN_IF_ERROR(Sync(at->path()));
  }
  return error ? absl::UnavailableError(absl::StrCat(dir, ": ", error.message())) : absl::OkStatus();
}

}  // namespace

absl::Status SyncFolderOf(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  return Sync(folder.empty() ? "." : folder);
}

absl::Status MoveDurably(const std::string& part, const std::string& dir) {
  RETURN_IF_ERROR(SyncTree(part));
  std::error_code error;
  fs::rename(part, dir, error);
  if (error) return absl::UnavailableError(absl::StrCat(dir, ": ", error.message()));
  return SyncFolderOf(dir);
}

}  // namespace redress
