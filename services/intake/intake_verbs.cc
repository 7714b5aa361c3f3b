// One handler for every command of a complaint's life; what differs is a Fill for each request.
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/runtime/rows.h"
#include "libs/service/request_fingerprint.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "services/intake/converters.h"
#include "services/intake/intake_checks.h"
#include "services/intake/intake_errors.h"
#include "services/intake/intake_projection.h"
#include "services/intake/intake_service.h"

namespace redress::intake {
namespace {

using commands::v1::Command;
using runtime::v1::Receipt;
using service::Violations;

// A text of a request, to be sealed as `field` into the place that `into` makes.
struct Text {
  absl::string_view field;
  const std::string* plain;
  std::function<types::v1::Sealed*()> into;
  // A household's: under the person's key.
  bool household() const { return field == field::kDwelling; }
};
// What a request asks for, as far as it can be said without keys.
struct Filled {
  Millis now = 0;  // reference data are asked for as of now
  Command command;
  commands::v1::When* when = nullptr;
  std::vector<Text> texts;
  Violations violations;
};

template <typename Body>
Body* Begin(Body* body, Filled* filled) {
  filled->when = body->mutable_when();
  return body;
}

void Fill(const v1::AcknowledgeComplaintRequest&, const reference::Snapshot&, Filled* filled) {
  Begin(filled->command.mutable_acknowledge_complaint(), filled);
}
void Fill(const v1::StartComplaintRequest&, const reference::Snapshot&, Filled* filled) {
  Begin(filled->command.mutable_start_complaint(), filled);
}
void Fill(const v1::ConfirmComplaintRequest&, const reference::Snapshot&, Filled* filled) {
  Begin(filled->command.mutable_confirm_complaint(), filled);
}
void Fill(const v1::ReopenComplaintRequest&, const reference::Snapshot&, Filled* filled) {
  Begin(filled->command.mutable_reopen_complaint(), filled);
}
void Fill(const v1::WithdrawComplaintRequest&, const reference::Snapshot&, Filled* filled) {
  Begin(filled->command.mutable_withdraw_complaint(), filled);
}

void AddText(absl::string_view in_request, absl::string_view field, const std::string& plain, size_t max, bool required,
             std::function<types::v1::Sealed*()> into, Filled* filled) {
  service::CheckText(in_request, plain, max, required, &filled->violations);
  if (!plain.empty()) filled->texts.push_back({field, &plain, std::move(into)});
}

void Fill(const v1::AnswerComplaintRequest& request, const reference::Snapshot&, Filled* filled) {
  auto* body = Begin(filled->command.mutable_answer_complaint(), filled);
  if (request.stage() > 2) filled->violations.Add("stage", "must be 1 or 2");
  body->set_stage(request.stage());
  AddText(
      "text", field::kAnswer, request.text(), kMaxText, false, [body] { return body->mutable_text(); }, filled);
}

void Fill(const v1::ResolveComplaintRequest& request, const reference::Snapshot&, Filled* filled) {
  auto* body = Begin(filled->command.mutable_resolve_complaint(), filled);
  CheckEnum("outcome", request.outcome(), true, types::v1::Outcome_IsValid, &filled->violations);
  body->set_outcome(request.outcome());
  AddText(
      "text", field::kResolution, request.text(), kMaxText, false, [body] { return body->mutable_text(); }, filled);
}

void Fill(const v1::ContestComplaintRequest& request, const reference::Snapshot&, Filled* filled) {
  auto* body = Begin(filled->command.mutable_contest_complaint(), filled);
  AddText(
      "text", field::kContest, request.text(), kMaxText, false, [body] { return body->mutable_text(); }, filled);
}

void Fill(const v1::AddMessageRequest& request, const reference::Snapshot&, Filled* filled) {
  auto* body = Begin(filled->command.mutable_add_message(), filled);
  CheckEnum("channel", request.channel(), true, types::v1::Channel_IsValid, &filled->violations);
  body->set_channel(request.channel());
  body->set_from_resident(request.from_resident());
  AddText(
      "text", field::kMessage, request.text(), kMaxText, true, [body] { return body->mutable_text(); }, filled);
}

void Fill(const v1::AddNoteRequest& request, const reference::Snapshot&, Filled* filled) {
  auto* body = Begin(filled->command.mutable_add_note(), filled);
  AddText(
      "text", field::kNote, request.text(), kMaxText, true, [body] { return body->mutable_text(); }, filled);
}

void Fill(const v1::AddAttachmentRequest& request, const reference::Snapshot&, Filled* filled) {
  auto* body = Begin(filled->command.mutable_add_attachment(), filled);
  CheckAttachment("attachment", request.attachment(), &filled->violations);
  *body->mutable_attachment() = ToStored(request.attachment());
}

void Fill(const v1::RecordFactRequest& request, const reference::Snapshot&, Filled* filled) {
  auto* body = Begin(filled->command.mutable_record_fact(), filled);
  CheckEnum("kind", request.kind(), true, types::v1::FactKind_IsValid, &filled->violations);
  CheckVisible("reference", request.reference(), kMaxReference, false, &filled->violations);
  CheckReason("result", request.result(), false, &filled->violations);
  CheckVisible("evidence", request.evidence(), kMaxReference, false, &filled->violations);
  auto* fact = body->mutable_fact();
  fact->set_kind(request.kind());
  fact->set_reference(request.reference());
  fact->set_result(request.result());
  fact->set_line(request.line());
  fact->set_evidence(request.evidence());
  fact->set_until(service::ReadTime("until_time", request.has_until_time(), request.until_time(), &filled->violations));
  const bool extends = request.kind() == types::v1::FACT_KIND_EXTENSION_NOTIFIED;
  if (extends != request.has_until_time()) {
    filled->violations.Add("until_time", extends ? "is missing" : "belongs to EXTENSION_NOTIFIED alone");
  }
  // A notice moves a deadline: it says which and why.
  CheckVisible("line", request.line(), kMaxCode, extends, &filled->violations);
  if (extends && request.reason().empty()) filled->violations.Add("reason", "is missing: EXTENSION_NOTIFIED needs one");
}

void FillPlacement(const std::string& residence, const reference::Snapshot& reference, Millis now,
                   events::v1::Placement* placement) {
  placement->set_residence(residence);
  const auto place = residence.empty() ? std::nullopt : reference.FindPlace(residence, now);
  if (!place.has_value()) return;
  placement->set_agency(place->agency);
  placement->set_office(place->office);
  placement->set_zone(place->zone);
}

void Fill(const v1::AmendComplaintRequest& request, const reference::Snapshot& reference, Filled* filled) {
  auto* body = Begin(filled->command.mutable_amend_complaint(), filled);
  Violations* violations = &filled->violations;
  bool any = false;
  if (request.has_kind()) {
    any = true;
    CheckEnum("kind", request.kind(), true, types::v1::ComplaintKind_IsValid, violations);
    body->set_kind(request.kind());
  }
  if (request.has_category()) {
    any = true;
    CheckCode("category", request.category(), true, violations);
    if (reference.FindCategory(request.category(), filled->now) == nullptr) {
      violations->Add("category", "is not in the register");
    }
    body->set_category(request.category());
    body->set_reopen_window_ms(reference.ReopenWindow(request.category(), filled->now));
  }
  if (request.has_urgency()) {
    any = true;
    CheckEnum("urgency", request.urgency(), true, types::v1::Urgency_IsValid, violations);
    body->set_urgency(request.urgency());
  }
  if (request.has_residence()) {
    any = true;
    CheckCode("residence", request.residence(), false, violations);
    FillPlacement(request.residence(), reference, filled->now, body->mutable_placement());
  }
  if (request.has_care_level()) {
    any = true;
    CheckCareLevel("care_level", request.care_level(), violations);
    body->set_care_level(request.care_level());
  }
  if (request.has_description()) {
    AddText(
        "description", field::kDescription, request.description(), kMaxText, true,
        [body] { return body->mutable_description(); }, filled);
  }
  if (request.has_dwelling()) {
    AddText(
        "dwelling", field::kDwelling, request.dwelling(), kMaxShortText, true,
        [body] { return body->mutable_dwelling(); }, filled);
  }
  if (request.has_access_note()) {
    AddText(
        "access_note", field::kAccessNote, request.access_note(), kMaxShortText, true,
        [body] { return body->mutable_access_note(); }, filled);
  }
  if (!any && !request.has_description() && !request.has_dwelling() && !request.has_access_note()) {
    violations->Add("", "nothing is to be amended");
  }
}

template <typename Request>
absl::Status RequirePermission(const Caller& caller, const Request&) {
  return caller.Require(Permission::kHandleComplaints);
}
absl::Status RequirePermission(const Caller& caller, const v1::ConfirmComplaintRequest&) {
  return caller.Require(Permission::kActForResident);
}
absl::Status RequirePermission(const Caller& caller, const v1::ContestComplaintRequest&) {
  return caller.Require(Permission::kActForResident);
}
absl::Status RequirePermission(const Caller& caller, const v1::WithdrawComplaintRequest&) {
  return caller.Require(Permission::kActForResident);
}
absl::Status RequirePermission(const Caller& caller, const v1::AddMessageRequest& request) {
  return caller.Require(request.from_resident() ? Permission::kActForResident : Permission::kHandleComplaints);
}
// Residents' and the landlord's alike.
absl::Status RequireEither(const Caller& caller) {
  return caller.Has(Permission::kHandleComplaints) ? absl::OkStatus() : caller.Require(Permission::kActForResident);
}
absl::Status RequirePermission(const Caller& caller, const v1::ReopenComplaintRequest&) {
  return RequireEither(caller);
}
absl::Status RequirePermission(const Caller& caller, const v1::AddAttachmentRequest&) { return RequireEither(caller); }

}  // namespace

template <typename Request, typename Response>
void IntakeService::Change(const CallContext& call, const Request& request, rpc::Done<Response> done) {
  const absl::Status allowed = RequirePermission(*call.caller, request);
  if (!allowed.ok()) return done(allowed);

  Filled filled;
  filled.now = runtime_->clock().Now();
  service::CheckRequestId(request.request_id(), &filled.violations);
  const auto id = service::ParseName("name", "complaints", request.name());
  const auto etag = service::ParseEtag(request.etag());
  filled.violations.Merge(id.status());
  filled.violations.Merge(etag.status());
  Fill(request, *runtime_->reference()->Current(), &filled);
  filled.when->set_occurred_at(
      service::ReadTime("occurred_time", request.has_occurred_time(), request.occurred_time(), &filled.violations));
  CheckReason("reason", request.reason(), false, &filled.violations);
  const absl::Status valid = filled.violations.ToStatus();
  if (!valid.ok()) return done(valid);

  filled.when->set_may_backdate(call.caller->Has(Permission::kRecordBackdatedFacts));
  filled.when->set_reason(request.reason());
  const auto target = Locate("complaints", *id);
  if (!target.has_value()) return done(ComplaintNotFound("such complaint"));
  const service::Fingerprint fingerprint = service::FingerprintOf(request);
  const auto rows = Rows();
  const rows::v1::Complaint row = LoadComplaint(*rows, target->shard, target->id);
  const auto seal = [&]() -> absl::Status {
    // One that is not here yet may be at its shard's owner, who is asked unless a text needs a key.
    const bool there = row.state() != 0;
    if (there ? !call.caller->Sees(row.placement().agency()) : !filled.texts.empty()) {
      return ComplaintNotFound(target->name);
    }
    if (!filled.texts.empty() && row.texts_erased()) return TextsErased(target->name);
    for (const Text& text : filled.texts) {
      ASSIGN_OR_RETURN(const Key key, FindKeyOf(*target, row, text.household()));
      *text.into() = sealer_.Seal(key, target->name, text.field, *text.plain).proto();
    }
    return absl::OkStatus();
  };
  if (const absl::Status sealed = seal(); !sealed.ok()) {
    // What was done before the complaint was forgotten, or moved away, is answered as it was then.
    const auto known = runtime::FindRequest(*rows, target->shard, call.caller->id(), request.request_id());
    if (!known.has_value()) return done(sealed);
    const absl::Status same =
        service::CheckSameRequest(keys_, known->fingerprint(), known->fingerprint_key(), fingerprint);
    if (!same.ok()) return done(same);
    return RenderChange<Response>(*target, ReceiptOf(target->shard, *known), std::move(done));
  }
  if (filled.command.has_record_fact()) {
    filled.command.mutable_record_fact()->mutable_fact()->set_actor(call.caller->id());
  }
  *filled.command.mutable_scope() = service::ScopeOf<commands::v1::Scope>(*call.caller);

  runtime::v1::Order order = service::CallerOrder(call, request.request_id());
  order.set_stream(std::string(log::StreamName(log::Stream::kIntake)));
  order.set_shard(target->shard);
  order.set_aggregate(target->name);
  order.set_command(filled.command.SerializeAsString());
  order.set_etag(*etag);
  const auto text_key = row.texts_erased() || row.text_key().empty() ? absl::StatusOr<Key>(absl::NotFoundError(""))
                                                                     : keys_->Find(row.text_key());
  const auto index_keys =
      text_key.ok() ? absl::StatusOr<std::vector<Key>>(std::vector<Key>{*text_key}) : keys_->IndexKeys();
  if (!index_keys.ok()) return done(index_keys.status());
  service::SetFingerprint(index_keys->front(), fingerprint, &order);
  service::Mutate(runtime_, keys_, std::move(order), fingerprint,
                  [this, target = *target, done = std::move(done)](absl::StatusOr<Receipt> receipt) {
                    if (IsOfNothing(receipt.status())) return done(ComplaintNotFound(target.name));
                    if (!receipt.ok()) return done(receipt.status());
                    RenderChange<Response>(target, *receipt, done);
                  });
}

template <typename Response>
void IntakeService::RenderChange(const Target& target, const Receipt& receipt, rpc::Done<Response> done) {
  Response response;
  *response.mutable_position() = receipt.position();
  rows::v1::Result result;
  if (!receipt.result().empty() && result.ParseFromString(receipt.result())) {
    *response.mutable_complaint() = ToApi(receipt.aggregate(), result.complaint());
    return done(std::move(response));
  }
  // Nothing was recorded: it is as it was.
  runtime_->Read(receipt.position(), [target, response, done](absl::StatusOr<RowsPtr> rows) mutable {
    if (!rows.ok()) return done(rows.status());
    *response.mutable_complaint() = ToApi(target.name, LoadComplaint(**rows, target.shard, target.id));
    done(std::move(response));
  });
}

absl::StatusOr<Key> IntakeService::FindKeyOf(const Target& target, const rows::v1::Complaint& row,
                                             bool household) const {
  const auto key = keys_->Find(household && !row.person_key().empty() ? row.person_key() : row.text_key());
  // The event that says so comes before the key goes, and may not have been read here.
  if (ReasonOf(key.status()) == "KEY_DESTROYED") return TextsErased(target.name);
  return key;
}

#define REDRESS_CHANGE(Verb)                                                  \
  template void IntakeService::Change<v1::Verb##Request, v1::Verb##Response>( \
      const CallContext&, const v1::Verb##Request&, rpc::Done<v1::Verb##Response>)
REDRESS_CHANGE(AcknowledgeComplaint);
REDRESS_CHANGE(StartComplaint);
REDRESS_CHANGE(AnswerComplaint);
REDRESS_CHANGE(ResolveComplaint);
REDRESS_CHANGE(ConfirmComplaint);
REDRESS_CHANGE(ContestComplaint);
REDRESS_CHANGE(ReopenComplaint);
REDRESS_CHANGE(WithdrawComplaint);
REDRESS_CHANGE(AmendComplaint);
REDRESS_CHANGE(AddMessage);
REDRESS_CHANGE(AddNote);
REDRESS_CHANGE(AddAttachment);
REDRESS_CHANGE(RecordFact);
#undef REDRESS_CHANGE
template void IntakeService::RenderChange<v1::RedactTextResponse>(const Target&, const Receipt&,
                                                                  rpc::Done<v1::RedactTextResponse>);

}  // namespace redress::intake
