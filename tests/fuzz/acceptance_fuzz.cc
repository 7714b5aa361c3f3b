// The acceptance rule, on logs that several owners and a faulty broker could have written: each byte of the input is an
// append, perhaps with an argument. What the rule says is compared with a second account of it, kept in other terms.
#include <optional>
#include <string>
#include <vector>

#include "libs/log/acceptance.h"
#include "libs/log/log.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace redress::fuzz {
namespace {

using log::RuleState;
using log::Verdict;

constexpr size_t kMostRecords = 100;

struct Written {
  int64_t offset;
  log::v1::Record record;
  // Meant to break the chain of the log, or to come of a later build.
  bool broken = false;
};

class Writer {
 public:
  explicit Writer(absl::string_view bytes) : input_(bytes) {
    const log::LogInfo info{std::string(16, 'L'), "fuzz", 4};
    log::v1::Record genesis;
    genesis.ParseFromString(log::EncodeGenesis(info, {log::Stream::kIntake, 0}, 1, 1000));
    chain_ = log::NextChain("", genesis.body());
    if (input_.U8() % 8 != 0) Append(genesis);
    while (!input_.AtEnd() && log_.size() < kMostRecords) Step(input_.U8(), genesis);
  }
  const std::vector<Written>& log() const { return log_; }

 private:
  void Step(uint8_t kind, const log::v1::Record& genesis) {
    switch (kind % 16) {
      case 0: {
        log::v1::Record claim;
        claim.set_rule_version(log::kRuleVersion);
        claim.set_kind(log::v1::KIND_CLAIM);
        fence_ = next_;
        seq_ = 0;
        return Append(claim);
      }
      case 1: return Append(Decision(fence_, seq_ + input_.U8(), chain_));
      case 2: return Append(Decision(static_cast<int64_t>(input_.U8()), seq_ + 1, chain_));
      case 3: return Append(Decision(input_.I64(), input_.I64(), chain_));
      // Sent again, as it was.
      case 4:
        if (!log_.empty()) Append(log_[input_.U8() % log_.size()].record);
        return;
      case 5: {
        log::v1::Record other = Decision(fence_, seq_ + 1, std::string(16, 'x'));
        return Append(other, fence_ != 0);
      }
      case 6: {
        log::v1::Record later = Decision(fence_, seq_ + 1, chain_);
        later.set_rule_version(log::kRuleVersion + 1 + input_.U8());
        return Append(later, true);
      }
      case 7: return Append(genesis, !log_.empty());
      // Offsets need not be dense.
      case 8: next_ += input_.U8(); return;
      case 9: {
        log::v1::Record odd = Decision(fence_, seq_ + 1, chain_);
        odd.set_kind(log::v1::KIND_POSITION);
        return Accepted(odd);
      }
      default: return Accepted(Decision(fence_, seq_ + 1, chain_));
    }
  }

  log::v1::Record Decision(int64_t fence, int64_t seq, const std::string& chain) {
    log::v1::Record record;
    record.set_rule_version(log::kRuleVersion);
    record.set_kind(log::v1::KIND_DECISION);
    record.set_fence(fence);
    record.set_seq(seq);
    log::v1::Body body;
    body.set_recorded_at(input_.U16());
    body.set_register_version(input_.U8());
    // What is no Body is the folder's matter, not the rule's.
    record.set_body(body.recorded_at() % 16 == 7 ? "\xFF" : body.SerializeAsString());
    record.set_chain(log::NextChain(chain, record.body()));
    return record;
  }
  void Accepted(const log::v1::Record& record) {
    // Before the first claim nothing counts.
    if (fence_ != 0) {
      chain_ = record.chain();
      ++seq_;
    }
    Append(record);
  }
  void Append(const log::v1::Record& record, bool broken = false) {
    // Sent with a sequence and a chain that happen to be next, it counts.
    if (!broken && record.kind() == log::v1::KIND_DECISION && fence_ != 0 && record.fence() == fence_ &&
        record.seq() == seq_ + 1 && record.chain() == log::NextChain(chain_, record.body())) {
      chain_ = record.chain();
      ++seq_;
    }
    log_.push_back({next_++, record, broken});
  }

  Input input_;
  std::vector<Written> log_;
  std::string chain_;
  int64_t next_ = 0;
  int64_t fence_ = 0;
  int64_t seq_ = 0;
};

// Reads [from, end of `log`) on from `state`, until the rule stops; the verdicts.
std::vector<Verdict> Fold(const std::vector<Written>& log, size_t from, RuleState* state) {
  std::vector<Verdict> verdicts;
  for (size_t i = from; i < log.size(); ++i) {
    const RuleState before = *state;
    const auto verdict = log::Accept(log[i].offset, log[i].record, state);
    if (!verdict.ok()) {
      Check(*state == before, "an error changes no state");
      Check(absl::IsDataLoss(verdict.status()) || absl::IsFailedPrecondition(verdict.status()), "the codes told");
      break;
    }
    Check(log::IsPossible(*state), "a state that can be");
    Check(state->next_offset == log[i].offset + 1, "the next offset follows");
    if (*verdict == Verdict::kGenesis) {
      Check(log[i].offset == 0 && before.chain.empty(), "GENESIS at the beginning alone");
    } else {
      Check(state->log_id == before.log_id, "one log");
      Check(state->fence >= before.fence, "fences grow");
      Check(state->last_recorded_at >= before.last_recorded_at, "time does not run back");
      Check(state->last_register_version >= before.last_register_version, "nor does the register");
    }
    if (*verdict == Verdict::kClaim) Check(state->fence == log[i].offset && state->seq == 0, "a claim begins a term");
    if (*verdict == Verdict::kAccepted) {
      Check(state->fence == before.fence && state->fence != 0, "in a term");
      Check(state->seq == before.seq + 1, "in sequence");
      Check(state->chain == log::NextChain(before.chain, log[i].record.body()), "on the state that precedes it");
    } else if (*verdict != Verdict::kGenesis) {
      Check(state->chain == before.chain, "the chain is that of what counts");
    }
    if (log::IsVoid(*verdict)) {
      RuleState moved = before;
      moved.next_offset = state->next_offset;
      Check(*state == moved, "what is void has no effect");
    }
    verdicts.push_back(*verdict);
  }
  return verdicts;
}

void Run(absl::string_view bytes) {
  const Writer writer(bytes);
  const std::vector<Written>& log = writer.log();
  RuleState whole;
  const std::vector<Verdict> verdicts = Fold(log, 0, &whole);
  for (size_t i = 0; i < verdicts.size(); ++i) {
    Check(!log[i].broken || log::IsVoid(verdicts[i]), "what is broken counts nowhere");
  }
  RuleState again;
  Check(Fold(log, 0, &again) == verdicts && again == whole, "the same log is the same state");

  // From any saved state on it is the same, though that state has been through its bytes.
  RuleState begun;
  for (size_t split = 0; split < verdicts.size(); ++split) {
    RuleState saved = begun;
    log::v1::RuleState proto;
    Check(proto.ParseFromString(saved.ToProto().SerializeAsString()), "a state can be read");
    Check(RuleState::FromProto(proto) == saved, "as it was saved");
    if (split % 16 == 0) {
      const std::vector<Verdict> rest = Fold(log, split, &saved);
      Check(rest == std::vector<Verdict>(verdicts.begin() + static_cast<ptrdiff_t>(split), verdicts.end()) &&
                saved == whole,
            "a split changes nothing");
    }
    Check(log::Accept(log[split].offset, log[split].record, &begun).ok(), "as before");
  }
}

const Target kTarget("acceptance", Run);

}  // namespace
}  // namespace redress::fuzz
