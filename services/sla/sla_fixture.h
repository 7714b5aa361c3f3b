// For tests: the sla service on a simulated log, beside services that say what the test says.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "libs/clock/fake_clock.h"
#include "libs/log/simulated/simulated_log.h"
#include "libs/reference/register_view.h"
#include "libs/reference/snapshot_builder.h"
#include "libs/reference/test_territory.h"
#include "libs/service/requests.h"
#include "libs/store/memory/memory_database.h"
#include "redress/intake/events/v1/events.pb.h"
#include "redress/register/events/v1/events.pb.h"
#include "redress/routing/events/v1/events.pb.h"
#include "redress/scheduling/events/v1/events.pb.h"
#include "services/sla/sla_logic.h"
#include "services/sla/sla_service.h"
#include "services/sla/test_clock.h"
#include "tests/testing/script_logic.h"

namespace redress::sla::testing {

inline constexpr uint32_t kShards = 2;
inline const Millis kStart = At(kMonday17);

// One agency's calendar and a pack; more may be added.
inline reference::SnapshotBuilder SmallRegister() {
  register_v1::ObligationPack pack =
      Pack({Line("acknowledge", types::v1::FACT_KIND_RECEIVED, types::v1::FACT_KIND_ACKNOWLEDGED, 2,
                 register_v1::TIME_UNIT_WORKING_HOURS),
            Line("remedy", types::v1::FACT_KIND_RECEIVED, types::v1::FACT_KIND_RESOLVED, 4,
                 register_v1::TIME_UNIT_WORKING_HOURS)},
           {Pause("no_access", types::v1::FACT_KIND_NO_ACCESS, types::v1::FACT_KIND_VISIT_BOOKED, 100)});
  pack.mutable_lines(1)->add_warnings()->set_minutes_before(60);
  register_v1::PackRules rules;
  rules.add_rules()->set_pack("test");
  register_v1::Calendar calendar = Office();
  calendar.set_id("agency");
  reference::SnapshotBuilder builder;
  builder.Add(reference::testing::SmallTerritory()).Add(pack).Add(rules).Add(calendar);
  return builder;
}

// The sla service; what the other streams say is what the test says.
class SlaFixture : public ::testing::Test {
 protected:
  SlaFixture() : clock_(kStart), executor_(&clock_), ids_(7), reference_(SmallRegister().Build()) {
    log_ = std::make_unique<log::SimulatedLog>(log::SimulatedLog::Options{.shard_count = kShards}, &clock_, &executor_,
                                               &ids_);
    connection_ = log_->Connect();
    for (const log::Stream stream :
         {log::Stream::kIntake, log::Stream::kRouting, log::Stream::kScheduling, log::Stream::kRegister}) {
      scripts_.push_back(std::make_unique<::redress::testing::ScriptLogic>(stream));
      others_[stream] = Boot(scripts_.back().get(), std::make_shared<store::MemoryDatabase>());
    }
    StartSla(std::make_shared<store::MemoryDatabase>());
    executor_.RunFor(kSecond);
  }

  std::unique_ptr<runtime::ServiceRuntime> Boot(runtime::Logic* logic, std::shared_ptr<store::Database> database) {
    runtime::ServiceOptions options;
    options.instance = "one";
    options.log = connection_.get();
    options.executors = {&executor_};
    options.clock = &clock_;
    options.ids = &ids_;
    options.database = std::move(database);
    options.logic = logic;
    options.reference = &reference_;
    auto runtime = std::make_unique<runtime::ServiceRuntime>(options);
    runtime->Start();
    runtime->AssignAll();
    return runtime;
  }
  void StartSla(std::shared_ptr<store::MemoryDatabase> rows) {
    rows_ = std::move(rows);
    sla_ = Boot(&logic_, rows_);
    service_ = std::make_unique<SlaService>(sla_.get(), nullptr);
  }

  static std::string Complaint(int number) { return MakeId(kStart, static_cast<uint16_t>(number), 1000 + number); }

  template <typename Event>
  void Say(log::Stream stream, const std::string& aggregate, const Event& event, uint32_t shard) {
    runtime::v1::Order order;
    order.set_stream(std::string(log::StreamName(stream)));
    order.set_shard(shard);
    order.set_aggregate(aggregate);
    log::v1::Body body;
    body.add_events()->set_aggregate(aggregate);
    body.mutable_events(0)->set_payload(event.SerializeAsString());
    order.set_command(body.SerializeAsString());
    order.set_order_class(runtime::v1::ORDER_CLASS_CALLER);
    others_[stream]->Execute(
        order, [](absl::StatusOr<runtime::v1::Receipt> receipt) { EXPECT_TRUE(receipt.ok()) << receipt.status(); });
    executor_.RunFor(kSecond / 10);
  }
  void Intake(int number, const intake::events::v1::Event& event) {
    Say(log::Stream::kIntake, "complaints/" + Complaint(number), event, static_cast<uint32_t>(number) % kShards);
  }
  void Receive(int number, Millis at, const std::string& agency = "north",
               types::v1::ComplaintKind kind = types::v1::COMPLAINT_KIND_COMPLAINT) {
    intake::events::v1::Event event;
    auto* received = event.mutable_complaint_received();
    received->set_kind(kind);
    received->set_category("lift");
    received->set_channel(types::v1::CHANNEL_PHONE);
    received->set_urgency(types::v1::URGENCY_ROUTINE);
    received->mutable_placement()->set_agency(agency);
    received->mutable_placement()->set_zone("Europe/Paris");
    received->set_occurred_at(at);
    received->set_reopen_window_ms(14 * kDay);
    Intake(number, event);
  }
  void Acknowledge(int number, Millis at) {
    intake::events::v1::Event event;
    event.mutable_complaint_acknowledged()->set_occurred_at(at);
    Intake(number, event);
  }
  void Resolve(int number, Millis at) {
    intake::events::v1::Event event;
    event.mutable_complaint_resolved()->set_occurred_at(at);
    event.mutable_complaint_resolved()->set_outcome(types::v1::OUTCOME_FIXED);
    Intake(number, event);
  }
  void Assign(int number, Millis at, const std::string& agency, const std::string& team) {
    routing::events::v1::Event event;
    event.mutable_assigned()->set_agency(agency);
    event.mutable_assigned()->set_team(team);
    event.mutable_assigned()->set_occurred_at(at);
    Say(log::Stream::kRouting, "complaints/" + Complaint(number), event, static_cast<uint32_t>(number) % kShards);
  }

  // Calls a handler as `caller`, and waits for its answer.
  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(void (SlaService::*handler)(const CallContext&, const Request&, rpc::Done<Response>),
                                const Request& request) {
    CallContext call;
    call.caller = caller_;
    absl::StatusOr<Response> answer = absl::InternalError("no answer");
    (service_.get()->*handler)(call, request, [&](absl::StatusOr<Response> response) { answer = std::move(response); });
    executor_.RunFor(kSecond);
    return answer;
  }
  v1::ClockExplanation Explain(int number, Millis as_of = 0) {
    v1::ExplainClockRequest request;
    request.set_name("clocks/" + Complaint(number));
    if (as_of != 0) *request.mutable_as_of_time() = service::WriteTime(as_of);
    const auto response = Call(&SlaService::ExplainClock, request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? response->explanation() : v1::ClockExplanation();
  }
  // Every event of the sla stream, in order of shards.
  std::vector<Event> Recorded() {
    std::vector<Event> events;
    for (uint32_t shard = 0; shard < kShards; ++shard) {
      for (const log::Entry& entry : log_->Entries({log::Stream::kSla, shard})) {
        log::v1::Record record;
        log::v1::Body body;
        EXPECT_TRUE(record.ParseFromString(entry.bytes));
        if (record.kind() != log::v1::KIND_DECISION || !body.ParseFromString(record.body())) continue;
        for (const auto& stored : body.events()) events.emplace_back().ParseFromString(stored.payload());
      }
    }
    return events;
  }
  int CountAlarms() {
    int count = 0;
    for (const Event& event : Recorded()) count += event.has_breach_raised() || event.has_warning_raised();
    return count;
  }

  FakeClock clock_;
  FakeExecutor executor_;
  SeededIdSource ids_;
  reference::FixedReference reference_;
  std::unique_ptr<log::SimulatedLog> log_;
  std::unique_ptr<log::SimulatedConnection> connection_;
  std::vector<std::unique_ptr<::redress::testing::ScriptLogic>> scripts_;
  std::map<log::Stream, std::unique_ptr<runtime::ServiceRuntime>> others_;
  SlaLogic logic_;
  std::shared_ptr<store::MemoryDatabase> rows_;
  std::unique_ptr<runtime::ServiceRuntime> sla_;
  std::unique_ptr<SlaService> service_;
  std::shared_ptr<const Caller> caller_ =
      std::make_shared<const Caller>("ana", std::vector<std::string>{}, PermissionSet::All());
};

}  // namespace redress::sla::testing
