// The person decider: registered with their first complaint, and one day forgotten.
//
//   (none) ─first complaint→ known ─ErasePerson→ erased (in every shard: the texts of their complaints, then the keys)
//                              └─ErasePerson{until_closed}, open complaints→ erasure requested ─every day→ …
//
//                              └─a day after texts of theirs expired, none are left and none is open→ erased
//
// A legal hold, on them or on a complaint of theirs, refuses it; one that was requested before waits on.
//
// Pure. A person lives in the shard of their first complaint; complaints of theirs may lie in others.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/clock/millis.h"
#include "redress/intake/commands/v1/commands.pb.h"
#include "redress/intake/events/v1/events.pb.h"
#include "redress/intake/rows/v1/rows.pb.h"

namespace redress::intake {

// Absent: not known.
using PersonState = std::optional<rows::v1::Person>;

// `open_here`, `held_here`: names of their complaints in the person's own shard that are open, or under a legal hold; the
// command names those elsewhere.
// NOT_FOUND (PERSON_NOT_FOUND); FAILED_PRECONDITION (OPEN_COMPLAINTS), listing them, unless until_closed or forced;
// FAILED_PRECONDITION (LEGAL_HOLD), unless it is tried again.
absl::StatusOr<std::vector<events::v1::Event>> DecideErasePerson(const PersonState& state, absl::string_view name,
                                                                 const commands::v1::ErasePerson& command,
                                                                 const std::vector<std::string>& open_here,
                                                                 const std::vector<std::string>& held_here);

// NOT_FOUND (PERSON_NOT_FOUND); FAILED_PRECONDITION (PERSON_ERASED); as legal_hold.h says.
absl::StatusOr<std::vector<events::v1::Event>> DecideHoldPerson(const PersonState& state, absl::string_view name,
                                                                const commands::v1::Command& command);

// Texts of a complaint of theirs have expired: a timer is to look at them.
std::vector<events::v1::Event> DecideNoteTextsExpired(const PersonState& state, absl::string_view complaint);

// Erased with the last of their texts, once nothing is open. `kept_here`, `open_here`: names of their complaints in the
// person's own shard that have texts, and of those that are open without; the command names those elsewhere.
std::vector<events::v1::Event> DecideExpirePerson(const PersonState& state, absl::string_view name,
                                                  const commands::v1::ExpirePerson& command,
                                                  const std::vector<std::string>& kept_here,
                                                  const std::vector<std::string>& open_here);

// A complaint named them, or one that a hold has kept is free: an erased person is erased once more, so that every shard
// looks again. Idempotent by effect.
std::vector<events::v1::Event> DecideNoteComplaint(const PersonState& state,
                                                   const commands::v1::NoteComplaintOfPerson& command);

// Total.
void ApplyPersonEvent(const events::v1::Event& event, Millis recorded_at, rows::v1::Person* state);

}  // namespace redress::intake
