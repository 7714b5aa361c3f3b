// Turns events of other streams into orders of the shard it serves.
//
// Runs only in a term. At the start of each it reads its inputs on from the sources saved in the projection, so nothing
// is done twice or skipped; only what an earlier term read right behind a source, and found nothing to react to in, is
// passed over. The last order of an input carries where the input stands after it, in the same record as its effect.
// Inputs without effect are covered by a POSITION after 10,000 of them, or Environment::position_after, or when a
// reader waits. All calls on the shard's executor.
//
// Callers first, never alone: while anybody waits for an answer in the process, and nobody for what it reads, it gathers
// inputs for 20 ms and takes them in together, so that what follows from many calls costs a few appends, and none of
// them stands between a call and the disk. While many wait it takes in a few at a time with long pauses, until it is a
// minute behind.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "libs/log/acceptance.h"
#include "libs/runtime/environment.h"
#include "libs/runtime/writer.h"
#include "redress/runtime/v1/rows.pb.h"

namespace redress::runtime {

// Which inputs have something that was not read yet, by their number in Logic::Follows. Thread-safe: the log's threads
// say so, the reactor takes it.
class InputNews {
 public:
  explicit InputNews(size_t inputs) : news_(inputs) {}
  size_t size() const { return news_.size(); }
  // Whether the reactor is to be woken for it: not while it has none read to it.
  bool Set(size_t input) {
    news_[input] = true;
    return !held_;
  }
  bool Any() const {
    return std::any_of(news_.begin(), news_.end(), [](const std::atomic<bool>& one) { return one.load(); });
  }
  // From now on nobody is woken for news, until they are no longer held; what came meanwhile is set then. Whether they
  // were held.
  bool Hold(bool held) { return held_.exchange(held); }
  // Whether it was set; it no longer is. What is added later sets it again.
  bool Take(size_t input) { return news_[input].load() && news_[input].exchange(false); }

 private:
  std::vector<std::atomic<bool>> news_;
  std::atomic<bool> held_{false};
};

class Reactor {
 public:
  // `news` says which inputs are worth being read; each is read once at the beginning of a term.
  Reactor(const Environment* env, Writer* writer, std::shared_ptr<InputNews> news, std::function<void()> wake,
          std::weak_ptr<void> alive);

  void BeginTerm();
  void EndTerm();
  // Reads some inputs if the writer's queue has room. False when there was nothing to do.
  bool Step();

  // Covers all that was read of all inputs, claims and voids too: somebody waits for it, and nothing yields until then.
  void CoverNow();
  // The orders of a parked input, tried again, one after the other as long as none fails; they end with the event that
  // it was replayed. The policy's error when it still cannot be used.
  absl::StatusOr<std::vector<Item>> Replay(const v1::ParkedRow& row, std::shared_ptr<Unparking> unparking) const;

  // The age of the last input read, until all that can be read is read and queued orders are on their way; then 0. It
  // grows while the log cannot be asked, the writer's queue is full, or callers go first.
  Millis lag() const;
  // Why an input cannot be read any more; it stops the shard.
  const absl::Status& stopped() const { return stopped_; }
  bool log_unavailable() const { return log_unavailable_; }

 private:
  struct InputShard {
    log::ShardId id;
    std::unique_ptr<log::Reader> reader;
    log::RuleState at;       // after what was read
    log::RuleState covered;  // in the projection or on its way there; never goes back
    log::RuleState quiet;    // from here to `at` lie claims, positions and voids alone
    int64_t uncovered = 0;   // inputs without effect since
    Millis uncovered_since = 0;
  };

  // A piece of an input without anything to react to. The log does not change: who comes to its beginning in the same
  // state comes to its end in the same state.
  struct QuietPiece {
    log::RuleState from;
    log::RuleState to;
  };

  bool Yields(Millis pause);
  bool ReadSome(size_t number, int entries);
  absl::Status Take(log::Entry entry, InputShard* input);
  void React(const Judged& judged, InputShard* input);
  void EnqueueOrders(std::vector<v1::Order> orders, const Judged& judged, InputShard* input);
  std::shared_ptr<log::v1::InputParked> ParkedInput(const Judged& judged, const InputShard& input) const;
  void EnqueuePark(std::shared_ptr<log::v1::InputParked> parked, const absl::Status& why, InputShard* input);
  // `unknown`: an event of it that this build does not know.
  absl::StatusOr<std::vector<v1::Order>> OrdersOf(const log::ShardId& from, const log::v1::Body& body,
                                                  const log::v1::Event* unknown) const;
  std::function<void(bool)> WhenSettled(InputShard* input);
  static void CountUncovered(const Environment& env, InputShard* input);
  void Cover(bool all);
  static log::v1::Source SourceOf(const InputShard& input, const log::RuleState& state);

  const Environment* env_;
  Writer* writer_;
  std::shared_ptr<InputNews> news_;
  std::function<void()> wake_;
  std::weak_ptr<void> alive_;
  std::vector<InputShard> inputs_;
  std::vector<QuietPiece> quiet_;  // the last that was read of each input, by its number; outlives the term
  size_t next_ = 0;
  bool active_ = false;
  bool cover_timer_ = false;
  bool caught_up_ = true;
  bool hurried_ = false;  // somebody waits for what it reads
  bool in_turn_ = true;   // while callers wait: from the end of a pause until all is read that may be
  bool yield_timer_ = false;
  Millis last_turn_at_ = 0;  // monotonic; when the last one ended
  Millis last_input_at_ = 0;
  absl::Status stopped_;
  bool log_unavailable_ = false;
  std::vector<log::Entry> entries_;
};

}  // namespace redress::runtime
