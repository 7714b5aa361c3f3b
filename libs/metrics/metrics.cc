#include "libs/metrics/metrics.h"

#include <map>

#include "libs/status/mutex.h"

namespace redress {
namespace {

class NullCounter : public Counter {
 public:
  void Add(double) override {}
};
class NullGauge : public Gauge {
 public:
  void Set(double) override {}
  void Add(double) override {}
};
class NullHistogram : public Histogram {
 public:
  void Observe(double) override {}
};

}  // namespace

const std::vector<double>& LatencyBuckets() {
  static const auto& buckets =
      *new std::vector<double>{0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30};
  return buckets;
}

Counter& NullMetrics::GetCounter(const std::string&, const std::string&, const MetricLabels&) {
  static NullCounter counter;
  return counter;
}
Gauge& NullMetrics::GetGauge(const std::string&, const std::string&, const MetricLabels&) {
  static NullGauge gauge;
  return gauge;
}
Histogram& NullMetrics::GetHistogram(const std::string&, const std::string&, const MetricLabels&,
                                     const std::vector<double>&) {
  static NullHistogram histogram;
  return histogram;
}
std::shared_ptr<void> NullMetrics::OnCollect(std::function<void()>) { return nullptr; }

struct CollectHooks::State {
  Mutex mutex;
  int next ABSL_GUARDED_BY(mutex) = 0;
  std::map<int, std::function<void()>> hooks ABSL_GUARDED_BY(mutex);
};

CollectHooks::CollectHooks() : state_(std::make_shared<State>()) {}

std::shared_ptr<void> CollectHooks::Add(std::function<void()> refresh) {
  MutexLock lock(state_->mutex);
  const int id = state_->next++;
  state_->hooks.emplace(id, std::move(refresh));
  return std::shared_ptr<void>(nullptr, [state = state_, id](void*) {
    MutexLock lock(state->mutex);
    state->hooks.erase(id);
  });
}

void CollectHooks::Run() const {
  // Held while they run, so that whoever destroys a token knows that its callback is over.
  MutexLock lock(state_->mutex);
  for (const auto& [id, hook] : state_->hooks) hook();
}

}  // namespace redress
