#include "services/scheduling/scheduling_service.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/reference/snapshot.h"
#include "libs/runtime/rows.h"
#include "libs/service/checks.h"
#include "libs/service/mutate.h"
#include "libs/service/request_fingerprint.h"
#include "libs/status/macros.h"
#include "services/scheduling/converters.h"
#include "services/scheduling/intervention.h"
#include "services/scheduling/limits.h"
#include "services/scheduling/request_parsers.h"
#include "services/scheduling/scheduling_errors.h"
#include "services/scheduling/scheduling_rows.h"
#include "services/scheduling/technician.h"

namespace redress::scheduling {

using service::Violations;

struct SchedulingService::Change {
  std::string request_id;
  int64_t etag = 0;
  uint16_t shard = 0;
  std::string aggregate;
  Command command;
  service::Fingerprint fingerprint;
};

namespace {

commands::v1::Scope ScopeOf(const Caller& caller) {
  auto scope = service::ScopeOf<commands::v1::Scope>(caller);
  if (OnlyVisits(caller)) scope.set_technician(absl::StrCat(kTechnicians, caller.id()));
  return scope;
}

int64_t ReadEtag(absl::string_view etag, Violations* violations) {
  const auto parsed = service::ParseEtag(etag);
  violations->Merge(parsed.status());
  return parsed.value_or(0);
}

void FinishWith(const std::string& bytes, v1::Intervention* out) { out->ParseFromString(bytes); }

}  // namespace

bool OnlyVisits(const Caller& caller) {
  const auto& roles = caller.roles();
  return std::find(roles.begin(), roles.end(), "technician") != roles.end() && !caller.Has(Permission::kSchedule);
}

uint16_t SchedulingService::ShardOfAgency(absl::string_view agency) const {
  return static_cast<uint16_t>(ShardOf(PlacementOf(agency), deps_.runtime->shard_count()));
}

void SchedulingService::Execute(
    const CallContext& call, Change change,
    std::function<void(absl::StatusOr<std::string> aggregate, const types::v1::Position&)> done) {
  const auto keys = deps_.keys->IndexKeys();
  if (!keys.ok()) return done(keys.status(), {});
  *change.command.mutable_scope() = ScopeOf(*call.caller);
  runtime::v1::Order order = service::CallerOrder(call, change.request_id);
  order.set_stream("scheduling");
  order.set_shard(change.shard);
  order.set_aggregate(std::move(change.aggregate));
  order.set_etag(change.etag);
  order.set_command(change.command.SerializeAsString());
  service::SetFingerprint(keys->front(), change.fingerprint, &order);
  service::Mutate(
      deps_.runtime, deps_.keys, std::move(order), std::move(change.fingerprint),
      [runtime = deps_.runtime, done = std::move(done)](absl::StatusOr<runtime::v1::Receipt> receipt) {
        if (!receipt.ok()) return done(receipt.status(), {});
        if (!receipt->result().empty()) return done(receipt->result(), receipt->position());
        // Nothing was recorded: what there is was so already.
        runtime->Read(receipt->position(), [done, receipt = *receipt](auto rows) {
          if (!rows.ok()) return done(rows.status(), {});
          done(RenderAggregate(**rows, static_cast<uint16_t>(receipt.position().shard()), receipt.aggregate()),
               receipt.position());
        });
      });
}

template <typename Request, typename Response>
void SchedulingService::ChangeVisit(const CallContext& call, const Request& request, Command command,
                                    Violations violations, Done<Response> done) {
  Change change;
  service::CheckRequestId(request.request_id(), &violations);
  const auto id = service::ParseName("name", "interventions", request.name());
  violations.Merge(id.status());
  const auto parts = ParseId(id.value_or(""));
  if (id.ok() && !parts.ok()) violations.Add("name", "holds no id that this service gives out");
  change.etag = ReadEtag(request.etag(), &violations);
  if (!violations.empty()) return done(violations.ToStatus());
  change.request_id = request.request_id();
  change.shard = static_cast<uint16_t>(ShardOf(parts->placement, deps_.runtime->shard_count()));
  change.aggregate = request.name();
  change.command = std::move(command);
  change.fingerprint = service::FingerprintOf(request);
  // The decider asks again; this is so that an etag's refusal reveals nothing.
  const auto row = kVisits.Get(*Local(), change.shard, *id);
  if (row.has_value() && !call.caller->Sees(row->agency())) return done(InterventionUnknown(request.name()));
  Execute(call, std::move(change),
          [done = std::move(done)](absl::StatusOr<std::string> aggregate, const types::v1::Position& position) {
            if (!aggregate.ok()) return done(aggregate.status());
            Response response;
            FinishWith(*aggregate, response.mutable_intervention());
            *response.mutable_position() = position;
            done(std::move(response));
          });
}

template <typename Response>
void SchedulingService::ChangeTechnician(const CallContext& call, Change change, Done<Response> done) {
  Execute(call, std::move(change),
          [done = std::move(done)](absl::StatusOr<std::string> aggregate, const types::v1::Position& position) {
            if (!aggregate.ok()) return done(aggregate.status());
            Response response;
            response.mutable_technician()->ParseFromString(*aggregate);
            *response.mutable_position() = position;
            done(std::move(response));
          });
}

void SchedulingService::RegisterTechnician(const CallContext& call, const v1::RegisterTechnicianRequest& request,
                                           Done<v1::RegisterTechnicianResponse> done) {
  if (const auto status = call.caller->Require(Permission::kManageRegister); !status.ok()) return done(status);
  Violations violations;
  Change change;
  service::CheckRequestId(request.request_id(), &violations);
  change.etag = ReadEtag(request.etag(), &violations);
  const std::string id = ReadTechnicianId("technician.name", request.technician().name(), &violations);
  auto* said = change.command.mutable_register_technician()->mutable_technician();
  ReadTechnician(request.technician(), &violations, said);
  if (!violations.empty()) return done(violations.ToStatus());
  if (!call.caller->Sees(said->agency())) return done(AgencyUnknown(said->agency()));
  if (deps_.runtime->reference() != nullptr) {
    const auto snapshot = deps_.runtime->reference()->Current();
    const auto* agency = snapshot->FindAgency(said->agency(), Now());
    if (agency == nullptr) return done(InvalidFields({{"technician.agency", "is none of the register"}}));
    if (said->zone().empty()) said->set_zone(agency->zone());
  }
  if (said->zone().empty()) return done(InvalidFields({{"technician.zone", "is missing"}}));
  for (uint16_t shard = 0; shard < deps_.runtime->shard_count(); ++shard) {
    const auto known = kTechnicianRows.Get(*Local(), shard, id);
    if (known.has_value() && known->agency() != said->agency()) {
      return done(TechnicianElsewhere(request.technician().name()));
    }
  }
  change.request_id = request.request_id();
  change.shard = ShardOfAgency(said->agency());
  change.aggregate = request.technician().name();
  change.fingerprint = service::FingerprintOf(request);
  ChangeTechnician(call, std::move(change), std::move(done));
}

void SchedulingService::SetAbsence(const CallContext& call, const v1::SetAbsenceRequest& request,
                                   Done<v1::SetAbsenceResponse> done) {
  if (const auto status = call.caller->Require(Permission::kSchedule); !status.ok()) return done(status);
  Violations violations;
  Change change;
  service::CheckRequestId(request.request_id(), &violations);
  change.etag = ReadEtag(request.etag(), &violations);
  const std::string id = ReadTechnicianId("technician", request.technician(), &violations);
  ReadAbsence(request.has_absence(), request.absence(), &violations,
              change.command.mutable_set_absence()->mutable_absence());
  if (!violations.empty()) return done(violations.ToStatus());
  std::optional<uint16_t> home;
  for (uint16_t shard = 0; shard < deps_.runtime->shard_count() && !home.has_value(); ++shard) {
    const auto row = kTechnicianRows.Get(*Local(), shard, id);
    if (row.has_value() && call.caller->Sees(row->agency())) home = shard;
  }
  if (!home.has_value()) return done(TechnicianUnknown(request.technician()));
  change.request_id = request.request_id();
  change.shard = *home;
  change.aggregate = request.technician();
  change.fingerprint = service::FingerprintOf(request);
  ChangeTechnician<v1::SetAbsenceResponse>(
      call, std::move(change),
      [this, shard = *home, absence = request.absence(), technician = request.technician(),
       done = std::move(done)](absl::StatusOr<v1::SetAbsenceResponse> response) {
        if (!response.ok()) return done(response.status());
        AddConflicts(technician, shard, absence, *std::move(response), done);
      });
}

void SchedulingService::AddConflicts(const std::string& technician, uint16_t shard, const v1::Absence& absence,
                                     v1::SetAbsenceResponse response, Done<v1::SetAbsenceResponse> done) {
  Violations none;
  const Millis from = service::ReadTime("", true, absence.start_time(), &none);
  const Millis to = service::ReadTime("", true, absence.end_time(), &none);
  const auto position = response.position();
  deps_.runtime->Read(position, [now = Now(), technician, shard, from, to, response = std::move(response),
                                 done = std::move(done)](auto rows) mutable {
    if (!rows.ok()) return done(rows.status());
    for (const TakenWindow& taken : TakenBetween(**rows, shard, technician, from, to)) {
      if (response.interventions_size() == kMaxConflictsListed) break;
      if (taken.Counts(now)) response.add_interventions(absl::StrCat(kInterventions, taken.visit));
    }
    done(std::move(response));
  });
}

void SchedulingService::FillVisit(const Caller& caller, commands::v1::RequestVisit* visit) const {
  std::optional<rows::v1::InterventionRow> last;
  std::string last_id;
  for (uint16_t shard = 0; shard < deps_.runtime->shard_count(); ++shard) {
    for (const std::string& id : VisitsOf(*Local(), shard, visit->complaint())) {
      auto row = kVisits.Get(*Local(), shard, id);
      // Ids sort by time.
      if (!row.has_value() || !caller.Sees(row->agency()) || id < last_id) continue;
      last_id = id;
      last = std::move(row);
    }
  }
  if (!last.has_value()) return;
  if (visit->agency().empty()) visit->set_agency(last->agency());
  if (visit->residence().empty()) visit->set_residence(last->residence());
  if (visit->category().empty()) visit->set_category(last->category());
  if (visit->skills().empty()) *visit->mutable_skills() = last->skills();
  if (visit->minutes() == 0) visit->set_minutes(last->minutes());
  if (visit->language().empty()) visit->set_language(last->language());
  if (visit->urgency() == types::v1::URGENCY_UNSPECIFIED) visit->set_urgency(last->urgency());
  if (last->has_dwelling()) *visit->mutable_dwelling() = last->dwelling();
  if (last->has_access_note()) *visit->mutable_access_note() = last->access_note();
  visit->set_care_level(last->care_level());
  visit->set_zone(last->zone());
}

void SchedulingService::RequestVisit(const CallContext& call, const v1::RequestVisitRequest& request,
                                     Done<v1::RequestVisitResponse> done) {
  if (const auto status = call.caller->Require(Permission::kSchedule); !status.ok()) return done(status);
  Violations violations;
  Change change;
  service::CheckRequestId(request.request_id(), &violations);
  auto* visit = change.command.mutable_request_visit();
  ReadVisit(request, &violations, visit);
  if (!violations.empty()) return done(violations.ToStatus());
  FillVisit(*call.caller, visit);
  if (visit->agency().empty()) return done(InvalidFields({{"agency", "is missing: the complaint has no visit yet"}}));
  if (!call.caller->Sees(visit->agency())) return done(AgencyUnknown(visit->agency()));
  if (deps_.runtime->reference() != nullptr) {
    const auto snapshot = deps_.runtime->reference()->Current();
    const auto* agency = snapshot->FindAgency(visit->agency(), Now());
    if (agency == nullptr) return done(InvalidFields({{"agency", "is none of the register"}}));
    visit->set_zone(agency->zone());
  }
  change.request_id = request.request_id();
  change.shard = ShardOfAgency(visit->agency());
  // A retry goes where the first went, whatever the complaint's last visit is by now.
  for (uint16_t shard = 0; shard < deps_.runtime->shard_count(); ++shard) {
    if (runtime::FindRequest(*Local(), shard, call.caller->id(), request.request_id()).has_value())
      change.shard = shard;
  }
  change.aggregate = absl::StrCat(kInterventions, MakeId(Now(), PlacementOf(visit->agency()), deps_.ids->Random64()));
  change.fingerprint = service::FingerprintOf(request);
  Execute(call, std::move(change),
          [done = std::move(done)](absl::StatusOr<std::string> aggregate, const types::v1::Position& position) {
            if (!aggregate.ok()) return done(aggregate.status());
            v1::RequestVisitResponse response;
            FinishWith(*aggregate, response.mutable_intervention());
            *response.mutable_position() = position;
            done(std::move(response));
          });
}

void SchedulingService::HoldSlot(const CallContext& call, const v1::HoldSlotRequest& request,
                                 Done<v1::HoldSlotResponse> done) {
  if (const auto status = call.caller->Require(Permission::kSchedule); !status.ok()) return done(status);
  Violations violations;
  Command command;
  auto* hold = command.mutable_hold_slot();
  ReadSlot(request.has_slot(), request.slot(), request.outside_hours(), &violations, hold->mutable_slot());
  if (request.hold_minutes() < 0 || request.hold_minutes() > kLongestHold / kMinute) {
    violations.Add("hold_minutes", absl::StrCat("must lie between 1 and ", kLongestHold / kMinute));
  }
  hold->set_hold_ms(request.hold_minutes() == 0 ? kDefaultHold : request.hold_minutes() * kMinute);
  ChangeVisit(call, request, std::move(command), std::move(violations), std::move(done));
}

void SchedulingService::ReleaseHold(const CallContext& call, const v1::ReleaseHoldRequest& request,
                                    Done<v1::ReleaseHoldResponse> done) {
  if (const auto status = call.caller->Require(Permission::kSchedule); !status.ok()) return done(status);
  Command command;
  command.mutable_release_hold();
  ChangeVisit(call, request, std::move(command), Violations(), std::move(done));
}

void SchedulingService::BookVisit(const CallContext& call, const v1::BookVisitRequest& request,
                                  Done<v1::BookVisitResponse> done) {
  if (const auto status = call.caller->Require(Permission::kSchedule); !status.ok()) return done(status);
  Violations violations;
  Command command;
  auto* book = command.mutable_book_visit();
  if (request.has_slot()) {
    ReadSlot(true, request.slot(), request.outside_hours(), &violations, book->mutable_slot());
  }
  ChangeVisit(call, request, std::move(command), std::move(violations), std::move(done));
}

void SchedulingService::MoveVisit(const CallContext& call, const v1::MoveVisitRequest& request,
                                  Done<v1::MoveVisitResponse> done) {
  if (const auto status = call.caller->Require(Permission::kSchedule); !status.ok()) return done(status);
  Violations violations;
  Command command;
  auto* move = command.mutable_move_visit();
  ReadSlot(request.has_slot(), request.slot(), request.outside_hours(), &violations, move->mutable_slot());
  service::CheckReason("reason", request.reason(), /*required=*/false, &violations);
  if (!request.resident_consented() && request.reason().empty()) {
    violations.Add("reason", "is missing: without the resident's consent a promise is moved for a reason");
  }
  move->set_resident_consented(request.resident_consented());
  move->set_reason(request.reason());
  ChangeVisit(call, request, std::move(command), std::move(violations), std::move(done));
}

absl::StatusOr<int64_t> SchedulingService::ReadOccurred(const Caller& caller, bool present,
                                                        const google::protobuf::Timestamp& time,
                                                        absl::string_view reason, Violations* violations) const {
  const Millis at = service::ReadTime("occurred_time", present, time, violations);
  service::CheckReason("backdating_reason", reason, /*required=*/false, violations);
  if (!present || at >= Now() - kFreelyBackdated) return at;
  RETURN_IF_ERROR(caller.Require(Permission::kRecordBackdatedFacts));
  if (reason.empty()) violations->Add("backdating_reason", "is missing: it happened more than 24 hours ago");
  return at;
}

void SchedulingService::StartVisit(const CallContext& call, const v1::StartVisitRequest& request,
                                   Done<v1::StartVisitResponse> done) {
  if (const auto status = call.caller->Require(Permission::kReportVisits); !status.ok()) return done(status);
  Violations violations;
  const auto at = ReadOccurred(*call.caller, request.has_occurred_time(), request.occurred_time(),
                               request.backdating_reason(), &violations);
  if (!at.ok()) return done(at.status());
  Command command;
  command.mutable_start_visit()->set_occurred_at(*at);
  command.mutable_start_visit()->set_backdating_reason(request.backdating_reason());
  ChangeVisit(call, request, std::move(command), std::move(violations), std::move(done));
}

void SchedulingService::CompleteVisit(const CallContext& call, const v1::CompleteVisitRequest& request,
                                      Done<v1::CompleteVisitResponse> done) {
  if (const auto status = call.caller->Require(Permission::kReportVisits); !status.ok()) return done(status);
  Violations violations;
  const auto at = ReadOccurred(*call.caller, request.has_occurred_time(), request.occurred_time(),
                               request.backdating_reason(), &violations);
  if (!at.ok()) return done(at.status());
  const absl::string_view result = ResultCode(request.result());
  if (result.empty()) violations.Add("result", "is missing, or none that is known");
  Command command;
  command.mutable_complete_visit()->set_result(std::string(result));
  command.mutable_complete_visit()->set_occurred_at(*at);
  command.mutable_complete_visit()->set_backdating_reason(request.backdating_reason());
  ChangeVisit(call, request, std::move(command), std::move(violations), std::move(done));
}

void SchedulingService::ReportNoAccess(const CallContext& call, const v1::ReportNoAccessRequest& request,
                                       Done<v1::ReportNoAccessResponse> done) {
  if (const auto status = call.caller->Require(Permission::kReportVisits); !status.ok()) return done(status);
  Violations violations;
  const auto at = ReadOccurred(*call.caller, request.has_occurred_time(), request.occurred_time(),
                               request.backdating_reason(), &violations);
  if (!at.ok()) return done(at.status());
  service::CheckVisible("evidence", request.evidence(), kMaxEvidenceBytes, /*required=*/true, &violations);
  Command command;
  command.mutable_report_no_access()->set_evidence(request.evidence());
  command.mutable_report_no_access()->set_occurred_at(*at);
  command.mutable_report_no_access()->set_backdating_reason(request.backdating_reason());
  ChangeVisit(call, request, std::move(command), std::move(violations), std::move(done));
}

void SchedulingService::CancelVisit(const CallContext& call, const v1::CancelVisitRequest& request,
                                    Done<v1::CancelVisitResponse> done) {
  if (const auto status = call.caller->Require(Permission::kSchedule); !status.ok()) return done(status);
  Violations violations;
  service::CheckReason("reason", request.reason(), /*required=*/true, &violations);
  Command command;
  command.mutable_cancel_visit()->set_reason(request.reason());
  ChangeVisit(call, request, std::move(command), std::move(violations), std::move(done));
}

}  // namespace redress::scheduling
