// Closing and opening of personal data: XChaCha20-Poly1305.
//
// Handlers seal before a command is queued; what lies behind them holds only Sealed. The box is bound to its place:
// associated data are installation, key id, owner and field, so a box moved elsewhere does not open.
#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/ids/ids.h"
#include "libs/privacy/key_store.h"
#include "libs/privacy/read_audit.h"
#include "redress/types/v1/sealed.pb.h"

namespace redress {

// Closed personal data in C++ values: carries the message to and from protos, and cannot be printed, compared or
// hashed.
class Sealed {
 public:
  Sealed() = default;
  explicit Sealed(types::v1::Sealed proto) : proto_(std::move(proto)) {}
  const types::v1::Sealed& proto() const { return proto_; }
  // Nothing was sealed: an absent field.
  bool empty() const { return proto_.box().empty(); }
  const std::string& key_id() const { return proto_.key_id(); }

  bool operator==(const Sealed&) const = delete;
  template <typename Stream>
  friend Stream& operator<<(Stream&, const Sealed&) = delete;
  template <typename H>
  friend H AbslHashValue(H, const Sealed&) = delete;

 private:
  types::v1::Sealed proto_;
};

// Thread-safe if `nonces` is.
class Sealer {
 public:
  // `installation`: the landlord's id in the log's first record. `nonces` outlives it: SystemIdSource, but for
  // simulations.
  Sealer(std::string installation, IdSource* nonces) : installation_(std::move(installation)), nonces_(nonces) {}

  // `owner`: resource name of the complaint or person it belongs to; `field`: its path there, e.g. "messages/3/text".
  // Empty text is sealed too: that a field is empty is nobody's business.
  Sealed Seal(const Key& key, absl::string_view owner, absl::string_view field, absl::string_view plaintext) const;

 private:
  const std::string installation_;
  IdSource* const nonces_;
};

// Thread-safe. Opens what a Sealer of the same installation closed.
class Opener {
 public:
  // `keys` and `audit` outlive it.
  Opener(std::string installation, KeyStore* keys, ReadAudit* audit)
      : installation_(std::move(installation)), keys_(keys), audit_(audit) {}

  // The plain text, once the audit has taken a line that says who reads what and why. `owner` and `field` as it was
  // sealed. NOT_FOUND (KEY_DESTROYED): its key is gone, it stays shut for ever, and there is nothing to audit.
  // DATA_LOSS (KEY_LOST): its key is gone though nobody destroyed it; the key store has to be put back.
  // DATA_LOSS (SEAL_BROKEN): changed, cut, or from another place. INVALID_ARGUMENT: nothing sealed, or no caller or
  // purpose. Any error of the audit: nothing is opened.
  absl::StatusOr<std::string> Open(const Sealed& sealed, absl::string_view owner, absl::string_view field,
                                   const Reader& reader) const;
  absl::StatusOr<std::string> Open(const types::v1::Sealed& sealed, absl::string_view owner, absl::string_view field,
                                   const Reader& reader) const;
  // 32 bytes for somebody else to seal `field` of `owner` with: BLAKE2b of both and the installation, keyed with the key
  // `key_id`, the same for ever. Nothing is learnt from it about that key, and it is gone with it. Audited and refused as Open.
  absl::StatusOr<std::string> DeriveKey(const std::string& key_id, absl::string_view owner, absl::string_view field,
                                        const Reader& reader) const;

 private:
  absl::StatusOr<Key> FindKey(const std::string& key_id, absl::string_view owner, absl::string_view field) const;

  const std::string installation_;
  KeyStore* const keys_;
  ReadAudit* const audit_;
};

}  // namespace redress
