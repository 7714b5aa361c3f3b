#include "libs/log/acceptance.h"

#include <sodium.h>

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "libs/log/log.h"
#include "libs/status/errors.h"

namespace redress::log {
namespace {

absl::Status Corrupt(int64_t offset, absl::string_view what) {
  return MakeError(absl::StatusCode::kDataLoss, "LOG_CORRUPT", absl::StrCat("offset ", offset, ": ", what),
                   {{"offset", absl::StrCat(offset)}});
}

absl::StatusOr<Verdict> AcceptGenesis(int64_t offset, const v1::Record& record, RuleState* state) {
  if (offset != 0 || !state->chain.empty()) return Corrupt(offset, "a GENESIS elsewhere than at the beginning");
  v1::Genesis genesis;
  if (!genesis.ParseFromString(record.body()) || genesis.log_id().empty())
    return Corrupt(offset, "GENESIS is unreadable");
  state->log_id = genesis.log_id();
  state->next_offset = offset + 1;
  state->fence = 0;
  state->seq = 0;
  state->chain = NextChain("", record.body());
  state->last_recorded_at = genesis.created_at();
  return Verdict::kGenesis;
}

void Remember(const v1::Record& record, RuleState* state, std::optional<v1::Body>* kept) {
  if (record.kind() == v1::KIND_POSITION) {
    v1::Progress progress;
    if (progress.ParseFromString(record.body())) {
      state->last_recorded_at = std::max(state->last_recorded_at, progress.recorded_at());
    }
    return;
  }
  std::optional<v1::Body> mine;
  std::optional<v1::Body>& body = kept == nullptr ? mine : *kept;
  body.emplace();
  if (!body->ParseFromString(record.body())) return body.reset();  // whoever applies it says so
  state->last_recorded_at = std::max(state->last_recorded_at, body->recorded_at());
  state->last_register_version = std::max(state->last_register_version, body->register_version());
}

}  // namespace

v1::RuleState RuleState::ToProto() const {
  v1::RuleState proto;
  proto.set_log_id(log_id);
  proto.set_next_offset(next_offset);
  proto.set_fence(fence);
  proto.set_seq(seq);
  proto.set_chain(chain);
  proto.set_last_recorded_at(last_recorded_at);
  proto.set_last_register_version(last_register_version);
  return proto;
}

RuleState RuleState::FromProto(const v1::RuleState& proto) {
  return {proto.log_id(),           proto.next_offset(),          proto.fence(), proto.seq(), proto.chain(),
          proto.last_recorded_at(), proto.last_register_version()};
}

bool IsPossible(const RuleState& state) {
  if (state.next_offset == 0) return state == RuleState();
  // A term begins with its claim, and each of its records lies behind it.
  return !state.log_id.empty() && state.chain.size() == kChainBytes && state.next_offset > 0 &&
         state.next_offset < std::numeric_limits<int64_t>::max() && state.fence >= 0 &&
         state.fence < state.next_offset && state.seq >= 0 && state.seq < state.next_offset - state.fence &&
         (state.fence > 0 || state.seq == 0) && state.last_register_version >= 0;
}

std::string NextChain(absl::string_view previous, absl::string_view body) {
  std::string chain(kChainBytes, '\0');
  crypto_generichash_state hash;
  crypto_generichash_init(&hash, nullptr, 0, kChainBytes);
  crypto_generichash_update(&hash, reinterpret_cast<const unsigned char*>(previous.data()), previous.size());
  crypto_generichash_update(&hash, reinterpret_cast<const unsigned char*>(body.data()), body.size());
  crypto_generichash_final(&hash, reinterpret_cast<unsigned char*>(chain.data()), kChainBytes);
  return chain;
}

absl::Status ParseRecord(absl::string_view where, int64_t offset, absl::string_view bytes, v1::Record* record) {
  if (record->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) && record->kind() != v1::KIND_UNSPECIFIED) {
    return absl::OkStatus();
  }
  return MakeError(absl::StatusCode::kDataLoss, "RECORD_UNREADABLE",
                   absl::StrCat(where, " offset ", offset, ": not a record; it begins ", Hex(bytes.substr(0, 32))),
                   {{"shard", std::string(where)}, {"offset", absl::StrCat(offset)}});
}

absl::StatusOr<Verdict> Accept(int64_t offset, const v1::Record& record, RuleState* state,
                               std::optional<v1::Body>* body) {
  if (body != nullptr) body->reset();
  if (record.rule_version() > kRuleVersion) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "RULE_VERSION_UNKNOWN",
                     absl::StrCat("offset ", offset, " was written under rule version ", record.rule_version(),
                                  "; this build knows ", kRuleVersion));
  }
  if (record.kind() == v1::KIND_GENESIS) return AcceptGenesis(offset, record, state);
  if (state->chain.empty()) return Corrupt(offset, "the shard does not begin with a GENESIS");
  if (record.kind() == v1::KIND_CLAIM) {
    state->next_offset = offset + 1;
    state->fence = offset;
    state->seq = 0;
    return Verdict::kClaim;
  }
  if (record.fence() == 0 || record.fence() != state->fence) {
    state->next_offset = offset + 1;
    return Verdict::kStale;
  }
  if (record.seq() != state->seq + 1) {
    state->next_offset = offset + 1;
    return record.seq() <= state->seq ? Verdict::kRepeat : Verdict::kGap;
  }
  if (record.chain() != NextChain(state->chain, record.body())) {
    return Corrupt(offset, absl::StrCat("chain ", Hex(record.chain()), " is not what follows ", Hex(state->chain)));
  }
  state->next_offset = offset + 1;
  state->seq = record.seq();
  state->chain = record.chain();
  Remember(record, state, body);
  return Verdict::kAccepted;
}

}  // namespace redress::log
