// Calls over a socket, any service, without generated stubs.
#pragma once

#include <google/protobuf/message.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/rpc/client.h"
#include "libs/rpc/grpc/keepalive.h"

namespace redress::rpc {

// A stream from the client's side, one call at a time from each of one reading and one writing thread. Blocks.
class ClientStream {
 public:
  // Cancels, unless finished.
  virtual ~ClientStream() = default;
  // False when the stream has ended: Finish tells why. Blocks while the server does not read.
  virtual bool Write(const google::protobuf::Message& message) = 0;
  // The last was written.
  virtual void WritesDone() = 0;
  // False when the server has sent its last, or a message cannot be parsed.
  virtual bool Read(google::protobuf::Message* message) = 0;
  // How the stream ended; waits for that, dropping what was not read. Nothing is read or written after.
  virtual absl::Status Finish() = 0;
  // Ends it from this side, from any thread.
  virtual void Cancel() = 0;
};

// Thread-safe. Connects when first used, and again when the connection breaks. Destroying it cancels open calls and
// waits until they are answered: not from within an answer, and after its streams.
class GrpcClient : public Client {
 public:
  // host:port. UNAVAILABLE comes from the calls, also when the other side of an open one has fallen silent.
  static std::unique_ptr<GrpcClient> Connect(const std::string& address, const Keepalive& keepalive = kClientKeepalive);

  // Calls and waits.
  virtual absl::Status CallAndWait(absl::string_view method, const google::protobuf::Message& request,
                                   google::protobuf::Message* response, const CallOptions& options) = 0;
  // Starts a server-streaming call; its stream is only read.
  virtual std::unique_ptr<ClientStream> Subscribe(absl::string_view method, const google::protobuf::Message& request,
                                                  const CallOptions& options) = 0;
  // Starts a bidirectional call.
  virtual std::unique_ptr<ClientStream> Open(absl::string_view method, const CallOptions& options) = 0;
};

}  // namespace redress::rpc
