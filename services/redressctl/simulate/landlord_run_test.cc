// The landlord's people against services that answer what a test wants.
#include "services/redressctl/simulate/landlord_run.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/clock/fake_clock.h"
#include "libs/status/errors.h"
#include "redress/intake/v1/intake_service.pb.h"
#include "redress/scheduling/v1/scheduling_service.pb.h"
#include "services/redressctl/simulate/setup_file.h"

namespace redress::simulate {
namespace {

// Every complaint asks for a visit of one agency and trade, all slots are taken for ever, and nobody is in charge. Those
// in danger, who would be in front of any line, are helped at once.
class TakenServices : public rpc::Client {
 public:
  void RawCall(absl::string_view method, const google::protobuf::Message& request, google::protobuf::Message* response,
               const rpc::CallOptions&, std::function<void(absl::Status)> done) override {
    if (absl::EndsWith(method, "/GetAssignment")) {
      return done(MakeError(absl::StatusCode::kNotFound, "ASSIGNMENT_NOT_FOUND", "there is none"));
    }
    if (absl::EndsWith(method, "/SubmitComplaint")) {
      const auto& submit = static_cast<const intake::v1::SubmitComplaintRequest&>(request);
      const std::string name = absl::StrCat("complaints/", ++submitted_);
      in_danger_[name] = submit.category() == "gas" || submit.category() == "lift";
      static_cast<intake::v1::SubmitComplaintResponse*>(response)->mutable_complaint()->set_name(name);
    } else if (absl::EndsWith(method, "/ListInterventions")) {
      const auto& list = static_cast<const scheduling::v1::ListInterventionsRequest&>(request);
      auto* visit = static_cast<scheduling::v1::ListInterventionsResponse*>(response)->add_interventions();
      visit->set_name(list.complaint());
      visit->set_agency("agency-1");
      visit->set_category("heating");
      visit->set_state(in_danger_[list.complaint()] ? scheduling::v1::Intervention::STATE_DONE
                                                    : scheduling::v1::Intervention::STATE_REQUESTED);
    } else if (absl::EndsWith(method, "/FindSlots")) {
      const auto& find = static_cast<const scheduling::v1::FindSlotsRequest&>(request);
      ++looks_[find.name()];
    }
    done(absl::OkStatus());
  }

  // How often slots were looked for, by complaint.
  const std::map<std::string, int>& looks() const { return looks_; }

 private:
  int submitted_ = 0;
  std::map<std::string, bool> in_danger_;
  std::map<std::string, int> looks_;
};

TEST(LandlordRun, WhoWaitsByPriorityIsNotForgottenWhenNobodyCanTellTheirs) {
  constexpr int kDays = 14;
  const auto choices = ParseSetup("desk { line_order: LINE_ORDER_PRIORITY } residents { withdrawn: 0 }", 1000, kDays);
  ASSERT_TRUE(choices.ok()) << choices.status();
  // A Monday to a Sunday.
  const Millis until = 20486 * kDay;
  const LandlordModel model({.homes = 1000, .days = kDays, .seed = 3, .until = until});
  FakeClock clock(model.begins());
  FakeExecutor executor(&clock);
  TakenServices services;
  const auto desk = DeskCalendarOf(choices->desk());
  LandlordRun run(&model, &services, &clock, &executor, &desk, 3, &*choices);
  run.Begin();
  executor.RunFor(kDays * kDay);
  ASSERT_TRUE(CheckAnswers(run.counts()).ok()) << CheckAnswers(run.counts());
  // One at the front of the line is tried a working day, and all others of it wait.
  int looks = 0;
  for (const auto& [name, times] : services.looks()) looks += times;
  EXPECT_GE(looks, 7);
  EXPECT_LE(looks, 11);
  EXPECT_EQ(services.looks().size(), 1u) << "who was first in line lost their place";
}

}  // namespace
}  // namespace redress::simulate
