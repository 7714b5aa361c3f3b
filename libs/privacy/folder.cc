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
    std::error_code unknown;
    if (at->is_regular_file(unknown) || at->is_directory(unknown)) RETURN_IF_ERROR(Sync(at->path()));
  }
  return error ? absl::UnavailableError(absl::StrCat(dir, ": ", error.message())) : absl::OkStatus();
}

}  // namespace

absl::Status WriteDurably(int file, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return absl::UnavailableError(std::strerror(errno));
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return fdatasync(file) == 0 ? absl::OkStatus() : absl::UnavailableError(std::strerror(errno));
}

absl::Status WriteFileDurably(const std::string& path, absl::string_view bytes) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return absl::UnavailableError(absl::StrCat(path, ": ", std::strerror(errno)));
  const absl::Status written = WriteDurably(file, bytes);
  close(file);
  if (!written.ok()) return absl::UnavailableError(absl::StrCat(path, ": ", written.message()));
  return SyncFolderOf(path);
}

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
