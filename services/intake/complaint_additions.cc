#include "absl/strings/str_cat.h"
#include "libs/status/macros.h"
#include "services/intake/complaint_rules.h"
#include "services/intake/intake_errors.h"

namespace redress::intake {
namespace {

// Why RecordFact does not take a kind; empty when it does.
absl::string_view CommandFor(types::v1::FactKind kind) {
  switch (kind) {
    case types::v1::FACT_KIND_RECEIVED: return "SubmitComplaint";
    case types::v1::FACT_KIND_ACKNOWLEDGED: return "AcknowledgeComplaint";
    case types::v1::FACT_KIND_ANSWERED: return "AnswerComplaint";
    case types::v1::FACT_KIND_RESOLVED: return "ResolveComplaint";
    case types::v1::FACT_KIND_REOPENED: return "ContestComplaint or ReopenComplaint";
    case types::v1::FACT_KIND_WITHDRAWN: return "WithdrawComplaint";
    case types::v1::FACT_KIND_ASSIGNED:
    case types::v1::FACT_KIND_UNASSIGNED: return "the routing service";
    default: return "";
  }
}

}  // namespace

Decision DecideAmend(const Complaint& state, const commands::v1::AmendComplaint& command, const Moment& moment) {
  const bool has_text = command.has_description() || command.has_dwelling() || command.has_access_note();
  for (const types::v1::Sealed* text : {command.has_description() ? &command.description() : nullptr,
                                        command.has_dwelling() ? &command.dwelling() : nullptr,
                                        command.has_access_note() ? &command.access_note() : nullptr}) {
    RETURN_IF_ERROR(CheckTextMayBeKept(state, text, moment));
  }
  ASSIGN_OR_RETURN(const Millis at, SinceReceipt(state, command.when(), moment));
  Event event;
  auto* amended = event.mutable_complaint_amended();
  bool any = has_text;
  if (command.has_category() && command.category() != state.category()) {
    amended->set_category(command.category());
    if (command.has_reopen_window_ms()) amended->set_reopen_window_ms(command.reopen_window_ms());
    any = true;
  }
  // Also of the category it has: that is how a complaint comes under what the register says of it now.
  if (command.has_retention_ms() && command.retention_ms() != state.retention_ms()) {
    amended->set_retention_ms(command.retention_ms());
    any = true;
  }
  if (command.has_urgency() && command.urgency() != state.urgency()) {
    amended->set_urgency(command.urgency());
    any = true;
  }
  // Judged by the residence alone: who is in charge may be another by now, and an amendment that names the residence it
  // has moves nobody's complaint.
  if (command.has_placement() && command.placement().residence() != state.placement().residence()) {
    *amended->mutable_placement() = command.placement();
    any = true;
  }
  if (command.has_kind() && command.kind() != state.kind()) {
    amended->set_kind(command.kind());
    any = true;
  }
  if (command.has_care_level() && command.care_level() != state.care_level()) {
    amended->set_care_level(command.care_level());
    any = true;
  }
  if (!any) return Nothing();
  if (command.has_description()) *amended->mutable_description() = command.description();
  if (command.has_dwelling()) *amended->mutable_dwelling() = command.dwelling();
  if (command.has_access_note()) *amended->mutable_access_note() = command.access_note();
  amended->set_occurred_at(at);
  amended->set_reason(command.when().reason());
  return One(std::move(event));
}

Decision DecideAddMessage(const Complaint& state, const commands::v1::AddMessage& command, const Moment& moment) {
  RETURN_IF_ERROR(CheckTextMayBeKept(state, &command.text(), moment));
  ASSIGN_OR_RETURN(const Millis at, SinceReceipt(state, command.when(), moment));
  Event event;
  auto* added = event.mutable_message_added();
  added->set_from_resident(command.from_resident());
  added->set_channel(command.channel());
  *added->mutable_text() = command.text();
  added->set_occurred_at(at);
  added->set_reason(command.when().reason());
  return One(std::move(event));
}

Decision DecideAddNote(const Complaint& state, const commands::v1::AddNote& command, const Moment& moment) {
  RETURN_IF_ERROR(CheckTextMayBeKept(state, &command.text(), moment));
  ASSIGN_OR_RETURN(const Millis at, SinceReceipt(state, command.when(), moment));
  Event event;
  *event.mutable_note_added()->mutable_text() = command.text();
  event.mutable_note_added()->set_occurred_at(at);
  event.mutable_note_added()->set_reason(command.when().reason());
  return One(std::move(event));
}

Decision DecideAddAttachment(const Complaint& state, const commands::v1::AddAttachment& command, const Moment& moment) {
  ASSIGN_OR_RETURN(const Millis at, SinceReceipt(state, command.when(), moment));
  for (const auto& known : state.attachments()) {
    if (known.uri() == command.attachment().uri() && known.sha256() == command.attachment().sha256()) return Nothing();
  }
  if (state.attachments_size() >= kMaxAttachments) {
    return TooManyAttachments(moment.name, state.attachments_size());
  }
  Event event;
  *event.mutable_attachment_added()->mutable_attachment() = command.attachment();
  event.mutable_attachment_added()->set_occurred_at(at);
  event.mutable_attachment_added()->set_reason(command.when().reason());
  return One(std::move(event));
}

Decision DecideRecordFact(const Complaint& state, const commands::v1::RecordFact& command, const Moment& moment) {
  const absl::string_view other = CommandFor(command.fact().kind());
  if (!other.empty()) {
    return BadArgument("FACT_HAS_COMMAND", absl::StrCat("fact.kind: ", types::v1::FactKind_Name(command.fact().kind()),
                                                        " is recorded by ", other));
  }
  ASSIGN_OR_RETURN(const Millis at, SinceReceipt(state, command.when(), moment));
  Event event;
  auto* fact = event.mutable_fact_recorded()->mutable_fact();
  *fact = command.fact();
  fact->set_occurred_at(at);
  fact->set_reason(command.when().reason());
  return One(std::move(event));
}

}  // namespace redress::intake
