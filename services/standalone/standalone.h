// One process with everything: embedded log, key store, projections, all four services, gRPC, metrics.
//
//   DIR/log/           the event log: the truth          DIR/keys/      the key store: never in the log's backup
//   DIR/projections/   rebuilt from the log when missing  DIR/audit.log  who read personal data
//   DIR/erasures.list  keys that were destroyed, for restores; unless it is put elsewhere, as is DIR/backups/
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/clock/clock.h"
#include "libs/metrics/logging.h"
#include "services/standalone/node.h"

namespace rocksdb {
class Env;
}

namespace redress {

struct StandaloneOptions {
  std::string dir;  // made if missing
  std::string listen = "127.0.0.1:8650";
  std::string metrics_listen;   // empty: none
  std::string principals_file;  // empty: whoever reaches the loopback address may do everything
  std::string master_key_file;  // empty: keys lie open, and no backup is made
  std::string erasures_file;    // empty: DIR/erasures.list, which belongs on another disk
  std::string backups_dir;      // empty: DIR/backups
  std::string config_dir;       // empty: as reference::FindConfigDir looks for it
  // What a new log is made with, "landlord" and 4 unless given, and what an existing one must have if given.
  std::string installation;
  uint32_t shard_count = 0;
  Logger* logger = nullptr;  // outlives it
  // Faults are injected here: what log, keys and projections write with, the machine's own when null (outlives it); and
  // who is told when the log can take no more, on any thread. Empty: the process is ended.
  rocksdb::Env* env = nullptr;
  std::function<void(const absl::Status&)> on_fatal;
};

// Opens everything in order, serves until destroyed. All methods from one thread.
class Standalone {
 public:
  // What the log, the key store, the projections or the socket refuse, with their reasons; FAILED_PRECONDITION when the
  // address is not loopback and no principals are given, or the process may open too few files (FILE_DESCRIPTORS; it
  // takes as many as its hard limit allows). A start that its options refuse (addresses, principals, starter set, zone
  // rules) has made nothing on disk.
  static absl::StatusOr<std::unique_ptr<Standalone>> Start(StandaloneOptions options);
  // Drains calls, ends the services, closes the files.
  ~Standalone();

  int port() const;
  int metrics_port() const;
  // All of it; false again when a shard stops. Health says it of each service by itself.
  bool ready() const;

 private:
  struct Parts;
  explicit Standalone(std::unique_ptr<Parts> parts);

  const std::unique_ptr<Parts> parts_;
};

}  // namespace redress
