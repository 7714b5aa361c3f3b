// Tables of the runtime (store.h: key = shard table rest):
//
//   F0 request   str(caller scope) raw(request id)               → RequestRow
//   F1 by age    i64(recorded at) str(caller scope) raw(id)      → ""            what to forget next
//   F2 version   raw(aggregate)                                  → VersionRow
//   F3 source    u8(stream) u32(shard)                           → SourceRow
//   F4 timer     i64(due) str(aggregate) raw(name)               → TimerRow, or "" of one that is moved, never set
//   F5 timer at  str(aggregate) raw(name)                        → TimerRow      of one that is set
//   F6 parked    u8(stream) str(aggregate) i64(version)          → ParkedRow
//   EF state     (nothing)                                       → redress.log.v1.RuleState
//
// e.g. version of "complaints/01" in shard 2: 00 02 F2 63 6F 6D …
// The rule state lies in the look-up range (EF): digests are compared at equal positions, and chain and offset say
// nothing of rows.
#include "libs/runtime/rows.h"

#include <algorithm>
#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"
#include "libs/store/keys.h"
#include "libs/store/table.h"

namespace redress::runtime {
namespace {

using store::Key;

constexpr store::Table<v1::RequestRow> kRequests(0xF0);
constexpr uint8_t kByAge = 0xF1;
constexpr store::Table<v1::VersionRow> kVersions(0xF2);
constexpr store::Table<v1::SourceRow> kSources(0xF3);
constexpr store::Table<v1::TimerRow> kTimers(0xF4);
constexpr store::Table<v1::TimerRow> kTimerAt(0xF5);
constexpr store::Table<v1::ParkedRow> kParked(0xF6);
constexpr store::Table<log::v1::RuleState> kState(0xEF);

// Forgetting is part of the fold, so it goes by the shard's time and a fixed number a record.
constexpr int kForgetPerRecord = 4;

// A key's pieces without shard and table.
class Rest {
 public:
  Rest() : key_(0, 0) {}
  Rest& Str(absl::string_view text) {
    key_.Str(text);
    return *this;
  }
  Rest& I64(int64_t v) {
    key_.I64(v);
    return *this;
  }
  Rest& U8(uint8_t v) {
    key_.U8(v);
    return *this;
  }
  Rest& U32(uint32_t v) {
    key_.U32(v);
    return *this;
  }
  Rest& Raw(absl::string_view bytes) {
    key_.Raw(bytes);
    return *this;
  }
  std::string Take() { return key_.bytes().substr(3); }

 private:
  Key key_;
};

std::string TimerKey(absl::string_view aggregate, absl::string_view name) {
  return Rest().Str(aggregate).Raw(name).Take();
}
std::string DueKey(Millis due, absl::string_view aggregate, absl::string_view name) {
  return Rest().I64(due).Str(aggregate).Raw(name).Take();
}
uint8_t StreamByte(absl::string_view stream) {
  const auto parsed = log::ParseStream(stream);
  return parsed.ok() ? static_cast<uint8_t>(*parsed) : 0xFF;
}

// Those recorded before `forgotten`, a few of them. Afterwards `oldest` is known.
void ForgetRequests(store::View* rows, uint16_t shard, Millis forgotten, OldestRequest* oldest) {
  std::vector<std::string> old;
  const std::string all = Key(shard, kByAge).Take();
  rows->Scan(all, store::After(all), [&](absl::string_view key, absl::string_view) {
    oldest->not_before = store::KeyReader(key.substr(all.size())).I64();
    if (*oldest->not_before >= forgotten || old.size() == kForgetPerRecord) return false;
    old.emplace_back(key);
    return true;
  });
  for (const std::string& key : old) {
    kRequests.Delete(*rows, shard, absl::string_view(key).substr(3 + 8));
    rows->Delete(key);
  }
}

}  // namespace

std::optional<v1::RequestRow> FindRequest(const store::Rows& rows, uint16_t shard, absl::string_view caller_scope,
                                          absl::string_view request_id) {
  return kRequests.Get(rows, shard, Rest().Str(caller_scope).Raw(request_id).Take());
}

void FillReceipt(const v1::RequestRow& row, v1::Receipt* receipt) {
  receipt->set_aggregate(row.aggregate());
  receipt->set_version(row.version());
  receipt->set_result(row.result());
  receipt->set_fingerprint(row.fingerprint());
  receipt->set_fingerprint_key(row.fingerprint_key());
  receipt->set_recorded(true);
}

void RememberRequest(store::View* rows, uint16_t shard, const log::v1::Body& body, const v1::RequestRow& row,
                     OldestRequest* oldest) {
  const std::string name = Rest().Str(body.caller_scope()).Raw(body.request_id()).Take();
  kRequests.Put(*rows, shard, name, row);
  rows->Put(Key(shard, kByAge).I64(body.recorded_at()).Raw(name).Take(), "");
  // A record may say any time: nothing is older than the oldest.
  const Millis forgotten =
      std::max(body.recorded_at(), std::numeric_limits<Millis>::min() + kRequestMemory) - kRequestMemory;
  if (oldest->not_before.has_value()) oldest->not_before = std::min(*oldest->not_before, body.recorded_at());
  if (!oldest->not_before.has_value() || *oldest->not_before < forgotten) {
    ForgetRequests(rows, shard, forgotten, oldest);
  }
}

int64_t VersionOf(const store::Rows& rows, uint16_t shard, absl::string_view aggregate) {
  const auto row = kVersions.Get(rows, shard, aggregate);
  return row.has_value() ? row->version() : 0;
}

void SetVersion(store::View* rows, uint16_t shard, absl::string_view aggregate, int64_t version) {
  v1::VersionRow row;
  row.set_version(version);
  kVersions.Put(*rows, shard, aggregate, row);
}

log::RuleState LoadRuleState(const store::Rows& rows, uint16_t shard) {
  const auto row = kState.Get(rows, shard, "");
  return row.has_value() ? log::RuleState::FromProto(*row) : log::RuleState();
}

void SaveRuleState(store::View* rows, uint16_t shard, const log::RuleState& state) {
  kState.Put(*rows, shard, "", state.ToProto());
}

log::RuleState LoadSource(const store::Rows& rows, uint16_t shard, log::ShardId input) {
  const auto row = kSources.Get(rows, shard, Rest().U8(static_cast<uint8_t>(input.stream)).U32(input.shard).Take());
  return row.has_value() ? log::RuleState::FromProto(row->state()) : log::RuleState();
}

void SaveSource(store::View* rows, uint16_t shard, const log::v1::Source& source) {
  v1::SourceRow row;
  *row.mutable_state() = source.state();
  kSources.Put(*rows, shard, Rest().U8(StreamByte(source.stream())).U32(source.shard()).Take(), row);
}

void SetTimer(store::View* rows, uint16_t shard, absl::string_view aggregate, absl::string_view name, Millis due) {
  CancelTimer(rows, shard, aggregate, name);
  v1::TimerRow row;
  row.set_aggregate(std::string(aggregate));
  row.set_name(std::string(name));
  row.set_due(due);
  kTimers.Put(*rows, shard, DueKey(due, aggregate, name), row);
  kTimerAt.Put(*rows, shard, TimerKey(aggregate, name), row);
}

void CancelTimer(store::View* rows, uint16_t shard, absl::string_view aggregate, absl::string_view name) {
  const auto row = kTimerAt.Get(*rows, shard, TimerKey(aggregate, name));
  if (!row.has_value()) return;
  kTimers.Delete(*rows, shard, DueKey(row->due(), aggregate, name));
  kTimerAt.Delete(*rows, shard, TimerKey(aggregate, name));
}

void MoveTimer(store::View* rows, uint16_t shard, absl::string_view aggregate, absl::string_view name,
               std::optional<Millis> from, std::optional<Millis> to) {
  if (from == to) return;
  if (from.has_value()) kTimers.Delete(*rows, shard, DueKey(*from, aggregate, name));
  if (to.has_value()) rows->Put(kTimers.KeyIn(shard).Raw(DueKey(*to, aggregate, name)).Take(), "");
}

bool IsTimerSet(const store::Rows& rows, uint16_t shard, const Timer& timer) {
  return kTimers.Has(rows, shard, DueKey(timer.due, timer.aggregate, timer.name));
}

void ScanTimers(const store::Rows& rows, uint16_t shard, absl::FunctionRef<bool(const Timer&)> visit) {
  ScanTimersFrom(rows, shard, Timer{"", "", std::numeric_limits<Millis>::min()}, visit);
}

void ScanTimersFrom(const store::Rows& rows, uint16_t shard, const Timer& from,
                    absl::FunctionRef<bool(const Timer&)> visit) {
  const std::string all = kTimers.KeyIn(shard).Take();
  const std::string first = all + DueKey(from.due, from.aggregate, from.name);
  rows.Scan(first, store::After(all), [&](absl::string_view key, absl::string_view) {
    store::KeyReader reader(key.substr(all.size()));
    Timer timer;
    timer.due = reader.I64();
    timer.aggregate = reader.Str();
    timer.name = reader.Raw();
    return visit(timer);
  });
}

void Park(store::View* rows, uint16_t shard, const v1::ParkedRow& row) {
  const log::v1::InputParked& input = row.input();
  kParked.Put(*rows, shard, Rest().U8(StreamByte(input.stream())).Str(input.aggregate()).I64(input.version()).Take(),
              row);
}

void Unpark(store::View* rows, uint16_t shard, absl::string_view stream, absl::string_view aggregate, int64_t version) {
  kParked.Delete(*rows, shard, Rest().U8(StreamByte(stream)).Str(aggregate).I64(version).Take());
}

bool IsParked(const store::Rows& rows, uint16_t shard, absl::string_view stream, absl::string_view aggregate,
              int64_t version) {
  return kParked.Has(rows, shard, Rest().U8(StreamByte(stream)).Str(aggregate).I64(version).Take());
}

std::optional<int64_t> OldestParked(const store::Rows& rows, uint16_t shard, absl::string_view stream,
                                    absl::string_view aggregate) {
  std::optional<int64_t> oldest;
  kParked.Scan(rows, shard, Rest().U8(StreamByte(stream)).Str(aggregate).Take(),
               [&](absl::string_view, const v1::ParkedRow& row) {
                 oldest = row.input().version();
                 return false;
               });
  return oldest;
}

bool AnyParked(const store::Rows& rows, uint16_t shard) {
  bool any = false;
  kParked.Scan(rows, shard, "", [&](absl::string_view, const v1::ParkedRow&) {
    any = true;
    return false;
  });
  return any;
}

void RuntimeChanges::Add(const RuntimeChanges& more) {
  timers |= more.timers;
  parked |= more.parked;
  if (more.earliest_set.has_value() && (!earliest_set.has_value() || *more.earliest_set < *earliest_set)) {
    earliest_set = more.earliest_set;
  }
}

RuntimeChanges ChangesOf(const store::Writes& writes, uint16_t shard) {
  RuntimeChanges changes;
  const std::string timers = kTimers.KeyIn(shard).Take();
  for (auto it = writes.lower_bound(timers); it != writes.end() && absl::StartsWith(it->first, timers); ++it) {
    changes.timers = true;
    if (!it->second.has_value()) continue;
    store::KeyReader key(absl::string_view(it->first).substr(timers.size()));
    changes.earliest_set = key.I64();
    break;
  }
  const std::string parked = kParked.KeyIn(shard).Take();
  const auto first = writes.lower_bound(parked);
  changes.parked = first != writes.end() && absl::StartsWith(first->first, parked);
  return changes;
}

absl::Status NotParked(const log::v1::InputSkipped& name) {
  // What it was asked for by is not repeated: anything may stand there.
  return MakeError(absl::StatusCode::kNotFound, "NOT_PARKED",
                   absl::StrCat("no input of that name and version ", name.version(), " is parked"));
}

std::vector<v1::ParkedRow> ListParked(const store::Rows& rows, uint16_t shard) {
  std::vector<v1::ParkedRow> parked;
  kParked.Scan(rows, shard, "", [&](absl::string_view, const v1::ParkedRow& row) {
    parked.push_back(row);
    return true;
  });
  return parked;
}

}  // namespace redress::runtime
