#include "libs/auth/permissions.h"

#include <algorithm>
#include <array>

namespace redress {
namespace {

using enum Permission;

constexpr std::array<absl::string_view, kPermissionCount> kNames = {
    "submit",
    "track",
    "act_for_resident",
    "read_complaints",
    "handle_complaints",
    "record_backdated_facts",
    "import",
    "read_personal_data",
    "erase_persons",
    "read_register",
    "manage_register",
    "route_by_hand",
    "schedule",
    "report_visits",
    "read_reports",
    "subscribe",
    "admin",
    "internal",
};

constexpr Role kRoles[] = {
    {"resident_portal", "the web site that residents use",
     PermissionSet(kSubmit, kTrack, kActForResident, kReadRegister)},
    {"call_centre", "takes calls, looks cases up, books visits",
     PermissionSet(kSubmit, kTrack, kActForResident, kReadComplaints, kReadPersonalData, kReadRegister, kSchedule)},
    {"agent", "in charge of complaints",
     PermissionSet(kSubmit, kTrack, kActForResident, kReadComplaints, kHandleComplaints, kReadPersonalData,
                   kReadRegister, kSchedule, kReportVisits, kReadReports)},
    {"caretaker", "on the spot: reports, mends, says so",
     PermissionSet(kSubmit, kTrack, kReadComplaints, kHandleComplaints, kReadPersonalData, kReadRegister,
                   kReportVisits)},
    {"technician", "visits and mends", PermissionSet(kReadComplaints, kReadPersonalData, kReadRegister, kReportVisits)},
    {"dispatcher", "routes what rules leave open, plans visits",
     PermissionSet(kReadComplaints, kReadPersonalData, kReadRegister, kRouteByHand, kSchedule, kReportVisits,
                   kReadReports)},
    {"manager", "answers for an agency",
     PermissionSet(kSubmit, kTrack, kActForResident, kReadComplaints, kHandleComplaints, kRecordBackdatedFacts,
                   kReadPersonalData, kReadRegister, kRouteByHand, kSchedule, kReportVisits, kReadReports, kSubscribe)},
    {"importer", "brings old complaints in", PermissionSet(kImport, kSubmit, kRecordBackdatedFacts, kReadRegister)},
    {"register_admin", "keeps territory, rules, packs, calendars",
     PermissionSet(kReadRegister, kManageRegister, kReadReports)},
    {"dashboard", "figures and public events, no personal data",
     PermissionSet(kReadReports, kSubscribe, kReadRegister)},
    {"dpo", "data protection officer: reads, exports, erases",
     PermissionSet(kReadComplaints, kReadPersonalData, kErasePersons, kReadRegister, kReadReports)},
    {"admin", "runs the system, sees no personal data",
     PermissionSet(kAdmin, kReadRegister, kManageRegister, kReadReports, kSubscribe)},
    {"instance", "another process of the same installation", PermissionSet(kInternal)},
};

}  // namespace

absl::string_view NameOf(Permission permission) { return kNames[static_cast<size_t>(permission)]; }

absl::Span<const Role> Roles() { return kRoles; }

const Role* FindRole(absl::string_view name) {
  const auto found =
      std::find_if(std::begin(kRoles), std::end(kRoles), [&](const Role& role) { return role.name == name; });
  return found == std::end(kRoles) ? nullptr : found;
}

}  // namespace redress
