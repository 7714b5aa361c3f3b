#include "libs/runtime/service_runtime.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"

namespace redress::runtime {
namespace {

// Calls `done` once, when `parts` parts have reported: with OK, or with the first error.
std::function<void(absl::Status)> AfterAll(size_t parts, std::function<void(absl::Status)> done) {
  struct State {
    std::atomic<size_t> left;
    std::atomic<bool> failed{false};
    std::function<void(absl::Status)> done;
  };
  auto state = std::make_shared<State>();
  state->left = parts;
  state->done = std::move(done);
  return [state](absl::Status status) {
    if (!status.ok() && !state->failed.exchange(true)) state->done(status);
    if (--state->left == 0 && !state->failed) state->done(absl::OkStatus());
  };
}

absl::Status Closing() {
  return RetryLater(absl::StatusCode::kUnavailable, "CLOSING", "the service is stopping; ask again", 1000);
}

}  // namespace

ServiceRuntime::ServiceRuntime(ServiceOptions options) : options_(std::move(options)), database_(options_.database) {
  const uint32_t count = info().ShardsOf(stream());
  for (uint32_t i = 0; i < count; ++i) {
    Environment env;
    env.id = {stream(), i};
    env.shard_count = info().shard_count;
    env.instance = options_.instance;
    env.address = options_.address;
    env.log = options_.log;
    env.judged = options_.judged != nullptr ? options_.judged : &own_judged_;
    env.judged->AddReader(env.id);
    for (const log::ShardId& input : options_.logic->Follows(env.shard(), env.shard_count))
      env.judged->AddReader(input);
    env.executor = options_.executors[i % options_.executors.size()];
    env.clock = options_.clock;
    env.position_after = options_.position_after;
    env.ids = options_.ids;
    env.database = options_.database.get();
    env.logic = options_.logic;
    env.reference = options_.reference;
    env.forwarder = options_.forwarder;
    env.faults = options_.faults;
    env.callers = options_.callers;
    env.limits = options_.limits;
    env.on_damage = options_.on_damage;
    shards_.push_back(std::make_unique<Shard>(std::move(env)));
  }
  options_.database = nullptr;
}

// A shard that closes answers whoever is open there, and that may call again: none is there for it.
ServiceRuntime::~ServiceRuntime() { const auto closing = std::move(shards_); }

void ServiceRuntime::Start() {
  for (auto& shard : shards_) shard->Start();
}

void ServiceRuntime::Assign(const std::vector<bool>& wanted) {
  for (size_t i = 0; i < shards_.size(); ++i) shards_[i]->Assign(i < wanted.size() && wanted[i]);
}

void ServiceRuntime::Tend() {
  for (const auto& shard : shards_) shard->Tend();
}

void ServiceRuntime::AssignAll() { Assign(std::vector<bool>(shards_.size(), true)); }

void ServiceRuntime::Execute(v1::Order order, Done done) {
  if (shards_.empty()) return done(Closing());
  if (order.shard() >= shards_.size()) return done(absl::InternalError("an order for a shard that does not exist"));
  const uint32_t shard = order.shard();
  const bool counted = options_.callers != nullptr && order.order_class() == v1::ORDER_CLASS_CALLER;
  if (counted) {
    options_.callers->Begin();
    done = [callers = options_.callers, done = std::move(done)](absl::StatusOr<v1::Receipt> receipt) {
      callers->End();
      done(std::move(receipt));
    };
  }
  shards_[shard]->Execute(std::move(order), /*forwarded=*/false, std::move(done));
}

void ServiceRuntime::ExecuteForwarded(v1::Order order, Done done) {
  if (shards_.empty()) return done(Closing());
  if (order.shard() >= shards_.size()) return done(absl::InternalError("an order for a shard that does not exist"));
  const uint32_t shard = order.shard();
  shards_[shard]->Execute(std::move(order), /*forwarded=*/true, std::move(done));
}

absl::Status ServiceRuntime::CheckPosition(const types::v1::Position& position, log::ShardId* id) const {
  if (position.log_id() != info().log_id) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "ANOTHER_LOG",
                     absl::StrCat("the position is of another log, this is log ", log::Hex(info().log_id)));
  }
  const auto stream = log::ParseStream(position.stream());
  if (!stream.ok() || position.shard() >= info().ShardsOf(*stream) || position.next() < 0) {
    return InvalidFields({{"position", "names no shard of this log"}});
  }
  *id = {*stream, position.shard()};
  return absl::OkStatus();
}

void ServiceRuntime::Read(const std::optional<types::v1::Position>& position,
                          std::function<void(absl::StatusOr<std::shared_ptr<const store::Rows>>)> done) {
  const auto read = [this, done] {
    const absl::Status health = Health();
    if (health.ok()) return done(ReadNow());
    for (auto& shard : shards_) shard->LookAtRows();
    done(health);
  };
  if (!position.has_value()) return read();
  if (shards_.empty()) return done(Closing());
  log::ShardId id;
  const absl::Status checked = CheckPosition(*position, &id);
  if (!checked.ok()) return done(checked);
  const auto answer = [read, done](absl::Status status) { status.ok() ? read() : done(status); };
  if (id.stream == stream()) return shards_[id.shard]->WaitForOwn(position->next(), kReadPatience, answer);
  if (id.stream == log::Stream::kRegister && options_.reference != nullptr) {
    return shards_[0]->WaitForRegister(position->next(), kReadPatience, answer);
  }
  std::vector<Shard*> followers;
  for (auto& shard : shards_) {
    const auto follows = options_.logic->Follows(static_cast<uint16_t>(shard->id().shard), info().shard_count);
    if (std::find(follows.begin(), follows.end(), id) != follows.end()) followers.push_back(shard.get());
  }
  if (followers.empty()) {
    return done(InvalidFields(
        {{"position", absl::StrCat(log::StreamName(stream()), " does not follow ", position->stream())}}));
  }
  const auto part = AfterAll(followers.size(), answer);
  for (Shard* shard : followers) shard->WaitForSource(id, position->next(), kReadPatience, part);
}

std::shared_ptr<store::Database> ServiceRuntime::database() const {
  MutexLock lock(mutex_);
  return database_;
}

absl::Status ServiceRuntime::Health() const {
  const absl::Status health = database()->Health();
  return absl::IsResourceExhausted(health) ? absl::OkStatus() : health;
}

std::shared_ptr<const store::Rows> ServiceRuntime::ReadNow() const {
  // The snapshot goes before the database it is of.
  struct Held {
    std::shared_ptr<store::Database> database;
    std::unique_ptr<store::Rows> rows;
  };
  auto held = std::make_shared<Held>();
  held->database = database();
  held->rows = held->database->Snapshot();
  return {held, held->rows.get()};
}

void ServiceRuntime::Reopen(std::shared_ptr<store::Database> database, std::function<void()> done) {
  const auto part = AfterAll(shards_.size(), [this, database, done = std::move(done)](absl::Status) {
    std::shared_ptr<store::Database> old = database;
    {
      MutexLock lock(mutex_);
      std::swap(database_, old);
    }
    old.reset();
    done();
  });
  for (auto& shard : shards_) shard->Reopen(database.get(), [part] { part(absl::OkStatus()); });
}

bool ServiceRuntime::Ready() const {
  return std::all_of(shards_.begin(), shards_.end(), [](const auto& shard) {
    const ShardStatus status = shard->Status();
    return status.caught_up && status.stopped.ok();
  });
}

std::vector<ShardStatus> ServiceRuntime::Status() const {
  std::vector<ShardStatus> all;
  for (const auto& shard : shards_) all.push_back(shard->Status());
  return all;
}

}  // namespace redress::runtime
