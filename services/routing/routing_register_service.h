// RegisterService without a transport: permission, parsing, orders, rendering.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/privacy/key_store.h"
#include "libs/rpc/call_context.h"
#include "libs/runtime/service_runtime.h"
#include "libs/service/mutate.h"
#include "libs/service/requests.h"
#include "redress/register/commands/v1/commands.pb.h"
#include "redress/register/v1/register_service.pb.h"

namespace redress::routing {

namespace register_v1 = ::redress::register_::v1;

// All of it outlives the service.
struct RegisterDeps {
  // The register's.
  runtime::ServiceRuntime* runtime = nullptr;
  KeyStore* keys = nullptr;
  // Version of the zone rules of this machine (calendar::TzdataVersion).
  std::string tzdata_here;
};

// Thread-safe. Every handler calls `done` once, inside the call or on a strand of the runtime. What each RPC does, and
// its errors, stand in register_service.proto.
class RegisterService {
 public:
  template <typename Response>
  using Done = std::function<void(absl::StatusOr<Response>)>;

  explicit RegisterService(RegisterDeps deps) : deps_(std::move(deps)) {}

  // `request` holds the whole territory: who serves the stream joins its messages.
  void UploadTerritory(const CallContext& call, const register_v1::UploadTerritoryRequest& request,
                       Done<register_v1::UploadTerritoryResponse> done);
  void SetOrganisation(const CallContext& call, const register_v1::SetOrganisationRequest& request,
                       Done<register_v1::SetOrganisationResponse> done);
  void SetRuleSet(const CallContext& call, const register_v1::SetRuleSetRequest& request,
                  Done<register_v1::SetRuleSetResponse> done);
  void SetObligationPack(const CallContext& call, const register_v1::SetObligationPackRequest& request,
                         Done<register_v1::SetObligationPackResponse> done);
  void SetPackRules(const CallContext& call, const register_v1::SetPackRulesRequest& request,
                    Done<register_v1::SetPackRulesResponse> done);
  void SetCalendar(const CallContext& call, const register_v1::SetCalendarRequest& request,
                   Done<register_v1::SetCalendarResponse> done);
  void AdoptTzdata(const CallContext& call, const register_v1::AdoptTzdataRequest& request,
                   Done<register_v1::AdoptTzdataResponse> done);

  void GetVersion(const CallContext& call, const register_v1::GetVersionRequest& request,
                  Done<register_v1::GetVersionResponse> done);
  void ListVersions(const CallContext& call, const register_v1::ListVersionsRequest& request,
                    Done<register_v1::ListVersionsResponse> done);
  void ListPlaces(const CallContext& call, const register_v1::ListPlacesRequest& request,
                  Done<register_v1::ListPlacesResponse> done);
  // All messages of the answer; who serves the stream sends one after the other.
  void DownloadTerritory(const CallContext& call, const register_v1::DownloadTerritoryRequest& request,
                         Done<std::vector<register_v1::DownloadTerritoryResponse>> done);

 private:
  using RegisterCommand = ::redress::register_::commands::v1::Command;
  struct Upload;

  Millis Now() const { return deps_.runtime->clock().Now(); }
  // A change whose content lies in `command`. `has_content`: the request has the field `content_field`.
  template <typename Request, typename Response>
  void Set(const CallContext& call, const Request& request, bool has_content, absl::string_view content_field,
           RegisterCommand command, std::vector<std::string> warnings, Done<Response> done);
  void Execute(const CallContext& call, const std::string& request_id, int64_t etag, const RegisterCommand& command,
               service::Fingerprint fingerprint, std::vector<std::string> warnings, Done<register_v1::SetResult> done);
  // Sends the next page, or the activation after the last.
  void SendNext(std::shared_ptr<Upload> upload);
  register_v1::SetResult Render(const store::Rows& rows, const RegisterCommand& command,
                                const runtime::v1::Receipt& receipt) const;

  const RegisterDeps deps_;
};

}  // namespace redress::routing
