#include "services/sla/pauses.h"

#include <algorithm>

#include "absl/strings/match.h"

namespace redress::sla {
namespace {

// Facts whose `reference` says which visit or order they are about.
bool RefersToWork(const types::v1::Fact& fact) {
  switch (fact.kind()) {
    case types::v1::FACT_KIND_VISIT_REQUESTED:
    case types::v1::FACT_KIND_VISIT_BOOKED:
    case types::v1::FACT_KIND_VISIT_STARTED:
    case types::v1::FACT_KIND_VISIT_ENDED:
    case types::v1::FACT_KIND_CONTRACTOR_ORDERED:
    case types::v1::FACT_KIND_CONTRACTOR_REPORTED:
    case types::v1::FACT_KIND_RESOLVED: return true;
    default: return absl::StartsWith(fact.reference(), "interventions/");
  }
}

bool IsEvidenced(const NotedFact& noted) { return noted.imported() || !EvidenceOf(noted.fact()).empty(); }

bool Ends(const register_v1::PauseType& type, types::v1::FactKind kind) {
  return std::find(type.ends().begin(), type.ends().end(), kind) != type.ends().end();
}

}  // namespace

std::vector<PauseSpan> PauseSpansOf(const Facts& facts, const register_v1::ObligationPack* pack) {
  std::vector<PauseSpan> spans;
  if (pack == nullptr || pack->pauses().empty()) return spans;
  Life life;
  for (size_t i = 0; i < facts.size(); ++i) {
    const NotedFact& noted = *facts[i];
    const types::v1::FactKind kind = noted.fact().kind();
    const bool over = life.Take(noted) != Turn::kNone && !life.open();
    if (kind == types::v1::FACT_KIND_UNSPECIFIED) continue;
    for (PauseSpan& span : spans) {
      if (span.end_index != kNever || !(over || Ends(*span.type, kind))) continue;
      span.end_index = i;
      span.end = noted.fact().occurred_at();
    }
    if (!life.open() || !IsEvidenced(noted)) continue;
    for (const register_v1::PauseType& type : pack->pauses()) {
      if (type.begins() != kind) continue;
      const bool running = std::any_of(spans.begin(), spans.end(), [&](const PauseSpan& span) {
        return span.type == &type && span.end_index == kNever;
      });
      if (!running) spans.push_back({&type, &noted, i, kNever, noted.fact().occurred_at(), kForEver});
    }
  }
  return spans;
}

const std::string& EvidenceOf(const types::v1::Fact& fact) {
  return fact.evidence().empty() && !RefersToWork(fact) ? fact.reference() : fact.evidence();
}

bool StopsLine(const register_v1::PauseType& type, const register_v1::Line& line) {
  if (type.lines().empty()) return !line.not_pausable();
  return std::find(type.lines().begin(), type.lines().end(), line.id()) != type.lines().end();
}

Millis PauseBudget::Take(const register_v1::PauseType& type, Millis length) {
  auto it = std::find_if(used_.begin(), used_.end(), [&](const auto& entry) { return entry.first == &type; });
  if (it == used_.end()) it = used_.insert(used_.end(), {&type, 0});
  const Millis given = std::clamp<Millis>(type.budget_hours() * kHour - it->second, 0, length);
  it->second += given;
  return given;
}

}  // namespace redress::sla
