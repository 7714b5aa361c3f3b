#include "libs/privacy/read_audit.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "libs/metrics/json.h"
#include "libs/status/errors.h"

namespace redress {
namespace {

std::string Quoted(absl::string_view text) {
  std::string out;
  AppendJsonString(&out, text);
  return out;
}

// A process that ended in the middle of a line left it without an end. One that may not be read is taken for whole.
bool IsTorn(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;
  std::ifstream in(path, std::ios::binary);
  char last = '\n';
  return in.seekg(-1, std::ios::end).get(last) && last != '\n';
}

}  // namespace

absl::Status InMemoryReadAudit::Record(const ReadEntry& entry) {
  MutexLock lock(mutex_);
  if (!failure_.ok()) return failure_;
  lines_.push_back(absl::StrCat(entry.reader.caller, " ", entry.reader.purpose, " ", entry.owner, " ", entry.field));
  return absl::OkStatus();
}

std::vector<std::string> InMemoryReadAudit::lines() const {
  MutexLock lock(mutex_);
  return lines_;
}

void InMemoryReadAudit::FailWith(absl::Status status) {
  MutexLock lock(mutex_);
  failure_ = std::move(status);
}

absl::StatusOr<std::unique_ptr<FileReadAudit>> FileReadAudit::Open(const std::string& path, const Clock* clock) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "AUDIT_FILE",
                     absl::StrCat("cannot append to the read audit ", path, ": ", std::strerror(errno)));
  }
  return std::unique_ptr<FileReadAudit>(new FileReadAudit(file, IsTorn(path), clock));
}

FileReadAudit::~FileReadAudit() { close(file_); }

absl::Status FileReadAudit::Record(const ReadEntry& entry) {
  std::string line = absl::StrCat("{\"time_ms\":", clock_->Now(), ",\"caller\":", Quoted(entry.reader.caller),
                                  ",\"purpose\":", Quoted(entry.reader.purpose), ",\"owner\":", Quoted(entry.owner),
                                  ",\"field\":", Quoted(entry.field), ",\"key_id\":", Quoted(entry.key_id), "}\n");
  MutexLock lock(mutex_);
  if (torn_) line.insert(0, "\n");
  const ssize_t written = write(file_, line.data(), line.size());
  if (written == static_cast<ssize_t>(line.size())) {
    torn_ = false;
    return absl::OkStatus();
  }
  if (written > 0) torn_ = line[static_cast<size_t>(written) - 1] != '\n';
  return MakeError(absl::StatusCode::kUnavailable, "AUDIT_FILE",
                   absl::StrCat("cannot write the read audit: ",
                                written < 0 ? std::strerror(errno) : "there is no room for a whole line"));
}

}  // namespace redress
