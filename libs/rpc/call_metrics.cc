#include "libs/rpc/call_metrics.h"

namespace redress::rpc {

CallMetrics::Figures& CallMetrics::Of(absl::string_view method) {
  Figures& figures = figures_[method];
  if (figures.open == nullptr) {
    const MetricLabels labels = {{"method", std::string(method)}};
    figures.open = &metrics_->GetGauge("redress_calls_open", "Calls that have begun and not ended.", labels);
    figures.seconds = &metrics_->GetHistogram("redress_call_seconds", "From begin to end of a call, streams included.",
                                              labels, LatencyBuckets());
  }
  return figures;
}

void CallMetrics::Begun(absl::string_view method) {
  MutexLock lock(mutex_);
  Of(method).open->Add(1);
}

void CallMetrics::Ended(absl::string_view method, absl::StatusCode code, Millis took) {
  MutexLock lock(mutex_);
  Figures& figures = Of(method);
  figures.open->Add(-1);
  figures.seconds->Observe(static_cast<double>(took) / kSecond);
  Counter*& counter = figures.by_code[code];
  if (counter == nullptr) {
    counter = &metrics_->GetCounter("redress_calls_total", "Calls ended, by method and code.",
                                    {{"method", std::string(method)}, {"code", absl::StatusCodeToString(code)}});
  }
  counter->Add();
}

}  // namespace redress::rpc
