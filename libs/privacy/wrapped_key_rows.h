// Key rows whose secrets lie wrapped by a master key, before whatever keeps them; what is destroyed is listed first.
//
//   MadeAheadKeyStore ──open rows──▶ WrappedKeyRows ──wrapped rows──▶ KeyRows (disk)
//                                          └──ids of destroyed ones──▶ ErasureList
//
// Every row names the master key that wraps it, so that a rotation may stop anywhere: each key is readable with the
// earlier or the current one, and the next rotation goes on.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libs/ids/ids.h"
#include "libs/privacy/erasure_list.h"
#include "libs/privacy/key_rows.h"
#include "libs/privacy/master_key.h"
#include "libs/status/mutex.h"

namespace redress {

// Thread-safe. The arguments outlive it.
class WrappedKeyRows : public KeyRows {
 public:
  struct Rotation {
    int64_t wrapped = 0;  // keys wrapped anew
    int64_t living = 0;   // keys there are
  };

  // FAILED_PRECONDITION with metadata `wanted` and `given` (ids): KEY_WRAPPED, rows are wrapped and no master key is
  // given; MASTER_KEY_MISSING, they are wrapped by one that is not among those given. Without master keys rows stay
  // open. `erasures` may be null.
  static absl::StatusOr<std::unique_ptr<WrappedKeyRows>> Open(KeyRows* rows, std::string installation, MasterKeys keys,
                                                              IdSource* nonces, ErasureList* erasures);

  // Besides the codes of `rows`: DATA_LOSS (KEY_ROW_UNREADABLE) for a wrapped row that was changed, UNAVAILABLE
  // (ERASURE_LIST) when what is to be destroyed could not be listed; it is not destroyed then.
  absl::Status Put(absl::Span<const KeyRow> rows) override;
  absl::StatusOr<std::optional<KeyRow>> Get(absl::string_view id) override;
  absl::StatusOr<std::vector<KeyRow>> IndexRows() override;
  uint64_t IndexChanges() const override { return rows_->IndexChanges(); }
  absl::StatusOr<std::vector<KeyRow>> Scan(absl::string_view after, int limit) override;
  absl::StatusOr<std::set<std::string>> Wrappers() override { return rows_->Wrappers(); }
  absl::Status ForgetWrapper(absl::string_view id) override { return rows_->ForgetWrapper(id); }

  // Whether rows lie open, or are wrapped by an earlier master key.
  absl::StatusOr<bool> NeedsRotation();
  // From now on `keys`; then every living row is wrapped by the current of them, in small durable steps between which
  // the store serves. As Open where `keys` miss one that is in use; nothing has changed then. After any other error, or
  // a crash, every key is readable as before, and a repetition goes on. FAILED_PRECONDITION (NO_MASTER_KEY) for none.
  absl::StatusOr<Rotation> Rotate(MasterKeys keys);
  // Goes on with the keys it has.
  absl::StatusOr<Rotation> Rotate();

 private:
  WrappedKeyRows(KeyRows* rows, std::string installation, MasterKeys keys, IdSource* nonces, ErasureList* erasures);

  KeyRow Wrap(const KeyRow& row, const MasterKey& master) ABSL_EXCLUSIVE_LOCKS_REQUIRED(changing_);
  absl::Status Unwrap(KeyRow* row);
  absl::StatusOr<Rotation> WrapAll(const std::string& current);

  KeyRows* const rows_;
  const std::string installation_;
  ErasureList* const erasures_;
  // One at a time changes rows: a key that is destroyed while it is wrapped anew stays destroyed. Taken before keys_'s.
  Mutex changing_;
  IdSource* const nonces_ ABSL_GUARDED_BY(changing_);
  Mutex mutex_;
  std::shared_ptr<const MasterKeys> keys_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace redress
