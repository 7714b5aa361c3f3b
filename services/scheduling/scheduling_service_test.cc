// Visits from request to end, through the handlers, on a simulated log.
#include "services/scheduling/scheduling_service.h"

#include <gtest/gtest.h>

#include "libs/reference/snapshot_builder.h"
#include "libs/reference/territory_check.h"
#include "libs/reference/test_territory.h"
#include "services/scheduling/limits.h"
#include "services/scheduling/scheduling_fixture.h"
#include "services/scheduling/scheduling_grpc.h"
#include "services/scheduling/scheduling_rows.h"

namespace redress::scheduling {
namespace {

using State = v1::Intervention;
using Service = SchedulingService;

TEST_F(SchedulingTest, AllMethodsOfTheProtoAreServed) {
  EXPECT_EQ(MakeRpcService(service_.get()).Missing(), std::vector<std::string>{});
}

TEST_F(SchedulingTest, AVisitGoesFromFoundSlotToDone) {
  Register("t1");
  const v1::Intervention visit = Requested();
  EXPECT_EQ(visit.state(), State::STATE_REQUESTED);
  EXPECT_EQ(visit.duration_minutes(), 60);
  v1::FindSlotsRequest find;
  find.set_name(visit.name());
  const auto slots = Call(&Service::FindSlots, find);
  ASSERT_TRUE(slots.ok()) << slots.status();
  ASSERT_EQ(slots->slots_size(), kDefaultSlots);
  // 08:00 and 08:30 are nearer than the lead time.
  EXPECT_EQ(slots->slots(0).start_time().seconds(), (kMorning + 60 * kMinute) / 1000);
  v1::HoldSlotRequest hold;
  hold.set_request_id("hold");
  hold.set_name(visit.name());
  *hold.mutable_slot() = slots->slots(0);
  const auto held = Call(&Service::HoldSlot, hold);
  ASSERT_TRUE(held.ok()) << held.status();
  EXPECT_EQ(held->intervention().state(), State::STATE_HELD);
  v1::BookVisitRequest book;
  book.set_request_id("book");
  book.set_name(visit.name());
  book.set_etag(held->intervention().etag());
  const auto booked = Call(&Service::BookVisit, book);
  ASSERT_TRUE(booked.ok()) << booked.status();
  EXPECT_EQ(booked->intervention().state(), State::STATE_BOOKED);
  clock_.Advance(kHour);
  v1::StartVisitRequest start;
  start.set_request_id("start");
  start.set_name(visit.name());
  ASSERT_TRUE(Call(&Service::StartVisit, start).ok());
  v1::CompleteVisitRequest complete;
  complete.set_request_id("complete");
  complete.set_name(visit.name());
  complete.set_result(v1::VISIT_RESULT_FIXED);
  const auto done = Call(&Service::CompleteVisit, complete);
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_EQ(done->intervention().state(), State::STATE_DONE);
  EXPECT_EQ(done->intervention().result(), v1::VISIT_RESULT_FIXED);
  EXPECT_EQ(done->intervention().followed_by(), "");
  EXPECT_EQ(Call(&Service::FindSlots, find).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(SchedulingTest, OfTwoResidentsWhoRaceForASlotOneWinsAndTheOtherIsToldOfFreshOnes) {
  Register("t1");
  const auto first = Requested();
  const auto second = Requested();
  std::vector<absl::Status> answers;
  for (const auto& visit : {first, second}) {
    service_->BookVisit(Everybody(), BookRequest(visit.name(), kMorning + kHour),
                        [&](absl::StatusOr<v1::BookVisitResponse> answer) { answers.push_back(answer.status()); });
  }
  executor_.RunFor(kSecond);
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_TRUE(answers[0].ok()) << answers[0];
  EXPECT_EQ(answers[1].code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ReasonOf(answers[1]), "SLOT_TAKEN");
  // Beside what the runtime says of any refusal.
  Metadata fresh = MetadataOf(answers[1]);
  std::erase_if(fresh, [](const auto& one) { return one.first == "position"; });
  ASSERT_EQ(fresh.size(), static_cast<size_t>(kFreshSlots));
  EXPECT_EQ(fresh[0].first, "slot_1");
  EXPECT_EQ(fresh[0].second, "technicians/t1|2026-03-02T09:00:00Z|2026-03-02T10:00:00Z");
}

TEST_F(SchedulingTest, ARetryGetsTheFirstAnswerAndOtherContentIsRefused) {
  Register("t1");
  const auto visit = Requested();
  auto book = BookRequest(visit.name(), kMorning + kHour);
  const auto first = Call(&Service::BookVisit, book);
  ASSERT_TRUE(first.ok());
  v1::CancelVisitRequest cancel;
  cancel.set_request_id(NextRequest());
  cancel.set_name(visit.name());
  cancel.set_reason("resident");
  ASSERT_TRUE(Call(&Service::CancelVisit, cancel).ok());
  const auto again = Call(&Service::BookVisit, book);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());
  *book.mutable_slot()->mutable_start_time() = service::WriteTime(kMorning + 2 * kHour);
  EXPECT_EQ(ReasonOf(Call(&Service::BookVisit, book).status()), "REQUEST_ID_REUSED");
}

TEST_F(SchedulingTest, SayingAgainWhatIsSoAlreadyAnswersWithWhatThereIs) {
  Register("t1");
  const auto visit = Booked();
  const auto again = Call(&Service::BookVisit, BookRequest(visit.name(), kMorning + kHour));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->intervention().etag(), visit.etag());
  EXPECT_EQ(again->intervention().state(), State::STATE_BOOKED);
}

TEST_F(SchedulingTest, AStaleEtagIsAborted) {
  Register("t1");
  const auto visit = Booked();
  v1::CancelVisitRequest cancel;
  cancel.set_request_id(NextRequest());
  cancel.set_name(visit.name());
  cancel.set_reason("resident");
  cancel.set_etag("v1");
  EXPECT_EQ(ReasonOf(Call(&Service::CancelVisit, cancel).status()), "ETAG_MOVED");
}

TEST_F(SchedulingTest, AHoldIsFreedByItsTimer) {
  Register("t1");
  const auto visit = Requested();
  ASSERT_TRUE(Call(&Service::HoldSlot, HoldRequest(visit.name(), kMorning + kHour)).ok());
  executor_.RunFor(kDefaultHold - kSecond);
  EXPECT_EQ(Get(visit.name()).state(), State::STATE_HELD);
  executor_.RunFor(2 * kSecond);
  EXPECT_EQ(Get(visit.name()).state(), State::STATE_REQUESTED);
  EXPECT_FALSE(Get(visit.name()).has_slot());
}

TEST_F(SchedulingTest, AHoldIsJudgedByItsTimeAndNotByItsTimer) {
  Register("t1");
  const auto first = Requested();
  const auto second = Requested();
  ASSERT_TRUE(Call(&Service::HoldSlot, HoldRequest(first.name(), kMorning + kHour)).ok());
  // Time passes while no timer of the machine goes off.
  clock_.Step(kDefaultHold);
  v1::BookVisitRequest late;
  late.set_request_id(NextRequest());
  late.set_name(first.name());
  EXPECT_EQ(ReasonOf(Call(&Service::BookVisit, late).status()), "HOLD_EXPIRED");
  const auto booked = Call(&Service::BookVisit, BookRequest(second.name(), kMorning + kHour));
  ASSERT_TRUE(booked.ok()) << booked.status();
  EXPECT_EQ(Get(first.name()).state(), State::STATE_REQUESTED);
  executor_.RunFor(kHour);
  EXPECT_EQ(Get(first.name()).state(), State::STATE_REQUESTED);
  EXPECT_EQ(Get(second.name()).state(), State::STATE_BOOKED);
}

TEST_F(SchedulingTest, NoAccessAsksForTheNextVisitAndFreesTheSlot) {
  Register("t1");
  const auto visit = Booked();
  v1::ReportNoAccessRequest report;
  report.set_request_id(NextRequest());
  report.set_name(visit.name());
  report.set_evidence("photo/17");
  const auto missed = Call(&Service::ReportNoAccess, report);
  ASSERT_TRUE(missed.ok()) << missed.status();
  EXPECT_EQ(missed->intervention().state(), State::STATE_NO_ACCESS);
  const auto next = Get(missed->intervention().followed_by());
  EXPECT_EQ(next.state(), State::STATE_REQUESTED);
  EXPECT_EQ(next.follows(), visit.name());
  EXPECT_EQ(next.complaint(), visit.complaint());
  EXPECT_TRUE(Call(&Service::BookVisit, BookRequest(next.name(), kMorning + kHour)).ok());
}

TEST_F(SchedulingTest, AMoveNeedsConsentOrAReason) {
  Register("t1");
  const auto visit = Booked();
  v1::MoveVisitRequest move;
  move.set_request_id(NextRequest());
  move.set_name(visit.name());
  *move.mutable_slot() = BookRequest(visit.name(), kMorning + 3 * kHour).slot();
  EXPECT_EQ(ReasonOf(Call(&Service::MoveVisit, move).status()), "INVALID_FIELDS");
  move.set_resident_consented(true);
  const auto moved = Call(&Service::MoveVisit, move);
  ASSERT_TRUE(moved.ok()) << moved.status();
  EXPECT_EQ(moved->intervention().move_count(), 1);
  // What it left is free again.
  EXPECT_TRUE(Call(&Service::BookVisit, BookRequest(Requested().name(), kMorning + kHour)).ok());
}

TEST_F(SchedulingTest, AnAbsenceNamesTheVisitsThatItMeets) {
  Register("t1");
  const auto visit = Booked();
  v1::SetAbsenceRequest request;
  request.set_request_id(NextRequest());
  request.set_technician("technicians/t1");
  *request.mutable_absence()->mutable_start_time() = service::WriteTime(kMorning);
  *request.mutable_absence()->mutable_end_time() = service::WriteTime(kMorning + kDay);
  const auto away = Call(&Service::SetAbsence, request);
  ASSERT_TRUE(away.ok()) << away.status();
  ASSERT_EQ(away->interventions_size(), 1);
  EXPECT_EQ(away->interventions(0), visit.name());
  EXPECT_EQ(away->technician().absences_size(), 1);
  v1::ExplainSlotsRequest explain;
  explain.set_name(visit.name());
  *explain.mutable_to_time() = service::WriteTime(kMorning + kDay);
  const auto why = Call(&Service::ExplainSlots, explain);
  ASSERT_TRUE(why.ok()) << why.status();
  ASSERT_EQ(why->technicians_size(), 1);
  EXPECT_EQ(why->technicians(0).reason(), v1::TechnicianExplanation::REASON_ABSENT);
  request.set_technician("technicians/nobody");
  request.set_request_id(NextRequest());
  EXPECT_EQ(ReasonOf(Call(&Service::SetAbsence, request).status()), "TECHNICIAN_UNKNOWN");
}

TEST_F(SchedulingTest, ATechnicianBelongsToOneAgency) {
  Register("t1", "north");
  v1::RegisterTechnicianRequest request;
  request.set_request_id(NextRequest());
  request.mutable_technician()->set_name("technicians/t1");
  request.mutable_technician()->set_agency("south");
  request.mutable_technician()->set_zone("Europe/Paris");
  EXPECT_EQ(ReasonOf(Call(&Service::RegisterTechnician, request).status()), "TECHNICIAN_ELSEWHERE");
}

TEST_F(SchedulingTest, AVisitByHandTakesWhatItDoesNotSayFromTheLastOne) {
  Register("t1");
  const auto first = Requested();
  v1::RequestVisitRequest request;
  request.set_request_id(NextRequest());
  request.set_complaint(first.complaint());
  request.set_duration_minutes(30);
  const auto second = Call(&Service::RequestVisit, request);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_NE(second->intervention().name(), first.name());
  EXPECT_EQ(second->intervention().agency(), "north");
  EXPECT_EQ(second->intervention().skills(0), "plumbing");
  EXPECT_EQ(second->intervention().duration_minutes(), 30);
  EXPECT_EQ(second->intervention().assignment(), 0);
  const auto again = Call(&Service::RequestVisit, request);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->intervention().name(), second->intervention().name());
  request.set_request_id(NextRequest());
  request.set_complaint(NewComplaint());
  EXPECT_EQ(ReasonOf(Call(&Service::RequestVisit, request).status()), "INVALID_FIELDS");
}

TEST_F(SchedulingTest, EveryBadFieldIsNamed) {
  v1::HoldSlotRequest hold;
  hold.set_name("interventions/x");
  hold.set_hold_minutes(61);
  hold.set_etag("7");
  hold.mutable_slot()->set_technician("t1");
  hold.mutable_slot()->mutable_start_time()->set_seconds(-99999999999);
  std::vector<std::string> fields;
  for (const auto& violation : ViolationsOf(Call(&Service::HoldSlot, hold).status())) fields.push_back(violation.field);
  EXPECT_EQ(fields, (std::vector<std::string>{"slot.technician", "slot.start_time", "hold_minutes", "request_id",
                                              "name", "etag"}));
  v1::RegisterTechnicianRequest technician;
  technician.set_request_id("r");
  technician.mutable_technician()->set_name("technicians/a|b");
  technician.mutable_technician()->set_zone("Mars/Olympus");
  for (int i = 0; i < 2; ++i) technician.mutable_technician()->add_hours()->set_end_minute(100);
  technician.mutable_technician()->add_hours()->set_end_minute(20000);
  fields.clear();
  for (const auto& violation : ViolationsOf(Call(&Service::RegisterTechnician, technician).status())) {
    fields.push_back(violation.field);
  }
  EXPECT_EQ(fields, (std::vector<std::string>{"technician.name", "technician.agency", "technician.hours[1]",
                                              "technician.hours[2]", "technician.zone"}));
}

// The field that is refused, "" for none.
template <typename Response>
std::string RefusedField(const absl::StatusOr<Response>& response) {
  const auto violations = ViolationsOf(response.status());
  return violations.size() == 1 ? violations[0].field : absl::StrCat(violations.size(), " fields");
}

TEST_F(SchedulingTest, NoNameSlipsIntoTheLogAsAReasonOrEvidence) {
  constexpr char kName[] = "Mme Martin, 3rd floor";
  Register("t1");
  const auto visit = Booked();
  v1::CancelVisitRequest cancel;
  cancel.set_request_id(NextRequest());
  cancel.set_name(visit.name());
  cancel.set_reason(kName);
  EXPECT_EQ(RefusedField(Call(&Service::CancelVisit, cancel)), "reason");
  v1::MoveVisitRequest move;
  move.set_request_id(NextRequest());
  move.set_name(visit.name());
  *move.mutable_slot() = BookRequest(visit.name(), kMorning + 3 * kHour).slot();
  move.set_reason(kName);
  EXPECT_EQ(RefusedField(Call(&Service::MoveVisit, move)), "reason");
  v1::ReportNoAccessRequest report;
  report.set_request_id(NextRequest());
  report.set_name(visit.name());
  report.set_evidence(kName);
  EXPECT_EQ(RefusedField(Call(&Service::ReportNoAccess, report)), "evidence");
  report.set_evidence(std::string(129, 'x'));
  EXPECT_EQ(RefusedField(Call(&Service::ReportNoAccess, report)), "evidence");
  v1::StartVisitRequest start;
  start.set_request_id(NextRequest());
  start.set_name(visit.name());
  start.set_backdating_reason(kName);
  EXPECT_EQ(RefusedField(Call(&Service::StartVisit, start)), "backdating_reason");
  v1::SetAbsenceRequest absence;
  absence.set_request_id(NextRequest());
  absence.set_technician("technicians/t1");
  *absence.mutable_absence()->mutable_start_time() = service::WriteTime(kMorning);
  *absence.mutable_absence()->mutable_end_time() = service::WriteTime(kMorning + kDay);
  absence.mutable_absence()->set_reason(kName);
  EXPECT_EQ(RefusedField(Call(&Service::SetAbsence, absence)), "absence.reason");
  EXPECT_EQ(Get(visit.name()).state(), State::STATE_BOOKED);
}

TEST_F(SchedulingTest, ReadsSayUpToWhereTheyHaveSeen) {
  Register("t1");
  const auto visit = Requested();
  const auto booked = Call(&Service::BookVisit, BookRequest(visit.name(), kMorning + kHour));
  ASSERT_TRUE(booked.ok());
  const std::string wanted = booked->position().SerializeAsString();
  v1::GetInterventionRequest get;
  get.set_name(visit.name());
  EXPECT_EQ(Call(&Service::GetIntervention, get)->position().SerializeAsString(), wanted);
  v1::FindSlotsRequest find;
  find.set_name(visit.name());
  EXPECT_EQ(Call(&Service::FindSlots, find)->position().SerializeAsString(), wanted);
  v1::ExplainSlotsRequest explain;
  explain.set_name(visit.name());
  EXPECT_EQ(Call(&Service::ExplainSlots, explain)->position().SerializeAsString(), wanted);
  const auto visits = Call(&Service::ListInterventions, v1::ListInterventionsRequest());
  ASSERT_EQ(visits->positions_size(), static_cast<int>(kShards));
  EXPECT_EQ(visits->positions(booked->position().shard()).SerializeAsString(), wanted);
  const auto technicians = Call(&Service::ListTechnicians, v1::ListTechniciansRequest());
  ASSERT_EQ(technicians->positions_size(), static_cast<int>(kShards));
  EXPECT_EQ(technicians->positions(booked->position().shard()).SerializeAsString(), wanted);
}

TEST_F(SchedulingTest, LateReportsNeedPermissionAndReason) {
  Register("t1");
  const auto visit = Requested();
  ASSERT_TRUE(Call(&Service::BookVisit, BookRequest(visit.name(), kMorning + kHour)).ok());
  clock_.Advance(3 * kDay);
  v1::CompleteVisitRequest complete;
  complete.set_request_id(NextRequest());
  complete.set_name(visit.name());
  complete.set_result(v1::VISIT_RESULT_FIXED);
  *complete.mutable_occurred_time() = service::WriteTime(kMorning + 2 * kHour);
  EXPECT_EQ(ReasonOf(Call(&Service::CompleteVisit, complete, As("t1", "technician", "north")).status()),
            "PERMISSION_MISSING");
  EXPECT_EQ(ReasonOf(Call(&Service::CompleteVisit, complete).status()), "INVALID_FIELDS");
  complete.set_backdating_reason("no_network");
  const auto done = Call(&Service::CompleteVisit, complete);
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_EQ(done->intervention().end_time().seconds(), (kMorning + 2 * kHour) / 1000);
}

TEST_F(SchedulingTest, WhatIsOutOfScopeDoesNotExist) {
  Register("t1");
  const auto visit = Booked();
  const CallContext south = As("d", "dispatcher", "south");
  v1::GetInterventionRequest get;
  get.set_name(visit.name());
  EXPECT_EQ(ReasonOf(Call(&Service::GetIntervention, get, south).status()), "INTERVENTION_UNKNOWN");
  v1::CancelVisitRequest cancel;
  cancel.set_request_id(NextRequest());
  cancel.set_name(visit.name());
  cancel.set_reason("resident");
  cancel.set_etag("v1");
  EXPECT_EQ(ReasonOf(Call(&Service::CancelVisit, cancel, south).status()), "INTERVENTION_UNKNOWN");
  v1::ListInterventionsRequest list;
  list.set_complaint(visit.complaint());
  const auto visits = Call(&Service::ListInterventions, list, south);
  ASSERT_TRUE(visits.ok());
  EXPECT_EQ(visits->interventions_size(), 0);
  const auto technicians = Call(&Service::ListTechnicians, v1::ListTechniciansRequest(), south);
  ASSERT_TRUE(technicians.ok());
  EXPECT_EQ(technicians->technicians_size(), 0);
  v1::RequestVisitRequest request;
  request.set_request_id(NextRequest());
  request.set_complaint(visit.complaint());
  request.set_agency("north");
  EXPECT_EQ(ReasonOf(Call(&Service::RequestVisit, request, south).status()), "AGENCY_UNKNOWN");
  EXPECT_EQ(Get(visit.name()).state(), State::STATE_BOOKED);
}

TEST_F(SchedulingTest, ATechnicianReportsOwnVisitsOnly) {
  Register("t1");
  const auto visit = Booked();
  v1::StartVisitRequest start;
  start.set_request_id("s");
  start.set_name(visit.name());
  EXPECT_EQ(ReasonOf(Call(&Service::StartVisit, start, As("t2", "technician", "north")).status()),
            "INTERVENTION_UNKNOWN");
  EXPECT_TRUE(Call(&Service::StartVisit, start, As("t1", "technician", "north")).ok());
}

class RegisterTest : public SchedulingTest {
 protected:
  // North in Paris, south in Casablanca.
  RegisterTest() {
    Stop();
    reference_ = std::make_unique<reference::FixedReference>(
        reference::SnapshotBuilder().Add(reference::testing::SmallTerritory()).Build());
    Boot();
  }
};

TEST_F(RegisterTest, AgenciesAreThoseOfTheRegisterAndLendTheirZone) {
  v1::RegisterTechnicianRequest request;
  request.set_request_id(NextRequest());
  request.mutable_technician()->set_name("technicians/t1");
  request.mutable_technician()->set_agency("nowhere");
  EXPECT_EQ(ReasonOf(Call(&Service::RegisterTechnician, request).status()), "INVALID_FIELDS");
  request.mutable_technician()->set_agency("south");
  const auto technician = Call(&Service::RegisterTechnician, request);
  ASSERT_TRUE(technician.ok()) << technician.status();
  EXPECT_EQ(technician->technician().zone(), "Africa/Casablanca");
  EXPECT_EQ(Requested("south").zone(), "Africa/Casablanca");
  EXPECT_EQ(Requested("nowhere").zone(), "");
  v1::RequestVisitRequest visit;
  visit.set_request_id(NextRequest());
  visit.set_complaint(NewComplaint());
  visit.set_agency("nowhere");
  EXPECT_EQ(ReasonOf(Call(&Service::RequestVisit, visit).status()), "INVALID_FIELDS");
  visit.set_agency("north");
  EXPECT_TRUE(Call(&Service::RequestVisit, visit).ok());
}

TEST_F(SchedulingTest, WhatTheRegisterAcceptsAsACodeCanBePlannedWith) {
  auto territory = reference::testing::SmallTerritory();
  reference::testing::AddAgency(&territory, "Île-Nord");
  ASSERT_TRUE(reference::CheckTerritory(territory).empty());
  Stop();
  reference_ = std::make_unique<reference::FixedReference>(reference::SnapshotBuilder().Add(territory).Build());
  Boot();
  v1::RegisterTechnicianRequest request;
  request.set_request_id(NextRequest());
  request.mutable_technician()->set_name("technicians/t1");
  request.mutable_technician()->set_agency("Île-Nord");
  request.mutable_technician()->add_skills("gaz chauffage");
  request.mutable_technician()->add_hours()->set_end_minute(5 * 1440);
  const auto technician = Call(&Service::RegisterTechnician, request);
  ASSERT_TRUE(technician.ok()) << technician.status();
  auto assigned = Assigned(1, "Île-Nord");
  assigned.mutable_assigned()->set_skills(0, "gaz chauffage");
  const std::string complaint = NewComplaint();
  Write(*routing_, complaint, std::vector{assigned});
  v1::FindSlotsRequest find;
  find.set_name(VisitsOfComplaint(complaint).at(0).name());
  const auto slots = Call(&Service::FindSlots, find);
  ASSERT_TRUE(slots.ok()) << slots.status();
  ASSERT_GT(slots->slots_size(), 0);
  v1::ListTechniciansRequest list;
  list.set_agency("Île-Nord");
  list.set_skill("gaz chauffage");
  EXPECT_EQ(Call(&Service::ListTechnicians, list)->technicians_size(), 1);
}

}  // namespace
}  // namespace redress::scheduling
