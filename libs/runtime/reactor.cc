#include "libs/runtime/reactor.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/runtime/fold.h"
#include "libs/runtime/rows.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"

namespace redress::runtime {
namespace {

constexpr int kEntriesPerRead = 128;
constexpr size_t kMaxQueuedOrders = 512;
constexpr int64_t kCoverAfterInputs = 10000;
constexpr Millis kCoverAfter = 5 * kMinute;

}  // namespace

Reactor::Reactor(const Environment* env, Writer* writer, std::function<void()> wake, std::weak_ptr<void> alive)
    : env_(env), writer_(writer), wake_(std::move(wake)), alive_(std::move(alive)) {}

void Reactor::BeginTerm() {
  active_ = true;
  inputs_.clear();
  parking_.clear();
  lag_ = 0;
  for (const log::ShardId& id : env_->logic->Follows(env_->shard(), env_->shard_count)) {
    InputShard input;
    input.id = id;
    input.at = LoadSource(*env_->database, env_->shard(), id);
    input.covered = input.at;
    input.reader = env_->log->Tail(id, input.at.next_offset);
    inputs_.push_back(std::move(input));
  }
}

void Reactor::EndTerm() {
  active_ = false;
  inputs_.clear();
  parking_.clear();
}

bool Reactor::Step() {
  if (!active_ || !stopped_.ok() || inputs_.empty()) return false;
  log_unavailable_ = false;
  bool any = false;
  for (size_t i = 0; i < inputs_.size() && writer_->machine_queued() < kMaxQueuedOrders; ++i) {
    any |= ReadSome(&inputs_[next_]);
    next_ = (next_ + 1) % inputs_.size();
  }
  if (!any) lag_ = 0;
  Cover(false);
  return any;
}

bool Reactor::ReadSome(InputShard* input) {
  FAULT_POINT(env_->faults, "reactor.before_react", false);
  entries_.clear();
  const absl::Status read = input->reader->Read(kEntriesPerRead, &entries_);
  if (absl::IsUnavailable(read)) {
    log_unavailable_ = true;
  } else if (!read.ok()) {
    stopped_ = Annotate(read, absl::StrCat(log::ToString(env_->id), " reading ", log::ToString(input->id)));
    return false;
  }
  for (const log::Entry& entry : entries_) {
    const absl::Status taken = Take(entry, input);
    if (!taken.ok()) {
      stopped_ = Annotate(taken, absl::StrCat(log::ToString(env_->id), " reading ", log::ToString(input->id)));
      return false;
    }
  }
  return !entries_.empty();
}

absl::Status Reactor::Take(const log::Entry& entry, InputShard* input) {
  log::v1::Record record;
  RETURN_IF_ERROR(log::ParseRecord(log::ToString(input->id), entry.offset, entry.bytes, &record));
  const log::RuleState before = input->at;
  ASSIGN_OR_RETURN(const log::Verdict verdict, log::Accept(entry.offset, record, &input->at));
  if (verdict != log::Verdict::kAccepted || record.kind() != log::v1::KIND_DECISION) return absl::OkStatus();
  log::v1::Body body;
  if (!body.ParseFromString(record.body())) {
    return MakeError(absl::StatusCode::kDataLoss, "RECORD_UNREADABLE",
                     absl::StrCat("offset ", entry.offset, ": an accepted body cannot be read"));
  }
  lag_ = std::max<Millis>(0, env_->clock->Now() - body.recorded_at());
  React(body, before, input);
  return absl::OkStatus();
}

ReactContext Reactor::Context(const reference::Snapshot* reference) const {
  return {env_->shard(), env_->shard_count, reference};
}

std::shared_ptr<log::v1::InputParked> Reactor::ParkedInput(const log::v1::Body& body, const InputShard& input) const {
  auto parked = std::make_shared<log::v1::InputParked>();
  parked->set_stream(std::string(log::StreamName(input.id.stream)));
  parked->set_shard(input.id.shard);
  parked->set_aggregate(body.events(0).aggregate());
  parked->set_version(body.events(0).version());
  parked->set_body(body.SerializeAsString());
  return parked;
}

void Reactor::React(const log::v1::Body& body, const log::RuleState& before, InputShard* input) {
  if (body.events().empty()) return;
  const auto reference = env_->reference == nullptr ? nullptr : env_->reference->Current();
  auto orders = env_->logic->React({input->id, &body}, Context(reference.get()));
  if (orders.ok() && orders->empty()) {
    if (input->uncovered++ == 0) input->uncovered_since = env_->clock->Monotonic();
    return;
  }
  const std::string name = absl::StrCat(log::StreamName(input->id.stream), "/", body.events(0).aggregate());
  const bool behind =
      std::find(parking_.begin(), parking_.end(), name) != parking_.end() ||
      IsParked(*env_->database, env_->shard(), log::StreamName(input->id.stream), body.events(0).aggregate());
  if (!orders.ok() || behind) {
    parking_.push_back(name);
    EnqueuePark(ParkedInput(body, *input), behind ? "behind a parked input" : orders.status().ToString(), input);
    return;
  }
  EnqueueOrders(*std::move(orders), body, before, input);
}

void Reactor::EnqueueOrders(std::vector<v1::Order> orders, const log::v1::Body& body, const log::RuleState& before,
                            InputShard* input) {
  const std::shared_ptr<const log::v1::InputParked> parked = ParkedInput(body, *input);
  const log::RuleState after = input->at;
  for (size_t i = 0; i < orders.size(); ++i) {
    const bool last = i + 1 == orders.size();
    Item item;
    item.order = std::move(orders[i]);
    item.order.set_order_class(v1::ORDER_CLASS_REACTION);
    item.order.set_hops(body.hops() + 1);
    item.order.set_traceparent(body.traceparent());
    item.order.set_actor(absl::StrCat("service/", log::StreamName(env_->id.stream)));
    auto* cause = item.order.mutable_cause();
    cause->set_stream(parked->stream());
    cause->set_aggregate(parked->aggregate());
    cause->set_version(parked->version());
    item.source = SourceOf(*input, last ? after : before);
    item.input = parked;
    if (last) {
      const size_t index = static_cast<size_t>(input - inputs_.data());
      item.settled = [this, index, after](bool recorded) {
        InputShard& one = inputs_[index];
        if (recorded) {
          one.covered = after;
          if (one.at.next_offset == after.next_offset) one.uncovered = 0;
        } else if (one.uncovered++ == 0) {
          one.uncovered_since = env_->clock->Monotonic();
        }
      };
    }
    writer_->EnqueueMachine(std::move(item));
  }
}

void Reactor::EnqueuePark(std::shared_ptr<log::v1::InputParked> parked, const std::string& reason, InputShard* input) {
  parked->set_reason(reason);
  log::v1::RuntimeEvent event;
  *event.mutable_input_parked() = *parked;
  Item item;
  item.ready_events = {
      {absl::StrCat(kInputsPrefix, parked->stream(), "/", parked->aggregate()), event.SerializeAsString()}};
  item.order.set_actor(absl::StrCat("service/", log::StreamName(env_->id.stream)));
  item.source = SourceOf(*input, input->at);
  item.input = std::move(parked);
  writer_->EnqueueMachine(std::move(item));
}

absl::StatusOr<std::vector<Item>> Reactor::Replay(const v1::ParkedRow& row) const {
  log::v1::Body body;
  if (!body.ParseFromString(row.input().body()) || body.events().empty()) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "NOT_REPLAYABLE", "the parked input was not kept; skip it");
  }
  ASSIGN_OR_RETURN(const log::Stream stream, log::ParseStream(row.input().stream()));
  const auto reference = env_->reference == nullptr ? nullptr : env_->reference->Current();
  ASSIGN_OR_RETURN(std::vector<v1::Order> orders,
                   env_->logic->React({{stream, row.input().shard()}, &body}, Context(reference.get())));
  std::vector<Item> items;
  for (v1::Order& order : orders) {
    Item item;
    item.order = std::move(order);
    item.order.set_order_class(v1::ORDER_CLASS_REACTION);
    item.order.set_actor(absl::StrCat("service/", log::StreamName(env_->id.stream)));
    auto* cause = item.order.mutable_cause();
    cause->set_stream(row.input().stream());
    cause->set_aggregate(row.input().aggregate());
    cause->set_version(row.input().version());
    items.push_back(std::move(item));
  }
  log::v1::RuntimeEvent event;
  auto* replayed = event.mutable_input_replayed();
  replayed->set_stream(row.input().stream());
  replayed->set_aggregate(row.input().aggregate());
  replayed->set_version(row.input().version());
  Item last;
  last.ready_events = {
      {absl::StrCat(kInputsPrefix, row.input().stream(), "/", row.input().aggregate()), event.SerializeAsString()}};
  items.push_back(std::move(last));
  return items;
}

log::v1::Source Reactor::SourceOf(const InputShard& input, const log::RuleState& state) {
  log::v1::Source source;
  source.set_stream(std::string(log::StreamName(input.id.stream)));
  source.set_shard(input.id.shard);
  *source.mutable_state() = state.ToProto();
  return source;
}

void Reactor::CoverNow() {
  if (active_) Cover(true);
}

void Reactor::Cover(bool all) {
  bool due = all;
  Millis next = kCoverAfter;
  bool any = false;
  const Millis now = env_->clock->Monotonic();
  for (const InputShard& input : inputs_) {
    if (input.uncovered == 0) continue;
    any = true;
    due |= input.uncovered >= kCoverAfterInputs || now - input.uncovered_since >= kCoverAfter;
    next = std::min(next, input.uncovered_since + kCoverAfter - now);
  }
  if (!any) return;
  if (due) {
    Item item;
    for (InputShard& input : inputs_) {
      if (input.uncovered == 0) continue;
      item.positions.push_back(SourceOf(input, input.at));
      input.covered = input.at;
      input.uncovered = 0;
    }
    writer_->EnqueueMachine(std::move(item));
    wake_();
  } else if (!cover_timer_) {
    cover_timer_ = true;
    env_->executor->PostAfter(std::max<Millis>(next, 1), [this, alive = alive_] {
      if (alive.expired()) return;
      cover_timer_ = false;
      if (active_) Cover(false);
    });
  }
}

}  // namespace redress::runtime
