// Personal data of visits, and lists of visits and technicians, through the handlers.
#include <gtest/gtest.h>

#include "services/scheduling/scheduling_fixture.h"
#include "services/scheduling/scheduling_service.h"

namespace redress::scheduling {
namespace {

using State = v1::Intervention;
using Service = SchedulingService;

class PersonalDataTest : public SchedulingTest {
 protected:
  // A booked visit of t1's, with a dwelling under a key that can be destroyed.
  v1::Intervention Visit() {
    Register("t1");
    const std::string complaint = NewComplaint();
    const Key key = *keys_.TakeKey(KeyKind::kPerson);
    key_ = key.id;
    auto assigned = Assigned();
    const Sealer sealer("test", &ids_);
    *assigned.mutable_assigned()->mutable_dwelling() = sealer.Seal(key, complaint, "dwelling", "B 412").proto();
    *assigned.mutable_assigned()->mutable_access_note() = sealer.Seal(key, complaint, "access_note", "dog").proto();
    Write(*routing_, complaint, std::vector{assigned});
    const auto visit = VisitsOfComplaint(complaint)[0];
    EXPECT_TRUE(Call(&Service::BookVisit, BookRequest(visit.name(), kMorning + kHour)).ok());
    return visit;
  }
  std::string key_;
};

TEST_F(PersonalDataTest, AreOpenedForWhoMayReadThemAndAudited) {
  const auto visit = Visit();
  v1::GetInterventionRequest get;
  get.set_name(visit.name());
  const CallContext technician = As("t1", "technician", "north");
  auto seen = Call(&Service::GetIntervention, get, technician);
  ASSERT_TRUE(seen.ok());
  EXPECT_EQ(seen->intervention().dwelling(), "");
  EXPECT_TRUE(audit_.lines().empty());
  get.set_include_personal_data(true);
  seen = Call(&Service::GetIntervention, get, technician);
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_EQ(seen->intervention().dwelling(), "B 412");
  EXPECT_EQ(seen->intervention().access_note(), "dog");
  EXPECT_EQ(audit_.lines().size(), 2u);
  EXPECT_EQ(ReasonOf(Call(&Service::GetIntervention, get, As("t2", "technician", "north")).status()), "NOT_OWN_VISIT");
  EXPECT_TRUE(Call(&Service::GetIntervention, get, As("d", "dispatcher", "north")).ok());
  EXPECT_EQ(ReasonOf(Call(&Service::GetIntervention, get, As("i", "importer", "north")).status()),
            "PERMISSION_MISSING");
}

TEST_F(PersonalDataTest, AreEmptyOnceForgotten) {
  const auto visit = Visit();
  ASSERT_TRUE(keys_.Destroy(key_).ok());
  v1::GetInterventionRequest get;
  get.set_name(visit.name());
  get.set_include_personal_data(true);
  const auto seen = Call(&Service::GetIntervention, get);
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_EQ(seen->intervention().dwelling(), "");
  EXPECT_EQ(seen->intervention().state(), State::STATE_BOOKED);
}

TEST_F(PersonalDataTest, AreNotTakenForForgottenWhenTheirKeyIsLost) {
  const auto visit = Visit();
  keys_.rows().Lose(key_);
  v1::GetInterventionRequest get;
  get.set_name(visit.name());
  EXPECT_TRUE(Call(&Service::GetIntervention, get).ok());
  get.set_include_personal_data(true);
  EXPECT_EQ(ReasonOf(Call(&Service::GetIntervention, get).status()), "KEY_LOST");
}

TEST_F(PersonalDataTest, GoOnToVisitsByHandStillSealed) {
  const auto visit = Visit();
  v1::RequestVisitRequest request;
  request.set_request_id(NextRequest());
  request.set_complaint(visit.complaint());
  const auto second = Call(&Service::RequestVisit, request);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->intervention().dwelling(), "");
  v1::GetInterventionRequest get;
  get.set_name(second->intervention().name());
  get.set_include_personal_data(true);
  EXPECT_EQ(Call(&Service::GetIntervention, get)->intervention().dwelling(), "B 412");
}

class ListTest : public SchedulingTest {
 protected:
  std::vector<std::string> Names(v1::ListInterventionsRequest request) {
    std::vector<std::string> names;
    request.set_page_size(2);
    do {
      const auto page = Call(&Service::ListInterventions, request);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      EXPECT_LE(page->interventions_size(), 2);
      for (const auto& visit : page->interventions()) names.push_back(visit.name());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return names;
  }
};

TEST_F(ListTest, PagesGoThroughAllShardsInOneOrder) {
  std::vector<std::string> names;
  for (int i = 0; i < 9; ++i) {
    names.push_back(Requested(absl::StrCat("agency", i)).name());
    clock_.Advance(kSecond);
  }
  EXPECT_EQ(Names({}), names);
  v1::ListInterventionsRequest queue;
  queue.set_state(State::STATE_REQUESTED);
  EXPECT_EQ(Names(queue), names);
  queue.set_agency("agency4");
  EXPECT_EQ(Names(queue), std::vector<std::string>{names[4]});
}

TEST_F(ListTest, TheQueueHasEmergenciesFirst) {
  const auto routine = Requested();
  clock_.Advance(kMinute);
  auto assigned = Assigned();
  assigned.mutable_assigned()->set_urgency(types::v1::URGENCY_EMERGENCY);
  const std::string complaint = NewComplaint();
  Write(*routing_, complaint, std::vector{assigned});
  v1::ListInterventionsRequest queue;
  queue.set_state(State::STATE_REQUESTED);
  const auto names = Names(queue);
  ASSERT_EQ(names.size(), 2u);
  EXPECT_EQ(names[1], routine.name());
}

TEST_F(ListTest, AgendaAndAgencyDaysAreByWindow) {
  Register("t1");
  Register("t2");
  const auto late = Booked(kMorning + 5 * kHour);
  const auto early = Booked(kMorning + kHour);
  const auto tomorrow = Requested();
  ASSERT_TRUE(Call(&Service::BookVisit, BookRequest(tomorrow.name(), kMorning + kDay + kHour, "t2")).ok());
  v1::ListInterventionsRequest agenda;
  agenda.set_technician("technicians/t1");
  EXPECT_EQ(Names(agenda), (std::vector<std::string>{early.name(), late.name()}));
  v1::ListInterventionsRequest day;
  day.set_agency("north");
  *day.mutable_from_time() = service::WriteTime(kMorning + 2 * kHour);
  *day.mutable_to_time() = service::WriteTime(kMorning + 2 * kDay);
  EXPECT_EQ(Names(day), (std::vector<std::string>{late.name(), tomorrow.name()}));
  day.set_agency("");
  EXPECT_EQ(ReasonOf(Call(&Service::ListInterventions, day).status()), "INVALID_FIELDS");
}

TEST_F(ListTest, ForeignPageTokensAndPositionsAreRefused) {
  for (int i = 0; i < 3; ++i) Requested();
  v1::ListInterventionsRequest request;
  request.set_page_size(1);
  const auto page = Call(&Service::ListInterventions, request);
  ASSERT_TRUE(page.ok());
  request.set_page_token(page->next_page_token());
  request.set_agency("north");
  EXPECT_EQ(ReasonOf(Call(&Service::ListInterventions, request).status()), "PAGE_TOKEN_FOREIGN");
  request.set_page_token("nonsense");
  EXPECT_EQ(ReasonOf(Call(&Service::ListInterventions, request).status()), "PAGE_TOKEN_MALFORMED");
  v1::ListInterventionsRequest elsewhere;
  elsewhere.mutable_position()->set_log_id("another log here");
  elsewhere.mutable_position()->set_stream("scheduling");
  EXPECT_EQ(ReasonOf(Call(&Service::ListInterventions, elsewhere).status()), "ANOTHER_LOG");
}

TEST_F(ListTest, TechniciansAreListedByAgencyAndSkill) {
  Register("b", "south");
  Register("a", "north");
  Register("c", "north");
  v1::ListTechniciansRequest request;
  request.set_page_size(2);
  auto page = Call(&Service::ListTechnicians, request);
  ASSERT_TRUE(page.ok());
  ASSERT_EQ(page->technicians_size(), 2);
  EXPECT_EQ(page->technicians(0).name(), "technicians/a");
  EXPECT_EQ(page->technicians(1).name(), "technicians/b");
  request.set_page_token(page->next_page_token());
  page = Call(&Service::ListTechnicians, request);
  ASSERT_EQ(page->technicians_size(), 1);
  EXPECT_EQ(page->next_page_token(), "");
  v1::ListTechniciansRequest north;
  north.set_agency("north");
  EXPECT_EQ(Call(&Service::ListTechnicians, north)->technicians_size(), 2);
  north.set_skill("painting");
  EXPECT_EQ(Call(&Service::ListTechnicians, north)->technicians_size(), 0);
}

}  // namespace
}  // namespace redress::scheduling
