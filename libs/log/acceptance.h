// The acceptance rule: which records of a shard count. Pure, frozen, and folded the same by every reader everywhere.
//
//   GENESIS at offset 0:                 fence = 0, seq = 0, chain = hash of its body
//   CLAIM at offset o:                   fence = o, seq = 0; the chain goes on unchanged
//   r.fence != fence or r.seq != seq+1:  void: counted, no effect, for ever
//   else r.chain differs from ours:      the log or this replica is corrupt: stop the shard
//   else:                                seq = r.seq, chain = r.chain: accepted
//
// Invariants that follow, and that tests/sim checks on the whole system:
//   I1 accepted order is log order.
//   I2 every accepted decision was made on exactly the state that precedes it.
//   I3 an acknowledged command is accepted exactly once, in every replica.
//   I4 a projection is the fold of the accepted records of its own stream, and of nothing else.
//   I5 what is void once is void for ever; the rule is frozen and carries a version.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "redress/log/v1/record.pb.h"

namespace redress::log {

inline constexpr uint32_t kRuleVersion = 1;
inline constexpr size_t kChainBytes = 16;

// What a reader must keep to go on in the middle of a shard; saved with what the record did, never replaced by a bare
// offset.
struct RuleState {
  std::string log_id;       // 16 bytes; empty before GENESIS
  int64_t next_offset = 0;  // the next record lies here or later
  int64_t fence = 0;
  int64_t seq = 0;
  std::string chain;  // kChainBytes; empty before GENESIS
  int64_t last_recorded_at = 0;
  int64_t last_register_version = 0;
  friend bool operator==(const RuleState&, const RuleState&) = default;

  // As it is stored beside rows and in cursors, and back.
  v1::RuleState ToProto() const;
  static RuleState FromProto(const v1::RuleState& proto);
};

// Whether folding some log can have left such a state: what came back from outside (a cursor) is checked before it is
// folded on. Says nothing of which log.
bool IsPossible(const RuleState& state);

enum class Verdict {
  kGenesis,
  kClaim,     // fence is now this offset
  kAccepted,  // DECISION or POSITION that counts
  kRepeat,    // void: current fence, seq <= ours: what it says counts already
  kGap,       // void: current fence, seq > ours + 1: something before it is missing
  kStale,     // void: another fence, or none
};
// Whether the record has no effect, for ever.
inline bool IsVoid(Verdict verdict) {
  return verdict == Verdict::kRepeat || verdict == Verdict::kGap || verdict == Verdict::kStale;
}

// Folds the record at `offset` into `state`. On an error `state` is unchanged and the shard must stop:
// DATA_LOSS when the chain differs, when the record is no Record, when GENESIS is missing, repeated or elsewhere than
// at 0; FAILED_PRECONDITION (reason RULE_VERSION_UNKNOWN) when it was written under a later rule. A body that cannot be
// parsed is not this function's matter except for GENESIS. `body`, unless null, gets what an accepted DECISION says, or
// nothing if it cannot be parsed: to judge it, it has to be parsed anyway.
absl::StatusOr<Verdict> Accept(int64_t offset, const v1::Record& record, RuleState* state,
                               std::optional<v1::Body>* body = nullptr);

// hash(previous ‖ body): BLAKE2b, 16 bytes. `previous` is empty for GENESIS.
std::string NextChain(absl::string_view previous, absl::string_view body);

// Parses the bytes of one entry. DATA_LOSS with the place and the head in hex otherwise.
absl::Status ParseRecord(absl::string_view where, int64_t offset, absl::string_view bytes, v1::Record* record);

}  // namespace redress::log
