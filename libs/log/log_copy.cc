#include "libs/log/log_copy.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"

namespace redress::log {
namespace {

constexpr int kReadEntries = 256;
constexpr size_t kBatchRecords = 128;
constexpr size_t kBatchBytes = 1 << 20;

absl::Status Unreadable(ShardId shard, int64_t offset, absl::string_view what) {
  return MakeError(absl::StatusCode::kDataLoss, "RECORD_UNREADABLE",
                   absl::StrCat(ToString(shard), " offset ", offset, ": ", what),
                   {{"shard", ToString(shard)}, {"offset", absl::StrCat(offset)}});
}

// One shard read to its end, each record with its verdict.
class Folding {
 public:
  Folding(Log* log, ShardId shard) : shard_(shard), reader_(log->Tail(shard, 0)) {}
  const ShardSummary& summary() const { return summary_; }

  using OnRecord = std::function<absl::Status(int64_t offset, Verdict verdict, const v1::Record& record)>;
  absl::Status ToTheEnd(const OnRecord& on_record) {
    while (true) {
      std::vector<Entry> entries;
      RETURN_IF_ERROR(reader_->Read(kReadEntries, &entries));
      if (entries.empty()) return absl::OkStatus();
      for (const Entry& entry : entries) {
        v1::Record record;
        RETURN_IF_ERROR(ParseRecord(ToString(shard_), entry.offset, entry.bytes, &record));
        const auto verdict = Accept(entry.offset, record, &summary_.state);
        if (!verdict.ok()) return Annotate(verdict.status(), ToString(shard_));
        RETURN_IF_ERROR(Count(entry.offset, *verdict, record));
        if (on_record != nullptr) RETURN_IF_ERROR(on_record(entry.offset, *verdict, record));
      }
    }
  }

 private:
  absl::Status Count(int64_t offset, Verdict verdict, const v1::Record& record) {
    if (IsVoid(verdict)) {
      ++summary_.voids;
    } else if (verdict == Verdict::kGenesis) {
      v1::Genesis genesis;
      if (!genesis.ParseFromString(record.body())) return Unreadable(shard_, offset, "its body is no GENESIS");
      summary_.genesis_level = genesis.level();
      summary_.level = genesis.level();
    } else if (verdict == Verdict::kClaim) {
      v1::Claim claim;
      if (!claim.ParseFromString(record.body())) return Unreadable(shard_, offset, "its body is no CLAIM");
      summary_.level = claim.level();
    } else if (record.kind() == v1::KIND_DECISION) {
      ++summary_.decisions;
    } else {
      ++summary_.positions;
    }
    return absl::OkStatus();
  }

  const ShardId shard_;
  const std::unique_ptr<Reader> reader_;
  ShardSummary summary_;
};

std::vector<ShardId> ShardsOf(const LogInfo& info) {
  std::vector<ShardId> shards;
  for (const Stream stream : kAllStreams) {
    for (uint32_t i = 0; i < info.ShardsOf(stream); ++i) shards.push_back({stream, i});
  }
  return shards;
}

absl::StatusOr<ShardId> InputOf(ShardId shard, int64_t offset, const v1::Source& source) {
  const auto stream = ParseStream(source.stream());
  if (!stream.ok()) return Unreadable(shard, offset, "it names an input that is no stream");
  return ShardId{*stream, source.shard()};
}

// Where each shard stands in its inputs: the offset after what it has consumed.
using Consumed = std::map<ShardId, std::map<ShardId, int64_t>>;

// Where offsets of the old log are in the new one; filled while an input is copied.
using States = std::map<ShardId, std::map<int64_t, RuleState>>;

class Copying {
 public:
  explicit Copying(const CopyOptions& options) : options_(options), shards_(ShardsOf(options.from->info())) {}

  absl::StatusOr<LogSummary> Run() {
    RETURN_IF_ERROR(CheckTarget());
    for (const ShardId shard : shards_) RETURN_IF_ERROR(ReadSources(shard));
    for (const ShardId shard : shards_) RETURN_IF_ERROR(CopyShard(shard));
    for (const ShardId shard : shards_) RETURN_IF_ERROR(WritePosition(shard));
    LogSummary written;
    for (const auto& [shard, folding] : written_) written[shard] = folding->summary();
    return written;
  }

 private:
  absl::Status CheckTarget() {
    const LogInfo& from = options_.from->info();
    const LogInfo& to = options_.to->info();
    if (from.installation != to.installation || from.shard_count != to.shard_count) {
      return MakeError(absl::StatusCode::kFailedPrecondition, "LOG_OF_ANOTHER_SHAPE",
                       absl::StrCat("a log of ", from.installation, " with ", from.shard_count,
                                    " shards is not copied into one of ", to.installation, " with ", to.shard_count));
    }
    for (const ShardId shard : shards_) {
      std::vector<Entry> entries;
      RETURN_IF_ERROR(options_.to->Tail(shard, 0)->Read(2, &entries));
      if (entries.size() == 1 && from.log_id != to.log_id) continue;
      return MakeError(absl::StatusCode::kFailedPrecondition, "LOG_NOT_NEW",
                       absl::StrCat(ToString(shard), " of the target is not a new log's"));
    }
    return absl::OkStatus();
  }

  absl::Status ReadSources(ShardId shard) {
    auto& sources = consumed_[shard];
    const auto note = [&](int64_t offset, const v1::Source& source) -> absl::Status {
      ASSIGN_OR_RETURN(const ShardId input, InputOf(shard, offset, source));
      sources[input] = source.state().next_offset();
      return absl::OkStatus();
    };
    Folding folding(options_.from, shard);
    RETURN_IF_ERROR(folding.ToTheEnd([&](int64_t offset, Verdict verdict, const v1::Record& record) -> absl::Status {
      if (verdict != Verdict::kAccepted) return absl::OkStatus();
      if (record.kind() == v1::KIND_DECISION) {
        return record.has_source() ? note(offset, record.source()) : absl::OkStatus();
      }
      v1::Progress progress;
      if (!progress.ParseFromString(record.body())) return Unreadable(shard, offset, "its body is no POSITION");
      for (const v1::Source& source : progress.sources()) RETURN_IF_ERROR(note(offset, source));
      return absl::OkStatus();
    }));
    level_[shard] = folding.summary().level;
    ends_[shard] = folding.summary().state.next_offset;
    recorded_at_[shard] = folding.summary().state.last_recorded_at;
    for (const auto& [input, next] : sources) wanted_[input].push_back(next);
    return absl::OkStatus();
  }

  absl::Status CopyShard(ShardId shard) {
    std::vector<int64_t>& wanted = wanted_[shard];
    std::sort(wanted.begin(), wanted.end());
    written_[shard] = std::make_unique<Folding>(options_.to, shard);
    RETURN_IF_ERROR(written_[shard]->ToTheEnd(nullptr));
    RETURN_IF_ERROR(Claim(shard));
    size_t next_wanted = 0;
    // Offsets up to and with `offset` of the old log are where the new one stands.
    const auto reached = [&](int64_t offset) {
      for (; next_wanted < wanted.size() && wanted[next_wanted] <= offset; ++next_wanted) {
        states_[shard][wanted[next_wanted]] = written_[shard]->summary().state;
      }
    };
    Folding source(options_.from, shard);
    size_t bytes = 0;
    RETURN_IF_ERROR(source.ToTheEnd([&](int64_t offset, Verdict verdict, const v1::Record& record) -> absl::Status {
      // Somebody stands just before this record.
      if (next_wanted < wanted.size() && wanted[next_wanted] <= offset) {
        RETURN_IF_ERROR(Flush(shard));
        bytes = 0;
        reached(offset);
      }
      if (verdict != Verdict::kAccepted || record.kind() != v1::KIND_DECISION) return absl::OkStatus();
      pending_.push_back(record.body());
      bytes += record.body().size();
      if (pending_.size() < kBatchRecords && bytes < kBatchBytes) return absl::OkStatus();
      bytes = 0;
      return Flush(shard);
    }));
    RETURN_IF_ERROR(Flush(shard));
    reached(ends_[shard]);
    if (next_wanted == wanted.size()) return absl::OkStatus();
    return MakeError(
        absl::StatusCode::kDataLoss, "SOURCE_BEYOND_INPUT",
        absl::StrCat(ToString(shard), " ends at ", ends_[shard], ", and another shard has consumed it up to ",
                     wanted.back(), ": they are not of one instant"));
  }

  absl::Status WritePosition(ShardId shard) {
    v1::Progress progress;
    for (const auto& [input, next] : consumed_[shard]) {
      v1::Source* source = progress.add_sources();
      source->set_stream(std::string(StreamName(input.stream)));
      source->set_shard(input.shard);
      *source->mutable_state() = states_[input].at(next).ToProto();
    }
    if (progress.sources_size() == 0) return absl::OkStatus();
    // Time does not run back in a shard: also not behind positions that were left out.
    progress.set_recorded_at(std::max(written_[shard]->summary().state.last_recorded_at, recorded_at_[shard]));
    return Append(shard, {Framed(shard, v1::KIND_POSITION, progress.SerializeAsString())});
  }

  absl::Status Claim(ShardId shard) {
    v1::Claim claim;
    claim.set_owner(options_.owner);
    claim.set_level(level_[shard]);
    for (int i = 0; i < 2; ++i) {
      const uint64_t bits = options_.ids->Random64();
      for (int byte = 0; byte < 8; ++byte) claim.mutable_nonce()->push_back(static_cast<char>(bits >> (8 * byte)));
    }
    claim.set_claimed_at(options_.now);
    v1::Record record;
    record.set_rule_version(kRuleVersion);
    record.set_kind(v1::KIND_CLAIM);
    record.set_body(claim.SerializeAsString());
    std::optional<AppendOutcome> outcome;
    options_.to->AppendClaim(shard, record.SerializeAsString(), [&](AppendOutcome told) { outcome = told; });
    return Settle(shard, &outcome);
  }

  absl::Status Flush(ShardId shard) {
    if (pending_.empty()) return absl::OkStatus();
    RuleState state = written_[shard]->summary().state;
    std::vector<std::string> records;
    for (std::string& body : pending_) {
      v1::Record record = Follow(&state, v1::KIND_DECISION, std::move(body));
      records.push_back(record.SerializeAsString());
    }
    pending_.clear();
    return Append(shard, std::move(records));
  }

  static v1::Record Follow(RuleState* state, v1::Kind kind, std::string body) {
    v1::Record record;
    record.set_rule_version(kRuleVersion);
    record.set_kind(kind);
    record.set_fence(state->fence);
    record.set_seq(++state->seq);
    state->chain = NextChain(state->chain, body);
    record.set_chain(state->chain);
    record.set_body(std::move(body));
    return record;
  }
  std::string Framed(ShardId shard, v1::Kind kind, std::string body) {
    RuleState state = written_[shard]->summary().state;
    return Follow(&state, kind, std::move(body)).SerializeAsString();
  }

  absl::Status Append(ShardId shard, std::vector<std::string> records) {
    std::optional<AppendOutcome> outcome;
    options_.to->Append(shard, std::move(records), [&](AppendOutcome told) { outcome = told; });
    return Settle(shard, &outcome);
  }

  // What was written counts by the rule, and stands where the next begins.
  absl::Status Settle(ShardId shard, std::optional<AppendOutcome>* outcome) {
    options_.drive();
    if (*outcome == AppendOutcome::kRefused) {
      const std::string why = options_.to->WhyRefused();
      return MakeError(absl::StatusCode::kResourceExhausted, "LOG_FULL",
                       absl::StrCat("the new log takes nothing more", why.empty() ? "" : ": ", why));
    }
    if (*outcome != AppendOutcome::kAppended) {
      return MakeError(absl::StatusCode::kUnavailable, "LOG_NOT_COPIED",
                       absl::StrCat("nobody can tell what became of an append to ", ToString(shard)));
    }
    return written_[shard]->ToTheEnd([&](int64_t offset, Verdict verdict, const v1::Record&) {
      return IsVoid(verdict) ? Unreadable(shard, offset, "what was copied is void") : absl::OkStatus();
    });
  }

  const CopyOptions& options_;
  const std::vector<ShardId> shards_;
  Consumed consumed_;
  std::map<ShardId, std::vector<int64_t>> wanted_;
  std::map<ShardId, uint32_t> level_;
  std::map<ShardId, int64_t> ends_;
  std::map<ShardId, int64_t> recorded_at_;  // of the last accepted record
  States states_;
  std::map<ShardId, std::unique_ptr<Folding>> written_;
  std::vector<std::string> pending_;
};

}  // namespace

absl::StatusOr<LogSummary> ReadWhole(Log* log, const Visitor& visit) {
  LogSummary summary;
  for (const ShardId shard : ShardsOf(log->info())) {
    Folding folding(log, shard);
    RETURN_IF_ERROR(folding.ToTheEnd([&](int64_t offset, Verdict verdict, const v1::Record& record) -> absl::Status {
      if (verdict != Verdict::kAccepted || record.kind() != v1::KIND_DECISION) return absl::OkStatus();
      v1::Body body;
      if (!body.ParseFromString(record.body())) return Unreadable(shard, offset, "its body is no decision's");
      return visit != nullptr ? visit(shard, body) : absl::OkStatus();
    }));
    summary[shard] = folding.summary();
  }
  return summary;
}

absl::StatusOr<LogSummary> CopyLog(const CopyOptions& options) { return Copying(options).Run(); }

}  // namespace redress::log
