#include "libs/reference/register_fold.h"

#include <algorithm>

#include "libs/reference/register_rows.h"
#include "libs/reference/territory_check.h"
#include "libs/runtime/knows.h"
#include "libs/status/errors.h"
#include "redress/register/events/v1/events.pb.h"

namespace redress::reference {
namespace {

namespace events_v1 = ::redress::register_::events::v1;

rows_v1::VersionRow NewRow(const runtime::ApplyContext& context, int64_t version, Millis active_from) {
  rows_v1::VersionRow row;
  row.set_version(version);
  row.set_active_from(active_from);
  row.set_recorded_at(context.recorded_at());
  row.set_actor(context.body->actor());
  return row;
}

void AddPart(const events_v1::TerritoryPartAdded& added, store::View* rows) {
  SaveTerritoryPart(rows, added.version(), added.part(), added.nodes());
  rows_v1::DraftRow draft = FindDraft(*rows, added.upload()).value_or(rows_v1::DraftRow());
  draft.set_version(added.version());
  draft.set_parts(std::max(draft.parts(), added.part() + 1));
  SaveDraft(rows, added.upload(), draft);
  rows_v1::StateRow state = LoadState(*rows);
  state.set_last_territory(std::max(state.last_territory(), added.version()));
  SaveState(rows, state);
}

void Activate(const runtime::ApplyContext& context, const events_v1::TerritoryActivated& activated, store::View* rows) {
  rows_v1::VersionRow row = NewRow(context, activated.version(), activated.active_from());
  row.mutable_territory()->set_parts(activated.parts());
  *row.mutable_territory()->mutable_counts() = Count(LoadTerritory(*rows, activated.version()));
  SaveVersion(rows, register_v1::REFERENCE_KIND_TERRITORY, "", row);
  DeleteDraft(rows, activated.upload());
}

void AdoptTzdata(const runtime::ApplyContext& context, const events_v1::TzdataAdopted& adopted, store::View* rows) {
  const auto known = LoadVersions(*rows, register_v1::REFERENCE_KIND_TZDATA, "");
  rows_v1::VersionRow row = NewRow(context, static_cast<int64_t>(known.size()) + 1, context.recorded_at());
  row.set_tzdata(adopted.version());
  SaveVersion(rows, register_v1::REFERENCE_KIND_TZDATA, "", row);
  rows_v1::StateRow state = LoadState(*rows);
  state.set_tzdata_version(adopted.version());
  SaveState(rows, state);
}

void CountDecision(const runtime::ApplyContext& context, const log::v1::Event& event, store::View* rows) {
  const log::v1::Event& first = context.body->events(0);
  if (event.aggregate() != first.aggregate() || event.version() != first.version()) return;
  rows_v1::StateRow state = LoadState(*rows);
  state.set_decisions(state.decisions() + 1);
  SaveState(rows, state);
}

}  // namespace

void ApplyRegisterEvent(const runtime::ApplyContext& context, const log::v1::Event& event, store::View* rows) {
  CountDecision(context, event, rows);
  events_v1::Event stored;
  if (!stored.ParseFromString(event.payload())) return;
  switch (stored.kind_case()) {
    case events_v1::Event::kTerritoryPartAdded: return AddPart(stored.territory_part_added(), rows);
    case events_v1::Event::kTerritoryActivated: return Activate(context, stored.territory_activated(), rows);
    case events_v1::Event::kOrganisationSet: {
      const auto& set = stored.organisation_set();
      rows_v1::VersionRow row = NewRow(context, set.version(), set.active_from());
      *row.mutable_organisation() = set.organisation();
      return SaveVersion(rows, register_v1::REFERENCE_KIND_ORGANISATION, "", row);
    }
    case events_v1::Event::kRuleSetSet: {
      const auto& set = stored.rule_set_set();
      rows_v1::VersionRow row = NewRow(context, set.version(), set.active_from());
      *row.mutable_rule_set() = set.rule_set();
      return SaveVersion(rows, register_v1::REFERENCE_KIND_RULE_SET, "", row);
    }
    case events_v1::Event::kObligationPackSet: {
      const auto& set = stored.obligation_pack_set();
      rows_v1::VersionRow row = NewRow(context, set.version(), set.active_from());
      *row.mutable_obligation_pack() = set.pack();
      return SaveVersion(rows, register_v1::REFERENCE_KIND_OBLIGATION_PACK, set.pack().id(), row);
    }
    case events_v1::Event::kPackRulesSet: {
      const auto& set = stored.pack_rules_set();
      rows_v1::VersionRow row = NewRow(context, set.version(), set.active_from());
      *row.mutable_pack_rules() = set.rules();
      return SaveVersion(rows, register_v1::REFERENCE_KIND_PACK_RULES, "", row);
    }
    case events_v1::Event::kCalendarSet: {
      const auto& set = stored.calendar_set();
      rows_v1::VersionRow row = NewRow(context, set.version(), set.active_from());
      *row.mutable_calendar() = set.calendar();
      return SaveVersion(rows, register_v1::REFERENCE_KIND_CALENDAR, set.calendar().id(), row);
    }
    case events_v1::Event::kTzdataAdopted: return AdoptTzdata(context, stored.tzdata_adopted(), rows);
    case events_v1::Event::kLevelRaised: {
      rows_v1::StateRow state = LoadState(*rows);
      state.set_level(std::max(state.level(), stored.level_raised().level()));
      return SaveState(rows, state);
    }
    case events_v1::Event::kStarterSetCompleted: {
      rows_v1::StateRow state = LoadState(*rows);
      state.set_complete(true);
      return SaveState(rows, state);
    }
    case events_v1::Event::KIND_NOT_SET: return;
  }
}

int RegisterFollower::projection_version() const { return kRegisterProjectionVersion; }

absl::StatusOr<std::vector<runtime::NewEvent>> RegisterFollower::Decide(const store::Rows&, const runtime::v1::Order&,
                                                                        const runtime::DecideContext&) const {
  return MakeError(absl::StatusCode::kFailedPrecondition, "REGISTER_DECIDED_ELSEWHERE",
                   "this process follows the register and does not decide it");
}

bool RegisterFollower::Knows(log::Stream stream, const log::v1::Event& event) const {
  return stream == log::Stream::kRegister && runtime::KnowsAs<events_v1::Event>(event);
}

void RegisterFollower::Apply(const runtime::ApplyContext& context, const log::v1::Event& event,
                             store::View* rows) const {
  ApplyRegisterEvent(context, event, rows);
}

std::string RegisterFollower::ResultOf(const runtime::ApplyContext& context, const store::Rows& rows) const {
  events_v1::Event stored;
  const auto& events = context.body->events();
  if (events.empty() || !stored.ParseFromString(events.rbegin()->payload())) return "";
  rows_v1::VersionKey key;
  switch (stored.kind_case()) {
    case events_v1::Event::kTerritoryPartAdded:
      key.set_kind(register_v1::REFERENCE_KIND_TERRITORY);
      key.set_version(stored.territory_part_added().version());
      break;
    case events_v1::Event::kTerritoryActivated:
      key.set_kind(register_v1::REFERENCE_KIND_TERRITORY);
      key.set_version(stored.territory_activated().version());
      break;
    case events_v1::Event::kOrganisationSet:
      key.set_kind(register_v1::REFERENCE_KIND_ORGANISATION);
      key.set_version(stored.organisation_set().version());
      break;
    case events_v1::Event::kRuleSetSet:
      key.set_kind(register_v1::REFERENCE_KIND_RULE_SET);
      key.set_version(stored.rule_set_set().version());
      break;
    case events_v1::Event::kObligationPackSet:
      key.set_kind(register_v1::REFERENCE_KIND_OBLIGATION_PACK);
      key.set_id(stored.obligation_pack_set().pack().id());
      key.set_version(stored.obligation_pack_set().version());
      break;
    case events_v1::Event::kPackRulesSet:
      key.set_kind(register_v1::REFERENCE_KIND_PACK_RULES);
      key.set_version(stored.pack_rules_set().version());
      break;
    case events_v1::Event::kCalendarSet:
      key.set_kind(register_v1::REFERENCE_KIND_CALENDAR);
      key.set_id(stored.calendar_set().calendar().id());
      key.set_version(stored.calendar_set().version());
      break;
    case events_v1::Event::kTzdataAdopted:
      key.set_kind(register_v1::REFERENCE_KIND_TZDATA);
      key.set_version(static_cast<int64_t>(LoadVersions(rows, register_v1::REFERENCE_KIND_TZDATA, "").size()));
      break;
    case events_v1::Event::kLevelRaised:
    case events_v1::Event::kStarterSetCompleted:
    case events_v1::Event::KIND_NOT_SET: break;
  }
  return key.SerializeAsString();
}

absl::StatusOr<std::vector<runtime::v1::Order>> RegisterFollower::React(const runtime::Input&,
                                                                        const runtime::ReactContext&) const {
  return std::vector<runtime::v1::Order>();
}

void RegisterFollower::Fire(const runtime::Timer&, const runtime::ReactContext&,
                            std::function<void(std::optional<runtime::v1::Order>)> done) {
  done(std::nullopt);
}

}  // namespace redress::reference
