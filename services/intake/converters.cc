#include "services/intake/converters.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "libs/service/requests.h"
#include "libs/status/errors.h"
#include "services/intake/complaint.h"
#include "services/intake/intake_lookups.h"

namespace redress::intake {
namespace {

using service::WriteTime;

// States and stages have the same numbers on both sides.
static_assert(static_cast<int>(v1::COMPLAINT_STATE_WITHDRAWN) == static_cast<int>(rows::v1::STATE_WITHDRAWN));
static_assert(static_cast<int>(v1::Visit::STAGE_CANCELLED) ==
              static_cast<int>(events::v1::VisitNoted::STAGE_CANCELLED));

v1::Visit ToApi(const rows::v1::Visit& row) {
  v1::Visit visit;
  visit.set_intervention(row.intervention());
  visit.set_stage(static_cast<v1::Visit::Stage>(row.stage()));
  *visit.mutable_stage_time() = WriteTime(row.occurred_at());
  visit.set_result(row.result());
  if (row.window_starts_at() != 0) {
    *visit.mutable_window_start_time() = WriteTime(row.window_starts_at());
    *visit.mutable_window_end_time() = WriteTime(row.window_ends_at());
  }
  return visit;
}

v1::Attachment ToApi(const events::v1::Attachment& stored) {
  v1::Attachment attachment;
  attachment.set_uri(stored.uri());
  attachment.set_sha256(stored.sha256());
  attachment.set_size_bytes(stored.size_bytes());
  attachment.set_media_type(stored.media_type());
  return attachment;
}

void SetTimes(const rows::v1::Complaint& row, v1::Complaint* complaint) {
  const auto set = [](Millis at, auto mutable_time) {
    if (at != 0) *mutable_time() = WriteTime(at);
  };
  set(row.received_at(), [&] { return complaint->mutable_received_time(); });
  set(row.recorded_at(), [&] { return complaint->mutable_recorded_time(); });
  set(row.acknowledged_at(), [&] { return complaint->mutable_acknowledged_time(); });
  set(row.started_at(), [&] { return complaint->mutable_started_time(); });
  set(row.answered_at(), [&] { return complaint->mutable_answered_time(); });
  set(row.resolved_at(), [&] { return complaint->mutable_resolved_time(); });
  set(row.window_ends_at(), [&] { return complaint->mutable_window_end_time(); });
  set(row.confirmed_at(), [&] { return complaint->mutable_confirmed_time(); });
  set(row.closed_at(), [&] { return complaint->mutable_closed_time(); });
  set(row.withdrawn_at(), [&] { return complaint->mutable_withdrawn_time(); });
  set(ExpiresAt(row), [&] { return complaint->mutable_retention_end_time(); });
}

// "FIXED" of OUTCOME_FIXED.
template <typename Name>
std::string Short(const Name& name, absl::string_view prefix) {
  absl::string_view text = name;
  absl::ConsumePrefix(&text, prefix);
  return std::string(text);
}

void Describe(const types::v1::Fact& fact, v1::HistoryEntry* entry) {
  auto& details = *entry->mutable_details();
  details["fact"] = Short(types::v1::FactKind_Name(fact.kind()), "FACT_KIND_");
  if (!fact.reference().empty()) details["reference"] = fact.reference();
  if (!fact.result().empty()) details["result"] = fact.result();
  if (fact.until() != 0) details["until_ms"] = absl::StrCat(fact.until());
  if (!fact.line().empty()) details["line"] = fact.line();
  if (!fact.evidence().empty()) details["evidence"] = fact.evidence();
  entry->set_reason(fact.reason());
  *entry->mutable_occurred_time() = WriteTime(fact.occurred_at());
}

void DescribeReceipt(const events::v1::ComplaintReceived& received, v1::HistoryEntry* entry) {
  auto& details = *entry->mutable_details();
  details["category"] = received.category();
  details["channel"] = Short(types::v1::Channel_Name(received.channel()), "CHANNEL_");
  details["urgency"] = Short(types::v1::Urgency_Name(received.urgency()), "URGENCY_");
  if (!received.placement().agency().empty()) details["agency"] = received.placement().agency();
  entry->set_reason(received.backdating_reason());
}

void DescribeAmendment(const events::v1::ComplaintAmended& amended, v1::HistoryEntry* entry) {
  auto& details = *entry->mutable_details();
  if (amended.has_category()) details["category"] = amended.category();
  if (amended.has_urgency()) details["urgency"] = Short(types::v1::Urgency_Name(amended.urgency()), "URGENCY_");
  if (amended.has_placement()) details["residence"] = amended.placement().residence();
  if (amended.has_kind()) details["kind"] = Short(types::v1::ComplaintKind_Name(amended.kind()), "COMPLAINT_KIND_");
  if (amended.has_care_level()) details["care_level"] = absl::StrCat(amended.care_level());
}

void DescribeVisit(const events::v1::VisitNoted& visit, v1::HistoryEntry* entry) {
  auto& details = *entry->mutable_details();
  details["intervention"] = visit.intervention();
  details["stage"] = Short(events::v1::VisitNoted::Stage_Name(visit.stage()), "STAGE_");
  if (!visit.result().empty()) details["result"] = visit.result();
}

// "3 note, 5 description": versions of entries, and which of their texts.
void DescribeRedaction(const events::v1::TextRedacted& redacted, v1::HistoryEntry* entry) {
  (*entry->mutable_details())["redacted"] =
      absl::StrJoin(redacted.redacted(), ", ", [](std::string* out, const events::v1::TextPlace& place) {
        absl::StrAppend(out, place.version(), " ", place.field());
      });
  if (redacted.more()) (*entry->mutable_details())["more"] = "true";
}

// What each kind of event has beyond time and reason.
void Describe(const events::v1::Event& event, v1::HistoryEntry* entry) {
  auto& details = *entry->mutable_details();
  switch (event.kind_case()) {
    case Event::kComplaintReceived: DescribeReceipt(event.complaint_received(), entry); break;
    case Event::kComplaintImported:
      details["facts"] = absl::StrCat(event.complaint_imported().facts_size());
      details["system"] = event.complaint_imported().source().system();
      break;
    case Event::kImportedFactsAdded: details["facts"] = absl::StrCat(event.imported_facts_added().facts_size()); break;
    case Event::kComplaintAnswered: details["stage"] = absl::StrCat(event.complaint_answered().stage()); break;
    case Event::kComplaintResolved:
      details["outcome"] = Short(types::v1::Outcome_Name(event.complaint_resolved().outcome()), "OUTCOME_");
      if (!event.complaint_resolved().intervention().empty()) {
        details["intervention"] = event.complaint_resolved().intervention();
      }
      break;
    case Event::kComplaintAmended: DescribeAmendment(event.complaint_amended(), entry); break;
    case Event::kMessageAdded: details["from"] = event.message_added().from_resident() ? "resident" : "landlord"; break;
    case Event::kAttachmentAdded: details["uri"] = event.attachment_added().attachment().uri(); break;
    case Event::kFactRecorded: Describe(event.fact_recorded().fact(), entry); break;
    case Event::kAssignmentNoted:
      details["agency"] = event.assignment_noted().agency();
      details["team"] = event.assignment_noted().team();
      if (!event.assignment_noted().agent().empty()) details["agent"] = event.assignment_noted().agent();
      break;
    case Event::kVisitNoted: DescribeVisit(event.visit_noted(), entry); break;
    case Event::kAlarmNoted:
      details["line"] = event.alarm_noted().line();
      details["alarm"] = event.alarm_noted().breach() ? "breach" : "warning";
      break;
    case Event::kLegalHoldSet: details["matter"] = event.legal_hold_set().matter(); break;
    case Event::kLegalHoldLifted: details["matter"] = event.legal_hold_lifted().matter(); break;
    case Event::kTextRedacted: DescribeRedaction(event.text_redacted(), entry); break;
    default: break;
  }
}

}  // namespace

v1::Complaint ToApi(absl::string_view name, const rows::v1::Complaint& row) {
  v1::Complaint complaint;
  complaint.set_name(std::string(name));
  complaint.set_etag(service::FormatEtag(row.version()));
  complaint.set_state(static_cast<v1::ComplaintState>(row.state()));
  complaint.set_kind(row.kind());
  complaint.set_category(row.category());
  complaint.set_channel(row.channel());
  complaint.set_urgency(row.urgency());
  complaint.set_residence(row.placement().residence());
  complaint.set_agency(row.placement().agency());
  complaint.set_office(row.placement().office());
  complaint.set_zone(row.placement().zone());
  complaint.set_team(row.team());
  complaint.set_agent(row.agent());
  complaint.set_language(row.language());
  complaint.set_care_level(row.care_level());
  SetTimes(row, &complaint);
  complaint.set_answered_stage(row.answered_stage());
  complaint.set_outcome(row.outcome());
  complaint.set_reopenings(row.round());
  complaint.set_person(row.person());
  complaint.set_recurrence_of(row.recurrence_of());
  complaint.set_campaign(row.campaign());
  if (row.has_external_reference()) {
    complaint.mutable_external_reference()->set_system(row.external_reference().system());
    complaint.mutable_external_reference()->set_reference(row.external_reference().reference());
  }
  for (const auto& attachment : row.attachments()) *complaint.add_attachments() = ToApi(attachment);
  for (const auto& visit : row.visits()) *complaint.add_visits() = ToApi(visit);
  complaint.set_messages(row.messages());
  complaint.set_notes(row.notes());
  complaint.set_warnings(row.warnings());
  complaint.set_breaches(row.breaches());
  complaint.set_imported(row.imported());
  *complaint.mutable_flags() = row.flags();
  complaint.set_texts_erased(row.texts_erased());
  return complaint;
}

v1::HistoryEntry ToApi(int64_t version, const rows::v1::HistoryEntry& row) {
  v1::HistoryEntry entry;
  entry.set_version(version);
  *entry.mutable_recorded_time() = WriteTime(row.recorded_at());
  entry.set_actor(row.actor());
  const auto* kind =
      row.event().GetReflection()->GetOneofFieldDescriptor(row.event(), row.event().GetDescriptor()->oneof_decl(0));
  if (kind == nullptr) return entry;
  entry.set_event(kind->message_type()->name());
  // Most events carry the two under the same names.
  const auto& payload = row.event().GetReflection()->GetMessage(row.event(), kind);
  const auto* occurred = payload.GetDescriptor()->FindFieldByName("occurred_at");
  if (occurred != nullptr) {
    *entry.mutable_occurred_time() = WriteTime(payload.GetReflection()->GetInt64(payload, occurred));
  }
  const auto* reason = payload.GetDescriptor()->FindFieldByName("reason");
  if (reason != nullptr) entry.set_reason(payload.GetReflection()->GetString(payload, reason));
  Describe(row.event(), &entry);
  return entry;
}

google::protobuf::RepeatedPtrField<v1::LegalHold> ToApi(
    const google::protobuf::RepeatedPtrField<rows::v1::LegalHold>& holds) {
  google::protobuf::RepeatedPtrField<v1::LegalHold> shown;
  for (const rows::v1::LegalHold& row : holds) {
    v1::LegalHold* hold = shown.Add();
    hold->set_matter(row.matter());
    hold->set_reason(row.reason());
    hold->set_actor(row.actor());
    *hold->mutable_set_time() = WriteTime(row.set_at());
  }
  return shown;
}

v1::LookUpTrackingCodeResponse ToTracking(const rows::v1::Complaint& row) {
  using Response = v1::LookUpTrackingCodeResponse;
  Response response;
  response.set_state(static_cast<v1::ComplaintState>(row.state()));
  if (row.state() == rows::v1::STATE_RESOLVED && row.confirmed_at() == 0) {
    response.set_next_step(Response::NEXT_STEP_CONFIRM);
    *response.mutable_window_end_time() = WriteTime(row.window_ends_at());
    return response;
  }
  if (!IsOpen(row.state())) {
    response.set_next_step(Response::NEXT_STEP_NONE);
    return response;
  }
  response.set_next_step(row.state() == rows::v1::STATE_IN_PROGRESS ? Response::NEXT_STEP_WORK
                                                                    : Response::NEXT_STEP_REVIEW);
  for (const auto& visit : row.visits()) {
    if (visit.stage() == events::v1::VisitNoted::STAGE_BOOKED) {
      response.set_next_step(Response::NEXT_STEP_VISIT);
      *response.mutable_window_start_time() = WriteTime(visit.window_starts_at());
      *response.mutable_window_end_time() = WriteTime(visit.window_ends_at());
      return response;
    }
    if (visit.stage() == events::v1::VisitNoted::STAGE_REQUESTED) {
      response.set_next_step(Response::NEXT_STEP_APPOINTMENT);
    }
  }
  return response;
}

void AddRefusals(const absl::Status& status, google::protobuf::RepeatedPtrField<v1::Refusal>* refusals) {
  const std::string reason = ReasonOf(status);
  for (const FieldViolation& violation : ViolationsOf(status)) {
    v1::Refusal* refusal = refusals->Add();
    refusal->set_reason(reason);
    refusal->set_field(violation.field);
    refusal->set_description(violation.description);
  }
  if (!refusals->empty()) return;
  v1::Refusal* refusal = refusals->Add();
  refusal->set_reason(reason.empty() ? absl::StatusCodeToString(status.code()) : reason);
  refusal->set_description(std::string(status.message()));
}

events::v1::Attachment ToStored(const v1::Attachment& attachment) {
  events::v1::Attachment stored;
  stored.set_uri(attachment.uri());
  stored.set_sha256(attachment.sha256());
  stored.set_size_bytes(attachment.size_bytes());
  stored.set_media_type(attachment.media_type());
  return stored;
}

}  // namespace redress::intake
