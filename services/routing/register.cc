#include "services/routing/register.h"

#include <google/protobuf/util/message_differencer.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "libs/reference/history.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "services/routing/register_checks.h"
#include "services/routing/routing_errors.h"

namespace redress::routing {
namespace {

using register_rows_v1::VersionRow;
using Events = std::vector<RegisterEvent>;
using google::protobuf::util::MessageDifferencer;

absl::Status ToStatus(const Faults& faults) { return faults.empty() ? absl::OkStatus() : InvalidFields(faults); }

// Faults of a field of the request, e.g. "organisation".
Faults Under(absl::string_view field, Faults faults) {
  for (FieldViolation& fault : faults) fault.field = absl::StrCat(field, ".", fault.field);
  return faults;
}

Millis ActiveFromOf(const VersionRow& row) { return row.active_from(); }

// What a command's content would be as a version's row.
VersionRow ContentOf(const RegisterCommand& command) {
  VersionRow row;
  switch (command.kind_case()) {
    case RegisterCommand::kSetOrganisation: *row.mutable_organisation() = command.set_organisation(); break;
    case RegisterCommand::kSetRuleSet: *row.mutable_rule_set() = command.set_rule_set(); break;
    case RegisterCommand::kSetObligationPack: *row.mutable_obligation_pack() = command.set_obligation_pack(); break;
    case RegisterCommand::kSetPackRules: *row.mutable_pack_rules() = command.set_pack_rules(); break;
    case RegisterCommand::kSetCalendar: *row.mutable_calendar() = command.set_calendar(); break;
    default: break;
  }
  return row;
}

absl::Status CheckContent(const RegisterState& state, const RegisterCommand& command) {
  const register_v1::Organisation organisation = state.organisation.value_or(register_v1::Organisation());
  switch (command.kind_case()) {
    case RegisterCommand::kSetOrganisation:
      return ToStatus(Under("organisation", CheckOrganisation(command.set_organisation())));
    case RegisterCommand::kSetRuleSet:
      return ToStatus(Under("rule_set", CheckRuleSet(command.set_rule_set(), organisation)));
    case RegisterCommand::kSetObligationPack:
      return ToStatus(Under("pack", CheckPack(command.set_obligation_pack(), state.calendars)));
    case RegisterCommand::kSetPackRules:
      return ToStatus(Under("pack_rules", CheckPackRules(command.set_pack_rules(), state.packs, organisation)));
    case RegisterCommand::kSetCalendar: {
      const absl::Status checked = CheckCalendar(command.set_calendar());
      const Faults faults = ViolationsOf(checked);
      return faults.empty() ? checked : InvalidFields(Under("calendar", faults));
    }
    default: return absl::OkStatus();
  }
}

absl::Status CheckActive(const RegisterState& state, const RegisterCommand& command, Millis active_from, Millis now) {
  if (state.versions.empty() || command.starter() || active_from >= now - kActiveMayBeBack) return absl::OkStatus();
  return ActiveInThePast(AggregateOf(command));
}

RegisterEvent EventOf(const RegisterCommand& command, int64_t version, Millis active_from) {
  RegisterEvent event;
  const auto stamp = [&](auto* set) {
    set->set_version(version);
    set->set_active_from(active_from);
    return set;
  };
  switch (command.kind_case()) {
    case RegisterCommand::kSetOrganisation:
      *stamp(event.mutable_organisation_set())->mutable_organisation() = command.set_organisation();
      break;
    case RegisterCommand::kSetRuleSet:
      *stamp(event.mutable_rule_set_set())->mutable_rule_set() = command.set_rule_set();
      break;
    case RegisterCommand::kSetObligationPack:
      *stamp(event.mutable_obligation_pack_set())->mutable_pack() = command.set_obligation_pack();
      break;
    case RegisterCommand::kSetPackRules:
      *stamp(event.mutable_pack_rules_set())->mutable_rules() = command.set_pack_rules();
      break;
    case RegisterCommand::kSetCalendar:
      *stamp(event.mutable_calendar_set())->mutable_calendar() = command.set_calendar();
      break;
    default: break;
  }
  return event;
}

absl::StatusOr<Events> DecideSet(const RegisterState& state, const RegisterCommand& command, Millis now) {
  const Millis active_from = ActiveFrom(command, state.versions, now);
  RETURN_IF_ERROR(CheckContent(state, command));
  const size_t in_force = reference::IndexInForce(state.versions, active_from, ActiveFromOf);
  if (in_force != reference::kNone && SameContent(state.versions[in_force], ContentOf(command))) return Events();
  RETURN_IF_ERROR(CheckActive(state, command, active_from, now));
  const int64_t version = state.versions.empty() ? 1 : state.versions.back().version() + 1;
  return Events{EventOf(command, version, active_from)};
}

absl::StatusOr<Events> DecidePart(const RegisterState& state, const RegisterCommand& command) {
  const auto& part = command.add_territory_part();
  if (part.nodes().ByteSizeLong() > kMaxTerritoryPart) {
    return InvalidFields({{"territory", absl::StrCat("a page has more than ", kMaxTerritoryPart, " bytes")}});
  }
  const int have = state.draft.has_value() ? state.draft->parts() : 0;
  if (part.part() < have) return Events();
  if (part.part() > have) return UploadIncomplete(have, part.part());
  RegisterEvent event;
  auto* added = event.mutable_territory_part_added();
  added->set_version(state.draft.has_value() ? state.draft->version() : state.state.last_territory() + 1);
  added->set_part(part.part());
  added->set_upload(part.upload());
  *added->mutable_nodes() = part.nodes();
  return Events{event};
}

absl::StatusOr<Events> DecideActivate(const RegisterState& state, const RegisterCommand& command, Millis now) {
  const auto& activate = command.activate_territory();
  const int have = state.draft.has_value() ? state.draft->parts() : 0;
  if (have == 0 || have != activate.parts()) return UploadIncomplete(have, activate.parts());
  const Millis active_from = ActiveFrom(command, state.versions, now);
  RETURN_IF_ERROR(ToStatus(CheckUpload(state.drafted, state.calendars)));
  if (state.territory.has_value() && MessageDifferencer::Equals(*state.territory, state.drafted)) return Events();
  RETURN_IF_ERROR(CheckActive(state, command, active_from, now));
  RegisterEvent event;
  auto* activated = event.mutable_territory_activated();
  activated->set_version(state.draft->version());
  activated->set_parts(activate.parts());
  activated->set_active_from(active_from);
  activated->set_upload(activate.upload());
  return Events{event};
}

absl::StatusOr<Events> DecideTzdata(const RegisterState& state, const std::string& version) {
  const bool shaped = version.size() == 5 && std::all_of(version.begin(), version.end() - 1, absl::ascii_isdigit) &&
                      absl::ascii_islower(version.back());
  if (!shaped) return InvalidFields({{"version", "must be a year and a letter, as 2025b"}});
  if (state.state.tzdata_version() == version) return Events();
  RegisterEvent event;
  event.mutable_tzdata_adopted()->set_version(version);
  return Events{event};
}

}  // namespace

register_v1::ReferenceKind KindOf(const RegisterCommand& command) {
  switch (command.kind_case()) {
    case RegisterCommand::kAddTerritoryPart:
    case RegisterCommand::kActivateTerritory: return register_v1::REFERENCE_KIND_TERRITORY;
    case RegisterCommand::kSetOrganisation: return register_v1::REFERENCE_KIND_ORGANISATION;
    case RegisterCommand::kSetRuleSet: return register_v1::REFERENCE_KIND_RULE_SET;
    case RegisterCommand::kSetObligationPack: return register_v1::REFERENCE_KIND_OBLIGATION_PACK;
    case RegisterCommand::kSetPackRules: return register_v1::REFERENCE_KIND_PACK_RULES;
    case RegisterCommand::kSetCalendar: return register_v1::REFERENCE_KIND_CALENDAR;
    case RegisterCommand::kAdoptTzdata: return register_v1::REFERENCE_KIND_TZDATA;
    case RegisterCommand::kCompleteStarterSet:
    case RegisterCommand::KIND_NOT_SET: break;
  }
  return register_v1::REFERENCE_KIND_UNSPECIFIED;
}

std::string IdOf(const RegisterCommand& command) {
  if (command.has_set_obligation_pack()) return command.set_obligation_pack().id();
  if (command.has_set_calendar()) return command.set_calendar().id();
  return "";
}

std::string AggregateOf(register_v1::ReferenceKind kind, const std::string& id) {
  switch (kind) {
    case register_v1::REFERENCE_KIND_TERRITORY: return "territory";
    case register_v1::REFERENCE_KIND_ORGANISATION: return "organisation";
    case register_v1::REFERENCE_KIND_RULE_SET: return "rules";
    case register_v1::REFERENCE_KIND_OBLIGATION_PACK: return absl::StrCat("packs/", id);
    case register_v1::REFERENCE_KIND_PACK_RULES: return "pack_rules";
    case register_v1::REFERENCE_KIND_CALENDAR: return absl::StrCat("calendars/", id);
    case register_v1::REFERENCE_KIND_TZDATA: return "tzdata";
    default: return "starter_set";
  }
}

std::string AggregateOf(const RegisterCommand& command) { return AggregateOf(KindOf(command), IdOf(command)); }

Millis ActiveFrom(const RegisterCommand& command, const std::vector<VersionRow>& versions, Millis now) {
  if (command.has_active_from()) return command.active_from();
  return versions.empty() ? reference::kAlways : now;
}

bool SameContent(const VersionRow& a, const VersionRow& b) {
  if (a.content_case() != b.content_case()) return false;
  VersionRow left = a, right = b;
  for (VersionRow* row : {&left, &right}) {
    row->clear_version();
    row->clear_active_from();
    row->clear_recorded_at();
    row->clear_actor();
  }
  return MessageDifferencer::Equals(left, right);
}

absl::StatusOr<Events> Decide(const RegisterState& state, const RegisterCommand& command, Millis now) {
  if (command.starter() && state.state.complete()) return Events();
  switch (command.kind_case()) {
    case RegisterCommand::kAddTerritoryPart: return DecidePart(state, command);
    case RegisterCommand::kActivateTerritory: return DecideActivate(state, command, now);
    case RegisterCommand::kAdoptTzdata: return DecideTzdata(state, command.adopt_tzdata().version());
    case RegisterCommand::kCompleteStarterSet: {
      if (state.state.complete()) return Events();
      RegisterEvent event;
      event.mutable_starter_set_completed();
      return Events{event};
    }
    case RegisterCommand::KIND_NOT_SET: return Events();
    default: return DecideSet(state, command, now);
  }
}

}  // namespace redress::routing
