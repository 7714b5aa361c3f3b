// Calls as clients make them: over a socket (grpc/grpc_client.h) or in the same process (local_client.h).
#pragma once

#include <google/protobuf/message.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/clock/clock.h"

namespace redress::rpc {

struct CallOptions {
  // 0: none.
  Millis timeout = 0;
  // Empty: none.
  std::string token;
  std::string traceparent;
  std::string accept_language;
};

// Thread-safe.
class Client {
 public:
  virtual ~Client() = default;

  // Calls "package.Service/Method". `request` is serialised inside the call; `response` outlives `done`, which runs
  // once, on another thread or inside this call. The status carries details as libs/status/errors.h reads them.
  virtual void RawCall(absl::string_view method, const google::protobuf::Message& request,
                       google::protobuf::Message* response, const CallOptions& options,
                       std::function<void(absl::Status)> done) = 0;

  // The same, the response made here and handed to `done`.
  template <typename Response>
  void Call(absl::string_view method, const google::protobuf::Message& request, const CallOptions& options,
            std::function<void(absl::StatusOr<Response>)> done) {
    auto response = std::make_shared<Response>();
    RawCall(method, request, response.get(), options, [response, done = std::move(done)](absl::Status status) {
      if (status.ok()) {
        done(std::move(*response));
      } else {
        done(std::move(status));
      }
    });
  }
};

}  // namespace redress::rpc
