// What the parts of the complaint decider share. Used by complaint*.cc alone.
#pragma once

#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "services/intake/complaint.h"

namespace redress::intake {

using Decision = absl::StatusOr<std::vector<Event>>;

inline std::vector<Event> Nothing() { return {}; }
inline std::vector<Event> One(Event event) {
  std::vector<Event> events;
  events.push_back(std::move(event));
  return events;
}

// When it happened: as given, else now. INVALID_ARGUMENT when that is too far ahead, or back without permission and
// reason.
absl::StatusOr<Millis> OccurredAt(const commands::v1::When& when, const Moment& moment);

// The same, of something that cannot come before the receipt: INVALID_ARGUMENT (BEFORE_RECEIPT) too.
absl::StatusOr<Millis> SinceReceipt(const Complaint& state, const commands::v1::When& when, const Moment& moment);

// The end of the present round at `at`.
Event Resolved(const Complaint& state, Millis at, types::v1::Outcome outcome);

// complaint_import.cc
Decision DecideImport(const Complaint& state, const commands::v1::ImportComplaint& command, const Moment& moment);
// Folds imported facts into state, in order; `closed` as the event says.
void ApplyImportedFacts(const google::protobuf::RepeatedPtrField<types::v1::Fact>& facts, bool closed,
                        Complaint* state);

// complaint_additions.cc: what leaves the state as it is.
Decision DecideAmend(const Complaint& state, const commands::v1::AmendComplaint& command, const Moment& moment);
Decision DecideAddMessage(const Complaint& state, const commands::v1::AddMessage& command, const Moment& moment);
Decision DecideAddNote(const Complaint& state, const commands::v1::AddNote& command, const Moment& moment);
Decision DecideAddAttachment(const Complaint& state, const commands::v1::AddAttachment& command, const Moment& moment);
Decision DecideRecordFact(const Complaint& state, const commands::v1::RecordFact& command, const Moment& moment);

// complaint_redaction.cc
Decision DecideRedactText(const Complaint& state, const commands::v1::RedactText& command, const Moment& moment);
void ApplyRedaction(const events::v1::TextRedacted& event, Complaint* state);
void ApplyKeysDestroyed(const events::v1::KeysDestroyed& event, Complaint* state);

// complaint_retention.cc
// That they were kept until `due`.
Event TextsExpired(const Complaint& state, Millis due, const Moment& moment);
Decision DecideExpireTexts(const Complaint& state, const Moment& moment);
Decision DecideSetHold(const Complaint& state, const commands::v1::SetLegalHold& command, const Moment& moment);
Decision DecideLiftHold(const Complaint& state, const commands::v1::LiftLegalHold& command, const Moment& moment);

// complaint_reactions.cc
Decision DecideNoteAssignment(const Complaint& state, const commands::v1::NoteAssignment& command);
Decision DecideNoteVisit(const Complaint& state, const commands::v1::NoteVisit& command);
Decision DecideNoteAlarm(const Complaint& state, const commands::v1::NoteAlarm& command);
Decision DecideEraseTexts(const Complaint& state, const commands::v1::EraseTexts& command);

// Of a text to be recorded, null for none: TEXTS_ERASED when the complaint's texts are forgotten, TEXTS_RESEALED when it
// lies under a key that goes.
absl::Status CheckTextMayBeKept(const Complaint& state, const types::v1::Sealed* text, const Moment& moment);

}  // namespace redress::intake
