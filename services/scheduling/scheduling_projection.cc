// Keys after shard and table (pieces as in libs/store/keys.h):
//   01 visits        visit                                           InterventionRow
//   02 technicians   technician id                                   TechnicianRow
//   03 taken         Str(technician) I64(window start) visit         TakenRow       HELD, BOOKED, STARTED visits
//   04 by complaint  Str(complaint) visit                            VisitEntry     every visit
//   05 endings       complaint                                       EndingRow
//   06 agenda        Str(technician) I64(window start) visit         VisitEntry     all with a technician, ended ones too
//   07 by window     Str(agency) I64(window start) visit             VisitEntry     the same
//   08 queue         U8(0 emergency, else 1) I64(requested) visit    VisitEntry     REQUESTED visits
// Technicians and complaints in full ("technicians/T7"), visits as bare ids.
// e.g. shard 2, T7's window at 0x18F00000000 ms of visit "01J…": 00 02 03 "technicians/T7" 00 80 00 01 8F 00 00 00 00
// "01J…"
#include "services/scheduling/scheduling_projection.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/runtime/rows.h"
#include "services/scheduling/intervention.h"
#include "services/scheduling/limits.h"
#include "services/scheduling/scheduling_rows.h"
#include "services/scheduling/technician.h"

namespace redress::scheduling {
namespace {

constexpr absl::string_view kHoldTimer = "hold";

// Takes a visit out of the indexes that say where it stands.
void Unlist(const std::string& id, const Intervention& row, uint16_t shard, store::View* rows) {
  if (row.state() == rows::v1::VISIT_STATE_REQUESTED) kQueue.Delete(*rows, shard, QueueKey(row, id));
  if (row.technician().empty()) return;
  if (HasWindow(row.state())) kTaken.Delete(*rows, shard, WindowKey(row.technician(), row.window_start(), id));
  kAgenda.Delete(*rows, shard, WindowKey(row.technician(), row.window_start(), id));
  kByWindow.Delete(*rows, shard, WindowKey(row.agency(), row.window_start(), id));
}

void List(const std::string& id, const Intervention& row, uint16_t shard, store::View* rows) {
  rows::v1::VisitEntry entry;
  entry.set_agency(row.agency());
  if (row.state() == rows::v1::VISIT_STATE_REQUESTED) kQueue.Put(*rows, shard, QueueKey(row, id), entry);
  if (row.technician().empty()) return;
  if (HasWindow(row.state())) {
    rows::v1::TakenRow taken;
    taken.set_window_end(row.window_end());
    taken.set_expires_at(row.hold_expires_at());
    kTaken.Put(*rows, shard, WindowKey(row.technician(), row.window_start(), id), taken);
  }
  kAgenda.Put(*rows, shard, WindowKey(row.technician(), row.window_start(), id), entry);
  kByWindow.Put(*rows, shard, WindowKey(row.agency(), row.window_start(), id), entry);
}

void ProjectHoldTimer(const std::string& aggregate, const Intervention& before, const Intervention& after,
                      uint16_t shard, store::View* rows) {
  if (before.hold_expires_at() == after.hold_expires_at()) return;
  if (after.hold_expires_at() == 0) {
    runtime::CancelTimer(rows, shard, aggregate, kHoldTimer);
  } else {
    runtime::SetTimer(rows, shard, aggregate, kHoldTimer, after.hold_expires_at());
  }
}

void ProjectVisit(const std::string& aggregate, const Event& event, uint16_t shard, store::View* rows) {
  const std::string id(absl::StripPrefix(aggregate, kInterventions));
  const Intervention before = kVisits.Get(*rows, shard, id).value_or(Intervention());
  const Intervention after = Apply(before, event);
  Unlist(id, before, shard, rows);
  List(id, after, shard, rows);
  kVisits.Put(*rows, shard, id, after);
  ProjectHoldTimer(aggregate, before, after, shard, rows);
  if (!event.has_visit_requested()) return;
  rows::v1::VisitEntry entry;
  entry.set_agency(after.agency());
  kByComplaint.Put(*rows, shard, ComplaintKey(after.complaint(), id), entry);
  if (after.follows().empty()) return;
  const std::string parent(absl::StripPrefix(after.follows(), kInterventions));
  auto row = kVisits.Get(*rows, shard, parent);
  if (!row.has_value()) return;
  row->set_followed_by(aggregate);
  kVisits.Put(*rows, shard, parent, *row);
}

void ProjectTechnician(const std::string& id, const Event& event, const runtime::ApplyContext& context,
                       store::View* rows) {
  const auto before = kTechnicianRows.Get(*rows, context.shard, id).value_or(Technician());
  kTechnicianRows.Put(*rows, context.shard, id, ApplyTechnician(before, event, context.recorded_at()));
}

void ProjectEnding(const events::v1::ComplaintEnded& event, uint16_t shard, store::View* rows) {
  auto row = kEndingRows.Get(*rows, shard, event.complaint()).value_or(rows::v1::EndingRow());
  if (row.occurred_at() != 0 && row.round() > event.round()) return;
  row.set_round(event.round());
  row.set_occurred_at(event.occurred_at());
  kEndingRows.Put(*rows, shard, event.complaint(), row);
}

}  // namespace

void Project(const runtime::ApplyContext& context, const log::v1::Event& event, store::View* rows) {
  Event payload;
  if (!payload.ParseFromString(event.payload())) return;
  absl::string_view id = event.aggregate();
  if (payload.has_complaint_ended()) {
    ProjectEnding(payload.complaint_ended(), context.shard, rows);
  } else if (absl::ConsumePrefix(&id, kTechnicians)) {
    ProjectTechnician(std::string(id), payload, context, rows);
  } else if (absl::ConsumePrefix(&id, kInterventions)) {
    ProjectVisit(event.aggregate(), payload, context.shard, rows);
  }
}

}  // namespace redress::scheduling
