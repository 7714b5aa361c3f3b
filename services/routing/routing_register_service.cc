#include "services/routing/routing_register_service.h"

#include <google/protobuf/util/message_differencer.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/reference/register_rows.h"
#include "libs/reference/territory_check.h"
#include "libs/runtime/rows.h"
#include "libs/service/positions.h"
#include "libs/service/request_fingerprint.h"
#include "libs/status/macros.h"
#include "services/routing/converters.h"
#include "services/routing/limits.h"
#include "services/routing/register.h"
#include "services/routing/register_checks.h"
#include "services/routing/routing_errors.h"
#include "services/routing/routing_register_logic.h"

namespace redress::routing {

using service::Violations;

namespace {

// The register is the whole landlord's: who sees some agencies alone cannot answer for what the others get.
absl::Status MayChange(const Caller& caller) {
  RETURN_IF_ERROR(caller.Require(Permission::kManageRegister));
  return caller.all_agencies() ? absl::OkStatus() : ScopeTooNarrow();
}

}  // namespace

// A territory on its way into the register.
struct RegisterService::Upload {
  CallContext call;
  std::string request_id;
  RegisterCommand activate;
  service::Fingerprint fingerprint;
  std::vector<register_v1::Territory> pages;
  size_t next = 0;
  Done<register_v1::UploadTerritoryResponse> done;
};

register_v1::SetResult RegisterService::Render(const store::Rows& rows, const RegisterCommand& command,
                                               const runtime::v1::Receipt& receipt) const {
  register_rows_v1::VersionKey key;
  key.ParseFromString(receipt.result());
  register_v1::SetResult result;
  result.set_unchanged(receipt.result().empty());
  std::optional<register_rows_v1::VersionRow> row;
  if (!result.unchanged()) {
    row = reference::FindVersion(rows, key.kind(), key.id(), key.version());
  } else {
    // What was entered is in force already.
    const auto versions = reference::LoadVersions(rows, KindOf(command), IdOf(command));
    row = reference::FindInForce(rows, KindOf(command), IdOf(command), ActiveFrom(command, versions, Now()));
  }
  if (row.has_value()) *result.mutable_version() = ToApi(KindOf(command), IdOf(command), *row);
  result.set_etag(service::FormatEtag(receipt.version()));
  *result.mutable_position() = receipt.position();
  return result;
}

void RegisterService::Execute(const CallContext& call, const std::string& request_id, int64_t etag,
                              const RegisterCommand& command, service::Fingerprint fingerprint,
                              std::vector<std::string> warnings, Done<register_v1::SetResult> done) {
  const auto keys = deps_.keys->IndexKeys();
  if (!keys.ok()) return done(keys.status());
  runtime::v1::Order order = service::CallerOrder(call, request_id);
  const runtime::v1::Order said = RegisterOrder(command);
  order.MergeFrom(said);
  order.set_etag(etag);
  service::SetFingerprint(keys->front(), fingerprint, &order);
  service::Mutate(deps_.runtime, deps_.keys, std::move(order), std::move(fingerprint),
                  [this, command, warnings = std::move(warnings),
                   done = std::move(done)](absl::StatusOr<runtime::v1::Receipt> receipt) {
                    if (!receipt.ok()) return done(receipt.status());
                    deps_.runtime->Read(receipt->position(),
                                        [this, command, warnings, done, receipt = *receipt](auto rows) {
                                          if (!rows.ok()) return done(rows.status());
                                          register_v1::SetResult result = Render(**rows, command, receipt);
                                          result.mutable_warnings()->Assign(warnings.begin(), warnings.end());
                                          done(std::move(result));
                                        });
                  });
}

template <typename Request, typename Response>
void RegisterService::Set(const CallContext& call, const Request& request, bool has_content,
                          absl::string_view content_field, RegisterCommand command, std::vector<std::string> warnings,
                          Done<Response> done) {
  if (const auto status = MayChange(*call.caller); !status.ok()) return done(status);
  Violations violations;
  service::CheckRequestId(request.request_id(), &violations);
  if (!has_content) violations.Add(content_field, "is missing");
  const auto etag = service::ParseEtag(request.etag());
  violations.Merge(etag.status());
  if constexpr (requires { request.active_time(); }) {
    const Millis active =
        service::ReadTime("active_time", request.has_active_time(), request.active_time(), &violations);
    if (request.has_active_time()) command.set_active_from(active);
  }
  if (!violations.empty()) return done(violations.ToStatus());
  Execute(call, request.request_id(), *etag, command, service::FingerprintOf(request), std::move(warnings),
          [done = std::move(done)](absl::StatusOr<register_v1::SetResult> result) {
            if (!result.ok()) return done(result.status());
            Response response;
            *response.mutable_result() = *std::move(result);
            done(std::move(response));
          });
}

void RegisterService::SetOrganisation(const CallContext& call, const register_v1::SetOrganisationRequest& request,
                                      Done<register_v1::SetOrganisationResponse> done) {
  if (const auto status = MayChange(*call.caller); !status.ok()) return done(status);
  RegisterCommand command;
  *command.mutable_set_organisation() = request.organisation();
  const auto rows = deps_.runtime->ReadNow();
  const auto territory = reference::FindInForce(*rows, register_v1::REFERENCE_KIND_TERRITORY, "", Now());
  std::vector<std::string> warnings;
  if (territory.has_value()) {
    warnings = TeamsElsewhere(request.organisation(), reference::LoadTerritory(*rows, territory->version()));
  }
  Set(call, request, request.has_organisation(), "organisation", std::move(command), std::move(warnings),
      std::move(done));
}

void RegisterService::SetRuleSet(const CallContext& call, const register_v1::SetRuleSetRequest& request,
                                 Done<register_v1::SetRuleSetResponse> done) {
  if (const auto status = MayChange(*call.caller); !status.ok()) return done(status);
  RegisterCommand command;
  *command.mutable_set_rule_set() = request.rule_set();
  std::vector<std::string> warnings;
  if (request.rule_set().rules_size() <= kMaxRules) warnings = UnreachableRules(request.rule_set());
  Set(call, request, request.has_rule_set(), "rule_set", std::move(command), std::move(warnings), std::move(done));
}

void RegisterService::SetObligationPack(const CallContext& call, const register_v1::SetObligationPackRequest& request,
                                        Done<register_v1::SetObligationPackResponse> done) {
  RegisterCommand command;
  *command.mutable_set_obligation_pack() = request.pack();
  Set(call, request, request.has_pack(), "pack", std::move(command), {}, std::move(done));
}

void RegisterService::SetPackRules(const CallContext& call, const register_v1::SetPackRulesRequest& request,
                                   Done<register_v1::SetPackRulesResponse> done) {
  RegisterCommand command;
  *command.mutable_set_pack_rules() = request.pack_rules();
  Set(call, request, request.has_pack_rules(), "pack_rules", std::move(command), {}, std::move(done));
}

void RegisterService::SetCalendar(const CallContext& call, const register_v1::SetCalendarRequest& request,
                                  Done<register_v1::SetCalendarResponse> done) {
  RegisterCommand command;
  *command.mutable_set_calendar() = request.calendar();
  Set(call, request, request.has_calendar(), "calendar", std::move(command), {}, std::move(done));
}

void RegisterService::AdoptTzdata(const CallContext& call, const register_v1::AdoptTzdataRequest& request,
                                  Done<register_v1::AdoptTzdataResponse> done) {
  if (const auto status = MayChange(*call.caller); !status.ok()) return done(status);
  RegisterCommand command;
  command.mutable_adopt_tzdata()->set_version(request.version());
  // A version that is no version at all is refused as such first.
  if (const auto decided = Decide(RegisterState(), command, Now()); !decided.ok()) return done(decided.status());
  if (request.version() != deps_.tzdata_here) return done(TzdataNotHere(request.version(), deps_.tzdata_here));
  Set(call, request, true, "version", std::move(command), {}, std::move(done));
}

void RegisterService::UploadTerritory(const CallContext& call, const register_v1::UploadTerritoryRequest& request,
                                      Done<register_v1::UploadTerritoryResponse> done) {
  if (const auto status = MayChange(*call.caller); !status.ok()) return done(status);
  Violations violations;
  service::CheckRequestId(request.request_id(), &violations);
  const Millis active = service::ReadTime("active_time", request.has_active_time(), request.active_time(), &violations);
  const auto rows = deps_.runtime->ReadNow();
  violations.Merge([&] {
    const Faults faults =
        CheckUpload(request.territory(), reference::ListIds(*rows, register_v1::REFERENCE_KIND_CALENDAR));
    return faults.empty() ? absl::OkStatus() : InvalidFields(faults);
  }());
  if (!violations.empty()) return done(violations.ToStatus());
  auto upload = std::make_shared<Upload>();
  upload->call = call;
  upload->request_id = request.request_id();
  // Not of how it was cut into messages.
  register_v1::UploadTerritoryRequest whole = request;
  whole.set_complete(true);
  upload->fingerprint = service::FingerprintOf(whole);
  upload->pages = reference::Split(request.territory(), kTerritoryPageBytes);
  upload->done = std::move(done);
  auto* activate = upload->activate.mutable_activate_territory();
  activate->set_upload(absl::StrCat(call.caller->id(), "/", request.request_id()));
  activate->set_parts(static_cast<int32_t>(upload->pages.size()));
  if (request.has_active_time()) upload->activate.set_active_from(active);
  // A known request is answered from what was recorded; then, and for a territory that is in force already, no page is
  // sent.
  const auto known = runtime::FindRequest(*rows, 0, call.caller->id(), request.request_id());
  if (known.has_value()) upload->next = upload->pages.size();
  const auto versions = reference::LoadVersions(*rows, register_v1::REFERENCE_KIND_TERRITORY, "");
  const auto in_force = reference::FindInForce(*rows, register_v1::REFERENCE_KIND_TERRITORY, "",
                                               ActiveFrom(upload->activate, versions, Now()));
  if (!known.has_value() && in_force.has_value() &&
      google::protobuf::util::MessageDifferencer::Equals(reference::LoadTerritory(*rows, in_force->version()),
                                                         request.territory())) {
    register_v1::UploadTerritoryResponse response;
    auto* result = response.mutable_result();
    *result->mutable_version() = ToApi(register_v1::REFERENCE_KIND_TERRITORY, "", *in_force);
    result->set_unchanged(true);
    result->set_etag(service::FormatEtag(runtime::VersionOf(*rows, 0, "territory")));
    *result->mutable_position() = service::PositionIn(*deps_.runtime, *rows, 0);
    return upload->done(std::move(response));
  }
  SendNext(std::move(upload));
}

void RegisterService::SendNext(std::shared_ptr<Upload> upload) {
  RegisterCommand command = upload->activate;
  std::string request_id = upload->request_id;
  service::Fingerprint fingerprint = upload->fingerprint;
  const bool last = upload->next == upload->pages.size();
  if (!last) {
    auto* part = command.mutable_add_territory_part();
    part->set_upload(upload->activate.activate_territory().upload());
    part->set_part(static_cast<int32_t>(upload->next));
    part->mutable_nodes()->Swap(&upload->pages[upload->next]);
    absl::StrAppend(&request_id, "/", upload->next);
    fingerprint = service::FingerprintOf(*part);
    ++upload->next;
  }
  Execute(upload->call, request_id, 0, command, std::move(fingerprint), {},
          [this, upload, last](absl::StatusOr<register_v1::SetResult> result) {
            if (!result.ok()) return upload->done(result.status());
            if (!last) return SendNext(upload);
            register_v1::UploadTerritoryResponse response;
            *response.mutable_result() = *std::move(result);
            upload->done(std::move(response));
          });
}

}  // namespace redress::routing
