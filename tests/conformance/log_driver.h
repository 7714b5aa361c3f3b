// How the conformance suite makes an implementation of the log move, and what it may expect of it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "libs/log/log.h"

namespace redress::log {

// One log with a few instances that use it. Starts with a new, empty log of two shards a stream.
class LogDriver {
 public:
  static constexpr int kInstances = 3;
  static constexpr uint32_t kShards = 2;

  virtual ~LogDriver() = default;

  // What instance 0 .. kInstances-1 has in hand; may be the same object. Valid until Restart().
  virtual Log& log(int instance) = 0;

  // Lets the log work until `condition` holds, asking it again and again in the calling thread; false when it never
  // will.
  virtual bool WaitFor(const std::function<bool()>& condition) = 0;

  // Lets the log work a little.
  virtual void Pump() = 0;

  // Ends all faults, and waits until everything under way has landed and can be read.
  virtual void Calm() = 0;

  // All instances end without notice and come back, with the log itself where that is a process. Readers and tokens
  // must be gone by then; callbacks of appends under way may come, or not.
  virtual void Restart() = 0;

  // Whether appends may fail, and reads be UNAVAILABLE, until Calm().
  virtual bool faulty() const { return false; }
  // Faults that are not drawn for each call: cuts, crashes. `random` chooses.
  virtual void Disturb(uint64_t random) { (void)random; }
};

struct LogFactory {
  std::string name;
  std::function<std::unique_ptr<LogDriver>(uint64_t seed)> make;
};
inline void PrintTo(const LogFactory& factory, std::ostream* out) { *out << factory.name; }

std::vector<LogFactory> EmbeddedFactories();
std::vector<LogFactory> SimulatedFactories();
std::vector<LogFactory> AllLogFactories();

}  // namespace redress::log
