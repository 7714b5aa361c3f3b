#include "libs/log/simulated/simulated_core.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"

namespace redress::log {
namespace {

using Fate = SimulatedFate;
using Shard = SimulatedShard;

constexpr size_t kReadBytes = 1 << 20;

absl::Status Away() {
  return RetryLater(absl::StatusCode::kUnavailable, "LOG_UNAVAILABLE", "the log cannot be asked now", 100);
}

absl::Status NoShard(ShardId shard) {
  return MakeError(absl::StatusCode::kNotFound, "NO_SHARD", absl::StrCat("there is no ", ToString(shard)));
}

}  // namespace

bool SimulatedConnection::State::Reachable() const { return !cut && !closed && core->running; }

void SimulatedLog::Core::Create() {
  info = {"", options.installation, options.shard_count};
  while (info.log_id.size() < 16) info.log_id.push_back(static_cast<char>(ids->Random64()));
  for (const Stream stream : kAllStreams) {
    for (uint32_t i = 0; i < info.ShardsOf(stream); ++i) {
      const ShardId id{stream, i};
      shards[id] = {{{0, EncodeGenesis(info, id, options.level, clock->Now()), clock->Now()}}, 1, 1};
    }
  }
}

void SimulatedLog::Core::After(Millis delay, std::function<void(Core&)> work) {
  executor->PostAfter(delay, [weak = weak_from_this(), work = std::move(work)] {
    if (const auto core = weak.lock()) work(*core);
  });
}

void SimulatedLog::Core::Deliver(const std::weak_ptr<State>& to, std::function<void(State&)> work) {
  const auto state = to.lock();
  if (state == nullptr || state->closed) return;
  if (state->executor == executor) return work(*state);
  state->executor->Post([to, work = std::move(work)] {
    const auto state = to.lock();
    if (state != nullptr && !state->closed) work(*state);
  });
}

Fate SimulatedLog::Core::DrawFate() {
  double at = static_cast<double>(ids->Random64() >> 11) * 0x1p-53;
  const std::pair<double, Fate> fates[] = {{faults.refused, Fate::kRefused},
                                           {faults.lost, Fate::kLost},
                                           {faults.landed_unknown, Fate::kLandedUnknown},
                                           {faults.landed_late, Fate::kLandedLate},
                                           {faults.partial, Fate::kPartial}};
  for (const auto& [probability, fate] : fates) {
    if (at < probability) return fate;
    at -= probability;
  }
  return Fate::kAppended;
}

void SimulatedLog::Core::Send(const std::shared_ptr<State>& from, ShardId shard, std::vector<std::string> records,
                              std::function<void(AppendOutcome)> done) {
  ++counters.appends;
  if (from->closed) return;
  const bool fits = std::all_of(records.begin(), records.end(),
                                [](const std::string& record) { return record.size() <= kMaxRecordBytes; });
  auto sending = std::make_shared<Sending>(Sending{shard, std::move(records), std::move(done), from, epoch});
  if (!fits || shards.count(shard) == 0) return Dispatch(sending, Fate::kRefused);
  const Fate fate = DrawFate();
  if (fate == Fate::kRefused || from->Reachable()) return Dispatch(sending, fate);
  // Nobody is there to take it: it waits in the sender until it gives up, or until somebody is.
  ReportAfter(Draw(faults.timeout, from), sending, AppendOutcome::kUnknown);
  if (Happens(0.5)) LandAfter(Draw(faults.late, from), sending);
}

void SimulatedLog::Core::Dispatch(const SendingPtr& sending, Fate fate) {
  const Millis landing = Draw(faults.append, sending->from);
  const Millis timeout = Draw(faults.timeout, sending->from);
  sending->unsure = fate != Fate::kAppended;
  switch (fate) {
    case Fate::kAppended: LandAfter(landing, sending); break;
    case Fate::kRefused: return ReportAfter(0, sending, AppendOutcome::kRefused);
    case Fate::kLost: ++counters.lost; return ReportAfter(timeout, sending, AppendOutcome::kUnknown);
    case Fate::kLandedUnknown:
      ReportAfter(timeout, sending, AppendOutcome::kUnknown);
      LandAfter(landing, sending);
      break;
    case Fate::kLandedLate:
      ++counters.late;
      ReportAfter(timeout, sending, AppendOutcome::kUnknown);
      LandAfter(timeout + Draw(faults.late), sending);
      break;
    case Fate::kPartial:
      ++counters.partial;
      ReportAfter(timeout, sending, AppendOutcome::kUnknown);
      MakePartial(sending.get());
      LandAfter(landing, sending);
      break;
  }
  if (!Happens(faults.twice)) return;
  ++counters.twice;
  auto again = std::make_shared<Sending>(*sending);
  again->done = nullptr;
  LandAfter(landing + Draw(faults.late), again);
}

void SimulatedLog::Core::MakePartial(Sending* sending) {
  auto& records = sending->records;
  const int64_t count = static_cast<int64_t>(records.size());
  if (count > 1 && Happens(0.5)) {
    records.erase(records.begin() + Below(count - 1));
  } else if (count > 0) {
    records.resize(Below(count));
  }
}

void SimulatedLog::Core::LandAfter(Millis delay, const SendingPtr& sending) {
  After(delay, [sending](Core& core) { core.Land(sending); });
}

void SimulatedLog::Core::Land(const SendingPtr& sending) {
  if (!MayLand(sending)) return;
  if (sending->next < sending->records.size()) {
    LandOne(sending->shard, sending->records[sending->next++]);
    sending->end = shards[sending->shard].end;
  }
  if (sending->next < sending->records.size()) return LandAfter(Draw(faults.between), sending);
  ReportAfter(Draw(faults.report, sending->from), sending, AppendOutcome::kAppended);
}

bool SimulatedLog::Core::MayLand(const SendingPtr& sending) {
  const auto from = sending->from.lock();
  const bool cut = from != nullptr && from->cut && !from->closed;
  if (running && sending->epoch == epoch && !cut) return true;
  sending->unsure = true;
  sending->epoch = epoch;
  ReportAfter(Draw(faults.timeout), sending, AppendOutcome::kUnknown);
  if (Happens(0.5)) return false;
  if (!running) {
    kept.push_back(sending);
    return false;
  }
  if (cut) {
    from->kept.push_back([weak = weak_from_this(), sending] {
      if (const auto core = weak.lock()) core->LandAfter(core->Draw(core->faults.late), sending);
    });
    return false;
  }
  return true;
}

void SimulatedLog::Core::LandOne(ShardId id, const std::string& bytes) {
  Shard& shard = shards[id];
  if (Happens(faults.sparse)) shard.end += 1 + Below(3);
  shard.entries.push_back({shard.end++, bytes, clock->Now() + faults.clock_skew});
  ++counters.landed;
  for (const auto& connection : connections) Arrive(connection, id, shard.end, Draw(faults.arrival, connection));
}

void SimulatedLog::Core::Arrive(const std::weak_ptr<State>& to, ShardId id, int64_t end, Millis delay) {
  After(delay, [to, id, end](Core& core) {
    const auto state = to.lock();
    // What arrives at a cut connection is seen when it is mended.
    if (state == nullptr || !state->Reachable()) return;
    int64_t& arrived = state->arrived[id];
    arrived = std::max(arrived, std::min(end, core.shards[id].end));
    core.Deliver(to, [id](State& s) { s.wakers.Wake(id); });
  });
}

void SimulatedLog::Core::ArriveAll(const std::shared_ptr<State>& to) {
  for (const auto& [id, shard] : shards) Arrive(to, id, shard.end, Draw(faults.arrival, to));
}

void SimulatedLog::Core::LandKept() {
  for (const SendingPtr& sending : std::exchange(kept, {})) LandAfter(Draw(faults.late), sending);
}

void SimulatedLog::Core::ReportAfter(Millis delay, const SendingPtr& sending, AppendOutcome outcome) {
  if (sending->done == nullptr || sending->answered) return;
  After(delay, [sending, outcome](Core& core) { core.Report(sending, outcome); });
}

void SimulatedLog::Core::Report(const SendingPtr& sending, AppendOutcome outcome) {
  if (std::exchange(sending->answered, true)) return;
  const auto from = sending->from.lock();
  if (from == nullptr || from->closed) return;
  if (outcome == AppendOutcome::kAppended) {
    // A report that cannot get through, or of records that a crash may have taken, is none.
    if (sending->unsure || sending->epoch != epoch || !from->Reachable()) {
      outcome = AppendOutcome::kUnknown;
    } else {
      Shard& shard = shards[sending->shard];
      shard.safe = std::max(shard.safe, sending->end);
    }
  }
  counters.refused += outcome == AppendOutcome::kRefused;
  counters.unknown += outcome == AppendOutcome::kUnknown;
  Deliver(sending->from, [sending, outcome](State&) { sending->done(outcome); });
}

void SimulatedLog::Core::EndOf(const std::shared_ptr<State>& from, ShardId id,
                               std::function<void(absl::StatusOr<int64_t>)> done) {
  After(Draw(faults.end_of, from), [from = std::weak_ptr<State>(from), id, done = std::move(done)](Core& core) {
    const auto state = from.lock();
    if (state == nullptr || state->closed) return;
    absl::StatusOr<int64_t> answer = Away();
    const auto shard = core.shards.find(id);
    if (shard == core.shards.end()) {
      answer = NoShard(id);
    } else if (state->Reachable() && !core.Happens(core.faults.unavailable)) {
      answer = core.Happens(core.faults.stale_end) ? core.Below(shard->second.end) : shard->second.end;
      shard->second.safe = std::max(shard->second.safe, *answer);
    }
    core.Deliver(from, [done, answer](State&) { done(answer); });
  });
}

absl::Status SimulatedLog::Core::Read(State& by, ShardId id, int64_t* next, int max_entries, std::vector<Entry>* out) {
  if (!by.Reachable() || Happens(faults.unavailable)) return Away();
  const auto found = shards.find(id);
  if (found == shards.end()) return NoShard(id);
  Shard& shard = found->second;
  if (*next < 0 || *next > shard.end) {
    return MakeError(absl::StatusCode::kOutOfRange, "OFFSET_OUT_OF_RANGE",
                     absl::StrCat(ToString(id), " ends at ", shard.end, "; ", *next, " was asked for"));
  }
  auto entry = std::lower_bound(shard.entries.begin(), shard.entries.end(), *next,
                                [](const Entry& e, int64_t offset) { return e.offset < offset; });
  const int64_t arrived = by.arrived[id];
  size_t bytes = 0;
  for (; entry != shard.entries.end() && entry->offset < arrived && max_entries > 0 && bytes < kReadBytes; ++entry) {
    out->push_back(*entry);
    bytes += entry->bytes.size();
    --max_entries;
    *next = entry->offset + 1;
    shard.safe = std::max(shard.safe, *next);
  }
  return absl::OkStatus();
}

void SimulatedLog::Core::Forget(Shard* shard) {
  const auto first = std::lower_bound(shard->entries.begin(), shard->entries.end(), shard->safe,
                                      [](const Entry& e, int64_t offset) { return e.offset < offset; });
  const int64_t may_go = shard->entries.end() - first;
  if (may_go == 0) return;
  const int64_t gone = Below(may_go + 1);
  counters.forgotten += gone;
  shard->entries.resize(shard->entries.size() - gone);
  shard->end = std::max(shard->safe, shard->entries.back().offset + 1);
}

}  // namespace redress::log
