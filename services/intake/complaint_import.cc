// What an old complaint's facts make of it.
//
//   content     := "redress import facts 1" number(facts) fact*
//   fact        := number(kind) number(occurred_at) … text(evidence)                as ImportHash adds them
//   particulars := "redress import particulars 1" number(kind) … number(due_at)     as ParticularsHash adds them
//   text        := number(length) bytes                number := int64, little endian
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/ids/ids.h"
#include "libs/status/macros.h"
#include "services/intake/complaint_rules.h"
#include "services/intake/intake_errors.h"

namespace redress::intake {
namespace {

// Pieces that cannot be taken for one another.
class Encoder {
 public:
  explicit Encoder(absl::string_view what) : bytes_(what) {}
  Encoder& Number(int64_t value) {
    for (int i = 0; i < 8; ++i) bytes_.push_back(static_cast<char>(static_cast<uint64_t>(value) >> (8 * i)));
    return *this;
  }
  Encoder& Text(absl::string_view text) {
    Number(static_cast<int64_t>(text.size()));
    bytes_.append(text.data(), text.size());
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// Facts that work has begun, when nothing said so before.
bool ShowsWork(types::v1::FactKind kind) {
  switch (kind) {
    case types::v1::FACT_KIND_MADE_SAFE:
    case types::v1::FACT_KIND_WORKS_BEGUN:
    case types::v1::FACT_KIND_WORKS_ENDED:
    case types::v1::FACT_KIND_NO_ACCESS:
    case types::v1::FACT_KIND_PARTS_AWAITED:
    case types::v1::FACT_KIND_WORK_RESUMED:
    case types::v1::FACT_KIND_PARTS_ARRIVED:
    case types::v1::FACT_KIND_VISIT_STARTED:
    case types::v1::FACT_KIND_VISIT_ENDED: return true;
    default: return false;
  }
}

void ApplyFact(const types::v1::Fact& fact, Complaint* state) {
  const Millis at = fact.occurred_at();
  const bool open = IsOpen(state->state());
  switch (fact.kind()) {
    case types::v1::FACT_KIND_RECEIVED:
      if (state->received_at() == 0) state->set_received_at(at);
      break;
    case types::v1::FACT_KIND_ACKNOWLEDGED:
      if (state->acknowledged_at() == 0) state->set_acknowledged_at(at);
      if (state->state() == rows::v1::STATE_RECEIVED) state->set_state(rows::v1::STATE_ACKNOWLEDGED);
      break;
    case types::v1::FACT_KIND_ANSWERED:
      state->set_answered_at(at);
      state->set_answered_stage(fact.stage());
      break;
    case types::v1::FACT_KIND_ASSIGNED:
      state->set_team(fact.team());
      state->set_agent(fact.agent());
      break;
    case types::v1::FACT_KIND_UNASSIGNED:
      state->clear_team();
      state->clear_agent();
      break;
    case types::v1::FACT_KIND_RESOLVED:
      // The first while open counts, further ones are notes.
      if (!open) break;
      state->set_state(rows::v1::STATE_RESOLVED);
      state->set_resolved_at(at);
      state->set_outcome(fact.outcome());
      state->set_window_ends_at(at + state->reopen_window_ms());
      state->clear_confirmed_at();
      break;
    case types::v1::FACT_KIND_REOPENED:
      // What the source did counts, whatever the distance, and after a closing or withdrawal, too.
      if (open) break;
      state->set_state(rows::v1::STATE_IN_PROGRESS);
      state->set_round(state->round() + 1);
      state->set_round_began(rows::v1::ROUND_BEGAN_BY_REOPENING);
      state->set_round_began_at(at);
      state->clear_closed_at();
      state->clear_withdrawn_at();
      break;
    case types::v1::FACT_KIND_WITHDRAWN:
      if (!open) break;
      state->set_state(rows::v1::STATE_WITHDRAWN);
      state->set_withdrawn_at(at);
      break;
    default:
      if (!ShowsWork(fact.kind()) || !open) break;
      if (state->started_at() == 0) state->set_started_at(at);
      state->set_state(rows::v1::STATE_IN_PROGRESS);
      break;
  }
}

// Whether `state` is one that its window has closed.
bool HasPassed(const Complaint& state, Millis now) {
  return state.state() == rows::v1::STATE_RESOLVED && now >= state.window_ends_at();
}

// When it ended; 0 while it is open.
Millis EndedAt(const Complaint& state) {
  if (IsOpen(state.state())) return 0;
  return state.state() == rows::v1::STATE_WITHDRAWN ? state.withdrawn_at() : state.resolved_at();
}

// What the row's mapping found odd, and whether its particulars are others now: sorted, each once.
void SetFlags(const events::v1::ComplaintImported& import, const Complaint& known,
              events::v1::ImportedFactsAdded* added) {
  std::vector<std::string> flags(import.flags().begin(), import.flags().end());
  if (ParticularsHash(import) != known.particulars_hash()) flags.emplace_back(kParticularsChanged);
  std::sort(flags.begin(), flags.end());
  flags.erase(std::unique(flags.begin(), flags.end()), flags.end());
  added->mutable_flags()->Assign(flags.begin(), flags.end());
}

bool NamesHandlers(const google::protobuf::RepeatedPtrField<types::v1::Fact>& facts) {
  return std::any_of(facts.begin(), facts.end(), [](const types::v1::Fact& fact) { return !fact.agent().empty(); });
}

// The known case again: nothing, or its further facts.
Decision DecideKnown(const Complaint& state, const events::v1::ComplaintImported& import, const Moment& moment) {
  if (!state.imported()) return ComplaintExists(moment.name);
  const int known = state.fact_count();
  if (import.facts_size() < known || ImportHash(import, known) != state.content_hash()) {
    return ImportChanged(moment.name);
  }
  if (import.facts_size() == known) return Nothing();

  Event event;
  auto* added = event.mutable_imported_facts_added();
  for (int i = known; i < import.facts_size(); ++i) *added->add_facts() = import.facts(i);
  added->set_content_hash(ImportHash(import, import.facts_size()));
  SetFlags(import, state, added);
  if (!state.texts_erased() && NamesHandlers(added->facts())) {
    // Names under a key that is not this complaint's could not be forgotten with it; without them nobody could ever tell
    // who these handlers were. They were sealed by a handler whose rows were behind: it asks again.
    if (import.text_key() != state.text_key()) return TextsResealed(moment.name);
    if (import.has_handler_names()) *added->mutable_handler_names() = import.handler_names();
  }
  Complaint after = state;
  ApplyImportedFacts(added->facts(), false, &after);
  added->set_closed(HasPassed(after, moment.now));
  added->set_round(after.round());
  added->set_ended(!IsOpen(after.state()));
  added->set_ended_at(EndedAt(after));
  return One(std::move(event));
}

}  // namespace

std::string ImportHash(const events::v1::ComplaintImported& import, int facts) {
  Encoder hashed("redress import facts 1");
  hashed.Number(facts);
  for (int i = 0; i < facts && i < import.facts_size(); ++i) {
    const types::v1::Fact& fact = import.facts(i);
    hashed.Number(fact.kind()).Number(fact.occurred_at()).Number(fact.precision()).Number(fact.stage());
    hashed.Number(fact.outcome()).Text(fact.team()).Text(fact.agent()).Text(fact.reference()).Text(fact.result());
    hashed.Number(fact.until()).Text(fact.line()).Text(fact.evidence());
  }
  return ContentHash(hashed.bytes());
}

std::string ParticularsHash(const events::v1::ComplaintImported& import) {
  Encoder hashed("redress import particulars 1");
  hashed.Number(import.kind()).Text(import.category()).Number(import.channel()).Number(import.urgency());
  const events::v1::Placement& placement = import.placement();
  hashed.Text(placement.residence()).Text(placement.agency()).Text(placement.office()).Text(placement.zone());
  hashed.Number(import.due_at());
  return ContentHash(hashed.bytes());
}

void ApplyImportedFacts(const google::protobuf::RepeatedPtrField<types::v1::Fact>& facts, bool closed,
                        Complaint* state) {
  for (const types::v1::Fact& fact : facts) ApplyFact(fact, state);
  state->set_fact_count(state->fact_count() + facts.size());
  if (closed && state->state() == rows::v1::STATE_RESOLVED) {
    state->set_state(rows::v1::STATE_CLOSED);
    state->set_closed_at(state->window_ends_at());
  }
}

Decision DecideImport(const Complaint& state, const commands::v1::ImportComplaint& command, const Moment& moment) {
  const events::v1::ComplaintImported& import = command.complaint();
  if (import.facts_size() > kMaxImportedFacts) {
    return BadArgument("TOO_MANY_FACTS",
                       absl::StrCat("facts: has ", import.facts_size(), "; at most ", kMaxImportedFacts, " fit"));
  }
  if (import.facts_size() == 0 || import.facts(0).kind() != types::v1::FACT_KIND_RECEIVED) {
    return BadArgument("NOT_RECEIVED", "facts[0]: must be RECEIVED");
  }
  if (state.state() != rows::v1::STATE_UNSPECIFIED) return DecideKnown(state, import, moment);

  Event event;
  auto* imported = event.mutable_complaint_imported();
  *imported = import;
  imported->set_content_hash(ImportHash(import, import.facts_size()));
  imported->set_particulars_hash(ParticularsHash(import));
  Complaint after;
  imported->set_closed(false);
  Apply(event, moment.now, 1, &after);
  imported->set_closed(HasPassed(after, moment.now));
  imported->set_round(after.round());
  imported->set_ended(!IsOpen(after.state()));
  imported->set_ended_at(EndedAt(after));
  const Millis expired = ExpiresAt(after);
  if (expired == 0 || expired > moment.now) return One(std::move(event));
  // Had it been here, its texts would be gone: they are not even recorded, and the key that was taken for them goes.
  imported->clear_description();
  imported->clear_handler_names();
  std::vector<Event> events = One(std::move(event));
  events.push_back(TextsExpired(after, expired, moment));
  return events;
}

}  // namespace redress::intake
