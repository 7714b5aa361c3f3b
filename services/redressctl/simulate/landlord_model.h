// What happens to a landlord in a year, drawn from a seed: where people live, what breaks when, who comes to mend it.
//
// Pure: the same options give the same landlord. How long things take is not drawn here: that comes out of the
// services.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libs/clock/millis.h"
#include "libs/ids/ids.h"
#include "redress/register/v1/organisation.pb.h"
#include "redress/register/v1/rules.pb.h"
#include "redress/register/v1/territory.pb.h"
#include "redress/types/v1/fact.pb.h"

namespace redress::simulate {

struct LandlordOptions {
  int homes = 11000;
  int days = 365;
  uint64_t seed = 1;
  // The year ends here; a local midnight or any other instant.
  Millis until = 0;
  // About so many.
  int homes_per_agency = 11000;
  int homes_per_residence = 196;
};

// Draws from a seed. Not thread-safe.
class Dice {
 public:
  explicit Dice(uint64_t seed) : source_(seed) {}
  uint64_t Bits() { return source_.Random64(); }
  // [0, 1).
  double Unit() { return static_cast<double>(Bits() >> 11) * 0x1.0p-53; }
  bool Chance(double p) { return Unit() < p; }
  // [0, n).
  int Below(int n) { return static_cast<int>(Bits() % static_cast<uint64_t>(n)); }
  double Exponential(double mean);
  // exp of a normal with this median; sigma 0.5 is a spread of about 1:2.7 between the 16th and 84th percentile.
  double LogNormal(double median, double sigma);
  // Poisson, also for large means.
  int Poisson(double mean);

 private:
  SeededIdSource source_;
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

struct Technician {
  std::string id;
  std::string agency;
  std::vector<std::string> skills;
  struct Leave {
    Millis from = 0;
    Millis to = 0;
  };
  std::vector<Leave> leaves;
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
  void BuildTechnicians(Dice dice);
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
