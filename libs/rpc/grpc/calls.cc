#include "libs/rpc/grpc/calls.h"

#include <string>
#include <utility>
#include <vector>

#include "libs/rpc/grpc/convert.h"
#include "libs/rpc/grpc/deadlines.h"
#include "libs/status/errors.h"

namespace redress::rpc {
namespace {

absl::string_view HeaderOf(const grpc::CallbackServerContext& context, const char* name) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find(name);
  return found == metadata.end() ? absl::string_view()
                                 : absl::string_view(found->second.data(), found->second.length());
}

class UnaryCall final : public grpc::ServerUnaryReactor,
                        public OpenCall,
                        public std::enable_shared_from_this<UnaryCall> {
 public:
  UnaryCall(CallHost* host, const Method* method, grpc::ByteBuffer* response)
      : host_(host), method_(method), response_(response), begun_(host->clock->Monotonic()) {
    if (host_->observer != nullptr) host_->observer->Begun(method_->full_name);
  }

  void Run(const grpc::CallbackServerContext& context, const grpc::ByteBuffer& request) {
    self_ = shared_from_this();
    if (!host_->registry.Add(self_)) return Abort(DrainingError());
    const absl::StatusOr<CallContext> admitted = AdmitGrpc(*host_, *method_, context);
    if (!admitted.ok()) return Abort(admitted.status());
    const std::unique_ptr<google::protobuf::Message> message(method_->request_prototype->New());
    grpc::ByteBuffer bytes(request);
    if (absl::Status parsed = Parse(&bytes, host_->max_message_bytes, message.get()); !parsed.ok()) {
      return Abort(parsed);
    }
    method_->unary(*admitted, *message,
                   [self = self_](const absl::Status& status, const google::protobuf::Message* response) {
                     self->End(status, response);
                   });
  }

  void Abort(const absl::Status& status) override { End(status, nullptr); }
  // The caller hears its own cancellation or deadline; this completes the call on our side.
  void OnCancel() override { Abort(absl::CancelledError("the caller gave up, or its deadline passed")); }
  void OnDone() override {
    host_->registry.Remove(this);
    self_.reset();
  }

 private:
  void End(const absl::Status& status, const google::protobuf::Message* response) {
    {
      MutexLock lock(mutex_);
      if (ended_) return;
      ended_ = true;
    }
    // Whoever set `ended_` owns `response_` and the reactor until Finish: OnDone comes after it.
    if (status.ok()) *response_ = Serialize(*response);
    if (host_->observer != nullptr) {
      host_->observer->Ended(method_->full_name, status.code(), host_->clock->Monotonic() - begun_);
    }
    Finish(ToGrpc(status));
  }

  CallHost* const host_;
  const Method* const method_;
  grpc::ByteBuffer* const response_;
  const Millis begun_;
  Mutex mutex_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  // gRPC holds a plain pointer to this until OnDone.
  std::shared_ptr<UnaryCall> self_;
};

}  // namespace

bool CallRegistry::Add(const std::shared_ptr<OpenCall>& call) {
  MutexLock lock(mutex_);
  if (draining_) return false;
  calls_.emplace(call.get(), call);
  return true;
}

void CallRegistry::Remove(const OpenCall* call) {
  MutexLock lock(mutex_);
  calls_.erase(call);
}

void CallRegistry::Drain(const absl::Status& status) {
  std::vector<std::shared_ptr<OpenCall>> open;
  {
    MutexLock lock(mutex_);
    draining_ = true;
    for (const auto& [key, call] : calls_) {
      if (std::shared_ptr<OpenCall> held = call.lock()) open.push_back(std::move(held));
    }
  }
  for (const auto& call : open) call->Abort(status);
}

absl::Status DrainingError() {
  return RetryLater(absl::StatusCode::kUnavailable, "SERVER_STOPPING", "this server is stopping; try again elsewhere",
                    500);
}

absl::StatusOr<CallContext> AdmitGrpc(const CallHost& host, const Method& method,
                                      const grpc::CallbackServerContext& context) {
  CallHeaders headers;
  headers.method = method.full_name;
  headers.authorization = HeaderOf(context, "authorization");
  headers.traceparent = HeaderOf(context, "traceparent");
  headers.accept_language = HeaderOf(context, "accept-language");
  headers.peer = context.peer();
  headers.time_left = TimeUntil(context.raw_deadline());
  return Admit(headers, *host.authenticator, *host.clock);
}

grpc::ServerUnaryReactor* StartUnary(CallHost* host, const Method* method, grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  const auto call = std::make_shared<UnaryCall>(host, method, response);
  call->Run(*context, *request);
  // Alive: OnDone comes only after this has returned.
  return call.get();
}

}  // namespace redress::rpc
