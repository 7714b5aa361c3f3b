#include "services/sla/sla_replan.h"

#include <algorithm>
#include <set>
#include <utility>

#include "libs/reference/snapshot.h"
#include "services/sla/clock.h"
#include "services/sla/promises.h"
#include "services/sla/sla_policy.h"
#include "services/sla/sla_projection.h"

namespace redress::sla {
namespace {

// Of one decision: the runtime's 64, less the one that says where the next page begins.
constexpr size_t kMaxMoves = 63;
// Lines looked at for one page; most of them stay.
constexpr int kLinesOfPage = 256;
// How often a page waits for a register view that does not know the change; a minute.
constexpr int kMaxWaits = 60;

bool IsInView(const reference::Snapshot& reference, const events::v1::ReplanBegun& change) {
  if (!change.tzdata().empty()) return reference.tzdata_version() == change.tzdata();
  return reference.FindCalendar(change.calendar(), change.active_from()).version >= change.calendar_version();
}

bool AnyOpenLine(const store::Rows& rows, uint16_t shard) {
  bool any = false;
  ScanOpenLines(rows, shard, "", [&](const AtRisk&) {
    any = true;
    return false;
  });
  return any;
}

runtime::NewEvent Recorded(const std::string& aggregate, const Event& event) {
  return {aggregate, event.SerializeAsString()};
}

}  // namespace

std::vector<runtime::NewEvent> BeginReplan(const store::Rows& rows, const std::string& name,
                                           const events::v1::ReplanBegun& change,
                                           const runtime::DecideContext& context) {
  if (FindReplan(rows, context.shard, name).has_value()) return {};
  // Lines may begin before a version is active that is not yet.
  if (change.active_from() <= context.now && !AnyOpenLine(rows, context.shard)) return {};
  Event event;
  *event.mutable_replan_begun() = change;
  return {Recorded(name, event)};
}

std::vector<runtime::NewEvent> DecidePage(const store::Rows& rows, const std::string& name,
                                          const commands::v1::ReplanPage& command,
                                          const runtime::DecideContext& context) {
  const auto replan = FindReplan(rows, context.shard, name);
  if (!replan.has_value()) return {};
  // The instant the timer showed counts, where the clock has been set back since.
  const Millis now = std::max(context.now, command.due());
  Event event;
  auto* page = event.mutable_clocks_replanned();
  page->set_after(replan->after());
  if (!IsInView(*context.reference, replan->change()) && replan->waits() < kMaxWaits) {
    page->set_next_at(now + kReplanDelay);
    return {Recorded(name, event)};
  }
  std::vector<runtime::NewEvent> recorded;
  std::set<std::string> looked_at;
  int lines = 0;
  page->set_next_at(now);
  page->set_done(true);
  ScanOpenLines(rows, context.shard, replan->after(), [&](const AtRisk& line) {
    if (++lines > kLinesOfPage) {
      page->set_done(false);
      return false;
    }
    if (looked_at.insert(line.complaint).second) {
      const ClockRow row = FindClock(rows, context.shard, line.complaint).value_or(ClockRow());
      const Promises promises = PromisesOf(*context.reference, row.start(), now);
      const std::vector<Event> moves = DecideReplan(row, replan->change(), promises);
      if (recorded.size() + moves.size() > kMaxMoves) {
        page->set_done(false);
        return false;
      }
      for (const Event& move : moves) recorded.push_back(Recorded(ClockName(line.complaint), move));
    }
    page->set_after(line.key);
    return true;
  });
  recorded.push_back(Recorded(name, event));
  return recorded;
}

}  // namespace redress::sla
