// One instance of scheduling on a simulated log, beside streams that a test writes by hand.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/clock/fake_clock.h"
#include "libs/ids/ids.h"
#include "libs/log/simulated/simulated_log.h"
#include "libs/privacy/in_memory_key_store.h"
#include "libs/privacy/read_audit.h"
#include "libs/privacy/sealer.h"
#include "libs/reference/register_view.h"
#include "libs/runtime/service_runtime.h"
#include "libs/service/requests.h"
#include "libs/status/errors.h"
#include "libs/store/memory/memory_database.h"
#include "redress/intake/events/v1/events.pb.h"
#include "redress/routing/events/v1/events.pb.h"
#include "services/scheduling/scheduling_logic.h"
#include "services/scheduling/scheduling_service.h"
#include "tests/testing/script_logic.h"

namespace redress::scheduling {

class SchedulingTest : public ::testing::Test {
 protected:
  static constexpr uint32_t kShards = 4;
  // Monday 2026-03-02, 08:00 in Paris.
  static constexpr Millis kMorning = 1772434800000;

  SchedulingTest() : clock_(kMorning), executor_(&clock_), ids_(11), keys_(&ids_, &clock_) {
    log_ = std::make_unique<log::SimulatedLog>(log::SimulatedLog::Options{.shard_count = kShards}, &clock_, &executor_,
                                               &ids_);
    Boot();
  }
  ~SchedulingTest() override { Stop(); }

  std::unique_ptr<runtime::ServiceRuntime> Start(runtime::Logic* logic, std::shared_ptr<store::Database> rows,
                                                 bool own = true) {
    runtime::ServiceOptions options;
    options.instance = "one";
    options.log = connection_.get();
    options.executors = {&executor_};
    options.clock = &clock_;
    options.ids = &ids_;
    options.database = std::move(rows);
    options.logic = logic;
    options.reference = reference_.get();
    auto service = std::make_unique<runtime::ServiceRuntime>(options);
    service->Start();
    if (own) service->AssignAll();
    return service;
  }
  void Boot() {
    connection_ = log_->Connect();
    runtime_ = Start(&logic_, rows_);
    intake_ = Start(&intake_logic_, intake_rows_);
    routing_ = Start(&routing_logic_, routing_rows_);
    service_ = std::make_unique<SchedulingService>(SchedulingDeps{runtime_.get(), &keys_, &opener_, &ids_});
    executor_.RunFor(kSecond);
  }
  void Stop() {
    connection_->Close();
    service_.reset();
    runtime_.reset();
    intake_.reset();
    routing_.reset();
    connection_.reset();
  }

  static CallContext CallOf(std::shared_ptr<const Caller> caller) {
    CallContext call;
    call.method = "test";
    call.caller = std::move(caller);
    return call;
  }
  static CallContext Everybody() {
    return CallOf(std::make_shared<const Caller>("local", std::vector<std::string>{}, PermissionSet::All()));
  }
  static CallContext As(const std::string& id, const std::string& role, const std::string& agency) {
    return CallOf(std::make_shared<const Caller>(id, std::vector<std::string>{role}, FindRole(role)->permissions,
                                                 absl::flat_hash_set<std::string>{agency}));
  }

  // Calls a handler and runs until it answers.
  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(void (SchedulingService::*method)(const CallContext&, const Request&,
                                                                  SchedulingService::Done<Response>),
                                const Request& request, const CallContext& call = Everybody()) {
    std::optional<absl::StatusOr<Response>> answer;
    (service_.get()->*method)(call, request, [&](absl::StatusOr<Response> response) { answer = std::move(response); });
    for (int i = 0; i < 1000 && !answer.has_value(); ++i) executor_.RunFor(10);
    if (!answer.has_value()) return absl::InternalError("no answer within 10 s");
    return *std::move(answer);
  }
  std::string NextRequest() { return absl::StrCat("r", ++requests_); }

  // Writes events of a complaint into its shard of intake or routing, and lets everybody react.
  template <typename Event>
  void Write(runtime::ServiceRuntime& stream, const std::string& complaint, const std::vector<Event>& events) {
    log::v1::Body body;
    for (const Event& event : events) {
      auto* stored = body.add_events();
      stored->set_aggregate(complaint);
      stored->set_payload(event.SerializeAsString());
    }
    runtime::v1::Order order;
    order.set_stream(std::string(log::StreamName(stream.stream())));
    order.set_shard(ShardOf(ParseId(complaint.substr(11))->placement, kShards));
    order.set_aggregate(complaint);
    order.set_command(body.SerializeAsString());
    order.set_order_class(runtime::v1::ORDER_CLASS_CALLER);
    bool done = false;
    stream.Execute(order, [&](absl::StatusOr<runtime::v1::Receipt> receipt) {
      ASSERT_TRUE(receipt.ok()) << receipt.status();
      done = true;
    });
    executor_.RunFor(kSecond);
    ASSERT_TRUE(done);
  }
  std::string NewComplaint() {
    return absl::StrCat("complaints/", MakeId(clock_.Now(), static_cast<uint16_t>(ids_.Random64()), ids_.Random64()));
  }
  routing::events::v1::Event Assigned(int64_t number = 1, const std::string& agency = "north", int32_t round = 0) {
    routing::events::v1::Event event;
    auto* assigned = event.mutable_assigned();
    assigned->set_assignment(number);
    assigned->set_agency(agency);
    assigned->set_visit_needed(true);
    assigned->set_visit_minutes(60);
    assigned->set_category("leak");
    assigned->add_skills("plumbing");
    assigned->set_occurred_at(clock_.Now());
    assigned->set_round(round);
    assigned->set_urgency(types::v1::URGENCY_ROUTINE);
    return event;
  }
  intake::events::v1::Event Resolved(int32_t round = 0) {
    intake::events::v1::Event event;
    event.mutable_complaint_resolved()->set_occurred_at(clock_.Now());
    event.mutable_complaint_resolved()->set_round(round);
    return event;
  }

  // Monday to Friday, 08:00 to 16:00 in Paris.
  void Register(const std::string& id, const std::string& agency = "north") {
    v1::RegisterTechnicianRequest request;
    request.set_request_id(NextRequest());
    auto* technician = request.mutable_technician();
    technician->set_name(absl::StrCat("technicians/", id));
    technician->set_agency(agency);
    technician->set_zone("Europe/Paris");
    technician->add_skills("plumbing");
    for (int day = 0; day < 5; ++day) {
      auto* span = technician->add_hours();
      span->set_start_minute(day * 1440 + 480);
      span->set_end_minute(day * 1440 + 960);
    }
    const auto response = Call(&SchedulingService::RegisterTechnician, request);
    ASSERT_TRUE(response.ok()) << response.status();
  }
  // A complaint with a visit, requested by its assignment.
  v1::Intervention Requested(const std::string& agency = "north") {
    const std::string complaint = NewComplaint();
    Write(*routing_, complaint, std::vector{Assigned(1, agency)});
    const auto visits = VisitsOfComplaint(complaint);
    EXPECT_EQ(visits.size(), 1u);
    return visits.empty() ? v1::Intervention() : visits[0];
  }
  std::vector<v1::Intervention> VisitsOfComplaint(const std::string& complaint) {
    v1::ListInterventionsRequest request;
    request.set_complaint(complaint);
    const auto response = Call(&SchedulingService::ListInterventions, request);
    EXPECT_TRUE(response.ok()) << response.status();
    return {response->interventions().begin(), response->interventions().end()};
  }
  v1::Intervention Get(const std::string& name) {
    v1::GetInterventionRequest request;
    request.set_name(name);
    const auto response = Call(&SchedulingService::GetIntervention, request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? response->intervention() : v1::Intervention();
  }
  v1::BookVisitRequest BookRequest(const std::string& name, Millis start, const std::string& technician = "t1") {
    v1::BookVisitRequest request;
    request.set_request_id(NextRequest());
    request.set_name(name);
    request.mutable_slot()->set_technician(absl::StrCat("technicians/", technician));
    *request.mutable_slot()->mutable_start_time() = service::WriteTime(start);
    return request;
  }
  v1::HoldSlotRequest HoldRequest(const std::string& name, Millis start, const std::string& technician = "t1") {
    v1::HoldSlotRequest request;
    request.set_request_id(NextRequest());
    request.set_name(name);
    *request.mutable_slot() = BookRequest(name, start, technician).slot();
    return request;
  }
  v1::Intervention Booked(Millis start = kMorning + kHour) {
    const v1::Intervention visit = Requested();
    const auto response = Call(&SchedulingService::BookVisit, BookRequest(visit.name(), start));
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? response->intervention() : visit;
  }

  FakeClock clock_;
  FakeExecutor executor_;
  SeededIdSource ids_;
  InMemoryKeyStore keys_;
  InMemoryReadAudit audit_;
  Opener opener_{"test", &keys_, &audit_};
  std::unique_ptr<log::SimulatedLog> log_;
  std::unique_ptr<log::SimulatedConnection> connection_;
  // None: places and agencies are not looked up.
  std::unique_ptr<reference::FixedReference> reference_;
  SchedulingLogic logic_;
  testing::ScriptLogic intake_logic_{log::Stream::kIntake};
  testing::ScriptLogic routing_logic_{log::Stream::kRouting};
  std::shared_ptr<store::MemoryDatabase> rows_ = std::make_shared<store::MemoryDatabase>(64);
  std::shared_ptr<store::MemoryDatabase> intake_rows_ = std::make_shared<store::MemoryDatabase>();
  std::shared_ptr<store::MemoryDatabase> routing_rows_ = std::make_shared<store::MemoryDatabase>();
  std::unique_ptr<runtime::ServiceRuntime> runtime_;
  std::unique_ptr<runtime::ServiceRuntime> intake_;
  std::unique_ptr<runtime::ServiceRuntime> routing_;
  std::unique_ptr<SchedulingService> service_;
  int requests_ = 0;
};

}  // namespace redress::scheduling
