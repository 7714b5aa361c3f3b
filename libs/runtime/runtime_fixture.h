// For the tests of the runtime: instances of two small services on a simulated log, in one thread.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "libs/clock/fake_clock.h"
#include "libs/ids/ids.h"
#include "libs/log/simulated/simulated_log.h"
#include "libs/runtime/ledger_logic.h"
#include "libs/runtime/service_runtime.h"
#include "libs/status/errors.h"
#include "libs/store/memory/memory_database.h"

namespace redress::runtime {

inline constexpr uint32_t kShards = 2;

class RuntimeTest : public testing::Test {
 protected:
  // One instance of both services, on disks that outlive it.
  struct Instance {
    std::unique_ptr<log::SimulatedConnection> log;
    LedgerLogic ledger_logic;
    EchoLogic echo_logic;
    std::unique_ptr<ServiceRuntime> ledger;
    std::unique_ptr<ServiceRuntime> echo;
  };
  struct Disks {
    std::shared_ptr<store::MemoryDatabase> ledger = std::make_shared<store::MemoryDatabase>(64);
    std::shared_ptr<store::MemoryDatabase> echo = std::make_shared<store::MemoryDatabase>(64);
  };

  RuntimeTest() : clock_(1'000'000), executor_(&clock_), ids_(7) {
    log_ = std::make_unique<log::SimulatedLog>(log::SimulatedLog::Options{.shard_count = kShards}, &clock_, &executor_,
                                               &ids_);
  }

  // `change` may change what both services are given.
  std::unique_ptr<Instance> Boot(Disks* disks, const std::string& name, bool own = true,
                                 const std::function<void(ServiceOptions*)>& change = nullptr) {
    auto instance = std::make_unique<Instance>();
    instance->log = log_->Connect();
    ServiceOptions options;
    options.instance = name;
    options.log = instance->log.get();
    options.executors = {&executor_};
    options.clock = &clock_;
    options.ids = &ids_;
    if (change) change(&options);
    options.database = disks->ledger;
    options.logic = &instance->ledger_logic;
    instance->ledger = std::make_unique<ServiceRuntime>(options);
    options.database = disks->echo;
    options.logic = &instance->echo_logic;
    instance->echo = std::make_unique<ServiceRuntime>(options);
    instance->ledger->Start();
    instance->echo->Start();
    if (own) {
      instance->ledger->AssignAll();
      instance->echo->AssignAll();
    }
    return instance;
  }

  static v1::Order Command(uint32_t shard, const std::string& command, const std::string& request_id = "") {
    v1::Order order;
    order.set_stream("intake");
    order.set_shard(shard);
    order.set_aggregate("accounts/a");
    order.set_command(command);
    order.set_order_class(v1::ORDER_CLASS_CALLER);
    order.set_caller_scope("caller");
    order.set_request_id(request_id);
    return order;
  }

  absl::StatusOr<v1::Receipt> Execute(Instance& instance, v1::Order order) {
    std::optional<absl::StatusOr<v1::Receipt>> answer;
    instance.ledger->Execute(std::move(order),
                             [&](absl::StatusOr<v1::Receipt> receipt) { answer = std::move(receipt); });
    for (int i = 0; i < 1000 && !answer.has_value(); ++i) executor_.RunFor(10);
    if (!answer.has_value()) return absl::InternalError("no answer within 10 s");
    return *answer;
  }

  // A call whose answer is looked at later; its last answer, and how many there were.
  struct Call {
    std::optional<absl::StatusOr<v1::Receipt>> answer;
    int answers = 0;
  };
  static std::shared_ptr<Call> Send(ServiceRuntime& runtime, v1::Order order) {
    auto call = std::make_shared<Call>();
    runtime.Execute(std::move(order), [call](absl::StatusOr<v1::Receipt> receipt) {
      call->answer = std::move(receipt);
      ++call->answers;
    });
    return call;
  }
  // Whether a read at `position` is answered within a second.
  absl::Status ReadAt(ServiceRuntime& runtime, const types::v1::Position& position) {
    absl::Status status = absl::UnknownError("no answer within a second");
    runtime.Read(position, [&status](auto rows) { status = rows.status(); });
    executor_.RunFor(kSecond);
    const absl::Status answered = status;
    executor_.RunFor(kReadPatience);  // `status` is written to for the last time
    return answered;
  }
  static log::v1::InputSkipped NameOf(const log::v1::InputParked& input) {
    log::v1::InputSkipped name;
    name.set_stream(input.stream());
    name.set_aggregate(input.aggregate());
    name.set_version(input.version());
    return name;
  }
  static v1::Order ByOperator(const std::string& request_id) {
    v1::Order by;
    by.set_actor("staff/olga");
    by.set_caller_scope("staff/olga");
    by.set_request_id(request_id);
    return by;
  }
  absl::StatusOr<v1::Receipt> Unpark(ServiceRuntime& runtime, uint32_t shard, const log::v1::InputParked& input,
                                     bool replay, const std::string& request_id) {
    auto receipt = std::make_shared<absl::StatusOr<v1::Receipt>>(absl::UnknownError("no answer"));
    runtime.shard(shard).Unpark(NameOf(input), replay, ByOperator(request_id),
                                [receipt](absl::StatusOr<v1::Receipt> r) { *receipt = std::move(r); });
    executor_.RunFor(kSecond);
    return *receipt;
  }
  // Takes a shard over and writes `body` to it, as an owner of another build would.
  void WriteAs(log::ShardId id, const log::v1::Body& body) {
    const auto connection = log_->Connect();
    log::v1::Claim claim;
    claim.set_nonce("another build's");
    log::v1::Record record;
    record.set_rule_version(log::kRuleVersion);
    record.set_kind(log::v1::KIND_CLAIM);
    record.set_body(claim.SerializeAsString());
    connection->AppendClaim(id, record.SerializeAsString(), [](log::AppendOutcome) {});
    executor_.RunReady();
    log::RuleState state;
    for (const log::Entry& entry : log_->Entries(id)) {
      log::v1::Record read;
      ASSERT_TRUE(read.ParseFromString(entry.bytes));
      ASSERT_TRUE(log::Accept(entry.offset, read, &state).ok());
    }
    record.set_kind(log::v1::KIND_DECISION);
    record.set_fence(state.fence);
    record.set_seq(1);
    record.set_body(body.SerializeAsString());
    record.set_chain(log::NextChain(state.chain, record.body()));
    connection->Append(id, {record.SerializeAsString()}, [](log::AppendOutcome) {});
    executor_.RunReady();
  }
  static log::v1::Body BodyOf(const std::string& payload, int64_t version, uint32_t level = kBuildLevel) {
    log::v1::Body body;
    body.set_level(level);
    log::v1::Event* event = body.add_events();
    event->set_aggregate("accounts/a");
    event->set_version(version);
    event->set_payload(payload);
    return body;
  }

  static std::string Account(const store::Rows& rows, uint16_t shard, const std::string& name = "a") {
    return rows.Get(store::Key(shard, 0x01).Raw(name).bytes()).value_or("");
  }

  FakeClock clock_;
  FakeExecutor executor_;
  SeededIdSource ids_;
  std::unique_ptr<log::SimulatedLog> log_;
};

}  // namespace redress::runtime
