// When this instance owns a shard: from its own applied claim to the next claim of anybody.
//
//   follower ──assigned──▶ claiming ──own claim applied, still the latest, its append reported good──▶ owner
//      ▲                       │ overtaken, or the outcome unknown: back off with jitter                  │
//      └───────────────────────┴──────────────── any later claim, one's own landing twice included ───────┘
//
// One claim is outstanding at a time, and none is given up before its report. A claim is known by its nonce, never by a
// name. All calls on the shard's executor.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "libs/runtime/environment.h"

namespace redress::runtime {

class Ownership {
 public:
  enum class State { kFollower, kClaiming, kOwner };

  // `wake` asks for a Step; it is called from timers and append reports. `alive` outlives neither: callbacks check it.
  Ownership(const Environment* env, std::function<void()> wake, std::weak_ptr<void> alive)
      : env_(env), wake_(std::move(wake)), alive_(std::move(alive)) {}

  // Whether this instance should own the shard: a hint from whoever assigns shards.
  void Assign(bool wanted);
  // Ends the term out of doubt about an append, or because the log refused it: claims again at once.
  void Doubt(bool refused);
  bool Step();

  // From the tail. Returns true when it ended a term.
  bool OnClaim(int64_t offset, int64_t appended_at, const log::v1::Claim& claim);

  State state() const { return state_; }
  bool wanted() const { return wanted_; }
  // Whether the log takes nothing, as far as the last append or claim told.
  bool log_full() const { return log_full_; }
  // The fence of the current term; only as owner.
  int64_t term() const { return term_; }

 private:
  void SendClaim();
  void OnReport(const std::string& nonce, log::AppendOutcome outcome);
  void BackOff();

  const Environment* env_;
  std::function<void()> wake_;
  std::weak_ptr<void> alive_;
  State state_ = State::kFollower;
  bool wanted_ = false;
  bool outstanding_ = false;  // a claim without its report
  bool reported_ = false;     // the current nonce's report was good
  bool log_full_ = false;
  int64_t seen_ = 0;  // offset of the current nonce's claim, while it is the latest
  int64_t term_ = 0;
  std::string nonce_;
  Millis sent_at_ = 0;
  Millis not_before_ = 0;  // monotonic
};

}  // namespace redress::runtime
