// Cursors of subscriptions: bytes as they come, and cursors whose hash is right over whatever a forger likes. Whatever
// is taken, the subscription that begins there ends, and nothing but events of the log comes of it.
//
//   input   = length(2) cursor content *event      an event: 1 byte
#include <google/protobuf/text_format.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/auth/authenticator.h"
#include "libs/clock/fake_clock.h"
#include "libs/log/acceptance.h"
#include "libs/status/errors.h"
#include "libs/subscribe/event_stream.h"
#include "redress/intake/events/v1/events.pb.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"
#include "tests/golden/recording.h"

namespace redress::fuzz {
namespace {

using subscribe::Place;
using subscribe::public_v1::Cursor;
using subscribe::public_v1::SubscribeRequest;
using subscribe::public_v1::SubscribeResponse;

// Two shards of intake: complaints with some facts, a void record, another owner.
class Recorded {
 public:
  Recorded() : info_{std::string(16, 'L'), "fuzz", 2} {
    for (uint32_t shard = 0; shard < 2; ++shard) {
      const log::ShardId id{log::Stream::kIntake, shard};
      auto& records = recording_.records[id];
      records.push_back(log::EncodeGenesis(info_, id, 1, 1000));
      log::RuleState state;
      log::v1::Record genesis;
      genesis.ParseFromString(records[0]);
      Check(log::Accept(0, genesis, &state).ok(), "a genesis counts");
      for (int i = 0; i < 6; ++i) Add(i, &state, &records);
      ends_.push_back(state);
    }
  }
  const golden::Recording& recording() const { return recording_; }
  const log::LogInfo& info() const { return info_; }
  const std::vector<log::RuleState>& ends() const { return ends_; }

 private:
  static void Add(int number, log::RuleState* state, std::vector<std::string>* records) {
    log::v1::Record record;
    record.set_rule_version(log::kRuleVersion);
    record.set_kind(number % 4 == 0 ? log::v1::KIND_CLAIM : log::v1::KIND_DECISION);
    if (record.kind() == log::v1::KIND_DECISION) {
      intake::events::v1::Event event;
      if (number % 2 == 1) {
        event.mutable_complaint_received()->set_category("heating");
      } else {
        for (int i = 0; i < 300; ++i) {
          event.mutable_complaint_imported()->add_facts()->set_kind(types::v1::FACT_KIND_ASSIGNED);
        }
      }
      log::v1::Body body;
      body.set_recorded_at(1000 + number);
      auto* stored = body.add_events();
      stored->set_aggregate("complaints/00000000000000000000000000");
      stored->set_version(number);
      stored->set_payload(event.SerializeAsString());
      record.set_body(body.SerializeAsString());
      record.set_fence(number == 5 ? 7 : state->fence);
      record.set_seq(state->seq + 1);
      record.set_chain(log::NextChain(state->chain, record.body()));
    }
    records->push_back(record.SerializeAsString());
    Check(log::Accept(state->next_offset, record, state).ok(), "as an owner writes it");
  }

  golden::Recording recording_;
  log::LogInfo info_;
  std::vector<log::RuleState> ends_;
};

const Recorded& TheLog() {
  static const auto* const recorded = new Recorded();
  return *recorded;
}

const std::vector<log::ShardId>& Shards() {
  static const auto* const shards = new std::vector<log::ShardId>{{log::Stream::kIntake, 0}, {log::Stream::kIntake, 1}};
  return *shards;
}

class Stream : public rpc::RawStream {
 public:
  void Read(google::protobuf::MessageLite*, std::function<void(bool)> on_read) override { on_read(false); }
  void Write(const google::protobuf::MessageLite& message, std::function<void(bool)> on_written) override {
    SubscribeResponse response;
    Check(response.ParseFromString(message.SerializeAsString()), "a message can be read");
    Check(response.events_size() <= static_cast<int>(subscribe::kMaxEventsPerMessage), "a message is bounded");
    events += response.events_size();
    ++messages;
    // A log of 1,200 events is told in a few messages.
    Check(messages <= 64, "an end is reached");
    Check(subscribe::ReadCursor(response.cursor(), TheLog().info(), Shards()).ok(), "a cursor given out is taken");
    cursor = response.cursor();
    on_written(true);
  }
  void Finish(absl::Status status) override {
    Check(!finished.has_value(), "it ends once");
    finished = std::move(status);
    cancels.clear();
  }
  void OnCancel(std::function<void()> callback) override { cancels.push_back(std::move(callback)); }

  int messages = 0;
  int events = 0;
  std::string cursor;
  std::optional<absl::Status> finished;
  std::vector<std::function<void()>> cancels;
};

struct Outcome {
  absl::Status status;
  int events;
  std::string cursor;
};

Outcome Subscribe(const std::string& cursor) {
  FakeClock clock(1'790'000'000'000);
  FakeExecutor executor(&clock);
  golden::RecordedLog log(&TheLog().recording(), TheLog().info());
  subscribe::EventStream events(&log, &executor, {log::Stream::kIntake}, [](log::ShardId) { return log::RuleState(); });
  SubscribeRequest request;
  request.set_cursor(cursor);
  const auto stream = std::make_shared<Stream>();
  CallContext call;
  call.caller = *NoAuth().Authenticate("");
  events.service().methods()[0].stream(call, &request, stream);
  executor.RunFor(kMinute);
  for (auto& cancel : std::exchange(stream->cancels, {})) cancel();
  executor.RunFor(kMinute);
  Check(stream->finished.has_value(), "a subscription that does not follow ends");
  return {*stream->finished, stream->events, stream->cursor};
}

void CheckSubscription(const std::string& cursor) {
  static const Outcome* const all = new Outcome(Subscribe(""));
  Check(all->status.ok() && all->events == 2 * 303,
        absl::StrCat(all->events, " events: from the beginning there is everything"));
  const auto places = subscribe::ReadCursor(cursor, TheLog().info(), Shards());
  if (!places.ok()) {
    const std::string reason = ReasonOf(places.status());
    Check(reason == "CURSOR_MALFORMED" || reason == "ANOTHER_LOG" || reason == "INVALID_FIELDS", "one of those told");
    Check(Subscribe(cursor).status == places.status(), "the subscriber is told");
    return;
  }
  Check(places->size() == Shards().size(), "a place for each shard");
  const std::string written = subscribe::WriteCursor(TheLog().info(), Shards(), *places);
  const auto again = subscribe::ReadCursor(written, TheLog().info(), Shards());
  Check(again.ok() && *again == *places, "what was read is written and read");
  const Outcome outcome = Subscribe(cursor);
  Check(outcome.events <= all->events, "no more than there is");
  if (outcome.status.ok() && !outcome.cursor.empty()) {
    Check(Subscribe(outcome.cursor).events == 0, "behind the end there is nothing");
  }
}

void Run(absl::string_view bytes) {
  Input input(bytes);
  const size_t length = input.U16();
  const absl::string_view rest = input.Rest();
  CheckSubscription(std::string(rest.substr(0, length)));

  // The hash is no secret.
  Cursor content;
  if (!content.ParseFromString(std::string(rest.substr(std::min(length, rest.size()))))) return;
  content.set_log_id(TheLog().info().log_id);
  std::vector<Place> places;
  for (int i = 0; i < 2; ++i) {
    Place place{TheLog().ends()[static_cast<size_t>(i)], 0};
    if (i < content.shards_size()) {
      log::v1::RuleState state;
      if (state.ParseFromString(content.shards(i).state())) place.state = log::RuleState::FromProto(state);
      place.taken = content.shards(i).taken();
    }
    places.push_back(std::move(place));
  }
  CheckSubscription(subscribe::WriteCursor(TheLog().info(), Shards(), places));
}

const Target kTarget("cursors", Run);

}  // namespace
}  // namespace redress::fuzz
