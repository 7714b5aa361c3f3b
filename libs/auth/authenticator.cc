#include "libs/auth/authenticator.h"

#include <arpa/inet.h>
#include <sodium.h>

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"

namespace redress {
namespace {

bool IsLoopback(const std::string& host) {
  if (host == "localhost") return true;
  in_addr four;
  if (inet_pton(AF_INET, host.c_str(), &four) == 1) return ntohl(four.s_addr) >> 24 == 127;
  in6_addr six;
  return inet_pton(AF_INET6, host.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Caller>> NoAuth::Authenticate(absl::string_view) const { return local_; }

absl::StatusOr<std::shared_ptr<const Caller>> StaticTokens::Authenticate(absl::string_view token) const {
  if (token.empty()) return Caller().Require(Permission::kTrack);
  const auto found = callers_.find(HashToken(token));
  if (found == callers_.end()) {
    return MakeError(absl::StatusCode::kUnauthenticated, "TOKEN_UNKNOWN", "this token belongs to nobody");
  }
  return found->second;
}

std::string HashToken(absl::string_view token) {
  std::string hash(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256(reinterpret_cast<unsigned char*>(hash.data()),
                     reinterpret_cast<const unsigned char*>(token.data()), token.size());
  return absl::BytesToHexString(hash);
}

absl::Status CheckListenAddress(absl::string_view address, bool has_principals) {
  const size_t colon = address.rfind(':');
  int port = -1;
  if (colon == absl::string_view::npos || colon == 0 || !absl::SimpleAtoi(address.substr(colon + 1), &port) ||
      port < 0 || port > 65535) {
    return InvalidFields({{"address", absl::StrCat("\"", address, "\" is not host:port")}});
  }
  absl::string_view host = address.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != absl::string_view::npos) {
    return InvalidFields({{"address", absl::StrCat("\"", address, "\": write an IPv6 host in brackets, [::1]:443")}});
  }
  if (has_principals || IsLoopback(std::string(host))) return absl::OkStatus();
  return MakeError(absl::StatusCode::kFailedPrecondition, "NO_PRINCIPALS",
                   absl::StrCat("will not listen on ", address,
                                ": no principals are set up, so everybody who reaches it could do everything. "
                                "Start with a file of principals, or listen on 127.0.0.1"));
}

}  // namespace redress
