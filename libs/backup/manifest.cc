#include "libs/backup/manifest.h"

#include <fcntl.h>
#include <google/protobuf/text_format.h>
#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/privacy/folder.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "libs/status/textproto.h"

namespace redress::backup {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kFormat = 1;
constexpr char kName[] = "MANIFEST";
constexpr size_t kHashBytes = 32;

absl::Status Failed(const std::string& file, absl::string_view what) {
  return MakeError(absl::StatusCode::kUnavailable, "BACKUP_FAILED", absl::StrCat(file, ": ", what), {{"file", file}});
}

absl::Status Damaged(const std::string& file, absl::string_view what) {
  return MakeError(absl::StatusCode::kDataLoss, "BACKUP_DAMAGED", absl::StrCat(file, " ", what), {{"file", file}});
}

// Also what the disk has taken in before the manifest says so.
absl::StatusOr<v1::File> Hash(const fs::path& path, bool sync) {
  v1::File file;
  const int handle = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (handle < 0) return Failed(path.string(), "cannot be opened");
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, kHashBytes);
  std::vector<unsigned char> buffer(1 << 20);
  ssize_t got = 0;
  while ((got = read(handle, buffer.data(), buffer.size())) > 0) {
    crypto_generichash_update(&state, buffer.data(), static_cast<size_t>(got));
    file.set_bytes(file.bytes() + got);
  }
  const bool good = got == 0 && (!sync || fsync(handle) == 0);
  close(handle);
  if (!good) return Failed(path.string(), "cannot be read");
  std::string hash(kHashBytes, '\0');
  crypto_generichash_final(&state, reinterpret_cast<unsigned char*>(hash.data()), hash.size());
  file.set_hash(log::Hex(hash));
  return file;
}

// Relative to `dir`, in order, without the manifest.
absl::StatusOr<std::vector<std::string>> FilesOf(const std::string& dir) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::recursive_directory_iterator at(dir, error), end; !error && at != end; at.increment(error)) {
    std::error_code unknown;
    if (!at->is_regular_file(unknown)) continue;
    const std::string path = at->path().lexically_relative(dir).string();
    if (path != kName) files.push_back(path);
  }
  if (error) return Failed(dir, error.message());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

v1::Manifest Describe(const log::LogInfo& info, const log::LogSummary& summary) {
  v1::Manifest manifest;
  manifest.set_format(kFormat);
  manifest.set_installation(info.installation);
  manifest.set_log_id(log::Hex(info.log_id));
  manifest.set_shard_count(info.shard_count);
  for (const auto& [id, shard] : summary) {
    v1::Shard* out = manifest.add_shards();
    out->set_stream(std::string(log::StreamName(id.stream)));
    out->set_shard(id.shard);
    out->set_next_offset(shard.state.next_offset);
    out->set_decisions(shard.decisions);
    out->set_chain(log::Hex(shard.state.chain));
  }
  return manifest;
}

absl::StatusOr<v1::Manifest> WriteManifest(const std::string& dir, v1::Manifest manifest) {
  ASSIGN_OR_RETURN(const std::vector<std::string> files, FilesOf(dir));
  for (const std::string& path : files) {
    ASSIGN_OR_RETURN(v1::File file, Hash(fs::path(dir) / path, /*sync=*/true));
    file.set_path(path);
    *manifest.add_files() = std::move(file);
  }
  std::string text;
  google::protobuf::TextFormat::PrintToString(manifest, &text);
  const std::string path = absl::StrCat(dir, "/", kName);
  if (const absl::Status written = WriteFileDurably(path, text); !written.ok()) return Failed(path, written.message());
  return manifest;
}

absl::StatusOr<v1::Manifest> CheckBackup(const std::string& dir) {
  const std::string path = dir + "/" + kName;
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf())) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "BACKUP_INCOMPLETE",
                     absl::StrCat(dir, " has no ", kName, ": it was not finished, or is no backup"));
  }
  v1::Manifest manifest;
  const absl::Status read = ParseTextproto(text.str(), "BACKUP_DAMAGED", &manifest);
  if (!read.ok()) return Damaged(path, absl::StrCat("cannot be read: ", read.message()));
  if (manifest.format() != kFormat) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "BACKUP_VERSION",
                     absl::StrCat(dir, " has format ", manifest.format(), ", this build reads ", kFormat));
  }
  for (const v1::File& wanted : manifest.files()) {
    const fs::path file = fs::path(dir) / wanted.path();
    std::error_code unknown;
    if (!fs::is_regular_file(file, unknown)) return Damaged(file.string(), "is missing");
    ASSIGN_OR_RETURN(const v1::File found, Hash(file, /*sync=*/false));
    if (found.bytes() != wanted.bytes() || found.hash() != wanted.hash()) return Damaged(file.string(), "was changed");
  }
  return manifest;
}

absl::Status CheckLog(const v1::Manifest& manifest, const log::LogInfo& info, const log::LogSummary& summary) {
  const v1::Manifest here = Describe(info, summary);
  if (here.log_id() != manifest.log_id() || here.shards_size() != manifest.shards_size()) {
    return Damaged(here.log_id(), absl::StrCat("is another log than ", manifest.log_id(), ", which was copied"));
  }
  for (int i = 0; i < here.shards_size(); ++i) {
    const v1::Shard& found = here.shards(i);
    const v1::Shard& wanted = manifest.shards(i);
    if (found.chain() == wanted.chain() && found.next_offset() == wanted.next_offset() &&
        found.decisions() == wanted.decisions()) {
      continue;
    }
    return Damaged(absl::StrCat(found.stream(), "/", found.shard()),
                   absl::StrCat("ends at ", found.next_offset(), ", and ended at ", wanted.next_offset()));
  }
  return absl::OkStatus();
}

}  // namespace redress::backup
