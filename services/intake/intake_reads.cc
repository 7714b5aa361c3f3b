#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/service/positions.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "services/intake/converters.h"
#include "services/intake/intake_checks.h"
#include "services/intake/intake_errors.h"
#include "services/intake/intake_list.h"
#include "services/intake/intake_projection.h"
#include "services/intake/intake_service.h"
#include "services/intake/intake_texts.h"

namespace redress::intake {
namespace {

using service::PositionOf;
using service::QuestionOf;
using service::Violations;

// A page token that no server wrote is the answer alone; other faults are listed with the rest.
absl::StatusOr<service::Page> ReadPage(int page_size, const std::string& token, const service::PageQuestion& question,
                                       Violations* violations) {
  auto page = service::ReadPage(page_size, token, question);
  if (page.ok()) return page;
  if (ViolationsOf(page.status()).empty()) return page.status();
  violations->Merge(page.status());
  return service::Page();
}

ListQuestion ToQuestion(const v1::ListComplaintsRequest& request, const Caller& caller, Violations* violations) {
  ListQuestion question;
  for (const int state : request.states()) {
    CheckEnum("states", state, true, v1::ComplaintState_IsValid, violations);
    question.states.push_back(static_cast<rows::v1::State>(state));
  }
  CheckEnum("order", request.order(), false, v1::ListComplaintsRequest::Order_IsValid, violations);
  question.newest_first = request.order() == v1::ListComplaintsRequest::ORDER_NEWEST_FIRST;
  CheckCode("residence", request.residence(), false, violations);
  CheckCode("agency", request.agency(), false, violations);
  CheckCode("category", request.category(), false, violations);
  question.residence = request.residence();
  question.agency = request.agency();
  question.category = request.category();
  question.received_from = service::ReadTime("received_from_time", request.has_received_from_time(),
                                             request.received_from_time(), violations);
  question.received_to =
      service::ReadTime("received_to_time", request.has_received_to_time(), request.received_to_time(), violations);
  if (question.received_from != 0 && question.received_to != 0 && question.received_to < question.received_from) {
    violations->Add("received_to_time", "lies before received_from_time");
  }
  if (request.has_external_reference()) {
    CheckReference("external_reference", request.external_reference(), violations);
    question.reference_system = request.external_reference().system();
    question.reference = request.external_reference().reference();
  }
  question.all_agencies = caller.all_agencies();
  question.agencies.assign(caller.agencies().begin(), caller.agencies().end());
  return question;
}

}  // namespace

absl::Status IntakeService::CheckPersonalRead(const CallContext& call, bool personal, absl::string_view purpose,
                                              Violations* violations) {
  if (!personal) {
    if (!purpose.empty()) violations->Add("purpose", "belongs to personal_data");
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(call.caller->Require(Permission::kReadPersonalData));
  CheckReason("purpose", purpose, true, violations);
  return absl::OkStatus();
}

absl::Status IntakeService::Open(const types::v1::Sealed& sealed, absl::string_view owner, absl::string_view field,
                                 const Reader& reader, std::string* into) const {
  if (sealed.box().empty()) return absl::OkStatus();
  auto text = opener_.Open(sealed, owner, field, reader);
  if (text.ok()) {
    *into = *std::move(text);
  } else if (ReasonOf(text.status()) != "KEY_DESTROYED") {
    return text.status();
  }
  return absl::OkStatus();
}

absl::Status IntakeService::OpenComplaint(const std::string& name, const rows::v1::Complaint& row, const Reader& reader,
                                          v1::PersonalData* into) const {
  // Forgotten is forgotten, also while a key store that was away keeps the key.
  if (row.texts_erased()) return absl::OkStatus();
  RETURN_IF_ERROR(Open(row.description(), name, field::kDescription, reader, into->mutable_description()));
  RETURN_IF_ERROR(Open(row.dwelling(), name, field::kDwelling, reader, into->mutable_dwelling()));
  RETURN_IF_ERROR(Open(row.access_note(), name, field::kAccessNote, reader, into->mutable_access_note()));
  return Open(row.tracking_code(), name, field::kTrackingCode, reader, into->mutable_tracking_code());
}

absl::Status IntakeService::OpenEntry(const std::string& name, const rows::v1::HistoryEntry& entry,
                                      const Reader& reader, v1::HistoryEntry* into) const {
  absl::Status opened;
  VisitTexts(entry.event(), [&](absl::string_view field, const types::v1::Sealed& text) {
    if (!opened.ok() || field == field::kHandlerNames) return;  // staff's names are no text about a resident
    std::string* at = field == field::kDescription    ? into->mutable_personal_data()->mutable_description()
                      : field == field::kDwelling     ? into->mutable_personal_data()->mutable_dwelling()
                      : field == field::kAccessNote   ? into->mutable_personal_data()->mutable_access_note()
                      : field == field::kTrackingCode ? into->mutable_personal_data()->mutable_tracking_code()
                                                      : into->mutable_text();
    opened = Open(text, name, field, reader, at);
  });
  return opened;
}

void IntakeService::GetComplaint(const CallContext& call, const v1::GetComplaintRequest& request,
                                 rpc::Done<v1::GetComplaintResponse> done) {
  const auto check = [&]() -> absl::StatusOr<std::optional<Target>> {
    RETURN_IF_ERROR(call.caller->Require(Permission::kReadComplaints));
    Violations violations;
    RETURN_IF_ERROR(CheckPersonalRead(call, request.personal_data(), request.purpose(), &violations));
    const auto id = service::ParseName("name", "complaints", request.name());
    violations.Merge(id.status());
    RETURN_IF_ERROR(violations.ToStatus());
    return Locate("complaints", *id);
  };
  const auto target = check();
  if (!target.ok()) return done(target.status());
  if (!target->has_value()) return done(ComplaintNotFound("such complaint"));
  const Reader reader = {call.caller->id(), request.purpose()};
  const auto render = [this, caller = call.caller, target = **target, personal = request.personal_data(),
                       reader](absl::StatusOr<RowsPtr> rows) -> absl::StatusOr<v1::GetComplaintResponse> {
    RETURN_IF_ERROR(rows.status());
    const rows::v1::Complaint row = LoadComplaint(**rows, target.shard, target.id);
    if (row.state() == 0 || !caller->Sees(row.placement().agency())) return ComplaintNotFound(target.name);
    v1::GetComplaintResponse response;
    *response.mutable_complaint() = ToApi(target.name, row);
    *response.mutable_complaint()->mutable_legal_holds() = ToApi(row.legal_holds());
    if (personal) {
      RETURN_IF_ERROR(OpenComplaint(target.name, row, reader, response.mutable_complaint()->mutable_personal_data()));
    }
    *response.mutable_position() = service::PositionIn(*runtime_, **rows, target.shard);
    return response;
  };
  runtime_->Read(PositionOf(request), [render, done = std::move(done)](auto rows) { done(render(std::move(rows))); });
}

absl::StatusOr<std::string> IntakeService::AttachmentKeyOf(const std::string& name, const rows::v1::Complaint& row,
                                                           const std::string& uri, const Reader& reader) const {
  const std::string field = absl::StrCat(field::kAttachment, uri);
  for (const auto& kept : row.attachment_keys()) {
    if (kept.uri() == uri) return opener_.Open(kept.key(), name, field, reader);
  }
  return opener_.DeriveKey(row.text_key(), name, field, reader);
}

void IntakeService::GetAttachmentKey(const CallContext& call, const v1::GetAttachmentKeyRequest& request,
                                     rpc::Done<v1::GetAttachmentKeyResponse> done) {
  Violations violations;
  const absl::Status allowed = CheckPersonalRead(call, true, request.purpose(), &violations);
  if (!allowed.ok()) return done(allowed);
  CheckVisible("uri", request.uri(), kMaxUri, true, &violations);
  const auto id = service::ParseName("name", "complaints", request.name());
  violations.Merge(id.status());
  const absl::Status valid = violations.ToStatus();
  if (!valid.ok()) return done(valid);
  const auto target = Locate("complaints", *id);
  if (!target.has_value()) return done(ComplaintNotFound("such complaint"));
  const Reader reader = {call.caller->id(), request.purpose()};
  const auto derive = [this, caller = call.caller, target = *target, uri = request.uri(),
                       reader](absl::StatusOr<RowsPtr> rows) -> absl::StatusOr<v1::GetAttachmentKeyResponse> {
    RETURN_IF_ERROR(rows.status());
    const rows::v1::Complaint row = LoadComplaint(**rows, target.shard, target.id);
    if (row.state() == 0 || !caller->Sees(row.placement().agency())) return ComplaintNotFound(target.name);
    if (row.texts_erased()) return TextsErased(target.name);
    auto key = AttachmentKeyOf(target.name, row, uri, reader);
    if (ReasonOf(key.status()) == "KEY_DESTROYED") return TextsErased(target.name);
    RETURN_IF_ERROR(key.status());
    v1::GetAttachmentKeyResponse response;
    response.set_key(*std::move(key));
    *response.mutable_position() = service::PositionIn(*runtime_, **rows, target.shard);
    return response;
  };
  runtime_->Read(PositionOf(request), [derive, done = std::move(done)](auto rows) { done(derive(std::move(rows))); });
}

void IntakeService::ListComplaints(const CallContext& call, const v1::ListComplaintsRequest& request,
                                   rpc::Done<v1::ListComplaintsResponse> done) {
  const absl::Status allowed = call.caller->Require(Permission::kReadComplaints);
  if (!allowed.ok()) return done(allowed);
  Violations violations;
  const service::PageQuestion asked = QuestionOf(request, "complaints", runtime_->info().log_id, kProjectionVersion);
  ListQuestion question = ToQuestion(request, *call.caller, &violations);
  const auto page = ReadPage(request.page_size(), request.page_token(), asked, &violations);
  const absl::Status valid = page.ok() ? violations.ToStatus() : page.status();
  if (!valid.ok()) return done(valid);
  question.page_size = static_cast<size_t>(page->size);
  question.last_id = page->last_key;
  runtime_->Read(PositionOf(request), [this, question, asked, done](absl::StatusOr<RowsPtr> rows) {
    if (!rows.ok()) return done(rows.status());
    const ListPage found = List(**rows, shard_count(), question);
    v1::ListComplaintsResponse response;
    *response.mutable_positions() = service::PositionsIn(*runtime_, **rows);
    std::string next = found.next_id;
    size_t bytes = 0;
    for (size_t i = 0; i < found.complaints.size(); ++i) {
      const auto& [id, row] = found.complaints[i];
      v1::Complaint* shown = response.add_complaints();
      *shown = ToApi(absl::StrCat(kComplaintPrefix, id), row);
      *shown->mutable_legal_holds() = ToApi(row.legal_holds());
      bytes += response.complaints(static_cast<int>(i)).ByteSizeLong();
      // Those of one reference are few, and come at once.
      if (bytes < kMaxPageBytes || i + 1 == found.complaints.size() || !question.reference.empty()) continue;
      next = id;
      break;
    }
    if (!next.empty()) response.set_next_page_token(service::WritePageToken(asked, next));
    done(std::move(response));
  });
}

void IntakeService::ListComplaintHistory(const CallContext& call, const v1::ListComplaintHistoryRequest& request,
                                         rpc::Done<v1::ListComplaintHistoryResponse> done) {
  const absl::Status allowed = call.caller->Require(Permission::kReadComplaints);
  if (!allowed.ok()) return done(allowed);
  Violations violations;
  const absl::Status personal = CheckPersonalRead(call, request.personal_data(), request.purpose(), &violations);
  if (!personal.ok()) return done(personal);
  const auto id = service::ParseName("name", "complaints", request.name());
  violations.Merge(id.status());
  const service::PageQuestion asked = QuestionOf(request, "history", runtime_->info().log_id, kProjectionVersion);
  const auto page = ReadPage(request.page_size(), request.page_token(), asked, &violations);
  const absl::Status valid = page.ok() ? violations.ToStatus() : page.status();
  if (!valid.ok()) return done(valid);
  const auto target = Locate("complaints", *id);
  if (!target.has_value()) return done(ComplaintNotFound("such complaint"));
  int64_t after = 0;
  (void)absl::SimpleAtoi(page->last_key, &after);  // empty on the first page
  const Reader reader = {call.caller->id(), request.purpose()};
  const auto render = [this, caller = call.caller, target = *target, asked, after, reader, size = page->size,
                       personal = request.personal_data()](
                          absl::StatusOr<RowsPtr> rows) -> absl::StatusOr<v1::ListComplaintHistoryResponse> {
    RETURN_IF_ERROR(rows.status());
    const rows::v1::Complaint row = LoadComplaint(**rows, target.shard, target.id);
    if (row.state() == 0 || !caller->Sees(row.placement().agency())) return ComplaintNotFound(target.name);
    v1::ListComplaintHistoryResponse response;
    *response.mutable_position() = service::PositionIn(*runtime_, **rows, target.shard);
    const bool open = personal && !row.texts_erased();
    absl::Status opened;
    size_t bytes = 0;
    ScanHistory(**rows, target.shard, target.id, after, [&](int64_t version, const rows::v1::HistoryEntry& entry) {
      if (response.entries_size() == size || bytes >= kMaxPageBytes) {
        const int64_t last = response.entries(response.entries_size() - 1).version();
        response.set_next_page_token(service::WritePageToken(asked, absl::StrCat(last)));
        return false;
      }
      v1::HistoryEntry* shown = response.add_entries();
      *shown = ToApi(version, entry);
      if (open) opened = OpenEntry(target.name, entry, reader, shown);
      bytes += shown->ByteSizeLong();
      return opened.ok();
    });
    RETURN_IF_ERROR(opened);
    return response;
  };
  runtime_->Read(PositionOf(request), [render, done = std::move(done)](auto rows) { done(render(std::move(rows))); });
}

void IntakeService::LookUpTrackingCode(const CallContext& call, const v1::LookUpTrackingCodeRequest& request,
                                       rpc::Done<v1::LookUpTrackingCodeResponse> done) {
  const absl::Status allowed = call.caller->Require(Permission::kTrack);
  if (!allowed.ok()) return done(allowed);
  Violations violations;
  const auto code = ParseTrackingCode(request.tracking_code());
  violations.Merge(code.status());
  service::CheckText("client", request.client(), kMaxReference, false, &violations);
  const absl::Status valid = violations.ToStatus();
  if (!valid.ok()) return done(valid);
  // A code that cannot be one reveals nothing and is no try.
  const Millis wait = tries_.Count(absl::StrCat(call.caller->id(), absl::string_view("\0", 1), request.client()));
  if (wait > 0) return done(TooManyTries(wait));
  const auto render = [this,
                       code = *code](absl::StatusOr<RowsPtr> rows) -> absl::StatusOr<v1::LookUpTrackingCodeResponse> {
    RETURN_IF_ERROR(rows.status());
    ASSIGN_OR_RETURN(const auto owners, lookups_->FindTrackingCode(**rows, shard_count(), code));
    const auto target = owners.empty() ? std::nullopt : Locate("complaints", ComplaintIdOf(owners.front()));
    if (!target.has_value()) {
      return TrackingCodeUnknown();
    }
    v1::LookUpTrackingCodeResponse response = ToTracking(LoadComplaint(**rows, target->shard, target->id));
    *response.mutable_position() = service::PositionIn(*runtime_, **rows, target->shard);
    return response;
  };
  runtime_->Read(PositionOf(request), [render, done = std::move(done)](auto rows) { done(render(std::move(rows))); });
}

}  // namespace redress::intake
