#include "tests/sim/replay.h"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "libs/clock/fake_clock.h"
#include "libs/privacy/made_ahead_key_store.h"
#include "libs/privacy/read_audit.h"
#include "libs/runtime/rows.h"
#include "libs/store/memory/memory_database.h"
#include "services/standalone/node.h"

namespace redress::sim {
namespace {

// Records that are there already, shown up to a limit a shard. Takes nothing in. Single-threaded.
class LimitedLog : public log::Log {
 public:
  LimitedLog(const Evidence& evidence, log::LogInfo info) : info_(std::move(info)) {
    for (const auto& [place, entries] : evidence.shards) {
      shards_[{*log::ParseStream(place.first), place.second}].entries = &entries;
    }
  }
  // Shows what lies before `offset`.
  void ShowUpTo(log::ShardId id, int64_t offset) {
    shards_[id].limit = offset;
    for (const auto& [number, wake] : shards_[id].wakers) wake();
  }

  const log::LogInfo& info() const override { return info_; }
  void AppendClaim(log::ShardId, std::string, std::function<void(log::AppendOutcome)> done) override {
    done(log::AppendOutcome::kRefused);
  }
  void Append(log::ShardId, std::vector<std::string>, std::function<void(log::AppendOutcome)> done) override {
    done(log::AppendOutcome::kRefused);
  }
  std::unique_ptr<log::Reader> Tail(log::ShardId id, int64_t next_offset) override {
    return std::make_unique<ShardReader>(&shards_[id], next_offset);
  }
  void EndOf(log::ShardId id, std::function<void(absl::StatusOr<int64_t>)> done) override { done(shards_[id].limit); }
  std::shared_ptr<void> OnAppend(log::ShardId id, std::function<void()> wake) override {
    auto& wakers = shards_[id].wakers;
    const int number = next_waker_++;
    wakers[number] = std::move(wake);
    return {nullptr, [&wakers, number](void*) { wakers.erase(number); }};
  }

 private:
  struct Shown {
    const std::vector<LoggedEntry>* entries = nullptr;
    int64_t limit = 0;
    std::map<int, std::function<void()>> wakers;
  };
  class ShardReader : public log::Reader {
   public:
    ShardReader(const Shown* shown, int64_t next) : shown_(shown) {
      while (at_ < shown_->entries->size() && (*shown_->entries)[at_].offset < next) ++at_;
    }
    absl::Status Read(int max_entries, std::vector<log::Entry>* out) override {
      const auto& entries = *shown_->entries;
      for (; max_entries > 0 && at_ < entries.size() && entries[at_].offset < shown_->limit; --max_entries, ++at_) {
        out->push_back({entries[at_].offset, entries[at_].bytes});
      }
      return absl::OkStatus();
    }

   private:
    const Shown* shown_;
    size_t at_ = 0;
  };

  const log::LogInfo info_;
  std::map<log::ShardId, Shown> shards_;
  int next_waker_ = 0;
};

}  // namespace

std::vector<DigestSeen> ReplayDigests(const Evidence& evidence, const log::LogInfo& info, InMemoryKeyRows* keys) {
  std::map<log::ShardId, std::set<int64_t>> positions;
  for (const DigestSeen& seen : evidence.digests) {
    positions[{*log::ParseStream(seen.stream), seen.shard}].insert(seen.next);
  }
  LimitedLog log(evidence, info);
  FakeClock clock;
  FakeExecutor executor(&clock);
  SeededIdSource ids(1);
  MadeAheadKeyStore key_store(keys, &ids, &clock, 16);
  InMemoryReadAudit audit;
  NodeOptions options;
  options.instance = "replay";
  options.log = &log;
  options.clock = &clock;
  options.ids = &ids;
  options.executors = {&executor};
  options.aside = &executor;
  options.keys = &key_store;
  options.audit = &audit;
  for (const log::Stream stream : log::kAllStreams) {
    options.databases[stream] = std::make_shared<store::MemoryDatabase>();
  }
  Node node(std::move(options));
  node.Start(/*own_all=*/false);

  std::vector<DigestSeen> digests;
  for (bool more = true; more;) {
    more = false;
    for (auto& [id, left] : positions) {
      if (!left.empty()) log.ShowUpTo(id, *left.begin());
    }
    executor.RunFor(kSecond);
    for (auto& [id, left] : positions) {
      if (left.empty()) continue;
      left.erase(left.begin());
      more = more || !left.empty();
      const auto rows = node.runtime(id.stream)->database();
      const auto shard = static_cast<uint16_t>(id.shard);
      digests.push_back({std::string(log::StreamName(id.stream)), id.shard,
                         runtime::LoadRuleState(*rows, shard).next_offset,
                         store::DigestOf(*rows, shard, store::DigestScope::kAll), "folded again"});
    }
  }
  return digests;
}

}  // namespace redress::sim
