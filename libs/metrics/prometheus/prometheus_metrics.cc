#include "libs/metrics/prometheus/prometheus_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"
#include "libs/status/mutex.h"

namespace redress {
namespace {

class PrometheusCounter : public Counter {
 public:
  explicit PrometheusCounter(prometheus::Counter* counter) : counter_(counter) {}
  void Add(double by) override { counter_->Increment(by); }

 private:
  prometheus::Counter* const counter_;
};

class PrometheusGauge : public Gauge {
 public:
  explicit PrometheusGauge(prometheus::Gauge* gauge) : gauge_(gauge) {}
  void Set(double value) override { gauge_->Set(value); }
  void Add(double by) override { gauge_->Increment(by); }

 private:
  prometheus::Gauge* const gauge_;
};

class PrometheusHistogram : public Histogram {
 public:
  explicit PrometheusHistogram(prometheus::Histogram* histogram) : histogram_(histogram) {}
  void Observe(double value) override { histogram_->Observe(value); }

 private:
  prometheus::Histogram* const histogram_;
};

prometheus::Labels ToLabels(const MetricLabels& labels) { return {labels.begin(), labels.end()}; }

// The library throws at malformed names and at one name of two kinds.
template <typename Make>
auto& OrDie(const std::string& name, Make make) {
  try {
    return make();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "metric %s: %s\n", name.c_str(), e.what());
    std::abort();
  }
}

}  // namespace

class PrometheusMetrics::State : public prometheus::Collectable {
 public:
  std::vector<prometheus::MetricFamily> Collect() const override {
    hooks_.Run();
    return registry_.Collect();
  }

  // The wrapper of `metric`, made when it is new.
  template <typename Wrapper, typename Port, typename Metric>
  Port& Wrap(std::map<Metric*, std::unique_ptr<Port>>* wrappers, Metric& metric) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    auto& wrapper = (*wrappers)[&metric];
    if (wrapper == nullptr) wrapper = std::make_unique<Wrapper>(&metric);
    return *wrapper;
  }

  prometheus::Registry registry_;
  CollectHooks hooks_;
  Mutex mutex_;
  std::map<prometheus::Counter*, std::unique_ptr<Counter>> counters_ ABSL_GUARDED_BY(mutex_);
  std::map<prometheus::Gauge*, std::unique_ptr<Gauge>> gauges_ ABSL_GUARDED_BY(mutex_);
  std::map<prometheus::Histogram*, std::unique_ptr<Histogram>> histograms_ ABSL_GUARDED_BY(mutex_);
};

PrometheusMetrics::PrometheusMetrics() : state_(std::make_shared<State>()) {}
PrometheusMetrics::~PrometheusMetrics() = default;

Counter& PrometheusMetrics::GetCounter(const std::string& name, const std::string& help, const MetricLabels& labels) {
  MutexLock lock(state_->mutex_);
  auto& metric = OrDie(name, [&]() -> prometheus::Counter& {
    return prometheus::BuildCounter().Name(name).Help(help).Register(state_->registry_).Add(ToLabels(labels));
  });
  return state_->Wrap<PrometheusCounter>(&state_->counters_, metric);
}

Gauge& PrometheusMetrics::GetGauge(const std::string& name, const std::string& help, const MetricLabels& labels) {
  MutexLock lock(state_->mutex_);
  auto& metric = OrDie(name, [&]() -> prometheus::Gauge& {
    return prometheus::BuildGauge().Name(name).Help(help).Register(state_->registry_).Add(ToLabels(labels));
  });
  return state_->Wrap<PrometheusGauge>(&state_->gauges_, metric);
}

Histogram& PrometheusMetrics::GetHistogram(const std::string& name, const std::string& help, const MetricLabels& labels,
                                           const std::vector<double>& buckets) {
  MutexLock lock(state_->mutex_);
  auto& metric = OrDie(name, [&]() -> prometheus::Histogram& {
    return prometheus::BuildHistogram()
        .Name(name)
        .Help(help)
        .Register(state_->registry_)
        .Add(ToLabels(labels), buckets);
  });
  return state_->Wrap<PrometheusHistogram>(&state_->histograms_, metric);
}

std::shared_ptr<void> PrometheusMetrics::OnCollect(std::function<void()> refresh) {
  return state_->hooks_.Add(std::move(refresh));
}

std::string PrometheusMetrics::Text() const { return prometheus::TextSerializer().Serialize(state_->Collect()); }

class MetricsEndpoint::Impl {
 public:
  Impl(const std::string& address, const std::shared_ptr<prometheus::Collectable>& figures)
      : exposer_(address, /*num_threads=*/2) {
    exposer_.RegisterCollectable(figures);
  }
  int port() const { return exposer_.GetListeningPorts().at(0); }

 private:
  prometheus::Exposer exposer_;
};

MetricsEndpoint::MetricsEndpoint(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MetricsEndpoint::~MetricsEndpoint() = default;
int MetricsEndpoint::port() const { return impl_->port(); }

absl::StatusOr<std::unique_ptr<MetricsEndpoint>> MetricsEndpoint::Start(const std::string& address,
                                                                        PrometheusMetrics* metrics) {
  try {
    return std::unique_ptr<MetricsEndpoint>(new MetricsEndpoint(std::make_unique<Impl>(address, metrics->state_)));
  } catch (const std::exception& e) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "CANNOT_LISTEN",
                     absl::StrCat("cannot serve metrics on ", address, ": ", e.what()));
  }
}

}  // namespace redress
