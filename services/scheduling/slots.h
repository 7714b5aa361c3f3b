// Which windows of which technicians are free for a visit, and why the others are not: pure functions over calendars.
//
//   weekly hours ∩ [from, to)  −  absences  =  worked        worked  −  windows taken  =  free
//   slots: windows of the visit's length inside one free stretch, every 30 minutes from the start of the worked hours
//
// Weekly hours are local; clock changes are those of libs/calendar/zone.h (in a gap the first instant after it, of a
// repeated time the earlier).
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "libs/clock/millis.h"
#include "redress/scheduling/rows/v1/rows.pb.h"

namespace redress::scheduling {

// [from, to), never empty.
struct Interval {
  Millis from = 0;
  Millis to = 0;
  friend bool operator==(const Interval&, const Interval&) = default;
};

struct TechnicianCalendar {
  std::string name;  // "technicians/<id>"
  rows::v1::TechnicianRow row;
  // What counts as taken, by start.
  std::vector<Interval> taken;
};

struct SlotQuery {
  std::string agency;
  std::vector<std::string> skills;
  int minutes = 0;
  std::string language;
  // The first windows there are, whoever has them; otherwise choice of times and of technicians.
  bool emergency = false;
  Millis from = 0;
  Millis to = 0;
  int limit = 0;
};

struct SlotOffer {
  std::string technician;
  Millis start = 0;
  Millis end = 0;
  friend bool operator==(const SlotOffer&, const SlotOffer&) = default;
};

enum class SlotReason { kOffered, kAgency, kSkill, kNoHours, kAbsent, kFull };

struct SlotExplanation {
  std::string technician;
  SlotReason reason = SlotReason::kOffered;
  std::vector<std::string> missing_skills;
  int slot_count = 0;
  SlotOffer first_slot;
  Millis worked = 0;
  Millis absent = 0;
  Millis taken = 0;
};

// Weekly hours as instants, in order and disjoint, cut to [from, to). None for a zone that is unknown here.
std::vector<Interval> WeeklyHours(const rows::v1::TechnicianRow& technician, Millis from, Millis to);
// What is left of `intervals` (in order, disjoint) without `holes` (any order).
std::vector<Interval> Subtract(absl::Span<const Interval> intervals, std::vector<Interval> holes);
// As noted, by start; they may overlap.
std::vector<Interval> AbsencesOf(const rows::v1::TechnicianRow& technician);

// The first of `needed` that the technician lacks are listed, in their order.
std::vector<std::string> MissingSkills(const rows::v1::TechnicianRow& technician, absl::Span<const std::string> needed);

// Whether [start, end) lies in weekly hours, and outside absences.
bool WorksIn(const rows::v1::TechnicianRow& technician, Millis start, Millis end);
bool IsAway(const rows::v1::TechnicianRow& technician, Millis start, Millis end);

// At most `limit` windows, by (start, technician). A different time each as long as there are, of the technician
// offered least so far, then of those who speak the resident's language, then of the least booked; for an emergency the
// earliest of everybody.
std::vector<SlotOffer> FindSlots(const SlotQuery& query, absl::Span<const TechnicianCalendar> technicians);

// One line a technician, in their order.
std::vector<SlotExplanation> ExplainSlots(const SlotQuery& query, absl::Span<const TechnicianCalendar> technicians);

}  // namespace redress::scheduling
