#include "services/sla/segments.h"

#include <algorithm>
#include <optional>

namespace redress::sla {
namespace {

using types::v1::FactKind;

// Names of what is open: visits, orders. There are few.
class OpenSet {
 public:
  void Add(absl::string_view name) {
    if (std::find(names_.begin(), names_.end(), name) == names_.end()) names_.push_back(name);
  }
  bool Remove(absl::string_view name) {
    const auto it = std::find(names_.begin(), names_.end(), name);
    if (it == names_.end()) return false;
    names_.erase(it);
    return true;
  }
  // What a report without a name ends: the oldest.
  void RemoveOldest() {
    if (!names_.empty()) names_.erase(names_.begin());
  }
  bool empty() const { return names_.empty(); }

 private:
  std::vector<absl::string_view> names_;
};

class WaitingState {
 public:
  explicit WaitingState(const std::vector<PauseSpan>& pauses) : pauses_(pauses) {}

  void Take(size_t index, const NotedFact& noted) {
    if (life_.Take(noted) == Turn::kReopened) budget_ = PauseBudget();
    const types::v1::Fact& fact = noted.fact();
    switch (fact.kind()) {
      case types::v1::FACT_KIND_VISIT_REQUESTED:
      case types::v1::FACT_KIND_VISIT_BOOKED: waiting_visits_.Add(fact.reference()); break;
      case types::v1::FACT_KIND_VISIT_STARTED:
        waiting_visits_.Remove(fact.reference());
        begun_visits_.Add(fact.reference());
        break;
      case types::v1::FACT_KIND_VISIT_ENDED:
      case types::v1::FACT_KIND_NO_ACCESS:
        waiting_visits_.Remove(fact.reference());
        begun_visits_.Remove(fact.reference());
        break;
      case types::v1::FACT_KIND_CONTRACTOR_ORDERED: orders_.Add(fact.reference()); break;
      case types::v1::FACT_KIND_CONTRACTOR_REPORTED:
        if (!orders_.Remove(fact.reference())) orders_.RemoveOldest();
        break;
      case types::v1::FACT_KIND_ASSIGNED:
        has_team_ = true;
        has_agent_ = !fact.agent().empty();
        break;
      case types::v1::FACT_KIND_UNASSIGNED: has_agent_ = false; break;
      default: break;
    }
    for (const PauseSpan& span : pauses_) {
      if (span.begin_index != index) continue;
      const Millis given = budget_.Take(*span.type, span.end - std::max<Millis>(span.begin, 0));
      running_.push_back({span.type, index, span.begin + given});
    }
  }

  // The state from `at` on, and until when it lasts if no fact comes before.
  WaitState At(Millis at, const register_v1::PauseType** pause, Millis* until) const {
    *until = kForEver;
    if (!life_.open()) return WaitState::kResolvedUnconfirmed;
    for (const Running& one : running_) {
      if (one.ends <= at) continue;
      *pause = one.type;
      *until = one.ends;
      return WaitState::kPaused;
    }
    if (!begun_visits_.empty()) return WaitState::kVisitUnderWay;
    if (!orders_.empty()) return WaitState::kWaitingForContractor;
    if (!waiting_visits_.empty()) return WaitState::kWaitingForAppointment;
    if (!has_team_) return WaitState::kNotRouted;
    return has_agent_ ? WaitState::kInHand : WaitState::kWaitingForAssignee;
  }
  int round() const { return life_.reopenings; }

 private:
  struct Running {
    const register_v1::PauseType* type;
    size_t index;
    Millis ends;
  };

  const std::vector<PauseSpan>& pauses_;
  Life life_;
  PauseBudget budget_;
  OpenSet waiting_visits_;
  OpenSet begun_visits_;
  OpenSet orders_;
  bool has_team_ = false;
  bool has_agent_ = false;
  std::vector<Running> running_;
};

void Add(const WaitSegment& segment, std::vector<WaitSegment>* out) {
  if (segment.end <= segment.begin) return;
  if (!out->empty()) {
    WaitSegment& last = out->back();
    if (last.state == segment.state && last.pause == segment.pause && last.round == segment.round) {
      last.end = segment.end;
      return;
    }
  }
  out->push_back(segment);
}

}  // namespace

std::vector<WaitSegment> SegmentsOf(Millis received, Millis until, const Facts& facts,
                                    const register_v1::ObligationPack* pack) {
  std::vector<WaitSegment> segments;
  const std::vector<PauseSpan> pauses = PauseSpansOf(facts, pack);
  WaitingState state(pauses);
  Millis at = received;
  const NotedFact* cause = nullptr;
  const auto fill_until = [&](Millis to) {
    while (at < to) {
      WaitSegment segment;
      Millis lasts = kForEver;
      segment.state = state.At(at, &segment.pause, &lasts);
      segment.round = state.round();
      segment.begin = at;
      segment.end = std::min(to, lasts);
      segment.cause = cause;
      Add(segment, &segments);
      at = segment.end;
      if (at < to) cause = nullptr;
    }
  };
  for (size_t i = 0; i < facts.size(); ++i) {
    fill_until(std::min(facts[i]->fact().occurred_at(), until));
    state.Take(i, *facts[i]);
    cause = facts[i];
  }
  fill_until(until);
  return segments;
}

absl::string_view RuleOf(WaitState state) {
  switch (state) {
    case WaitState::kResolvedUnconfirmed: return "it was said to be resolved, and was re-opened later";
    case WaitState::kPaused: return "a pause of this type was running, within its budget";
    case WaitState::kVisitUnderWay: return "a visit had begun and not ended";
    case WaitState::kWaitingForContractor: return "a contractor had been ordered and had not reported";
    case WaitState::kWaitingForAppointment: return "a visit had been requested or booked and had not begun";
    case WaitState::kWaitingForAssignee: return "a team had it, and nobody of the team";
    case WaitState::kNotRouted: return "no team had it yet";
    case WaitState::kInHand: return "somebody had it, and it waited for nothing else that is known";
  }
  return "";
}

}  // namespace redress::sla
