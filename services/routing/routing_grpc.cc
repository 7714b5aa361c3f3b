#include "services/routing/routing_grpc.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "libs/reference/territory_check.h"
#include "services/routing/limits.h"
#include "services/routing/routing_errors.h"

namespace redress::routing {
namespace {

using UploadStream = rpc::BidiStream<register_v1::UploadTerritoryRequest, register_v1::UploadTerritoryResponse>;

// The messages of one upload, joined.
struct Joined {
  RegisterService* service;
  CallContext call;
  UploadStream stream;
  register_v1::UploadTerritoryRequest request;
  bool first = true;
  size_t bytes = 0;
};

void Finish(const std::shared_ptr<Joined>& joined) {
  joined->service->UploadTerritory(
      joined->call, joined->request,
      [stream = joined->stream](absl::StatusOr<register_v1::UploadTerritoryResponse> done) {
        if (!done.ok()) return stream.Finish(done.status());
        stream.Write(*done, [stream](bool) { stream.Finish(absl::OkStatus()); });
      });
}

void ReadNext(std::shared_ptr<Joined> joined) {
  const UploadStream stream = joined->stream;
  stream.Read([joined = std::move(joined)](std::optional<register_v1::UploadTerritoryRequest> message) {
    if (!message.has_value()) return joined->stream.Finish(UploadCut());
    const bool complete = message->complete();
    joined->bytes += message->ByteSizeLong();
    if (joined->bytes > kMaxTerritoryBytes) return joined->stream.Finish(TerritoryTooLarge(kMaxTerritoryBytes));
    if (std::exchange(joined->first, false)) {
      joined->request = *std::move(message);
    } else {
      reference::Join(message->territory(), joined->request.mutable_territory());
    }
    if (complete) return Finish(joined);
    ReadNext(joined);
  });
}

// Messages of one answer, one after the other as the caller takes them.
struct Sending {
  std::vector<register_v1::DownloadTerritoryResponse> messages;
  rpc::Writer<register_v1::DownloadTerritoryResponse> writer;
  size_t next = 0;
};

void SendNext(const std::shared_ptr<Sending>& sending) {
  if (sending->next == sending->messages.size()) return sending->writer.Finish(absl::OkStatus());
  const register_v1::DownloadTerritoryResponse message = std::move(sending->messages[sending->next++]);
  sending->writer.Write(message, [sending](bool ok) {
    if (ok) SendNext(sending);
  });
}

}  // namespace

rpc::Service MakeRpcService(RoutingService* service) {
  rpc::Service table("redress.routing.v1.RoutingService");
#define REDRESS_BIND(Method)                                                          \
  table.Unary<v1::Method##Request, v1::Method##Response>(                             \
      #Method, [service](const CallContext& call, const v1::Method##Request& request, \
                         rpc::Done<v1::Method##Response> done) { service->Method(call, request, std::move(done)); })
  REDRESS_BIND(AssignComplaint);
  REDRESS_BIND(GetAssignment);
  REDRESS_BIND(ListQueue);
  REDRESS_BIND(ExplainRoute);
#undef REDRESS_BIND
  return table;
}

rpc::Service MakeRpcService(RegisterService* service) {
  rpc::Service table("redress.register.v1.RegisterService");
  table.Bidi<register_v1::UploadTerritoryRequest, register_v1::UploadTerritoryResponse>(
      "UploadTerritory", [service](const CallContext& call, UploadStream stream) {
        // Asked before anything is read; the handler asks again.
        if (const auto status = call.caller->Require(Permission::kManageRegister); !status.ok()) {
          return stream.Finish(status);
        }
        ReadNext(std::make_shared<Joined>(Joined{service, call, stream, {}, true, 0}));
      });
#define REDRESS_BIND(Method)                                                          \
  table.Unary<register_v1::Method##Request, register_v1::Method##Response>(           \
      #Method,                                                                        \
      [service](const CallContext& call, const register_v1::Method##Request& request, \
                rpc::Done<register_v1::Method##Response> done) { service->Method(call, request, std::move(done)); })
  REDRESS_BIND(SetOrganisation);
  REDRESS_BIND(SetRuleSet);
  REDRESS_BIND(SetObligationPack);
  REDRESS_BIND(SetPackRules);
  REDRESS_BIND(SetCalendar);
  REDRESS_BIND(AdoptTzdata);
  REDRESS_BIND(GetVersion);
  REDRESS_BIND(ListVersions);
  REDRESS_BIND(ListPlaces);
  table.ServerStreaming<register_v1::DownloadTerritoryRequest, register_v1::DownloadTerritoryResponse>(
      "DownloadTerritory", [service](const CallContext& call, const register_v1::DownloadTerritoryRequest& request,
                                     const rpc::Writer<register_v1::DownloadTerritoryResponse>& writer) {
        service->DownloadTerritory(
            call, request, [writer](absl::StatusOr<std::vector<register_v1::DownloadTerritoryResponse>> messages) {
              if (!messages.ok()) return writer.Finish(messages.status());
              SendNext(std::make_shared<Sending>(Sending{*std::move(messages), writer}));
            });
      });
#undef REDRESS_BIND
  return table;
}

}  // namespace redress::routing
