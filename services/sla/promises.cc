#include "services/sla/promises.h"

#include <algorithm>

#include "libs/reference/snapshot.h"
#include "redress/register/v1/calendar.pb.h"

namespace redress::sla {
namespace {

bool KnowsHours(register_v1::TimeUnit unit) {
  return unit == register_v1::TIME_UNIT_WORKING_HOURS || unit == register_v1::TIME_UNIT_WORKING_DAYS;
}

}  // namespace

const CalendarInForce& Promises::CalendarFor(const register_v1::Target& target) const {
  if (!KnowsHours(target.unit())) return round_the_clock;
  const auto it = calendars.find(target.calendar());
  return it == calendars.end() ? round_the_clock : it->second;
}

CalendarInForce RoundTheClock(const std::string& zone) {
  register_v1::Calendar always;
  always.set_id("round-the-clock");
  always.set_zone(calendar::ZoneFor(zone).ok() ? zone : "Etc/UTC");
  auto* hours = always.add_weekly();
  for (int day = register_v1::WEEKDAY_MONDAY; day <= register_v1::WEEKDAY_SUNDAY; ++day) {
    hours->add_weekdays(static_cast<register_v1::Weekday>(day));
  }
  hours->add_spans()->set_end_minute(24 * 60);
  CalendarInForce result;
  result.zone = always.zone();
  result.working = std::make_shared<const calendar::WorkingCalendar>(*calendar::WorkingCalendar::Compile(always));
  return result;
}

void ChoosePack(const reference::Snapshot& reference, events::v1::ClockStarted* start) {
  const auto chosen = reference.ChoosePack(
      {start->kind(), start->urgency(), start->at_receipt().agency(), start->category()}, start->received_at());
  if (chosen.content == nullptr) return;
  start->set_pack(chosen.content->id());
  start->set_pack_version(chosen.version);
  if (!start->imported()) return;
  for (const register_v1::Line& line : chosen.content->lines()) {
    const auto& supplied = start->supplied_facts();
    if (std::find(supplied.begin(), supplied.end(), line.stop()) == supplied.end()) {
      start->add_lines_left_out(line.id());
    }
  }
}

Promises PromisesOf(const reference::Snapshot& reference, const events::v1::ClockStarted& start, Millis at) {
  Promises result;
  result.tzdata = reference.tzdata_version();
  const register_v1::Agency* agency = reference.FindAgency(start.at_receipt().agency(), start.received_at());
  const std::string& zone = agency != nullptr && !agency->zone().empty() ? agency->zone() : start.zone();
  result.round_the_clock = RoundTheClock(zone);
  if (start.pack().empty()) return result;
  const auto pack = reference.FindPack(start.pack(), start.pack_version());
  if (pack.content == nullptr) return result;
  result.pack = pack.content;
  result.pack_version = pack.version;
  const auto add = [&](const std::string& name, const std::string& id) {
    if (id.empty() || result.calendars.contains(name)) return;
    const auto found = reference.FindCalendar(id, at);
    if (found.content == nullptr) return;
    result.calendars[name] = {found.content->working, id, found.version, found.content->source.zone()};
  };
  if (agency != nullptr) add("", agency->calendar());
  for (const register_v1::Line& line : pack.content->lines()) {
    for (const register_v1::Target& target : line.targets()) add(target.calendar(), target.calendar());
  }
  return result;
}

}  // namespace redress::sla
