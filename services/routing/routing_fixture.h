// For tests: the register and routing on a simulated log, with the streams they follow written by hand.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "libs/clock/fake_clock.h"
#include "libs/ids/ids.h"
#include "libs/log/simulated/simulated_log.h"
#include "libs/privacy/in_memory_key_store.h"
#include "libs/reference/register_view.h"
#include "libs/runtime/rows.h"
#include "libs/runtime/service_runtime.h"
#include "libs/store/memory/memory_database.h"
#include "redress/intake/events/v1/events.pb.h"
#include "redress/sla/events/v1/events.pb.h"
#include "services/routing/routing_logic.h"
#include "services/routing/routing_register_logic.h"
#include "services/routing/routing_register_service.h"
#include "services/routing/routing_service.h"
#include "services/routing/routing_starter.h"
#include "services/routing/test_register.h"
#include "tests/testing/script_logic.h"

namespace redress::routing::testing {

inline constexpr uint32_t kShards = 4;
inline constexpr Millis kStart = 1'700'000'000'000;

class RoutingFixture : public ::testing::Test {
 protected:
  // Everything of one process. The log outlives it; so do the databases given.
  struct Process {
    std::unique_ptr<log::SimulatedConnection> log;
    reference::RegisterView view;
    RegisterLogic register_logic;
    RoutingLogic routing_logic;
    ::redress::testing::ScriptLogic intake_logic{log::Stream::kIntake};
    ::redress::testing::ScriptLogic sla_logic{log::Stream::kSla};
    std::shared_ptr<store::MemoryDatabase> register_rows = std::make_shared<store::MemoryDatabase>();
    std::shared_ptr<store::MemoryDatabase> routing_rows = std::make_shared<store::MemoryDatabase>();
    std::unique_ptr<runtime::ServiceRuntime> register_runtime, routing, intake, sla;
    std::unique_ptr<RegisterService> register_service;
    std::unique_ptr<RoutingService> routing_service;
  };

  RoutingFixture() : clock_(kStart), executor_(&clock_), ids_(11), keys_(&key_ids_, &clock_) {
    log_ = std::make_unique<log::SimulatedLog>(log::SimulatedLog::Options{.shard_count = kShards}, &clock_, &executor_,
                                               &ids_);
    caller_ = std::make_shared<Caller>("mia", std::vector<std::string>{"admin"}, PermissionSet::All());
  }

  // `own`: decides; otherwise follows alone.
  std::unique_ptr<Process> Boot(bool own = true) {
    auto process = std::make_unique<Process>();
    process->log = log_->Connect();
    runtime::ServiceOptions options;
    options.instance = absl::StrCat("instance-", ++instances_);
    options.log = process->log.get();
    options.executors = {&executor_};
    options.clock = &clock_;
    options.ids = &ids_;
    const auto make = [&](runtime::Logic* logic, std::shared_ptr<store::Database> rows) {
      options.logic = logic;
      options.database = std::move(rows);
      auto runtime = std::make_unique<runtime::ServiceRuntime>(options);
      runtime->Start();
      if (own) runtime->AssignAll();
      return runtime;
    };
    process->register_runtime = make(&process->register_logic, process->view.Watch(process->register_rows));
    options.reference = &process->view;
    process->routing = make(&process->routing_logic, process->routing_rows);
    process->intake = make(&process->intake_logic, std::make_shared<store::MemoryDatabase>());
    process->sla = make(&process->sla_logic, std::make_shared<store::MemoryDatabase>());
    process->register_service =
        std::make_unique<RegisterService>(RegisterDeps{process->register_runtime.get(), &keys_, "2025b"});
    process->routing_service = std::make_unique<RoutingService>(RoutingDeps{process->routing.get(), &keys_});
    return process;
  }

  CallContext Call(std::shared_ptr<const Caller> caller = nullptr) {
    CallContext call;
    call.caller = caller == nullptr ? caller_ : std::move(caller);
    return call;
  }
  static std::shared_ptr<const Caller> CallerOf(const std::string& agency, PermissionSet permissions) {
    return std::make_shared<Caller>("noa", std::vector<std::string>{"some"}, permissions,
                                    absl::flat_hash_set<std::string>{agency});
  }

  // Calls a handler and waits for its answer.
  template <typename Response, typename Service, typename Request>
  absl::StatusOr<Response> Ask(Service& service,
                               void (Service::*handler)(const CallContext&, const Request&,
                                                        std::function<void(absl::StatusOr<Response>)>),
                               const Request& request, std::shared_ptr<const Caller> caller = nullptr) {
    std::optional<absl::StatusOr<Response>> answer;
    (service.*handler)(Call(std::move(caller)), request,
                       [&](absl::StatusOr<Response> response) { answer = std::move(response); });
    for (int i = 0; i < 1000 && !answer.has_value(); ++i) executor_.RunFor(10);
    if (!answer.has_value()) return absl::InternalError("no answer within 10 s");
    return *std::move(answer);
  }

  absl::Status EnterStarterSet(Process& process) {
    std::optional<absl::Status> entered;
    const auto dir = reference::FindConfigDir();
    if (!dir.ok()) return dir.status();
    const auto set = reference::LoadStarterSet(*dir);
    if (!set.ok()) return set.status();
    routing::EnterStarterSet(process.register_runtime.get(), *set, "2025b",
                             [&](absl::Status status) { entered = status; });
    for (int i = 0; i < 1000 && !entered.has_value(); ++i) executor_.RunFor(10);
    return entered.value_or(absl::InternalError("no answer within 10 s"));
  }
  // The small landlord of test_register.h, over the starter set.
  void EnterLandlord(Process& process) {
    ASSERT_TRUE(EnterStarterSet(process).ok());
    register_v1::UploadTerritoryRequest territory;
    territory.set_request_id("territory");
    *territory.mutable_territory() = SomeTerritory();
    ASSERT_TRUE(Ask(*process.register_service, &RegisterService::UploadTerritory, territory).ok());
    register_v1::SetOrganisationRequest organisation;
    organisation.set_request_id("organisation");
    *organisation.mutable_organisation() = SomeOrganisation();
    ASSERT_TRUE(Ask(*process.register_service, &RegisterService::SetOrganisation, organisation).ok());
    register_v1::SetRuleSetRequest rules;
    rules.set_request_id("rules");
    *rules.mutable_rule_set() = SomeRules();
    ASSERT_TRUE(Ask(*process.register_service, &RegisterService::SetRuleSet, rules).ok());
  }

  // Records events of one complaint or clock, given as text, in one record of another stream.
  template <typename Event>
  types::v1::Position Write(runtime::ServiceRuntime& runtime, const std::string& aggregate, const std::string& id,
                            const std::vector<std::string>& events) {
    log::v1::Body body;
    for (const std::string& event : events) {
      body.add_events()->set_aggregate(aggregate + id);
      body.mutable_events(body.events_size() - 1)->set_payload(Parse<Event>(event).SerializeAsString());
    }
    runtime::v1::Order order;
    order.set_stream(std::string(log::StreamName(runtime.stream())));
    order.set_shard(ShardOf(ParseId(id)->placement, kShards));
    order.set_aggregate(aggregate + id);
    order.set_command(body.SerializeAsString());
    order.set_order_class(runtime::v1::ORDER_CLASS_CALLER);
    order.set_caller_scope("test");
    order.set_request_id(absl::StrCat("write-", ++written_));
    types::v1::Position position;
    bool done = false;
    runtime.Execute(order, [&](absl::StatusOr<runtime::v1::Receipt> receipt) {
      EXPECT_TRUE(receipt.ok()) << receipt.status();
      if (receipt.ok()) position = receipt->position();
      done = true;
    });
    for (int i = 0; i < 1000 && !done; ++i) executor_.RunFor(10);
    EXPECT_TRUE(done);
    return position;
  }
  types::v1::Position Intake(Process& process, const std::string& id, const std::vector<std::string>& events) {
    return Write<::redress::intake::events::v1::Event>(*process.intake, "complaints/", id, events);
  }
  types::v1::Position Sla(Process& process, const std::string& id, const std::vector<std::string>& events) {
    return Write<::redress::sla::events::v1::Event>(*process.sla, "clocks/", id, events);
  }

  FakeClock clock_;
  FakeExecutor executor_;
  SeededIdSource ids_;
  SeededIdSource key_ids_{5};
  InMemoryKeyStore keys_;
  std::unique_ptr<log::SimulatedLog> log_;
  std::shared_ptr<const Caller> caller_;
  int instances_ = 0;
  int written_ = 0;
};

}  // namespace redress::routing::testing
