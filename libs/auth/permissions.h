// What can be allowed, and which role is allowed what: two tables, which documentation and tests list.
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace redress {

// Each RPC names one.
enum class Permission : uint8_t {
  kSubmit,                // submit complaints, push tickets
  kTrack,                 // status by tracking code
  kActForResident,        // confirm, contest, reopen, withdraw, write on the resident's behalf
  kReadComplaints,        // get and list, without personal data
  kHandleComplaints,      // acknowledge, start, answer, resolve, amend, note, attach, record facts
  kRecordBackdatedFacts,  // facts more than 24 hours back, with a reason
  kImport,                // complaints with original dates
  kReadPersonalData,      // names, contacts, texts; each reading is audited
  kErasePersons,          // forget a person, export what there is
  kReadRegister,          // territory, categories, rules, packs, calendars
  kManageRegister,        // change them
  kRouteByHand,           // assign against or without rules
  kSchedule,              // find, hold, book, move, cancel visits
  kReportVisits,          // started, done, no access
  kReadReports,           // figures, clocks, explanations
  kSubscribe,             // the stream of public events
  kAdmin,                 // status, rebuild, checkpoints, parked inputs, levels
  kInternal,              // calls between instances
};
inline constexpr int kPermissionCount = static_cast<int>(Permission::kInternal) + 1;

// A set of permissions.
class PermissionSet {
 public:
  constexpr PermissionSet() = default;
  template <typename... P>
  constexpr explicit PermissionSet(P... permissions) : bits_((0u | ... | Bit(permissions))) {}
  static constexpr PermissionSet All() {
    PermissionSet all;
    all.bits_ = (1u << kPermissionCount) - 1;
    return all;
  }
  constexpr bool Has(Permission permission) const { return (bits_ & Bit(permission)) != 0; }
  constexpr void Add(PermissionSet other) { bits_ |= other.bits_; }
  constexpr bool operator==(const PermissionSet&) const = default;

 private:
  static constexpr uint32_t Bit(Permission permission) { return 1u << static_cast<int>(permission); }
  uint32_t bits_ = 0;
};

// "handle_complaints": as error messages and documentation say it.
absl::string_view NameOf(Permission permission);

struct Role {
  absl::string_view name;
  absl::string_view description;
  PermissionSet permissions;
};
// Every role there is.
absl::Span<const Role> Roles();
// Null if there is none of that name.
const Role* FindRole(absl::string_view name);

}  // namespace redress
