// Looks at how a node's services stand, and says so: to probes by health, to operators by log lines, to the disk where
// a projection is damaged.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "libs/metrics/logging.h"
#include "services/standalone/node.h"

namespace redress {

struct NodeWatchOptions {
  const Node* node = nullptr;  // as the logger, outlives it
  Logger* logger = nullptr;
  // Tells health of one service by its full name, or of the whole by "".
  std::function<void(absl::string_view service, bool serving)> set_serving;
  // Called once for rows that cannot be relied on any more; again for those that took their place.
  std::function<void(log::Stream)> damaged;
};

// Step from one strand.
class NodeWatch {
 public:
  explicit NodeWatch(NodeWatchOptions options) : options_(std::move(options)) {}

  // One look: what changed since the one before is said.
  void Step();
  // As of the last look; thread-safe.
  bool ready() const { return ready_; }

 private:
  void LookAtStream(log::Stream stream);

  const NodeWatchOptions options_;
  std::map<log::Stream, std::string> reasons_;  // what was said last; "" while ready
  std::map<std::string, bool> serving_;
  std::set<log::Stream> damaged_;
  std::atomic<bool> ready_{false};
};

}  // namespace redress
