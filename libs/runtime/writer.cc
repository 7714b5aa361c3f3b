#include "libs/runtime/writer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "libs/runtime/fold.h"
#include "libs/runtime/rows.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "libs/status/utf8.h"

namespace redress::runtime {
namespace {

constexpr size_t kMaxEvents = 64;
constexpr uint32_t kMaxHops = 8;
// Of the reason an input is parked for, in bytes.
constexpr size_t kMaxReason = 4096;  // bytes of a parked input's reason

std::string RequestKey(const v1::Order& order) {
  return absl::StrCat(order.caller_scope(), absl::string_view("\0", 1), order.request_id());
}

absl::Status OutcomeUnknown() {
  return RetryLater(absl::StatusCode::kUnavailable, "OUTCOME_UNKNOWN",
                    "the event log did not say whether it took this; ask again with the same request id", 1000);
}

}  // namespace

struct Writer::Batch {
  Batch(const Environment* e, const store::Rows* rows) : env(e), view(rows, /*speculative=*/true) {}

  // What was applied when the batch was begun, and what the batch has decided since.
  store::View& Seen() {
    if (unfolded.has_value()) {
      const ApplyContext context{env->shard(), env->shard_count, &unfolded->body};
      FoldDecision(*env->logic, context, unfolded->source.has_value() ? &*unfolded->source : nullptr, 0, &view);
      unfolded.reset();
    }
    return view;
  }

  // The last record: folded only when something after it looks, which most often nothing does.
  struct Unfolded {
    log::v1::Body body;
    std::optional<log::v1::Source> source;
  };
  const Environment* env;
  store::View view;
  std::optional<Unfolded> unfolded;
  log::RuleState state;
  std::vector<Flying> flying;
  std::vector<std::string> records;
  Queues::Fill fill;
  bool any_parked = false;  // by this batch
  // Index in `flying` of what is recorded for a request.
  absl::flat_hash_map<std::string, size_t> requests;
};

Writer::Writer(const Environment* env, std::function<void()> wake, std::function<void(bool)> doubt,
               std::weak_ptr<void> alive)
    : env_(env),
      wake_(std::move(wake)),
      doubt_(std::move(doubt)),
      alive_(std::move(alive)),
      queues_(env->clock, env->limits) {}

void Writer::Enqueue(v1::Order order, Done done) {
  if (queues_.Full(order.order_class())) {
    done(RetryLater(absl::StatusCode::kResourceExhausted, "QUEUE_FULL",
                    absl::StrCat(log::ToString(env_->id), " has all the orders waiting that may"), 200));
    return;
  }
  Item item;
  item.order = std::move(order);
  item.waiters.push_back(std::move(done));
  queues_.PushOrder(std::move(item));
}

void Writer::EnqueueMachine(Item item) { queues_.PushMachine(std::move(item)); }

void Writer::BeginTerm(int64_t fence) {
  fence_ = fence;
  ParkedChanged();
  applied_seq_ = 0;
  applied_next_ = 0;
  last_seq_ = 0;
}

void Writer::EndTerm() {
  fence_ = 0;
  ++append_;
  std::vector<Item> again;
  std::vector<Item> lost;
  for (Flying& flying : flying_) {
    Item& item = flying.item;
    item.unsure |= flying.seq != 0;
    const bool known_later = IsCaller(item) && !(item.unsure && item.order.request_id().empty());
    (known_later ? again : lost).push_back(std::move(item));
  }
  flying_.clear();
  queues_.PutBack(std::move(again));
  for (Item& item : queues_.TakeMachine()) lost.push_back(std::move(item));
  const absl::Status ended = RetryLater(absl::StatusCode::kUnavailable, "TERM_ENDED",
                                        absl::StrCat(log::ToString(env_->id), " changes owner; ask again"), 500);
  for (Item& item : lost) {
    if (item.ended) item.ended(ended);
    for (Done& done : item.waiters) done(OutcomeUnknown());
  }
}

void Writer::FailAll(const absl::Status& status) {
  std::vector<Item> items;
  for (Flying& flying : flying_) {
    flying.item.unsure |= flying.seq != 0;
    items.push_back(std::move(flying.item));
  }
  flying_.clear();
  for (Item& item : queues_.TakeOrders()) items.push_back(std::move(item));
  for (Item& item : queues_.TakeMachine()) items.push_back(std::move(item));
  for (Item& item : items) {
    if (item.ended) item.ended(status);
    const bool unknown = item.unsure && !absl::IsUnavailable(status);
    for (Done& done : item.waiters) done(unknown ? OutcomeUnknown() : status);
  }
}

absl::Status Writer::LogFull() const {
  const std::string why = env_->log->WhyRefused();
  return RetryLater(
      absl::StatusCode::kResourceExhausted, "LOG_FULL",
      absl::StrCat("the event log takes nothing now", why.empty() ? "" : ": ", why, "; this call added nothing to it"),
      1000);
}

void Writer::RefuseQueued() {
  for (Item& item : queues_.TakeOrders()) {
    for (Done& done : item.waiters) done(item.unsure ? OutcomeUnknown() : LogFull());
  }
}

bool Writer::Step(const log::RuleState& state) {
  if (fence_ == 0 || !flying_.empty() || queued() == 0) return false;
  seen_ = state;
  Batch batch(env_, env_->database);
  batch.state = state;
  batch.fill = queues_.Begin();
  Item item;
  while (queues_.Take(&batch.fill, &item)) {
    if (!item.positions.empty()) {
      AddPosition(std::move(item), &batch);
    } else if (!JoinOrAnswerKnown(item, &batch)) {
      Decide(std::move(item), &batch);
    }
    item = Item();
  }
  if (!env_->database->Health().ok()) {
    // What was read may be wrong: nothing of it leaves. The term is over with it.
    flying_ = std::move(batch.flying);
    for (Flying& flying : flying_) flying.seq = 0;
    doubt_(false);
    return true;
  }
  if (batch.records.empty()) {
    const bool any = !batch.flying.empty();
    AnswerAll(std::move(batch.flying));
    return any;
  }
  AppendBatch(std::move(batch));
  return true;
}

bool Writer::JoinOrAnswerKnown(Item& item, Batch* batch) {
  const v1::Order& order = item.order;
  if (!IsCaller(item)) return false;
  if (!order.request_id().empty()) {
    const auto in_batch = batch->requests.find(RequestKey(order));
    if (in_batch != batch->requests.end()) {
      auto& waiters = batch->flying[in_batch->second].item.waiters;
      std::move(item.waiters.begin(), item.waiters.end(), std::back_inserter(waiters));
      return true;
    }
    const auto known = FindRequest(*env_->database, env_->shard(), order.caller_scope(), order.request_id());
    if (known.has_value()) {
      FAULT_POINT(env_->faults, "writer.before_known_reply", true);
      v1::Receipt receipt = ReceiptSeen();
      receipt.mutable_position()->set_next(known->next());
      FillReceipt(*known, &receipt);
      receipt.set_known(true);
      for (Done& done : item.waiters) done(receipt);
      return true;
    }
    // A term that began after the append knows better than its report: it did not happen.
    item.unsure = false;
  }
  if (order.deadline() == 0 || env_->clock->Now() <= order.deadline()) return false;
  const absl::Status late = MakeError(absl::StatusCode::kDeadlineExceeded, "DEADLINE_PASSED",
                                      "the deadline passed before it was decided; nothing was done");
  for (Done& done : item.waiters) done(late);
  return true;
}

absl::StatusOr<std::vector<NewEvent>> Writer::EventsOf(const Item& item, Batch* batch, Millis now,
                                                       const ReferenceLook& register_seen) const {
  const v1::Order& order = item.order;
  if (!item.ready_events.empty()) return item.ready_events;
  if (order.hops() > kMaxHops) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "TOO_MANY_HOPS", "reactions chase each other");
  }
  if (order.etag() != 0) {
    const int64_t version = VersionOf(batch->Seen(), env_->shard(), order.aggregate());
    if (version != order.etag()) {
      return MakeError(absl::StatusCode::kAborted, "ETAG_MOVED",
                       absl::StrCat(order.aggregate(), " is at version ", version, ", not ", order.etag()),
                       {{"version", absl::StrCat(version)}});
    }
  }
  const store::View& seen = batch->Seen();
  if (env_->faults != nullptr) env_->faults->Deciding(seen, order);
  return env_->logic->Decide(seen, order, {env_->shard(), env_->shard_count, now, register_seen.snapshot.get()});
}

// Whether nothing is to be done for it any more: its input was parked by an earlier order of the same, or the attempt
// to unpark that it belongs to has failed.
bool Writer::IsOver(const Item& item, Batch* batch) const {
  if (item.unparking != nullptr) {
    Unparking& unparking = *item.unparking;
    const log::v1::InputSkipped& name = unparking.name;
    if (unparking.status.ok() &&
        !IsParked(batch->Seen(), env_->shard(), name.stream(), name.aggregate(), name.version())) {
      unparking.status = NotParked(name);
    }
    return !unparking.status.ok();
  }
  if (!item.after.has_value()) return false;
  const auto stream = log::ParseStream(item.after->stream());
  return stream.ok() && LoadSource(batch->Seen(), env_->shard(), {*stream, item.after->shard()}).next_offset >=
                            item.after->state().next_offset();
}

void Writer::ParkedChanged() { any_parked_ = AnyParked(*env_->database, env_->shard()); }

bool Writer::IsBehindParked(const Item& item, Batch* batch) const {
  return (any_parked_ || batch->any_parked) && item.input != nullptr && item.ready_events.empty() &&
         OldestParked(batch->Seen(), env_->shard(), item.input->stream(), item.input->aggregate()).has_value();
}

void Writer::Decide(Item item, Batch* batch) {
  Flying flying;
  if (IsOver(item, batch)) {
    flying.item = std::move(item);
    batch->flying.push_back(std::move(flying));
    return;
  }
  if (IsBehindParked(item, batch)) {
    return AddPark(std::move(item), absl::FailedPreconditionError("behind a parked input"), batch);
  }
  const Millis now = std::max(env_->clock->Now(), batch->state.last_recorded_at);
  const ReferenceLook register_seen = env_->reference == nullptr ? ReferenceLook{} : env_->reference->Look();
  auto events = EventsOf(item, batch, now, register_seen);
  absl::Status status = events.status();
  if (status.ok() && !events->empty()) {
    status = AddRecord(item, *events, now, register_seen.version, batch, &flying);
  }
  if (!status.ok()) {
    if (item.input != nullptr) return AddPark(std::move(item), status, batch);
    if (item.unparking != nullptr) item.unparking->status = status;
    flying.refusal = status;
  }
  if (flying.seq == 0) {
    flying.receipt.set_aggregate(item.order.aggregate());
    flying.receipt.set_version(VersionOf(batch->Seen(), env_->shard(), item.order.aggregate()));
  } else if (IsCaller(item) && !item.order.request_id().empty()) {
    batch->requests[RequestKey(item.order)] = batch->flying.size();
  }
  flying.item = std::move(item);
  batch->flying.push_back(std::move(flying));
}

absl::Status Writer::AddRecord(const Item& item, const std::vector<NewEvent>& events, Millis now,
                               int64_t register_version, Batch* batch, Flying* flying) {
  if (events.size() > kMaxEvents) return absl::InternalError("a decision of more than 64 events");
  const v1::Order& order = item.order;
  log::v1::Body body;
  body.set_recorded_at(now);
  body.set_actor(order.actor());
  body.set_caller_scope(order.caller_scope());
  body.set_request_id(order.request_id());
  body.set_fingerprint(order.fingerprint());
  body.set_fingerprint_key(order.fingerprint_key());
  body.set_register_version(std::max(batch->state.last_register_version, register_version));
  body.set_hops(order.hops());
  body.set_level(kBuildLevel);
  body.set_traceparent(order.traceparent());
  if (order.has_cause()) *body.mutable_cause() = order.cause();
  absl::flat_hash_map<std::string, int64_t> versions;
  for (const NewEvent& event : events) {
    auto [at, first] = versions.try_emplace(event.aggregate, 0);
    if (first) at->second = VersionOf(batch->Seen(), env_->shard(), event.aggregate);
    log::v1::Event* stored = body.add_events();
    stored->set_aggregate(event.aggregate);
    stored->set_version(++at->second);
    stored->set_payload(event.payload);
  }
  log::v1::Record record;
  record.set_body(body.SerializeAsString());
  if (record.body().size() > log::kMaxBodyBytes) {
    return MakeError(
        absl::StatusCode::kInvalidArgument, "TOO_LARGE",
        absl::StrCat("what it records has ", record.body().size(), " bytes; ", log::kMaxBodyBytes, " fit"));
  }
  record.set_rule_version(log::kRuleVersion);
  record.set_kind(log::v1::KIND_DECISION);
  record.set_fence(fence_);
  record.set_seq(batch->state.seq + 1);
  record.set_chain(log::NextChain(batch->state.chain, record.body()));
  if (item.source.has_value()) *record.mutable_source() = *item.source;
  batch->state.seq += 1;
  batch->state.chain = record.chain();
  batch->state.last_recorded_at = now;
  batch->state.last_register_version = body.register_version();
  batch->Seen();  // the record before it
  batch->unfolded = Batch::Unfolded{std::move(body), item.source};
  batch->any_parked |= !item.ready_events.empty();
  batch->records.push_back(record.SerializeAsString());
  batch->fill.bytes += batch->records.back().size();
  flying->seq = record.seq();
  return absl::OkStatus();
}

void Writer::AddPosition(Item item, Batch* batch) {
  log::v1::Progress progress;
  for (const log::v1::Source& source : item.positions) {
    const auto stream = log::ParseStream(source.stream());
    if (!stream.ok()) continue;
    const log::RuleState saved = LoadSource(batch->Seen(), env_->shard(), {*stream, source.shard()});
    if (saved.next_offset < source.state().next_offset()) *progress.add_sources() = source;
  }
  Flying flying;
  if (progress.sources_size() > 0) {
    progress.set_recorded_at(std::max(env_->clock->Now(), batch->state.last_recorded_at));
    log::v1::Record record;
    record.set_rule_version(log::kRuleVersion);
    record.set_kind(log::v1::KIND_POSITION);
    record.set_fence(fence_);
    record.set_seq(batch->state.seq + 1);
    record.set_body(progress.SerializeAsString());
    record.set_chain(log::NextChain(batch->state.chain, record.body()));
    for (const log::v1::Source& source : progress.sources()) SaveSource(&batch->Seen(), env_->shard(), source);
    batch->state.seq += 1;
    batch->state.chain = record.chain();
    batch->state.last_recorded_at = progress.recorded_at();
    batch->records.push_back(record.SerializeAsString());
    batch->fill.bytes += batch->records.back().size();
    flying.seq = record.seq();
  }
  flying.item = std::move(item);
  batch->flying.push_back(std::move(flying));
}

std::string Writer::ParkReason(const absl::Status& why) {
  return absl::StrCat(absl::StatusCodeToString(why.code()), ": ",
                      CutUtf8(EscapeInvalidUtf8(why.message()), kMaxReason));
}

void Writer::AddPark(Item item, const absl::Status& why, Batch* batch) {
  log::v1::RuntimeEvent event;
  *event.mutable_input_parked() = *item.input;
  event.mutable_input_parked()->set_reason(ParkReason(why));
  item.ready_events = {
      {absl::StrCat(kInputsPrefix, item.input->stream(), "/", item.input->aggregate()), event.SerializeAsString()}};
  item.order.clear_hops();
  // The input is done with, whatever more orders it means.
  if (item.after.has_value()) item.source = item.after;
  Flying flying;
  const Millis now = std::max(env_->clock->Now(), batch->state.last_recorded_at);
  const absl::Status added = AddRecord(item, item.ready_events, now, 0, batch, &flying);
  if (!added.ok()) {
    // The input itself is too large to keep: park its name alone, which fits, because the reason is cut above.
    event.mutable_input_parked()->clear_body();
    AddRecord(item, {{item.ready_events[0].aggregate, event.SerializeAsString()}}, now, 0, batch, &flying)
        .IgnoreError();
  }
  flying.item = std::move(item);
  batch->flying.push_back(std::move(flying));
}

void Writer::AppendBatch(Batch batch) {
  flying_ = std::move(batch.flying);
  last_seq_ = batch.state.seq;
  reported_ = false;
  const uint64_t number = ++append_;
  FAULT_POINT(env_->faults, "append.before");
  env_->log->Append(env_->id, std::move(batch.records),
                    [this, alive = alive_, number, executor = env_->executor](log::AppendOutcome outcome) {
                      executor->Post([this, alive, number, outcome] {
                        if (!alive.expired()) OnReport(number, outcome);
                      });
                    });
  FAULT_POINT(env_->faults, "append.after");
}

void Writer::OnReport(uint64_t append, log::AppendOutcome outcome) {
  if (append != append_ || fence_ == 0) return;
  if (outcome == log::AppendOutcome::kAppended) {
    reported_ = true;
    SettleIfDone();
    wake_();
    return;
  }
  if (outcome == log::AppendOutcome::kRefused) {
    for (Flying& flying : flying_) {
      for (Done& done : flying.item.waiters) done(LogFull());
      flying.item.waiters.clear();
    }
  }
  doubt_(outcome == log::AppendOutcome::kRefused);
  wake_();
}

void Writer::OnRecord(int64_t next, log::Verdict verdict, int64_t fence, int64_t seq) {
  if (fence_ == 0 || fence != fence_) return;
  if (verdict == log::Verdict::kGap) {
    doubt_(false);
    return;
  }
  if (verdict != log::Verdict::kAccepted) return;
  applied_seq_ = seq;
  applied_next_ = next;
  for (Flying& flying : flying_) {
    if (flying.seq != seq) continue;
    flying.receipt.mutable_position()->set_next(next);
    break;
  }
  SettleIfDone();
}

void Writer::SettleIfDone() {
  if (flying_.empty() || !reported_ || applied_seq_ < last_seq_) return;
  FAULT_POINT(env_->faults, "writer.before_reply");
  std::vector<Flying> done = std::move(flying_);
  flying_.clear();
  AnswerAll(std::move(done));
  FAULT_POINT(env_->faults, "writer.after_reply");
}

v1::Receipt Writer::ReceiptSeen() const {
  v1::Receipt receipt;
  auto* position = receipt.mutable_position();
  position->set_log_id(env_->log->info().log_id);
  position->set_stream(std::string(log::StreamName(env_->id.stream)));
  position->set_shard(env_->id.shard);
  position->set_next(seen_.next_offset);
  return receipt;
}

bool Writer::Answer(Flying& flying) {
  const v1::Order& order = flying.item.order;
  if (flying.item.settled) flying.item.settled(flying.seq != 0);
  if (flying.item.waiters.empty()) return true;
  v1::Receipt receipt = ReceiptSeen();
  if (flying.seq == 0) {
    FAULT_POINT(env_->faults, "writer.before_refusal", false);
    // It saw what its batch had decided before it, all of which is applied.
    receipt.mutable_position()->set_next(std::max(seen_.next_offset, applied_next_));
    receipt.set_aggregate(flying.receipt.aggregate());
    receipt.set_version(flying.receipt.version());
  } else {
    receipt.mutable_position()->set_next(flying.receipt.position().next());
    receipt.set_recorded(true);
    const auto row = FindRequest(*env_->database, env_->shard(), order.caller_scope(), order.request_id());
    if (row.has_value()) FillReceipt(*row, &receipt);
  }
  if (!flying.refusal.ok()) {
    const absl::Status refusal =
        WithMetadata(flying.refusal, {{"position", absl::Base64Escape(receipt.position().SerializeAsString())}});
    for (Done& done : flying.item.waiters) done(refusal);
    return true;
  }
  bool first = true;
  for (Done& done : flying.item.waiters) {
    receipt.set_known(!first);  // those that joined are retries of the first
    done(receipt);
    first = false;
  }
  return true;
}

void Writer::AnswerAll(std::vector<Flying> flying) {
  for (Flying& one : flying) {
    if (!Answer(one)) return;
  }
}

}  // namespace redress::runtime
