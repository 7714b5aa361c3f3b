// Who read which personal data, and why: a line for each opening, written before the reader gets anything.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/clock/clock.h"
#include "libs/status/mutex.h"

namespace redress {

struct Reader {
  // Opaque id of a member of staff or of a system.
  std::string caller;
  // Why, in a word or two of a closed list of the service's: "get_complaint", "send_message".
  std::string purpose;
};

// Valid during the call that it is passed to.
struct ReadEntry {
  const Reader& reader;
  absl::string_view owner;
  absl::string_view field;
  absl::string_view key_id;
};

// Thread-safe.
class ReadAudit {
 public:
  virtual ~ReadAudit() = default;
  // OK once the line is handed to where it is kept. An error keeps the reader from reading.
  virtual absl::Status Record(const ReadEntry& entry) = 0;
};

// For tests: the lines as "caller purpose owner field".
class InMemoryReadAudit : public ReadAudit {
 public:
  absl::Status Record(const ReadEntry& entry) override;
  std::vector<std::string> lines() const;
  // All later records answer this; OK makes it work again.
  void FailWith(absl::Status status);

 private:
  mutable Mutex mutex_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
};

// Appends JSON lines {"time_ms", "caller", "purpose", "owner", "field", "key_id"} to a file made with mode 0600.
// Handed to the operating system line by line, not synced. Where only a part of a line could be written, it stands there as
// a line of its own, which is no JSON; its reader was refused.
class FileReadAudit : public ReadAudit {
 public:
  // FAILED_PRECONDITION (AUDIT_FILE) if the file cannot be opened for appending. `clock` outlives it.
  static absl::StatusOr<std::unique_ptr<FileReadAudit>> Open(const std::string& path, const Clock* clock);
  ~FileReadAudit() override;
  // UNAVAILABLE (AUDIT_FILE) when the line could not be written.
  absl::Status Record(const ReadEntry& entry) override;

 private:
  FileReadAudit(int file, bool torn, const Clock* clock) : file_(file), clock_(clock), torn_(torn) {}

  const int file_;
  const Clock* const clock_;
  Mutex mutex_;
  // The file ends in the middle of a line.
  bool torn_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace redress
