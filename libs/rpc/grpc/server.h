// A gRPC server of rpc::Services: reflection, health, limits, keepalive, drain. Hides gRPC from whoever starts it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/auth/authenticator.h"
#include "libs/clock/clock.h"
#include "libs/rpc/call_observer.h"
#include "libs/rpc/grpc/keepalive.h"
#include "libs/rpc/service.h"

namespace redress::rpc {

struct ServerOptions {
  // host:port; port 0 takes a free one. Whether it may be listened on is CheckListenAddress's to say (libs/auth).
  std::string address = "127.0.0.1:0";
  // These outlive the server; `observer` may be null.
  const Authenticator* authenticator = nullptr;
  const Clock* clock = nullptr;
  CallObserver* observer = nullptr;
  // Of one message; larger ones are answered with RESOURCE_EXHAUSTED (MESSAGE_TOO_LARGE); beyond four times as much by
  // gRPC itself, with the same code but no ErrorInfo.
  size_t max_message_bytes = 4 << 20;
  // Calls of a client that has fallen silent are cancelled.
  Keepalive keepalive = kServerKeepalive;
  // Clients that ping more often are sent away.
  Millis min_ping_interval = kMinPingInterval;
};

// Thread-safe. Handlers run on gRPC's threads, several at once.
class Server {
 public:
  // Serves at once; health of each service and of the whole ("") is NOT_SERVING until SetServing. `services` outlive
  // it. FAILED_PRECONDITION: SERVICE_INCOMPLETE, naming methods without a handler; CANNOT_LISTEN, e.g. because the port
  // is taken.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                       const std::vector<const Service*>& services);
  // Drains, if nobody has.
  ~Server();

  int port() const;
  // Of one service by its full name, or of the whole by "". No effect once drained.
  void SetServing(absl::string_view service, bool serving);
  // Health says NOT_SERVING; open calls and new ones end with UNAVAILABLE (SERVER_STOPPING); what is still on its way
  // to slow readers after `grace` is cut off. Returns when no handler and no callback of a call runs any more. Not from
  // a handler.
  void Drain(Millis grace = 2 * kSecond);

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace redress::rpc
