// Two small services for the tests of the runtime.
//
//   LedgerLogic (stream intake): "add A n", "later A due n" (a timer that adds n), "never A" (takes it back), refuses
//     "bad"; nobody knows "future"
//   EchoLogic (stream routing): follows intake k; notes each addition once; "poison" additions cannot be used by its
//     policy, its decider refuses "rejected" ones; a "twice" addition means two orders
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/runtime/logic.h"
#include "libs/runtime/rows.h"
#include "libs/status/errors.h"
#include "libs/store/keys.h"

namespace redress::runtime {

// Row 01 raw(account) → text: everything that was ever added, in order, "n;n;…".
class LedgerLogic : public Logic {
 public:
  // Orders of timers go here instead of being answered with at once.
  std::function<void(std::function<void()>)> defer;
  // Timers have no order yet.
  bool waiting = false;
  // How often timers were asked for theirs.
  int asked = 0;

  log::Stream stream() const override { return log::Stream::kIntake; }
  int projection_version() const override { return 1; }
  std::vector<log::ShardId> Follows(uint16_t, uint32_t) const override { return {}; }

  absl::StatusOr<std::vector<NewEvent>> Decide(const store::Rows& rows, const v1::Order& order,
                                               const DecideContext& context) const override {
    const std::vector<std::string> words = absl::StrSplit(order.command(), ' ');
    if (words[0] == "bad") return MakeError(absl::StatusCode::kFailedPrecondition, "BAD", "refused");
    if (words[0] == "nothing") return std::vector<NewEvent>{};
    if (words[0] == "fire") {
      // Only while the timer still stands.
      if (!rows.Get(store::Key(context.shard, 0x02).Raw(words[1]).bytes()).has_value()) return std::vector<NewEvent>{};
    }
    return std::vector<NewEvent>{{order.aggregate(), order.command()}};
  }

  bool Knows(log::Stream, const log::v1::Event& event) const override {
    return !absl::StartsWith(event.payload(), "future");
  }

  void Apply(const ApplyContext& context, const log::v1::Event& event, store::View* rows) const override {
    const std::vector<std::string> words = absl::StrSplit(event.payload(), ' ');
    const std::string pending = store::Key(context.shard, 0x02).Raw(words[1]).Take();
    if (words[0] == "later") {
      rows->Put(pending, words[3]);
      Millis due = 0;
      (void)absl::SimpleAtoi(words[2], &due);
      SetTimer(rows, context.shard, event.aggregate(), words[1], due);
      return;
    }
    if (words[0] == "never") {
      rows->Delete(pending);
      return CancelTimer(rows, context.shard, event.aggregate(), words[1]);
    }
    std::string added = words.size() > 2 ? words[2] : "";
    if (words[0] == "fire") {
      added = rows->Get(pending).value_or("");
      rows->Delete(pending);
      CancelTimer(rows, context.shard, event.aggregate(), words[1]);
    }
    const std::string key = store::Key(context.shard, 0x01).Raw(words[1]).Take();
    rows->Put(key, absl::StrCat(rows->Get(key).value_or(""), added, ";"));
  }

  std::string ResultOf(const ApplyContext& context, const store::Rows& rows) const override {
    const std::vector<std::string> words = absl::StrSplit(context.body->events(0).payload(), ' ');
    return rows.Get(store::Key(context.shard, 0x01).Raw(words[1]).bytes()).value_or("");
  }

  absl::StatusOr<std::vector<v1::Order>> React(const Input&, const ReactContext&) const override {
    return std::vector<v1::Order>{};
  }

  void Fire(const Timer& timer, const ReactContext& context,
            std::function<void(std::optional<v1::Order>)> done) override {
    v1::Order order;
    order.set_stream("intake");
    order.set_shard(context.shard);
    order.set_aggregate(timer.aggregate);
    order.set_command(absl::StrCat("fire ", timer.name));
    ++asked;
    if (waiting) return done(std::nullopt);
    if (defer) return defer([done, order] { done(order); });
    done(order);
  }
};

class EchoLogic : public Logic {
 public:
  // Whether "poison" additions are refused by the policy.
  bool poisoned = true;
  // Whether "rejected" additions are refused by the decider.
  bool rejecting = true;
  // What they then say.
  std::string poison = "cannot be used";
  std::string refusal = "refused";
  // How often an input was looked at.
  mutable int reactions = 0;

  log::Stream stream() const override { return log::Stream::kRouting; }
  int projection_version() const override { return 1; }
  std::vector<log::ShardId> Follows(uint16_t shard, uint32_t) const override { return {{log::Stream::kIntake, shard}}; }

  absl::StatusOr<std::vector<NewEvent>> Decide(const store::Rows&, const v1::Order& order,
                                               const DecideContext&) const override {
    if (absl::StrContains(order.command(), "rejected") && rejecting) {
      return MakeError(absl::StatusCode::kFailedPrecondition, "REJECTED", refusal);
    }
    return std::vector<NewEvent>{{order.aggregate(), order.command()}};
  }

  bool Knows(log::Stream, const log::v1::Event& event) const override {
    return !absl::StartsWith(event.payload(), "future");
  }

  void Apply(const ApplyContext& context, const log::v1::Event& event, store::View* rows) const override {
    const std::string key = store::Key(context.shard, 0x01).Raw(event.aggregate()).Take();
    rows->Put(key, absl::StrCat(rows->Get(key).value_or(""), event.payload(), ";"));
  }

  std::string ResultOf(const ApplyContext&, const store::Rows&) const override { return ""; }

  absl::StatusOr<std::vector<v1::Order>> React(const Input& input, const ReactContext& context) const override {
    const log::v1::Event& event = input.body->events(0);
    ++reactions;
    if (absl::StrContains(event.payload(), "poison") && poisoned) return absl::InternalError(poison);
    if (absl::StrContains(event.payload(), "dull")) return std::vector<v1::Order>{};
    v1::Order order;
    order.set_stream("routing");
    order.set_shard(context.shard);
    order.set_aggregate(event.aggregate());
    order.set_command(absl::StrCat(event.version()));
    if (absl::StrContains(event.payload(), "rejected")) absl::StrAppend(order.mutable_command(), "rejected");
    if (!absl::StrContains(event.payload(), "twice")) return std::vector<v1::Order>{order};
    v1::Order first = order;
    absl::StrAppend(first.mutable_command(), "first");
    return std::vector<v1::Order>{first, order};
  }

  void Fire(const Timer&, const ReactContext&, std::function<void(std::optional<v1::Order>)> done) override {
    done(std::nullopt);
  }
};

}  // namespace redress::runtime
