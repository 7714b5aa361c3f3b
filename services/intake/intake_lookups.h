// Look-up rows: who has this phone number, mail address, dwelling or tracking code. Keyed hashes that the projection
// makes while the key of what is hashed exists, outside digests, and gone when its owner is erased.
//
//   Add ─▶ rows                                 a key that is gone for good: no row, and nothing is missing
//    │   rows ─Rotate, a piece at a time, once there is another index key─▶ rows under that one
//    └─ key store away or unreadable ─▶ pending ─RetryPending, with every later event of the shard─▶ rows
#pragma once

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/privacy/key_store.h"
#include "libs/privacy/lookup_hash.h"
#include "libs/privacy/sealer.h"
#include "libs/store/store.h"
#include "redress/types/v1/sealed.pb.h"
#include "services/intake/text_fields.h"

namespace redress::intake {

// One text of an owner that can be looked up.
struct LookupText {
  LookupKind kind = LookupKind::kPhone;
  types::v1::Sealed sealed;
  absl::string_view field;
};

// Thread-safe.
class Lookups {
 public:
  // `country_prefix`: digits that national phone numbers get. `keys` outlives it.
  Lookups(std::string installation, std::string country_prefix, KeyStore* keys);

  // Rows for all that can be looked up of an owner ("complaints/<id>", "people/<id>"); none for what cannot be opened
  // any more. While the key store cannot say, the owner is pending. Once an owner, or again behind Remove.
  void Add(uint16_t shard, absl::string_view owner, const std::vector<LookupText>& texts, store::View* rows) const;
  // Makes the rows of some pending owners; `texts_of` says what they have.
  void RetryPending(uint16_t shard, absl::FunctionRef<std::vector<LookupText>(absl::string_view owner)> texts_of,
                    store::View* rows) const;
  // Makes rows anew that lie under another index key than this month's; a piece of them, true when there are more. While
  // the key store cannot be asked: nothing, later.
  bool Rotate(uint16_t shard, absl::FunctionRef<std::vector<LookupText>(absl::string_view owner)> texts_of,
              store::View* rows) const;
  // All of an owner go.
  void Remove(uint16_t shard, absl::string_view owner, store::View* rows) const;

  // Owners that have it, in all shards. INVALID_ARGUMENT for what is no phone number, mail address, dwelling or
  // tracking code; UNAVAILABLE (LOOK_UPS_PENDING) when none is found and some are pending.
  absl::StatusOr<std::vector<std::string>> FindTrackingCode(const store::Rows& rows, uint32_t shard_count,
                                                            absl::string_view code) const;
  absl::StatusOr<std::vector<std::string>> FindPhone(const store::Rows& rows, uint32_t shard_count,
                                                     absl::string_view phone) const;
  absl::StatusOr<std::vector<std::string>> FindEmail(const store::Rows& rows, uint32_t shard_count,
                                                     absl::string_view email) const;
  absl::StatusOr<std::vector<std::string>> FindDwelling(const store::Rows& rows, uint32_t shard_count,
                                                        absl::string_view dwelling) const;

 private:
  // The rows of an owner under `index_key`: rests of their keys. Any error may pass.
  absl::StatusOr<std::vector<std::string>> RestsOf(absl::string_view owner, const std::vector<LookupText>& texts,
                                                   const Key& index_key) const;
  absl::Status TryAdd(uint16_t shard, absl::string_view owner, const std::vector<LookupText>& texts,
                      store::View* rows) const;
  absl::Status TryAddUnder(const Key& index_key, uint16_t shard, absl::string_view owner,
                           const std::vector<LookupText>& texts, store::View* rows) const;
  void AddPending(uint16_t shard, absl::string_view owner, store::View* rows) const;
  absl::StatusOr<std::string> Normalise(LookupKind kind, const std::string& text) const;
  absl::StatusOr<std::string> Open(const types::v1::Sealed& sealed, absl::string_view owner,
                                   absl::string_view field) const;
  absl::StatusOr<std::vector<std::string>> Find(const store::Rows& rows, uint32_t shard_count, LookupKind kind,
                                                absl::string_view normalised) const;

  const std::string country_prefix_;
  KeyStore* const keys_;
  const Opener opener_;
};

}  // namespace redress::intake
