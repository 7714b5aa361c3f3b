// Some or all services of one instance, put together over injected ports: what the standalone program, the simulated
// landlord and the simulation test all run.
//
//   ports (log, clock, strands, keys, rows) ─▶ register ─▶ intake, routing, scheduling, sla ─▶ rpc::Services
//
// The register's stream is followed in every instance and decided where routing runs.
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
  // Version of the zone rules of this machine.
  std::string tzdata_version;
  // Which services run here; the register is always there.
  std::vector<log::Stream> services = {log::Stream::kIntake, log::Stream::kRouting, log::Stream::kScheduling,
                                       log::Stream::kSla};

  // Ports; all outlive the node.
  log::Log* log = nullptr;
  const Clock* clock = nullptr;
  IdSource* ids = nullptr;
  std::vector<Executor*> executors;  // shards are dealt out over these
  Executor* aside = nullptr;         // subscriptions, rebuilds, waiting key work: never what callers wait for
  KeyStore* keys = nullptr;
  ReadAudit* audit = nullptr;
  admin::ProjectionStore* projections = nullptr;  // null: rebuilds are refused
  runtime::Forwarder* forwarder = nullptr;
  runtime::Faults* faults = nullptr;
  // The rows of each projection: of the register and of each service.
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

  // Every shard has caught up and the starter set is complete.
  bool Ready() const;
  // What a server serves, and a LocalClient calls.
  std::vector<const rpc::Service*> services() const;
  runtime::ServiceRuntime* runtime(log::Stream stream) const;
  const reference::RegisterView& reference() const;
  const NodeOptions& options() const { return options_; }

 private:
  struct Parts;

  runtime::ServiceOptions OptionsFor(log::Stream stream, runtime::Logic* logic);
  bool Runs(log::Stream stream) const;

  const NodeOptions options_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace redress
