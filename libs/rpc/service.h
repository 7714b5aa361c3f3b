// A gRPC service as a table of handlers that know no gRPC type.
//
//   rpc::Service service("redress.intake.v1.IntakeService");
//   service.Unary<v1::SubmitComplaintRequest, v1::SubmitComplaintResponse>(
//       "SubmitComplaint", [this](const CallContext& context, const auto& request, auto done) { … done(response); });
//   service.Read<v1::GetComplaintRequest, v1::Complaint>(
//       "GetComplaint", [this](const auto& context, const auto& request) { … });
//
// libs/rpc/grpc serves it on a socket, LocalClient (local_client.h) in the same process.
#pragma once

#include <google/protobuf/message.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/rpc/call_context.h"
#include "libs/rpc/stream.h"

namespace redress::rpc {

// Called once, from any thread, during the handler or later. Late calls (the caller is gone) have no effect.
template <typename Response>
using Done = std::function<void(absl::StatusOr<Response>)>;
// The response is null when the status is an error.
using RawDone = std::function<void(const absl::Status&, const google::protobuf::Message* response)>;

struct Method {
  enum class Kind { kUnary, kServerStreaming, kBidi };

  Kind kind;
  // "redress.intake.v1.IntakeService/GetComplaint".
  std::string full_name;
  const google::protobuf::Message* request_prototype;
  const google::protobuf::Message* response_prototype;
  // kUnary. Context and request are valid during the call; the handler copies what it needs later.
  std::function<void(const CallContext&, const google::protobuf::Message& request, RawDone)> unary;
  // Streams; `request` is null for kBidi.
  std::function<void(const CallContext&, const google::protobuf::Message* request, std::shared_ptr<RawStream>)> stream;
};

// Filled before it is served, immutable after. Registering a method that the proto does not have, with other types, or
// twice ends the process: that is a mistake in the program.
class Service {
 public:
  // `full_name` as in the proto, whose generated code is linked.
  explicit Service(absl::string_view full_name);

  // Answers later. Context and request are valid only until the handler returns.
  template <typename Request, typename Response>
  void Unary(absl::string_view method,
             std::function<void(const CallContext&, const Request&, Done<Response>)> handler) {
    Add(method, Method::Kind::kUnary, Request::default_instance(), Response::default_instance()).unary =
        [handler = std::move(handler)](const CallContext& context, const google::protobuf::Message& request,
                                       RawDone done) {
          handler(context, static_cast<const Request&>(request),
                  [done = std::move(done)](absl::StatusOr<Response> outcome) {
                    done(outcome.status(), outcome.ok() ? &*outcome : nullptr);
                  });
        };
  }

  // Answers at once.
  template <typename Request, typename Response>
  void Read(absl::string_view method,
            std::function<absl::StatusOr<Response>(const CallContext&, const Request&)> handler) {
    Unary<Request, Response>(method,
                             [handler = std::move(handler)](const CallContext& context, const Request& request,
                                                            Done<Response> done) { done(handler(context, request)); });
  }

  // One request, many responses: `handler` writes until it finishes the stream, inside the call or later.
  template <typename Request, typename Response>
  void ServerStreaming(absl::string_view method,
                       std::function<void(const CallContext&, const Request&, Writer<Response>)> handler) {
    Add(method, Method::Kind::kServerStreaming, Request::default_instance(), Response::default_instance()).stream =
        [handler = std::move(handler)](const CallContext& context, const google::protobuf::Message* request,
                                       std::shared_ptr<RawStream> stream) {
          handler(context, static_cast<const Request&>(*request), Writer<Response>(std::move(stream)));
        };
  }

  // Many of both, each in its own time: `handler` keeps the stream and finishes it.
  template <typename Request, typename Response>
  void Bidi(absl::string_view method, std::function<void(const CallContext&, BidiStream<Request, Response>)> handler) {
    Add(method, Method::Kind::kBidi, Request::default_instance(), Response::default_instance()).stream =
        [handler = std::move(handler)](const CallContext& context, const google::protobuf::Message*,
                                       std::shared_ptr<RawStream> stream) {
          handler(context, BidiStream<Request, Response>(std::move(stream)));
        };
  }

  // Asks `gate` before each call of the methods registered so far: an error is the caller's answer, and the handler
  // does not hear of the call. Thread-safe as `gate` is.
  void Guard(const std::function<absl::Status()>& gate);
  // Asks `check` before a reply of a unary method registered so far leaves, be it a refusal, unless it is one to try
  // again: an error takes its place. For what a handler cannot see while it reads. Thread-safe as `check` is.
  void CheckReplies(const std::function<absl::Status()>& check);

  const std::string& full_name() const { return full_name_; }
  const std::vector<Method>& methods() const { return methods_; }
  // Methods of the proto that have no handler.
  std::vector<std::string> Missing() const;

 private:
  Method& Add(absl::string_view method, Method::Kind kind, const google::protobuf::Message& request,
              const google::protobuf::Message& response);

  const std::string full_name_;
  const google::protobuf::ServiceDescriptor* const descriptor_;
  std::vector<Method> methods_;
};

}  // namespace redress::rpc
