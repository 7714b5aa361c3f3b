// Requests to end that wait until something was put in order.
#pragma once

#include <signal.h>

namespace redress::ctl {

// While one lives, SIGHUP, SIGINT and SIGTERM wait, but those that this process ignores; with its end they do what they
// always do, which ends the process. Nothing runs inside a handler. Made before any other thread is begun, for a thread
// that does not hold them back would be given them; ended in the thread that made it.
class HeldSignals {
 public:
  HeldSignals();
  ~HeldSignals();
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  // Whether one of them waits.
  bool waiting() const;

 private:
  sigset_t held_;
  sigset_t before_;
};

}  // namespace redress::ctl
