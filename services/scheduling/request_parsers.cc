#include "services/scheduling/request_parsers.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/calendar/zone.h"
#include "libs/ids/codes.h"
#include "libs/ids/ids.h"
#include "libs/service/checks.h"
#include "services/scheduling/intervention.h"
#include "services/scheduling/limits.h"

namespace redress::scheduling {
namespace {

using service::CheckCode;
using service::Violations;

template <typename Codes>
void CheckCodes(absl::string_view field, const Codes& codes, int most, Violations* violations) {
  if (codes.size() > most)
    violations->Add(field, absl::StrCat("has ", codes.size(), " entries; at most ", most, " fit"));
  for (int i = 0; i < std::min<int>(codes.size(), most); ++i) {
    CheckCode(absl::StrCat(field, "[", i, "]"), codes.Get(i), /*required=*/true, violations);
  }
}

void ReadHours(const v1::Technician& technician, Violations* violations, events::v1::TechnicianRegistered* out) {
  if (technician.hours_size() > kMaxWeeklySpans) {
    return violations->Add("technician.hours", absl::StrCat("has more than ", kMaxWeeklySpans, " spans"));
  }
  int end = 0;
  for (int i = 0; i < technician.hours_size(); ++i) {
    const auto& span = technician.hours(i);
    const std::string field = absl::StrCat("technician.hours[", i, "]");
    if (span.start_minute() < 0 || span.end_minute() > kMinutesOfWeek || span.start_minute() >= span.end_minute()) {
      violations->Add(field, absl::StrCat("must be 0 <= start_minute < end_minute <= ", kMinutesOfWeek));
    } else if (span.start_minute() < end) {
      violations->Add(field, "must begin after the one before it ends");
    } else {
      end = span.end_minute();
    }
    auto* hours = out->add_hours();
    hours->set_start_minute(span.start_minute());
    hours->set_end_minute(span.end_minute());
  }
}

}  // namespace

std::string ReadTechnicianId(absl::string_view field, absl::string_view name, Violations* violations) {
  absl::string_view id = name;
  const bool ok = absl::ConsumePrefix(&id, kTechnicians) && !id.empty() && id.size() <= kMaxTechnicianIdBytes &&
                  IsVisibleAscii(id) && id.find_first_of("/|") == absl::string_view::npos;
  if (ok) return std::string(id);
  violations->Add(field, "must be of the form technicians/{id}, the id of 1 to 64 visible ASCII characters");
  return "";
}

void ReadSlot(bool present, const v1::Slot& slot, bool outside_hours, Violations* violations, commands::v1::Slot* out) {
  if (!present) return violations->Add("slot", "is missing");
  ReadTechnicianId("slot.technician", slot.technician(), violations);
  out->set_technician(slot.technician());
  if (!slot.has_start_time()) violations->Add("slot.start_time", "is missing");
  out->set_start(service::ReadTime("slot.start_time", slot.has_start_time(), slot.start_time(), violations));
  out->set_end(service::ReadTime("slot.end_time", slot.has_end_time(), slot.end_time(), violations));
  if (slot.has_end_time() && out->end() <= out->start()) {
    violations->Add("slot.end_time", "must lie after start_time");
  }
  out->set_outside_hours(outside_hours);
}

void ReadTechnician(const v1::Technician& technician, Violations* violations, events::v1::TechnicianRegistered* out) {
  CheckCode("technician.agency", technician.agency(), /*required=*/true, violations);
  out->set_agency(technician.agency());
  CheckCodes("technician.skills", technician.skills(), kMaxSkills, violations);
  *out->mutable_skills() = technician.skills();
  CheckCodes("technician.languages", technician.languages(), kMaxLanguages, violations);
  *out->mutable_languages() = technician.languages();
  ReadHours(technician, violations, out);
  if (!technician.zone().empty() && !calendar::ZoneFor(technician.zone()).ok()) {
    violations->Add("technician.zone", "is no zone of the IANA database");
  }
  out->set_zone(technician.zone());
  if (technician.absences_size() > 0) violations->Add("technician.absences", "are set with SetAbsence");
}

void ReadAbsence(bool present, const v1::Absence& absence, Violations* violations,
                 events::v1::TechnicianAbsenceSet* out) {
  if (!present) return violations->Add("absence", "is missing");
  if (!absence.has_start_time()) violations->Add("absence.start_time", "is missing");
  if (!absence.has_end_time()) violations->Add("absence.end_time", "is missing");
  out->set_from_ms(service::ReadTime("absence.start_time", absence.has_start_time(), absence.start_time(), violations));
  out->set_to_ms(service::ReadTime("absence.end_time", absence.has_end_time(), absence.end_time(), violations));
  if (out->to_ms() < out->from_ms()) violations->Add("absence.end_time", "lies before start_time");
  if (out->to_ms() - out->from_ms() > kLongestAbsence) violations->Add("absence.end_time", "is more than 3 years off");
  service::CheckReason("absence.reason", absence.reason(), /*required=*/false, violations);
  out->set_reason(absence.reason());
}

void ReadVisit(const v1::RequestVisitRequest& request, Violations* violations, commands::v1::RequestVisit* out) {
  const auto complaint = service::ParseName("complaint", "complaints", request.complaint());
  if (!complaint.ok() || !ParseId(*complaint).ok()) {
    violations->Add("complaint", "must be of the form complaints/{id}, the id as intake gave it out");
  }
  out->set_complaint(request.complaint());
  CheckCode("agency", request.agency(), /*required=*/false, violations);
  out->set_agency(request.agency());
  CheckCode("residence", request.residence(), /*required=*/false, violations);
  out->set_residence(request.residence());
  CheckCode("category", request.category(), /*required=*/false, violations);
  out->set_category(request.category());
  CheckCodes("skills", request.skills(), kMaxSkills, violations);
  *out->mutable_skills() = request.skills();
  if (request.duration_minutes() < 0 || request.duration_minutes() > kLongestVisitMinutes ||
      (request.duration_minutes() > 0 && request.duration_minutes() < kShortestVisitMinutes)) {
    violations->Add("duration_minutes",
                    absl::StrCat("must lie between ", kShortestVisitMinutes, " and ", kLongestVisitMinutes));
  }
  out->set_minutes(request.duration_minutes());
  CheckCode("language", request.language(), /*required=*/false, violations);
  out->set_language(request.language());
  if (!types::v1::Urgency_IsValid(request.urgency())) violations->Add("urgency", "is none that is known");
  out->set_urgency(request.urgency());
  if (request.has_round()) {
    if (request.round() < 0) violations->Add("round", "is negative");
    out->set_round(request.round());
  }
}

}  // namespace redress::scheduling
