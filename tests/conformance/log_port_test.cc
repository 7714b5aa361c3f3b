// The promises of libs/log/log.h, one by one.
#include <gmock/gmock.h>

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "libs/log/acceptance.h"
#include "tests/conformance/log_conformance.h"

namespace redress::log {
namespace {

using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr ShardId kShard{Stream::kRouting, 1};

class LogPort : public LogConformance {
 protected:
  void SetUp() override { Start(1); }

  std::vector<std::string> ReadBytes(int instance, ShardId shard) {
    std::vector<std::string> bytes = BytesOf(ReadAll(instance, shard));
    if (!bytes.empty()) bytes.erase(bytes.begin());
    return bytes;
  }
};

TEST_P(LogPort, EveryShardBeginsWithItsGenesis) {
  driver().Calm();
  const LogInfo& info = log(0).info();
  EXPECT_THAT(info.log_id, SizeIs(16));
  EXPECT_EQ(info.installation, "test");
  EXPECT_EQ(info.shard_count, LogDriver::kShards);
  for (const Stream stream : kAllStreams) {
    for (uint32_t i = 0; i < info.ShardsOf(stream); ++i) {
      const auto entries = ReadAll(1, {stream, i});
      ASSERT_THAT(entries, SizeIs(1));
      EXPECT_EQ(entries[0].offset, 0);
      v1::Record record;
      v1::Genesis genesis;
      RuleState state;
      ASSERT_TRUE(ParseRecord("", 0, entries[0].bytes, &record).ok());
      EXPECT_EQ(*Accept(0, record, &state), Verdict::kGenesis);
      ASSERT_TRUE(genesis.ParseFromString(record.body()));
      EXPECT_EQ(entries[0].bytes, EncodeGenesis(info, {stream, i}, 1, genesis.created_at()));
    }
  }
}

TEST_P(LogPort, AppendsAreReadInTheirOrder) {
  std::vector<std::string> appended;
  for (int i = 0; i < 30; ++i) {
    std::vector<std::string> batch;
    for (int j = 0; j <= i % 4; ++j) batch.push_back(absl::StrCat("record ", i, ".", j));
    AppendSurely(i % LogDriver::kInstances, kShard, batch);
    appended.insert(appended.end(), batch.begin(), batch.end());
  }
  const bool faulty = driver().faulty();
  driver().Calm();
  const auto read = ReadBytes(0, kShard);
  EXPECT_TRUE(IsSubsequence(appended, read));
  if (!faulty) {
    EXPECT_EQ(read, appended);
  }
}

TEST_P(LogPort, ReadsOnFromTheMiddle) {
  for (int i = 0; i < 20; ++i) AppendSurely(0, kShard, {absl::StrCat("record ", i)});
  driver().Calm();
  const auto all = ReadAll(1, kShard);
  for (size_t i = 0; i < all.size(); ++i) {
    std::vector<Entry> next;
    ASSERT_TRUE(log(1).Tail(kShard, all[i].offset)->Read(1, &next).ok());
    ASSERT_THAT(next, SizeIs(1));
    EXPECT_EQ(next[0].offset, all[i].offset);
    EXPECT_EQ(next[0].bytes, all[i].bytes);
  }
}

TEST_P(LogPort, AReadingIsBoundedInEntriesAndBytes) {
  const std::string big(200 * 1024, 'b');
  for (int i = 0; i < 12; ++i) AppendSurely(0, kShard, {absl::StrCat(i, big)});
  driver().Calm();
  const size_t count = ReadAll(0, kShard).size();
  const auto reader = log(0).Tail(kShard, 0);
  std::vector<Entry> entries;
  ASSERT_TRUE(reader->Read(3, &entries).ok());
  EXPECT_THAT(entries, SizeIs(3));
  while (entries.size() < count) {
    const size_t before = entries.size();
    ASSERT_TRUE(reader->Read(1000, &entries).ok());
    size_t bytes = 0;
    for (size_t i = before; i < entries.size(); ++i) bytes += entries[i].bytes.size();
    ASSERT_GT(entries.size(), before);
    EXPECT_LE(bytes, (1u << 20) + kMaxRecordBytes);
  }
}

TEST_P(LogPort, AtTheEndThereIsNothingAndBeyondItAnError) {
  AppendSurely(0, kShard, {"a"});
  driver().Calm();
  const int64_t end = EndOf(0, kShard);
  std::vector<Entry> entries;
  EXPECT_TRUE(log(0).Tail(kShard, end)->Read(10, &entries).ok());
  EXPECT_EQ(log(0).Tail(kShard, end + 1)->Read(10, &entries).code(), absl::StatusCode::kOutOfRange);
  EXPECT_THAT(entries, IsEmpty());
}

TEST_P(LogPort, TheLargestRecordFitsAndALargerOneIsRefusedWithItsBatch) {
  std::string largest(kMaxRecordBytes, 'l');
  AppendSurely(0, kShard, {largest});
  EXPECT_EQ(Append(0, kShard, {"small", largest + "r"}), AppendOutcome::kRefused);
  const auto claim = SendClaim(log(0), kShard, largest + "r");
  ASSERT_TRUE(driver().WaitFor([&] { return claim->has_value(); }));
  EXPECT_EQ(claim->value(), AppendOutcome::kRefused);
  driver().Calm();
  for (const std::string& bytes : ReadBytes(1, kShard)) EXPECT_EQ(bytes, largest);
}

TEST_P(LogPort, AShardThatIsNotThereIsNamed) {
  const ShardId none{Stream::kIntake, 99};
  EXPECT_EQ(Append(0, none, {"a"}), AppendOutcome::kRefused);
  driver().Calm();
  std::vector<Entry> entries;
  const absl::Status error = log(0).Tail(none, 0)->Read(1, &entries);
  EXPECT_EQ(error.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(error.message()), ::testing::HasSubstr("intake/99"));
}

TEST_P(LogPort, ShardsAreApart) {
  std::map<ShardId, std::vector<std::string>> appended;
  for (int i = 0; i < 5; ++i) {
    for (const Stream stream : kAllStreams) {
      for (uint32_t shard = 0; shard < log(0).info().ShardsOf(stream); ++shard) {
        const std::string record = absl::StrCat(StreamName(stream), shard, " ", i);
        AppendSurely(i % LogDriver::kInstances, {stream, shard}, {record});
        appended[{stream, shard}].push_back(record);
      }
    }
  }
  driver().Calm();
  for (const auto& [shard, records] : appended) {
    auto read = ReadBytes(0, shard);
    read.erase(std::unique(read.begin(), read.end()), read.end());
    EXPECT_TRUE(IsSubsequence(records, read));
    for (const std::string& bytes : read) EXPECT_THAT(records, ::testing::Contains(bytes));
  }
}

TEST_P(LogPort, AWaiterIsWokenForEveryRecord) {
  std::atomic<bool> woken = true;
  const auto token = log(1).OnAppend(kShard, [&] { woken = true; });
  const auto reader = log(1).Tail(kShard, 1);
  std::vector<Entry> entries;
  for (int i = 0; i < 50; ++i) {
    const std::string record = absl::StrCat("record ", i);
    AppendSurely(0, kShard, {record});
    // Reads only when woken; a lost wake-up waits for ever.
    const bool arrived = driver().WaitFor([&] {
      if (woken.exchange(false)) {
        const absl::Status status = reader->Read(100, &entries);
        if (!status.ok()) woken = true;  // to be tried again
      }
      return std::any_of(entries.begin(), entries.end(), [&](const Entry& e) { return e.bytes == record; });
    });
    ASSERT_TRUE(arrived) << record << " never arrived";
  }
}

TEST_P(LogPort, AReaderThatGoesOnAtTheEndIsWokenForWhatItHadNotSeen) {
  // The other order: first the reader finds nothing, then it asks to be woken, then it must look once more.
  const auto reader = log(1).Tail(kShard, 1);
  std::vector<Entry> entries;
  AppendSurely(0, kShard, {"before"});
  std::atomic<int> wakes = 0;
  const auto token = log(1).OnAppend(kShard, [&] { ++wakes; });
  AppendSurely(0, kShard, {"after"});
  EXPECT_TRUE(driver().WaitFor([&] { return wakes > 0; }));
}

TEST_P(LogPort, ATokenThatIsGoneIsSilent) {
  std::atomic<int> wakes = 0;
  auto gone = log(0).OnAppend(kShard, [&] { ++wakes; });
  std::shared_ptr<void> itself;
  std::atomic<int> own = 0;
  itself = log(0).OnAppend(kShard, [&] {
    ++own;
    itself.reset();  // inside its own call
  });
  AppendSurely(0, kShard, {"a"});
  EXPECT_TRUE(driver().WaitFor([&] { return wakes > 0 && own > 0; }));
  driver().Calm();
  gone.reset();
  const int before = wakes;
  AppendSurely(0, kShard, {"b"});
  driver().Calm();
  EXPECT_EQ(wakes, before);
  EXPECT_EQ(own, 1);
}

TEST_P(LogPort, TheEndIsNeverMoreThanThereIsAndInTheEndAllOfIt) {
  std::vector<int64_t> ends;
  for (int i = 0; i < 20; ++i) {
    AppendSurely(0, kShard, {"a", "b"});
    ends.push_back(EndOf(1, kShard));
  }
  driver().Calm();
  const int64_t end = EndOf(1, kShard);
  EXPECT_EQ(ReadAll(0, kShard).back().offset + 1, end);
  for (const int64_t earlier : ends) EXPECT_LE(earlier, end);
}

TEST_P(LogPort, AClaimIsKnownByItsNonceAndTheLastOneCounts) {
  std::vector<std::string> nonces;
  for (int i = 0; i < LogDriver::kInstances; ++i) nonces.push_back(absl::StrCat("nonce ", i));
  std::vector<OutcomePtr> outcomes;
  for (int i = 0; i < LogDriver::kInstances; ++i) {
    v1::Claim claim;
    claim.set_nonce(nonces[i]);
    v1::Record record;
    record.set_rule_version(kRuleVersion);
    record.set_kind(v1::KIND_CLAIM);
    record.set_body(claim.SerializeAsString());
    outcomes.push_back(SendClaim(log(i), kShard, record.SerializeAsString()));
  }
  for (const auto& outcome : outcomes) ASSERT_TRUE(driver().WaitFor([&] { return outcome->has_value(); }));
  driver().Calm();
  std::map<std::string, int64_t> found;
  RuleState state;
  for (const Entry& entry : ReadAll(0, kShard)) {
    v1::Record record;
    ASSERT_TRUE(ParseRecord("", entry.offset, entry.bytes, &record).ok());
    const auto verdict = Accept(entry.offset, record, &state);
    ASSERT_TRUE(verdict.ok());
    v1::Claim claim;
    if (*verdict != Verdict::kClaim) continue;
    ASSERT_TRUE(claim.ParseFromString(record.body()));
    found[claim.nonce()] = entry.offset;
  }
  int64_t last = 0;
  for (const auto& [nonce, offset] : found) last = std::max(last, offset);
  EXPECT_EQ(state.fence, last);
  for (int i = 0; i < LogDriver::kInstances; ++i) {
    if (outcomes[i]->value() == AppendOutcome::kAppended) {
      EXPECT_EQ(found.count(nonces[i]), 1u);
    }
    if (outcomes[i]->value() == AppendOutcome::kRefused) {
      EXPECT_EQ(found.count(nonces[i]), 0u);
    }
  }
}

TEST_P(LogPort, ARestartKeepsWhatWasAcknowledgedAndWhatWasSeen) {
  std::vector<std::string> acknowledged;
  std::vector<Entry> seen;
  for (int life = 0; life < 4; ++life) {
    for (int i = 0; i < 6; ++i) {
      const std::string record = absl::StrCat("record ", life, ".", i);
      AppendSurely(i % LogDriver::kInstances, kShard, {record});
      acknowledged.push_back(record);
    }
    seen = ReadTo(1, kShard, 0, EndOf(1, kShard));
    Send(log(2), kShard, {absl::StrCat("under way ", life)});
    driver().Restart();
  }
  driver().Calm();
  const auto all = ReadAll(0, kShard);
  EXPECT_TRUE(IsSubsequence(acknowledged, BytesOf(all)));
  ASSERT_LE(seen.size(), all.size());
  for (size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].offset, all[i].offset);
    EXPECT_EQ(seen[i].bytes, all[i].bytes);
  }
}

INSTANTIATE_TEST_SUITE_P(Log, LogPort, ::testing::ValuesIn(AllLogFactories()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace redress::log
