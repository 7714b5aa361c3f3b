#include "services/redressctl/import/case_fold.h"

#include <algorithm>

namespace redress::importer {

namespace v1 = ::redress::import::v1;
namespace types = ::redress::types::v1;

int CaseFold::Apply(const Event& event) {
  const int before = complaint_.facts_size();
  const v1::Activity& activity = *event.activity;
  if (before == 0) Emit(types::FACT_KIND_RECEIVED, event.at);
  const bool ends = activity.fact() == types::FACT_KIND_RESOLVED || activity.fact() == types::FACT_KIND_WITHDRAWN;
  if (activity.note() || (ends && !open_)) return complaint_.facts_size() - before;

  if (wait_ != nullptr && wait_ != &activity) {
    Emit(wait_->until(), event.at);
    wait_ = nullptr;
  }
  if (!open_) Emit(types::FACT_KIND_REOPENED, event.at);
  open_ = !ends;
  Assign(event);
  if (activity.fact() == types::FACT_KIND_UNSPECIFIED || wait_ == &activity) return complaint_.facts_size() - before;

  auto* fact = Emit(activity.fact(), event.at);
  fact->set_outcome(activity.outcome());
  if (activity.fact() == types::FACT_KIND_ANSWERED) fact->set_stage(std::max(1u, activity.stage()));
  if (activity.fact() == types::FACT_KIND_UNASSIGNED) {
    team_.clear();
    handler_.clear();
  }
  if (activity.until() != types::FACT_KIND_UNSPECIFIED) wait_ = &activity;
  return complaint_.facts_size() - before;
}

::redress::intake::v1::ImportedFact* CaseFold::Emit(types::FactKind kind, Millis at) {
  auto* fact = complaint_.add_facts();
  fact->set_kind(kind);
  fact->set_occurred_at(at);
  return fact;
}

void CaseFold::Assign(const Event& event) {
  if (event.activity->assigns() == v1::Activity::ASSIGNS_NOBODY) return;
  const std::string team(event.team.empty() ? absl::string_view(team_) : event.team);
  std::string handler;
  if (event.activity->assigns() != v1::Activity::ASSIGNS_TEAM) {
    handler = !event.handler.empty() ? std::string(event.handler) : team == team_ ? handler_ : "";
  }
  if (team == team_ && handler == handler_) return;
  team_ = team;
  handler_ = handler;
  auto* fact = Emit(types::FACT_KIND_ASSIGNED, event.at);
  fact->set_team(team_);
  fact->set_handler(handler_);
}

}  // namespace redress::importer
