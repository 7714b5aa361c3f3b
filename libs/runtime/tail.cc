#include "libs/runtime/tail.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/runtime/fold.h"
#include "libs/runtime/rows.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"

namespace redress::runtime {
namespace {

constexpr int kEntriesPerStep = 512;

}  // namespace

Tail::Tail(const Environment* env, TailObserver* observer)
    : env_(env), observer_(observer), state_(LoadRuleState(*env->database, env->shard())) {
  if (!state_.log_id.empty() && state_.log_id != env_->log->info().log_id) {
    stopped_ = MakeError(absl::StatusCode::kFailedPrecondition, "ANOTHER_LOG",
                         absl::StrCat(log::ToString(env_->id), ": the projection was made from log ",
                                      log::Hex(state_.log_id), ", this is log ", log::Hex(env_->log->info().log_id)));
    return;
  }
  reader_ = env_->log->Tail(env_->id, state_.next_offset);
  at_end_at_ = env_->clock->Monotonic();
  if (state_.fence > 0) claim_reader_ = env_->log->Tail(env_->id, state_.fence);
}

// The rows keep the fence, not who claimed it: that stands in the log, at the fence itself.
void Tail::RecallClaim() {
  std::vector<log::Entry> entry;
  const absl::Status read = claim_reader_->Read(1, &entry);
  log_unavailable_ |= absl::IsUnavailable(read);
  if (entry.empty() && (read.ok() || absl::IsUnavailable(read))) return;
  log::v1::Record record;
  log::v1::Claim claim;
  if (!entry.empty() && entry[0].offset == state_.fence && record.ParseFromString(entry[0].bytes) &&
      record.kind() == log::v1::KIND_CLAIM && claim.ParseFromString(record.body())) {
    last_claim_ = std::move(claim);
  }
  claim_reader_ = nullptr;
}

Millis Tail::lag() const {
  if (!stopped_.ok() || log_unavailable_) return env_->clock->Monotonic() - at_end_at_;
  return behind_ ? std::max<Millis>(0, env_->clock->Now() - state_.last_recorded_at) : 0;
}

void Tail::TakeBack(const log::RuleState& state) {
  state_ = state;
  oldest_request_ = {};
  reader_ = env_->log->Tail(env_->id, state_.next_offset);
}

RuntimeChanges Tail::TakeChanges() { return std::exchange(changes_, {}); }

bool Tail::Step() {
  if (!stopped_.ok() || !env_->database->Health().ok()) return false;
  entries_.clear();
  const absl::Status read = reader_->Read(kEntriesPerStep, &entries_);
  log_unavailable_ = absl::IsUnavailable(read);
  if (!read.ok() && !log_unavailable_) stopped_ = Annotate(read, log::ToString(env_->id));
  if (claim_reader_ != nullptr) RecallClaim();
  behind_ = !entries_.empty();
  if (!behind_ && read.ok()) at_end_at_ = env_->clock->Monotonic();
  if (entries_.empty()) return false;

  const log::RuleState before = state_;
  store::View rows(env_->database);
  std::vector<Seen> seen;
  for (log::Entry& entry : entries_) {
    const absl::Status taken = Take(std::move(entry), &rows, &seen);
    if (!taken.ok()) {
      // What precedes the place stands; nothing behind it is read.
      stopped_ = Annotate(taken, log::ToString(env_->id));
      break;
    }
  }
  FAULT_POINT(env_->faults, "tail.before_commit", false);
  const absl::Status committed = Commit(&rows);
  if (absl::IsResourceExhausted(committed)) {
    TakeBack(before);
    return false;
  }
  if (!committed.ok()) {
    stopped_ = committed;
    return false;
  }
  FAULT_POINT(env_->faults, "tail.after_commit", false);
  for (const Seen& one : seen) {
    claims_ += one.verdict == log::Verdict::kClaim;
    voids_ += log::IsVoid(one.verdict);
    applied_ += one.verdict == log::Verdict::kAccepted;
    if (one.verdict == log::Verdict::kClaim) {
      observer_->OnClaim(one.offset, one.appended_at, one.claim);
    } else if (one.verdict != log::Verdict::kGenesis) {
      observer_->OnRecord(one.offset, one.verdict, one.fence, one.seq);
    }
  }
  return true;
}

bool Tail::Tend() {
  if (!stopped_.ok() || !env_->database->Health().ok()) return false;
  store::View rows(env_->database);
  const bool more = env_->logic->Tend(env_->shard(), &rows);
  if (rows.writes().empty()) return more;
  const absl::Status committed = Commit(&rows);
  // Lack of space passes, and the piece is done again.
  if (!committed.ok() && !absl::IsResourceExhausted(committed)) stopped_ = committed;
  return more && committed.ok();
}

absl::Status Tail::Take(log::Entry entry, store::View* rows, std::vector<Seen>* seen) {
  const int64_t offset = entry.offset;
  const int64_t appended_at = entry.appended_at;
  ASSIGN_OR_RETURN(const auto judged, env_->judged->Judge(env_->id, std::move(entry), state_));
  const log::v1::Record& record = judged->record;
  Seen one{offset, appended_at, judged->verdict, record.fence(), record.seq(), {}};
  if (judged->verdict == log::Verdict::kGenesis) RETURN_IF_ERROR(CheckGenesis(record));
  if (judged->verdict == log::Verdict::kClaim) {
    one.claim.ParseFromString(record.body());
    last_claim_ = one.claim;
    claim_reader_ = nullptr;
  }
  if (judged->verdict == log::Verdict::kAccepted) {
    if (record.kind() == log::v1::KIND_POSITION) {
      log::v1::Progress progress;
      progress.ParseFromString(record.body());
      for (const log::v1::Source& source : progress.sources()) SaveSource(rows, env_->shard(), source);
    } else {
      RETURN_IF_ERROR(TakeDecision(offset, *judged, rows));
    }
  }
  state_ = judged->after;
  seen->push_back(std::move(one));
  return absl::OkStatus();
}

absl::Status Tail::TakeDecision(int64_t offset, const Judged& judged, store::View* rows) {
  if (!judged.body.has_value()) {
    return MakeError(absl::StatusCode::kDataLoss, "RECORD_UNREADABLE",
                     absl::StrCat("offset ", offset, ": an accepted body cannot be read"));
  }
  RETURN_IF_ERROR(Check(offset, judged));
  const ApplyContext context{env_->shard(), env_->shard_count, &*judged.body};
  const log::v1::Record& record = judged.record;
  FoldDecision(*env_->logic, context, record.has_source() ? &record.source() : nullptr, offset + 1, rows,
               &oldest_request_);
  return absl::OkStatus();
}

// Skipping what this build cannot read would fork the state.
absl::Status Tail::Check(int64_t offset, const Judged& judged) const {
  const log::v1::Body& body = *judged.body;
  if (body.level() > kBuildLevel) {
    return MakeError(
        absl::StatusCode::kFailedPrecondition, "LEVEL_UNKNOWN",
        absl::StrCat("offset ", offset, " is of level ", body.level(), "; this build knows ", kBuildLevel));
  }
  const log::v1::Event* const unknown = FindUnknown(*env_->logic, env_->id.stream, judged);
  if (unknown == nullptr) return absl::OkStatus();
  return MakeError(absl::StatusCode::kFailedPrecondition, "EVENT_UNKNOWN",
                   absl::StrCat("offset ", offset, ": version ", unknown->version(), " of ", unknown->aggregate(),
                                " is an event that this build does not know"));
}

absl::Status Tail::CheckGenesis(const log::v1::Record& record) const {
  log::v1::Genesis genesis;
  genesis.ParseFromString(record.body());
  const log::LogInfo& info = env_->log->info();
  if (genesis.stream() == log::StreamName(env_->id.stream) && genesis.shard() == env_->id.shard &&
      genesis.shard_count() == info.ShardsOf(env_->id.stream) && genesis.log_id() == info.log_id) {
    return absl::OkStatus();
  }
  return MakeError(
      absl::StatusCode::kFailedPrecondition, "ANOTHER_LOG",
      absl::StrCat("GENESIS says ", genesis.stream(), "/", genesis.shard(), " of ", genesis.shard_count()));
}

absl::Status Tail::Commit(store::View* rows) {
  changes_.Add(ChangesOf(rows->writes(), env_->shard()));
  SaveRuleState(rows, env_->shard(), state_);
  RETURN_IF_ERROR(env_->database->Health());
  return env_->database->CommitOwn(rows->TakeWrites());
}

}  // namespace redress::runtime
