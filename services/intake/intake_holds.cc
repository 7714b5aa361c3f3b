// SetLegalHold, LiftLegalHold: the same call on a complaint or a person. ListLegalHolds: all that stand.
#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "libs/service/positions.h"
#include "libs/service/request_fingerprint.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "libs/store/keys.h"
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

// A row of the table of holds: what follows shard and table, by which it is sorted, and where it lies.
struct HoldRow {
  std::string key;
  uint16_t shard = 0;
};

// The first `count` rows behind `last`, of `matter` if one is given.
std::vector<HoldRow> HoldRowsBehind(const store::Rows& rows, uint32_t shard_count, const std::string& matter,
                                    const std::string& last, size_t count) {
  std::vector<HoldRow> found;
  for (uint32_t i = 0; i < shard_count; ++i) {
    const auto shard = static_cast<uint16_t>(i);
    const std::string table = store::Key(shard, kHoldTable).Take();
    const std::string of = matter.empty() ? table : store::Key(shard, kHoldTable).Str(matter).Take();
    const std::string from = last.empty() ? of : table + last + std::string(1, '\0');
    size_t left = count;
    rows.Scan(std::max(of, from), store::After(of), [&](absl::string_view key, absl::string_view) {
      found.push_back({std::string(key.substr(table.size())), shard});
      return --left > 0;
    });
  }
  std::sort(found.begin(), found.end(), [](const HoldRow& a, const HoldRow& b) { return a.key < b.key; });
  if (found.size() > count) found.resize(count);
  return found;
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

void IntakeService::ListLegalHolds(const CallContext& call, const v1::ListLegalHoldsRequest& request,
                                   rpc::Done<v1::ListLegalHoldsResponse> done) {
  const absl::Status allowed = call.caller->Require(Permission::kErasePersons);
  if (!allowed.ok()) return done(allowed);
  Violations violations;
  const service::PageQuestion asked =
      service::QuestionOf(request, "holds", runtime_->info().log_id, kProjectionVersion);
  CheckReason("matter", request.matter(), false, &violations);
  const auto page = service::ReadPage(request.page_size(), request.page_token(), asked);
  // A token that no server wrote is the answer alone.
  if (!page.ok() && ViolationsOf(page.status()).empty()) return done(page.status());
  violations.Merge(page.status());
  const absl::Status valid = violations.ToStatus();
  if (!valid.ok()) return done(valid);
  const auto render = [this, caller = call.caller, asked, matter = request.matter(),
                       page = *page](absl::StatusOr<RowsPtr> read) -> absl::StatusOr<v1::ListLegalHoldsResponse> {
    RETURN_IF_ERROR(read.status());
    const store::Rows& rows = **read;
    v1::ListLegalHoldsResponse response;
    *response.mutable_positions() = service::PositionsIn(*runtime_, rows);
    const auto size = static_cast<size_t>(page.size);
    std::vector<HoldRow> found = HoldRowsBehind(rows, shard_count(), matter, page.last_key, size + 1);
    if (found.size() > size) {
      found.pop_back();
      response.set_next_page_token(service::WritePageToken(asked, found.back().key));
    }
    for (const HoldRow& row : found) {
      store::KeyReader key(row.key);
      const std::string of = key.Str();
      const std::string name = key.Raw();
      const bool sees = absl::StartsWith(name, kPersonPrefix)
                            ? SeesPerson(rows, name, *caller, nullptr)
                            : caller->Sees(LoadComplaint(rows, row.shard, ComplaintIdOf(name)).placement().agency());
      if (!sees) continue;
      for (v1::LegalHold& hold : ToApi(HoldsOn(rows, row.shard, name))) {
        if (hold.matter() != of) continue;
        hold.set_name(name);
        *response.add_legal_holds() = std::move(hold);
      }
    }
    return response;
  };
  runtime_->Read(service::PositionOf(request),
                 [render, done = std::move(done)](auto rows) { done(render(std::move(rows))); });
}

template void IntakeService::Hold(const CallContext&, const v1::SetLegalHoldRequest&,
                                  rpc::Done<v1::SetLegalHoldResponse>);
template void IntakeService::Hold(const CallContext&, const v1::LiftLegalHoldRequest&,
                                  rpc::Done<v1::LiftLegalHoldResponse>);

}  // namespace redress::intake
