#include "libs/runtime/ownership.h"

#include <utility>

#include "libs/log/acceptance.h"

namespace redress::runtime {
namespace {

constexpr Millis kBackOffLeast = 200;
constexpr Millis kBackOffSpread = 1800;
// How far the log's own time of a claim may lie outside what its owner saw before the owner distrusts its clock or the
// broker.
constexpr Millis kClaimSkew = 2 * kSecond;

}  // namespace

void Ownership::Assign(bool wanted) {
  wanted_ = wanted;
  if (!wanted && state_ == State::kOwner) {
    // Handed over: whoever comes next claims; until then nobody writes.
    state_ = State::kFollower;
    seen_ = 0;
  }
}

void Ownership::Doubt(bool refused) {
  log_full_ |= refused;
  if (state_ == State::kOwner) state_ = State::kFollower;
  seen_ = 0;
}

bool Ownership::Step() {
  if (state_ == State::kClaiming && !wanted_ && !outstanding_) state_ = State::kFollower;
  if (state_ == State::kClaiming && seen_ != 0 && reported_) {
    state_ = State::kOwner;
    term_ = seen_;
    return true;
  }
  if (!wanted_ || state_ != State::kFollower || outstanding_ || env_->clock->Monotonic() < not_before_) return false;
  SendClaim();
  return true;
}

void Ownership::SendClaim() {
  log::v1::Claim claim;
  const uint64_t bits[2] = {env_->ids->Random64(), env_->ids->Random64()};
  nonce_.assign(reinterpret_cast<const char*>(bits), sizeof(bits));
  sent_at_ = env_->clock->Now();
  claim.set_owner(env_->instance);
  claim.set_address(env_->address);
  claim.set_level(kBuildLevel);
  claim.set_nonce(nonce_);
  claim.set_claimed_at(sent_at_);
  log::v1::Record record;
  record.set_rule_version(log::kRuleVersion);
  record.set_kind(log::v1::KIND_CLAIM);
  record.set_body(claim.SerializeAsString());
  state_ = State::kClaiming;
  seen_ = 0;
  reported_ = false;
  outstanding_ = true;
  FAULT_POINT(env_->faults, "claim.before_append");
  env_->log->AppendClaim(env_->id, record.SerializeAsString(),
                         [this, alive = alive_, nonce = nonce_, executor = env_->executor](log::AppendOutcome outcome) {
                           executor->Post([this, alive, nonce, outcome] {
                             if (!alive.expired()) OnReport(nonce, outcome);
                           });
                         });
  FAULT_POINT(env_->faults, "claim.after_append");
}

void Ownership::OnReport(const std::string& nonce, log::AppendOutcome outcome) {
  outstanding_ = false;
  if (outcome == log::AppendOutcome::kAppended) log_full_ = false;
  if (outcome == log::AppendOutcome::kRefused) log_full_ = true;
  if (nonce == nonce_ && state_ == State::kClaiming) {
    if (outcome == log::AppendOutcome::kAppended) {
      reported_ = true;
    } else {
      // It may land yet: then it is a later claim like anybody's.
      state_ = State::kFollower;
      seen_ = 0;
      BackOff();
    }
  }
  wake_();
}

bool Ownership::OnClaim(int64_t offset, int64_t appended_at, const log::v1::Claim& claim) {
  if (state_ == State::kOwner) {
    const bool own_again = claim.nonce() == nonce_;
    state_ = State::kFollower;
    seen_ = 0;
    if (!own_again) BackOff();
    return true;
  }
  if (state_ != State::kClaiming) return false;
  if (claim.nonce() != nonce_) {
    if (seen_ != 0) {  // overtaken between claim and ownership
      seen_ = 0;
      state_ = State::kFollower;
      BackOff();
    }
    return false;
  }
  const Millis now = env_->clock->Now();
  if (appended_at != 0 && (appended_at < sent_at_ - kClaimSkew || appended_at > now + kClaimSkew)) {
    state_ = State::kFollower;
    BackOff();
    return false;
  }
  if (seen_ != 0) {  // landed twice before we owned: the second one is the fence
    seen_ = offset;
    return false;
  }
  seen_ = offset;
  return false;
}

void Ownership::BackOff() {
  const Millis delay = kBackOffLeast + static_cast<Millis>(env_->ids->Random64() % kBackOffSpread);
  not_before_ = env_->clock->Monotonic() + delay;
  env_->executor->PostAfter(delay, [wake = wake_, alive = alive_] {
    if (!alive.expired()) wake();
  });
}

}  // namespace redress::runtime
