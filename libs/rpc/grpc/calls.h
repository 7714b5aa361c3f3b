// Open calls of a server: what each needs, who they are, how they all end. Used by server.cc alone.
//
// No call waits inside gRPC without us: each is in the registry until it ends, a cancellation completes it, and a drain
// ends it with UNAVAILABLE. (Server::Shutdown never returns while one callback call is unfinished.)
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <cstddef>
#include <memory>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/auth/authenticator.h"
#include "libs/clock/clock.h"
#include "libs/rpc/call_observer.h"
#include "libs/rpc/service.h"
#include "libs/status/mutex.h"

namespace redress::rpc {

class OpenCall {
 public:
  virtual ~OpenCall() = default;
  // Ends the call as if its handler had, unless it has ended.
  virtual void Abort(const absl::Status& status) = 0;
};

// Thread-safe.
class CallRegistry {
 public:
  // False once draining: the call is to be ended at once.
  bool Add(const std::shared_ptr<OpenCall>& call);
  void Remove(const OpenCall* call);
  // Ends all, and all to come.
  void Drain(const absl::Status& status);

 private:
  Mutex mutex_;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  absl::flat_hash_map<const OpenCall*, std::weak_ptr<OpenCall>> calls_ ABSL_GUARDED_BY(mutex_);
};

// What every call of a server needs; outlives them.
struct CallHost {
  const Authenticator* authenticator;
  const Clock* clock;
  CallObserver* observer;  // null: none
  size_t max_message_bytes;
  CallRegistry registry;
};

absl::Status DrainingError();

absl::StatusOr<CallContext> AdmitGrpc(const CallHost& host, const Method& method,
                                      const grpc::CallbackServerContext& context);

grpc::ServerUnaryReactor* StartUnary(CallHost* host, const Method* method, grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request, grpc::ByteBuffer* response);
grpc::ServerWriteReactor<grpc::ByteBuffer>* StartServerStreaming(CallHost* host, const Method* method,
                                                                 grpc::CallbackServerContext* context,
                                                                 const grpc::ByteBuffer* request);
grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* StartBidi(CallHost* host, const Method* method,
                                                                       grpc::CallbackServerContext* context);

}  // namespace redress::rpc
