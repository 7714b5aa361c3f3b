// What a complaint was promised, as plain values: its pack and the calendars its due times are measured with.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "libs/calendar/working_calendar.h"
#include "libs/clock/millis.h"
#include "redress/register/v1/obligations.pb.h"
#include "redress/sla/events/v1/events.pb.h"

namespace redress::reference {
class Snapshot;
}

namespace redress::sla {

namespace register_v1 = ::redress::register_::v1;

// A calendar with the version it is known by; id "" is round the clock.
struct CalendarInForce {
  std::shared_ptr<const calendar::WorkingCalendar> working;
  std::string id;
  int64_t version = 0;
  std::string zone;
};

struct Promises {
  // Null: nothing is owed, or (with a pack named in the clock) it cannot be told.
  std::shared_ptr<const register_v1::ObligationPack> pack;
  int64_t pack_version = 0;
  std::string tzdata;
  // For units that know no opening hours, and where no calendar is known. Never null.
  CalendarInForce round_the_clock;
  // By the id that a target names; "" is the agency's.
  std::map<std::string, CalendarInForce, std::less<>> calendars;

  // The calendar that `target` is measured with.
  const CalendarInForce& CalendarFor(const register_v1::Target& target) const;
};

// Round the clock in an IANA zone; in UTC if there is no such zone.
CalendarInForce RoundTheClock(const std::string& zone);

// Chooses the pack of a complaint that comes in, by the rules in force at its receipt, and names the lines that its
// source (of an import) cannot stop.
void ChoosePack(const reference::Snapshot& reference, events::v1::ClockStarted* start);

// The promises of a clock: its own pack version, the calendars in force at `at`. Lines keep the agency at receipt.
Promises PromisesOf(const reference::Snapshot& reference, const events::v1::ClockStarted& start, Millis at);

}  // namespace redress::sla
