#include "services/routing/register_checks.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "libs/calendar/working_calendar.h"
#include "libs/ids/codes.h"
#include "libs/reference/territory_check.h"

namespace redress::routing {
namespace {

constexpr size_t kMaxText = 500;
constexpr int kMaxReopenDays = 365;
constexpr int kMaxRetentionDays = 36'525;
constexpr int kMaxVisitMinutes = 24 * 60;
constexpr int kMaxQuantity = 100'000;
constexpr int kMaxPauseHours = 24 * 366;

bool Contains(const std::vector<std::string>& list, const std::string& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// Where in a message the checks are, and what they found.
class Checker {
 public:
  void Add(absl::string_view field, absl::string_view description) {
    faults_.push_back({absl::StrCat(at_, field), std::string(description)});
  }
  // What follows is about element `index` of `list`.
  void Enter(absl::string_view list, int index) { at_ = absl::StrCat(list, "[", index, "]."); }
  void Leave() { at_.clear(); }

  // A code that is there (libs/ids/codes.h), without the braces of patterns, and not in `seen` yet.
  void Code(absl::string_view field, const std::string& code, absl::flat_hash_set<std::string>* seen) {
    if (code.empty()) return Add(field, "is missing");
    const std::string fault = CodeFault(code);
    if (!fault.empty()) return Add(field, fault);
    if (absl::StrContains(code, "{") || absl::StrContains(code, "}")) return Add(field, "has a brace");
    if (!seen->insert(code).second) Add(field, absl::StrCat("'", code, "' is there already"));
  }
  void Text(absl::string_view field, const std::string& text) {
    if (text.size() > kMaxText) Add(field, absl::StrCat("has more than ", kMaxText, " bytes"));
  }
  void Range(absl::string_view field, int64_t value, int64_t low, int64_t high) {
    if (value < low || value > high) Add(field, absl::StrCat("must lie between ", low, " and ", high));
  }
  // Every element is a value that the enum has, and not its zero.
  template <typename List>
  void Named(absl::string_view field, const List& values, bool (*is_valid)(int)) {
    for (int i = 0; i < values.size(); ++i) {
      if (values.Get(i) == 0 || !is_valid(values.Get(i))) Add(absl::StrCat(field, "[", i, "]"), "is none of the enum");
    }
  }
  template <typename Known>
  void Registered(absl::string_view field, const google::protobuf::RepeatedPtrField<std::string>& codes,
                  const Known& known, absl::string_view what) {
    for (int i = 0; i < codes.size(); ++i) {
      if (!known.contains(codes.Get(i))) {
        Add(absl::StrCat(field, "[", i, "]"), absl::StrCat("'", codes.Get(i), "' is no ", what));
      }
    }
  }
  Faults Take() { return std::move(faults_); }

 private:
  std::string at_;
  Faults faults_;
};

absl::flat_hash_set<std::string> CategoryCodes(const register_v1::Organisation& organisation) {
  absl::flat_hash_set<std::string> codes;
  for (const auto& category : organisation.categories()) codes.insert(category.code());
  return codes;
}
absl::flat_hash_set<std::string> TeamCodes(const register_v1::Organisation& organisation) {
  absl::flat_hash_set<std::string> codes;
  for (const auto& team : organisation.teams()) codes.insert(team.code());
  return codes;
}

void CheckCategories(const register_v1::Organisation& organisation, Checker* check) {
  absl::flat_hash_set<std::string> seen;
  for (int i = 0; i < organisation.categories_size(); ++i) {
    const register_v1::Category& category = organisation.categories(i);
    check->Enter("categories", i);
    check->Code("code", category.code(), &seen);
    absl::flat_hash_set<std::string> languages;
    for (int k = 0; k < category.names_size(); ++k) {
      check->Code(absl::StrCat("names[", k, "].language"), category.names(k).language(), &languages);
      check->Text(absl::StrCat("names[", k, "].text"), category.names(k).text());
    }
    if (category.default_urgency() == types::v1::URGENCY_UNSPECIFIED ||
        !types::v1::Urgency_IsValid(category.default_urgency())) {
      check->Add("default_urgency", "is missing");
    }
    check->Range("reopen_window_days", category.reopen_window_days(), 0, kMaxReopenDays);
    check->Range("retention_days", category.retention_days(), 0, kMaxRetentionDays);
    check->Range("visit_minutes", category.visit_minutes(), 0, kMaxVisitMinutes);
    if (category.visit_needed() && category.visit_minutes() == 0) check->Add("visit_minutes", "is missing for a visit");
    absl::flat_hash_set<std::string> skills;
    for (int k = 0; k < category.skills_size(); ++k) {
      check->Code(absl::StrCat("skills[", k, "]"), category.skills(k), &skills);
    }
  }
  check->Leave();
}

void CheckStaff(const register_v1::Organisation& organisation, const absl::flat_hash_set<std::string>& teams,
                Checker* check) {
  absl::flat_hash_set<std::string> ids, seen;
  for (const auto& member : organisation.staff()) ids.insert(member.id());
  for (int i = 0; i < organisation.staff_size(); ++i) {
    const register_v1::StaffMember& member = organisation.staff(i);
    check->Enter("staff", i);
    check->Code("id", member.id(), &seen);
    if (!teams.contains(member.team())) check->Add("team", absl::StrCat("'", member.team(), "' is no team"));
    if (!member.deputy().empty() && (member.deputy() == member.id() || !ids.contains(member.deputy()))) {
      check->Add("deputy", absl::StrCat("'", member.deputy(), "' is no other member of staff"));
    }
    for (int k = 0; k < member.absences_size(); ++k) {
      if (member.absences(k).from_ms() >= member.absences(k).to_ms()) {
        check->Add(absl::StrCat("absences[", k, "]"), "ends before it begins");
      }
    }
  }
  check->Leave();
}

// The team, or the pattern of teams, of a rule.
void CheckRuleTeam(const register_v1::Rule& rule, const register_v1::Organisation& organisation,
                   const absl::flat_hash_set<std::string>& teams, Checker* check) {
  if (rule.team().empty()) return check->Add("team", "is missing");
  const std::string rest = absl::StrReplaceAll(rule.team(), {{"{agency}", ""}, {"{office}", ""}});
  if (absl::StrContains(rest, "{") || absl::StrContains(rest, "}")) {
    return check->Add("team", "may hold {agency} and {office}, no other braces");
  }
  const bool pattern = rest.size() != rule.team().size();
  if (!pattern && !teams.contains(rule.team())) check->Add("team", absl::StrCat("'", rule.team(), "' is no team"));
  if (rule.agent().empty()) return;
  for (const register_v1::StaffMember& member : organisation.staff()) {
    if (member.id() != rule.agent()) continue;
    if (!pattern && member.team() != rule.team()) {
      check->Add("agent", absl::StrCat("'", rule.agent(), "' does not belong to team '", rule.team(), "'"));
    }
    return;
  }
  check->Add("agent", absl::StrCat("'", rule.agent(), "' is no member of staff"));
}

template <typename Number>
bool IsFact(Number kind) {
  return kind != types::v1::FACT_KIND_UNSPECIFIED && types::v1::FactKind_IsValid(kind);
}

void CheckTargets(const register_v1::Line& line, const std::vector<std::string>& calendars, Checker* check) {
  absl::flat_hash_set<int> urgencies;
  for (int i = 0; i < line.targets_size(); ++i) {
    const register_v1::Target& target = line.targets(i);
    const std::string at = absl::StrCat("targets[", i, "].");
    if (!types::v1::Urgency_IsValid(target.urgency())) check->Add(at + "urgency", "is none of the enum");
    if (!urgencies.insert(target.urgency()).second) check->Add(at + "urgency", "has a target already");
    check->Range(at + "quantity", target.quantity(), 1, kMaxQuantity);
    if (target.unit() == register_v1::TIME_UNIT_UNSPECIFIED || !register_v1::TimeUnit_IsValid(target.unit())) {
      check->Add(at + "unit", "is missing");
    }
    if (!register_v1::EndRule_IsValid(target.end_rule())) check->Add(at + "end_rule", "is none of the enum");
    if (!target.calendar().empty() && !Contains(calendars, target.calendar())) {
      check->Add(at + "calendar", absl::StrCat("'", target.calendar(), "' is no calendar of the register"));
    }
  }
  if (line.targets().empty()) check->Add("targets", "is missing");
}

void CheckLine(const register_v1::Line& line, const std::vector<std::string>& calendars, Checker* check) {
  if (line.starts_after_line().empty() != IsFact(line.start())) {
    check->Add("start", "must be given, or else starts_after_line, and not both");
  }
  if (!IsFact(line.stop())) check->Add("stop", "is missing");
  if (IsFact(line.start()) && line.start() == line.stop()) check->Add("stop", "is what it starts with");
  CheckTargets(line, calendars, check);
  for (int i = 0; i < line.warnings_size(); ++i) {
    const std::string at = absl::StrCat("warnings[", i, "].");
    check->Range(at + "minutes_before", line.warnings(i).minutes_before(), 1, kMaxQuantity);
    if (line.warnings(i).role().empty()) check->Add(at + "role", "is missing");
  }
  check->Named("also_stopped_by", line.also_stopped_by(), types::v1::FactKind_IsValid);
  check->Named("cancelled_by", line.cancelled_by(), types::v1::FactKind_IsValid);
  if (line.stage() > 2 || (line.stage() != 0 && line.stop() != types::v1::FACT_KIND_ANSWERED)) {
    check->Add("stage", "is 1 or 2, of lines that an answer stops");
  }
}

void CheckChains(const register_v1::ObligationPack& pack, Checker* check) {
  absl::flat_hash_map<std::string, std::string> after;
  for (const register_v1::Line& line : pack.lines()) after.emplace(line.id(), line.starts_after_line());
  for (int i = 0; i < pack.lines_size(); ++i) {
    const register_v1::Line& line = pack.lines(i);
    if (line.starts_after_line().empty()) continue;
    check->Enter("lines", i);
    if (!after.contains(line.starts_after_line())) {
      check->Add("starts_after_line", absl::StrCat("'", line.starts_after_line(), "' is no line of this pack"));
    } else {
      std::string at = line.starts_after_line();
      for (size_t steps = 0; steps < after.size() && at != line.id() && after.contains(at); ++steps) at = after[at];
      if (at == line.id()) check->Add("starts_after_line", "comes back to the line itself");
    }
  }
  check->Leave();
}

void CheckPauses(const register_v1::ObligationPack& pack, Checker* check) {
  absl::flat_hash_set<std::string> seen, lines;
  for (const register_v1::Line& line : pack.lines()) lines.insert(line.id());
  for (int i = 0; i < pack.pauses_size(); ++i) {
    const register_v1::PauseType& pause = pack.pauses(i);
    check->Enter("pauses", i);
    check->Code("id", pause.id(), &seen);
    if (!IsFact(pause.begins())) check->Add("begins", "is missing");
    if (pause.ends().empty()) check->Add("ends", "is missing");
    check->Named("ends", pause.ends(), types::v1::FactKind_IsValid);
    check->Range("budget_hours", pause.budget_hours(), 1, kMaxPauseHours);
    check->Registered("lines", pause.lines(), lines, "line of this pack");
  }
  check->Leave();
}

// Whether everything that `later` asks for is taken by `earlier` too.
template <typename List>
bool Covers(const List& earlier, const List& later) {
  if (earlier.empty()) return true;
  return !later.empty() && std::all_of(later.begin(), later.end(), [&](const auto& value) {
    return std::find(earlier.begin(), earlier.end(), value) != earlier.end();
  });
}
bool Shadows(const register_v1::Rule& earlier, const register_v1::Rule& later) {
  // A pattern may name a team that is not there; then the rule is passed over.
  return !absl::StrContains(earlier.team(), "{") && Covers(earlier.categories(), later.categories()) &&
         Covers(earlier.agencies(), later.agencies()) && Covers(earlier.offices(), later.offices()) &&
         Covers(earlier.residences(), later.residences()) && Covers(earlier.kinds(), later.kinds()) &&
         Covers(earlier.urgencies(), later.urgencies()) && Covers(earlier.channels(), later.channels()) &&
         earlier.care_level_at_least() <= later.care_level_at_least();
}

}  // namespace

Faults CheckOrganisation(const register_v1::Organisation& organisation) {
  Checker check;
  CheckCategories(organisation, &check);
  absl::flat_hash_set<std::string> teams;
  for (int i = 0; i < organisation.teams_size(); ++i) {
    check.Enter("teams", i);
    check.Code("code", organisation.teams(i).code(), &teams);
    check.Text("name", organisation.teams(i).name());
  }
  check.Leave();
  CheckStaff(organisation, teams, &check);
  if (!teams.contains(organisation.fallback_team())) {
    check.Add("fallback_team", absl::StrCat("'", organisation.fallback_team(), "' is no team"));
  }
  return check.Take();
}

Faults CheckRuleSet(const register_v1::RuleSet& rules, const register_v1::Organisation& organisation) {
  Checker check;
  const auto categories = CategoryCodes(organisation);
  const auto teams = TeamCodes(organisation);
  absl::flat_hash_set<std::string> seen;
  if (rules.rules_size() > kMaxRules) {
    check.Add("rules", absl::StrCat("has ", rules.rules_size(), " rules; at most ", kMaxRules, " fit"));
    return check.Take();
  }
  for (int i = 0; i < rules.rules_size(); ++i) {
    const register_v1::Rule& rule = rules.rules(i);
    check.Enter("rules", i);
    check.Code("id", rule.id(), &seen);
    check.Registered("categories", rule.categories(), categories, "category");
    check.Named("kinds", rule.kinds(), types::v1::ComplaintKind_IsValid);
    check.Named("urgencies", rule.urgencies(), types::v1::Urgency_IsValid);
    check.Named("channels", rule.channels(), types::v1::Channel_IsValid);
    check.Range("care_level_at_least", rule.care_level_at_least(), 0, 2);
    check.Range("priority", rule.priority(), 0, 5);
    CheckRuleTeam(rule, organisation, teams, &check);
  }
  return check.Take();
}

Faults CheckPack(const register_v1::ObligationPack& pack, const std::vector<std::string>& calendars) {
  Checker check;
  absl::flat_hash_set<std::string> ids, lines;
  check.Code("id", pack.id(), &ids);
  check.Text("title", pack.title());
  check.Text("source", pack.source());
  if (pack.lines().empty()) check.Add("lines", "is missing");
  for (int i = 0; i < pack.lines_size(); ++i) {
    check.Enter("lines", i);
    check.Code("id", pack.lines(i).id(), &lines);
    CheckLine(pack.lines(i), calendars, &check);
  }
  check.Leave();
  CheckChains(pack, &check);
  CheckPauses(pack, &check);
  return check.Take();
}

Faults CheckPackRules(const register_v1::PackRules& rules, const std::vector<std::string>& packs,
                      const register_v1::Organisation& organisation) {
  Checker check;
  const auto categories = CategoryCodes(organisation);
  for (int i = 0; i < rules.rules_size(); ++i) {
    const register_v1::PackRule& rule = rules.rules(i);
    check.Enter("rules", i);
    check.Named("kinds", rule.kinds(), types::v1::ComplaintKind_IsValid);
    check.Named("urgencies", rule.urgencies(), types::v1::Urgency_IsValid);
    check.Registered("categories", rule.categories(), categories, "category");
    if (!Contains(packs, rule.pack())) {
      check.Add("pack", absl::StrCat("'", rule.pack(), "' is no pack of the register"));
    }
  }
  return check.Take();
}

Faults CheckUpload(const register_v1::Territory& territory, const std::vector<std::string>& calendars) {
  Faults faults;
  for (const reference::TerritoryFault& fault : reference::CheckTerritory(territory)) {
    faults.push_back({absl::StrCat("territory.", reference::FieldOf(fault)), fault.description});
  }
  for (int i = 0; i < territory.agencies_size(); ++i) {
    const std::string& calendar = territory.agencies(i).calendar();
    if (calendar.empty() || Contains(calendars, calendar)) continue;
    faults.push_back({absl::StrCat("territory.agencies[", i, "].calendar"),
                      absl::StrCat("'", calendar, "' is no calendar of the register")});
  }
  if (territory.agencies().empty()) faults.push_back({"territory.agencies", "is missing"});
  return faults;
}

absl::Status CheckCalendar(const register_v1::Calendar& calendar) {
  return calendar::WorkingCalendar::Compile(calendar).status();
}

std::vector<std::string> TeamsElsewhere(const register_v1::Organisation& organisation,
                                        const register_v1::Territory& territory) {
  absl::flat_hash_set<std::string> agencies;
  for (const register_v1::Agency& agency : territory.agencies()) agencies.insert(agency.code());
  std::vector<std::string> elsewhere;
  for (const register_v1::Team& team : organisation.teams()) {
    if (team.agency().empty() || agencies.contains(team.agency())) continue;
    elsewhere.push_back(absl::StrCat("team '", team.code(), "' belongs to agency '", team.agency(),
                                     "', which the territory does not have"));
  }
  return elsewhere;
}

std::vector<std::string> UnreachableRules(const register_v1::RuleSet& rules) {
  std::vector<std::string> unreachable;
  for (int later = 0; later < rules.rules_size(); ++later) {
    for (int earlier = 0; earlier < later; ++earlier) {
      if (!Shadows(rules.rules(earlier), rules.rules(later))) continue;
      unreachable.push_back(absl::StrCat("rule '", rules.rules(later).id(), "' is never reached: '",
                                         rules.rules(earlier).id(), "' takes all that it would"));
      break;
    }
  }
  return unreachable;
}

}  // namespace redress::routing
