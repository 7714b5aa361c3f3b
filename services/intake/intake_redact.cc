// RedactText: all texts of a complaint share a key, so that to destroy it, all are opened and sealed anew.
//
//   rows of version v ─open, replace, seal─▶ pages ─order with etag v, v + 1, …─▶ the last gives up the old key
//        ▲                                             │
//        └────────────── the complaint moved ──────────┘
//
// What is written between reading and recording moves the version, so a text is never left behind under a key that goes;
// what was sealed before and is recorded after is refused by the decider (TEXTS_RESEALED).
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/runtime/rows.h"
#include "libs/service/request_fingerprint.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "services/intake/intake_checks.h"
#include "services/intake/intake_errors.h"
#include "services/intake/intake_logic.h"
#include "services/intake/intake_projection.h"
#include "services/intake/intake_service.h"
#include "services/intake/intake_texts.h"

namespace redress::intake {
namespace {

using events::v1::TextRedacted;
using runtime::v1::Order;
using runtime::v1::Receipt;
using service::Violations;
using Field = v1::Redaction::Field;

// In the audit: nobody reads what is only put under another key.
constexpr char kPurpose[] = "redact_text";

Field FieldOf(const v1::Redaction& redaction) {
  return redaction.field() == v1::Redaction::FIELD_UNSPECIFIED ? v1::Redaction::FIELD_TEXT : redaction.field();
}
// How callers name what is sealed as `field`; nothing for what they cannot change.
std::optional<Field> FieldOf(absl::string_view field) {
  if (field == field::kTrackingCode) return std::nullopt;
  if (field == field::kDescription) return v1::Redaction::FIELD_DESCRIPTION;
  if (field == field::kAccessNote) return v1::Redaction::FIELD_ACCESS_NOTE;
  if (field == field::kDwelling) return v1::Redaction::FIELD_DWELLING;
  if (field == field::kHandlerNames) return v1::Redaction::FIELD_HANDLER_NAMES;
  return v1::Redaction::FIELD_TEXT;
}

void CheckRedactions(const v1::RedactTextRequest& request, Violations* violations) {
  if (request.redactions().empty() || request.redactions_size() > kMaxRedactions) {
    violations->Add("redactions", absl::StrCat("must be 1 to ", kMaxRedactions));
    return;
  }
  std::map<std::pair<int64_t, Field>, int> known;
  for (int i = 0; i < request.redactions_size(); ++i) {
    const v1::Redaction& redaction = request.redactions(i);
    const std::string path = absl::StrCat("redactions[", i, "]");
    if (redaction.version() < 1) violations->Add(path + ".version", "must be that of an entry of the history");
    CheckEnum(path + ".field", redaction.field(), false, v1::Redaction::Field_IsValid, violations);
    const bool is_short =
        redaction.field() == v1::Redaction::FIELD_ACCESS_NOTE || redaction.field() == v1::Redaction::FIELD_DWELLING;
    service::CheckText(path + ".kept_text", redaction.kept_text(), is_short ? kMaxShortText : kMaxText, false,
                       violations);
    if (!known.emplace(std::make_pair(redaction.version(), FieldOf(redaction)), i).second) {
      violations->Add(path, "is of the same text as another");
    }
  }
}

// Whether the complaint's row still says what the box holds.
bool IsCurrent(const rows::v1::Complaint& row, absl::string_view field, const types::v1::Sealed& text) {
  const types::v1::Sealed* now = field == field::kDescription    ? &row.description()
                                 : field == field::kDwelling     ? &row.dwelling()
                                 : field == field::kAccessNote   ? &row.access_note()
                                 : field == field::kTrackingCode ? &row.tracking_code()
                                 : field == field::kHandlerNames ? &row.handler_names()
                                                                 : nullptr;
  return now != nullptr && now->box() == text.box();
}

}  // namespace

// One call; lives while any of its orders is under way. In one thread at a time: each step follows from the one before.
class Redacting : public std::enable_shared_from_this<Redacting> {
 public:
  using Target = IntakeService::Target;
  Redacting(IntakeService* service, CallContext call, v1::RedactTextRequest request, Target target, int64_t etag,
            rpc::Done<v1::RedactTextResponse> done)
      : service_(*service),
        call_(std::move(call)),
        request_(std::move(request)),
        target_(std::move(target)),
        etag_(etag),
        fingerprint_(service::FingerprintOf(request_)),
        done_(std::move(done)) {}

  void Run() {
    const absl::Status planned = Plan();
    if (!planned.ok()) return Again(planned);
    Next();
  }

 private:
  // Makes the pages of what the rows hold now.
  absl::Status Plan() {
    const auto rows = service_.Rows();
    const rows::v1::Complaint row = LoadComplaint(*rows, target_.shard, target_.id);
    if (row.state() == 0 || !call_.caller->Sees(row.placement().agency())) return ComplaintNotFound(target_.name);
    if (row.texts_erased()) return TextsErased(target_.name);
    // The decider looks at the complaint's own again; its shard does not know those of the person.
    if (!row.legal_holds().empty()) return LegalHold(target_.name, {target_.name});
    if (IsHeld(*rows, row.person(), service_.shard_count())) return LegalHold(target_.name, {row.person()});
    if (etag_ != 0 && etag_ != row.version()) return EtagMoved(target_.name, row.version(), etag_);
    if (!key_.has_value()) {
      ASSIGN_OR_RETURN(key_, service_.keys_->TakeKey(KeyKind::kText));
    }
    pages_.clear();
    at_ = 0;
    version_ = row.version();
    pages_.emplace_back();
    size_t bytes = 0;
    std::vector<bool> found(static_cast<size_t>(request_.redactions_size()));
    absl::Status opened;
    ScanHistory(*rows, target_.shard, target_.id, 0, [&](int64_t version, const rows::v1::HistoryEntry& entry) {
      VisitTexts(entry.event(), [&](absl::string_view field, const types::v1::Sealed& text) {
        // What lies under the person's key goes with the person.
        if (!opened.ok() || text.key_id() == row.person_key()) return;
        auto resealed = Reseal(version, field, text, &found);
        opened = resealed.status();
        if (!opened.ok()) return;
        resealed->set_current(IsCurrent(row, field, text));
        if (bytes >= kMaxResealedBytes) {
          pages_.emplace_back();
          bytes = 0;
        }
        bytes += resealed->ByteSizeLong();
        *pages_.back().add_texts() = *std::move(resealed);
      });
      return opened.ok();
    });
    RETURN_IF_ERROR(opened);
    for (size_t i = 0; i < found.size(); ++i) {
      if (!found[i]) return TextNotFound(target_.name, static_cast<int>(i));
    }
    RETURN_IF_ERROR(KeepAttachmentKeys(row));
    // Rows are those of each moment: a change meanwhile shows in the version.
    const int64_t now = LoadComplaint(*rows, target_.shard, target_.id).version();
    return now == version_ ? absl::OkStatus() : EtagMoved(target_.name, now, version_);
  }

  absl::StatusOr<events::v1::ResealedText> Reseal(int64_t version, absl::string_view field,
                                                  const types::v1::Sealed& text, std::vector<bool>* found) {
    events::v1::ResealedText resealed;
    resealed.mutable_place()->set_version(version);
    resealed.mutable_place()->set_field(std::string(field));
    std::string kept;
    bool redacted = false;
    for (int i = 0; i < request_.redactions_size(); ++i) {
      const v1::Redaction& redaction = request_.redactions(i);
      if (redaction.version() != version || FieldOf(redaction) != FieldOf(field)) continue;
      (*found)[static_cast<size_t>(i)] = redacted = true;
      kept = redaction.kept_text();
      redacted_.emplace(i, resealed.place());
    }
    // Of what nobody can open any more nothing is kept.
    if (!redacted) RETURN_IF_ERROR(service_.Open(text, target_.name, field, reader(), &kept));
    if (!kept.empty()) *resealed.mutable_text() = service_.sealer_.Seal(*key_, target_.name, field, kept).proto();
    return resealed;
  }

  // What attachments point at was sealed by others, who do not hear of this.
  absl::Status KeepAttachmentKeys(const rows::v1::Complaint& row) {
    std::map<std::string, bool> known;
    for (const auto& attachment : row.attachments()) {
      if (!known.emplace(attachment.uri(), true).second) continue;
      const auto key = service_.AttachmentKeyOf(target_.name, row, attachment.uri(), reader());
      if (ReasonOf(key.status()) == "KEY_DESTROYED") continue;
      RETURN_IF_ERROR(key.status());
      auto* kept = pages_.back().add_attachment_keys();
      kept->set_uri(attachment.uri());
      const std::string field = absl::StrCat(field::kAttachment, attachment.uri());
      *kept->mutable_key() = service_.sealer_.Seal(*key_, target_.name, field, *key).proto();
    }
    return absl::OkStatus();
  }

  void Next() {
    const bool last = at_ + 1 == pages_.size();
    TextRedacted& page = pages_[at_];
    page.set_text_key(key_->id);
    page.set_reason(request_.reason());
    page.set_more(!last);
    for (const auto& [i, place] : redacted_) *page.add_redacted() = place;
    commands::v1::Command command;
    *command.mutable_scope() = service::ScopeOf<commands::v1::Scope>(*call_.caller);
    *command.mutable_redact_text()->mutable_redaction() = std::move(page);
    Order order = service::CallerOrder(call_, last ? request_.request_id() : "");
    order.set_stream(std::string(log::StreamName(log::Stream::kIntake)));
    order.set_shard(target_.shard);
    order.set_aggregate(target_.name);
    order.set_command(command.SerializeAsString());
    order.set_etag(version_ + static_cast<int64_t>(at_));
    const auto answered = [self = shared_from_this(), last](absl::StatusOr<Receipt> receipt) {
      if (!receipt.ok()) return self->Again(receipt.status());
      if (last) return self->service_.RenderChange<v1::RedactTextResponse>(self->target_, *receipt, self->done_);
      ++self->at_;
      self->Next();
    };
    if (!last) return service_.runtime_->Execute(std::move(order), answered);
    service::SetFingerprint(*key_, fingerprint_, &order);
    service::Mutate(service_.runtime_, service_.keys_, std::move(order), fingerprint_, answered);
  }

  void Again(const absl::Status& status) {
    if (ReasonOf(status) != "ETAG_MOVED" || etag_ != 0 || ++tries_ >= kMaxRedactionTries) return Finish(status);
    service_.TryAgainSoon([self = shared_from_this()] { self->Run(); });
  }
  void Finish(const absl::Status& status) { done_(IsOfNothing(status) ? ComplaintNotFound(target_.name) : status); }
  Reader reader() const { return {call_.caller->id(), kPurpose}; }

  IntakeService& service_;
  const CallContext call_;
  const v1::RedactTextRequest request_;
  const Target target_;
  const int64_t etag_;
  const service::Fingerprint fingerprint_;
  const rpc::Done<v1::RedactTextResponse> done_;
  // One for all tries: what an earlier one has sealed and recorded lies under it, too.
  std::optional<Key> key_;
  std::vector<TextRedacted> pages_;
  std::map<int, events::v1::TextPlace> redacted_;
  size_t at_ = 0;
  int64_t version_ = 0;
  int tries_ = 0;
};

void IntakeService::RedactText(const CallContext& call, const v1::RedactTextRequest& request,
                               rpc::Done<v1::RedactTextResponse> done) {
  absl::Status allowed = call.caller->Require(Permission::kErasePersons);
  if (allowed.ok()) allowed = call.caller->Require(Permission::kReadPersonalData);
  if (!allowed.ok()) return done(allowed);
  Violations violations;
  service::CheckRequestId(request.request_id(), &violations);
  const auto id = service::ParseName("name", "complaints", request.name());
  const auto etag = service::ParseEtag(request.etag());
  violations.Merge(id.status());
  violations.Merge(etag.status());
  CheckReason("reason", request.reason(), true, &violations);
  CheckRedactions(request, &violations);
  const absl::Status valid = violations.ToStatus();
  if (!valid.ok()) return done(valid);
  const auto target = Locate("complaints", *id);
  if (!target.has_value()) return done(ComplaintNotFound("such complaint"));
  // Done already: what it named may have other words now, or none.
  const auto known = runtime::FindRequest(*Rows(), target->shard, call.caller->id(), request.request_id());
  if (known.has_value()) {
    const absl::Status same = service::CheckSameRequest(keys_, known->fingerprint(), known->fingerprint_key(),
                                                        service::FingerprintOf(request));
    if (!same.ok()) return done(same);
    return RenderChange<v1::RedactTextResponse>(*target, ReceiptOf(target->shard, *known), std::move(done));
  }
  std::make_shared<Redacting>(this, call, request, *target, *etag, std::move(done))->Run();
}

}  // namespace redress::intake
