// The clock decider: what other services' facts mean for the obligation lines of one complaint, and how events fold.
//
//   notes of facts ─▶ facts in order ─▶ plan of all lines ─▶ what differs from what is written ─▶ events ─▶ row
//
// Facts may come in any order, also before intake's receipt: they wait in the row, and no line runs. Folds read what
// was written (due instants, verdicts) and never compute it again. Alarm and verdict are two things: a warning or
// breach raised stays in history; a verdict goes by occurred_at alone.
//
// Pure: no I/O, clock, randomness or logging. Time and reference data arrive in the arguments.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "redress/sla/commands/v1/commands.pb.h"
#include "redress/sla/events/v1/events.pb.h"
#include "redress/sla/rows/v1/rows.pb.h"
#include "services/sla/facts.h"
#include "services/sla/promises.h"

namespace redress::sla {

using events::v1::Event;
using rows::v1::Run;

// An alarm is marked late when it is raised this much after it was due.
inline constexpr Millis kAlarmTolerance = kMinute;
// Changes of lines beyond this in one decision are written as one event for all lines.
inline constexpr size_t kMaxLineEvents = 48;

// Which notes of `command` are new to `state`; none: nothing is to be decided.
std::vector<const commands::v1::Note*> NewNotes(const ClockRow& state, const commands::v1::TakeIn& command,
                                                absl::string_view complaint);

// The events that taking `notes` in causes. `start` of a receipt among them is complete: its pack is chosen.
// `promises` are those of the clock's start, the one in `notes` or in `state`; not read while there is none. `now` is
// what recorded_at will be. At most 64 events.
std::vector<Event> DecideTakeIn(const ClockRow& state, const std::vector<const commands::v1::Note*>& notes,
                                absl::string_view complaint, const Promises& promises, Millis now);

// The events that a change of the register causes: due instants of running lines moved, and what follows from that.
// None when nothing moves, so that asking again means nothing. At most 48 events. `promises` are as of now.
std::vector<Event> DecideReplan(const ClockRow& state, const events::v1::ReplanBegun& change, const Promises& promises);

// The event of a due alarm; none when it holds no more, was raised already, or is a warning whose breach is due. The
// alarm counts as due at `command.due()` even where `now` has fallen behind it: a clock showed that instant.
std::vector<Event> DecideAlarm(const ClockRow& state, const commands::v1::RaiseAlarm& command, Millis now);

// Folds one event. Total.
void Apply(const Event& event, Millis recorded_at, absl::string_view complaint, ClockRow* row);

// Of a row's run.
const rows::v1::DueVersion& LastDue(const Run& run);
// The next warning and the breach that are to be raised if nothing happens; none when there is none to come.
std::optional<Millis> NextWarning(const ClockRow& row, const Run& run);
std::optional<Millis> NextBreach(const Run& run);
// Whether a breach of it was raised, whatever was due then.
bool BreachRaised(const Run& run);

}  // namespace redress::sla
