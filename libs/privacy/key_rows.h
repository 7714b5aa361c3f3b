// Rows of a key store, and the port that keeps them: what a disk or a compacted topic must do for MadeAheadKeyStore.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "libs/clock/clock.h"
#include "libs/privacy/key.h"

namespace redress {

struct KeyRow {
  std::string id;
  KeyKind kind = KeyKind::kPerson;
  // A destroyed row keeps everything but its secret, so that "destroyed" can be told from "lost".
  bool destroyed = false;
  Millis made_at = 0;
  // "2026-03" for an index key, else empty.
  std::string month;
  // Id of the master key that `secret` is wrapped by; empty: not wrapped.
  std::string wrapped_by;
  // 32 bytes when not wrapped; empty when destroyed. Wiped by whoever copies it out.
  std::string secret;
};

// Bytes of a row without its id, which is its key: grammar in the .cc. DecodeKeyRow: DATA_LOSS with reason
// KEY_ROW_UNREADABLE, naming the id and never a byte of the secret.
std::string EncodeKeyRow(const KeyRow& row);
absl::StatusOr<KeyRow> DecodeKeyRow(absl::string_view id, absl::string_view bytes);

// Thread-safe.
class KeyRows {
 public:
  virtual ~KeyRows() = default;
  // All rows or none, durable when OK is returned; replaces rows of the same id. After an error the outcome is unknown.
  virtual absl::Status Put(absl::Span<const KeyRow> rows) = 0;
  // nullopt only when it is certain that there is no such row.
  virtual absl::StatusOr<std::optional<KeyRow>> Get(absl::string_view id) = 0;
  // Living rows of kind kIndex, oldest month first.
  virtual absl::StatusOr<std::vector<KeyRow>> IndexRows() = 0;
  // Another number once index rows may have changed: before the Put that changes them returns, whatever its outcome.
  // Cheap: asked for with every look-up row.
  virtual uint64_t IndexChanges() const = 0;
  // Up to `limit` rows, living and destroyed, in the order of their ids, from the first after `after` on; none at the
  // end.
  virtual absl::StatusOr<std::vector<KeyRow>> Scan(absl::string_view after, int limit) = 0;
  // What wraps living rows: ids of master keys, and "" while any lies open. Never lacks one that does; may hold one
  // that no longer does, until ForgetWrapper.
  virtual absl::StatusOr<std::set<std::string>> Wrappers() = 0;
  // Whoever calls knows that no living row is wrapped by it; durable when OK.
  virtual absl::Status ForgetWrapper(absl::string_view id) = 0;
};

}  // namespace redress
