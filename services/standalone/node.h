// Some or all services of one instance, put together over injected ports: what the standalone program, the simulated
// landlord and the simulation test all run.
//
//   ports (log, clock, strands, keys, rows) ─▶ register ─▶ intake, routing, scheduling, sla ─▶ gate ─▶ rpc::Services
//
// The register's stream is followed in every instance and decided where routing runs. The gate holds a service's calls
// back until its rows have caught up once: a decision or an answer made from half a projection would be wrong. Status
// and subscriptions pass it: they need no rows.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libs/admin/admin_service.h"
#include "libs/ids/ids.h"
#include "libs/log/log.h"
#include "libs/privacy/key_store.h"
#include "libs/privacy/read_audit.h"
#include "libs/reference/register_view.h"
#include "libs/reference/starter_set.h"
#include "libs/rpc/service.h"
#include "libs/runtime/service_runtime.h"
#include "libs/store/store.h"

namespace redress {

struct NodeOptions {
  std::string instance = "standalone";
  std::string address;
  // Version of the zone rules of this machine: where it is not the register's, nothing is served or decided but the
  // register.
  std::string tzdata_version;
  // Which services run here; the register is always there.
  std::vector<log::Stream> services = {log::Stream::kIntake, log::Stream::kRouting, log::Stream::kScheduling,
                                       log::Stream::kSla};

  // Ports; all outlive the node.
  log::Log* log = nullptr;
  const Clock* clock = nullptr;
  IdSource* ids = nullptr;
  std::vector<Executor*> executors;  // shards are dealt out over these
  Executor* aside = nullptr;         // subscriptions, waiting key work: never what callers wait for
  Executor* heavy = nullptr;         // reports and rebuilds, which take seconds; null: aside
  KeyStore* keys = nullptr;
  ReadAudit* audit = nullptr;
  admin::ProjectionStore* projections = nullptr;  // null: rebuilds are refused
  admin::Vault* vault = nullptr;                  // null: backups and rotations are refused
  runtime::Forwarder* forwarder = nullptr;
  runtime::Faults* faults = nullptr;
  runtime::QueueLimits limits;  // of each shard
  Millis position_after = runtime::kPositionAfter;
  // The rows of each projection: of the register and of each service. The node keeps no reference to one that it has
  // replaced.
  std::map<log::Stream, std::shared_ptr<store::Database>> databases;
};

// Thread-safe once built.
class Node {
 public:
  explicit Node(NodeOptions options);
  // The executors run nothing of it any more.
  ~Node();

  // The shape each service's projection has, before a node is built.
  static int ProjectionVersion(log::Stream stream);

  // Begins to read; owns what Assign says, everything at first when `own_all`.
  void Start(bool own_all);
  void Assign(log::Stream stream, const std::vector<bool>& wanted);

  // Appends the starter set, as whoever created the log does; calls back when it is folded. Repeatable: what is there
  // is left.
  void AppendStarterSet(const reference::StarterSet& set, const std::string& tzdata_version,
                        std::function<void(absl::Status)> done);

  // OK while a service can decide and answer: its own shards and the register's have caught up and run, the starter set
  // is complete, and the zone rules are those of this machine. UNAVAILABLE with RetryInfo, saying what is missing:
  // CATCHING_UP, SHARD_STOPPED, STARTER_SET_MISSING, TZDATA_DIFFERS (saying how to mend it). Of the register the first
  // two alone: it is what mends the others.
  absl::Status Readiness(log::Stream stream) const;
  // The same of what `service`, one of services(), stands for.
  absl::Status Readiness(const rpc::Service& service) const;
  // All are.
  bool Ready() const;
  // What a server serves, and a LocalClient calls. Calls of a service that has not been ready yet are answered with its
  // Readiness; later only one whose zone rules have changed is.
  std::vector<const rpc::Service*> services() const;
  runtime::ServiceRuntime* runtime(log::Stream stream) const;
  const reference::RegisterView& reference() const;
  const NodeOptions& options() const { return options_; }

 private:
  struct Parts;

  runtime::ServiceOptions OptionsFor(log::Stream stream, runtime::Logic* logic);
  bool Runs(log::Stream stream) const;
  // Serves `service` behind its gate.
  void Host(log::Stream stream, std::unique_ptr<rpc::Service> service);
  absl::Status CheckTzdata() const;

  NodeOptions options_;  // not changed once built
  std::unique_ptr<Parts> parts_;
};

}  // namespace redress
