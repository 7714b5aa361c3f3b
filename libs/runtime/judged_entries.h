// Entries of the log as readers see them: parsed and judged once a process, however many of its shards follow theirs.
//
//   tail of intake/0 ─▶ first: parses, checks the chain ─▶ kept
//   reactors of intake/0-3, scheduling/0-3, … ─▶ the same bytes in the same rule state: what the first one found
//
// What an entry is depends on its bytes and on the state it meets, and on nothing else: only who comes with both gets
// what is kept. Whoever is far behind, or in another state, judges alone.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "libs/log/acceptance.h"
#include "libs/log/log.h"
#include "libs/runtime/logic.h"
#include "libs/status/mutex.h"
#include "redress/log/v1/record.pb.h"

namespace redress::runtime {

// One entry, in one state.
struct Judged {
  log::RuleState before;
  log::v1::Record record;
  log::Verdict verdict = log::Verdict::kStale;
  log::RuleState after;
  std::optional<log::v1::Body> body;  // of an accepted DECISION, if it can be read
  // Services that have been asked whether they know its events, and do; a bit each.
  mutable std::atomic<uint32_t> known_to{0};
};

// The first event of `judged`, an accepted DECISION of `from` whose body can be read, that `logic` does not know; null
// when it knows all. What a service knows it is asked once.
const log::v1::Event* FindUnknown(const Logic& logic, log::Stream from, const Judged& judged);
// The same of a body by itself.
const log::v1::Event* FindUnknown(const Logic& logic, log::Stream from, const log::v1::Body& body);

// Thread-safe.
class JudgedEntries {
 public:
  // Of each shard the last entries are kept that not all readers have had yet, about so much of them.
  static constexpr size_t kKeptBytes = 128 << 10;

  // One more will read `shard`.
  void AddReader(log::ShardId shard);

  // What `entry` of `shard` is to a reader in the state `before`. Errors are those of log::ParseRecord and log::Accept.
  absl::StatusOr<std::shared_ptr<const Judged>> Judge(log::ShardId shard, log::Entry entry,
                                                      const log::RuleState& before);

 private:
  struct Kept {
    int64_t offset;
    std::string bytes;
    std::shared_ptr<const Judged> judged;  // null once all have had it: memory that is still warm is used again
    int left;                              // readers who have not
  };
  struct Shard {
    Mutex mutex;
    std::deque<Kept> kept ABSL_GUARDED_BY(mutex);  // by offset
    size_t bytes ABSL_GUARDED_BY(mutex) = 0;
    int64_t newest ABSL_GUARDED_BY(mutex) = -1;  // offset of the latest that was judged
    int readers ABSL_GUARDED_BY(mutex) = 0;
  };

  Shard* Find(log::ShardId shard);
  // Null when there is none such.
  std::shared_ptr<const Judged> TakeKept(const log::Entry& entry, const log::RuleState& before, Shard* shard);

  Mutex mutex_;
  std::map<log::ShardId, std::unique_ptr<Shard>> shards_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace redress::runtime
