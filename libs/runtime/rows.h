// The runtime's own tables, in every projection (grammar at the top of rows.cc).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "libs/log/acceptance.h"
#include "libs/log/log.h"
#include "libs/runtime/logic.h"
#include "libs/store/store.h"
#include "redress/runtime/v1/rows.pb.h"

namespace redress::runtime {

// How long request ids are remembered, in the shard's own time.
inline constexpr Millis kRequestMemory = 45 * kDay;

std::optional<v1::RequestRow> FindRequest(const store::Rows& rows, uint16_t shard, absl::string_view caller_scope,
                                          absl::string_view request_id);
// What its caller is answered with: whatever its record made, but where the record lies.
void FillReceipt(const v1::RequestRow& row, v1::Receipt* receipt);
// What whoever folds all records of a shard knows of its remembered requests, so that the rows need not be asked at each
// record. It holds for the rows it was learnt from alone: whoever takes a fold back forgets it.
struct OldestRequest {
  std::optional<Millis> not_before;  // none was recorded earlier; nothing is known when absent
};
// Remembers the request of `body` and forgets a few that are older than kRequestMemory.
void RememberRequest(store::View* rows, uint16_t shard, const log::v1::Body& body, const v1::RequestRow& row,
                     OldestRequest* oldest);

int64_t VersionOf(const store::Rows& rows, uint16_t shard, absl::string_view aggregate);
void SetVersion(store::View* rows, uint16_t shard, absl::string_view aggregate, int64_t version);

// Where the shard stands in its own log; a default state when it has read nothing.
log::RuleState LoadRuleState(const store::Rows& rows, uint16_t shard);
void SaveRuleState(store::View* rows, uint16_t shard, const log::RuleState& state);

// How far the shard has consumed `input`; a default state when nothing of it.
log::RuleState LoadSource(const store::Rows& rows, uint16_t shard, log::ShardId input);
void SaveSource(store::View* rows, uint16_t shard, const log::v1::Source& source);

// One timer a (aggregate, name): setting it again moves it. Called by Logic::Apply.
void SetTimer(store::View* rows, uint16_t shard, absl::string_view aggregate, absl::string_view name, Millis due);
void CancelTimer(store::View* rows, uint16_t shard, absl::string_view aggregate, absl::string_view name);
// The same for who knows when the timer was due, none: there was none, and sets or cancels it by this alone: half the
// rows, and none is read.
void MoveTimer(store::View* rows, uint16_t shard, absl::string_view aggregate, absl::string_view name,
               std::optional<Millis> from, std::optional<Millis> to);
// Whether it stands, for that very instant.
bool IsTimerSet(const store::Rows& rows, uint16_t shard, const Timer& timer);
// Visits timers in due order until `visit` returns false.
void ScanTimers(const store::Rows& rows, uint16_t shard, absl::FunctionRef<bool(const Timer&)> visit);
// The same, from where `from` stands or would stand.
void ScanTimersFrom(const store::Rows& rows, uint16_t shard, const Timer& from,
                    absl::FunctionRef<bool(const Timer&)> visit);

// Parked inputs; ListParked has them by stream, aggregate and version.
void Park(store::View* rows, uint16_t shard, const v1::ParkedRow& row);
void Unpark(store::View* rows, uint16_t shard, absl::string_view stream, absl::string_view aggregate, int64_t version);
bool IsParked(const store::Rows& rows, uint16_t shard, absl::string_view stream, absl::string_view aggregate,
              int64_t version);
// The smallest parked version of that aggregate; none when none is.
std::optional<int64_t> OldestParked(const store::Rows& rows, uint16_t shard, absl::string_view stream,
                                    absl::string_view aggregate);
// What a batch of writes does to the tables that the machines look at again and again.
struct RuntimeChanges {
  bool timers = false;
  std::optional<Millis> earliest_set;  // due time of the earliest timer that is set
  bool parked = false;

  void Add(const RuntimeChanges& more);
};
RuntimeChanges ChangesOf(const store::Writes& writes, uint16_t shard);

bool AnyParked(const store::Rows& rows, uint16_t shard);
// NOT_FOUND (NOT_PARKED).
absl::Status NotParked(const log::v1::InputSkipped& name);
std::vector<v1::ParkedRow> ListParked(const store::Rows& rows, uint16_t shard);

}  // namespace redress::runtime
