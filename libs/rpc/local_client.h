// Calls to services of the same process, without a socket: for gateways and simulations.
#pragma once

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "libs/auth/authenticator.h"
#include "libs/rpc/client.h"
#include "libs/rpc/service.h"

namespace redress::rpc {

// Handlers run inside RawCall, in the caller's thread; `done` runs where they answer. Requests and responses are copied
// through their bytes, as over a socket. A time-out becomes the handler's deadline and nothing more: nobody ends a call
// that waits.
class LocalClient : public Client {
 public:
  // The arguments outlive it.
  LocalClient(std::vector<const Service*> services, const Authenticator* authenticator, const Clock* clock);

  // UNIMPLEMENTED if there is no such unary method.
  void RawCall(absl::string_view method, const google::protobuf::Message& request, google::protobuf::Message* response,
               const CallOptions& options, std::function<void(absl::Status)> done) override;

 private:
  const Authenticator* const authenticator_;
  const Clock* const clock_;
  absl::flat_hash_map<std::string, const Method*> methods_;
};

}  // namespace redress::rpc
