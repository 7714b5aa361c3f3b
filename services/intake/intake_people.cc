#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/runtime/rows.h"
#include "libs/service/positions.h"
#include "libs/service/request_fingerprint.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "services/intake/converters.h"
#include "services/intake/intake_checks.h"
#include "services/intake/intake_errors.h"
#include "services/intake/intake_logic.h"
#include "services/intake/intake_projection.h"
#include "services/intake/intake_service.h"

namespace redress::intake {
namespace {

using runtime::v1::Receipt;
using service::Violations;

constexpr size_t kMaxComplaintsShown = 100;
constexpr size_t kMaxPeopleFound = 50;

// Whether one of their complaints is about the residence.
bool ComplainedOf(const store::Rows& rows, uint32_t shard_count, absl::string_view person,
                  const std::string& residence) {
  bool found = false;
  for (uint32_t i = 0; i < shard_count && !found; ++i) {
    const auto shard = static_cast<uint16_t>(i);
    ScanComplaintsOf(rows, shard, person, [&](absl::string_view id) {
      found = LoadComplaint(rows, shard, id).placement().residence() == residence;
      return !found;
    });
  }
  return found;
}

}  // namespace

bool IntakeService::SeesPerson(const store::Rows& rows, absl::string_view person, const Caller& caller,
                               std::vector<std::string>* complaints) const {
  if (complaints == nullptr && caller.all_agencies()) return true;
  std::vector<std::string> ids;
  for (uint32_t i = 0; i < shard_count(); ++i) {
    const auto shard = static_cast<uint16_t>(i);
    ScanComplaintsOf(rows, shard, person, [&](absl::string_view id) {
      if (caller.Sees(LoadComplaint(rows, shard, id).placement().agency())) ids.emplace_back(id);
      return true;
    });
  }
  std::sort(ids.rbegin(), ids.rend());
  if (complaints != nullptr) {
    for (const std::string& id : ids) {
      if (complaints->size() == kMaxComplaintsShown) break;
      complaints->push_back(absl::StrCat(kComplaintPrefix, id));
    }
  }
  return caller.all_agencies() || !ids.empty();
}

absl::StatusOr<v1::Person> IntakeService::RenderPerson(const store::Rows& rows, const Target& target,
                                                       const CallContext& call, const std::string& purpose) const {
  const auto row = LoadPerson(rows, target.shard, target.id);
  std::vector<std::string> complaints;
  if (!row.has_value() || !SeesPerson(rows, target.name, *call.caller, &complaints)) {
    return PersonNotFound(target.name);
  }
  v1::Person person;
  person.set_name(target.name);
  person.set_etag(service::FormatEtag(runtime::VersionOf(rows, target.shard, target.name)));
  person.set_language(row->language());
  *person.mutable_registered_time() = service::WriteTime(row->registered_at());
  if (row->erasure_requested_at() != 0) {
    *person.mutable_erasure_requested_time() = service::WriteTime(row->erasure_requested_at());
  }
  if (row->erased_at() != 0) *person.mutable_erased_time() = service::WriteTime(row->erased_at());
  person.mutable_complaints()->Assign(complaints.begin(), complaints.end());
  *person.mutable_legal_holds() = ToApi(row->legal_holds());
  if (row->erased_at() != 0) return person;
  const Reader reader = {call.caller->id(), purpose};
  RETURN_IF_ERROR(Open(row->name(), target.name, field::kName, reader, person.mutable_full_name()));
  RETURN_IF_ERROR(Open(row->phone(), target.name, field::kPhone, reader, person.mutable_phone()));
  RETURN_IF_ERROR(Open(row->email(), target.name, field::kEmail, reader, person.mutable_email()));
  RETURN_IF_ERROR(Open(row->dwelling(), target.name, field::kDwelling, reader, person.mutable_dwelling()));
  RETURN_IF_ERROR(Open(row->care_needs(), target.name, field::kCareNeeds, reader, person.mutable_care_needs()));
  return person;
}

void IntakeService::GetPerson(const CallContext& call, const v1::GetPersonRequest& request,
                              rpc::Done<v1::GetPersonResponse> done) {
  Violations violations;
  const absl::Status allowed = CheckPersonalRead(call, true, request.purpose(), &violations);
  if (!allowed.ok()) return done(allowed);
  const auto id = service::ParseName("name", "people", request.name());
  violations.Merge(id.status());
  const absl::Status valid = violations.ToStatus();
  if (!valid.ok()) return done(valid);
  const auto target = Locate("people", *id);
  if (!target.has_value()) return done(PersonNotFound("such person"));
  const auto render = [this, call, target = *target, purpose = request.purpose()](
                          absl::StatusOr<RowsPtr> rows) -> absl::StatusOr<v1::GetPersonResponse> {
    RETURN_IF_ERROR(rows.status());
    v1::GetPersonResponse response;
    ASSIGN_OR_RETURN(*response.mutable_person(), RenderPerson(**rows, target, call, purpose));
    *response.mutable_position() = service::PositionIn(*runtime_, **rows, target.shard);
    return response;
  };
  runtime_->Read(request.has_position() ? std::optional(request.position()) : std::nullopt,
                 [render, done = std::move(done)](auto rows) { done(render(std::move(rows))); });
}

void IntakeService::FindPeople(const CallContext& call, const v1::FindPeopleRequest& request,
                               rpc::Done<v1::FindPeopleResponse> done) {
  Violations violations;
  const absl::Status allowed = CheckPersonalRead(call, true, request.purpose(), &violations);
  if (!allowed.ok()) return done(allowed);
  service::CheckText("phone", request.phone(), kMaxShortText, false, &violations);
  service::CheckText("email", request.email(), kMaxShortText, false, &violations);
  service::CheckText("dwelling", request.dwelling(), kMaxShortText, false, &violations);
  CheckCode("residence", request.residence(), false, &violations);
  if (!request.phone().empty() + !request.email().empty() + !request.dwelling().empty() != 1) {
    violations.Add("phone", "or email or dwelling, one of them, is given");
  }
  if (!request.residence().empty() && request.dwelling().empty()) {
    violations.Add("residence", "belongs to dwelling");
  }
  const absl::Status valid = violations.ToStatus();
  if (!valid.ok()) return done(valid);
  const auto find = [this, phone = request.phone(), email = request.email(),
                     dwelling = request.dwelling()](const store::Rows& rows) {
    if (!phone.empty()) return lookups_->FindPhone(rows, shard_count(), phone);
    if (!email.empty()) return lookups_->FindEmail(rows, shard_count(), email);
    return lookups_->FindDwelling(rows, shard_count(), dwelling);
  };
  const auto render = [this, call, find, residence = request.residence(), purpose = request.purpose()](
                          absl::StatusOr<RowsPtr> rows) -> absl::StatusOr<v1::FindPeopleResponse> {
    RETURN_IF_ERROR(rows.status());
    ASSIGN_OR_RETURN(const auto owners, find(**rows));
    v1::FindPeopleResponse response;
    *response.mutable_positions() = service::PositionsIn(*runtime_, **rows);
    for (const std::string& owner : owners) {
      if (!residence.empty() && !ComplainedOf(**rows, shard_count(), owner, residence)) continue;
      const auto target = Locate("people", PersonIdOf(owner));
      if (!target.has_value() || response.people_size() == kMaxPeopleFound) continue;
      auto person = RenderPerson(**rows, *target, call, purpose);
      if (person.ok()) {
        *response.add_people() = *std::move(person);
      } else if (!absl::IsNotFound(person.status())) {  // out of scope: does not exist
        return person.status();
      }
    }
    return response;
  };
  runtime_->Read(request.has_position() ? std::optional(request.position()) : std::nullopt,
                 [render, done = std::move(done)](auto rows) { done(render(std::move(rows))); });
}

void IntakeService::ErasePerson(const CallContext& call, const v1::ErasePersonRequest& request,
                                rpc::Done<v1::ErasePersonResponse> done) {
  const absl::Status allowed = call.caller->Require(Permission::kErasePersons);
  if (!allowed.ok()) return done(allowed);
  Violations violations;
  service::CheckRequestId(request.request_id(), &violations);
  const auto id = service::ParseName("name", "people", request.name());
  const auto etag = service::ParseEtag(request.etag());
  violations.Merge(id.status());
  violations.Merge(etag.status());
  CheckReason("reason", request.reason(), true, &violations);
  if (request.force() && request.until_closed()) violations.Add("force", "does not go with until_closed");
  const absl::Status valid = violations.ToStatus();
  if (!valid.ok()) return done(valid);
  // Open complaints of other shards are looked for in this instance's rows: they must all have been read.
  if (!ready_()) return done(NotCaughtUp());
  const auto target = Locate("people", *id);
  const auto rows = Rows();
  if (!target.has_value() || !SeesPerson(*rows, request.name(), *call.caller, nullptr)) {
    return done(PersonNotFound("such person"));
  }
  commands::v1::Command command;
  auto* erase = command.mutable_erase_person();
  erase->set_reason(request.reason());
  erase->set_until_closed(request.until_closed());
  erase->set_force(request.force());
  const InTheWay elsewhere = InTheWayOfErasing(*rows, target->name, 0, shard_count(), target->shard);
  erase->mutable_open_elsewhere()->Assign(elsewhere.open.begin(), elsewhere.open.end());
  erase->mutable_held_elsewhere()->Assign(elsewhere.held.begin(), elsewhere.held.end());

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
  const auto answer = [done, name = target->name](absl::StatusOr<Receipt> receipt) {
    if (IsOfNothing(receipt.status())) return done(PersonNotFound(name));
    if (!receipt.ok()) return done(receipt.status());
    v1::ErasePersonResponse response;
    *response.mutable_position() = receipt->position();
    rows::v1::Result result;
    result.ParseFromString(receipt->result());
    // Nothing recorded: they were erased before.
    response.set_erased(result.person_erased() || !receipt->recorded());
    *response.mutable_open_complaints() = result.open_complaints();
    done(std::move(response));
  };
  service::Mutate(runtime_, keys_, std::move(order), fingerprint, answer);
}

}  // namespace redress::intake
