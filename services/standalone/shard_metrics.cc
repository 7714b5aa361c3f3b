#include "services/standalone/shard_metrics.h"

#include "absl/strings/str_cat.h"
#include "libs/runtime/rows.h"

namespace redress {

ShardMetrics::ShardMetrics(const Node* node, Metrics* metrics) : node_(node), metrics_(metrics) {
  hook_ = metrics_->OnCollect([this] { Refresh(); });
}

void ShardMetrics::Refresh() {
  for (const log::Stream stream : log::kAllStreams) {
    runtime::ServiceRuntime* runtime = node_->runtime(stream);
    if (runtime == nullptr) continue;
    const auto rows = runtime->ReadNow();
    for (const runtime::ShardStatus& status : runtime->Status()) {
      const MetricLabels labels = {{"service", std::string(log::StreamName(stream))},
                                   {"shard", absl::StrCat(status.id.shard)}};
      const auto set = [&](const char* name, const char* help, double value) {
        metrics_->GetGauge(name, help, labels).Set(value);
      };
      set("redress_shard_owned", "1 while this instance owns the shard.", status.owner ? 1 : 0);
      set("redress_shard_caught_up", "1 once the shard has read its log up to the end.", status.caught_up ? 1 : 0);
      set("redress_tail_lag_seconds", "Age of the record applied last, 0 when all are applied.",
          static_cast<double>(status.tail_lag_ms) / 1000);
      set("redress_reactor_lag_seconds", "Age of the input read last, 0 when all are read.",
          static_cast<double>(status.reactor_lag_ms) / 1000);
      set("redress_queue_age_seconds", "Age of the oldest order that waits.",
          static_cast<double>(status.queue_age_ms) / 1000);
      set("redress_queue_length", "Orders that wait.", static_cast<double>(status.queued));
      set("redress_claims", "Claims read since start.", static_cast<double>(status.claims));
      set("redress_voids", "Void records read since start.", static_cast<double>(status.voids));
      set("redress_records_applied", "Accepted records applied since start.", static_cast<double>(status.applied));
      set("redress_timers_fired", "Timers fired since start.", static_cast<double>(status.timers_fired));
      set("redress_timers_due", "Timers whose time has come and that have not fired yet.",
          static_cast<double>(status.timers_due));
      set("redress_parked_inputs", "Inputs that wait for an operator.",
          static_cast<double>(runtime::ListParked(*rows, static_cast<uint16_t>(status.id.shard)).size()));
    }
  }
}

}  // namespace redress
