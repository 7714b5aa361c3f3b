#include "libs/rpc/listen.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"

namespace redress::rpc {
namespace {

bool CanBind(const addrinfo& address) {
  const int probe = socket(address.ai_family, address.ai_socktype, address.ai_protocol);
  if (probe < 0) return false;
  // As the server does: a connection of an earlier life that lingers is no hindrance.
  const int on = 1;
  setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const bool bound = bind(probe, address.ai_addr, address.ai_addrlen) == 0;
  close(probe);
  return bound;
}

}  // namespace

absl::Status CannotListen(const std::string& address) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "CANNOT_LISTEN",
                   absl::StrCat("cannot listen on ", address,
                                ": the port is taken or the address is not "
                                "of this machine"));
}

absl::Status CheckCanListen(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) return CannotListen(address);
  std::string host = address.substr(0, colon);
  if (absl::StartsWith(host, "[") && absl::EndsWith(host, "]")) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), address.substr(colon + 1).c_str(), &hints, &found) != 0) return CannotListen(address);
  // A name may have addresses of both families: the server takes what it gets.
  bool bound = false;
  for (const addrinfo* one = found; one != nullptr && !bound; one = one->ai_next) bound = CanBind(*one);
  freeaddrinfo(found);
  return bound ? absl::OkStatus() : CannotListen(address);
}

}  // namespace redress::rpc
