#include "libs/runtime/reactor.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/runtime/fold.h"
#include "libs/runtime/rows.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"

namespace redress::runtime {
namespace {

constexpr int kEntriesPerRead = 128;
// While callers wait.
constexpr Millis kGather = 20;
// While many do.
constexpr int kEntriesPerTurn = 1;
constexpr Millis kBetweenTurns = 250;
constexpr int64_t kCoverAfterInputs = 10000;

}  // namespace

Reactor::Reactor(const Environment* env, Writer* writer, std::shared_ptr<InputNews> news, std::function<void()> wake,
                 std::weak_ptr<void> alive)
    : env_(env), writer_(writer), news_(std::move(news)), wake_(std::move(wake)), alive_(std::move(alive)) {}

void Reactor::BeginTerm() {
  active_ = true;
  inputs_.clear();
  caught_up_ = true;
  news_->Hold(false);
  quiet_.resize(news_->size());
  for (const log::ShardId& id : env_->logic->Follows(env_->shard(), env_->shard_count)) {
    const size_t number = inputs_.size();
    InputShard input;
    input.id = id;
    input.at = LoadSource(*env_->database, env_->shard(), id);
    input.covered = input.at;
    input.quiet = input.at;
    // Its place is the source's, not its own: what it had reacted to may be lost with the term.
    if (quiet_[number].from == input.at) input.at = quiet_[number].to;
    input.reader = env_->log->Tail(id, input.at.next_offset);
    news_->Set(number);
    inputs_.push_back(std::move(input));
  }
}

void Reactor::EndTerm() {
  active_ = false;
  // Whoever reads nothing need not ask again.
  log_unavailable_ = false;
  for (size_t number = 0; number < inputs_.size(); ++number) {
    quiet_[number] = {std::move(inputs_[number].quiet), std::move(inputs_[number].at)};
  }
  inputs_.clear();
}

Millis Reactor::lag() const {
  return !active_ || caught_up_ ? 0 : std::max<Millis>(0, env_->clock->Now() - last_input_at_);
}

bool Reactor::Step() {
  if (!active_ || !stopped_.ok() || inputs_.empty()) return false;
  const bool hurried = std::exchange(hurried_, false) || lag() >= kYieldBelow;
  const Callers* const callers = hurried ? nullptr : env_->callers;
  const bool many = callers != nullptr && callers->Many();
  if (callers != nullptr && (many || callers->Any()) && Yields(many ? kBetweenTurns : kGather)) return false;
  log_unavailable_ = false;
  bool any = false;
  size_t asked = 0;
  for (; asked < inputs_.size() && writer_->machine_queued() < env_->limits.machine; ++asked) {
    any |= ReadSome(next_, many ? kEntriesPerTurn : kEntriesPerRead);
    next_ = (next_ + 1) % inputs_.size();
  }
  if (!any && asked == inputs_.size() && !log_unavailable_ && writer_->machine_queued() == 0) caught_up_ = true;
  Cover(false);
  if ((many || !any) && std::exchange(in_turn_, false)) last_turn_at_ = env_->clock->Monotonic();
  return any;
}

// Whether nothing is to be read now. What lies unread is not known then: it counts as behind from here on.
bool Reactor::Yields(Millis pause) {
  if (in_turn_) return false;
  const Millis rest = last_turn_at_ + pause - env_->clock->Monotonic();
  if (rest <= 0) {
    in_turn_ = true;
    return false;
  }
  if (caught_up_ && !news_->Any()) return true;
  if (std::exchange(caught_up_, false)) last_input_at_ = env_->clock->Now();
  news_->Hold(true);
  if (!std::exchange(yield_timer_, true)) {
    env_->executor->PostAfter(rest, [this, alive = alive_] {
      if (alive.expired()) return;
      yield_timer_ = false;
      news_->Hold(false);
      wake_();
    });
  }
  return true;
}

bool Reactor::ReadSome(size_t number, int entries) {
  if (!news_->Take(number)) return false;
  InputShard* const input = &inputs_[number];
  FAULT_POINT(env_->faults, "reactor.before_react", false);
  entries_.clear();
  const absl::Status read = input->reader->Read(entries, &entries_);
  // There may be more than fits in one reading, or than could be asked for now.
  if (!entries_.empty() || !read.ok()) news_->Set(number);
  if (absl::IsUnavailable(read)) {
    log_unavailable_ = true;
  } else if (!read.ok()) {
    stopped_ = Annotate(read, absl::StrCat(log::ToString(env_->id), " reading ", log::ToString(input->id)));
    return false;
  }
  for (log::Entry& entry : entries_) {
    const absl::Status taken = Take(std::move(entry), input);
    if (!taken.ok()) {
      stopped_ = Annotate(taken, absl::StrCat(log::ToString(env_->id), " reading ", log::ToString(input->id)));
      return false;
    }
  }
  return !entries_.empty();
}

absl::Status Reactor::Take(log::Entry entry, InputShard* input) {
  const int64_t offset = entry.offset;
  ASSIGN_OR_RETURN(const auto judged, env_->judged->Judge(input->id, std::move(entry), input->at));
  input->at = judged->after;
  if (judged->verdict != log::Verdict::kAccepted || judged->record.kind() != log::v1::KIND_DECISION) {
    return absl::OkStatus();
  }
  input->quiet = input->at;
  if (!judged->body.has_value()) {
    return MakeError(absl::StatusCode::kDataLoss, "RECORD_UNREADABLE",
                     absl::StrCat("offset ", offset, ": an accepted body cannot be read"));
  }
  caught_up_ = false;
  last_input_at_ = judged->body->recorded_at();
  React(*judged, input);
  return absl::OkStatus();
}

std::shared_ptr<log::v1::InputParked> Reactor::ParkedInput(const Judged& judged, const InputShard& input) const {
  const log::v1::Event& first = judged.body->events(0);
  auto parked = std::make_shared<log::v1::InputParked>();
  parked->set_stream(std::string(log::StreamName(input.id.stream)));
  parked->set_shard(input.id.shard);
  parked->set_aggregate(first.aggregate());
  parked->set_version(first.version());
  parked->set_body(judged.record.body());
  return parked;
}

void Reactor::CountUncovered(const Environment& env, InputShard* input) {
  if (input->uncovered++ == 0) input->uncovered_since = env.clock->Monotonic();
}

absl::StatusOr<std::vector<v1::Order>> Reactor::OrdersOf(const log::ShardId& from, const log::v1::Body& body,
                                                         const log::v1::Event* unknown) const {
  if (body.level() > kBuildLevel) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "LEVEL_UNKNOWN",
                     absl::StrCat("it is of level ", body.level(), "; this build knows ", kBuildLevel));
  }
  if (unknown != nullptr) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "EVENT_UNKNOWN",
                     absl::StrCat("version ", unknown->version(), " of ", unknown->aggregate(),
                                  " is an event that this build does not know"));
  }
  const auto reference = env_->reference == nullptr ? nullptr : env_->reference->Current();
  return env_->logic->React({from, &body}, {env_->shard(), env_->shard_count, reference.get()});
}

void Reactor::React(const Judged& judged, InputShard* input) {
  const log::v1::Body& body = *judged.body;
  // What another shard's runtime noted of its own inputs means nothing to anybody else.
  if (body.events().empty() || absl::StartsWith(body.events(0).aggregate(), kInputsPrefix)) {
    return CountUncovered(*env_, input);
  }
  auto orders = OrdersOf(input->id, body, FindUnknown(*env_->logic, input->id.stream, judged));
  if (!orders.ok()) return EnqueuePark(ParkedInput(judged, *input), orders.status(), input);
  if (orders->empty()) return CountUncovered(*env_, input);
  EnqueueOrders(*std::move(orders), judged, input);
}

void Reactor::EnqueueOrders(std::vector<v1::Order> orders, const Judged& judged, InputShard* input) {
  const log::v1::Body& body = *judged.body;
  const std::shared_ptr<const log::v1::InputParked> parked = ParkedInput(judged, *input);
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
    item.after = SourceOf(*input, input->at);
    item.source = last ? item.after : SourceOf(*input, judged.before);
    item.input_at = body.recorded_at();
    item.input = parked;
    if (last) item.settled = WhenSettled(input);
    writer_->EnqueueMachine(std::move(item));
  }
}

std::function<void(bool)> Reactor::WhenSettled(InputShard* input) {
  const size_t index = static_cast<size_t>(input - inputs_.data());
  return [this, index, after = input->at](bool recorded) {
    InputShard& one = inputs_[index];
    if (!recorded) return CountUncovered(*env_, &one);
    // A position may have gone further meanwhile.
    if (after.next_offset > one.covered.next_offset) one.covered = after;
    if (one.at.next_offset == after.next_offset) one.uncovered = 0;
  };
}

void Reactor::EnqueuePark(std::shared_ptr<log::v1::InputParked> parked, const absl::Status& why, InputShard* input) {
  parked->set_reason(Writer::ParkReason(why));
  log::v1::RuntimeEvent event;
  *event.mutable_input_parked() = *parked;
  Item item;
  item.ready_events = {
      {absl::StrCat(kInputsPrefix, parked->stream(), "/", parked->aggregate()), event.SerializeAsString()}};
  item.order.set_actor(absl::StrCat("service/", log::StreamName(env_->id.stream)));
  item.source = SourceOf(*input, input->at);
  item.input_at = last_input_at_;
  item.input = std::move(parked);
  item.settled = WhenSettled(input);
  writer_->EnqueueMachine(std::move(item));
}

absl::StatusOr<std::vector<Item>> Reactor::Replay(const v1::ParkedRow& row,
                                                  std::shared_ptr<Unparking> unparking) const {
  log::v1::Body body;
  if (!body.ParseFromString(row.input().body()) || body.events().empty()) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "NOT_REPLAYABLE", "the parked input was not kept; skip it");
  }
  ASSIGN_OR_RETURN(const log::Stream stream, log::ParseStream(row.input().stream()));
  ASSIGN_OR_RETURN(std::vector<v1::Order> orders,
                   OrdersOf({stream, row.input().shard()}, body, FindUnknown(*env_->logic, stream, body)));
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
    item.unparking = unparking;
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
  last.unparking = std::move(unparking);
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
  if (!active_) return;
  hurried_ = true;
  // Once for each time that it rests: whoever waits for what is not there yet asks again at every step.
  if (news_->Hold(false)) wake_();
  Cover(true);
}

void Reactor::Cover(bool all) {
  bool due = all;
  Millis next = env_->position_after;
  bool any = false;
  const Millis now = env_->clock->Monotonic();
  for (const InputShard& input : inputs_) {
    if (input.uncovered == 0) continue;
    any = true;
    due |= input.uncovered >= kCoverAfterInputs || now - input.uncovered_since >= env_->position_after;
    next = std::min(next, input.uncovered_since + env_->position_after - now);
  }
  if (all) {
    // Also what no reaction was owed to: a reader may wait behind a claim.
    any = std::any_of(inputs_.begin(), inputs_.end(),
                      [](const InputShard& input) { return input.at.next_offset > input.covered.next_offset; });
  }
  if (!any) return;
  if (due) {
    Item item;
    for (InputShard& input : inputs_) {
      if (input.uncovered == 0 && !(all && input.at.next_offset > input.covered.next_offset)) continue;
      item.positions.push_back(SourceOf(input, input.at));
      input.covered = input.at;
      input.quiet = input.at;
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
