#include "libs/runtime/writer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/runtime/fold.h"
#include "libs/runtime/rows.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"

namespace redress::runtime {
namespace {

constexpr size_t kMaxQueued = 8192;
constexpr size_t kMaxMachineInBatch = 256;
constexpr size_t kMaxBatchRecords = 512;
constexpr size_t kMaxBatchBytes = 2 << 20;
constexpr size_t kMaxEvents = 64;
constexpr uint32_t kMaxHops = 8;
// While an input is less than this behind, callers go before reactions.
constexpr Millis kYieldBelow = 60 * kSecond;

bool IsCaller(const Item& item) { return !item.waiters.empty(); }
std::string RequestKey(const v1::Order& order) {
  return absl::StrCat(order.caller_scope(), absl::string_view("\0", 1), order.request_id());
}

}  // namespace

struct Writer::Batch {
  explicit Batch(const store::Rows* rows) : view(rows, /*speculative=*/true) {}
  store::View view;
  log::RuleState state;
  std::vector<Flying> flying;
  std::vector<std::string> records;
  size_t bytes = 0;
  size_t machine = 0;
  size_t bulk = 0;
  size_t callers = 0;
  // Reactions yield to people while they are not far behind.
  bool yield = false;
  absl::flat_hash_map<std::string, size_t> requests;  // index in `flying`
};

Writer::Writer(const Environment* env, std::function<void()> wake, std::function<void(bool)> doubt,
               std::weak_ptr<void> alive)
    : env_(env), wake_(std::move(wake)), doubt_(std::move(doubt)), alive_(std::move(alive)) {}

void Writer::Enqueue(v1::Order order, Done done) {
  auto& queue = order.order_class() == v1::ORDER_CLASS_BULK ? bulk_ : callers_;
  if (queue.size() >= kMaxQueued) {
    done(RetryLater(absl::StatusCode::kResourceExhausted, "QUEUE_FULL",
                    absl::StrCat(log::ToString(env_->id), " has ", queue.size(), " orders waiting"), 200));
    return;
  }
  Item item;
  item.order = std::move(order);
  item.waiters.push_back(std::move(done));
  item.queued_at = env_->clock->Monotonic();
  queue.push_back(std::move(item));
}

void Writer::EnqueueMachine(Item item) {
  item.queued_at = env_->clock->Monotonic();
  machine_.push_back(std::move(item));
}

void Writer::BeginTerm(int64_t fence) {
  fence_ = fence;
  applied_seq_ = 0;
  last_seq_ = 0;
}

void Writer::EndTerm() {
  fence_ = 0;
  ++append_;
  machine_.clear();
  for (auto it = flying_.rbegin(); it != flying_.rend(); ++it) {
    if (IsCaller(it->item)) callers_.push_front(std::move(it->item));
  }
  flying_.clear();
}

void Writer::FailAll(const absl::Status& status) {
  std::vector<Item> items;
  for (Flying& flying : flying_) items.push_back(std::move(flying.item));
  flying_.clear();
  for (auto* queue : {&callers_, &bulk_}) {
    for (Item& item : *queue) items.push_back(std::move(item));
    queue->clear();
  }
  machine_.clear();
  for (Item& item : items) {
    for (Done& done : item.waiters) done(status);
  }
}

Millis Writer::queue_age() const {
  Millis oldest = env_->clock->Monotonic();
  for (const auto* queue : {&callers_, &bulk_, &machine_}) {
    if (!queue->empty()) oldest = std::min(oldest, queue->front().queued_at);
  }
  return env_->clock->Monotonic() - oldest;
}

bool Writer::TakeNext(Batch* batch, Item* item) {
  if (batch->flying.size() >= kMaxBatchRecords || batch->bytes >= kMaxBatchBytes) return false;
  const auto take = [&](std::deque<Item>& queue, size_t* count) {
    *item = std::move(queue.front());
    queue.pop_front();
    ++*count;
    return true;
  };
  if (!machine_.empty() && !batch->yield && batch->machine < kMaxMachineInBatch) return take(machine_, &batch->machine);
  if (!callers_.empty()) return take(callers_, &batch->callers);
  if (!bulk_.empty() && batch->bulk < kMaxBatchRecords / 4) return take(bulk_, &batch->bulk);
  return false;
}

bool Writer::Step(const log::RuleState& state) {
  if (fence_ == 0 || !flying_.empty() || queued() == 0) return false;
  if (!env_->database->Health().ok()) return false;
  seen_ = state;
  Batch batch(env_->database);
  batch.state = state;
  batch.yield =
      !callers_.empty() && !machine_.empty() && env_->clock->Monotonic() - machine_.front().queued_at < kYieldBelow;
  Item item;
  while (TakeNext(&batch, &item)) {
    if (!item.positions.empty()) {
      AddPosition(std::move(item), &batch);
    } else if (!JoinOrAnswerKnown(item, &batch)) {
      Decide(std::move(item), &batch);
    }
    item = Item();
  }
  if (!env_->database->Health().ok()) {
    // What was read may be wrong: nothing of it leaves.
    for (Flying& flying : batch.flying) {
      if (IsCaller(flying.item)) callers_.push_back(std::move(flying.item));
    }
    return false;
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
  if (order.deadline() != 0 && env_->clock->Now() > order.deadline()) {
    const absl::Status late = MakeError(absl::StatusCode::kDeadlineExceeded, "DEADLINE_PASSED",
                                        "the deadline passed before it was decided; nothing was done");
    for (Done& done : item.waiters) done(late);
    return true;
  }
  if (order.request_id().empty()) return false;
  const auto in_batch = batch->requests.find(RequestKey(order));
  if (in_batch != batch->requests.end()) {
    auto& waiters = batch->flying[in_batch->second].item.waiters;
    std::move(item.waiters.begin(), item.waiters.end(), std::back_inserter(waiters));
    return true;
  }
  const auto known = FindRequest(*env_->database, env_->shard(), order.caller_scope(), order.request_id());
  if (!known.has_value()) return false;
  v1::Receipt receipt = ReceiptSeen();
  receipt.mutable_position()->set_next(known->next());
  receipt.set_aggregate(known->aggregate());
  receipt.set_version(known->version());
  receipt.set_result(known->result());
  receipt.set_fingerprint(known->fingerprint());
  receipt.set_fingerprint_key(known->fingerprint_key());
  receipt.set_known(true);
  receipt.set_recorded(true);
  for (Done& done : item.waiters) done(receipt);
  return true;
}

absl::StatusOr<std::vector<NewEvent>> Writer::EventsOf(const Item& item, const Batch& batch, Millis now) const {
  const v1::Order& order = item.order;
  if (!item.ready_events.empty()) return item.ready_events;
  if (order.hops() > kMaxHops) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "TOO_MANY_HOPS", "reactions chase each other");
  }
  if (order.etag() != 0) {
    const int64_t version = VersionOf(batch.view, env_->shard(), order.aggregate());
    if (version != order.etag()) {
      return MakeError(absl::StatusCode::kAborted, "ETAG_MOVED",
                       absl::StrCat(order.aggregate(), " is at version ", version, ", not ", order.etag()),
                       {{"version", absl::StrCat(version)}});
    }
  }
  const auto reference = env_->reference == nullptr ? nullptr : env_->reference->Current();
  return env_->logic->Decide(batch.view, order, {env_->shard(), env_->shard_count, now, reference.get()});
}

void Writer::Decide(Item item, Batch* batch) {
  Flying flying;
  const Millis now = std::max(env_->clock->Now(), batch->state.last_recorded_at);
  auto events = EventsOf(item, *batch, now);
  absl::Status status = events.status();
  if (status.ok() && !events->empty()) status = AddRecord(item, *events, now, batch, &flying);
  if (!status.ok()) {
    if (item.input != nullptr) {
      AddPark(std::move(item), status, batch);
      return;
    }
    flying.refusal = status;
  }
  if (IsCaller(item) && !item.order.request_id().empty()) {
    batch->requests[RequestKey(item.order)] = batch->flying.size();
  }
  if (flying.seq == 0) {
    flying.receipt = ReceiptSeen();
    flying.receipt.set_aggregate(item.order.aggregate());
    flying.receipt.set_version(VersionOf(batch->view, env_->shard(), item.order.aggregate()));
  }
  flying.item = std::move(item);
  batch->flying.push_back(std::move(flying));
}

int64_t Writer::RegisterVersion(int64_t last) const {
  return env_->reference == nullptr ? last : std::max(last, env_->reference->Version());
}

absl::Status Writer::AddRecord(const Item& item, const std::vector<NewEvent>& events, Millis now, Batch* batch,
                               Flying* flying) {
  if (events.size() > kMaxEvents) return absl::InternalError("a decision of more than 64 events");
  const v1::Order& order = item.order;
  log::v1::Body body;
  body.set_recorded_at(now);
  body.set_actor(order.actor());
  body.set_caller_scope(order.caller_scope());
  body.set_request_id(order.request_id());
  body.set_fingerprint(order.fingerprint());
  body.set_fingerprint_key(order.fingerprint_key());
  body.set_register_version(RegisterVersion(batch->state.last_register_version));
  body.set_hops(order.hops());
  body.set_level(kBuildLevel);
  body.set_traceparent(order.traceparent());
  if (order.has_cause()) *body.mutable_cause() = order.cause();
  absl::flat_hash_map<std::string, int64_t> versions;
  for (const NewEvent& event : events) {
    auto [at, first] = versions.try_emplace(event.aggregate, 0);
    if (first) at->second = VersionOf(batch->view, env_->shard(), event.aggregate);
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
  const ApplyContext context{env_->shard(), env_->shard_count, &body};
  FoldDecision(*env_->logic, context, item.source.has_value() ? &*item.source : nullptr, 0, &batch->view);
  batch->records.push_back(record.SerializeAsString());
  batch->bytes += batch->records.back().size();
  flying->seq = record.seq();
  return absl::OkStatus();
}

void Writer::AddPosition(Item item, Batch* batch) {
  log::v1::Progress progress;
  for (const log::v1::Source& source : item.positions) {
    const auto stream = log::ParseStream(source.stream());
    if (!stream.ok()) continue;
    const log::RuleState saved = LoadSource(batch->view, env_->shard(), {*stream, source.shard()});
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
    for (const log::v1::Source& source : progress.sources()) SaveSource(&batch->view, env_->shard(), source);
    batch->state.seq += 1;
    batch->state.chain = record.chain();
    batch->state.last_recorded_at = progress.recorded_at();
    batch->records.push_back(record.SerializeAsString());
    batch->bytes += batch->records.back().size();
    flying.seq = record.seq();
  }
  flying.item = std::move(item);
  batch->flying.push_back(std::move(flying));
}

void Writer::AddPark(Item item, const absl::Status& why, Batch* batch) {
  log::v1::RuntimeEvent event;
  *event.mutable_input_parked() = *item.input;
  event.mutable_input_parked()->set_reason(absl::StrCat(absl::StatusCodeToString(why.code()), ": ", why.message()));
  item.ready_events = {
      {absl::StrCat(kInputsPrefix, item.input->stream(), "/", item.input->aggregate()), event.SerializeAsString()}};
  item.order.clear_hops();
  Flying flying;
  const Millis now = std::max(env_->clock->Now(), batch->state.last_recorded_at);
  const absl::Status added = AddRecord(item, item.ready_events, now, batch, &flying);
  if (!added.ok()) {
    // The input itself is too large to keep: park its name alone.
    event.mutable_input_parked()->clear_body();
    AddRecord(item, {{item.ready_events[0].aggregate, event.SerializeAsString()}}, now, batch, &flying).IgnoreError();
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
    const absl::Status full = RetryLater(absl::StatusCode::kResourceExhausted, "LOG_FULL",
                                         "the event log takes nothing now; nothing was done", 1000);
    for (Flying& flying : flying_) {
      for (Done& done : flying.item.waiters) done(full);
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

void Writer::Answer(Flying& flying) {
  const v1::Order& order = flying.item.order;
  if (flying.item.settled) flying.item.settled(flying.seq != 0);
  if (flying.item.waiters.empty()) return;
  if (!flying.refusal.ok()) {
    for (Done& done : flying.item.waiters) done(flying.refusal);
    return;
  }
  v1::Receipt receipt = ReceiptSeen();
  if (flying.seq == 0) {
    receipt = flying.receipt;
  } else {
    receipt.mutable_position()->set_next(flying.receipt.position().next());
    receipt.set_recorded(true);
    const auto row = FindRequest(*env_->database, env_->shard(), order.caller_scope(), order.request_id());
    if (row.has_value()) {
      receipt.set_aggregate(row->aggregate());
      receipt.set_version(row->version());
      receipt.set_result(row->result());
      receipt.set_fingerprint(row->fingerprint());
      receipt.set_fingerprint_key(row->fingerprint_key());
    }
  }
  bool first = true;
  for (Done& done : flying.item.waiters) {
    receipt.set_known(!first);  // those that joined are retries of the first
    done(receipt);
    first = false;
  }
}

void Writer::AnswerAll(std::vector<Flying> flying) {
  for (Flying& one : flying) Answer(one);
}

}  // namespace redress::runtime
