// Master keys: what the keys of a key store are wrapped by, in a file of its own that never lies in a backup of them.
//
//   current ─── wraps every key that is made, and after a rotation every one there is
//   earlier ─── opens what a rotation has not reached; thrown away 30 days after it, and with it what old copies hold
//
// A master key's id is a hash of it, so another key is never taken for it.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/clock/millis.h"
#include "libs/ids/ids.h"
#include "libs/privacy/key.h"

namespace redress {

struct MasterKey {
  std::string id;  // 16 hex digits
  SecretKey secret;
  Millis made_at = 0;
};

MasterKey MakeMasterKey(IdSource& random, Millis now);

// The newest first, which is the current one. Empty: keys are not wrapped.
class MasterKeys {
 public:
  MasterKeys() = default;
  // At least one.
  explicit MasterKeys(std::vector<MasterKey> newest_first) : keys_(std::move(newest_first)) {}

  bool empty() const { return keys_.empty(); }
  const std::vector<MasterKey>& all() const { return keys_; }
  // Null when there is none.
  const MasterKey* current() const { return keys_.empty() ? nullptr : &keys_.front(); }
  const MasterKey* Find(absl::string_view id) const;

 private:
  std::vector<MasterKey> keys_;
};

// The file: grammar in the .cc. FAILED_PRECONDITION with reason MASTER_KEY_FILE, saying what is wrong with it and never
// a byte of a key: it cannot be read, others than its owner may read it (mode), a line is none, or there is no key.
absl::StatusOr<MasterKeys> LoadMasterKeys(const std::string& path);
// Whole or not at all, durable, readable by its owner alone. FAILED_PRECONDITION (MASTER_KEY_FILE) when the disk
// refuses.
absl::Status SaveMasterKeys(const std::string& path, const MasterKeys& keys);

}  // namespace redress
