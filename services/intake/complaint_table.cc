#include <iterator>

#include "services/intake/complaint.h"

namespace redress::intake {
namespace {

constexpr Rule D = Rule::kDecide;
constexpr Rule N = Rule::kNothing;
constexpr Rule R = Rule::kRefuse;
constexpr Rule F = Rule::kNotFound;
constexpr Rule E = Rule::kExists;

// Rows as in kComplaintCommands. Reactions and timers never refuse: what they say may come late.
constexpr Rule kTable[][kStates] = {
    // none RECEIVED ACKNOWLEDGED IN_PROGRESS RESOLVED CLOSED WITHDRAWN
    {D, E, E, E, E, E, E},  // SubmitComplaint
    {D, D, D, D, D, D, D},  // ImportComplaint
    {F, D, N, D, R, R, R},  // AcknowledgeComplaint
    {F, D, D, N, R, R, R},  // StartComplaint
    {F, D, D, D, D, D, D},  // AnswerComplaint
    {F, D, D, D, D, R, R},  // ResolveComplaint
    {F, R, R, R, D, R, R},  // ConfirmComplaint
    {F, R, R, D, D, D, R},  // ContestComplaint
    {F, R, R, D, D, D, R},  // ReopenComplaint
    {F, D, D, D, R, R, N},  // WithdrawComplaint
    {F, D, D, D, D, D, D},  // AmendComplaint
    {F, D, D, D, D, D, D},  // AddMessage
    {F, D, D, D, D, D, D},  // AddNote
    {F, D, D, D, D, D, D},  // AddAttachment
    {F, D, D, D, D, D, D},  // RecordFact
    {N, N, N, N, D, N, N},  // CloseComplaint
    {N, D, D, D, D, D, D},  // NoteAssignment
    {N, D, D, D, D, D, D},  // NoteVisit
    {N, D, D, D, D, D, D},  // NoteAlarm
    {N, D, D, D, D, D, D},  // EraseTexts
    {N, D, D, D, D, D, D},  // NoteKeysDestroyed
    {F, D, D, D, D, D, D},  // RedactText
    {F, D, D, D, D, D, D},  // SetLegalHold
    {F, D, D, D, D, D, D},  // LiftLegalHold
    {N, N, N, N, D, D, D},  // ExpireTexts
};
static_assert(std::size(kTable) == std::size(kComplaintCommands));

}  // namespace

Rule RuleOf(State state, Command::KindCase command) {
  for (size_t i = 0; i < std::size(kComplaintCommands); ++i) {
    if (kComplaintCommands[i] == command && state >= 0 && state < kStates) return kTable[i][state];
  }
  return Rule::kRefuse;
}

absl::string_view NameOf(State state) {
  constexpr absl::string_view kPrefix = "STATE_";
  const std::string& name = rows::v1::State_Name(state);
  return name.size() > kPrefix.size() ? absl::string_view(name).substr(kPrefix.size()) : "UNKNOWN";
}

bool EndsWithAnswer(types::v1::ComplaintKind kind) {
  return kind == types::v1::COMPLAINT_KIND_SUGGESTION || kind == types::v1::COMPLAINT_KIND_PRAISE ||
         kind == types::v1::COMPLAINT_KIND_EXPRESSED_NEED;
}

}  // namespace redress::intake
