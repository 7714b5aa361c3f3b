#include "services/redressctl/simulate/setup_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/service/requests.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "libs/status/textproto.h"
#include "redress/register/v1/calendar.pb.h"
#include "services/redressctl/simulate/defaults.h"
#include "services/redressctl/simulate/landlord_model.h"
#include "services/redressctl/simulate/road.h"
#include "services/redressctl/simulate/staffing.h"

namespace redress::simulate {
namespace {

constexpr int kMinutesOfWeek = 7 * 24 * 60;

register_::v1::Calendar DeskHours(const v1::Desk& desk) {
  register_::v1::Calendar calendar;
  calendar.set_id("desk");
  calendar.set_zone("Europe/Paris");
  calendar.add_holiday_sets("FR");
  *calendar.mutable_weekly() = desk.hours();
  if (!desk.hours().empty()) return calendar;
  auto* weekly = calendar.add_weekly();
  for (int day = 1; day <= 5; ++day) weekly->add_weekdays(static_cast<register_::v1::Weekday>(day));
  auto* span = weekly->add_spans();
  span->set_start_minute(8 * 60);
  span->set_end_minute(18 * 60);
  return calendar;
}

// It stands over tables: one line of text.
void CheckTitle(const std::string& title, std::vector<FieldViolation>* faults) {
  service::Violations text;
  service::CheckText("title", title, kMaxTitleBytes, /*required=*/false, &text);
  for (const FieldViolation& one : ViolationsOf(text.ToStatus())) faults->push_back(one);
  if (std::any_of(title.begin(), title.end(), absl::ascii_iscntrl)) {
    faults->push_back({"title", "must be without control characters"});
  }
}

// Fills in what is left out, and collects what is wrong, field by field.
class Completion {
 public:
  explicit Completion(v1::Setup* setup) : setup_(*setup) {}

  std::vector<FieldViolation> Run() {
    CheckTitle(setup_.title(), &faults_);
    Landlord();
    Staff(setup_.staffing());
    Desk(setup_.mutable_desk());
    Slots(setup_.mutable_slots());
    TravelAndResidents();
    if (setup_.has_reopen_window_days()) Within("reopen_window_days", setup_.reopen_window_days(), 1, 366);
    return std::move(faults_);
  }

 private:
  void Fault(absl::string_view field, absl::string_view description) {
    faults_.push_back({std::string(field), std::string(description)});
  }

  // "nan" lies in no range.
  template <typename Number>
  void Within(absl::string_view field, Number value, Number least, Number most) {
    if (!(value >= least && value <= most)) Fault(field, absl::StrCat("must be ", least, " to ", most));
  }

  void Landlord() {
    if (setup_.homes() == 0) setup_.set_homes(kDefaultHomes);
    if (setup_.days() == 0) setup_.set_days(kDefaultDays);
    Within("homes", setup_.homes(), kLeastHomes, kMostHomes);
    Within("days", setup_.days(), 1, kMostDays);
  }

  void Staff(const v1::Staffing& staffing) {
    if (staffing.has_homes_per_technician()) {
      Within("staffing.homes_per_technician", staffing.homes_per_technician(), 1, 100000);
    }
    Crews("staffing.crews", staffing.crews());
    Crews("staffing.additions", staffing.additions());
    Crews("staffing.removals", staffing.removals());
    for (int i = 0; i < staffing.removals_size(); ++i) {
      if (!staffing.removals(i).hours().empty()) {
        Fault(absl::StrCat("staffing.removals[", i, "].hours"), "have no meaning for who goes");
      }
      if (staffing.removals(i).trades_size() > 1) {
        Fault(absl::StrCat("staffing.removals[", i, "].trades"), "must be one: a removal of another is one of its own");
      }
    }
    Hours("staffing.hours", staffing.hours());
    if (staffing.has_leave_share()) Within("staffing.leave_share", staffing.leave_share(), 0.0, 1.0);
  }

  template <typename List>
  void Crews(absl::string_view field, const List& crews) {
    const int agencies = AgenciesOf(std::clamp(setup_.homes(), kLeastHomes, kMostHomes));
    for (int i = 0; i < crews.size(); ++i) {
      const std::string at = absl::StrCat(field, "[", i, "]");
      bool known = crews[i].agency().empty();
      for (int a = 1; a <= agencies && !known; ++a) known = crews[i].agency() == absl::StrCat("agency-", a);
      if (!known) {
        Fault(absl::StrCat(at, ".agency"),
              absl::StrCat("must be agency-1", agencies > 1 ? absl::StrCat(" to agency-", agencies) : "",
                           ", or empty for each: there are ", setup_.homes(), " homes"));
      }
      if (crews[i].trades().empty()) Fault(absl::StrCat(at, ".trades"), "are required");
      for (const std::string& trade : crews[i].trades()) {
        const auto trades = Trades();
        if (std::find(trades.begin(), trades.end(), trade) == trades.end()) {
          Fault(absl::StrCat(at, ".trades"), absl::StrCat("must be among ", absl::StrJoin(trades, ", ")));
        }
      }
      Within(absl::StrCat(at, ".technicians"), crews[i].technicians(), 1, 1000);
      Hours(absl::StrCat(at, ".hours"), crews[i].hours());
    }
  }

  template <typename List>
  void Hours(absl::string_view field, const List& spans) {
    int last = 0;
    for (int i = 0; i < spans.size(); ++i) {
      if (spans[i].start_minute() < last || spans[i].end_minute() <= spans[i].start_minute() ||
          spans[i].end_minute() > kMinutesOfWeek) {
        Fault(absl::StrCat(field, "[", i, "]"), absl::StrCat("must end after it starts and by ", kMinutesOfWeek,
                                                             ", and start after the one before ends"));
      }
      last = spans[i].end_minute();
    }
  }

  void Desk(v1::Desk* desk) {
    if (!desk->has_dispatch_hours()) desk->set_dispatch_hours(kDefaultDispatchHours);
    if (!desk->has_line_hours()) desk->set_line_hours(kDefaultLineHours);
    if (desk->line_order() == v1::LINE_ORDER_UNSPECIFIED) desk->set_line_order(v1::LINE_ORDER_ARRIVAL);
    Within("desk.dispatch_hours", desk->dispatch_hours(), 0.05, 1000.0);
    Within("desk.line_hours", desk->line_hours(), 0.5, 1000.0);
    const auto compiled = calendar::WorkingCalendar::Compile(DeskHours(*desk));
    if (compiled.ok()) return;
    const auto violations = ViolationsOf(compiled.status());
    for (const FieldViolation& one : violations) Fault(absl::StrCat("desk.", one.field), one.description);
    if (violations.empty()) Fault("desk.hours", compiled.status().message());
  }

  void Slots(v1::SlotPolicy* slots) {
    if (slots->offer() == v1::OFFER_UNSPECIFIED) slots->set_offer(v1::OFFER_EARLIEST);
    if (!slots->has_offers()) slots->set_offers(kDefaultOffers);
    if (!slots->has_horizon_days()) slots->set_horizon_days(kDefaultHorizonDays);
    if (!slots->has_reserve_hours()) slots->set_reserve_hours(0);
    if (!slots->has_nearest_within_hours()) slots->set_nearest_within_hours(kDefaultNearestWithinHours);
    Within("slots.offers", slots->offers(), 1, 20);
    Within("slots.horizon_days", slots->horizon_days(), 1, 92);
    Within("slots.reserve_hours", slots->reserve_hours(), 0.0, 336.0);
    Within("slots.nearest_within_hours", slots->nearest_within_hours(), 0.0, 336.0);
    if (slots->reserve_hours() >= 24.0 * slots->horizon_days()) {
      Fault("slots.reserve_hours", "must end before slots.horizon_days do: nothing else would ever be offered");
    }
    for (int i = 0; i < slots->reserve_for_size(); ++i) {
      if (slots->reserve_for(i) == types::v1::URGENCY_UNSPECIFIED) {
        Fault(absl::StrCat("slots.reserve_for[", i, "]"), "must be an urgency");
      }
    }
    if (slots->reserve_for().empty()) {
      slots->add_reserve_for(types::v1::URGENCY_EMERGENCY);
      slots->add_reserve_for(types::v1::URGENCY_URGENT);
    }
  }

  void TravelAndResidents() {
    v1::Travel& travel = *setup_.mutable_travel();
    if (!travel.has_detour_factor()) travel.set_detour_factor(kDetourFactor);
    if (!travel.has_speed_kmh()) travel.set_speed_kmh(0);
    Within("travel.detour_factor", travel.detour_factor(), 1.0, 5.0);
    Within("travel.speed_kmh", travel.speed_kmh(), 0.0, 200.0);
    v1::Residents& residents = *setup_.mutable_residents();
    if (!residents.has_no_access()) residents.set_no_access(kDefaultNoAccess);
    if (!residents.has_parts_awaited()) residents.set_parts_awaited(kDefaultPartsAwaited);
    if (!residents.has_contested()) residents.set_contested(kDefaultContested);
    if (!residents.has_confirmed()) residents.set_confirmed(kDefaultConfirmed);
    if (!residents.has_withdrawn()) residents.set_withdrawn(kDefaultWithdrawn);
    Within("residents.no_access", residents.no_access(), 0.0, 1.0);
    Within("residents.parts_awaited", residents.parts_awaited(), 0.0, 1.0);
    Within("residents.contested", residents.contested(), 0.0, 1.0);
    Within("residents.confirmed", residents.confirmed(), 0.0, 1.0);
    Within("residents.withdrawn", residents.withdrawn(), 0.0, 1.0);
    if (residents.contested() + residents.confirmed() > 1) {
      Fault("residents.confirmed", "must leave residents.contested its share: together at most 1");
    }
  }

  v1::Setup& setup_;
  std::vector<FieldViolation> faults_;
};

// Loads what `name` beside the set-up holds; what is wrong goes to `faults`.
void LoadBeside(const std::filesystem::path& folder, const std::string& field, const std::string& name,
                google::protobuf::Message* into, std::vector<FieldViolation>* faults) {
  const absl::Status loaded = reference::LoadTextproto((folder / name).string(), into);
  if (!loaded.ok()) faults->push_back({field, std::string(loaded.message())});
}

// The set-up with what it leaves out filled in; what is wrong in its fields goes to `faults`. An error when it is no
// textproto of one.
absl::StatusOr<v1::Setup> Read(absl::string_view text, int homes, int days, std::vector<FieldViolation>* faults) {
  v1::Setup setup;
  RETURN_IF_ERROR(ParseTextproto(text, "BAD_SETUP", &setup));
  if (homes != 0) setup.set_homes(homes);
  if (days != 0) setup.set_days(days);
  *faults = Completion(&setup).Run();
  return setup;
}

}  // namespace

absl::StatusOr<v1::Setup> ParseSetup(absl::string_view text, int homes, int days) {
  std::vector<FieldViolation> faults;
  ASSIGN_OR_RETURN(v1::Setup setup, Read(text, homes, days, &faults));
  if (!faults.empty()) return InvalidFields(faults);
  return setup;
}

absl::StatusOr<Setup> LoadSetup(const std::string& path, int homes, int days) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (file) text << file.rdbuf();
  // A folder opens, too.
  std::error_code ignored;
  if (!file || std::filesystem::is_directory(path, ignored)) {
    return MakeError(absl::StatusCode::kNotFound, "FILE_NOT_FOUND", absl::StrCat(path, ": cannot be read"));
  }
  std::vector<FieldViolation> faults;
  auto read = Read(text.str(), homes, days, &faults);
  if (!read.ok()) return Annotate(read.status(), path);
  Setup setup;
  setup.choices = *std::move(read);
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  const v1::Setup& choices = setup.choices;
  if (!choices.rules_file().empty()) {
    LoadBeside(folder, "rules_file", choices.rules_file(), &setup.rules.emplace(), &faults);
  }
  for (int i = 0; i < choices.pack_files_size(); ++i) {
    LoadBeside(folder, absl::StrCat("pack_files[", i, "]"), choices.pack_files(i), &setup.packs.emplace_back(),
               &faults);
  }
  if (!choices.pack_rules_file().empty()) {
    LoadBeside(folder, "pack_rules_file", choices.pack_rules_file(), &setup.pack_rules.emplace(), &faults);
  }
  if (choices.title().empty()) {
    setup.choices.set_title(std::filesystem::path(path).stem().string());
    CheckTitle(choices.title(), &faults);
  }
  if (!faults.empty()) return Annotate(InvalidFields(faults), path);
  return setup;
}

reference::StarterSet StarterFor(const Setup& setup, reference::StarterSet starter) {
  if (!setup.packs.empty()) starter.packs = setup.packs;
  if (setup.pack_rules.has_value()) starter.pack_rules = *setup.pack_rules;
  if (setup.choices.has_reopen_window_days()) {
    for (auto& category : *starter.organisation.mutable_categories()) {
      category.set_reopen_window_days(setup.choices.reopen_window_days());
    }
  }
  return starter;
}

calendar::WorkingCalendar DeskCalendarOf(const v1::Desk& desk) {
  return *calendar::WorkingCalendar::Compile(DeskHours(desk));
}

}  // namespace redress::simulate
