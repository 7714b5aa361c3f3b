// Files of reference data: organisation, rules, packs, pack rules, calendars. What the register would take must be
// usable: a calendar compiles, a line's target is reached, routes are found.
//
//   input   = name of a message " " text format, e.g. calendar id: "office" zone: "Europe/Paris"
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "libs/calendar/due_time.h"
#include "libs/calendar/working_calendar.h"
#include "libs/reference/snapshot_builder.h"
#include "services/routing/register_checks.h"
#include "services/routing/rules.h"
#include "services/sla/due.h"
#include "tests/fuzz/target.h"

namespace redress::fuzz {
namespace {

namespace pb = ::google::protobuf;
namespace register_v1 = ::redress::register_::v1;

constexpr Millis kNow = 1'790'000'000'000;

// What the messages name.
register_v1::Organisation SeedOrganisation() {
  static const auto* const organisation = [] {
    auto* made = new register_v1::Organisation();
    pb::TextFormat::ParseFromString(
        R"(teams { code: "north" agency: "n" } teams { code: "south" } staff { id: "ana" team: "north" }
                                       categories { code: "heating" } categories { code: "noise" reopen_window_days: 3 }
                                       fallback_team: "south")",
        made);
    return made;
  }();
  return *organisation;
}

void CheckFaults(const routing::Faults& faults) {
  for (const FieldViolation& fault : faults) Check(!fault.description.empty(), "a fault says what it is");
  if (!faults.empty()) Check(!InvalidFields(faults).ok(), "and is an error");
}

void CheckCalendar(const register_v1::Calendar& calendar) {
  const absl::Status checked = routing::CheckCalendar(calendar);
  const auto compiled = calendar::WorkingCalendar::Compile(calendar);
  Check(checked.ok() == compiled.ok(), "what the register takes compiles");
  if (!compiled.ok()) return;
  const Millis opening = compiled->NextOpening(kNow);
  Check(opening >= kNow && compiled->IsOpen(opening), "it opens");
  for (const Millis amount : {Millis{1}, kHour, 100 * kHour}) {
    const Millis end = compiled->AddWorkingTime(kNow, amount);
    Check(end > kNow && compiled->WorkingTimeBetween(kNow, end) == amount, "working time passes");
    const Millis begin = compiled->SubtractWorkingTime(end, amount);
    Check(begin >= kNow && compiled->WorkingTimeBetween(begin, end) == amount, "both ways");
  }
  Millis last = kNow;
  for (const calendar::Interval& open : compiled->Openings(kNow, kNow + 15 * kDay)) {
    Check(open.begin >= last && open.end > open.begin && open.end <= kNow + 15 * kDay, "openings are in order");
    last = open.end;
  }
  const Millis days = compiled->AddWorkingDays(kNow, 3, calendar::EndRule::kEndOfDay);
  Check(days > kNow && compiled->WorkingDaysBetween(kNow, days) == 3, "working days pass");
}

const calendar::WorkingCalendar& Office() {
  static const auto* const office = [] {
    register_v1::Calendar calendar;
    pb::TextFormat::ParseFromString(R"(id: "agency" zone: "Europe/Paris" holiday_sets: "FR"
                                       weekly { weekdays: [WEEKDAY_MONDAY, WEEKDAY_FRIDAY]
                                                spans { start_minute: 480 end_minute: 1080 } })",
                                    &calendar);
    return new calendar::WorkingCalendar(*calendar::WorkingCalendar::Compile(calendar));
  }();
  return *office;
}

// What is owed is due after it began, and its warnings come before that, each once.
void CheckLine(const register_v1::Line& line, const sla::Facts& facts) {
  for (const types::v1::Urgency urgency : {types::v1::URGENCY_UNSPECIFIED, types::v1::URGENCY_EMERGENCY}) {
    sla::RunTime run;
    run.line = &line;
    run.target = sla::TargetFor(line, urgency);
    if (run.target == nullptr) continue;
    run.calendar = &Office();
    run.started_at = kNow;
    const sla::Due due = sla::DueOf(run, facts, {});
    Check(due.at >= kNow && due.at <= calendar::kMaxInstant, "what is owed is due afterwards");
    const auto warnings = sla::WarningsOf(run, due.at);
    for (size_t i = 0; i < warnings.size(); ++i) {
      Check(warnings[i].at > kNow && warnings[i].at <= due.at, "a warning comes before it is due");
      Check(i == 0 || warnings[i - 1] < warnings[i], "each once, in order");
    }
  }
}

void CheckPack(const register_v1::ObligationPack& pack) {
  const routing::Faults faults = routing::CheckPack(pack, {"agency"});
  CheckFaults(faults);
  if (!faults.empty()) return;
  for (const register_v1::Line& line : pack.lines()) CheckLine(line, sla::Facts());
  reference::SnapshotBuilder builder;
  builder.Add(pack);
  Check(builder.Build()->FindPack(pack.id(), 1).content != nullptr, "what the register takes is found");
}

void CheckRules(const register_v1::RuleSet& rules) {
  const routing::Faults faults = routing::CheckRuleSet(rules, SeedOrganisation());
  CheckFaults(faults);
  const auto unreachable = routing::UnreachableRules(rules);
  Check(unreachable.size() <= static_cast<size_t>(rules.rules_size()), "a sentence a rule at most");
  if (!faults.empty()) return;
  const auto snapshot = reference::SnapshotBuilder().Add(SeedOrganisation()).Add(rules).Build();
  for (const char* category : {"heating", "noise", ""}) {
    routing::MatterNoted matter;
    matter.set_category(category);
    matter.set_kind(types::v1::COMPLAINT_KIND_COMPLAINT);
    const auto route = routing::FindRoute(matter, *snapshot, kNow);
    Check(route.has_value() && !route->team.empty(), "nothing is nowhere");
    Check(route->rule.empty() != route->fallback.empty(), "by a rule or the fallback");
  }
}

void CheckOrganisation(const register_v1::Organisation& organisation) {
  CheckFaults(routing::CheckOrganisation(organisation));
  const auto elsewhere = routing::TeamsElsewhere(organisation, register_v1::Territory());
  Check(elsewhere.size() <= static_cast<size_t>(organisation.teams_size()), "a sentence a team at most");
  const auto snapshot = reference::SnapshotBuilder().Add(organisation).Build();
  for (const auto& category : organisation.categories()) {
    Check(snapshot->ReopenWindow(category.code(), kNow) >= 0 || !routing::CheckOrganisation(organisation).empty(),
          "a window is a time");
  }
}

void CheckPackRules(const register_v1::PackRules& rules) {
  const routing::Faults faults = routing::CheckPackRules(rules, {"own", "law"}, SeedOrganisation());
  CheckFaults(faults);
}

// Nothing when it cannot be parsed.
template <typename Message>
void Run(absl::string_view text, void (*check)(const Message&)) {
  class Silent : public pb::io::ErrorCollector {
    void AddError(int, pb::io::ColumnNumber, const std::string&) override {}
  } silent;
  pb::TextFormat::Parser parser;
  parser.RecordErrorsTo(&silent);
  Message message;
  if (!parser.ParseFromString(std::string(text), &message)) return;
  std::string printed;
  pb::TextFormat::PrintToString(message, &printed);
  Message again;
  Check(parser.ParseFromString(printed, &again), "what is printed can be parsed");
  Check(again.SerializeAsString() == message.SerializeAsString(), "as it was");
  check(message);
}

void Choose(absl::string_view bytes) {
  const size_t space = std::min(bytes.find(' '), bytes.size());
  const absl::string_view name = bytes.substr(0, space);
  const absl::string_view text = bytes.substr(space);
  if (name == "organisation") return Run<register_v1::Organisation>(text, CheckOrganisation);
  if (name == "rules") return Run<register_v1::RuleSet>(text, CheckRules);
  if (name == "pack") return Run<register_v1::ObligationPack>(text, CheckPack);
  if (name == "pack_rules") return Run<register_v1::PackRules>(text, CheckPackRules);
  if (name == "calendar") return Run<register_v1::Calendar>(text, CheckCalendar);
}

const Target kTarget("reference", Choose);

}  // namespace
}  // namespace redress::fuzz
