// redressctl: see `redressctl --help`.
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "libs/clock/system_clock.h"
#include "libs/ids/ids.h"
#include "services/redressctl/program.h"

int main(int argc, char** argv) {
  // No core files: they would hold what residents wrote, in the clear.
  prctl(PR_SET_DUMPABLE, 0);
  // A reader that has seen enough is an error of writing, after which no cursor is saved.
  std::signal(SIGPIPE, SIG_IGN);
  std::ios::sync_with_stdio(false);
  const redress::SystemClock clock;
  redress::SystemIdSource ids;
  redress::ctl::Environment environment{&clock, &ids, &std::cin, &std::cout, &std::cerr};
  environment.out_is_terminal = ::isatty(STDOUT_FILENO) == 1;
  environment.err_is_terminal = ::isatty(STDERR_FILENO) == 1;
  if (const char* server = std::getenv("REDRESS_SERVER"); server != nullptr && *server != '\0') {
    environment.server = server;
  }
  return redress::ctl::RunProgram(std::vector<std::string>(argv + 1, argv + argc), environment);
}
