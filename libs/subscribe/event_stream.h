// Subscriptions: public events straight from the log, from any cursor on, at the reader's own pace.
//
//   log shards ─▶ rule state fold ─▶ public events ─▶ filters ─▶ one message, its cursor ─▶ (written) ─▶ the next
//
// Nothing is read before the message before it was handed to the transport, so a slow subscriber costs one message.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/clock/clock.h"
#include "libs/log/acceptance.h"
#include "libs/log/log.h"
#include "libs/rpc/service.h"
#include "redress/public/v1/event_stream.pb.h"

namespace redress::subscribe {

namespace public_v1 = ::redress::public_::v1;

inline constexpr size_t kMaxEventsPerMessage = 256;

// Serves EventStreamService for the streams given. Thread-safe; outlives its subscriptions' server.
class EventStream {
 public:
  // Where this process stands in a shard. Thread-safe.
  using Present = std::function<log::RuleState(log::ShardId)>;

  // `log` and `executor` outlive it; subscriptions run on the executor.
  EventStream(log::Log* log, Executor* executor, std::vector<log::Stream> streams, Present present);

  rpc::Service& service() { return service_; }

 private:
  rpc::Service service_;
};

// Where a subscription stands in one shard.
struct Place {
  log::RuleState state;
  uint32_t taken = 0;  // public events of the next record that were sent already
  friend bool operator==(const Place&, const Place&) = default;
};

// The cursor's content, or INVALID_ARGUMENT (CURSOR_MALFORMED), FAILED_PRECONDITION (ANOTHER_LOG). For one shard each,
// in the order of `shards`; default places (the beginning) for an empty cursor.
absl::StatusOr<std::vector<Place>> ReadCursor(const std::string& cursor, const log::LogInfo& info,
                                              const std::vector<log::ShardId>& shards);
std::string WriteCursor(const log::LogInfo& info, const std::vector<log::ShardId>& shards,
                        const std::vector<Place>& places);

}  // namespace redress::subscribe
