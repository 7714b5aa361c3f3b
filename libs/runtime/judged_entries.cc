#include "libs/runtime/judged_entries.h"

#include <algorithm>
#include <utility>

#include "libs/runtime/fold.h"
#include "libs/status/macros.h"

namespace redress::runtime {

const log::v1::Event* FindUnknown(const Logic& logic, log::Stream from, const Judged& judged) {
  const uint32_t bit = uint32_t{1} << static_cast<uint32_t>(logic.stream());
  if ((judged.known_to & bit) != 0) return nullptr;
  const log::v1::Event* const unknown = FindUnknown(logic, from, *judged.body);
  if (unknown == nullptr) judged.known_to |= bit;
  return unknown;
}

const log::v1::Event* FindUnknown(const Logic& logic, log::Stream from, const log::v1::Body& body) {
  for (const log::v1::Event& event : body.events()) {
    if (!Knows(logic, from, event)) return &event;
  }
  return nullptr;
}

JudgedEntries::Shard* JudgedEntries::Find(log::ShardId shard) {
  MutexLock lock(mutex_);
  std::unique_ptr<Shard>& found = shards_[shard];
  if (found == nullptr) found = std::make_unique<Shard>();
  return found.get();
}

void JudgedEntries::AddReader(log::ShardId id) {
  Shard& shard = *Find(id);
  MutexLock lock(shard.mutex);
  ++shard.readers;
}

std::shared_ptr<const Judged> JudgedEntries::TakeKept(const log::Entry& entry, const log::RuleState& before,
                                                      Shard* shard) {
  MutexLock lock(shard->mutex);
  const auto at = std::lower_bound(shard->kept.begin(), shard->kept.end(), entry.offset,
                                   [](const Kept& one, int64_t offset) { return one.offset < offset; });
  if (at == shard->kept.end() || at->offset != entry.offset || at->judged == nullptr || at->judged->before != before ||
      at->bytes != entry.bytes) {
    return nullptr;
  }
  if (--at->left > 0) return at->judged;
  std::shared_ptr<const Judged> judged = std::move(at->judged);
  shard->bytes -= at->bytes.size();
  at->bytes = {};
  while (!shard->kept.empty() && shard->kept.front().judged == nullptr) shard->kept.pop_front();
  return judged;
}

absl::StatusOr<std::shared_ptr<const Judged>> JudgedEntries::Judge(log::ShardId id, log::Entry entry,
                                                                   const log::RuleState& before) {
  Shard& shard = *Find(id);
  if (auto kept = TakeKept(entry, before, &shard); kept != nullptr) return kept;
  auto judged = std::make_shared<Judged>();
  judged->before = before;
  judged->after = before;
  RETURN_IF_ERROR(log::ParseRecord(log::ToString(id), entry.offset, entry.bytes, &judged->record));
  ASSIGN_OR_RETURN(judged->verdict, log::Accept(entry.offset, judged->record, &judged->after, &judged->body));
  MutexLock lock(shard.mutex);
  // Whoever is behind what was judged keeps nothing.
  if (entry.offset <= shard.newest) return judged;
  shard.newest = entry.offset;
  if (shard.readers < 2) return judged;
  shard.bytes += entry.bytes.size();
  shard.kept.push_back({entry.offset, std::move(entry.bytes), judged, shard.readers - 1});
  while (shard.bytes > kKeptBytes) {
    shard.bytes -= shard.kept.front().bytes.size();
    shard.kept.pop_front();
  }
  return judged;
}

}  // namespace redress::runtime
