// Turns queued orders into records, one append at a time, and answers when the tail has applied them.
//
//   queues ─▶ batch: load, deduplicate, check etag, decide ─▶ one append ─▶ (tail applies) ─▶ answers
//
// An acceptance is answered when the tail has applied the record and the append's own report is good. A refusal is a
// read: it is answered with its batch, when all it saw is applied, and carries the position it saw (a receipt in its
// field, an error under "position" in its metadata: a serialised redress.types.v1.Position in base64). Doubt about an
// append ends the term; what was in flight is looked up by its request id in the next one. All calls on the shard's
// executor.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "libs/log/acceptance.h"
#include "libs/runtime/environment.h"
#include "libs/runtime/item.h"
#include "libs/runtime/queues.h"

namespace redress::runtime {

class Writer {
 public:
  // `doubt` is called when an append's outcome is unknown, or refused (`refused` = true): the term is over.
  Writer(const Environment* env, std::function<void()> wake, std::function<void(bool refused)> doubt,
         std::weak_ptr<void> alive);

  // Queues an order of a caller. RESOURCE_EXHAUSTED at once when the queue is full. Works in any state: while the shard
  // has no owner here it waits until `FailAll` or its deadline.
  void Enqueue(v1::Order order, Done done);
  // Queues what a reactor or timer asks for, which looks at machine_queued() before it does.
  void EnqueueMachine(Item item);
  size_t machine_queued() const { return queues_.machine(); }

  // The shard is owned here from now on; what is appended carries `fence`.
  void BeginTerm(int64_t fence);
  // Applied rows of parked inputs have changed.
  void ParkedChanged();
  // Drops what reactors and timers queued; callers' orders in flight go back to the front of the queue, to be looked
  // up. One without a request id cannot be: its caller is told that nobody knows.
  void EndTerm();
  // Answers every caller in flight or queued with `status`.
  void FailAll(const absl::Status& status);
  // The log takes nothing: answers whoever is queued with RESOURCE_EXHAUSTED (LOG_FULL), or with UNAVAILABLE when an
  // earlier append of it may have happened.
  void RefuseQueued();
  // What a caller is told then: RESOURCE_EXHAUSTED (LOG_FULL), to be tried again.
  absl::Status LogFull() const;

  // Makes and appends a batch if none is in flight. `state` is the tail's.
  bool Step(const log::RuleState& state);
  // From the tail, in log order. `next` = offset + 1.
  void OnRecord(int64_t next, log::Verdict verdict, int64_t fence, int64_t seq);

  // Why an input is parked, as its event holds it: short, and UTF-8, for an event that is not can be read by nobody.
  static std::string ParkReason(const absl::Status& why);

  Millis queue_age() const { return queues_.age(); }
  size_t queued() const { return queues_.size(); }

 private:
  struct Flying {
    Item item;
    int64_t seq = 0;  // 0: nothing recorded
    v1::Receipt receipt;
    absl::Status refusal;
  };
  struct Batch;

  // False when the instance dies here.
  bool Answer(Flying& flying);
  void AnswerAll(std::vector<Flying> flying);
  void Decide(Item item, Batch* batch);
  bool IsOver(const Item& item, Batch* batch) const;
  bool IsBehindParked(const Item& item, Batch* batch) const;
  absl::StatusOr<std::vector<NewEvent>> EventsOf(const Item& item, Batch* batch, Millis now,
                                                 const ReferenceLook& register_seen) const;
  bool JoinOrAnswerKnown(Item& item, Batch* batch);
  absl::Status AddRecord(const Item& item, const std::vector<NewEvent>& events, Millis now, int64_t register_version,
                         Batch* batch, Flying* flying);
  void AddPosition(Item item, Batch* batch);
  void AddPark(Item item, const absl::Status& why, Batch* batch);
  void AppendBatch(Batch batch);
  void OnReport(uint64_t append, log::AppendOutcome outcome);
  void SettleIfDone();
  v1::Receipt ReceiptSeen() const;

  const Environment* env_;
  std::function<void()> wake_;
  std::function<void(bool)> doubt_;
  std::weak_ptr<void> alive_;
  Queues queues_;
  std::vector<Flying> flying_;
  int64_t fence_ = 0;         // 0: not owner
  bool any_parked_ = false;   // some input is, in what is applied
  int64_t applied_seq_ = 0;   // of our term
  int64_t applied_next_ = 0;  // offset after it
  int64_t last_seq_ = 0;      // of the batch in flight
  uint64_t append_ = 0;       // number of the append in flight
  bool reported_ = false;
  log::RuleState seen_;  // the tail's state when the batch was made
};

}  // namespace redress::runtime
