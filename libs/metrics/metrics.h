// Figures about the running process: counters, gauges, histograms, each with labels.
//
// Names end in their unit (redress_queue_age_seconds, redress_claims_total). Labels have few values, known beforehand:
// a stream, a shard, a method, a code; never an id, a place or anything of a person.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace redress {

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

// All are thread-safe, cheap, and live as long as the Metrics they come from.
class Counter {
 public:
  virtual ~Counter() = default;
  // `by` is not negative.
  virtual void Add(double by = 1) = 0;
};

class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void Set(double value) = 0;
  virtual void Add(double by) = 0;
};

class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void Observe(double value) = 0;
};

// Upper bounds in seconds for the latency of a call: 1 ms to 30 s.
const std::vector<double>& LatencyBuckets();

// Thread-safe. The same name and labels give the same object. A name that is malformed or of another kind ends the
// process: that is a mistake in the program. Looking one up takes a lock: keep the reference where it is used often.
class Metrics {
 public:
  virtual ~Metrics() = default;
  virtual Counter& GetCounter(const std::string& name, const std::string& help, const MetricLabels& labels) = 0;
  virtual Gauge& GetGauge(const std::string& name, const std::string& help, const MetricLabels& labels) = 0;
  // `buckets`: rising upper bounds; the same for all labels of a name.
  virtual Histogram& GetHistogram(const std::string& name, const std::string& help, const MetricLabels& labels,
                                  const std::vector<double>& buckets) = 0;
  // Runs `refresh` before each reading of the figures, on the reader's thread, until the token is destroyed (which
  // waits for one that runs): for gauges that are cheaper to ask for than to keep, such as lags. It must not block for
  // long.
  [[nodiscard]] virtual std::shared_ptr<void> OnCollect(std::function<void()> refresh) = 0;
};

// Keeps nothing.
class NullMetrics : public Metrics {
 public:
  Counter& GetCounter(const std::string&, const std::string&, const MetricLabels&) override;
  Gauge& GetGauge(const std::string&, const std::string&, const MetricLabels&) override;
  Histogram& GetHistogram(const std::string&, const std::string&, const MetricLabels&,
                          const std::vector<double>&) override;
  std::shared_ptr<void> OnCollect(std::function<void()>) override;
};

// The callbacks of OnCollect, for implementations. Thread-safe.
class CollectHooks {
 public:
  CollectHooks();
  std::shared_ptr<void> Add(std::function<void()> refresh);
  void Run() const;

 private:
  struct State;
  // Shared with the tokens, which may outlive this.
  const std::shared_ptr<State> state_;
};

}  // namespace redress
