#include "services/sla/facts.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/strip.h"

namespace redress::sla {
namespace {

// Stored in rows, and part of the order of facts.
uint32_t StreamNumber(absl::string_view name) {
  return name == "intake" ? 1 : name == "routing" ? 2 : name == "scheduling" ? 3 : 0;
}

// What is stored of an aggregate's name: nothing for the complaint's own.
absl::string_view StoredAggregate(absl::string_view aggregate, absl::string_view complaint) {
  absl::string_view id = aggregate;
  return absl::ConsumePrefix(&id, "complaints/") && id == complaint ? "" : aggregate;
}

void InsertOne(NotedFact fact, NotedFacts* facts) {
  facts->Add(std::move(fact));
  for (int i = facts->size() - 1; i > 0 && ComesBefore(facts->Get(i), facts->Get(i - 1)); --i) {
    facts->SwapElements(i, i - 1);
  }
}

NotedFact FromCause(const log::v1::Cause& cause, Millis recorded_at, absl::string_view complaint) {
  NotedFact fact;
  fact.set_recorded_at(recorded_at);
  fact.set_stream(StreamNumber(cause.stream()));
  const absl::string_view aggregate = StoredAggregate(cause.aggregate(), complaint);
  fact.set_aggregate(aggregate.data(), aggregate.size());
  fact.set_version(cause.version());
  return fact;
}

}  // namespace

bool ComesBefore(const NotedFact& a, const NotedFact& b) {
  const auto key = [](const NotedFact& f) {
    return std::make_tuple(f.fact().occurred_at(), f.recorded_at(), f.stream(), absl::string_view(f.aggregate()),
                           f.version(), f.index());
  };
  return key(a) < key(b);
}

void Select(const NotedFacts& facts, const AsOf& as_of, Facts* out) {
  out->clear();
  for (const NotedFact& fact : facts) {
    if (as_of.Counts(fact)) out->push_back(&fact);
  }
}

bool IsKnown(const ClockRow& row, const log::v1::Cause& cause, absl::string_view complaint) {
  const uint32_t stream = StreamNumber(cause.stream());
  const absl::string_view aggregate = StoredAggregate(cause.aggregate(), complaint);
  return std::any_of(row.facts().begin(), row.facts().end(), [&](const NotedFact& fact) {
    return fact.version() == cause.version() && fact.stream() == stream && fact.aggregate() == aggregate;
  });
}

void Insert(const events::v1::FactsNoted& noted, absl::string_view complaint, ClockRow* row) {
  int assigned = 0;
  for (int i = 0; i < noted.facts_size(); ++i) {
    NotedFact fact = FromCause(noted.cause(), noted.recorded_at(), complaint);
    *fact.mutable_fact() = noted.facts(i);
    fact.set_index(static_cast<uint32_t>(i));
    fact.set_imported(!noted.live());
    if (noted.facts(i).kind() == types::v1::FACT_KIND_ASSIGNED && assigned < noted.dimensions_size()) {
      *fact.mutable_dimensions() = noted.dimensions(assigned++);
    }
    InsertOne(std::move(fact), row->mutable_facts());
  }
}

void Insert(const events::v1::CaseAmended& amended, absl::string_view complaint, ClockRow* row) {
  NotedFact fact = FromCause(amended.cause(), amended.recorded_at(), complaint);
  fact.mutable_fact()->set_occurred_at(amended.occurred_at());
  events::v1::CaseAmended* kept = fact.mutable_amended();
  *kept = amended;
  kept->clear_cause();
  kept->clear_occurred_at();
  kept->clear_recorded_at();
  InsertOne(std::move(fact), row->mutable_facts());
}

Turn Life::Take(const NotedFact& noted) {
  const types::v1::Fact& fact = noted.fact();
  switch (fact.kind()) {
    case types::v1::FACT_KIND_RESOLVED: {
      if (!open()) return Turn::kNone;
      const bool duplicate = fact.outcome() == types::v1::OUTCOME_DUPLICATE;
      end = duplicate ? End::kDuplicate : End::kResolved;
      ended_at = fact.occurred_at();
      day_only = fact.precision() == types::v1::PRECISION_DAY;
      if (!duplicate && !resolved_once) {
        resolved_once = true;
        first_resolved_at = ended_at;
      }
      return Turn::kResolved;
    }
    case types::v1::FACT_KIND_WITHDRAWN:
      if (!open()) return Turn::kNone;
      end = End::kWithdrawn;
      ended_at = fact.occurred_at();
      day_only = fact.precision() == types::v1::PRECISION_DAY;
      return Turn::kWithdrawn;
    case types::v1::FACT_KIND_REOPENED:
      if (open()) return Turn::kNone;
      end = End::kOpen;
      day_only = false;
      ++reopenings;
      return Turn::kReopened;
    default: return Turn::kNone;
  }
}

CaseDimensions DimensionsOf(const events::v1::ClockStarted& start, const Facts& facts, bool at_receipt) {
  CaseDimensions result;
  result.agency = start.at_receipt().agency();
  result.office = start.at_receipt().office();
  result.team = start.at_receipt().team();
  result.agent = start.at_receipt().agent();
  result.category = start.category();
  result.kind = start.kind();
  result.urgency = start.urgency();
  result.channel = start.channel();
  bool assigned = false;
  for (const NotedFact* noted : facts) {
    const auto& amended = noted->amended();
    if (amended.has_kind()) result.kind = amended.kind();
    if (amended.has_category() && !at_receipt) result.category = amended.category();
    if (amended.has_urgency() && !at_receipt) result.urgency = amended.urgency();
    if (noted->fact().kind() != types::v1::FACT_KIND_ASSIGNED || (at_receipt && assigned)) continue;
    assigned = true;
    if (noted->has_dimensions()) {
      result.agency = noted->dimensions().agency();
      result.office = noted->dimensions().office();
    }
    result.team = noted->fact().team();
    result.agent = noted->fact().agent();
  }
  return result;
}

Millis ReopenWindowOf(const events::v1::ClockStarted& start, const Facts& facts) {
  for (auto it = facts.rbegin(); it != facts.rend(); ++it) {
    if ((*it)->amended().has_reopen_window_ms()) return (*it)->amended().reopen_window_ms();
  }
  return start.reopen_window_ms();
}

bool StandsOutsideFigures(types::v1::ComplaintKind kind) {
  return kind == types::v1::COMPLAINT_KIND_SUGGESTION || kind == types::v1::COMPLAINT_KIND_PRAISE ||
         kind == types::v1::COMPLAINT_KIND_EXPRESSED_NEED;
}

}  // namespace redress::sla
