// Routing's rows: complaints as the decider loads them, and the read models of queues and explanations.
// Key grammar at the top of the .cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "libs/runtime/logic.h"
#include "libs/store/store.h"
#include "redress/routing/events/v1/events.pb.h"
#include "redress/routing/rows/v1/rows.pb.h"

namespace redress::routing {

// A change of any row's shape means a rebuild.
inline constexpr int kRoutingProjectionVersion = 1;

// `complaint` is an id, without "complaints/".
// A row with state STATE_UNSPECIFIED when nothing is known.
rows::v1::ComplaintRow LoadComplaint(const store::Rows& rows, uint16_t shard, absl::string_view complaint);
// One of its assignments, as it was recorded, but for what is sealed.
std::optional<events::v1::Assigned> FindAssignment(const store::Rows& rows, uint16_t shard, absl::string_view complaint,
                                                   int64_t number);

// An entry's place in a queue: most pressing first, then by id, which is by time of receipt. Sorts as it reads.
struct QueuePlace {
  int32_t priority = 0;
  std::string complaint;
  auto operator<=>(const QueuePlace&) const = default;
};
enum class Queue { kTeam, kAgent };
// Visits the entries of one shard behind `after` (from the beginning when it is empty) until `visit` returns false.
void ScanQueue(const store::Rows& rows, uint16_t shard, Queue queue, absl::string_view code, const QueuePlace& after,
               absl::FunctionRef<bool(const QueuePlace& place, const rows::v1::QueueRow& row)> visit);

// Folds one event of the routing stream.
void ApplyRoutingEvent(const runtime::ApplyContext& context, const log::v1::Event& event, store::View* rows);

}  // namespace redress::routing
