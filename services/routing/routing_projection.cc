// Tables of routing's projection (store.h: key = shard table rest):
//
//   01 complaint   raw(id)                             → ComplaintRow     loaded by the decider
//   02 assignment  str(id) i64(number)                 → Assigned         as recorded, without what is sealed
//   03 team queue  str(team) u8(priority) raw(id)      → QueueRow         open complaints
//   04 agent queue str(agent) u8(priority) raw(id)     → QueueRow         open complaints of one agent
//
// e.g. in shard 2 complaint 01JD…Z at priority 2 in the queue of team "lifts":
//   00 02 03 6C 69 66 74 73 00 02 30 31 4A 44 … 5A
#include "services/routing/routing_projection.h"

#include <utility>

#include "absl/strings/strip.h"
#include "libs/store/keys.h"
#include "libs/store/table.h"
#include "services/routing/assignment.h"

namespace redress::routing {
namespace {

constexpr store::Table<rows::v1::ComplaintRow> kComplaints(0x01);
constexpr store::ReadModel<events::v1::Assigned> kAssignments(0x02);
constexpr store::ReadModel<rows::v1::QueueRow> kTeamQueue(0x03);
constexpr store::ReadModel<rows::v1::QueueRow> kAgentQueue(0x04);

// What follows shard and table.
std::string Rest(store::Key key) { return key.Take().substr(3); }

std::string AssignmentRest(absl::string_view complaint, int64_t number) {
  return Rest(store::Key(0, 0).Str(complaint).I64(number));
}
std::string QueueRest(absl::string_view code, const QueuePlace& place) {
  return Rest(store::Key(0, 0).Str(code).U8(static_cast<uint8_t>(place.priority)).Raw(place.complaint));
}

rows::v1::QueueRow QueueRowOf(const rows::v1::ComplaintRow& state) {
  const events::v1::Assigned& assigned = state.assigned();
  rows::v1::QueueRow row;
  row.set_agency(assigned.agency());
  row.set_office(assigned.office());
  row.set_team(assigned.team());
  row.set_agent(assigned.agent());
  row.set_priority(state.priority());
  row.set_category(assigned.category());
  row.set_residence(assigned.residence());
  row.set_urgency(assigned.urgency());
  row.set_assigned_at(assigned.occurred_at());
  row.set_visit_needed(assigned.visit_needed());
  row.set_round(assigned.round());
  return row;
}

// Moves the entry from where `before` puts it to where `after` does.
void Requeue(const rows::v1::ComplaintRow& before, const rows::v1::ComplaintRow& after, absl::string_view complaint,
             uint16_t shard, store::View* rows) {
  if (before.state() == rows::v1::ComplaintRow::STATE_OPEN) {
    const QueuePlace place{before.priority(), std::string(complaint)};
    kTeamQueue.Delete(*rows, shard, QueueRest(before.assigned().team(), place));
    if (!before.assigned().agent().empty()) {
      kAgentQueue.Delete(*rows, shard, QueueRest(before.assigned().agent(), place));
    }
  }
  if (after.state() == rows::v1::ComplaintRow::STATE_OPEN) {
    const QueuePlace place{after.priority(), std::string(complaint)};
    const rows::v1::QueueRow row = QueueRowOf(after);
    kTeamQueue.Put(*rows, shard, QueueRest(row.team(), place), row);
    if (!row.agent().empty()) kAgentQueue.Put(*rows, shard, QueueRest(row.agent(), place), row);
  }
}

}  // namespace

rows::v1::ComplaintRow LoadComplaint(const store::Rows& rows, uint16_t shard, absl::string_view complaint) {
  return kComplaints.Get(rows, shard, complaint).value_or(rows::v1::ComplaintRow());
}

std::optional<events::v1::Assigned> FindAssignment(const store::Rows& rows, uint16_t shard, absl::string_view complaint,
                                                   int64_t number) {
  return kAssignments.Get(rows, shard, AssignmentRest(complaint, number));
}

void ScanQueue(const store::Rows& rows, uint16_t shard, Queue queue, absl::string_view code, const QueuePlace& after,
               absl::FunctionRef<bool(const QueuePlace& place, const rows::v1::QueueRow& row)> visit) {
  const auto& table = queue == Queue::kTeam ? kTeamQueue : kAgentQueue;
  const std::string whole = table.KeyIn(shard).Str(code).Take();
  std::string from = whole;
  if (!after.complaint.empty()) {
    // Just behind it: no key lies between a key and the same with a 00.
    from = table.KeyIn(shard).Raw(QueueRest(code, after)).Take() + '\0';
  }
  rows.Scan(from, store::After(whole), [&](absl::string_view key, absl::string_view value) {
    store::KeyReader reader(key.substr(whole.size()));
    QueuePlace place;
    place.priority = reader.U8();
    place.complaint = reader.Raw();
    rows::v1::QueueRow row;
    row.ParseFromArray(value.data(), static_cast<int>(value.size()));
    return visit(place, row);
  });
}

void ApplyRoutingEvent(const runtime::ApplyContext& context, const log::v1::Event& event, store::View* rows) {
  Event stored;
  if (!stored.ParseFromString(event.payload())) return;
  absl::string_view complaint = event.aggregate();
  absl::ConsumePrefix(&complaint, "complaints/");
  const rows::v1::ComplaintRow before = LoadComplaint(*rows, context.shard, complaint);
  const rows::v1::ComplaintRow after = Apply(before, stored);
  kComplaints.Put(*rows, context.shard, complaint, after);
  Requeue(before, after, complaint, context.shard, rows);
  if (!stored.has_assigned()) return;
  events::v1::Assigned kept = stored.assigned();
  kept.clear_dwelling();
  kept.clear_access_note();
  kAssignments.Put(*rows, context.shard, AssignmentRest(complaint, kept.assignment()), kept);
}

}  // namespace redress::routing
