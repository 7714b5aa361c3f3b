// Rows of the sla projection: clocks, open lines by due instant, and the timers of alarms.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "libs/runtime/logic.h"
#include "libs/store/store.h"
#include "redress/sla/rows/v1/rows.pb.h"
#include "services/sla/clock.h"

namespace redress::sla {

// Shape of the rows; one more whenever it changes.
inline constexpr int kProjectionVersion = 2;

// Folds events of one record of the sla stream, in order. A clock's row, which all its events change, is read and
// written once for those that follow each other.
void ApplyEvents(const runtime::ApplyContext& context, const std::vector<const log::v1::Event*>& events,
                 store::View* rows);

// Absent when nothing has been heard of the complaint.
std::optional<ClockRow> FindClock(const store::Rows& rows, uint16_t shard, absl::string_view complaint);

// Visits every clock that has started, of all shards, in (shard, id) order. The row is valid during the call.
// CaseRow: without its lines, in half the time.
void ForEachCase(const store::Rows& rows, uint32_t shard_count,
                 absl::FunctionRef<void(absl::string_view complaint, const CaseRow& row)> visit);
void ForEachClock(const store::Rows& rows, uint32_t shard_count,
                  absl::FunctionRef<void(absl::string_view complaint, const ClockRow& row)> visit);

// An open line of the list by due instant.
struct AtRisk {
  Millis due = 0;
  std::string complaint;
  std::string line;
  int run = 0;
  rows::v1::AtRiskRow row;
  std::string key;  // its place: sorts as the list does, over all shards
};
// Visits the open lines of all shards by (due, complaint, line, run) from the first behind `after` on, until `visit`
// returns false.
void ScanAtRisk(const store::Rows& rows, uint32_t shard_count, absl::string_view after,
                absl::FunctionRef<bool(const AtRisk&)> visit);

// The same of one shard, from the rows that deciders see.
void ScanOpenLines(const store::Rows& rows, uint16_t shard, absl::string_view after,
                   absl::FunctionRef<bool(const AtRisk&)> visit);

// What remains to be done for the change of the register named ReplanName(); absent when nothing.
std::optional<rows::v1::ReplanRow> FindReplan(const store::Rows& rows, uint16_t shard, absl::string_view name);
// The timer of its next page.
inline constexpr absl::string_view kReplanTimer = "page";
// What a register view needs, as a rule, to know what the log says.
inline constexpr Millis kReplanDelay = kSecond;

// "breach/<run>/<line>" and "warning/<run>/<line>".
std::string AlarmTimer(bool breach, int run, absl::string_view line);
// False for any other name.
bool ParseAlarmTimer(absl::string_view name, commands::v1::RaiseAlarm* alarm);

}  // namespace redress::sla
