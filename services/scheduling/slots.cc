#include "services/scheduling/slots.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "libs/calendar/zone.h"
#include "services/scheduling/limits.h"

namespace redress::scheduling {
namespace {

// Sorts, cuts to [from, to), joins what touches.
std::vector<Interval> Normalised(std::vector<Interval> intervals, Millis from, Millis to) {
  std::sort(intervals.begin(), intervals.end(),
            [](const Interval& a, const Interval& b) { return std::tie(a.from, a.to) < std::tie(b.from, b.to); });
  std::vector<Interval> joined;
  for (Interval interval : intervals) {
    interval.from = std::max(interval.from, from);
    interval.to = std::min(interval.to, to);
    if (interval.from >= interval.to) continue;
    if (!joined.empty() && interval.from <= joined.back().to) {
      joined.back().to = std::max(joined.back().to, interval.to);
    } else {
      joined.push_back(interval);
    }
  }
  return joined;
}

Millis LengthOf(absl::Span<const Interval> intervals) {
  Millis length = 0;
  for (const Interval& interval : intervals) length += interval.to - interval.from;
  return length;
}

bool Covers(absl::Span<const Interval> intervals, Millis start, Millis end) {
  return std::any_of(intervals.begin(), intervals.end(),
                     [&](const Interval& interval) { return interval.from <= start && end <= interval.to; });
}

// A technician's time in the query's range.
struct Reckoning {
  // Weekly hours, uncut at the start: from a day before `from`.
  std::vector<Interval> whole;
  std::vector<Interval> hours;
  std::vector<Interval> worked;
  std::vector<Interval> free;
};

Reckoning Reckon(const TechnicianCalendar& technician, Millis from, Millis to) {
  Reckoning reckoning;
  reckoning.whole = WeeklyHours(technician.row, from - kDay, to);
  reckoning.hours = Normalised(reckoning.whole, from, to);
  reckoning.worked = Subtract(reckoning.hours, AbsencesOf(technician.row));
  reckoning.free = Subtract(reckoning.worked, technician.taken);
  return reckoning;
}

// Windows begin every kSlotGranularity from the start of the hours that they lie in, so that asking later does not
// shift them; hours that go on for more than a day are divided by the clock.
std::vector<SlotOffer> OffersOf(const TechnicianCalendar& technician, const Reckoning& reckoning,
                                const SlotQuery& query, int most) {
  const Millis back = query.from - kDay;
  const Millis length = Millis{query.minutes} * kMinute;
  std::vector<SlotOffer> offers;
  size_t at = 0;
  for (const Interval& free : reckoning.free) {
    while (reckoning.whole[at].to <= free.from) ++at;
    const Interval& whole = reckoning.whole[at];
    const Millis anchor = whole.from > back ? whole.from : back - back % kSlotGranularity;
    const Millis steps = (free.from - anchor + kSlotGranularity - 1) / kSlotGranularity;
    for (Millis start = anchor + steps * kSlotGranularity; start + length <= free.to; start += kSlotGranularity) {
      if (offers.size() == static_cast<size_t>(most)) return offers;
      offers.push_back({technician.name, start, start + length});
    }
  }
  return offers;
}

bool Speaks(const TechnicianCalendar& technician, absl::string_view language) {
  const auto& languages = technician.row.languages();
  return language.empty() || std::find(languages.begin(), languages.end(), language) != languages.end();
}

struct Candidate {
  SlotOffer offer;
  size_t technician = 0;
  bool foreign = false;
  Millis load = 0;
  bool chosen = false;
};

bool Before(const SlotOffer& a, const SlotOffer& b) {
  return std::tie(a.start, a.technician) < std::tie(b.start, b.technician);
}

// One window a start time, of whoever was offered least so far.
void ChooseTimes(std::vector<Candidate>* candidates, size_t technicians, int limit) {
  std::vector<int> offered(technicians, 0);
  for (size_t begin = 0; begin < candidates->size() && limit > 0;) {
    size_t end = begin;
    while (end < candidates->size() && (*candidates)[end].offer.start == (*candidates)[begin].offer.start) ++end;
    auto rank = [&](const Candidate& c) { return std::tuple(offered[c.technician], c.foreign, c.load); };
    size_t best = begin;
    for (size_t i = begin + 1; i < end; ++i) {
      if (rank((*candidates)[i]) < rank((*candidates)[best])) best = i;
    }
    (*candidates)[best].chosen = true;
    ++offered[(*candidates)[best].technician];
    --limit;
    begin = end;
  }
}

}  // namespace

std::vector<Interval> WeeklyHours(const rows::v1::TechnicianRow& technician, Millis from, Millis to) {
  const auto zone = calendar::ZoneFor(technician.zone());
  if (!zone.ok() || from >= to || technician.hours().empty()) return {};
  // Hours end on the Sunday of their week at the latest.
  const absl::CivilDay monday = absl::PrevWeekday(calendar::LocalDay(from - kDay, *zone) + 1, absl::Weekday::monday);
  std::vector<Interval> hours;
  for (absl::CivilDay week = monday; calendar::StartOfDay(week, *zone) < to; week += 7) {
    for (const auto& span : technician.hours()) {
      const absl::CivilMinute midnight(week);
      const auto instant = [&](int minute) {
        return calendar::ToInstant({absl::CivilSecond(midnight + minute), 0}, *zone);
      };
      hours.push_back({instant(span.start_minute()), instant(span.end_minute())});
    }
  }
  return Normalised(std::move(hours), from, to);
}

std::vector<Interval> Subtract(absl::Span<const Interval> intervals, std::vector<Interval> holes) {
  std::sort(holes.begin(), holes.end(), [](const Interval& a, const Interval& b) { return a.from < b.from; });
  std::vector<Interval> left;
  for (Interval interval : intervals) {
    for (const Interval& hole : holes) {
      if (hole.from >= interval.to) break;
      if (hole.to <= interval.from) continue;
      if (hole.from > interval.from) left.push_back({interval.from, hole.from});
      interval.from = std::min(hole.to, interval.to);
      if (interval.from == interval.to) break;
    }
    if (interval.from < interval.to) left.push_back(interval);
  }
  return left;
}

std::vector<Interval> AbsencesOf(const rows::v1::TechnicianRow& technician) {
  std::vector<Interval> absences;
  for (const auto& absence : technician.absences()) absences.push_back({absence.from_ms(), absence.to_ms()});
  return absences;
}

std::vector<std::string> MissingSkills(const rows::v1::TechnicianRow& technician,
                                       absl::Span<const std::string> needed) {
  std::vector<std::string> missing;
  for (const std::string& skill : needed) {
    const auto& has = technician.skills();
    if (std::find(has.begin(), has.end(), skill) == has.end()) missing.push_back(skill);
  }
  return missing;
}

bool WorksIn(const rows::v1::TechnicianRow& technician, Millis start, Millis end) {
  return Covers(WeeklyHours(technician, start, end), start, end);
}

bool IsAway(const rows::v1::TechnicianRow& technician, Millis start, Millis end) {
  const auto& absences = technician.absences();
  return std::any_of(absences.begin(), absences.end(),
                     [&](const auto& absence) { return absence.from_ms() < end && start < absence.to_ms(); });
}

std::vector<SlotOffer> FindSlots(const SlotQuery& query, absl::Span<const TechnicianCalendar> technicians) {
  std::vector<Candidate> candidates;
  for (size_t i = 0; i < technicians.size(); ++i) {
    const TechnicianCalendar& technician = technicians[i];
    if (technician.row.agency() != query.agency || !MissingSkills(technician.row, query.skills).empty()) continue;
    const Reckoning reckoning = Reckon(technician, query.from, query.to);
    const Millis load = LengthOf(reckoning.worked) - LengthOf(reckoning.free);
    // Nobody's later windows can be among the first `limit` of all.
    for (SlotOffer& offer : OffersOf(technician, reckoning, query, query.limit)) {
      candidates.push_back({std::move(offer), i, !Speaks(technician, query.language), load});
    }
  }
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return std::tie(a.offer.start, a.foreign, a.load, a.offer.technician) <
           std::tie(b.offer.start, b.foreign, b.load, b.offer.technician);
  });
  if (!query.emergency) ChooseTimes(&candidates, technicians.size(), query.limit);
  std::stable_partition(candidates.begin(), candidates.end(), [](const Candidate& c) { return c.chosen; });
  std::vector<SlotOffer> offers;
  for (Candidate& candidate : candidates) {
    if (offers.size() == static_cast<size_t>(query.limit)) break;
    offers.push_back(std::move(candidate.offer));
  }
  std::sort(offers.begin(), offers.end(), Before);
  return offers;
}

std::vector<SlotExplanation> ExplainSlots(const SlotQuery& query, absl::Span<const TechnicianCalendar> technicians) {
  std::vector<SlotExplanation> explanations;
  for (const TechnicianCalendar& technician : technicians) {
    SlotExplanation& line = explanations.emplace_back();
    line.technician = technician.name;
    line.missing_skills = MissingSkills(technician.row, query.skills);
    if (technician.row.agency() != query.agency) {
      line.reason = SlotReason::kAgency;
      continue;
    }
    const Reckoning reckoning = Reckon(technician, query.from, query.to);
    line.worked = LengthOf(reckoning.hours);
    line.absent = line.worked - LengthOf(reckoning.worked);
    line.taken = LengthOf(reckoning.worked) - LengthOf(reckoning.free);
    const std::vector<SlotOffer> offers = OffersOf(technician, reckoning, query, std::numeric_limits<int>::max());
    if (!line.missing_skills.empty()) {
      line.reason = SlotReason::kSkill;
    } else if (reckoning.hours.empty()) {
      line.reason = SlotReason::kNoHours;
    } else if (reckoning.worked.empty()) {
      line.reason = SlotReason::kAbsent;
    } else if (offers.empty()) {
      line.reason = SlotReason::kFull;
    } else {
      line.slot_count = static_cast<int>(offers.size());
      line.first_slot = offers.front();
    }
  }
  return explanations;
}

}  // namespace redress::scheduling
