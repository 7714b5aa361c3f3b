#include "services/redressctl/simulate/staffing.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "libs/ids/ids.h"
#include "services/redressctl/simulate/dice.h"

namespace redress::simulate {
namespace {

constexpr const char* kTrades[] = {"heating", "plumbing", "electricity", "lift",
                                   "locks",   "joinery",  "building",    "pest"};
constexpr int kEach = static_cast<int>(std::size(kTrades));
constexpr int kHomesPerTechnician = 350;
constexpr Millis kWeek = 7 * kDay;

using Spans = google::protobuf::RepeatedPtrField<scheduling::v1::WeeklySpan>;

// One or two skills each; every one is there in every agency.
void DrawSkills(int number, Dice* dice, Technician* technician) {
  // Heating, plumbing and electricity are asked for most.
  const int first = number < kEach ? number : dice->Below(dice->Chance(0.7) ? 3 : kEach);
  technician->skills.push_back(kTrades[first]);
  // Hot water wants both; so does much of what heating engineers are called for.
  if (first == 0) technician->skills.push_back("plumbing");
  if (dice->Chance(0.4)) {
    const int second = dice->Below(kEach);
    if (second != first && !(first == 0 && second == 1)) technician->skills.push_back(kTrades[second]);
  }
}

// Three weeks in summer, one in winter, a few sick days.
void DrawLeaves(const StaffOptions& options, Dice* dice, Technician* technician) {
  const int summer = 150 + dice->Below(60);
  const int winter = 340 + dice->Below(15);
  const int sick_days = 1 + dice->Below(4);
  const int sick = dice->Below(330);
  for (const auto& [day, length] : {std::pair(summer, 21), std::pair(winter, 7), std::pair(sick, sick_days)}) {
    if (day + length <= options.days) {
      technician->leaves.push_back({options.begins + day * kDay, options.begins + (day + length) * kDay});
    }
  }
}

// Each week with the same chance, from the first midnight on: a larger share takes further weeks and keeps the others.
void DrawWeeksAway(double share, const StaffOptions& options, Dice* dice, Technician* technician) {
  technician->leaves.clear();
  for (Millis at = options.begins; at < options.begins + options.days * kDay; at += kWeek) {
    if (!dice->Chance(share)) continue;
    if (!technician->leaves.empty() && technician->leaves.back().to == at) {
      technician->leaves.back().to = at + kWeek;
    } else {
      technician->leaves.push_back({at, at + kWeek});
    }
  }
}

std::vector<scheduling::v1::WeeklySpan> HoursOf(const Spans& own, const Spans& of_all) {
  const Spans& given = own.empty() ? of_all : own;
  if (!given.empty()) return {given.begin(), given.end()};
  std::vector<scheduling::v1::WeeklySpan> hours;
  for (int day = 0; day < 5; ++day) {
    for (const auto& [from, to] : {std::pair(8 * 60, 12 * 60), std::pair(13 * 60, 17 * 60)}) {
      hours.emplace_back().set_start_minute(day * 1440 + from);
      hours.back().set_end_minute(day * 1440 + to);
    }
  }
  return hours;
}

class StaffDraw {
 public:
  StaffDraw(const v1::Staffing& staffing, const StaffOptions& options)
      : staffing_(staffing), options_(options), drawn_dice_(options.seed) {}

  std::vector<Technician> Run() {
    std::vector<Technician> staff;
    for (size_t a = 0; a < options_.agencies.size(); ++a) {
      std::vector<Technician> crew = CrewOf(a);
      std::move(crew.begin(), crew.end(), std::back_inserter(staff));
    }
    return staff;
  }

 private:
  bool Concerns(const v1::Crew& crew, size_t agency) const {
    return crew.agency().empty() || crew.agency() == options_.agencies[agency];
  }

  // `kind`: "" for the crew that is drawn, else which list they come from.
  Technician Named(size_t agency, const char* kind, int number) const {
    return {.id = absl::StrFormat("tech-%d-%s%02d", agency + 1, kind, number + 1), .agency = options_.agencies[agency]};
  }

  // Of a technician alone, whoever else there is.
  Dice OwnDice(const Technician& technician, const char* what) const {
    const std::string hash = ContentHash(absl::StrCat(technician.id, " ", what));
    uint64_t bits = 0;
    for (size_t i = 0; i < 8; ++i) bits = bits << 8 | static_cast<unsigned char>(hash[i]);
    return Dice(options_.seed ^ bits);
  }

  int Drawn(int homes_per_technician) const {
    return std::max(kEach, options_.homes / static_cast<int>(options_.agencies.size()) / homes_per_technician);
  }

  // As many as without a set-up come from one sequence, further ones each from their own: more or fewer dwellings a
  // technician add to the same crew, or take from its end.
  std::vector<Technician> DrawnCrew(size_t agency) {
    const int usual = Drawn(kHomesPerTechnician);
    const int wanted = staffing_.has_homes_per_technician() ? Drawn(staffing_.homes_per_technician()) : usual;
    std::vector<Technician> crew;
    for (int number = 0; number < std::max(usual, wanted); ++number) {
      Technician technician = Named(agency, "", number);
      Dice own = OwnDice(technician, "all");
      Dice* dice = number < usual ? &drawn_dice_ : &own;
      DrawSkills(number, dice, &technician);
      DrawLeaves(options_, dice, &technician);
      technician.hours = HoursOf({}, staffing_.hours());
      if (number < wanted) crew.push_back(std::move(technician));
    }
    return crew;
  }

  // Those of `list` that concern the agency.
  template <typename List>
  void Hire(const List& list, const char* kind, size_t agency, std::vector<Technician>* crew) const {
    int number = 0;
    for (const v1::Crew& hired : list) {
      for (int n = 0; n < hired.technicians() && Concerns(hired, agency); ++n) {
        Technician technician = Named(agency, kind, number++);
        technician.skills.assign(hired.trades().begin(), hired.trades().end());
        technician.hours = HoursOf(hired.hours(), staffing_.hours());
        Dice dice = OwnDice(technician, "leaves");
        DrawLeaves(options_, &dice, &technician);
        crew->push_back(std::move(technician));
      }
    }
  }

  std::vector<Technician> CrewOf(size_t agency) {
    // Drawn whether wanted or not: those of the other agencies stay who they are.
    std::vector<Technician> crew = DrawnCrew(agency);
    const auto concerns = [&](const v1::Crew& one) { return Concerns(one, agency); };
    if (std::any_of(staffing_.crews().begin(), staffing_.crews().end(), concerns)) {
      crew.clear();
      Hire(staffing_.crews(), "c", agency, &crew);
    }
    Hire(staffing_.additions(), "a", agency, &crew);
    for (const v1::Crew& one : staffing_.removals()) {
      if (concerns(one)) Dismiss(one, &crew);
    }
    if (staffing_.has_leave_share()) {
      for (Technician& technician : crew) {
        Dice dice = OwnDice(technician, "weeks");
        DrawWeeksAway(staffing_.leave_share(), options_, &dice, &technician);
      }
    }
    return crew;
  }

  // The last ones of their trade.
  static void Dismiss(const v1::Crew& dismissed, std::vector<Technician>* crew) {
    int left = dismissed.technicians();
    for (size_t i = crew->size(); i-- > 0 && left > 0;) {
      if ((*crew)[i].skills.front() != dismissed.trades(0)) continue;
      crew->erase(crew->begin() + static_cast<std::ptrdiff_t>(i));
      --left;
    }
  }

  const v1::Staffing& staffing_;
  const StaffOptions& options_;
  Dice drawn_dice_;
};

}  // namespace

absl::Span<const char* const> Trades() { return kTrades; }

std::vector<Technician> DrawStaff(const v1::Staffing& staffing, const StaffOptions& options) {
  return StaffDraw(staffing, options).Run();
}

}  // namespace redress::simulate
