// Bytes of one log entry, read on from a rule state that is bytes, too: a state of the input's choice, as a forged or
// damaged cursor holds it.
//
//   input   = length(2 bytes, little endian) state record
#include <string>

#include "libs/log/acceptance.h"
#include "libs/log/log.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace redress::fuzz {
namespace {

void Run(absl::string_view bytes) {
  Input input(bytes);
  const size_t length = input.U16();
  const absl::string_view rest = input.Rest();
  const absl::string_view entry = rest.substr(std::min(length, rest.size()));

  log::RuleState state;
  log::v1::RuleState proto;
  if (proto.ParseFromString(std::string(rest.substr(0, length)))) {
    state = log::RuleState::FromProto(proto);
    Check(log::RuleState::FromProto(state.ToProto()) == state, "a state is what it was saved as");
    // What no fold has left is folded by nobody.
    if (!log::IsPossible(state)) state = log::RuleState();
  }

  log::v1::Record record;
  const absl::Status parsed = log::ParseRecord("fuzz/0", state.next_offset, entry, &record);
  if (!parsed.ok()) {
    Check(absl::IsDataLoss(parsed), "what is no record is data lost");
    Check(parsed.message().size() < 200, "a message quotes the head alone");
    return;
  }
  Check(record.kind() != log::v1::KIND_UNSPECIFIED, "a record is of a kind");
  log::v1::Record copy;
  Check(copy.ParseFromString(record.SerializeAsString()), "what was read can be written and read");
  const log::RuleState before = state;
  log::RuleState other = state;
  const auto verdict = log::Accept(state.next_offset, record, &state);
  const auto same = log::Accept(other.next_offset, copy, &other);
  Check(verdict.ok() == same.ok() && state == other, "bytes written anew mean the same");
  if (!verdict.ok()) {
    Check(state == before, "an error changes no state");
    return;
  }
  Check(*verdict == *same, "bytes written anew mean the same");
  Check(log::IsPossible(state), "a fold leaves what is possible");
  Check(state.next_offset > before.next_offset, "a reader moves on");
  if (*verdict == log::Verdict::kAccepted) {
    Check(state.seq == record.seq() && state.chain == record.chain(), "the state is the record's");
    Check(state.fence == record.fence(), "of its term");
  }
  if (log::IsVoid(*verdict))
    Check(state.chain == before.chain && state.seq == before.seq, "what is void has no effect");
}

const Target kTarget("records", Run);

}  // namespace
}  // namespace redress::fuzz
