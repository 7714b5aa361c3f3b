// Drives the services through a landlord's year by their own calls, as residents, desks, dispatchers and technicians
// would.
//
//   arrival ─▶ Submit ─▶ desk: Acknowledge, Answer ─┬─▶ visit: FindSlots, HoldSlot, BookVisit, StartVisit,
//                                                   │          Complete | NoAccess
//                                                   └─▶ no visit: Start, Resolve
//                     resident: Confirm | Contest (a new round) | silence; some withdraw
//
// How long things take comes out of opening hours, of technicians' real calendars, and of the services; only people's
// own delays are drawn. Everything happens on the executor; the same seed gives the same calls.
//
// With a set-up's choices each case has draws of its own (CaseDice); without, all share one sequence, in the order of
// calls.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "libs/calendar/working_calendar.h"
#include "libs/clock/clock.h"
#include "libs/rpc/client.h"
#include "redress/scheduling/v1/intervention.pb.h"
#include "redress/scheduling/v1/scheduling_service.pb.h"
#include "redress/simulate/v1/setup.pb.h"
#include "services/redressctl/simulate/defaults.h"
#include "services/redressctl/simulate/landlord_model.h"
#include "services/redressctl/simulate/road.h"
#include "services/redressctl/simulate/slot_offer.h"

namespace redress::simulate {

// How people of this landlord behave.
struct Behaviour {
  double no_access = kDefaultNoAccess;
  double parts_awaited = kDefaultPartsAwaited;
  double contested = kDefaultContested;
  double confirmed = kDefaultConfirmed;
  double withdrawn = kDefaultWithdrawn;
};

struct RunCounts {
  int64_t submitted = 0;
  int64_t visits_booked = 0;
  int64_t visits_done = 0;
  int64_t no_access = 0;
  int64_t resolved_by_desk = 0;
  int64_t contested = 0;
  int64_t confirmed = 0;
  int64_t withdrawn = 0;
  int64_t calls = 0;
  int64_t refused = 0;  // calls that met a case which had ended meanwhile
  int64_t retried = 0;
  std::map<std::string, int64_t> unexpected;  // "METHOD CODE message" → times; empty when all is well
};

// INTERNAL (UNEXPECTED_ANSWERS) when the services refused what they should take, listing all of it; else OK.
absl::Status CheckAnswers(const RunCounts& counts);

class LandlordRun {
 public:
  // All outlive it. `desk` are the desks' opening hours. `choices`, complete as ParseSetup returns them, or null; they
  // say how people behave.
  LandlordRun(const LandlordModel* model, rpc::Client* client, const Clock* clock, Executor* executor,
              const calendar::WorkingCalendar* desk, uint64_t seed, const v1::Setup* choices = nullptr);

  // Registers technicians and their leaves; calls back when all is answered. The territory must be in force.
  void RegisterTechnicians(std::function<void(absl::Status)> done);
  // Lays out the whole year on the executor: arrivals happen at their time as it runs.
  void Begin();

  const RunCounts& counts() const { return counts_; }

 private:
  struct Case;
  using CasePtr = std::shared_ptr<Case>;
  struct Line {
    std::deque<CasePtr> waiting;
    bool open = false;   // somebody waits, and the dispatcher will come back
    bool taken = false;  // all slots are, since the last one was served
  };

  // Where a technician is, or will be, of a day: the visit before the next one.
  struct Whereabouts {
    absl::CivilDay day;
    Millis free_at = 0;
    std::string residence;
  };

  void NextArrival();
  void Submit(const Arrival& arrival);
  void Follow(const CasePtr& c);
  void Desk(const CasePtr& c);
  void WithoutVisit(const CasePtr& c);
  void Dispatch(const CasePtr& c);
  void OfferSlots(const CasePtr& c, const scheduling::v1::Intervention& visit, const std::string& line);
  scheduling::v1::FindSlotsRequest SlotsFor(const scheduling::v1::Intervention& visit) const;
  // Who finds all slots taken waits in line with those of the same agency and trade; each day the dispatcher serves
  // them from the front until the slots run out again.
  void Wait(const CasePtr& c, const std::string& line);
  void LineUp(const CasePtr& c, const std::string& line);
  void ServeLine(const std::string& line);
  // Until a line is looked at again.
  double LineHours() const;
  void Hold(const CasePtr& c, const std::string& visit, const scheduling::v1::Slot& slot);
  void Book(const CasePtr& c, const std::string& visit);
  void Visit(const CasePtr& c, const scheduling::v1::Intervention& booked);
  // The technician stands at the door; a visit that begins takes `work`, or what is drawn then.
  void AtTheDoor(const CasePtr& c, const scheduling::v1::Intervention& visit, bool opened, std::optional<Millis> work);
  // When they are there who are awaited now and stay for so long: later if the way from the visit before takes longer.
  Millis ComesAt(const scheduling::v1::Intervention& visit, Millis stay);
  void EndVisit(const CasePtr& c, const std::string& visit);
  void Resident(const CasePtr& c);

  // Good until the next call.
  Dice* DiceFor(const CasePtr& c, Cause cause);
  Millis WorkOn(const CasePtr& c, const scheduling::v1::Intervention& visit);
  // At `when`, unless the run is over by then.
  void At(Millis when, std::function<void()> work);
  // When the desk gets to it, `working` of its open hours from now.
  Millis DeskTime(double working_hours);
  // One call with a request id of its own; `done` gets OK responses alone. UNAVAILABLE, RESOURCE_EXHAUSTED and ABORTED
  // call `again` a little later; FAILED_PRECONDITION and NOT_FOUND end the case here, unless there is `refused`.
  template <typename Request, typename Response>
  void Call(const std::string& method, Request request, std::function<void(const Response&)> done,
            std::function<void()> again = nullptr, std::function<void()> refused = nullptr);
  std::string NextRequestId();

  const LandlordModel* model_;
  rpc::Client* client_;
  const Clock* clock_;
  Executor* executor_;
  const calendar::WorkingCalendar* desk_;
  const v1::Setup* choices_;
  const Behaviour behaviour_;
  const uint64_t seed_;
  Dice dice_;
  Dice case_dice_{0};
  std::optional<Road> road_;
  std::optional<Diary> diary_;
  std::map<std::string, Whereabouts> whereabouts_;
  RunCounts counts_;
  std::map<std::string, Line> lines_;
  size_t next_arrival_ = 0;
  int64_t next_request_ = 0;
  const std::string run_id_;
};

}  // namespace redress::simulate
