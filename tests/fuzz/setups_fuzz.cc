// Set-up files: whatever passes the check can be staffed, and says the same when it is read again.
#include <google/protobuf/text_format.h>

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"
#include "services/redressctl/simulate/landlord_model.h"
#include "services/redressctl/simulate/setup_file.h"
#include "services/redressctl/simulate/staffing.h"
#include "tests/fuzz/target.h"

namespace redress::fuzz {
namespace {

// People of one set-up that are made; more are as good as these.
constexpr int64_t kMostStaff = 5000;

int64_t StaffOf(const simulate::v1::Setup& setup, int agencies) {
  const auto& staffing = setup.staffing();
  int64_t staff = 16 * agencies;
  if (staffing.has_homes_per_technician()) staff += setup.homes() / staffing.homes_per_technician();
  for (const auto& crew : staffing.crews()) staff += int64_t{crew.technicians()} * agencies;
  for (const auto& crew : staffing.additions()) staff += int64_t{crew.technicians()} * agencies;
  return staff;
}

void Run(absl::string_view bytes) {
  const auto setup = simulate::ParseSetup(bytes);
  if (!setup.ok()) {
    const std::string reason = ReasonOf(setup.status());
    Check(reason == "BAD_SETUP" || (reason == "INVALID_FIELDS" && !ViolationsOf(setup.status()).empty()),
          "what is wrong is said");
    return;
  }
  std::string printed;
  google::protobuf::TextFormat::PrintToString(*setup, &printed);
  const auto again = simulate::ParseSetup(printed);
  Check(again.ok() && again->SerializeAsString() == setup->SerializeAsString(), "a complete set-up stays as it is");
  Check(simulate::DeskCalendarOf(setup->desk()).NextOpening(0) >= 0, "its desks open");

  const int agencies = simulate::AgenciesOf(setup->homes());
  if (StaffOf(*setup, agencies) > kMostStaff || setup->days() > 400) return;
  simulate::StaffOptions options{.homes = setup->homes(), .begins = 0, .days = setup->days(), .seed = 1};
  for (int a = 1; a <= agencies; ++a) options.agencies.push_back(absl::StrCat("agency-", a));
  std::set<std::string> ids;
  for (const simulate::Technician& technician : simulate::DrawStaff(setup->staffing(), options)) {
    Check(ids.insert(technician.id).second, "nobody is there twice");
    Check(!technician.skills.empty() && !technician.hours.empty(), "everybody has a trade and hours");
    int last = 0;
    for (const auto& span : technician.hours) {
      Check(last <= span.start_minute() && span.start_minute() < span.end_minute(), "hours are in order");
      last = span.end_minute();
    }
    for (const auto& leave : technician.leaves) Check(leave.from < leave.to, "a leave ends after it begins");
  }
}

const Target kTarget("setups", Run);

}  // namespace
}  // namespace redress::fuzz
