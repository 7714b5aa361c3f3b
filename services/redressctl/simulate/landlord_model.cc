// Rates are a plausible large estate's, rounded: what matters is their shape (seasons, bursts, peaks), not their third
// digit.
#include "services/redressctl/simulate/landlord_model.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace redress::simulate {
namespace {

constexpr double kPi = 3.14159265358979323846;

struct CategoryRate {
  const char* code;
  double per_home_year;
  const char* text;
};

// Sums to about 2.7; outages add the rest.
constexpr CategoryRate kRates[] = {
    {"heating", 0.30, "Les radiateurs restent froids."},
    {"hot_water", 0.22, "Plus d'eau chaude depuis ce matin."},
    {"lift", 0.12, "L'ascenseur ne répond plus."},
    {"plumbing_leak", 0.32, "Fuite sous l'évier, l'eau coule."},
    {"electricity", 0.16, "Une prise ne marche plus et le disjoncteur saute."},
    {"gas", 0.01, "Odeur de gaz près de la chaudière."},
    {"door_lock", 0.15, "La serrure de la porte est bloquée."},
    {"windows_shutters", 0.17, "Le volet de la chambre ne remonte plus."},
    {"damp_mould", 0.12, "Des traces de moisissure sur le mur nord."},
    {"sanitary", 0.16, "La chasse d'eau coule sans arrêt."},
    {"walls_floors", 0.06, "Le carrelage se décolle."},
    {"intercom", 0.10, "L'interphone ne sonne plus chez nous."},
    {"common_lighting", 0.09, "Plus de lumière dans la cage d'escalier."},
    {"cleanliness", 0.20, "Le hall n'a pas été nettoyé cette semaine."},
    {"pest", 0.05, "Des cafards dans le local à poubelles."},
    {"parking", 0.07, "Une voiture occupe ma place."},
    {"noise", 0.12, "Bruit la nuit, plusieurs fois par semaine."},
    {"neighbour_dispute", 0.05, "Différend avec un voisin."},
    {"rent_query", 0.14, "Je ne comprends pas mon avis d'échéance."},
    {"service_charges", 0.08, "La régularisation des charges me paraît fausse."},
    {"other", 0.05, "Une autre demande."},
};

// Weight of each hour of the day: mornings, and an evening peak when people come home.
constexpr double kHours[24] = {0.2, 0.1, 0.1, 0.1, 0.2, 0.4, 1.2, 2.6, 4.2, 4.6, 4.4, 3.8,
                               2.6, 2.8, 3.4, 3.2, 3.2, 4.0, 5.2, 5.0, 3.0, 1.6, 0.9, 0.4};

int HourOf(Dice* dice) {
  double sum = 0;
  for (const double weight : kHours) sum += weight;
  double at = dice->Unit() * sum;
  for (int hour = 0; hour < 24; ++hour) {
    at -= kHours[hour];
    if (at < 0) return hour;
  }
  return 23;
}

}  // namespace

int AgenciesOf(int homes, int homes_per_agency) {
  return std::max(1, (homes + homes_per_agency / 2) / homes_per_agency);
}

LandlordModel::LandlordModel(const LandlordOptions& options)
    : options_(options), begins_(options.until - options.days * kDay) {
  BuildTerritory(Dice(options.seed * 4 + 0));
  std::vector<std::string> agencies;
  for (const auto& agency : territory_.agencies()) agencies.push_back(agency.code());
  technicians_ = DrawStaff(options.staffing, {.agencies = agencies,
                                              .homes = options.homes,
                                              .begins = begins_,
                                              .days = options.days,
                                              .seed = options.seed * 4 + 1});
  DrawDays(Dice(options.seed * 4 + 2));
  DrawOutages(Dice(options.seed * 4 + 3));
  std::sort(arrivals_.begin(), arrivals_.end(), [](const Arrival& a, const Arrival& b) {
    return a.at != b.at ? a.at < b.at : a.home != b.home ? a.home < b.home : a.category < b.category;
  });
}

void LandlordModel::BuildTerritory(Dice dice) {
  // 5 offices an agency.
  const int agencies = AgenciesOf(options_.homes, options_.homes_per_agency);
  const int mean = options_.homes_per_residence;
  const int count = std::max(1, options_.homes / mean);
  for (int a = 1; a <= agencies; ++a) {
    auto* agency = territory_.add_agencies();
    agency->set_code(absl::StrCat("agency-", a));
    agency->set_name(absl::StrCat("Agence ", a));
    agency->set_zone("Europe/Paris");
    agency->set_calendar("agency");
    agency->set_latitude(48.85 + 0.01 * a);
    agency->set_longitude(2.35);
    for (int o = 1; o <= 5; ++o) {
      auto* office = territory_.add_offices();
      office->set_code(absl::StrCat("office-", a, "-", o));
      office->set_name(absl::StrCat("Bureau ", a, ".", o));
      office->set_agency(agency->code());
    }
  }
  int left = options_.homes;
  for (int r = 0; r < count; ++r) {
    Residence residence;
    residence.code = absl::StrFormat("R%04d", r + 1);
    residence.office = territory_.offices(r % territory_.offices_size()).code();
    residence.first_home = options_.homes - left;
    // One home at least is left for each residence to come.
    residence.homes =
        r + 1 == count ? left : std::min(left - (count - r - 1), mean * 100 / 196 + dice.Below(mean * 193 / 196));
    left -= residence.homes;
    auto* node = territory_.add_residences();
    node->set_code(residence.code);
    node->set_name(absl::StrCat("Résidence ", r + 1));
    node->set_office(residence.office);
    node->set_latitude(48.80 + 0.1 * dice.Unit());
    node->set_longitude(2.25 + 0.2 * dice.Unit());
    for (int h = 0; h < residence.homes; ++h) {
      auto* unit = territory_.add_units();
      unit->set_code(absl::StrFormat("%s-%03d", residence.code, h + 1));
      unit->set_residence(residence.code);
      unit->set_kind(register_::v1::Unit::KIND_DWELLING);
    }
    residences_.push_back(std::move(residence));
  }
}

double LandlordModel::SeasonOf(const std::string& category, int day_of_year) {
  // 1 at the height of winter (mid January), -1 at that of summer.
  const double winter = std::cos(2 * kPi * (day_of_year - 15) / 365.0);
  if (category == "heating") return std::max(0.02, 1 + 1.6 * winter);
  if (category == "hot_water") return 1 + 0.4 * winter;
  if (category == "damp_mould") return std::max(0.1, 1 + 0.8 * winter);
  if (category == "pest" || category == "noise") return 1 - 0.6 * winter;
  return 1;
}

void LandlordModel::AddArrival(Millis day, const std::string& category, const Residence& residence, Dice* dice) {
  Arrival arrival;
  arrival.at = day + HourOf(dice) * kHour + static_cast<Millis>(dice->Unit() * kHour);
  arrival.residence = residence.code;
  arrival.home = residence.first_home + dice->Below(residence.homes);
  arrival.category = category;
  for (const CategoryRate& rate : kRates) {
    if (category == rate.code) arrival.text = rate.text;
  }
  const double kind = dice->Unit();
  if (kind < 0.02) arrival.kind = types::v1::COMPLAINT_KIND_SUGGESTION;
  if (kind < 0.01) arrival.kind = types::v1::COMPLAINT_KIND_PRAISE;
  const double channel = dice->Unit();
  arrival.channel = channel < 0.52   ? types::v1::CHANNEL_PHONE
                    : channel < 0.74 ? types::v1::CHANNEL_WEB
                    : channel < 0.84 ? types::v1::CHANNEL_COUNTER
                    : channel < 0.92 ? types::v1::CHANNEL_CARETAKER
                    : channel < 0.97 ? types::v1::CHANNEL_EMAIL
                                     : types::v1::CHANNEL_MAIL;
  const double language = dice->Unit();
  arrival.language = language < 0.86 ? "fr" : language < 0.95 ? "ar" : "en";
  // A household keeps its care level.
  Dice household(static_cast<uint64_t>(arrival.home) * 7919 + options_.seed);
  const double care = household.Unit();
  arrival.care_level = care < 0.04 ? 2 : care < 0.14 ? 1 : 0;
  if (arrival.at >= begins_ && arrival.at < ends()) arrivals_.push_back(std::move(arrival));
}

void LandlordModel::DrawDays(Dice dice) {
  for (int day = 0; day < options_.days; ++day) {
    const Millis midnight = begins_ + day * kDay;
    const int day_of_year = static_cast<int>(midnight / kDay % 365);
    // 1970-01-01 was a Thursday.
    const int weekday = static_cast<int>((midnight / kDay + 3) % 7);
    const double week = weekday == 0 ? 1.25 : weekday >= 5 ? 0.55 : 1.08;
    for (const CategoryRate& rate : kRates) {
      const double mean = options_.homes * rate.per_home_year / 365 * SeasonOf(rate.code, day_of_year) * week;
      for (int n = dice.Poisson(mean); n > 0; --n) {
        AddArrival(midnight, rate.code, residences_[dice.Below(static_cast<int>(residences_.size()))], &dice);
      }
    }
  }
}

void LandlordModel::DrawOutages(Dice dice) {
  for (const Residence& residence : residences_) {
    for (int day = 0; day < options_.days; ++day) {
      const Millis midnight = begins_ + day * kDay;
      const int day_of_year = static_cast<int>(midnight / kDay % 365);
      const double winter = std::cos(2 * kPi * (day_of_year - 15) / 365.0);
      const char* category = nullptr;
      if (dice.Chance(0.003 * std::max(0.0, winter))) {
        category = "heating";
      } else if (dice.Chance(0.002)) {
        category = "lift";
      }
      if (category == nullptr) continue;
      for (int n = dice.Poisson(residence.homes * 0.08); n > 0; --n) {
        AddArrival(midnight + (dice.Chance(0.3) ? kDay : 0), category, residence, &dice);
      }
    }
  }
}

register_::v1::Organisation LandlordModel::OrganisationFrom(const register_::v1::Organisation& starter) const {
  register_::v1::Organisation organisation = starter;
  for (const auto& office : territory_.offices()) {
    auto* team = organisation.add_teams();
    team->set_code(absl::StrCat("team-", office.code()));
    team->set_name(absl::StrCat("Équipe ", office.name()));
    team->set_agency(office.agency());
    team->set_office(office.code());
  }
  return organisation;
}

register_::v1::RuleSet LandlordModel::Rules() const {
  if (options_.rules.has_value()) return *options_.rules;
  register_::v1::RuleSet rules;
  const auto add = [&](const char* id, int priority) {
    auto* rule = rules.add_rules();
    rule->set_id(id);
    rule->set_team("team-{office}");
    rule->set_priority(priority);
    return rule;
  };
  auto* thanks = add("thanks-and-ideas", 5);
  thanks->add_kinds(types::v1::COMPLAINT_KIND_PRAISE);
  thanks->add_kinds(types::v1::COMPLAINT_KIND_SUGGESTION);
  thanks->set_visit_needed(false);
  add("danger", 1)->add_urgencies(types::v1::URGENCY_EMERGENCY);
  auto* fragile = add("fragile-without-comfort", 1);
  for (const char* category : {"heating", "hot_water", "lift", "electricity"}) fragile->add_categories(category);
  fragile->set_care_level_at_least(1);
  add("urgent", 2)->add_urgencies(types::v1::URGENCY_URGENT);
  add("everything-else", 3);
  return rules;
}

}  // namespace redress::simulate
