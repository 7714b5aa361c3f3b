// What happens to a landlord in a year, drawn from a seed: where people live, what breaks when, who comes to mend it.
//
// Pure: the same options give the same landlord, and what happens to residents does not depend on who mends it. How
// long things take is not drawn here: that comes out of the services.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libs/clock/millis.h"
#include "redress/register/v1/organisation.pb.h"
#include "redress/register/v1/rules.pb.h"
#include "redress/register/v1/territory.pb.h"
#include "redress/simulate/v1/setup.pb.h"
#include "redress/types/v1/fact.pb.h"
#include "services/redressctl/simulate/dice.h"
#include "services/redressctl/simulate/staffing.h"

namespace redress::simulate {

inline constexpr int kHomesPerAgency = 11000;

// How many agencies, at least one: "agency-1", "agency-2" …
int AgenciesOf(int homes, int homes_per_agency = kHomesPerAgency);

struct LandlordOptions {
  int homes = 11000;
  int days = 365;
  uint64_t seed = 1;
  // The year ends here; a local midnight or any other instant.
  Millis until = 0;
  // About so many.
  int homes_per_agency = kHomesPerAgency;
  int homes_per_residence = 196;
  v1::Staffing staffing;
  // In place of the rules by which each complaint goes to the team of its office.
  std::optional<register_::v1::RuleSet> rules;
};

// Somebody complains.
struct Arrival {
  Millis at = 0;
  std::string residence;
  int home = 0;  // number of the dwelling within the landlord
  std::string category;
  types::v1::ComplaintKind kind = types::v1::COMPLAINT_KIND_COMPLAINT;
  types::v1::Channel channel = types::v1::CHANNEL_PHONE;
  types::v1::Urgency urgency = types::v1::URGENCY_UNSPECIFIED;  // as the category says
  std::string language;
  int care_level = 0;
  std::string text;
};

class LandlordModel {
 public:
  explicit LandlordModel(const LandlordOptions& options);

  Millis begins() const { return begins_; }
  Millis ends() const { return options_.until; }
  const register_::v1::Territory& territory() const { return territory_; }
  // The starter organisation's categories with this landlord's teams, one an office.
  register_::v1::Organisation OrganisationFrom(const register_::v1::Organisation& starter) const;
  // Sends complaints to the team of their office.
  register_::v1::RuleSet Rules() const;
  const std::vector<Technician>& technicians() const { return technicians_; }
  // In order of time; about three a home a year.
  const std::vector<Arrival>& arrivals() const { return arrivals_; }

 private:
  struct Residence {
    std::string code;
    std::string office;
    int first_home = 0;
    int homes = 0;
  };

  void BuildTerritory(Dice dice);
  void DrawDays(Dice dice);
  // A building's heating or lift fails: many neighbours complain within hours.
  void DrawOutages(Dice dice);
  void AddArrival(Millis day, const std::string& category, const Residence& residence, Dice* dice);
  static double SeasonOf(const std::string& category, int day_of_year);

  const LandlordOptions options_;
  Millis begins_ = 0;
  register_::v1::Territory territory_;
  std::vector<Residence> residences_;
  std::vector<Technician> technicians_;
  std::vector<Arrival> arrivals_;
};

}  // namespace redress::simulate
