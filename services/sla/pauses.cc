#include "services/sla/pauses.h"

#include <algorithm>

namespace redress::sla {
namespace {

bool IsEvidenced(const NotedFact& noted) { return noted.imported() || !noted.fact().reference().empty(); }

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

bool StopsLine(const register_v1::PauseType& type, absl::string_view line) {
  if (type.lines().empty()) return line != "acknowledge";
  return std::find(type.lines().begin(), type.lines().end(), line) != type.lines().end();
}

Millis PauseBudget::Take(const register_v1::PauseType& type, Millis length) {
  auto it = std::find_if(used_.begin(), used_.end(), [&](const auto& entry) { return entry.first == &type; });
  if (it == used_.end()) it = used_.insert(used_.end(), {&type, 0});
  const Millis given = std::clamp<Millis>(type.budget_hours() * kHour - it->second, 0, length);
  it->second += given;
  return given;
}

}  // namespace redress::sla
