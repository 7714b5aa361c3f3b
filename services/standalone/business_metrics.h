// How the landlord stands, as figures for Prometheus, from the rows of sla:
//
//   redress_complaints{state}                     open, resolved, withdrawn, duplicate: all that are known
//   redress_complaints_received                   their sum, and what stands outside the figures (praise …)
//   redress_obligations_open{standing}            overdue, within_a_day, later: lines that run, by due instant
//   redress_time_to_resolution_seconds{quantile}  0.5 and 0.9, provisional, Kaplan-Meier, of complaints received in the
//                                                 last 90 days; NaN while it is not reached
//   redress_business_figures_age_seconds          since they were computed
//
// One scan of all cases a look: far too dear for a scrape. It runs by itself, at most once a minute, and never takes
// more than a twentieth of its strand's time.
#pragma once

#include <atomic>
#include <memory>

#include "libs/clock/clock.h"
#include "libs/metrics/metrics.h"
#include "services/standalone/node.h"

namespace redress {

class BusinessMetrics {
 public:
  // All outlive it; looks run on `executor`, the first when the figures' service is ready.
  BusinessMetrics(const Node* node, Executor* executor, const Clock* clock, Metrics* metrics);
  // The executor has stopped, or runs nothing of it any more.
  ~BusinessMetrics();

 private:
  void LookSoon(Millis delay);
  void Look();

  const Node* const node_;
  Executor* const executor_;
  const Clock* const clock_;
  Metrics* const metrics_;
  std::atomic<Millis> looked_at_{-1};  // monotonic
  std::shared_ptr<void> alive_ = std::make_shared<int>(0);
  std::shared_ptr<void> hook_;
};

}  // namespace redress
