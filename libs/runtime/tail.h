// Reads a shard's own log in order, folds what counts into the projection, and tells what it saw.
//
// The only writer of the projection: live, catch-up and rebuild are this same path. Rows and rule state go in one
// batch. All calls on the shard's executor.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "libs/log/acceptance.h"
#include "libs/runtime/environment.h"
#include "libs/runtime/rows.h"

namespace redress::runtime {

// Hears what the tail read, in log order, after it was committed.
class TailObserver {
 public:
  virtual ~TailObserver() = default;
  virtual void OnClaim(int64_t offset, int64_t appended_at, const log::v1::Claim& claim) = 0;
  // DECISION or POSITION. `verdict` is kAccepted or void.
  virtual void OnRecord(int64_t offset, log::Verdict verdict, int64_t fence, int64_t seq) = 0;
};

class Tail {
 public:
  // Starts from the rule state saved in the projection; from 0 in an empty one. All arguments outlive it.
  Tail(const Environment* env, TailObserver* observer);

  // Reads and folds one batch. False when there was nothing to do. After an error that lasts, `stopped` says why, and
  // Step does nothing more: DATA_LOSS (the log or the projection is corrupt), FAILED_PRECONDITION (a level beyond this
  // build's, or an event that it does not know). Lack of space for the projection is no such error: what was read is
  // read again once the database is healthy.
  bool Step();

  // Lets the logic work on rows for a piece. True when there is more.
  bool Tend();

  const log::RuleState& state() const { return state_; }
  const absl::Status& stopped() const { return stopped_; }
  // Milliseconds that what is applied lies behind: the age of the last record while more is read, the time since the
  // end was last seen while the log cannot be asked or the tail has stopped; 0 at the end.
  Millis lag() const;
  // Whether the last read failed because the log could not be asked: try again later.
  bool log_unavailable() const { return log_unavailable_; }
  // What was committed since the last call.
  RuntimeChanges TakeChanges();
  int64_t voids() const { return voids_; }
  int64_t claims() const { return claims_; }
  int64_t applied() const { return applied_; }
  // The latest claim, also when it was applied by an earlier run; what a follower forwards to.
  const log::v1::Claim& last_claim() const { return last_claim_; }

 private:
  struct Seen {
    int64_t offset;
    int64_t appended_at;
    log::Verdict verdict;
    int64_t fence;
    int64_t seq;
    log::v1::Claim claim;
  };

  void RecallClaim();
  void TakeBack(const log::RuleState& state);
  absl::Status Check(int64_t offset, const Judged& judged) const;
  absl::Status Take(log::Entry entry, store::View* rows, std::vector<Seen>* seen);
  absl::Status TakeDecision(int64_t offset, const Judged& judged, store::View* rows);
  absl::Status CheckGenesis(const log::v1::Record& record) const;
  absl::Status Commit(store::View* rows);

  const Environment* env_;
  TailObserver* observer_;
  log::RuleState state_;
  OldestRequest oldest_request_;
  std::unique_ptr<log::Reader> reader_;
  std::unique_ptr<log::Reader> claim_reader_;  // while the claim of an earlier run is not read again
  std::vector<log::Entry> entries_;
  absl::Status stopped_;
  bool log_unavailable_ = false;
  RuntimeChanges changes_;
  bool behind_ = false;
  Millis at_end_at_ = 0;  // monotonic
  int64_t voids_ = 0;
  int64_t claims_ = 0;
  int64_t applied_ = 0;
  log::v1::Claim last_claim_;
};

}  // namespace redress::runtime
