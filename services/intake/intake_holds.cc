// SetLegalHold, LiftLegalHold: the same call on a complaint or a person.
#include <utility>

#include "absl/strings/match.h"
#include "libs/service/positions.h"
#include "libs/service/request_fingerprint.h"
#include "libs/status/errors.h"
#include "services/intake/converters.h"
#include "services/intake/intake_checks.h"
#include "services/intake/intake_errors.h"
#include "services/intake/intake_projection.h"
#include "services/intake/intake_service.h"

namespace redress::intake {
namespace {

using runtime::v1::Receipt;
using service::Violations;

commands::v1::SetLegalHold* BodyOf(const v1::SetLegalHoldRequest&, commands::v1::Command* command) {
  return command->mutable_set_legal_hold();
}
commands::v1::LiftLegalHold* BodyOf(const v1::LiftLegalHoldRequest&, commands::v1::Command* command) {
  return command->mutable_lift_legal_hold();
}

// Those that stand on a complaint or a person.
google::protobuf::RepeatedPtrField<rows::v1::LegalHold> HoldsOn(const store::Rows& rows, uint16_t shard,
                                                                const std::string& name) {
  if (!absl::StartsWith(name, kPersonPrefix)) return LoadComplaint(rows, shard, ComplaintIdOf(name)).legal_holds();
  return LoadPerson(rows, shard, PersonIdOf(name)).value_or(rows::v1::Person()).legal_holds();
}

}  // namespace

template <typename Request, typename Response>
void IntakeService::Hold(const CallContext& call, const Request& request, rpc::Done<Response> done) {
  const absl::Status allowed = call.caller->Require(Permission::kErasePersons);
  if (!allowed.ok()) return done(allowed);
  const bool of_person = absl::StartsWith(request.name(), kPersonPrefix);
  Violations violations;
  service::CheckRequestId(request.request_id(), &violations);
  const auto id = service::ParseName("name", of_person ? "people" : "complaints", request.name());
  const auto etag = service::ParseEtag(request.etag());
  violations.Merge(id.status());
  violations.Merge(etag.status());
  CheckReason("matter", request.matter(), true, &violations);
  CheckReason("reason", request.reason(), true, &violations);
  const absl::Status valid = violations.ToStatus();
  if (!valid.ok()) return done(valid);
  const auto not_found = [of_person](absl::string_view name) {
    return of_person ? PersonNotFound(name) : ComplaintNotFound(name);
  };
  const auto target = Locate(of_person ? "people" : "complaints", *id);
  if (!target.has_value()) return done(not_found(of_person ? "such person" : "such complaint"));
  if (of_person && !SeesPerson(*Rows(), target->name, *call.caller, nullptr)) return done(not_found(target->name));

  commands::v1::Command command;
  *command.mutable_scope() = service::ScopeOf<commands::v1::Scope>(*call.caller);
  auto* body = BodyOf(request, &command);
  body->set_matter(request.matter());
  body->set_reason(request.reason());
  body->set_actor(call.caller->id());
  runtime::v1::Order order = service::CallerOrder(call, request.request_id());
  order.set_stream(std::string(log::StreamName(log::Stream::kIntake)));
  order.set_shard(target->shard);
  order.set_aggregate(target->name);
  order.set_command(command.SerializeAsString());
  order.set_etag(*etag);
  const auto index_keys = keys_->IndexKeys();
  if (!index_keys.ok()) return done(index_keys.status());
  const service::Fingerprint fingerprint = service::FingerprintOf(request);
  service::SetFingerprint(index_keys->front(), fingerprint, &order);
  const auto answer = [this, target = *target, not_found, done](absl::StatusOr<Receipt> receipt) {
    if (IsOfNothing(receipt.status())) return done(not_found(target.name));
    if (!receipt.ok()) return done(receipt.status());
    Response response;
    *response.mutable_position() = receipt->position();
    rows::v1::Result result;
    if (!receipt->result().empty() && result.ParseFromString(receipt->result())) {
      *response.mutable_legal_holds() = ToApi(result.legal_holds());
      return done(std::move(response));
    }
    // Nothing was recorded: they are as they were.
    runtime_->Read(receipt->position(), [target, response, done](absl::StatusOr<RowsPtr> rows) mutable {
      if (!rows.ok()) return done(rows.status());
      *response.mutable_legal_holds() = ToApi(HoldsOn(**rows, target.shard, target.name));
      done(std::move(response));
    });
  };
  service::Mutate(runtime_, keys_, std::move(order), fingerprint, answer);
}

template void IntakeService::Hold(const CallContext&, const v1::SetLegalHoldRequest&,
                                  rpc::Done<v1::SetLegalHoldResponse>);
template void IntakeService::Hold(const CallContext&, const v1::LiftLegalHoldRequest&,
                                  rpc::Done<v1::LiftLegalHoldResponse>);

}  // namespace redress::intake
