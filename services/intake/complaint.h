// The complaint decider: which events a command produces, and how events fold into state.
//
//   (none) ─Submit→ RECEIVED ─Acknowledge→ ACKNOWLEDGED ─Start→ IN_PROGRESS
//   any of the three ─Resolve→ RESOLVED ─window passes→ CLOSED
//   any of the three ─Withdraw→ WITHDRAWN
//   RESOLVED, CLOSED ─Contest, Reopen, inside the window→ IN_PROGRESS
//
// Which command is met with what in which state is a table (RuleOf), and a test counts that every pair has a case.
// Pure: no I/O, clock, randomness or logging. Time and ids arrive in the arguments.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/clock/millis.h"
#include "redress/intake/commands/v1/commands.pb.h"
#include "redress/intake/events/v1/events.pb.h"
#include "redress/intake/rows/v1/rows.pb.h"
#include "services/intake/limits.h"

namespace redress::intake {

using commands::v1::Command;
using events::v1::Event;
using rows::v1::Complaint;
using rows::v1::State;

// Commands on a complaint, in the order of the table. Names as in Command.
inline constexpr Command::KindCase kComplaintCommands[] = {
    Command::kSubmitComplaint,   Command::kImportComplaint,  Command::kAcknowledgeComplaint,
    Command::kStartComplaint,    Command::kAnswerComplaint,  Command::kResolveComplaint,
    Command::kConfirmComplaint,  Command::kContestComplaint, Command::kReopenComplaint,
    Command::kWithdrawComplaint, Command::kAmendComplaint,   Command::kAddMessage,
    Command::kAddNote,           Command::kAddAttachment,    Command::kRecordFact,
    Command::kCloseComplaint,    Command::kNoteAssignment,   Command::kNoteVisit,
    Command::kNoteAlarm,         Command::kEraseTexts,       Command::kNoteKeysDestroyed,
    Command::kRedactText,        Command::kSetLegalHold,     Command::kLiftLegalHold,
    Command::kExpireTexts};
inline constexpr int kStates = 7;  // STATE_UNSPECIFIED (there is none) … STATE_WITHDRAWN

// What a state makes of a command.
enum class Rule : uint8_t {
  kDecide,    // the command's own rules say
  kNothing,   // it has taken effect already, or means nothing here: success, and no event
  kRefuse,    // FAILED_PRECONDITION (WRONG_STATE), naming the state
  kNotFound,  // there is no such complaint
  kExists,    // ALREADY_EXISTS
};
Rule RuleOf(State state, Command::KindCase command);

// "RECEIVED".
absl::string_view NameOf(State state);
inline bool IsOpen(State state) {
  return state == rows::v1::STATE_RECEIVED || state == rows::v1::STATE_ACKNOWLEDGED ||
         state == rows::v1::STATE_IN_PROGRESS;
}
// Praise, suggestions and expressed needs end with their answer and stand outside the time to resolution.
bool EndsWithAnswer(types::v1::ComplaintKind kind);

// What a decision knows besides state and command.
struct Moment {
  absl::string_view name;  // "complaints/<id>", for messages
  Millis now = 0;          // what recorded_at will be
};

// How far ahead of `now` something may have happened, how far back without permission and reason.
inline constexpr Millis kMayBeAhead = 5 * kMinute;
inline constexpr Millis kMayBeBack = 24 * kHour;

// The events `command` produces, in order; none if it has already taken effect.
//   NOT_FOUND (COMPLAINT_NOT_FOUND)      there is none, or out of the command's scope
//   ALREADY_EXISTS (COMPLAINT_EXISTS; IMPORT_CHANGED: a known import whose facts do not begin with the known ones)
//   FAILED_PRECONDITION (WRONG_STATE)    the state forbids it, naming the state
//   FAILED_PRECONDITION (WINDOW_PASSED)  too late to contest: a new complaint with recurrence_of is the way
//   FAILED_PRECONDITION (TEXTS_ERASED)   a text, or a hold, for a complaint whose texts are forgotten
//   FAILED_PRECONDITION (LEGAL_HOLD)     a redaction while a hold stands
//   FAILED_PRECONDITION (TOO_MANY_HOLDS), NOT_FOUND (HOLD_NOT_FOUND)   as legal_hold.h says
//   ABORTED (TEXTS_RESEALED)             a text under a key that a redaction has replaced meanwhile
//   INVALID_ARGUMENT                     occurred_at too far ahead or back (OCCURRED_AT_AHEAD,
//                                        BACKDATING_NEEDS_PERMISSION, BACKDATING_NEEDS_REASON), before the receipt or the round (BEFORE_RECEIPT,
//                                        BEFORE_REOPENING), an outcome or fact this command does not take
//                                        (WRONG_OUTCOME, FACT_HAS_COMMAND)
// `command` holds one of kComplaintCommands.
absl::StatusOr<std::vector<Event>> Decide(const Complaint& state, const Command& command, const Moment& moment);

// Folds one event. Total: accepts every event ever written at this build's level and never fails.
// `recorded_at` and `version` are the record's and the event's.
void Apply(const Event& event, Millis recorded_at, int64_t version, Complaint* state);

// Keys that nothing is to be read under any more, and that are not known to be destroyed: of texts that were erased,
// and those that redactions left behind.
std::vector<std::string> KeysToDestroy(const Complaint& state);

// When its texts have been kept as long as its category says: not before it can be contested no more. 0: while it is open,
// where they are kept for good, and once they are erased. Holds are not asked: they put off what is done then.
Millis ExpiresAt(const Complaint& state);

// Whether who commands may see it; reactions and timers see everything.
bool InScope(const Complaint& state, const Command& command);

// The hash of an import's first `facts` facts: equal for the same row again, and for one that has gone on since.
std::string ImportHash(const events::v1::ComplaintImported& import, int facts);
// The hash of what an import says besides: kind, category, channel, urgency, placement, due instant.
std::string ParticularsHash(const events::v1::ComplaintImported& import);
// Flag of a row that is known with other particulars: its facts alone are taken.
inline constexpr absl::string_view kParticularsChanged = "particulars_changed";

}  // namespace redress::intake
