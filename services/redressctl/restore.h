// Makes a data directory from a backup: a new log (another id), the keys without those that were destroyed since.
//
//   BACKUP/log ─copied record by record─▶ DIR/log    BACKUP/keys ─minus what was erased─▶ DIR/keys
//                                                     ▲ the backup's log, the erasure list
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/clock/clock.h"
#include "libs/ids/ids.h"

namespace redress::ctl {

struct RestoreOptions {
  std::string backup;
  std::string dir;  // made; must not exist, or be empty
  // What was destroyed since the backup (erasure_list.h). Empty: nobody was, as far as anyone knows.
  std::string erasures;
  const Clock* clock = nullptr;
  IdSource* ids = nullptr;
};

struct RestoreReport {
  std::string installation;
  std::string old_log_id;  // lower-case hex
  std::string new_log_id;
  int64_t decisions = 0;
  Millis made_at = 0;  // the backup
  // Keys destroyed in the copy because the log, or the list, says that they were.
  int64_t destroyed = 0;
  // "people/…" and "complaints/…" whose key was destroyed after the backup: nobody reads them again, and the log does
  // not say so yet. Of a complaint that lost words since, what was kept is sealed in no backup before: it gets a key
  // again with its next RedactText.
  std::vector<std::string> erased_since;
  // Ids: the server starts with a file that holds them.
  std::vector<std::string> master_keys;
};

// Reads the backup alone and changes nothing of it; needs no master key. What fails leaves no directory behind.
// FAILED_PRECONDITION: RESTORE_TARGET (it holds something), BACKUP_INCOMPLETE, BACKUP_VERSION, ERASURE_LIST; DATA_LOSS:
// BACKUP_DAMAGED, KEY_LOST (the log names a key that the backup lacks), and what reading log and keys may answer;
// RESOURCE_EXHAUSTED (LOG_FULL); UNAVAILABLE (RESTORE_FAILED) when the disk refuses.
absl::StatusOr<RestoreReport> Restore(const RestoreOptions& options);

}  // namespace redress::ctl
