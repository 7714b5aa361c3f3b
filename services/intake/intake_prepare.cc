#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/ids/ids.h"
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
using service::Violations;

void CheckNewPerson(const v1::NewPerson& person, Violations* violations) {
  service::CheckText("new_person.full_name", person.full_name(), kMaxShortText, false, violations);
  service::CheckText("new_person.phone", person.phone(), kMaxShortText, false, violations);
  service::CheckText("new_person.email", person.email(), kMaxShortText, false, violations);
  service::CheckText("new_person.dwelling", person.dwelling(), kMaxShortText, false, violations);
  service::CheckText("new_person.care_needs", person.care_needs(), kMaxShortText, false, violations);
  CheckLanguage("new_person.language", person.language(), false, violations);
}

// What can be said of a request without looking anything up.
void CheckSubmit(const v1::SubmitComplaintRequest& request, Violations* violations) {
  service::CheckRequestId(request.request_id(), violations);
  CheckEnum("kind", request.kind(), false, types::v1::ComplaintKind_IsValid, violations);
  CheckCode("category", request.category(), true, violations);
  CheckEnum("channel", request.channel(), true, types::v1::Channel_IsValid, violations);
  CheckEnum("urgency", request.urgency(), false, types::v1::Urgency_IsValid, violations);
  CheckCode("residence", request.residence(), false, violations);
  CheckLanguage("language", request.language(), false, violations);
  CheckCareLevel("care_level", request.care_level(), violations);
  CheckReason("backdating_reason", request.backdating_reason(), false, violations);
  service::CheckText("description", request.description(), kMaxText, false, violations);
  service::CheckText("dwelling", request.dwelling(), kMaxShortText, false, violations);
  service::CheckText("access_note", request.access_note(), kMaxShortText, false, violations);
  CheckCode("campaign", request.campaign(), false, violations);
  if (request.has_external_reference()) {
    CheckReference("external_reference", request.external_reference(), violations);
  }
  if (!request.person().empty() && request.has_new_person()) {
    violations->Add("new_person", "and person are not both given");
  }
  if (request.has_new_person()) CheckNewPerson(request.new_person(), violations);
  if (request.attachments_size() > kMaxAttachments) {
    violations->Add("attachments",
                    absl::StrCat("has ", request.attachments_size(), "; at most ", kMaxAttachments, " fit"));
    return;
  }
  for (int i = 0; i < request.attachments_size(); ++i) {
    CheckAttachment(absl::StrCat("attachments[", i, "]"), request.attachments(i), violations);
  }
}

events::v1::Placement PlacementOfResidence(const reference::Snapshot& reference, const std::string& residence,
                                           Millis at) {
  events::v1::Placement placement;
  placement.set_residence(residence);
  const auto place = residence.empty() ? std::nullopt : reference.FindPlace(residence, at);
  if (place.has_value()) {
    placement.set_agency(place->agency);
    placement.set_office(place->office);
    placement.set_zone(place->zone);
  }
  return placement;
}

// The facts of a complaint, in clear: what the register says of its category and place is written down with them.
void FillFacts(const v1::SubmitComplaintRequest& request, const reference::Snapshot& reference, Millis at,
               events::v1::ComplaintReceived* received) {
  received->set_kind(request.kind() == 0 ? types::v1::COMPLAINT_KIND_COMPLAINT : request.kind());
  received->set_category(request.category());
  received->set_channel(request.channel());
  received->set_urgency(request.urgency());
  const auto* category = reference.FindCategory(request.category(), at);
  if (received->urgency() == 0 && category != nullptr) received->set_urgency(category->default_urgency());
  if (received->urgency() == 0) received->set_urgency(types::v1::URGENCY_ROUTINE);
  *received->mutable_placement() = PlacementOfResidence(reference, request.residence(), at);
  received->set_language(request.language());
  received->set_care_level(request.care_level());
  received->set_occurred_at(at);
  if (request.has_external_reference()) {
    received->mutable_external_reference()->set_system(request.external_reference().system());
    received->mutable_external_reference()->set_reference(request.external_reference().reference());
  }
  received->set_reopen_window_ms(reference.ReopenWindow(request.category(), at));
  received->set_retention_ms(reference.Retention(request.category(), at));
  for (const auto& attachment : request.attachments()) *received->add_attachments() = ToStored(attachment);
  received->set_recurrence_of(request.recurrence_of());
  received->set_campaign(request.campaign());
  received->set_backdating_reason(request.backdating_reason());
}

// Hash of the residence, else of who asks and how they call it: home for life.
uint16_t HomeOf(const CallContext& call, const v1::SubmitComplaintRequest& request) {
  if (!request.residence().empty()) return PlacementOf(request.residence());
  return PlacementOf(absl::StrCat(call.caller->id(), absl::string_view("\0", 1), request.request_id()));
}

// Seals texts of one owner; empty ones stay absent.
class TextSealer {
 public:
  TextSealer(const Sealer* sealer, std::string owner) : sealer_(sealer), owner_(std::move(owner)) {}
  template <typename MutableSealed>
  void Seal(const Key& key, absl::string_view field, const std::string& text, MutableSealed mutable_sealed) const {
    if (!text.empty()) *mutable_sealed() = sealer_->Seal(key, owner_, field, text).proto();
  }

 private:
  const Sealer* sealer_;
  const std::string owner_;
};

}  // namespace

absl::Status IntakeService::CheckNames(const store::Rows& rows, const Caller& caller,
                                       const v1::SubmitComplaintRequest& request, Violations* violations) const {
  if (!request.tracking_code().empty()) {
    const auto owners = lookups_->FindTrackingCode(rows, shard_count(), request.tracking_code());
    if (!owners.ok() && !absl::IsInvalidArgument(owners.status())) return owners.status();
    violations->Merge(owners.status());
    if (owners.ok() && !owners->empty()) violations->Add("tracking_code", "is another complaint's");
  }
  if (!request.recurrence_of().empty()) {
    const auto id = service::ParseName("recurrence_of", "complaints", request.recurrence_of());
    violations->Merge(id.status());
    const auto target = id.ok() ? Locate("complaints", *id) : std::nullopt;
    const auto first = target.has_value() ? LoadComplaint(rows, target->shard, target->id) : rows::v1::Complaint();
    if (id.ok() && (first.state() == 0 || !caller.Sees(first.placement().agency()))) {
      violations->Add("recurrence_of", "names no complaint");
    }
  }
  if (!request.person().empty()) {
    violations->Merge(service::ParseName("person", "people", request.person()).status());
  }
  return absl::OkStatus();
}

absl::StatusOr<Key> IntakeService::FindPersonKey(const store::Rows& rows, const Caller& caller,
                                                 const std::string& name) const {
  const auto target = Locate("people", PersonIdOf(name));
  // A name that is none is not said back: it may be anything.
  if (!target.has_value()) return PersonNotFound("such person");
  const auto person = LoadPerson(rows, target->shard, target->id);
  if (!person.has_value() || !SeesPerson(rows, name, caller, nullptr)) return PersonNotFound(name);
  if (person->erased_at() != 0) return PersonErasedError(name);
  return keys_->Find(person->person_key());
}

absl::Status IntakeService::CheckReferenceIsNew(const store::Rows& rows, const Caller& caller,
                                                const v1::ExternalReference& reference) const {
  for (uint32_t i = 0; i < shard_count(); ++i) {
    const auto shard = static_cast<uint16_t>(i);
    const auto ids = FindReference(rows, shard, reference.system(), reference.reference());
    if (ids.empty()) continue;
    const bool sees = caller.Sees(LoadComplaint(rows, shard, ids.front()).placement().agency());
    return ReferenceKnown(sees ? absl::StrCat(kComplaintPrefix, ids.front()) : "");
  }
  return absl::OkStatus();
}

void IntakeService::SealPerson(const v1::NewPerson& person, const Key& key, const std::string& name,
                               events::v1::PersonRegistered* registered) const {
  const TextSealer sealer(&sealer_, name);
  registered->set_person_key(key.id);
  registered->set_language(person.language());
  sealer.Seal(key, field::kName, person.full_name(), [&] { return registered->mutable_name(); });
  sealer.Seal(key, field::kPhone, person.phone(), [&] { return registered->mutable_phone(); });
  sealer.Seal(key, field::kEmail, person.email(), [&] { return registered->mutable_email(); });
  sealer.Seal(key, field::kDwelling, person.dwelling(), [&] { return registered->mutable_dwelling(); });
  sealer.Seal(key, field::kCareNeeds, person.care_needs(), [&] { return registered->mutable_care_needs(); });
}

absl::StatusOr<PreparedSubmit> IntakeService::PrepareSubmit(const CallContext& call,
                                                            const v1::SubmitComplaintRequest& request) {
  const auto reference = runtime_->reference()->Current();
  if (!reference->complete()) {
    return RegisterNotReady();
  }
  Violations violations;
  CheckSubmit(request, &violations);
  const Millis given =
      service::ReadTime("received_time", request.has_received_time(), request.received_time(), &violations);
  const Millis at = given == 0 ? runtime_->clock().Now() : given;
  if (!request.category().empty() && reference->FindCategory(request.category(), at) == nullptr) {
    violations.Add("category", "is not in the register");
  }
  const auto rows = Rows();
  RETURN_IF_ERROR(CheckNames(*rows, *call.caller, request, &violations));
  RETURN_IF_ERROR(violations.ToStatus());
  if (request.has_external_reference()) {
    RETURN_IF_ERROR(CheckReferenceIsNew(*rows, *call.caller, request.external_reference()));
  }
  std::optional<Key> person_key;
  if (!request.person().empty()) {
    ASSIGN_OR_RETURN(person_key, FindPersonKey(*rows, *call.caller, request.person()));
  }
  return SealSubmit(call, request, *reference, at, std::move(person_key));
}

absl::StatusOr<PreparedSubmit> IntakeService::SealSubmit(const CallContext& call,
                                                         const v1::SubmitComplaintRequest& request,
                                                         const reference::Snapshot& reference, Millis at,
                                                         std::optional<Key> person_key) {
  Command command;
  auto* submit = command.mutable_submit_complaint();
  *command.mutable_scope() = service::ScopeOf<commands::v1::Scope>(*call.caller);
  submit->set_may_backdate(call.caller->Has(Permission::kRecordBackdatedFacts));
  submit->set_received_now(!request.has_received_time());
  auto* received = submit->mutable_complaint();
  FillFacts(request, reference, at, received);
  received->set_person(request.person());

  const uint16_t home = HomeOf(call, request);
  const auto new_name = [&](absl::string_view collection) {
    return absl::StrCat(collection, MakeId(std::max<Millis>(at, 0), home, ids_->Random64()));
  };
  const std::string name = new_name(kComplaintPrefix);
  ASSIGN_OR_RETURN(const Key text_key, keys_->TakeKey(KeyKind::kText));
  received->set_text_key(text_key.id);
  if (request.has_new_person()) {
    ASSIGN_OR_RETURN(person_key, keys_->TakeKey(KeyKind::kPerson));
    received->set_person(new_name(kPersonPrefix));
    SealPerson(request.new_person(), *person_key, received->person(), submit->mutable_new_person());
  }
  if (person_key.has_value()) received->set_person_key(person_key->id);

  PreparedSubmit prepared;
  prepared.tracking_code = request.tracking_code().empty()
                               ? MakeTrackingCode(ids_->Random64())
                               : FormatTrackingCode(*ParseTrackingCode(request.tracking_code()));
  // A dwelling is a household; how to get in is said of this matter alone.
  const Key& household_key = person_key.has_value() ? *person_key : text_key;
  const TextSealer sealer(&sealer_, name);
  sealer.Seal(text_key, field::kDescription, request.description(), [&] { return received->mutable_description(); });
  sealer.Seal(household_key, field::kDwelling, request.dwelling(), [&] { return received->mutable_dwelling(); });
  sealer.Seal(text_key, field::kAccessNote, request.access_note(), [&] { return received->mutable_access_note(); });
  sealer.Seal(text_key, field::kTrackingCode, prepared.tracking_code,
              [&] { return received->mutable_tracking_code(); });

  prepared.order = service::CallerOrder(call, request.request_id());
  prepared.order.set_stream(std::string(log::StreamName(log::Stream::kIntake)));
  prepared.order.set_shard(ShardOf(home, shard_count()));
  prepared.order.set_aggregate(name);
  prepared.order.set_command(command.SerializeAsString());
  prepared.fingerprint = service::FingerprintOf(request);
  service::SetFingerprint(text_key, prepared.fingerprint, &prepared.order);
  return prepared;
}

}  // namespace redress::intake
