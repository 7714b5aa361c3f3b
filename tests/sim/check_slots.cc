#include <map>
#include <string>
#include <vector>

#include "redress/scheduling/events/v1/events.pb.h"
#include "tests/sim/fold.h"

namespace redress::sim {
namespace {

using scheduling::events::v1::Event;

struct Window {
  std::string technician;
  int64_t start = 0;
  int64_t end = 0;
  int64_t expires_at = 0;  // of a hold; 0: a promise
};

// What visits occupy, as one shard's events say; a technician belongs to one shard.
class Calendar {
 public:
  explicit Calendar(Case* run) : run_(run) {}

  void Take(const Decision& decision, const std::string& visit, const Window& window) {
    taken_.erase(visit);
    for (const auto& [other, theirs] : taken_) {
      // A hold ends by time, whether or not its release was recorded yet.
      if (theirs.expires_at != 0 && theirs.expires_at <= decision.body.recorded_at()) continue;
      if (theirs.technician != window.technician || theirs.start >= window.end || window.start >= theirs.end) continue;
      run_->Violation("slot: ", window.technician, " offset ", decision.offset, ": ", visit, " overlaps ", other);
    }
    taken_[visit] = window;
  }
  void Free(const std::string& visit) { taken_.erase(visit); }

 private:
  Case* run_;
  std::map<std::string, Window> taken_;
};

}  // namespace

void CheckSlots(Case* run) {
  std::map<uint32_t, Calendar> calendars;
  for (const Decision& decision : run->decisions) {
    if (decision.stream != "scheduling") continue;
    Calendar& calendar = calendars.try_emplace(decision.shard, run).first->second;
    for (const auto& stored : decision.body.events()) {
      Event event;
      event.ParseFromString(stored.payload());
      const auto take = [&](const auto& said, int64_t expires_at) {
        calendar.Take(decision, stored.aggregate(),
                      {said.technician(), said.window_start(), said.window_end(), expires_at});
      };
      switch (event.kind_case()) {
        case Event::kSlotHeld: take(event.slot_held(), event.slot_held().expires_at()); break;
        case Event::kVisitBooked:
          ++run->findings.visits_booked;
          take(event.visit_booked(), 0);
          break;
        case Event::kVisitMoved: take(event.visit_moved(), 0); break;
        case Event::kHoldReleased:
        case Event::kVisitCancelled:
        case Event::kVisitDone:
        case Event::kVisitNoAccess: calendar.Free(stored.aggregate()); break;
        default: break;
      }
    }
  }
}

}  // namespace redress::sim
