// Turns queued orders into records, one append at a time, and answers when the tail has applied them.
//
//   callers ─┐
//   bulk ────┼─▶ batch: load, deduplicate, check etag, decide ─▶ one append ─▶ (tail applies) ─▶ answers
//   machine ─┘   (at most half machine, a quarter bulk)
//
// machine = reactions, timers, positions, in the order they were queued: a position never overtakes a reaction before
// it. An acceptance is answered when the tail has applied the record and the append's own report is good. A refusal is
// a read: it is answered with its batch, when all it saw is applied. Doubt about an append ends the term; what was in
// flight is looked up by its request id in the next one. All calls on the shard's executor.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "libs/log/acceptance.h"
#include "libs/runtime/environment.h"

namespace redress::runtime {

using Done = std::function<void(absl::StatusOr<v1::Receipt>)>;

// One entry of a queue.
struct Item {
  v1::Order order;
  std::vector<Done> waiters;
  // Reactions: where the input stands after the record. With an earlier order of the same input: where it stood before.
  std::optional<log::v1::Source> source;
  // Positions: what to cover; `order` is unused.
  std::vector<log::v1::Source> positions;
  // The runtime's own events: recorded as they are.
  std::vector<NewEvent> ready_events;
  // Reactions: what to park when the order is refused.
  std::shared_ptr<const log::v1::InputParked> input;
  // Reactions and timers: told when it is settled, with whether anything was recorded. Not called when a term ends
  // first.
  std::function<void(bool recorded)> settled;
  Millis queued_at = 0;  // monotonic
};

class Writer {
 public:
  // `doubt` is called when an append's outcome is unknown, or refused (`refused` = true): the term is over.
  Writer(const Environment* env, std::function<void()> wake, std::function<void(bool refused)> doubt,
         std::weak_ptr<void> alive);

  // Queues an order of a caller. RESOURCE_EXHAUSTED at once when the queue is full. Works in any state: while the shard
  // has no owner here it waits until `FailAll` or its deadline.
  void Enqueue(v1::Order order, Done done);
  void EnqueueMachine(Item item);
  size_t machine_queued() const { return machine_.size(); }

  void BeginTerm(int64_t fence);
  // Drops what reactors and timers queued; callers' orders in flight go back to the front of the queue, to be looked
  // up.
  void EndTerm();
  // Answers every caller in flight or queued with `status`.
  void FailAll(const absl::Status& status);

  // Makes and appends a batch if none is in flight. `state` is the tail's.
  bool Step(const log::RuleState& state);
  // From the tail, in log order. `next` = offset + 1.
  void OnRecord(int64_t next, log::Verdict verdict, int64_t fence, int64_t seq);

  Millis queue_age() const;
  size_t queued() const { return callers_.size() + bulk_.size() + machine_.size(); }

 private:
  struct Flying {
    Item item;
    int64_t seq = 0;  // 0: nothing recorded
    v1::Receipt receipt;
    absl::Status refusal;
  };
  struct Batch;

  void Answer(Flying& flying);
  void AnswerAll(std::vector<Flying> flying);
  bool TakeNext(Batch* batch, Item* item);
  void Decide(Item item, Batch* batch);
  absl::StatusOr<std::vector<NewEvent>> EventsOf(const Item& item, const Batch& batch, Millis now) const;
  bool JoinOrAnswerKnown(Item& item, Batch* batch);
  absl::Status AddRecord(const Item& item, const std::vector<NewEvent>& events, Millis now, Batch* batch,
                         Flying* flying);
  void AddPosition(Item item, Batch* batch);
  void AddPark(Item item, const absl::Status& why, Batch* batch);
  void AppendBatch(Batch batch);
  void OnReport(uint64_t append, log::AppendOutcome outcome);
  void SettleIfDone();
  v1::Receipt ReceiptSeen() const;
  int64_t RegisterVersion(int64_t last) const;

  const Environment* env_;
  std::function<void()> wake_;
  std::function<void(bool)> doubt_;
  std::weak_ptr<void> alive_;
  std::deque<Item> callers_;
  std::deque<Item> bulk_;
  std::deque<Item> machine_;
  std::vector<Flying> flying_;
  int64_t fence_ = 0;        // 0: not owner
  int64_t applied_seq_ = 0;  // of our term
  int64_t last_seq_ = 0;     // of the batch in flight
  uint64_t append_ = 0;      // number of the append in flight
  bool reported_ = false;
  log::RuleState seen_;  // the tail's state when the batch was made
};

}  // namespace redress::runtime
