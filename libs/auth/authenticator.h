// From a bearer token to a caller.
#pragma once

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/auth/caller.h"

namespace redress {

// Thread-safe; does not block.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // UNAUTHENTICATED: NOT_AUTHENTICATED for an empty token, TOKEN_UNKNOWN for one that belongs to nobody.
  virtual absl::StatusOr<std::shared_ptr<const Caller>> Authenticate(absl::string_view token) const = 0;
};

// Everybody is "local" and may everything: for one machine, while no principals are set up (CheckListenAddress).
class NoAuth : public Authenticator {
 public:
  absl::StatusOr<std::shared_ptr<const Caller>> Authenticate(absl::string_view token) const override;

 private:
  const std::shared_ptr<const Caller> local_ =
      std::make_shared<const Caller>("local", std::vector<std::string>{}, PermissionSet::All());
};

// The principals of a file (proto/redress/auth/v1/principals.proto), read once.
class StaticTokens : public Authenticator {
 public:
  // FAILED_PRECONDITION (PRINCIPALS_FILE): missing, not readable, or open to others, saying how to mend it.
  // INVALID_ARGUMENT: not in text format (PRINCIPALS_FILE), with line and column; or every bad field by its path
  // (INVALID_FIELDS).
  static absl::StatusOr<std::unique_ptr<StaticTokens>> Load(const std::string& path);
  // As Load, of the text itself.
  static absl::StatusOr<std::unique_ptr<StaticTokens>> Parse(const std::string& text);

  absl::StatusOr<std::shared_ptr<const Caller>> Authenticate(absl::string_view token) const override;

 private:
  StaticTokens() = default;

  // By SHA-256 of the token, in hexadecimal: what is compared gives nothing away about the token.
  absl::flat_hash_map<std::string, std::shared_ptr<const Caller>> callers_;
};

// 64 hexadecimal digits, as principals files hold them.
std::string HashToken(absl::string_view token);

// OK if a server may listen on `address` (host:port): any with principals, without them loopback alone.
// FAILED_PRECONDITION (NO_PRINCIPALS), saying what to do. INVALID_ARGUMENT if it is no host:port.
absl::Status CheckListenAddress(absl::string_view address, bool has_principals);

}  // namespace redress
