// Where keys live: outside the log, so that facts stay and people can be forgotten.
//
//   TakeKey ──▶ a key no one has had ──▶ an event binds its id ──▶ Find … Find ──▶ Destroy ──▶ nobody opens it again
//
// A key is durable before it is handed out, so an event never names a key that a crash could lose. Keys are made ahead
// in batches: taking one costs no disk sync. That a key was taken is not stored: after a restart keys come only from
// new batches, and the untaken ones of older batches stay where they are and are never handed out.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "libs/clock/millis.h"
#include "libs/privacy/key.h"

namespace redress {

// How long an index key lives on when the next is there.
inline constexpr Millis kIndexKeyOutlives = 30 * kDay;

// Thread-safe. Errors besides those named: UNAVAILABLE (ask again), RESOURCE_EXHAUSTED (disk full), DATA_LOSS (a row
// cannot be read).
class KeyStore {
 public:
  virtual ~KeyStore() = default;

  // A key that is durable and that nobody was given before. `kind` is kPerson or kText; INVALID_ARGUMENT for others.
  virtual absl::StatusOr<Key> TakeKey(KeyKind kind) = 0;

  // Makes keys ahead where fewer than half a batch are left: called now and then off the callers' path. TakeKey makes a
  // batch itself when it finds none.
  virtual absl::Status Replenish() = 0;

  // NOT_FOUND (KEY_DESTROYED). DATA_LOSS (KEY_LOST) for an id that is neither here nor destroyed: the key was durable
  // before anything could name it, so it is gone without anybody's will, and whose it was is not forgotten. A store
  // that follows a log says either only once it is sure, and UNAVAILABLE before.
  virtual absl::StatusOr<Key> Find(absl::string_view key_id) = 0;

  // Destroys all of them in one durable step; once OK, no restart brings one back. Destroyed ones are OK and
  // change nothing; lost ones are destroyed from then on. INVALID_ARGUMENT, and nothing destroyed, if one is no key id
  // or is the staff key's.
  virtual absl::Status DestroyAll(absl::Span<const std::string> key_ids) = 0;
  absl::Status Destroy(absl::string_view key_id) {
    const std::string id(key_id);
    return DestroyAll(absl::MakeConstSpan(&id, 1));
  }

  // Living index keys: this month's (UTC) first, made now if there is none, then the others from the newest month on.
  // New look-up rows are hashed under the first, questions under each.
  virtual absl::StatusOr<std::vector<Key>> IndexKeys() = 0;

  // Destroys, in one durable step, index keys that a later month's has followed for kIndexKeyOutlives or longer: until
  // then rows under them are made anew. Called now and then.
  virtual absl::Status RetireIndexKeys() = 0;

  // The one staff key, made by whoever asks first. It does not rotate, because what it makes are ids; no erasure
  // destroys it.
  virtual absl::StatusOr<Key> StaffKey() = 0;
};

}  // namespace redress
