// Tables of the sla projection (store.h: key = shard table rest):
//
//   01 clock     raw(complaint id)                                        → ClockRow
//   02 at risk   i64(due) str(complaint id) str(line) u32(run)            → AtRiskRow
//   03 replan    raw(aggregate)                                           → ReplanRow
//
// e.g. the clock of complaint "01HX…" in shard 3: 00 03 01 30 31 48 58 …
// Timers "breach/<run>/<line>" and "warning/<run>/<line>" of aggregate "clocks/<complaint id>", and "page" of
// "replans/…", lie in the runtime's.
#include "services/sla/sla_projection.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/runtime/rows.h"
#include "libs/store/keys.h"
#include "libs/store/table.h"
#include "services/sla/sla_policy.h"

namespace redress::sla {
namespace {

using events::v1::JudgedLine;
using events::v1::LineStarted;

constexpr store::Table<ClockRow> kClocks(0x01);
constexpr store::Table<rows::v1::AtRiskRow> kAtRisk(0x02);
constexpr store::Table<rows::v1::ReplanRow> kReplanRows(0x03);
// Rows fetched of a shard at a time when the shards' lists are merged.
constexpr size_t kMergeChunk = 256;

std::string AtRiskKey(Millis due, absl::string_view complaint, absl::string_view line, int run) {
  return store::Key(0, 0).I64(due).Str(complaint).Str(line).U32(static_cast<uint32_t>(run)).Take().substr(3);
}

AtRisk ParseAtRisk(absl::string_view key, absl::string_view value) {
  AtRisk result;
  store::KeyReader reader(key);
  result.due = reader.I64();
  result.complaint = reader.Str();
  result.line = reader.Str();
  result.run = static_cast<int>(reader.U32());
  result.key = std::string(key);
  result.row.ParseFromArray(value.data(), static_cast<int>(value.size()));
  return result;
}

rows::v1::AtRiskRow AtRiskRowOf(const CaseDimensions& dimensions, const Run& run) {
  rows::v1::AtRiskRow row;
  row.set_agency(std::string(dimensions.agency));
  row.set_office(std::string(dimensions.office));
  row.set_team(std::string(dimensions.team));
  row.set_agent(std::string(dimensions.agent));
  row.set_category(std::string(dimensions.category));
  row.set_urgency(dimensions.urgency);
  row.set_kind(dimensions.kind);
  row.set_channel(dimensions.channel);
  row.set_extended(LastDue(run).due_unextended_at() != 0);
  return row;
}

// What follows from one run of a clock row: its timers and its place in the list of open lines.
struct Derived {
  std::optional<Millis> breach;
  std::optional<Millis> warning;
  std::string listed;  // the key there; empty: in no list
  std::string shown;   // the row there
};

// Of each run, in the order of the row's. Of a clock that has not begun nothing follows, whatever is in it.
std::vector<Derived> DerivedOf(const ClockRow& row, absl::string_view complaint) {
  std::vector<Derived> all;
  if (!row.has_start()) return all;
  Facts facts;
  Select(row.facts(), {}, &facts);
  const CaseDimensions dimensions = DimensionsOf(row.start(), facts);
  all.reserve(static_cast<size_t>(row.runs_size()));
  for (const Run& run : row.runs()) {
    Derived& one = all.emplace_back();
    one.breach = NextBreach(run);
    one.warning = NextWarning(row, run);
    if (run.state() != JudgedLine::STATE_RUNNING) continue;
    one.listed = AtRiskKey(LastDue(run).due_at(), complaint, run.started().line(), run.started().run());
    one.shown = store::RowBytes(AtRiskRowOf(dimensions, run));
  }
  return all;
}

// Writes what follows from one clock row.
class Deriver {
 public:
  Deriver(uint16_t shard, absl::string_view complaint, store::View* rows)
      : shard_(shard), complaint_(complaint), clock_(ClockName(complaint)), rows_(rows) {}

  // `before` is what followed from the row until now; runs are only ever added to it. What is as it was is left alone:
  // most events change one line of several.
  void Replace(std::vector<Derived> before, const ClockRow& row) {
    const std::vector<Derived> after = DerivedOf(row, complaint_);
    before.resize(after.size());
    for (size_t i = 0; i < after.size(); ++i) {
      const LineStarted& started = row.runs(static_cast<int>(i)).started();
      const Derived& was = before[i];
      const Derived& now = after[i];
      Move(true, started, was.breach, now.breach);
      Move(false, started, was.warning, now.warning);
      if (was.listed != now.listed && !was.listed.empty()) kAtRisk.Delete(*rows_, shard_, was.listed);
      if (now.listed.empty() || (was.listed == now.listed && was.shown == now.shown)) continue;
      rows_->Put(kAtRisk.KeyIn(shard_).Raw(now.listed).Take(), now.shown);
    }
  }

 private:
  void Move(bool breach, const LineStarted& started, std::optional<Millis> from, std::optional<Millis> to) {
    if (from == to) return;
    runtime::MoveTimer(rows_, shard_, clock_, AlarmTimer(breach, started.run(), started.line()), from, to);
  }

  const uint16_t shard_;
  const absl::string_view complaint_;
  const std::string clock_;
  store::View* rows_;
};

template <typename Row>
void ForEachStarted(const store::Rows& rows, uint32_t shard_count,
                    absl::FunctionRef<void(absl::string_view, const Row&)> visit) {
  Row row;  // one for all: what it has allocated is used again
  for (uint32_t shard = 0; shard < shard_count; ++shard) {
    const std::string from = kClocks.KeyIn(static_cast<uint16_t>(shard)).Take();
    rows.Scan(from, store::After(from), [&](absl::string_view key, absl::string_view value) {
      row.ParseFromArray(value.data(), static_cast<int>(value.size()));
      if (row.has_start()) visit(key.substr(from.size()), row);
      return true;
    });
  }
}

// One shard's part of the list, fetched a chunk at a time.
class AtRiskReader {
 public:
  AtRiskReader(const store::Rows& rows, uint16_t shard, absl::string_view after) : rows_(rows), shard_(shard) {
    Fetch(std::string(after));
  }
  const AtRisk* Head() const { return next_ < chunk_.size() ? &chunk_[next_] : nullptr; }
  void Advance() {
    if (++next_ == chunk_.size() && more_) Fetch(chunk_.back().key);
  }

 private:
  // By value: the last key of the chunk that is thrown away.
  void Fetch(std::string after) {
    chunk_.clear();
    next_ = 0;
    more_ = false;
    const std::string prefix = kAtRisk.KeyIn(shard_).Take();
    const std::string from = after.empty() ? prefix : prefix + after + std::string(1, '\0');
    rows_.Scan(from, store::After(prefix), [&](absl::string_view key, absl::string_view value) {
      chunk_.push_back(ParseAtRisk(key.substr(prefix.size()), value));
      more_ = chunk_.size() == kMergeChunk;
      return !more_;
    });
  }

  const store::Rows& rows_;
  const uint16_t shard_;
  std::vector<AtRisk> chunk_;
  size_t next_ = 0;
  bool more_ = false;
};

void ApplyReplan(const runtime::ApplyContext& context, const std::string& name, const Event& said, store::View* rows) {
  const auto next_page = [&](const rows::v1::ReplanRow& row, Millis at) {
    kReplanRows.Put(*rows, context.shard, name, row);
    runtime::SetTimer(rows, context.shard, name, kReplanTimer, at);
  };
  if (said.has_replan_begun()) {
    rows::v1::ReplanRow row;
    *row.mutable_change() = said.replan_begun();
    return next_page(row, std::max(context.recorded_at() + kReplanDelay, row.change().active_from()));
  }
  auto row = kReplanRows.Get(*rows, context.shard, name);
  if (!row.has_value() || !said.has_clocks_replanned()) return;
  const auto& page = said.clocks_replanned();
  if (page.done()) {
    kReplanRows.Delete(*rows, context.shard, name);
    return runtime::CancelTimer(rows, context.shard, name, kReplanTimer);
  }
  if (page.after() == row->after()) row->set_waits(row->waits() + 1);
  row->set_after(page.after());
  next_page(*row, page.next_at());
}

// A clock's row while the events of one record are folded into it; written when it goes.
class OpenClock {
 public:
  OpenClock(uint16_t shard, absl::string_view complaint, store::View* rows)
      : shard_(shard), complaint_(complaint), rows_(rows) {
    if (auto found = FindClock(*rows, shard, complaint); found.has_value()) row_ = *std::move(found);
    before_ = DerivedOf(row_, complaint);
  }
  ~OpenClock() {
    kClocks.Put(*rows_, shard_, complaint_, row_);
    if (row_.has_start()) Deriver(shard_, complaint_, rows_).Replace(std::move(before_), row_);
  }
  OpenClock(const OpenClock&) = delete;
  OpenClock& operator=(const OpenClock&) = delete;

  absl::string_view complaint() const { return complaint_; }
  void Fold(const Event& said, Millis recorded_at) { Apply(said, recorded_at, complaint_, &row_); }

 private:
  const uint16_t shard_;
  const absl::string_view complaint_;
  store::View* const rows_;
  ClockRow row_;
  std::vector<Derived> before_;
};

}  // namespace

void ApplyEvents(const runtime::ApplyContext& context, const std::vector<const log::v1::Event*>& events,
                 store::View* rows) {
  std::optional<OpenClock> clock;
  for (const log::v1::Event* event : events) {
    const absl::string_view complaint = ComplaintOf(event->aggregate());
    Event said;
    if (!said.ParseFromString(event->payload())) continue;
    if (absl::StartsWith(event->aggregate(), kReplans)) {
      ApplyReplan(context, event->aggregate(), said, rows);
      continue;
    }
    if (complaint.empty()) continue;
    if (!clock.has_value() || clock->complaint() != complaint) {
      clock.reset();  // written before another, perhaps the same again, is read
      clock.emplace(context.shard, complaint, rows);
    }
    clock->Fold(said, context.recorded_at());
  }
}

std::optional<ClockRow> FindClock(const store::Rows& rows, uint16_t shard, absl::string_view complaint) {
  return kClocks.Get(rows, shard, complaint);
}

void ForEachCase(const store::Rows& rows, uint32_t shard_count,
                 absl::FunctionRef<void(absl::string_view, const CaseRow&)> visit) {
  ForEachStarted<CaseRow>(rows, shard_count, visit);
}

void ForEachClock(const store::Rows& rows, uint32_t shard_count,
                  absl::FunctionRef<void(absl::string_view, const ClockRow&)> visit) {
  ForEachStarted<ClockRow>(rows, shard_count, visit);
}

void ScanAtRisk(const store::Rows& rows, uint32_t shard_count, absl::string_view after,
                absl::FunctionRef<bool(const AtRisk&)> visit) {
  std::vector<AtRiskReader> readers;
  for (uint32_t shard = 0; shard < shard_count; ++shard) {
    readers.emplace_back(rows, static_cast<uint16_t>(shard), after);
  }
  for (;;) {
    AtRiskReader* first = nullptr;
    for (AtRiskReader& reader : readers) {
      if (reader.Head() == nullptr) continue;
      if (first == nullptr || reader.Head()->key < first->Head()->key) first = &reader;
    }
    if (first == nullptr || !visit(*first->Head())) return;
    first->Advance();
  }
}

void ScanOpenLines(const store::Rows& rows, uint16_t shard, absl::string_view after,
                   absl::FunctionRef<bool(const AtRisk&)> visit) {
  AtRiskReader reader(rows, shard, after);
  for (; reader.Head() != nullptr; reader.Advance()) {
    if (!visit(*reader.Head())) return;
  }
}

std::optional<rows::v1::ReplanRow> FindReplan(const store::Rows& rows, uint16_t shard, absl::string_view name) {
  return kReplanRows.Get(rows, shard, name);
}

std::string AlarmTimer(bool breach, int run, absl::string_view line) {
  return absl::StrCat(breach ? "breach/" : "warning/", run, "/", line);
}

bool ParseAlarmTimer(absl::string_view name, commands::v1::RaiseAlarm* alarm) {
  alarm->set_breach(absl::ConsumePrefix(&name, "breach/"));
  if (!alarm->breach() && !absl::ConsumePrefix(&name, "warning/")) return false;
  const size_t slash = name.find('/');
  int run = 0;
  if (slash == absl::string_view::npos || !absl::SimpleAtoi(name.substr(0, slash), &run)) return false;
  alarm->set_run(run);
  alarm->set_line(std::string(name.substr(slash + 1)));
  return true;
}

}  // namespace redress::sla
