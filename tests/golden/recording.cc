#include "tests/golden/recording.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/log/acceptance.h"
#include "libs/status/macros.h"

namespace redress::golden {
namespace {

constexpr absl::string_view kShard = "shard ";

absl::StatusOr<log::ShardId> ParseShard(absl::string_view text) {
  const std::vector<std::string> parts = absl::StrSplit(text, '/');
  log::ShardId id;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[1], &id.shard)) return absl::InvalidArgumentError("no shard");
  ASSIGN_OR_RETURN(id.stream, log::ParseStream(parts[0]));
  return id;
}

char LetterOf(log::Verdict verdict) {
  switch (verdict) {
    case log::Verdict::kGenesis: return 'g';
    case log::Verdict::kClaim: return 'c';
    case log::Verdict::kAccepted: return 'a';
    case log::Verdict::kRepeat: return 'r';
    case log::Verdict::kGap: return 'p';
    case log::Verdict::kStale: return 's';
  }
  return '?';
}

template <typename Visit>
absl::Status ForEachRecord(const Recording& recording, Visit visit) {
  for (const auto& [id, records] : recording.records) {
    log::RuleState state;
    for (size_t i = 0; i < records.size(); ++i) {
      log::v1::Record record;
      const auto offset = static_cast<int64_t>(i);
      RETURN_IF_ERROR(log::ParseRecord(log::ToString(id), offset, records[i], &record));
      ASSIGN_OR_RETURN(const log::Verdict verdict, log::Accept(offset, record, &state));
      RETURN_IF_ERROR(visit(id, record, verdict));
    }
  }
  return absl::OkStatus();
}

class RecordedReader : public log::Reader {
 public:
  RecordedReader(const std::vector<std::string>* records, int64_t next) : records_(*records), next_(next) {}
  absl::Status Read(int max_entries, std::vector<log::Entry>* out) override {
    for (; max_entries > 0 && next_ < static_cast<int64_t>(records_.size()); --max_entries, ++next_) {
      out->push_back({next_, records_[static_cast<size_t>(next_)]});
    }
    return absl::OkStatus();
  }

 private:
  const std::vector<std::string>& records_;
  int64_t next_;
};

}  // namespace

absl::Status ForEachDecision(const Recording& recording,
                             const std::function<void(log::ShardId, const log::v1::Body&)>& visit) {
  return ForEachRecord(recording, [&](log::ShardId id, const log::v1::Record& record, log::Verdict verdict) {
    log::v1::Body body;
    if (verdict != log::Verdict::kAccepted || record.kind() != log::v1::KIND_DECISION) return absl::OkStatus();
    if (!body.ParseFromString(record.body())) return absl::DataLossError("no body");
    visit(id, body);
    return absl::OkStatus();
  });
}

absl::StatusOr<std::string> VerdictsOf(const Recording& recording) {
  std::map<log::ShardId, std::string> verdicts;
  RETURN_IF_ERROR(ForEachRecord(recording, [&](log::ShardId id, const log::v1::Record&, log::Verdict verdict) {
    verdicts[id].push_back(LetterOf(verdict));
    return absl::OkStatus();
  }));
  std::string text;
  for (const auto& [id, letters] : verdicts) absl::StrAppend(&text, log::ToString(id), " ", letters, "\n");
  return text;
}

std::string Format(const Recording& recording) {
  std::string text;
  for (const auto& [id, records] : recording.records) {
    absl::StrAppend(&text, kShard, log::ToString(id), "\n");
    for (const std::string& record : records) absl::StrAppend(&text, absl::BytesToHexString(record), "\n");
  }
  return text;
}

absl::StatusOr<Recording> Parse(absl::string_view text) {
  Recording recording;
  std::vector<std::string>* records = nullptr;
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    if (line.empty() || line[0] == '#') continue;
    if (absl::StartsWith(line, kShard)) {
      const auto id = ParseShard(line.substr(kShard.size()));
      if (!id.ok()) return absl::InvalidArgumentError(absl::StrCat("line ", number, ": ", id.status().message()));
      records = &recording.records[*id];
    } else if (records == nullptr || line.size() % 2 != 0 ||
               line.find_first_not_of("0123456789abcdef") != absl::string_view::npos) {
      return absl::InvalidArgumentError(absl::StrCat("line ", number, ": no record in hex of a shard"));
    } else {
      records->push_back(absl::HexStringToBytes(line));
    }
  }
  return recording;
}

absl::StatusOr<log::LogInfo> InfoOf(const Recording& recording) {
  const auto intake = recording.records.find({log::Stream::kIntake, 0});
  if (intake == recording.records.end() || intake->second.empty()) return absl::DataLossError("no intake/0");
  log::v1::Record record;
  RETURN_IF_ERROR(log::ParseRecord("intake/0", 0, intake->second[0], &record));
  log::v1::Genesis genesis;
  if (record.kind() != log::v1::KIND_GENESIS || !genesis.ParseFromString(record.body())) {
    return absl::DataLossError("intake/0 does not begin with GENESIS");
  }
  log::LogInfo info;
  info.log_id = genesis.log_id();
  info.installation = genesis.installation();
  info.shard_count = genesis.shard_count();
  return info;
}

std::unique_ptr<log::Reader> RecordedLog::Tail(log::ShardId shard, int64_t next_offset) {
  return std::make_unique<RecordedReader>(&recording_->records.at(shard), next_offset);
}

void RecordedLog::EndOf(log::ShardId shard, std::function<void(absl::StatusOr<int64_t>)> done) {
  done(static_cast<int64_t>(recording_->records.at(shard).size()));
}

}  // namespace redress::golden
