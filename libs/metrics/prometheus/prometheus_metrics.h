// Metrics for Prometheus, and the HTTP endpoint that it reads.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "libs/metrics/metrics.h"

namespace redress {

class PrometheusMetrics : public Metrics {
 public:
  PrometheusMetrics();
  ~PrometheusMetrics() override;

  Counter& GetCounter(const std::string& name, const std::string& help, const MetricLabels& labels) override;
  Gauge& GetGauge(const std::string& name, const std::string& help, const MetricLabels& labels) override;
  Histogram& GetHistogram(const std::string& name, const std::string& help, const MetricLabels& labels,
                          const std::vector<double>& buckets) override;
  std::shared_ptr<void> OnCollect(std::function<void()> refresh) override;

  // All figures in the text format of Prometheus.
  std::string Text() const;

 private:
  friend class MetricsEndpoint;
  class State;
  const std::shared_ptr<State> state_;
};

// Serves the figures at http://host:port/metrics until destroyed, on threads of civetweb's.
class MetricsEndpoint {
 public:
  // `address` is host:port, port 0 takes a free one. `metrics` outlives it. FAILED_PRECONDITION (CANNOT_LISTEN).
  static absl::StatusOr<std::unique_ptr<MetricsEndpoint>> Start(const std::string& address, PrometheusMetrics* metrics);
  ~MetricsEndpoint();
  int port() const;

 private:
  class Impl;
  explicit MetricsEndpoint(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace redress
