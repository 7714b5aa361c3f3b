#include "services/scheduling/converters.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/runtime/rows.h"
#include "libs/service/requests.h"
#include "services/scheduling/intervention.h"
#include "services/scheduling/scheduling_rows.h"

namespace redress::scheduling {
namespace {

using service::WriteTime;

struct ResultName {
  v1::VisitResult result;
  absl::string_view code;
};
constexpr ResultName kResults[] = {
    {v1::VISIT_RESULT_FIXED, kFixed},
    {v1::VISIT_RESULT_PARTS_AWAITED, kPartsAwaited},
    {v1::VISIT_RESULT_INSPECTED, kInspected},
    {v1::VISIT_RESULT_NOT_OURS, kNotOurs},
};

v1::TechnicianExplanation::Reason ReasonToApi(SlotReason reason) {
  using Api = v1::TechnicianExplanation;
  switch (reason) {
    case SlotReason::kOffered: return Api::REASON_OFFERED;
    case SlotReason::kAgency: return Api::REASON_AGENCY;
    case SlotReason::kSkill: return Api::REASON_SKILL;
    case SlotReason::kNoHours: return Api::REASON_NO_HOURS;
    case SlotReason::kAbsent: return Api::REASON_ABSENT;
    case SlotReason::kFull: return Api::REASON_FULL;
  }
  return Api::REASON_UNSPECIFIED;
}

void WriteHistory(const rows::v1::InterventionRow& row, v1::Intervention* out) {
  *out->mutable_request_time() = WriteTime(row.requested_at());
  if (!row.technician().empty()) *out->mutable_slot() = ToApi({row.technician(), row.window_start(), row.window_end()});
  if (row.hold_expires_at() != 0) *out->mutable_hold_expire_time() = WriteTime(row.hold_expires_at());
  if (row.booked_at() != 0) *out->mutable_book_time() = WriteTime(row.booked_at());
  if (row.started_at() != 0) *out->mutable_start_time() = WriteTime(row.started_at());
  if (row.ended_at() != 0) *out->mutable_end_time() = WriteTime(row.ended_at());
  out->set_result(ResultOfCode(row.result()));
  out->set_evidence(row.evidence());
  out->set_cancel_reason(row.cancel_reason());
  out->set_move_count(row.moves());
}

}  // namespace

v1::Intervention ToApi(absl::string_view id, const rows::v1::InterventionRow& row, int64_t version) {
  v1::Intervention out;
  out.set_name(absl::StrCat(kInterventions, id));
  // The two enums have the same numbers.
  out.set_state(static_cast<v1::Intervention::State>(row.state()));
  out.set_complaint(row.complaint());
  out.set_agency(row.agency());
  out.set_residence(row.residence());
  out.set_category(row.category());
  *out.mutable_skills() = row.skills();
  out.set_duration_minutes(row.minutes());
  out.set_language(row.language());
  out.set_urgency(row.urgency());
  out.set_care_level(row.care_level());
  out.set_assignment(row.assignment());
  out.set_round(row.round());
  out.set_zone(row.zone());
  out.set_follows(row.follows());
  out.set_followed_by(row.followed_by());
  out.set_etag(service::FormatEtag(version));
  WriteHistory(row, &out);
  return out;
}

v1::Technician ToApi(absl::string_view id, const rows::v1::TechnicianRow& row, int64_t version) {
  v1::Technician out;
  out.set_name(absl::StrCat(kTechnicians, id));
  out.set_agency(row.agency());
  *out.mutable_skills() = row.skills();
  for (const auto& span : row.hours()) {
    auto* hours = out.add_hours();
    hours->set_start_minute(span.start_minute());
    hours->set_end_minute(span.end_minute());
  }
  out.set_zone(row.zone());
  *out.mutable_languages() = row.languages();
  for (const auto& absence : row.absences()) {
    auto* away = out.add_absences();
    *away->mutable_start_time() = WriteTime(absence.from_ms());
    *away->mutable_end_time() = WriteTime(absence.to_ms());
    away->set_reason(absence.reason());
  }
  out.set_etag(service::FormatEtag(version));
  return out;
}

v1::Slot ToApi(const SlotOffer& slot) {
  v1::Slot out;
  out.set_technician(slot.technician);
  *out.mutable_start_time() = WriteTime(slot.start);
  *out.mutable_end_time() = WriteTime(slot.end);
  return out;
}

v1::TechnicianExplanation ToApi(const SlotExplanation& explanation) {
  v1::TechnicianExplanation out;
  out.set_technician(explanation.technician);
  out.set_reason(ReasonToApi(explanation.reason));
  for (const std::string& skill : explanation.missing_skills) out.add_missing_skills(skill);
  out.set_slot_count(explanation.slot_count);
  if (explanation.slot_count > 0) *out.mutable_first_slot() = ToApi(explanation.first_slot);
  out.set_worked_minutes(static_cast<int32_t>(explanation.worked / kMinute));
  out.set_absent_minutes(static_cast<int32_t>(explanation.absent / kMinute));
  out.set_taken_minutes(static_cast<int32_t>(explanation.taken / kMinute));
  return out;
}

absl::string_view ResultCode(v1::VisitResult result) {
  for (const ResultName& one : kResults) {
    if (one.result == result) return one.code;
  }
  return "";
}

v1::VisitResult ResultOfCode(absl::string_view code) {
  for (const ResultName& one : kResults) {
    if (one.code == code) return one.result;
  }
  return v1::VISIT_RESULT_UNSPECIFIED;
}

std::string RenderAggregate(const store::Rows& rows, uint16_t shard, absl::string_view aggregate) {
  const int64_t version = runtime::VersionOf(rows, shard, aggregate);
  absl::string_view id = aggregate;
  if (absl::ConsumePrefix(&id, kInterventions)) {
    const auto row = kVisits.Get(rows, shard, id);
    if (row.has_value()) return ToApi(id, *row, version).SerializeAsString();
  } else if (absl::ConsumePrefix(&id, kTechnicians)) {
    const auto row = kTechnicianRows.Get(rows, shard, id);
    if (row.has_value()) return ToApi(id, *row, version).SerializeAsString();
  }
  return "";
}

}  // namespace redress::scheduling
