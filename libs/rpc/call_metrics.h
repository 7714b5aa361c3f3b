// Calls as figures: redress_calls_open, redress_call_seconds, redress_calls_total by method and code.
#pragma once

#include <string>

#include "absl/container/flat_hash_map.h"
#include "libs/metrics/metrics.h"
#include "libs/rpc/call_observer.h"
#include "libs/status/mutex.h"

namespace redress::rpc {

// Thread-safe. `metrics` outlives it.
class CallMetrics : public CallObserver {
 public:
  explicit CallMetrics(Metrics* metrics) : metrics_(metrics) {}
  void Begun(absl::string_view method) override;
  void Ended(absl::string_view method, absl::StatusCode code, Millis took) override;

 private:
  struct Figures {
    Gauge* open = nullptr;
    Histogram* seconds = nullptr;
    absl::flat_hash_map<absl::StatusCode, Counter*> by_code;
  };
  Figures& Of(absl::string_view method) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Metrics* const metrics_;
  Mutex mutex_;
  absl::flat_hash_map<std::string, Figures> figures_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace redress::rpc
