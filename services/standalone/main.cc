// redress-standalone: everything in one process.
#include <sys/prctl.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <string>

#include "libs/clock/system_clock.h"
#include "libs/metrics/spdlog/spdlog_logger.h"
#include "libs/status/errors.h"
#include "services/standalone/standalone.h"

namespace {

// The command line is wrong, as redressctl says it too; anything else that keeps it from starting is 1.
constexpr int kExitUsage = 2;

}  // namespace

int main(int argc, char** argv) {
  // A core file would hold what residents wrote, in the clear: the kernel is to write none, not even to a collector.
  prctl(PR_SET_DUMPABLE, 0);
  CLI::App app("Redress in one process: intake, routing, scheduling and sla on an embedded log.", "redress-standalone");
  redress::StandaloneOptions options;
  std::string log_file;
  app.add_option("--data", options.dir, "Data directory; made if missing")->required();
  app.add_option("--listen", options.listen, "host:port for gRPC; port 0 takes a free one")->capture_default_str();
  app.add_option("--metrics", options.metrics_listen, "host:port for Prometheus; none unless given");
  app.add_option("--principals", options.principals_file,
                 "Who may call (textproto); needed on any but a loopback address");
  app.add_option("--master-key", options.master_key_file,
                 "File of the master key that wraps the keys of personal data (redressctl master-key new)");
  app.add_option("--erasures", options.erasures_file,
                 "List of destroyed keys, which restores need: on another disk; DATA/erasures.list unless given");
  app.add_option("--backups", options.backups_dir, "Directory that backups are made in; DATA/backups unless given");
  app.add_option("--config", options.config_dir, "Directory of the starter set for a new log");
  app.add_option("--installation", options.installation,
                 "The landlord's id: of a new log, else landlord; of an existing one what it must be");
  app.add_option("--shards", options.shard_count,
                 "Shards a service, a power of two: of a new log, else 4; of an existing one what it must have");
  app.add_option("--log-file", log_file, "Log lines go here; standard error unless given");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }

  // Keys and whatever else it writes are its owner's alone.
  umask(077);

  // Signals are taken by this thread alone, at a place of its choosing.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  redress::SystemClock clock;
  auto logger = redress::MakeSpdlogLogger({.file = log_file}, &clock);
  if (!logger.ok()) {
    std::fprintf(stderr, "redress-standalone: %s\n", std::string(logger.status().message()).c_str());
    return 1;
  }
  options.logger = logger->get();
  auto standalone = redress::Standalone::Start(options);
  if (!standalone.ok()) {
    const absl::Status& status = standalone.status();
    std::fprintf(stderr, "redress-standalone: %s %s: %s\n", absl::StatusCodeToString(status.code()).c_str(),
                 redress::ReasonOf(status).c_str(), std::string(status.message()).c_str());
    return 1;
  }
  std::printf("listening %d metrics %d\n", (*standalone)->port(), (*standalone)->metrics_port());
  std::fflush(stdout);
  int signal_number = 0;
  sigwait(&signals, &signal_number);
  (*logger)->Info("stopping", {{"signal", signal_number}});
  standalone->reset();
  return 0;
}
