#include "services/redressctl/held_signals.h"

#include <pthread.h>

namespace redress::ctl {
namespace {

constexpr int kSignals[] = {SIGHUP, SIGINT, SIGTERM};

// As under nohup: held back, it would wait all the same.
bool IsIgnored(int number) {
  struct sigaction now = {};
  return sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

}  // namespace

HeldSignals::HeldSignals() {
  sigemptyset(&held_);
  for (const int number : kSignals) {
    if (!IsIgnored(number)) sigaddset(&held_, number);
  }
  pthread_sigmask(SIG_BLOCK, &held_, &before_);
}

HeldSignals::~HeldSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

bool HeldSignals::waiting() const {
  sigset_t pending;
  sigemptyset(&pending);
  sigpending(&pending);
  for (const int number : kSignals) {
    if (sigismember(&held_, number) == 1 && sigismember(&pending, number) == 1) return true;
  }
  return false;
}

}  // namespace redress::ctl
