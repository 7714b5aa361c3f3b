#include "tests/sim/fold.h"

#include <sodium.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "redress/intake/events/v1/events.pb.h"
#include "redress/register/events/v1/events.pb.h"
#include "redress/routing/events/v1/events.pb.h"
#include "redress/scheduling/events/v1/events.pb.h"
#include "redress/sla/events/v1/events.pb.h"

namespace redress::sim {
namespace {

namespace pb = ::google::protobuf;

std::string HashOf(const std::string& previous, const std::string& body) {
  const std::string joined = previous + body;
  std::string out(16, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(out.data()), 16,
                     reinterpret_cast<const unsigned char*>(joined.data()), joined.size(), nullptr, 0);
  return out;
}

const pb::Message& EventOf(const std::string& stream) {
  if (stream == "intake") return intake::events::v1::Event::default_instance();
  if (stream == "routing") return routing::events::v1::Event::default_instance();
  if (stream == "scheduling") return scheduling::events::v1::Event::default_instance();
  if (stream == "sla") return sla::events::v1::Event::default_instance();
  return register_::events::v1::Event::default_instance();
}

// "intake.complaint_received"; "" for what no build of this level writes.
std::string KindOf(const std::string& stream, const log::v1::Event& stored) {
  const bool own = absl::StartsWith(stored.aggregate(), "inputs/");
  const pb::Message& prototype = own ? log::v1::RuntimeEvent::default_instance() : EventOf(stream);
  const std::unique_ptr<pb::Message> event(prototype.New());
  if (!event->ParseFromString(stored.payload())) return "";
  const auto* kind = event->GetReflection()->GetOneofFieldDescriptor(*event, prototype.GetDescriptor()->oneof_decl(0));
  return kind == nullptr ? "" : absl::StrCat(own ? "runtime" : stream, ".", kind->name());
}

bool Same(const log::v1::RuleState& a, const log::v1::RuleState& b) {
  return a.log_id() == b.log_id() && a.next_offset() == b.next_offset() && a.fence() == b.fence() &&
         a.seq() == b.seq() && a.chain() == b.chain() && a.last_recorded_at() == b.last_recorded_at() &&
         a.last_register_version() == b.last_register_version();
}

// A source as some record states it.
struct SourceSaid {
  std::string place;  // the record's
  int64_t offset = 0;
  log::v1::Source source;
};

class Folder {
 public:
  explicit Folder(Case* run) : run_(run) {}

  void Run() {
    for (const auto& [shard, entries] : run_->evidence.shards) FoldShard(shard.first, shard.second, entries);
    for (const SourceSaid& said : sources_) CheckSource(said);
  }

 private:
  // The acceptance rule, written once more.
  void FoldShard(const std::string& stream, uint32_t shard, const std::vector<LoggedEntry>& entries) {
    const std::string place = absl::StrCat(stream, "/", shard);
    log::v1::RuleState state;
    auto& states = states_[place];
    for (const LoggedEntry& entry : entries) {
      ++run_->findings.records;
      log::v1::Record record;
      if (!record.ParseFromString(entry.bytes)) {
        return run_->Violation("chain: ", place, " offset ", entry.offset, " is unreadable");
      }
      state.set_next_offset(entry.offset + 1);
      if (entry.offset == 0) {
        log::v1::Genesis genesis;
        if (record.kind() != log::v1::KIND_GENESIS || !genesis.ParseFromString(record.body())) {
          return run_->Violation("chain: ", place, " has no GENESIS");
        }
        state.set_log_id(genesis.log_id());
        state.set_chain(HashOf("", record.body()));
        state.set_last_recorded_at(genesis.created_at());
      } else if (record.kind() == log::v1::KIND_CLAIM) {
        ++run_->findings.claims;
        state.set_fence(entry.offset);
        state.set_seq(0);
      } else if (state.fence() == 0 || record.fence() != state.fence() || record.seq() != state.seq() + 1) {
        ++run_->findings.voids;
      } else if (HashOf(state.chain(), record.body()) != record.chain()) {
        return run_->Violation("chain: ", place, " offset ", entry.offset, " does not follow what precedes it");
      } else {
        state.set_seq(record.seq());
        state.set_chain(record.chain());
        Take({stream, shard, entry.offset, {}}, record, place, &state);
      }
      states[state.next_offset()] = state;
    }
  }

  // An accepted record.
  void Take(Decision decision, const log::v1::Record& record, const std::string& place, log::v1::RuleState* state) {
    ++run_->findings.accepted;
    int64_t at = 0;
    if (record.kind() == log::v1::KIND_POSITION) {
      log::v1::Progress progress;
      progress.ParseFromString(record.body());
      at = progress.recorded_at();
      for (const auto& source : progress.sources()) sources_.push_back({place, decision.offset, source});
    } else {
      decision.body.ParseFromString(record.body());
      at = decision.body.recorded_at();
      if (record.has_source()) sources_.push_back({place, decision.offset, record.source()});
      if (decision.body.has_cause() && record.source().stream() != decision.body.cause().stream()) {
        run_->Violation("source: ", place, " offset ", decision.offset, " reacts to ", decision.body.cause().stream(),
                        " and does not say how far that was read");
      }
      if (decision.body.register_version() < state->last_register_version()) {
        run_->Violation("time: ", place, " offset ", decision.offset, ": the register version runs back");
      }
      state->set_last_register_version(std::max(state->last_register_version(), decision.body.register_version()));
    }
    if (at < state->last_recorded_at()) {
      run_->Violation("time: ", place, " offset ", decision.offset, ": recorded_at runs back");
    }
    state->set_last_recorded_at(std::max(state->last_recorded_at(), at));
    if (record.kind() != log::v1::KIND_DECISION) return;
    for (const auto& event : decision.body.events()) {
      const std::string kind = KindOf(decision.stream, event);
      if (kind.empty()) run_->Violation("chain: ", place, " offset ", decision.offset, " holds an unknown event");
      ++run_->findings.kinds[kind];
    }
    run_->decisions.push_back(std::move(decision));
  }

  // A source is a whole rule state of its shard, as that was after some entry, and never runs back.
  void CheckSource(const SourceSaid& said) {
    ++run_->findings.sources;
    const std::string input = absl::StrCat(said.source.stream(), "/", said.source.shard());
    const log::v1::RuleState& state = said.source.state();
    int64_t& known = known_[{said.place, input}];
    if (state.next_offset() < known) {
      run_->Violation("source: ", said.place, " offset ", said.offset, " reads ", input, " back from ", known, " to ",
                      state.next_offset());
    }
    known = state.next_offset();
    // Nothing read yet.
    if (state.next_offset() == 0) return;
    const auto& states = states_[input];
    const auto found = states.find(state.next_offset());
    if (found == states.end() || !Same(found->second, state)) {
      run_->Violation("source: ", said.place, " offset ", said.offset, " says of ", input, " at ", state.next_offset(),
                      " what never was so: ", state.ShortDebugString(), "; it was ",
                      found == states.end() ? "no place" : found->second.ShortDebugString());
    }
  }

  Case* run_;
  std::map<std::string, std::map<int64_t, log::v1::RuleState>> states_;  // place → next offset → state there
  std::vector<SourceSaid> sources_;
  std::map<std::pair<std::string, std::string>, int64_t> known_;
};

}  // namespace

void Fold(Case* run) { Folder(run).Run(); }

}  // namespace redress::sim
