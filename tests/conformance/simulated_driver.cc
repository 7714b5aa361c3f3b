#include <array>

#include "libs/clock/fake_clock.h"
#include "libs/log/simulated/simulated_log.h"
#include "tests/conformance/log_driver.h"

namespace redress::log {
namespace {

Faults EverythingGoesWrong() {
  return {.append = {0, 20},
          .between = {0, 3},
          .report = {0, 10},
          .arrival = {0, 30},
          .end_of = {0, 10},
          .timeout = {20, 60},
          .late = {1, 300},
          .refused = 0.04,
          .lost = 0.06,
          .landed_unknown = 0.06,
          .landed_late = 0.08,
          .partial = 0.06,
          .twice = 0.08,
          .sparse = 0.1,
          .stale_end = 0.2,
          .unavailable = 0.1};
}

class SimulatedDriver : public LogDriver {
 public:
  SimulatedDriver(uint64_t seed, bool faulty) : ids_(seed), faulty_(faulty) {
    if (faulty_) brokers_.set_faults(EverythingGoesWrong());
    Connect();
  }

  Log& log(int instance) override { return *connections_[instance]; }

  bool WaitFor(const std::function<bool()>& condition) override {
    for (int i = 0; i < 100'000; ++i) {
      if (condition()) return true;
      executor_.RunFor(1);
    }
    return false;
  }
  void Pump() override { executor_.RunFor(static_cast<Millis>(ids_.Random64() % 20)); }

  void Calm() override {
    brokers_.set_faults({});
    faulty_ = false;
    if (!brokers_.running()) brokers_.Restart();
    for (auto& connection : connections_) {
      connection->Mend();
      connection->Slow({});
    }
    executor_.RunFor(10 * kSecond);
  }

  void Restart() override {
    for (auto& connection : connections_) connection.reset();
    brokers_.Crash(SimulatedLog::Unsynced::kForgotten);
    brokers_.Restart();
    Connect();
  }

  bool faulty() const override { return faulty_; }

  void Disturb(uint64_t random) override {
    if (!faulty_) return;
    SimulatedConnection& connection = *connections_[random / 8 % kInstances];
    switch (random % 8) {
      case 0: return connection.Cut();
      case 1: return connection.Slow({10, 40});
      case 2:
        if (!brokers_.running()) return;
        return brokers_.Crash(random % 16 == 2 ? SimulatedLog::Unsynced::kKept : SimulatedLog::Unsynced::kForgotten);
      case 3:
      case 4:
        if (!brokers_.running()) brokers_.Restart();
        return;
      case 5: return connection.Slow({});
      default: return connection.Mend();
    }
  }

 private:
  void Connect() {
    for (auto& connection : connections_) connection = brokers_.Connect();
  }

  FakeClock clock_{1'700'000'000'000};
  FakeExecutor executor_{&clock_};
  SeededIdSource ids_;
  SimulatedLog brokers_{{"test", kShards, 1}, &clock_, &executor_, &ids_};
  std::array<std::unique_ptr<SimulatedConnection>, kInstances> connections_;
  bool faulty_;
};

}  // namespace

std::vector<LogFactory> SimulatedFactories() {
  return {{"Simulated", [](uint64_t seed) { return std::make_unique<SimulatedDriver>(seed, false); }},
          {"SimulatedWithFaults", [](uint64_t seed) { return std::make_unique<SimulatedDriver>(seed, true); }}};
}

}  // namespace redress::log
