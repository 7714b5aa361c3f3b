// Reads set-up files (proto/redress/simulate/v1/setup.proto) and the files they name.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/calendar/working_calendar.h"
#include "libs/reference/starter_set.h"
#include "redress/register/v1/obligations.pb.h"
#include "redress/register/v1/rules.pb.h"
#include "redress/simulate/v1/setup.pb.h"

namespace redress::simulate {

inline constexpr int kLeastHomes = 10;
inline constexpr int kMostHomes = 1000000;
inline constexpr int kMostDays = 3660;
inline constexpr size_t kMaxTitleBytes = 100;

// A set-up with every default filled in that is a value, and the files that it names.
struct Setup {
  v1::Setup choices;
  std::optional<register_::v1::RuleSet> rules;
  std::vector<register_::v1::ObligationPack> packs;  // none: the starter set's
  std::optional<register_::v1::PackRules> pack_rules;
};

// INVALID_ARGUMENT with reason BAD_SETUP for what is no textproto of a Setup, naming line and column of the fault;
// with INVALID_FIELDS listing every field that is out of its range or contradicts another. `homes` and `days` stand in
// place of the file's unless 0. Files that it names are not looked at.
absl::StatusOr<v1::Setup> ParseSetup(absl::string_view text, int homes = 0, int days = 0);

// The same from a file, whose name is the title where it has none, and the files it names. Every one that is missing or
// cannot be parsed is listed at once (INVALID_FIELDS), as is whatever ParseSetup finds. NOT_FOUND when there is no such
// file. Whether rules and packs fit the landlord is the register's to judge, at the beginning of a run.
absl::StatusOr<Setup> LoadSetup(const std::string& path, int homes = 0, int days = 0);

// The starter set with the set-up's packs and window in place of its own. Rules are the landlord's (landlord_model.h).
reference::StarterSet StarterFor(const Setup& setup, reference::StarterSet starter);

// When the desks of the set-up are open, but for French holidays; `desk` empty or as ParseSetup returns it.
calendar::WorkingCalendar DeskCalendarOf(const v1::Desk& desk);

}  // namespace redress::simulate
