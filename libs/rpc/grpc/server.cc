#include "libs/rpc/grpc/server.h"

#include <google/protobuf/message.h>
#include <grpc/grpc.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/impl/service_type.h>

#include <deque>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "grpc/health/v1/health.pb.h"
#include "libs/rpc/grpc/calls.h"
#include "libs/rpc/grpc/deadlines.h"
#include "libs/rpc/listen.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"

namespace redress::rpc {
namespace {

// Up to this a message is taken in so that its refusal can be explained. Past it gRPC itself refuses while it reads,
// with RESOURCE_EXHAUSTED and a text but without our details: it ends the call below the handlers, and whoever took
// such messages in to explain it would spend the memory that the limit is there to save.
constexpr int kTransportLimitFactor = 4;

// What the generated code of a service does, for a table of handlers.
class TableService : public grpc::Service {
 public:
  TableService(const rpc::Service& service, CallHost* host) {
    using Bytes = grpc::ByteBuffer;
    int index = 0;
    for (const Method& method : service.methods()) {
      paths_.push_back(absl::StrCat("/", method.full_name));
      const Method* m = &method;
      grpc::internal::RpcMethod::RpcType type;
      grpc::internal::MethodHandler* handler;
      switch (method.kind) {
        case Method::Kind::kUnary:
          type = grpc::internal::RpcMethod::NORMAL_RPC;
          handler = new grpc::internal::CallbackUnaryHandler<Bytes, Bytes>(
              [host, m](grpc::CallbackServerContext* context, const Bytes* request, Bytes* response) {
                return StartUnary(host, m, context, request, response);
              });
          break;
        case Method::Kind::kServerStreaming:
          type = grpc::internal::RpcMethod::SERVER_STREAMING;
          handler = new grpc::internal::CallbackServerStreamingHandler<Bytes, Bytes>(
              [host, m](grpc::CallbackServerContext* context, const Bytes* request) {
                return StartServerStreaming(host, m, context, request);
              });
          break;
        case Method::Kind::kBidi:
          type = grpc::internal::RpcMethod::BIDI_STREAMING;
          handler = new grpc::internal::CallbackBidiHandler<Bytes, Bytes>(
              [host, m](grpc::CallbackServerContext* context) { return StartBidi(host, m, context); });
          break;
      }
      // Both are owned by the base class from here on; the path is not copied.
      AddMethod(new grpc::internal::RpcServiceMethod(paths_.back().c_str(), type, nullptr));
      MarkMethodRawCallback(index++, handler);
    }
  }

 private:
  std::deque<std::string> paths_;
};

absl::Status CheckComplete(const std::vector<const Service*>& services) {
  std::vector<std::string> missing;
  for (const Service* service : services) {
    for (std::string& method : service->Missing()) missing.push_back(std::move(method));
  }
  if (missing.empty()) return absl::OkStatus();
  return MakeError(absl::StatusCode::kFailedPrecondition, "SERVICE_INCOMPLETE",
                   absl::StrCat("without a handler: ", absl::StrJoin(missing, ", ")));
}

void Configure(grpc::ServerBuilder* builder, const ServerOptions& options) {
  builder->SetMaxReceiveMessageSize(static_cast<int>(options.max_message_bytes) * kTransportLimitFactor);
  // A second server on the same port is a mistake, not load balancing.
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, static_cast<int>(options.keepalive.time));
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, static_cast<int>(options.keepalive.timeout));
  // Else it stops after two, and a stream whose complaints are quiet has nothing else to send.
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // Clients may also ping between calls, and keep their connection.
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                              static_cast<int>(options.min_ping_interval));
}

}  // namespace

class Server::Impl {
 public:
  Impl(const ServerOptions& options, const std::vector<const Service*>& services)
      : host_{options.authenticator, options.clock, options.observer, options.max_message_bytes, {}} {
    for (const Service* service : services) {
      services_.push_back(std::make_unique<TableService>(*service, &host_));
      names_.push_back(service->full_name());
    }
  }

  absl::Status Start(const ServerOptions& options) {
    grpc::EnableDefaultHealthCheckService(true);
    // gRPC's own health service has no descriptor that reflection could find.
    google::protobuf::LinkMessageReflection<grpc::health::v1::HealthCheckRequest>();
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    Configure(&builder, options);
    builder.AddListeningPort(options.address, grpc::InsecureServerCredentials(), &port_);
    for (const auto& service : services_) builder.RegisterService(service.get());
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port_ == 0) {
      server_ = nullptr;
      return CannotListen(options.address);
    }
    SetServing("", false);
    for (const std::string& name : names_) SetServing(name, false);
    return absl::OkStatus();
  }

  int port() const { return port_; }

  void SetServing(absl::string_view service, bool serving) {
    server_->GetHealthCheckService()->SetServingStatus(std::string(service), serving);
  }

  void Drain(Millis grace) {
    {
      MutexLock lock(mutex_);
      if (drained_ || server_ == nullptr) return;
      drained_ = true;
    }
    server_->GetHealthCheckService()->Shutdown();
    host_.registry.Drain(DrainingError());
    server_->Shutdown(DeadlineIn(grace));
  }

 private:
  CallHost host_;
  std::vector<std::string> names_;
  std::vector<std::unique_ptr<TableService>> services_;
  int port_ = 0;
  Mutex mutex_;
  bool drained_ ABSL_GUARDED_BY(mutex_) = false;
  // Destroyed first: it uses the services.
  std::unique_ptr<grpc::Server> server_;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() { Drain(); }

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                      const std::vector<const Service*>& services) {
  RETURN_IF_ERROR(CheckComplete(services));
  auto impl = std::make_unique<Impl>(options, services);
  RETURN_IF_ERROR(impl->Start(options));
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

int Server::port() const { return impl_->port(); }
void Server::SetServing(absl::string_view service, bool serving) { impl_->SetServing(service, serving); }
void Server::Drain(Millis grace) { impl_->Drain(grace); }

}  // namespace redress::rpc
