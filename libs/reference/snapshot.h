// The register as one process sees it at one moment: immutable, shared by handlers, deciders and reactions.
//
// Reference data are versions, each active from an instant: every look-up says as of which instant it asks, and gets
// the version that was (or will be) in force then. What a decision uses of it is written in its event with the
// version's number. Thread-safe: nothing changes once it is built.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/clock/clock.h"
#include "redress/register/v1/calendar.pb.h"
#include "redress/register/v1/obligations.pb.h"
#include "redress/register/v1/organisation.pb.h"
#include "redress/register/v1/rules.pb.h"
#include "redress/register/v1/territory.pb.h"
#include "redress/types/v1/fact.pb.h"

namespace redress::calendar {
class WorkingCalendar;
}

namespace redress::reference {

namespace register_v1 = ::redress::register_::v1;

// A residence and everything above it.
struct Place {
  std::string residence;
  std::string office;
  std::string agency;
  std::string zone;      // of the agency, IANA
  std::string calendar;  // of the agency, id
};

template <typename Content>
struct Versioned {
  int64_t version = 0;
  Millis active_from = 0;
  std::shared_ptr<const Content> content;
};

struct CompiledCalendar {
  register_v1::Calendar source;
  std::shared_ptr<const calendar::WorkingCalendar> working;
};

// What a complaint is matched by, in pack rules.
struct PackQuery {
  types::v1::ComplaintKind kind = types::v1::COMPLAINT_KIND_UNSPECIFIED;
  types::v1::Urgency urgency = types::v1::URGENCY_UNSPECIFIED;
  std::string agency;
  std::string category;
};

class Snapshot {
 public:
  virtual ~Snapshot() = default;

  // How many register decisions it has seen.
  virtual int64_t version() const = 0;
  // Whether the starter set is complete: services are not ready before.
  virtual bool complete() const = 0;

  // Absent for a residence the territory of that instant does not have.
  virtual std::optional<Place> FindPlace(absl::string_view residence, Millis at) const = 0;
  // Null when there is none.
  virtual const register_v1::Agency* FindAgency(absl::string_view code, Millis at) const = 0;
  // Codes, in the order of the territory.
  virtual std::vector<std::string> Agencies(Millis at) const = 0;
  // Dwellings of an agency ("" = all).
  virtual int64_t CountDwellings(absl::string_view agency, Millis at) const = 0;

  // Null when there is none.
  virtual const register_v1::Category* FindCategory(absl::string_view code, Millis at) const = 0;
  // Default 14 days.
  virtual Millis ReopenWindow(absl::string_view category, Millis at) const = 0;
  // How long texts are kept after the end; 0: for good, as those of a category that there is none of.
  virtual Millis Retention(absl::string_view category, Millis at) const = 0;
  // What is in force; no content when nothing is.
  virtual Versioned<register_v1::Organisation> FindOrganisation(Millis at) const = 0;
  virtual Versioned<register_v1::RuleSet> FindRules(Millis at) const = 0;

  // The pack whose rule matches first; no content when none does.
  virtual Versioned<register_v1::ObligationPack> ChoosePack(const PackQuery& query, Millis at) const = 0;
  // Any version, in force or not; no content when there is none.
  virtual Versioned<register_v1::ObligationPack> FindPack(absl::string_view id, int64_t version) const = 0;
  // No content when there is none of that id.
  virtual Versioned<CompiledCalendar> FindCalendar(absl::string_view id, Millis at) const = 0;

  virtual const std::string& tzdata_version() const = 0;
  // Level owners may write up to.
  virtual uint32_t level() const = 0;
};

}  // namespace redress::reference
