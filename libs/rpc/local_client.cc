#include "libs/rpc/local_client.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/rpc/error_details.h"
#include "libs/status/errors.h"

namespace redress::rpc {

LocalClient::LocalClient(std::vector<const Service*> services, const Authenticator* authenticator, const Clock* clock)
    : authenticator_(authenticator), clock_(clock) {
  for (const Service* service : services) {
    for (const Method& method : service->methods()) {
      if (method.kind == Method::Kind::kUnary) methods_.emplace(method.full_name, &method);
    }
  }
}

void LocalClient::RawCall(absl::string_view method, const google::protobuf::Message& request,
                          google::protobuf::Message* response, const CallOptions& options,
                          std::function<void(absl::Status)> done) {
  const auto found = methods_.find(method);
  if (found == methods_.end()) {
    return done(MakeError(absl::StatusCode::kUnimplemented, "UNIMPLEMENTED", absl::StrCat("no unary method ", method)));
  }
  const std::string authorization = options.token.empty() ? "" : absl::StrCat("Bearer ", options.token);
  CallHeaders headers;
  headers.method = found->first;
  headers.authorization = authorization;
  headers.traceparent = options.traceparent;
  headers.accept_language = options.accept_language;
  headers.peer = "local";
  if (options.timeout != 0) headers.time_left = options.timeout;
  absl::StatusOr<CallContext> context = Admit(headers, *authenticator_, *clock_);
  if (!context.ok()) return done(FromRpcStatus(ToRpcStatus(context.status())));

  const std::unique_ptr<google::protobuf::Message> copy(found->second->request_prototype->New());
  if (!copy->ParseFromString(request.SerializeAsString())) {
    return done(MessageUnreadable(copy->GetTypeName()));
  }
  found->second->unary(
      *context, *copy,
      [response, done = std::move(done)](const absl::Status& status, const google::protobuf::Message* answer) {
        if (!status.ok()) return done(FromRpcStatus(ToRpcStatus(status)));
        const bool read = response->ParseFromString(answer->SerializeAsString());
        done(read ? absl::OkStatus() : MessageUnreadable(response->GetTypeName()));
      });
}

}  // namespace redress::rpc
