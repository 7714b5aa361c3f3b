#include "tests/bench/requests.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "libs/ids/ids.h"

namespace redress::bench {
namespace {

constexpr int kDigits = 12;
// Enough that the shards share them evenly.
constexpr int kTemplates = 256;

constexpr const char* kCategories[] = {"heating",   "hot_water",  "lift",        "plumbing_leak",   "electricity",
                                       "door_lock", "damp_mould", "sanitary",    "intercom",        "common_lighting",
                                       "pest",      "noise",      "cleanliness", "windows_shutters"};
constexpr types::v1::Channel kChannels[] = {types::v1::CHANNEL_PHONE, types::v1::CHANNEL_PHONE, types::v1::CHANNEL_WEB,
                                            types::v1::CHANNEL_COUNTER, types::v1::CHANNEL_CARETAKER};
constexpr const char* kTexts[] = {
    "Plus de chauffage depuis hier soir dans tout l'appartement, il fait quatorze degres, deux enfants en bas age.",
    "L'ascenseur est bloque au troisieme etage, personne a l'interieur, c'est la deuxieme fois cette semaine.",
    "Fuite sous l'evier, l'eau coule chez le voisin du dessous.",
    "La porte d'entree ne ferme plus, des inconnus entrent la nuit; merci d'envoyer quelqu'un avant ce week-end."};

// What an old complaint went through, between its receipt and its resolution.
constexpr types::v1::FactKind kMiddle[] = {types::v1::FACT_KIND_ACKNOWLEDGED,     types::v1::FACT_KIND_ASSIGNED,
                                           types::v1::FACT_KIND_WORKS_BEGUN,      types::v1::FACT_KIND_PARTS_AWAITED,
                                           types::v1::FACT_KIND_PARTS_ARRIVED,    types::v1::FACT_KIND_RESIDENT_ASKED,
                                           types::v1::FACT_KIND_RESIDENT_REPLIED, types::v1::FACT_KIND_WORKS_ENDED};

template <typename T, size_t N>
const T& Pick(const T (&from)[N], uint64_t bits) {
  return from[bits % N];
}

std::string ResidenceCode(uint64_t bits) {
  return absl::StrFormat("residence-%04d", static_cast<int>(bits % kResidences) + 1);
}
int AgencyOf(int residence) { return residence % kAgencies + 1; }
std::string AgencyCode(int residence) { return absl::StrFormat("agency-%02d", AgencyOf(residence)); }
std::string OfficeCode(int residence) {
  return absl::StrFormat("office-%02d-%d", AgencyOf(residence), residence / kAgencies % kOfficesPerAgency + 1);
}

}  // namespace

std::string TerritoryCsv() {
  std::string csv = "kind,code,name,agency,office,residence,zone,calendar,commune,latitude,longitude,use\n";
  for (int agency = 1; agency <= kAgencies; ++agency) {
    absl::StrAppendFormat(&csv, "agency,agency-%02d,Agence %d,,,,Europe/Paris,agency,,,,\n", agency, agency);
    for (int office = 1; office <= kOfficesPerAgency; ++office) {
      absl::StrAppendFormat(&csv, "office,office-%02d-%d,Bureau %d-%d,agency-%02d,,,,,,,,\n", agency, office, agency,
                            office, agency);
    }
  }
  for (int residence = 1; residence <= kResidences; ++residence) {
    absl::StrAppendFormat(&csv, "residence,residence-%04d,Residence %d,,%s,,,,,,,\n", residence, residence,
                          OfficeCode(residence));
  }
  return csv;
}

Submits::Submits(const std::string& run) {
  SeededIdSource dice(7);
  const std::string id = absl::StrCat(run, "-", std::string(kDigits, '0'));
  for (int i = 0; i < kTemplates; ++i) {
    intake::v1::SubmitComplaintRequest request;
    request.set_kind(types::v1::COMPLAINT_KIND_COMPLAINT);
    request.set_category(Pick(kCategories, dice.Random64()));
    request.set_channel(Pick(kChannels, dice.Random64()));
    request.set_residence(ResidenceCode(dice.Random64()));
    request.set_language("fr");
    request.set_description(Pick(kTexts, dice.Random64()));
    request.set_dwelling(absl::StrCat("home ", dice.Random64() % 11000));
    intake::v1::PushTicketsRequest ticket;
    ticket.set_reference(id);
    *ticket.mutable_complaint() = request;
    tickets_.push_back(ticket.SerializeAsString());
    request.set_request_id(id);
    submits_.push_back(request.SerializeAsString());
  }
  // The id is the first field of both: a byte of tag and a byte of length lie before it.
  submit_digits_ = 2 + run.size() + 1;
  ticket_digits_ = submit_digits_;
}

std::string Submits::Numbered(const std::vector<std::string>& templates, int64_t n, size_t digits) {
  std::string message = templates[static_cast<size_t>(n) % templates.size()];
  for (size_t at = digits + kDigits; n > 0; n /= 10) message[--at] = static_cast<char>('0' + n % 10);
  return message;
}

intake::v1::ImportedComplaint OldComplaint(const std::string& system, int64_t n, int facts, Millis until, Millis span,
                                           int open_every) {
  SeededIdSource dice(static_cast<uint64_t>(n) + 1);
  intake::v1::ImportedComplaint row;
  row.set_system(system);
  row.set_reference(absl::StrFormat("R-%09d", n));
  row.set_kind(types::v1::COMPLAINT_KIND_COMPLAINT);
  row.set_category(Pick(kCategories, dice.Random64()));
  row.set_channel(Pick(kChannels, dice.Random64()));
  row.set_urgency(types::v1::URGENCY_ROUTINE);
  const int residence = static_cast<int>(dice.Random64() % kResidences) + 1;
  row.set_residence(absl::StrFormat("residence-%04d", residence));
  row.set_agency(AgencyCode(residence));
  row.set_office(OfficeCode(residence));
  row.set_zone("Europe/Paris");
  // An open one is young: nothing stays open for years.
  const bool open = open_every > 0 && n % open_every == 0;
  const Millis within = open ? std::min<Millis>(span, 30 * kDay) : span;
  Millis at = until - static_cast<Millis>(dice.Random64() % static_cast<uint64_t>(within)) - kDay;
  const auto add = [&](types::v1::FactKind kind) {
    auto* fact = row.add_facts();
    fact->set_kind(kind);
    fact->set_occurred_at(at);
    // Hours to days, so that times to resolution are spread.
    at = std::min<Millis>(at + static_cast<Millis>(dice.Random64() % (40 * kHour)) + kMinute, until);
    return fact;
  };
  add(types::v1::FACT_KIND_RECEIVED);
  for (int i = 0; i < facts - (open ? 1 : 2); ++i) {
    auto* fact = add(kMiddle[static_cast<size_t>(i) % std::size(kMiddle)]);
    if (fact->kind() == types::v1::FACT_KIND_ASSIGNED) fact->set_team(absl::StrCat("team-", AgencyOf(residence)));
  }
  if (!open) add(types::v1::FACT_KIND_RESOLVED)->set_outcome(types::v1::OUTCOME_FIXED);
  for (const auto kind : {types::v1::FACT_KIND_RECEIVED, types::v1::FACT_KIND_ACKNOWLEDGED,
                          types::v1::FACT_KIND_ASSIGNED, types::v1::FACT_KIND_RESOLVED}) {
    row.add_supplied_facts(kind);
  }
  return row;
}

}  // namespace redress::bench
