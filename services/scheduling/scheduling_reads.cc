// Handlers that change nothing.
#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/runtime/rows.h"
#include "libs/service/positions.h"
#include "libs/status/macros.h"
#include "services/scheduling/converters.h"
#include "services/scheduling/intervention.h"
#include "services/scheduling/limits.h"
#include "services/scheduling/request_parsers.h"
#include "services/scheduling/scheduling_errors.h"
#include "services/scheduling/scheduling_rows.h"
#include "services/scheduling/scheduling_service.h"
#include "services/scheduling/visit_lists.h"

namespace redress::scheduling {
namespace {

using service::PositionOf;
using service::QuestionOf;
using service::Violations;

bool CanBePlanned(VisitState state) {
  return state == rows::v1::VISIT_STATE_REQUESTED || state == rows::v1::VISIT_STATE_HELD ||
         state == rows::v1::VISIT_STATE_BOOKED;
}

}  // namespace

void SchedulingService::ReadVisitRow(const CallContext& call, const std::string& name,
                                     const std::optional<types::v1::Position>& position, Violations violations,
                                     std::function<void(absl::StatusOr<Seen>)> done) {
  const auto id = service::ParseName("name", "interventions", name);
  violations.Merge(id.status());
  const auto parts = ParseId(id.value_or(""));
  if (id.ok() && !parts.ok()) violations.Add("name", "holds no id that this service gives out");
  if (!violations.empty()) return done(violations.ToStatus());
  const auto shard = static_cast<uint16_t>(ShardOf(parts->placement, deps_.runtime->shard_count()));
  deps_.runtime->Read(position, [caller = call.caller, name, shard, id = *id, done = std::move(done)](auto rows) {
    if (!rows.ok()) return done(rows.status());
    auto row = kVisits.Get(**rows, shard, id);
    if (!row.has_value() || !caller->Sees(row->agency())) return done(InterventionUnknown(name));
    done(Seen{*std::move(rows), shard, id, *std::move(row)});
  });
}

void SchedulingService::FindSlots(const CallContext& call, const v1::FindSlotsRequest& request,
                                  Done<v1::FindSlotsResponse> done) {
  if (const auto status = call.caller->Require(Permission::kSchedule); !status.ok()) return done(status);
  Violations violations;
  const Millis now = Now();
  const Range range = ReadSlotRange(request, now, &violations);
  if (request.max_slots() < 0 || request.max_slots() > kMaxSlots) {
    violations.Add("max_slots", absl::StrCat("must lie between 1 and ", kMaxSlots));
  }
  const int limit = request.max_slots() == 0 ? kDefaultSlots : request.max_slots();
  ReadVisitRow(call, request.name(), PositionOf(request), std::move(violations),
               [now, range, limit, name = request.name(), runtime = deps_.runtime,
                done = std::move(done)](absl::StatusOr<Seen> seen) {
                 if (!seen.ok()) return done(seen.status());
                 if (!CanBePlanned(seen->row.state())) {
                   return done(WrongState(name, NameOf(seen->row.state()), "FindSlots"));
                 }
                 const SlotQuery query = QueryFor(seen->row, now, range.from, range.to, limit);
                 const auto calendars = AgencyCalendars(*seen->rows, seen->shard, seen->row.agency(), query, now,
                                                        seen->id, Technicians::kSkilled);
                 v1::FindSlotsResponse response;
                 for (const SlotOffer& slot : scheduling::FindSlots(query, calendars)) {
                   *response.add_slots() = ToApi(slot);
                 }
                 *response.mutable_position() = service::PositionIn(*runtime, *seen->rows, seen->shard);
                 done(std::move(response));
               });
}

namespace {

// Technicians of other agencies that the caller sees: they are explained, never offered.
std::vector<TechnicianCalendar> OtherTechnicians(const store::Rows& rows, uint32_t shards, const Caller& caller,
                                                 absl::string_view agency) {
  std::vector<TechnicianCalendar> others;
  for (uint32_t shard = 0; shard < shards; ++shard) {
    kTechnicianRows.Scan(rows, static_cast<uint16_t>(shard), "",
                         [&](absl::string_view id, const rows::v1::TechnicianRow& row) {
                           if (row.agency() != agency && caller.Sees(row.agency())) {
                             others.push_back({absl::StrCat(kTechnicians, id), row, {}});
                           }
                           return others.size() < static_cast<size_t>(kMaxOtherTechnicians);
                         });
  }
  std::sort(others.begin(), others.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return others;
}

}  // namespace

void SchedulingService::ExplainSlots(const CallContext& call, const v1::ExplainSlotsRequest& request,
                                     Done<v1::ExplainSlotsResponse> done) {
  if (const auto status = call.caller->Require(Permission::kSchedule); !status.ok()) return done(status);
  Violations violations;
  const Millis now = Now();
  const Range range = ReadSlotRange(request, now, &violations);
  ReadVisitRow(call, request.name(), PositionOf(request), std::move(violations),
               [now, range, name = request.name(), runtime = deps_.runtime, caller = call.caller,
                done = std::move(done)](absl::StatusOr<Seen> seen) {
                 if (!seen.ok()) return done(seen.status());
                 const auto& visit = seen->row;
                 if (!CanBePlanned(visit.state())) return done(WrongState(name, NameOf(visit.state()), "ExplainSlots"));
                 const SlotQuery query = QueryFor(visit, now, range.from, range.to, kMaxSlots);
                 auto calendars = AgencyCalendars(*seen->rows, seen->shard, visit.agency(), query, now, seen->id);
                 auto others = OtherTechnicians(*seen->rows, runtime->shard_count(), *caller, visit.agency());
                 std::move(others.begin(), others.end(), std::back_inserter(calendars));
                 v1::ExplainSlotsResponse response;
                 for (const auto& line : scheduling::ExplainSlots(query, calendars))
                   *response.add_technicians() = ToApi(line);
                 *response.mutable_from_time() = service::WriteTime(query.from);
                 *response.mutable_to_time() = service::WriteTime(query.to);
                 response.set_granularity_minutes(static_cast<int32_t>(kSlotGranularity / kMinute));
                 response.set_duration_minutes(visit.minutes());
                 *response.mutable_position() = service::PositionIn(*runtime, *seen->rows, seen->shard);
                 done(std::move(response));
               });
}

absl::Status SchedulingService::OpenInto(const Caller& caller, const rows::v1::InterventionRow& row,
                                         v1::Intervention* out) const {
  RETURN_IF_ERROR(caller.Require(Permission::kReadPersonalData));
  if (OnlyVisits(caller) && row.technician() != absl::StrCat(kTechnicians, caller.id())) return NotOwnVisit();
  const Reader reader{caller.id(), "get_intervention"};
  const auto open = [&](const types::v1::Sealed& sealed, absl::string_view field, std::string* into) {
    if (sealed.box().empty()) return absl::OkStatus();
    auto text = deps_.opener->Open(sealed, row.complaint(), field, reader);
    // Forgotten: the visit stays, without it.
    if (ReasonOf(text.status()) == "KEY_DESTROYED") return absl::OkStatus();
    RETURN_IF_ERROR(text.status());
    *into = *std::move(text);
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(open(row.dwelling(), "dwelling", out->mutable_dwelling()));
  return open(row.access_note(), "access_note", out->mutable_access_note());
}

void SchedulingService::GetIntervention(const CallContext& call, const v1::GetInterventionRequest& request,
                                        Done<v1::GetInterventionResponse> done) {
  if (const auto status = call.caller->Require(Permission::kReadComplaints); !status.ok()) return done(status);
  if (request.include_personal_data()) {
    if (const auto status = call.caller->Require(Permission::kReadPersonalData); !status.ok()) return done(status);
  }
  ReadVisitRow(call, request.name(), PositionOf(request), Violations(),
               [this, caller = call.caller, personal = request.include_personal_data(),
                done = std::move(done)](absl::StatusOr<Seen> seen) {
                 if (!seen.ok()) return done(seen.status());
                 const std::string name = absl::StrCat(kInterventions, seen->id);
                 v1::GetInterventionResponse response;
                 *response.mutable_intervention() =
                     ToApi(seen->id, seen->row, runtime::VersionOf(*seen->rows, seen->shard, name));
                 *response.mutable_position() = service::PositionIn(*deps_.runtime, *seen->rows, seen->shard);
                 if (personal) {
                   const auto opened = OpenInto(*caller, seen->row, response.mutable_intervention());
                   if (!opened.ok()) return done(opened);
                 }
                 done(std::move(response));
               });
}

void SchedulingService::ListTechnicians(const CallContext& call, const v1::ListTechniciansRequest& request,
                                        Done<v1::ListTechniciansResponse> done) {
  if (const auto status = call.caller->Require(Permission::kSchedule); !status.ok()) return done(status);
  const auto question = QuestionOf(request, "technicians", deps_.runtime->info().log_id, kProjectionVersion);
  const auto page = service::ReadPage(request.page_size(), request.page_token(), question);
  if (!page.ok()) return done(page.status());
  deps_.runtime->Read(
      PositionOf(request), [caller = call.caller, agency = request.agency(), skill = request.skill(), page = *page,
                            question, runtime = deps_.runtime, done = std::move(done)](auto rows) {
        if (!rows.ok()) return done(rows.status());
        v1::ListTechniciansResponse response;
        *response.mutable_positions() = service::PositionsIn(*runtime, **rows);
        const Listing listing =
            ListTechnicianIds(**rows, runtime->shard_count(), page, [&](const rows::v1::TechnicianRow& row) {
              return caller->Sees(row.agency()) && (agency.empty() || row.agency() == agency) &&
                     (skill.empty() || MissingSkills(row, {skill}).empty());
            });
        for (const Listed& one : listing.entries) {
          const auto row = kTechnicianRows.Get(**rows, one.shard, one.id);
          *response.add_technicians() =
              ToApi(one.id, *row, runtime::VersionOf(**rows, one.shard, absl::StrCat(kTechnicians, one.id)));
        }
        if (listing.more) response.set_next_page_token(service::WritePageToken(question, listing.entries.back().key));
        done(std::move(response));
      });
}

namespace {

absl::StatusOr<VisitQuestion> ReadVisitQuestion(const v1::ListInterventionsRequest& request) {
  Violations violations;
  VisitQuestion question;
  if (!request.complaint().empty()) {
    violations.Merge(service::ParseName("complaint", "complaints", request.complaint()).status());
    question.complaint = request.complaint();
  }
  if (!request.technician().empty()) {
    ReadTechnicianId("technician", request.technician(), &violations);
    question.technician = request.technician();
    if (!request.complaint().empty()) violations.Add("technician", "cannot be combined with complaint");
  }
  question.agency = request.agency();
  if (!v1::Intervention::State_IsValid(request.state())) violations.Add("state", "is none that is known");
  question.state = static_cast<rows::v1::VisitState>(request.state());
  question.from = service::ReadTime("from_time", request.has_from_time(), request.from_time(), &violations);
  question.to = service::ReadTime("to_time", request.has_to_time(), request.to_time(), &violations);
  question.has_range = request.has_from_time() || request.has_to_time();
  if (!request.has_from_time()) question.from = service::kEarliest;
  if (!request.has_to_time()) question.to = service::kLatest;
  if (question.has_range && question.to <= question.from) violations.Add("to_time", "must lie after from_time");
  if (question.has_range && question.agency.empty() && question.technician.empty()) {
    violations.Add("agency", "is missing: a time range is one agency's or one technician's");
  }
  if (question.has_range && !question.complaint.empty()) {
    violations.Add("complaint", "cannot be combined with a time range");
  }
  if (!violations.empty()) return violations.ToStatus();
  return question;
}

}  // namespace

void SchedulingService::ListInterventions(const CallContext& call, const v1::ListInterventionsRequest& request,
                                          Done<v1::ListInterventionsResponse> done) {
  if (const auto status = call.caller->Require(Permission::kReadComplaints); !status.ok()) return done(status);
  const auto visits = ReadVisitQuestion(request);
  if (!visits.ok()) return done(visits.status());
  const auto question = QuestionOf(request, "interventions", deps_.runtime->info().log_id, kProjectionVersion);
  const auto page = service::ReadPage(request.page_size(), request.page_token(), question);
  if (!page.ok()) return done(page.status());
  deps_.runtime->Read(PositionOf(request), [caller = call.caller, visits = *visits, page = *page, question,
                                            runtime = deps_.runtime, done = std::move(done)](auto rows) {
    if (!rows.ok()) return done(rows.status());
    v1::ListInterventionsResponse response;
    *response.mutable_positions() = service::PositionsIn(*runtime, **rows);
    const Listing listing = ListVisits(**rows, runtime->shard_count(), page, visits, *caller);
    for (const Listed& one : listing.entries) {
      const auto row = kVisits.Get(**rows, one.shard, one.id);
      *response.add_interventions() =
          ToApi(one.id, *row, runtime::VersionOf(**rows, one.shard, absl::StrCat(kInterventions, one.id)));
    }
    if (listing.more) response.set_next_page_token(service::WritePageToken(question, listing.entries.back().key));
    done(std::move(response));
  });
}

}  // namespace redress::scheduling
