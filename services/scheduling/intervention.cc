#include "services/scheduling/intervention.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/ids/ids.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "services/scheduling/limits.h"
#include "services/scheduling/scheduling_errors.h"

namespace redress::scheduling {
namespace {

using enum rows::v1::VisitState;
using Events = std::vector<VisitEvent>;

constexpr uint32_t In(VisitState state) { return 1u << state; }
constexpr uint32_t kOpen =
    In(VISIT_STATE_REQUESTED) | In(VISIT_STATE_HELD) | In(VISIT_STATE_BOOKED) | In(VISIT_STATE_STARTED);
constexpr uint32_t kAny = ~0u;

// In which states a command does something, and in which it has nothing left to do; elsewhere it is refused.
struct Transition {
  Command::KindCase command;
  absl::string_view name;
  uint32_t from;
  uint32_t done;
};
constexpr Transition kTransitions[] = {
    {Command::kRequestVisit, "RequestVisit", In(VISIT_STATE_UNSPECIFIED), kAny},
    {Command::kHoldSlot, "HoldSlot", In(VISIT_STATE_REQUESTED) | In(VISIT_STATE_HELD), 0},
    {Command::kReleaseHold, "ReleaseHold", In(VISIT_STATE_HELD), In(VISIT_STATE_REQUESTED)},
    {Command::kExpireHold, "ExpireHold", In(VISIT_STATE_HELD), kAny},
    {Command::kBookVisit, "BookVisit", In(VISIT_STATE_REQUESTED) | In(VISIT_STATE_HELD), 0},
    {Command::kMoveVisit, "MoveVisit", In(VISIT_STATE_BOOKED), 0},
    {Command::kStartVisit, "StartVisit", In(VISIT_STATE_BOOKED), In(VISIT_STATE_STARTED)},
    {Command::kCompleteVisit, "CompleteVisit", In(VISIT_STATE_BOOKED) | In(VISIT_STATE_STARTED), 0},
    {Command::kReportNoAccess, "ReportNoAccess", In(VISIT_STATE_BOOKED) | In(VISIT_STATE_STARTED),
     In(VISIT_STATE_NO_ACCESS)},
    {Command::kCancelVisit, "CancelVisit", kOpen, In(VISIT_STATE_CANCELLED)},
    {Command::kFreeVisit, "FreeVisit", kOpen & ~In(VISIT_STATE_STARTED), kAny},
    {Command::kAmendVisit, "AmendVisit", kOpen, kAny},
};

const Transition* FindTransition(Command::KindCase command) {
  for (const Transition& transition : kTransitions) {
    if (transition.command == command) return &transition;
  }
  return nullptr;
}

// What one decision works with.
struct Deciding {
  const std::string& id;
  const Intervention& state;
  const Circumstances& circumstances;

  std::string name() const { return absl::StrCat(kInterventions, id); }
  bool hold_counts() const { return state.state() == VISIT_STATE_HELD && state.hold_expires_at() > circumstances.now; }
  Events One(Event event) const { return {{id, std::move(event)}}; }
};

// When it happened: as said, else now. Impossible when ahead of now, or before `earliest`.
absl::StatusOr<int64_t> HappenedAt(int64_t occurred_at, int64_t earliest, absl::string_view what, const Deciding& d) {
  const int64_t at = occurred_at == 0 ? std::max(d.circumstances.now, earliest) : occurred_at;
  if (occurred_at != 0 && at > d.circumstances.now + kAheadTolerance) {
    return InvalidFields({{"occurred_time", "lies more than 5 minutes ahead"}});
  }
  if (at < earliest) return InvalidFields({{"occurred_time", absl::StrCat("lies before the visit was ", what)}});
  return at;
}

struct Window {
  std::string technician;
  int64_t start = 0;
  int64_t end = 0;
  friend bool operator==(const Window&, const Window&) = default;
};

Window Current(const Intervention& state) { return {state.technician(), state.window_start(), state.window_end()}; }

absl::StatusOr<Window> WindowOf(const commands::v1::Slot& slot, const Deciding& d) {
  const int64_t length = int64_t{d.state.minutes()} * kMinute;
  Window window{slot.technician(), slot.start(), slot.end() == 0 ? slot.start() + length : slot.end()};
  const int64_t now = d.circumstances.now;
  if (window.end - window.start < length) {
    return InvalidFields(
        {{"slot.end_time", absl::StrCat("leaves less than the visit's ", d.state.minutes(), " minutes")}});
  }
  if (window.end - window.start > kLongestWindow) {
    return InvalidFields({{"slot.end_time", "lies more than 24 hours after the start"}});
  }
  if (window.start > now + kBookableAhead) return InvalidFields({{"slot.start_time", "lies more than 2 years ahead"}});
  const bool held = d.hold_counts() && window == Current(d.state);
  if (window.start < now - kAheadTolerance && !held) {
    return SlotPast();
  }
  return window;
}

template <typename Message>
void SetWindow(const Window& window, Message* message) {
  message->set_technician(window.technician);
  message->set_window_start(window.start);
  message->set_window_end(window.end);
}

int32_t MinutesOf(const commands::v1::RequestVisit& request) {
  return request.minutes() == 0 ? kDefaultVisitMinutes
                                : std::clamp(request.minutes(), kShortestVisitMinutes, kLongestVisitMinutes);
}

bool SameBox(const types::v1::Sealed& a, const types::v1::Sealed& b) {
  return a.key_id() == b.key_id() && a.box() == b.box();
}

// Whether a visit says already what `amended` would make of it.
bool SaysSo(const Intervention& state, const events::v1::VisitAmended& amended) {
  return state.residence() == amended.residence() && state.category() == amended.category() &&
         std::equal(state.skills().begin(), state.skills().end(), amended.skills().begin(), amended.skills().end()) &&
         state.minutes() == amended.minutes() && state.language() == amended.language() &&
         state.urgency() == amended.urgency() && state.care_level() == amended.care_level() &&
         SameBox(state.dwelling(), amended.dwelling()) && SameBox(state.access_note(), amended.access_note());
}

Events Amend(const commands::v1::RequestVisit& request, const Deciding& d) {
  Event event;
  auto* amended = event.mutable_visit_amended();
  amended->set_complaint(d.state.complaint());
  amended->set_residence(request.residence());
  amended->set_language(request.language());
  amended->set_care_level(request.care_level());
  if (request.has_dwelling()) *amended->mutable_dwelling() = request.dwelling();
  if (request.has_access_note()) *amended->mutable_access_note() = request.access_note();
  // Whoever asked for a visit by hand chose what it is for.
  const bool by_hand = d.state.assignment() == 0;
  amended->set_category(by_hand ? d.state.category() : request.category());
  *amended->mutable_skills() = by_hand ? d.state.skills() : request.skills();
  amended->set_minutes(by_hand ? d.state.minutes() : MinutesOf(request));
  amended->set_urgency(by_hand ? d.state.urgency() : request.urgency());
  amended->set_assignment(by_hand ? 0 : request.assignment());
  amended->set_occurred_at(std::max(request.occurred_at(), d.state.requested_at()));
  return SaysSo(d.state, *amended) ? Events{} : d.One(std::move(event));
}

absl::StatusOr<Events> Request(const commands::v1::RequestVisit& command, const Deciding& d) {
  if (d.circumstances.ended_round.has_value() && command.round() <= *d.circumstances.ended_round) {
    // An assignment that was seen after the ending has nothing left to ask for.
    if (command.assignment() != 0) return Events{};
    return ComplaintHasEnded(command.complaint());
  }
  Event event;
  auto* requested = event.mutable_visit_requested();
  requested->set_complaint(command.complaint());
  requested->set_agency(command.agency());
  requested->set_residence(command.residence());
  requested->set_category(command.category());
  *requested->mutable_skills() = command.skills();
  requested->set_minutes(MinutesOf(command));
  requested->set_language(command.language());
  if (command.has_dwelling()) *requested->mutable_dwelling() = command.dwelling();
  if (command.has_access_note()) *requested->mutable_access_note() = command.access_note();
  requested->set_urgency(command.urgency());
  requested->set_occurred_at(command.occurred_at() == 0 ? d.circumstances.now : command.occurred_at());
  requested->set_assignment(command.assignment());
  requested->set_round(command.round());
  requested->set_zone(command.zone());
  requested->set_care_level(command.care_level());
  return d.One(std::move(event));
}

absl::StatusOr<Events> Hold(const commands::v1::HoldSlot& command, const Deciding& d) {
  ASSIGN_OR_RETURN(const Window window, WindowOf(command.slot(), d));
  if (d.hold_counts() && window == Current(d.state)) return Events{};
  Event event;
  auto* held = event.mutable_slot_held();
  SetWindow(window, held);
  held->set_expires_at(d.circumstances.now + (command.hold_ms() == 0 ? kDefaultHold : command.hold_ms()));
  held->set_occurred_at(d.circumstances.now);
  return d.One(std::move(event));
}

absl::StatusOr<Events> Release(bool expired, const Deciding& d) {
  if (expired && d.hold_counts()) return Events{};
  Event event;
  auto* released = event.mutable_hold_released();
  released->set_technician(d.state.technician());
  released->set_expired(!d.hold_counts());
  released->set_occurred_at(d.hold_counts() ? d.circumstances.now : d.state.hold_expires_at());
  return d.One(std::move(event));
}

absl::StatusOr<Events> Book(const commands::v1::BookVisit& command, const Deciding& d) {
  Window window;
  if (command.has_slot()) {
    ASSIGN_OR_RETURN(window, WindowOf(command.slot(), d));
  } else if (d.state.state() != VISIT_STATE_HELD) {
    return NotHeld(d.name());
  } else if (!d.hold_counts()) {
    return HoldExpired(d.name());
  } else {
    window = Current(d.state);
  }
  Event event;
  auto* booked = event.mutable_visit_booked();
  booked->set_complaint(d.state.complaint());
  SetWindow(window, booked);
  booked->set_occurred_at(d.circumstances.now);
  return d.One(std::move(event));
}

absl::StatusOr<Events> Move(const commands::v1::MoveVisit& command, const Deciding& d) {
  ASSIGN_OR_RETURN(const Window window, WindowOf(command.slot(), d));
  if (window == Current(d.state)) return Events{};
  Event event;
  auto* moved = event.mutable_visit_moved();
  moved->set_complaint(d.state.complaint());
  SetWindow(window, moved);
  moved->set_resident_consented(command.resident_consented());
  moved->set_reason(command.reason());
  moved->set_occurred_at(d.circumstances.now);
  moved->set_old_technician(d.state.technician());
  moved->set_old_window_start(d.state.window_start());
  return d.One(std::move(event));
}

absl::StatusOr<Events> Start(const commands::v1::StartVisit& command, const Deciding& d) {
  ASSIGN_OR_RETURN(const int64_t at, HappenedAt(command.occurred_at(), d.state.requested_at(), "asked for", d));
  Event event;
  auto* started = event.mutable_visit_started();
  started->set_complaint(d.state.complaint());
  started->set_technician(d.state.technician());
  started->set_occurred_at(at);
  started->set_backdating_reason(command.backdating_reason());
  return d.One(std::move(event));
}

absl::StatusOr<int64_t> EndedAt(int64_t occurred_at, const Deciding& d) {
  if (d.state.state() == VISIT_STATE_STARTED) return HappenedAt(occurred_at, d.state.started_at(), "begun", d);
  return HappenedAt(occurred_at, d.state.requested_at(), "asked for", d);
}

// Asks for the next visit, unless the complaint has ended meanwhile.
void AskForNext(int64_t at, const Deciding& d, Events* events) {
  if (d.circumstances.ended_round.has_value() && d.state.round() <= *d.circumstances.ended_round) return;
  Event event;
  auto* next = event.mutable_visit_requested();
  next->set_complaint(d.state.complaint());
  next->set_agency(d.state.agency());
  next->set_residence(d.state.residence());
  next->set_category(d.state.category());
  *next->mutable_skills() = d.state.skills();
  next->set_minutes(d.state.minutes());
  next->set_language(d.state.language());
  if (d.state.has_dwelling()) *next->mutable_dwelling() = d.state.dwelling();
  if (d.state.has_access_note()) *next->mutable_access_note() = d.state.access_note();
  next->set_urgency(d.state.urgency());
  next->set_occurred_at(at);
  next->set_assignment(d.state.assignment());
  next->set_round(d.state.round());
  next->set_follows(d.name());
  next->set_zone(d.state.zone());
  next->set_care_level(d.state.care_level());
  events->push_back({FollowingId(d.id, at), std::move(event)});
}

absl::StatusOr<Events> Complete(const commands::v1::CompleteVisit& command, const Deciding& d) {
  ASSIGN_OR_RETURN(const int64_t at, EndedAt(command.occurred_at(), d));
  Event event;
  auto* done = event.mutable_visit_done();
  done->set_complaint(d.state.complaint());
  done->set_technician(d.state.technician());
  done->set_result(command.result());
  done->set_occurred_at(at);
  done->set_backdating_reason(command.backdating_reason());
  Events events = d.One(std::move(event));
  if (command.result() == kPartsAwaited) AskForNext(at, d, &events);
  return events;
}

absl::StatusOr<Events> NoAccess(const commands::v1::ReportNoAccess& command, const Deciding& d) {
  ASSIGN_OR_RETURN(const int64_t at, EndedAt(command.occurred_at(), d));
  Event event;
  auto* missed = event.mutable_visit_no_access();
  missed->set_complaint(d.state.complaint());
  missed->set_technician(d.state.technician());
  missed->set_evidence(command.evidence());
  missed->set_occurred_at(at);
  missed->set_backdating_reason(command.backdating_reason());
  Events events = d.One(std::move(event));
  AskForNext(at, d, &events);
  return events;
}

Events Cancel(const std::string& reason, int64_t occurred_at, const Deciding& d) {
  Event event;
  auto* cancelled = event.mutable_visit_cancelled();
  cancelled->set_complaint(d.state.complaint());
  cancelled->set_reason(reason);
  // What ends a visit from outside may lie before its request: it ends when it is there to be ended.
  cancelled->set_occurred_at(std::max(occurred_at == 0 ? d.circumstances.now : occurred_at, d.state.requested_at()));
  if (HasWindow(d.state.state())) cancelled->set_technician(d.state.technician());
  return d.One(std::move(event));
}

// The same thing said once more, in a state that would otherwise refuse it.
bool AlreadySo(const Command& command, const Deciding& d) {
  const Intervention& state = d.state;
  switch (command.kind_case()) {
    case Command::kBookVisit:
      if (state.state() != VISIT_STATE_BOOKED) return false;
      if (!command.book_visit().has_slot()) return true;
      return command.book_visit().slot().technician() == state.technician() &&
             command.book_visit().slot().start() == state.window_start() &&
             (command.book_visit().slot().end() == 0 || command.book_visit().slot().end() == state.window_end());
    case Command::kCompleteVisit:
      return state.state() == VISIT_STATE_DONE && command.complete_visit().result() == state.result();
    default: return false;
  }
}

}  // namespace

absl::StatusOr<std::vector<VisitEvent>> Decide(const std::string& id, const Intervention& state, const Command& command,
                                               const Circumstances& circumstances) {
  const Deciding d{id, state, circumstances};
  const Transition* transition = FindTransition(command.kind_case());
  if (transition == nullptr) return absl::InternalError("not a command about a visit");
  if ((transition->from & In(state.state())) == 0) {
    if ((transition->done & In(state.state())) != 0 || AlreadySo(command, d)) return Events{};
    if (state.state() == VISIT_STATE_UNSPECIFIED) return InterventionUnknown(d.name());
    return WrongState(d.name(), NameOf(state.state()), transition->name);
  }
  switch (command.kind_case()) {
    case Command::kRequestVisit: return Request(command.request_visit(), d);
    case Command::kHoldSlot: return Hold(command.hold_slot(), d);
    case Command::kReleaseHold: return Release(/*expired=*/false, d);
    case Command::kExpireHold: return Release(/*expired=*/true, d);
    case Command::kBookVisit: return Book(command.book_visit(), d);
    case Command::kMoveVisit: return Move(command.move_visit(), d);
    case Command::kStartVisit: return Start(command.start_visit(), d);
    case Command::kCompleteVisit: return Complete(command.complete_visit(), d);
    case Command::kReportNoAccess: return NoAccess(command.report_no_access(), d);
    case Command::kCancelVisit: return Cancel(command.cancel_visit().reason(), 0, d);
    case Command::kFreeVisit: return Cancel(command.free_visit().reason(), command.free_visit().occurred_at(), d);
    case Command::kAmendVisit: return Amend(command.amend_visit().request(), d);
    default: return absl::InternalError("a transition without a rule");
  }
}

std::optional<Event> Resealed(const Intervention& state, const commands::v1::ResealVisits& resealed, Millis now) {
  if (SameBox(state.dwelling(), resealed.dwelling()) && SameBox(state.access_note(), resealed.access_note())) {
    return std::nullopt;
  }
  Event event;
  auto* amended = event.mutable_visit_amended();
  amended->set_complaint(state.complaint());
  amended->set_residence(state.residence());
  amended->set_category(state.category());
  *amended->mutable_skills() = state.skills();
  amended->set_minutes(state.minutes());
  amended->set_language(state.language());
  amended->set_urgency(state.urgency());
  amended->set_care_level(state.care_level());
  if (resealed.has_dwelling()) *amended->mutable_dwelling() = resealed.dwelling();
  if (resealed.has_access_note()) *amended->mutable_access_note() = resealed.access_note();
  amended->set_assignment(state.assignment());
  amended->set_occurred_at(std::max(now, state.requested_at()));
  return event;
}

bool IsOpen(VisitState state) { return (kOpen & In(state)) != 0; }

bool HasWindow(VisitState state) { return IsOpen(state) && state != VISIT_STATE_REQUESTED; }

absl::string_view NameOf(VisitState state) {
  switch (state) {
    case VISIT_STATE_REQUESTED: return "REQUESTED";
    case VISIT_STATE_HELD: return "HELD";
    case VISIT_STATE_BOOKED: return "BOOKED";
    case VISIT_STATE_STARTED: return "STARTED";
    case VISIT_STATE_DONE: return "DONE";
    case VISIT_STATE_NO_ACCESS: return "NO_ACCESS";
    case VISIT_STATE_CANCELLED: return "CANCELLED";
    default: return "UNKNOWN";
  }
}

namespace {
// Ids hold 48 bits of milliseconds.
int64_t IdTime(int64_t at) { return std::clamp<int64_t>(at, 0, (int64_t{1} << 48) - 1); }
}  // namespace

std::string FollowingId(const std::string& id, int64_t at) {
  const auto parts = ParseId(id);
  return MakeId(IdTime(at), parts.ok() ? parts->placement : PlacementOf(id), ImportedIdBits(id, "follows"));
}

std::string AssignedId(absl::string_view complaint, int64_t assignment, absl::string_view agency, int64_t at) {
  return MakeId(IdTime(at), PlacementOf(agency), ImportedIdBits(complaint, absl::StrCat("assignment/", assignment)));
}

}  // namespace redress::scheduling
