// How the shards stand, as figures for Prometheus: read when they are asked for, kept nowhere.
#pragma once

#include <memory>

#include "libs/metrics/metrics.h"
#include "services/standalone/node.h"

namespace redress {

// redress_shard_owned, redress_shard_caught_up, redress_tail_lag_seconds, redress_reactor_lag_seconds,
// redress_queue_age_seconds, redress_queue_length, redress_claims, redress_voids, redress_records_applied,
// redress_timers_fired, redress_timers_due, redress_parked_inputs; by service and shard.
class ShardMetrics {
 public:
  // Both outlive it.
  ShardMetrics(const Node* node, Metrics* metrics);

 private:
  void Refresh();

  const Node* const node_;
  Metrics* const metrics_;
  std::shared_ptr<void> hook_;
};

}  // namespace redress
