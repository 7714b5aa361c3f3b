// Tables of scheduling's projection (grammar in scheduling_projection.cc), and what is read from them in more than one
// place.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/store/keys.h"
#include "libs/store/table.h"
#include "redress/scheduling/rows/v1/rows.pb.h"
#include "services/scheduling/slots.h"

namespace redress::scheduling {

inline constexpr int kProjectionVersion = 1;

// Rows that deciders load.
inline constexpr store::Table<rows::v1::InterventionRow> kVisits{0x01};
inline constexpr store::Table<rows::v1::TechnicianRow> kTechnicianRows{0x02};
inline constexpr store::Table<rows::v1::TakenRow> kTaken{0x03};
inline constexpr store::Table<rows::v1::VisitEntry> kByComplaint{0x04};
inline constexpr store::Table<rows::v1::EndingRow> kEndingRows{0x05};
// Rows that only readers need.
inline constexpr store::ReadModel<rows::v1::VisitEntry> kAgenda{0x06};
inline constexpr store::ReadModel<rows::v1::VisitEntry> kByWindow{0x07};
inline constexpr store::ReadModel<rows::v1::VisitEntry> kQueue{0x08};

// Pieces of keys after shard and table.
std::string TextKey(absl::string_view text);                                            // Str
std::string WindowKey(absl::string_view owner, Millis start, absl::string_view visit);  // Str I64 Raw
std::string ComplaintKey(absl::string_view complaint, absl::string_view visit);         // Str Raw
std::string QueueKey(const rows::v1::InterventionRow& row, absl::string_view visit);    // U8 I64 Raw

// A window that is not free.
struct TakenWindow {
  std::string visit;  // id
  Millis start = 0;
  Millis end = 0;
  Millis expires_at = 0;  // 0: booked
  bool Counts(Millis now) const { return expires_at == 0 || expires_at > now; }
};

// Windows of a technician that overlap [from, to), by start; holds whose time is over among them.
std::vector<TakenWindow> TakenBetween(const store::Rows& rows, uint16_t shard, absl::string_view technician,
                                      Millis from, Millis to);

// Visits of a complaint in this shard, by id.
std::vector<std::string> VisitsOf(const store::Rows& rows, uint16_t shard, absl::string_view complaint);

// What `technician` has between `from` and `to`, as it counts at `now`; windows of `except` (a visit) are left out.
TechnicianCalendar CalendarOf(const store::Rows& rows, uint16_t shard, absl::string_view id,
                              const rows::v1::TechnicianRow& row, Millis from, Millis to, Millis now,
                              absl::string_view except);

// Slots of the agency's technicians for a visit, from `from` (but not before the lead time) to `to`.
SlotQuery QueryFor(const rows::v1::InterventionRow& visit, Millis now, Millis from, Millis to, int limit);
// Of the agency's technicians: all, or those who have the skills that the visit needs.
enum class Technicians { kAll, kSkilled };
std::vector<TechnicianCalendar> AgencyCalendars(const store::Rows& rows, uint16_t shard, absl::string_view agency,
                                                const SlotQuery& query, Millis now, absl::string_view except,
                                                Technicians which = Technicians::kAll);

}  // namespace redress::scheduling
