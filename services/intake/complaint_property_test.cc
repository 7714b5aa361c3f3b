// Properties of the complaint decider: whatever is commanded in whatever order, what was decided can be folded, told
// twice it is decided once, and a replay says what the living state said.
#include <gtest/gtest.h>
// After gtest, whose macros it uses.
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "services/intake/complaint.h"
#include "services/intake/complaint_cases.h"

namespace redress::intake {
namespace {

using namespace ::redress::intake::testing;  // NOLINT
using events::v1::VisitNoted;

template <typename T>
T OneOf(std::initializer_list<T> values) {
  return *(values.begin() + *rc::gen::inRange<size_t>(0, values.size()));
}
int64_t Below(int64_t bound) { return *rc::gen::inRange<int64_t>(0, bound); }

// A time around `now`, or none.
commands::v1::When AnyWhen(Millis now) {
  commands::v1::When when;
  if (Below(2) == 0) when.set_occurred_at(now + kMayBeAhead - Below(30 * kHour));
  when.set_may_backdate(Below(2) == 0);
  if (Below(2) == 0) when.set_reason("why");
  return when;
}

void FillImport(Millis now, events::v1::ComplaintImported* import) {
  import->mutable_source()->set_system("s");
  import->mutable_source()->set_reference("1");
  import->set_category(OneOf<const char*>({"lift", "noise"}));
  import->set_reopen_window_ms(kWindow);
  const int facts = static_cast<int>(Below(5)) + 1;
  for (int i = 0; i < facts; ++i) {
    auto* fact = import->add_facts();
    fact->set_occurred_at(now - kDay + i * kHour);
    fact->set_kind(
        i == 0 ? types::v1::FACT_KIND_RECEIVED
               : OneOf({types::v1::FACT_KIND_RESOLVED, types::v1::FACT_KIND_REOPENED, types::v1::FACT_KIND_WITHDRAWN,
                        types::v1::FACT_KIND_WORKS_BEGUN, types::v1::FACT_KIND_ASSIGNED}));
  }
}

// Any command that the decider may be asked, at `now`.
Command AnyCommand(Millis now) {
  Command command;
  const Command::KindCase kind = kComplaintCommands[Below(std::size(kComplaintCommands))];
  auto* body = command.GetReflection()->MutableMessage(&command, Command::GetDescriptor()->FindFieldByNumber(kind));
  if (const auto* when = body->GetDescriptor()->FindFieldByName("when")) {
    body->GetReflection()->MutableMessage(body, when)->CopyFrom(AnyWhen(now));
  }
  if (Below(8) == 0) command.mutable_scope()->add_agencies(OneOf<const char*>({"A1", "A2"}));
  switch (kind) {
    case Command::kSubmitComplaint:
      *command.mutable_submit_complaint()->mutable_complaint() =
          Received(OneOf({types::v1::COMPLAINT_KIND_COMPLAINT, types::v1::COMPLAINT_KIND_PRAISE})).complaint_received();
      command.mutable_submit_complaint()->mutable_complaint()->set_occurred_at(now);
      command.mutable_submit_complaint()->mutable_complaint()->set_retention_ms(Below(3) * 10 * kDay);
      command.mutable_submit_complaint()->set_received_now(Below(2) == 0);
      break;
    case Command::kImportComplaint: FillImport(now, command.mutable_import_complaint()->mutable_complaint()); break;
    case Command::kResolveComplaint:
      command.mutable_resolve_complaint()->set_outcome(
          OneOf({types::v1::OUTCOME_FIXED, types::v1::OUTCOME_ANSWERED, types::v1::OUTCOME_DUPLICATE}));
      break;
    case Command::kAmendComplaint:
      command.mutable_amend_complaint()->set_category(OneOf<const char*>({"lift", "noise"}));
      command.mutable_amend_complaint()->set_reopen_window_ms(Below(20) * kDay);
      if (Below(2) == 0) command.mutable_amend_complaint()->set_retention_ms(Below(20) * kDay);
      command.mutable_amend_complaint()->mutable_placement()->set_residence(OneOf<const char*>({"R1", "R2"}));
      if (Below(2) == 0) command.mutable_amend_complaint()->mutable_description()->set_box("box");
      break;
    case Command::kAddAttachment:
      command.mutable_add_attachment()->mutable_attachment()->set_uri(OneOf<const char*>({"file:1", "file:2"}));
      break;
    case Command::kRecordFact:
      command.mutable_record_fact()->mutable_fact()->set_kind(
          OneOf({types::v1::FACT_KIND_MADE_SAFE, types::v1::FACT_KIND_RESOLVED, types::v1::FACT_KIND_NO_ACCESS}));
      break;
    case Command::kNoteAssignment:
      command.mutable_note_assignment()->mutable_assignment()->set_assignment_version(Below(5));
      command.mutable_note_assignment()->mutable_assignment()->set_agency(OneOf<const char*>({"A1", "A2"}));
      break;
    case Command::kNoteVisit:
      *command.mutable_note_visit()->mutable_visit() =
          Visit(OneOf({VisitNoted::STAGE_BOOKED, VisitNoted::STAGE_STARTED, VisitNoted::STAGE_DONE,
                       VisitNoted::STAGE_CANCELLED}),
                now - Below(kDay), OneOf<const char*>({"fixed", "parts_awaited"}),
                OneOf<const char*>({"interventions/1", "interventions/2"}), Below(6))
              .visit_noted();
      break;
    case Command::kNoteAlarm: command.mutable_note_alarm()->mutable_alarm()->set_clock_version(Below(5)); break;
    case Command::kRedactText: {
      auto* redaction = command.mutable_redact_text()->mutable_redaction();
      redaction->set_text_key(OneOf<const char*>({"k1", "k2", "k3", "k4"}));
      redaction->set_more(Below(3) == 0);
      auto* text = redaction->add_texts();
      text->mutable_place()->set_version(1);
      text->mutable_place()->set_field(OneOf<const char*>({"description", "note"}));
      text->set_current(Below(2) == 0);
      if (Below(2) == 0) text->mutable_text()->set_box("box");
      break;
    }
    case Command::kSetLegalHold:
      command.mutable_set_legal_hold()->set_matter(OneOf<const char*>({"case-1", "case-2"}));
      break;
    case Command::kLiftLegalHold:
      command.mutable_lift_legal_hold()->set_matter(OneOf<const char*>({"case-1", "case-2"}));
      break;
    case Command::kNoteKeysDestroyed:
      for (const char* key : {"text-key", "k1", "k2", "k3", "k4"}) {
        if (Below(2) == 0) command.mutable_note_keys_destroyed()->add_key_ids(key);
      }
      break;
    case Command::kEraseTexts: command.mutable_erase_texts()->set_person(OneOf<const char*>({"people/01", "x"})); break;
    default: break;
  }
  return command;
}

struct Life {
  Complaint state;
  Millis now = kReceivedAt;
  struct Recorded {
    std::string bytes;
    Millis at;
  };
  std::vector<Recorded> events;

  // False when it was refused.
  bool Take(const Command& command) {
    const auto decided = Decide(state, command, {kName, now});
    if (!decided.ok()) return false;
    for (const Event& event : *decided) {
      Apply(event, now, static_cast<int64_t>(events.size()) + 1, &state);
      events.push_back({event.SerializeAsString(), now});
    }
    return true;
  }
};

// What holds of every complaint there is.
void CheckSane(const Complaint& state) {
  if (state.state() == rows::v1::STATE_UNSPECIFIED) return;
  RC_ASSERT(state.received_at() != 0);
  RC_ASSERT((state.state() == rows::v1::STATE_WITHDRAWN) <= (state.withdrawn_at() != 0));
  if (state.state() == rows::v1::STATE_RESOLVED || state.state() == rows::v1::STATE_CLOSED) {
    RC_ASSERT(state.resolved_at() >= state.received_at());
    RC_ASSERT(state.resolved_at() >= state.round_began_at());
    RC_ASSERT(state.window_ends_at() >= state.resolved_at());
  }
  RC_ASSERT((state.state() == rows::v1::STATE_CLOSED) == (state.closed_at() != 0));
  RC_ASSERT((state.round() == 0) == (state.round_began_at() == 0));
  // One a matter.
  std::vector<std::string> matters;
  for (const auto& hold : state.legal_holds()) matters.push_back(hold.matter());
  std::sort(matters.begin(), matters.end());
  RC_ASSERT(std::adjacent_find(matters.begin(), matters.end()) == matters.end());
  // What can still be read lies under no key that goes.
  const std::vector<std::string> going = KeysToDestroy(state);
  if (!state.texts_erased()) RC_ASSERT(std::count(going.begin(), going.end(), state.text_key()) == 0);
  std::vector<std::string> visits;
  for (const auto& visit : state.visits()) visits.push_back(visit.intervention());
  std::sort(visits.begin(), visits.end());
  RC_ASSERT(std::adjacent_find(visits.begin(), visits.end()) == visits.end());
}

Life AnyLife(int commands) {
  Life life;
  for (int i = 0; i < commands; ++i) {
    life.now += OneOf<Millis>({0, kMinute, kHour, kDay, 15 * kDay});
    const Complaint before = life.state;
    const size_t events = life.events.size();
    if (!life.Take(AnyCommand(life.now))) RC_ASSERT(life.events.size() == events);
    RC_ASSERT(before.version() <= life.state.version());
    // While a hold stands no key goes, and texts that expire are those of what is over for good.
    if (!before.legal_holds().empty()) {
      RC_ASSERT(before.texts_erased() == life.state.texts_erased());
      RC_ASSERT(before.text_key() == life.state.text_key());
      RC_ASSERT(KeysToDestroy(life.state).size() <= KeysToDestroy(before).size());
    }
    for (size_t i = events; i < life.events.size(); ++i) {
      Event event;
      RC_ASSERT(event.ParseFromString(life.events[i].bytes));
      if (!event.has_texts_expired()) continue;
      RC_ASSERT(!IsOpen(before.state()));
      RC_ASSERT(before.retention_ms() != 0);
      RC_ASSERT(before.legal_holds().empty());
      RC_ASSERT(life.now >= event.texts_expired().occurred_at());
      if (before.state() != rows::v1::STATE_WITHDRAWN) {
        RC_ASSERT(event.texts_expired().occurred_at() >= before.window_ends_at());
      }
    }
    RC_ASSERT(before.round() <= life.state.round());
    CheckSane(life.state);
  }
  return life;
}

Complaint Replay(const Life& life, Complaint state, size_t from) {
  for (size_t i = from; i < life.events.size(); ++i) {
    Event event;
    RC_ASSERT(event.ParseFromString(life.events[i].bytes));
    Apply(event, life.events[i].at, static_cast<int64_t>(i) + 1, &state);
  }
  return state;
}

RC_GTEST_PROP(ComplaintProperty, NoSequenceOfCommandsMakesApplyFail, ()) { AnyLife(*rc::gen::inRange(1, 60)); }

RC_GTEST_PROP(ComplaintProperty, AReplayFromAnywhereIsTheLivingState, ()) {
  const Life life = AnyLife(*rc::gen::inRange(1, 40));
  RC_ASSERT(Replay(life, Complaint(), 0).SerializeAsString() == life.state.SerializeAsString());
  Life half = life;
  half.events.resize(Below(static_cast<int64_t>(life.events.size()) + 1));
  Complaint checkpoint;
  RC_ASSERT(checkpoint.ParseFromString(Replay(half, Complaint(), 0).SerializeAsString()));
  RC_ASSERT(Replay(life, checkpoint, half.events.size()).SerializeAsString() == life.state.SerializeAsString());
}

// What is said again and again by nature is kept apart by its request id, in the runtime.
bool SaysItself(const Command& command) {
  switch (command.kind_case()) {
    case Command::kAnswerComplaint:
    case Command::kAddMessage:
    case Command::kAddNote:
    case Command::kRecordFact:
    case Command::kNoteKeysDestroyed:
    case Command::kRedactText: return false;
    case Command::kAmendComplaint: return !command.amend_complaint().has_description();
    default: return true;
  }
}

RC_GTEST_PROP(ComplaintProperty, ACommandToldTwiceRecordsOnce, ()) {
  Life life = AnyLife(*rc::gen::inRange(0, 30));
  const Command command = AnyCommand(life.now);
  RC_PRE(SaysItself(command));
  life.Take(command);
  const size_t events = life.events.size();
  life.Take(command);
  RC_ASSERT(life.events.size() == events);
}

// Every event that there can be, in any state: folds accept what deciders of other builds have written.
RC_GTEST_PROP(ComplaintProperty, ApplyIsTotal, ()) {
  Life life = AnyLife(*rc::gen::inRange(0, 20));
  const auto* kinds = Event::GetDescriptor()->oneof_decl(0);
  for (int i = 0; i < kinds->field_count(); ++i) {
    Event event;
    event.GetReflection()->MutableMessage(&event, kinds->field(i));
    Complaint state = life.state;
    Apply(event, life.now, life.state.version() + 1, &state);
    RC_ASSERT(state.version() == life.state.version() + 1);
  }
}

}  // namespace
}  // namespace redress::intake
