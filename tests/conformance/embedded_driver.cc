#include <future>
#include <utility>

#include "libs/clock/fake_clock.h"
#include "libs/clock/system_clock.h"
#include "libs/log/embedded/embedded_log.h"
#include "tests/conformance/log_driver.h"
#include "tests/testing/temp_dir.h"

namespace redress::log {
namespace {

// One process: every instance has the same log in hand.
class EmbeddedDriver : public LogDriver {
 public:
  EmbeddedDriver(uint64_t seed, Clock* clock, Executor* executor) : ids_(seed) {
    options_.dir = dir_ / "log";
    options_.clock = clock;
    options_.executor = executor;
    options_.ids = &ids_;
    options_.installation = "test";
    options_.shard_count = kShards;
    options_.free_space = [] { return DiskSpace{uint64_t{1} << 40, uint64_t{1} << 40}; };
    Restart();
  }

  Log& log(int) override { return *log_; }
  void Calm() override { Pump(); }
  void Restart() override {
    log_.reset();
    log_ = EmbeddedLog::Open(options_).value();
  }

 private:
  redress::testing::TempDir dir_;
  SeededIdSource ids_;
  EmbeddedLogOptions options_;
  std::unique_ptr<EmbeddedLog> log_;
};

struct OneThread {
  FakeClock clock{1'700'000'000'000};
  FakeExecutor executor{&clock};
};

class OneThreadDriver : private OneThread, public EmbeddedDriver {
 public:
  explicit OneThreadDriver(uint64_t seed) : EmbeddedDriver(seed, &(OneThread::clock), &(OneThread::executor)) {}

  bool WaitFor(const std::function<bool()>& condition) override {
    while (!condition()) {
      if (executor.RunReady() == 0) return condition();
    }
    return true;
  }
  void Pump() override { executor.RunReady(); }
};

struct RealThread {
  SystemClock clock;
  ThreadExecutor executor;
};

class RealThreadDriver : private RealThread, public EmbeddedDriver {
 public:
  explicit RealThreadDriver(uint64_t seed) : EmbeddedDriver(seed, &(RealThread::clock), &(RealThread::executor)) {}

  bool WaitFor(const std::function<bool()>& condition) override {
    const Millis patience = clock.Monotonic() + 30 * kSecond;
    while (!condition()) {
      if (clock.Monotonic() > patience) return false;
      Pump();
    }
    return true;
  }
  // Whatever was queued for the committer is done when its turn to answer comes.
  void Pump() override {
    std::promise<void> turn;
    executor.Post([&turn] { turn.set_value(); });
    turn.get_future().wait();
  }
};

}  // namespace

std::vector<LogFactory> EmbeddedFactories() {
  return {{"EmbeddedInOneThread", [](uint64_t seed) { return std::make_unique<OneThreadDriver>(seed); }},
          {"EmbeddedWithThreads", [](uint64_t seed) { return std::make_unique<RealThreadDriver>(seed); }}};
}

}  // namespace redress::log
