#include "services/standalone/business_metrics.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string>

#include "services/sla/sla_projection.h"
#include "services/sla/time_to_resolution.h"

namespace redress {
namespace {

constexpr Millis kEvery = kMinute;
constexpr Millis kNotReady = kSecond;
constexpr int kShareOfStrand = 20;
constexpr Millis kCohort = 90 * kDay;

const char* NameOf(sla::Life::End end) {
  switch (end) {
    case sla::Life::End::kOpen: return "open";
    case sla::Life::End::kResolved: return "resolved";
    case sla::Life::End::kWithdrawn: return "withdrawn";
    case sla::Life::End::kDuplicate: return "duplicate";
  }
  return "";
}

}  // namespace

BusinessMetrics::BusinessMetrics(const Node* node, Executor* executor, const Clock* clock, Metrics* metrics)
    : node_(node), executor_(executor), clock_(clock), metrics_(metrics) {
  hook_ = metrics_->OnCollect([this] {
    const Millis at = looked_at_;
    if (at < 0) return;
    metrics_->GetGauge("redress_business_figures_age_seconds", "Since the business figures were computed.", {})
        .Set(static_cast<double>(clock_->Monotonic() - at) / 1000);
  });
  LookSoon(0);
}

BusinessMetrics::~BusinessMetrics() = default;

void BusinessMetrics::LookSoon(Millis delay) {
  executor_->PostAfter(delay, [this, alive = std::weak_ptr<void>(alive_)] {
    if (!alive.expired()) Look();
  });
}

void BusinessMetrics::Look() {
  const runtime::ServiceRuntime* runtime = node_->runtime(log::Stream::kSla);
  if (runtime == nullptr) return;
  if (!node_->Readiness(log::Stream::kSla).ok()) return LookSoon(kNotReady);
  const Millis begun = clock_->Monotonic();
  const auto rows = runtime->ReadNow();
  const Millis now = clock_->Now();

  std::map<std::string, int64_t> complaints = {{"open", 0}, {"resolved", 0}, {"withdrawn", 0}, {"duplicate", 0}};
  int64_t received = 0;
  sla::Question question;
  question.now = now;
  sla::TtrFigures figures(now);
  sla::CaseView view;
  sla::ForEachCase(*rows, runtime->shard_count(), [&](absl::string_view, const auto& row) {
    if (!sla::Look(row, question, &view)) return;
    ++received;
    if (sla::StandsOutsideFigures(view.dimensions.kind)) return;
    ++complaints[NameOf(view.life.end)];
    if (view.received() >= now - kCohort) figures.Add(0, view);
  });
  std::map<std::string, int64_t> lines = {{"overdue", 0}, {"within_a_day", 0}, {"later", 0}};
  sla::ScanAtRisk(*rows, runtime->shard_count(), "", [&](const sla::AtRisk& line) {
    ++lines[line.due <= now ? "overdue" : line.due <= now + kDay ? "within_a_day" : "later"];
    return true;
  });

  const auto set = [this](const char* name, const char* help, const MetricLabels& labels, double value) {
    metrics_->GetGauge(name, help, labels).Set(value);
  };
  for (const auto& [state, count] : complaints) {
    set("redress_complaints", "Complaints by how they stand.", {{"state", state}}, static_cast<double>(count));
  }
  set("redress_complaints_received", "Complaints, praise and suggestions known.", {}, static_cast<double>(received));
  for (const auto& [standing, count] : lines) {
    set("redress_obligations_open", "Running obligation lines by time left.", {{"standing", standing}},
        static_cast<double>(count));
  }
  const sla::TtrRow total = figures.Total(sla::View::kProvisional);
  for (const auto& [share, quantile] : {std::pair(0.5, "0.5"), std::pair(0.9, "0.9")}) {
    const auto index = std::find(sla::kShares.begin(), sla::kShares.end(), share) - sla::kShares.begin();
    const bool reached =
        static_cast<size_t>(index) < total.percentiles.size() && total.percentiles[static_cast<size_t>(index)];
    set("redress_time_to_resolution_seconds", "Provisional, of complaints received in the last 90 days.",
        {{"quantile", quantile}},
        reached ? total.percentiles[static_cast<size_t>(index)]->time / 1000
                : std::numeric_limits<double>::quiet_NaN());
  }
  looked_at_ = clock_->Monotonic();
  LookSoon(std::max(kEvery, (clock_->Monotonic() - begun) * kShareOfStrand));
}

}  // namespace redress
