// Metrics that a test can read back.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "libs/metrics/metrics.h"
#include "libs/status/mutex.h"

namespace redress {

// Thread-safe.
class InMemoryMetrics : public Metrics {
 public:
  Counter& GetCounter(const std::string& name, const std::string&, const MetricLabels& labels) override {
    return Get(name, labels);
  }
  Gauge& GetGauge(const std::string& name, const std::string&, const MetricLabels& labels) override {
    return Get(name, labels);
  }
  Histogram& GetHistogram(const std::string& name, const std::string&, const MetricLabels& labels,
                          const std::vector<double>&) override {
    return Get(name, labels);
  }
  std::shared_ptr<void> OnCollect(std::function<void()> refresh) override { return hooks_.Add(std::move(refresh)); }

  // Of "name" or "name{label=value,other=value}"; of a histogram, how many were observed. 0 if there is none. Runs
  // OnCollect's callbacks first.
  double Value(const std::string& series) {
    hooks_.Run();
    MutexLock lock(mutex_);
    const auto found = series_.find(series);
    return found == series_.end() ? 0 : found->second->value();
  }

 private:
  class Series : public Counter, public Gauge, public Histogram {
   public:
    void Add(double by) override {
      MutexLock lock(mutex_);
      value_ += by;
    }
    void Set(double value) override {
      MutexLock lock(mutex_);
      value_ = value;
    }
    void Observe(double) override { Add(1); }
    double value() {
      MutexLock lock(mutex_);
      return value_;
    }

   private:
    Mutex mutex_;
    double value_ ABSL_GUARDED_BY(mutex_) = 0;
  };

  Series& Get(const std::string& name, const MetricLabels& labels) {
    std::string key = name;
    for (size_t i = 0; i < labels.size(); ++i) {
      absl::StrAppend(&key, i == 0 ? "{" : ",", labels[i].first, "=", labels[i].second);
    }
    if (!labels.empty()) key += "}";
    MutexLock lock(mutex_);
    auto& series = series_[key];
    if (series == nullptr) series = std::make_unique<Series>();
    return *series;
  }

  CollectHooks hooks_;
  Mutex mutex_;
  std::map<std::string, std::unique_ptr<Series>> series_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace redress
