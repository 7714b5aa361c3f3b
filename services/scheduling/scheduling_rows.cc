#include "services/scheduling/scheduling_rows.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/scheduling/intervention.h"
#include "services/scheduling/limits.h"

namespace redress::scheduling {
namespace {

// The bytes of key pieces alone.
class Pieces {
 public:
  Pieces() : key_(0, 0) {}
  store::Key& key() { return key_; }
  std::string Take() { return key_.Take().substr(3); }

 private:
  store::Key key_;
};

}  // namespace

std::string TextKey(absl::string_view text) {
  Pieces pieces;
  pieces.key().Str(text);
  return pieces.Take();
}

std::string WindowKey(absl::string_view owner, Millis start, absl::string_view visit) {
  Pieces pieces;
  pieces.key().Str(owner).I64(start).Raw(visit);
  return pieces.Take();
}

std::string ComplaintKey(absl::string_view complaint, absl::string_view visit) {
  Pieces pieces;
  pieces.key().Str(complaint).Raw(visit);
  return pieces.Take();
}

std::string QueueKey(const rows::v1::InterventionRow& row, absl::string_view visit) {
  Pieces pieces;
  pieces.key().U8(row.urgency() == types::v1::URGENCY_EMERGENCY ? 0 : 1).I64(row.requested_at()).Raw(visit);
  return pieces.Take();
}

std::vector<TakenWindow> TakenBetween(const store::Rows& rows, uint16_t shard, absl::string_view technician,
                                      Millis from, Millis to) {
  std::vector<TakenWindow> taken;
  // No window is longer than kLongestWindow, so none that begins earlier reaches `from`.
  const std::string first = kTaken.KeyIn(shard).Raw(WindowKey(technician, from - kLongestWindow, "")).Take();
  const std::string last = kTaken.KeyIn(shard).Raw(WindowKey(technician, to, "")).Take();
  rows.Scan(first, last, [&](absl::string_view key, absl::string_view value) {
    rows::v1::TakenRow row;
    row.ParseFromArray(value.data(), static_cast<int>(value.size()));
    store::KeyReader reader(key.substr(3));
    reader.Str();
    const Millis start = reader.I64();
    if (row.window_end() > from) taken.push_back({reader.Raw(), start, row.window_end(), row.expires_at()});
    return true;
  });
  return taken;
}

std::vector<std::string> VisitsOf(const store::Rows& rows, uint16_t shard, absl::string_view complaint) {
  std::vector<std::string> visits;
  kByComplaint.Scan(rows, shard, TextKey(complaint), [&](absl::string_view rest, const rows::v1::VisitEntry&) {
    store::KeyReader reader(rest);
    reader.Str();
    visits.push_back(reader.Raw());
    return true;
  });
  return visits;
}

TechnicianCalendar CalendarOf(const store::Rows& rows, uint16_t shard, absl::string_view id,
                              const rows::v1::TechnicianRow& row, Millis from, Millis to, Millis now,
                              absl::string_view except) {
  TechnicianCalendar calendar;
  calendar.name = absl::StrCat(kTechnicians, id);
  calendar.row = row;
  for (const TakenWindow& taken : TakenBetween(rows, shard, calendar.name, from, to)) {
    if (taken.Counts(now) && taken.visit != except) calendar.taken.push_back({taken.start, taken.end});
  }
  return calendar;
}

SlotQuery QueryFor(const rows::v1::InterventionRow& visit, Millis now, Millis from, Millis to, int limit) {
  SlotQuery query;
  query.agency = visit.agency();
  query.skills.assign(visit.skills().begin(), visit.skills().end());
  query.minutes = visit.minutes();
  query.language = visit.language();
  query.emergency = visit.urgency() == types::v1::URGENCY_EMERGENCY;
  query.from = std::max(from, now + (query.emergency ? 0 : kSlotLead));
  query.to = to;
  query.limit = limit;
  return query;
}

std::vector<TechnicianCalendar> AgencyCalendars(const store::Rows& rows, uint16_t shard, absl::string_view agency,
                                                const SlotQuery& query, Millis now, absl::string_view except,
                                                Technicians which) {
  std::vector<TechnicianCalendar> calendars;
  kTechnicianRows.Scan(rows, shard, "", [&](absl::string_view id, const rows::v1::TechnicianRow& row) {
    // A calendar costs a scan: most visits need a skill that few have.
    if (row.agency() == agency && (which == Technicians::kAll || MissingSkills(row, query.skills).empty())) {
      calendars.push_back(CalendarOf(rows, shard, id, row, query.from, query.to, now, except));
    }
    return true;
  });
  return calendars;
}

}  // namespace redress::scheduling
