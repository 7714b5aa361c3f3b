#include "services/scheduling/technician.h"

#include <algorithm>

#include "services/scheduling/limits.h"
#include "services/scheduling/scheduling_errors.h"

namespace redress::scheduling {
namespace {

using Events = std::vector<events::v1::Event>;

bool SameSpan(const events::v1::WeeklySpan& a, const events::v1::WeeklySpan& b) {
  return a.start_minute() == b.start_minute() && a.end_minute() == b.end_minute();
}

bool Same(const Technician& state, const events::v1::TechnicianRegistered& said) {
  return state.agency() == said.agency() && state.zone() == said.zone() &&
         std::equal(state.skills().begin(), state.skills().end(), said.skills().begin(), said.skills().end()) &&
         std::equal(state.languages().begin(), state.languages().end(), said.languages().begin(),
                    said.languages().end()) &&
         std::equal(state.hours().begin(), state.hours().end(), said.hours().begin(), said.hours().end(), SameSpan);
}

absl::StatusOr<Events> Register(const std::string& name, const Technician& state,
                                const events::v1::TechnicianRegistered& said) {
  if (!state.agency().empty() && state.agency() != said.agency()) return TechnicianElsewhere(name);
  if (Same(state, said)) return Events{};
  events::v1::Event event;
  *event.mutable_technician_registered() = said;
  return Events{event};
}

absl::StatusOr<Events> SetAbsence(const std::string& name, const Technician& state,
                                  const events::v1::TechnicianAbsenceSet& said) {
  if (state.agency().empty()) return TechnicianUnknown(name);
  const auto known = std::find_if(state.absences().begin(), state.absences().end(),
                                  [&](const auto& absence) { return absence.from_ms() == said.from_ms(); });
  if (known == state.absences().end()) {
    if (said.to_ms() <= said.from_ms()) return Events{};
    if (state.absences_size() >= kMaxAbsences) {
      return TooManyAbsences(name, state.absences_size());
    }
  } else if (known->to_ms() == said.to_ms() && known->reason() == said.reason()) {
    return Events{};
  }
  events::v1::Event event;
  *event.mutable_technician_absence_set() = said;
  return Events{event};
}

void ApplyAbsence(const events::v1::TechnicianAbsenceSet& said, int64_t recorded_at, Technician* state) {
  std::vector<rows::v1::Absence> absences;
  for (const auto& absence : state->absences()) {
    if (absence.from_ms() != said.from_ms() && absence.to_ms() > recorded_at - kAbsenceMemory) {
      absences.push_back(absence);
    }
  }
  if (said.to_ms() > said.from_ms()) {
    rows::v1::Absence absence;
    absence.set_from_ms(said.from_ms());
    absence.set_to_ms(said.to_ms());
    absence.set_reason(said.reason());
    absences.push_back(absence);
  }
  std::sort(absences.begin(), absences.end(), [](const auto& a, const auto& b) { return a.from_ms() < b.from_ms(); });
  state->mutable_absences()->Assign(absences.begin(), absences.end());
}

}  // namespace

absl::StatusOr<Events> DecideTechnician(const std::string& name, const Technician& state,
                                        const commands::v1::Command& command) {
  switch (command.kind_case()) {
    case commands::v1::Command::kRegisterTechnician:
      return Register(name, state, command.register_technician().technician());
    case commands::v1::Command::kSetAbsence: return SetAbsence(name, state, command.set_absence().absence());
    default: return absl::InternalError("not a command about a technician");
  }
}

Technician ApplyTechnician(Technician state, const events::v1::Event& event, int64_t recorded_at) {
  if (event.has_technician_registered()) {
    const auto& said = event.technician_registered();
    state.set_agency(said.agency());
    *state.mutable_skills() = said.skills();
    *state.mutable_hours() = said.hours();
    state.set_zone(said.zone());
    *state.mutable_languages() = said.languages();
  } else if (event.has_technician_absence_set()) {
    ApplyAbsence(event.technician_absence_set(), recorded_at, &state);
  }
  return state;
}

}  // namespace redress::scheduling
