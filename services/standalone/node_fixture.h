// A node over a simulated log, rows and keys in memory, in one thread; tests restart it, hold its reading back, and
// look at what it says.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "libs/auth/authenticator.h"
#include "libs/clock/fake_clock.h"
#include "libs/ids/ids.h"
#include "libs/log/simulated/simulated_log.h"
#include "libs/metrics/logging.h"
#include "libs/privacy/in_memory_key_rows.h"
#include "libs/privacy/made_ahead_key_store.h"
#include "libs/privacy/read_audit.h"
#include "libs/reference/starter_set.h"
#include "libs/rpc/local_client.h"
#include "libs/store/memory/memory_database.h"
#include "redress/intake/v1/intake_service.pb.h"
#include "services/standalone/node.h"
#include "services/standalone/node_watch.h"

namespace redress {

// A log of which some shards cannot be read on for a while, though everything can be appended.
class HeldLog : public log::Log {
 public:
  explicit HeldLog(log::Log* log) : log_(log) {}
  void Hold(std::set<log::ShardId> shards) { *held_ = std::move(shards); }
  void Release() { held_->clear(); }

  const log::LogInfo& info() const override { return log_->info(); }
  void AppendClaim(log::ShardId shard, std::string record, std::function<void(log::AppendOutcome)> done) override {
    log_->AppendClaim(shard, std::move(record), std::move(done));
  }
  void Append(log::ShardId shard, std::vector<std::string> records,
              std::function<void(log::AppendOutcome)> done) override {
    log_->Append(shard, std::move(records), std::move(done));
  }
  std::unique_ptr<log::Reader> Tail(log::ShardId shard, int64_t next_offset) override {
    struct Held : log::Reader {
      absl::Status Read(int max_entries, std::vector<log::Entry>* out) override {
        if (held->contains(shard)) return absl::UnavailableError("held back");
        return reader->Read(max_entries, out);
      }
      log::ShardId shard;
      std::shared_ptr<std::set<log::ShardId>> held;
      std::unique_ptr<log::Reader> reader;
    };
    auto reader = std::make_unique<Held>();
    reader->shard = shard;
    reader->held = held_;
    reader->reader = log_->Tail(shard, next_offset);
    return reader;
  }
  void EndOf(log::ShardId shard, std::function<void(absl::StatusOr<int64_t>)> done) override {
    log_->EndOf(shard, std::move(done));
  }
  std::shared_ptr<void> OnAppend(log::ShardId shard, std::function<void()> wake) override {
    return log_->OnAppend(shard, std::move(wake));
  }

 private:
  log::Log* const log_;
  std::shared_ptr<std::set<log::ShardId>> held_ = std::make_shared<std::set<log::ShardId>>();
};

// Projections in memory.
class MemoryProjections : public admin::ProjectionStore {
 public:
  absl::StatusOr<std::shared_ptr<store::Database>> CreateBeside(log::Stream) override {
    const auto database = std::make_shared<store::MemoryDatabase>();
    made = database;
    return std::shared_ptr<store::Database>(database);
  }
  absl::Status Adopt(log::Stream stream) override {
    adopted.push_back(stream);
    return absl::OkStatus();
  }
  void Discard(log::Stream) override {}
  std::string CheckpointDir(log::Stream, const std::string& id, std::string* relative) override {
    *relative = id;
    return id;
  }
  std::vector<log::Stream> adopted;
  std::weak_ptr<store::MemoryDatabase> made;  // last
};

class NodeTest : public testing::Test {
 protected:
  static constexpr char kTzdata[] = "2026a";

  NodeTest() {
    const auto dir = reference::FindConfigDir("");
    auto set = dir.ok() ? reference::LoadStarterSet(*dir) : dir.status();
    EXPECT_TRUE(set.ok()) << set.status();
    if (set.ok()) starter_ = *std::move(set);
  }
  ~NodeTest() override { Stop(); }

  // A node on the rows kept so far; new ones for `anew`.
  void Start(const std::string& tzdata = kTzdata, const std::set<log::Stream>& anew = {}) {
    connection_ = log_.Connect();
    held_ = std::make_unique<HeldLog>(connection_.get());
    held_->Hold(hold_);
    keys_ = std::make_unique<MadeAheadKeyStore>(&key_rows_, &ids_, &clock_, 16);
    NodeOptions options;
    options.tzdata_version = tzdata;
    options.log = held_.get();
    options.clock = &clock_;
    options.ids = &ids_;
    options.executors = {&executor_};
    options.aside = &executor_;
    options.heavy = heavy_;
    options.keys = keys_.get();
    options.audit = &audit_;
    options.projections = projections_;
    for (const log::Stream stream : log::kAllStreams) {
      auto& rows = rows_[stream];
      if (rows == nullptr || anew.contains(stream)) rows = std::make_shared<store::MemoryDatabase>();
      options.databases[stream] = rows;
    }
    node_ = std::make_unique<Node>(std::move(options));
    client_ = std::make_unique<rpc::LocalClient>(node_->services(), &authenticator_, &clock_);
    NodeWatchOptions watch;
    watch.node = node_.get();
    watch.logger = &logger_;
    watch.set_serving = [this](absl::string_view service, bool serving) { serving_[std::string(service)] = serving; };
    watch.damaged = [this](log::Stream stream) { damaged_.push_back(stream); };
    serving_.clear();
    watch_ = std::make_unique<NodeWatch>(std::move(watch));
    node_->Start(/*own_all=*/true);
  }
  void Stop() {
    // What is queued belongs to the node: with the connection closed it ends of itself.
    watch_ = nullptr;
    client_ = nullptr;
    node_ = nullptr;
    held_ = nullptr;
    connection_ = nullptr;
  }
  // The first start of a log: with its starter set.
  void StartNew() {
    Start();
    Pass(5 * kSecond);
    absl::Status status = absl::UnknownError("never answered");
    node_->AppendStarterSet(starter_, kTzdata, [&](absl::Status entered) { status = std::move(entered); });
    Pass(30 * kSecond);
    ASSERT_TRUE(status.ok()) << status;
    ASSERT_TRUE(node_->Ready());
  }
  void Pass(Millis time) {
    executor_.RunFor(time);
    if (watch_ != nullptr) watch_->Step();
  }

  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(const std::string& method, const Request& request, Millis patience = 5 * kSecond) {
    auto answer =
        std::make_shared<absl::StatusOr<Response>>(absl::DeadlineExceededError(absl::StrCat(method, " is open")));
    client_->Call<Response>(absl::StrCat("redress.", method), request, {},
                            [answer](absl::StatusOr<Response> got) { *answer = std::move(got); });
    Pass(patience);
    return *answer;
  }
  absl::StatusOr<intake::v1::SubmitComplaintResponse> Submit(const std::string& request_id,
                                                             const std::string& reference = "") {
    intake::v1::SubmitComplaintRequest request;
    request.set_request_id(request_id);
    request.set_category("heating");
    request.set_channel(types::v1::CHANNEL_PHONE);
    request.set_residence("RES-1");
    if (!reference.empty()) {
      request.mutable_external_reference()->set_system("crm");
      request.mutable_external_reference()->set_reference(reference);
    }
    return Call<intake::v1::SubmitComplaintResponse>("intake.v1.IntakeService/SubmitComplaint", request);
  }
  int64_t CountComplaints() {
    const auto listed = Call<intake::v1::ListComplaintsResponse>("intake.v1.IntakeService/ListComplaints",
                                                                 intake::v1::ListComplaintsRequest());
    return listed.ok() ? listed->complaints_size() : -1;
  }
  // Appends `payload` as an event of `stream`'s shard, as its present owner would.
  void AppendAsOwner(log::ShardId id, const std::string& aggregate, const std::string& payload, uint32_t level = 1);
  // How many decisions the shards of `stream` hold.
  int64_t Decisions(log::Stream stream) const;

  FakeClock clock_{1'790'000'000'000};
  FakeExecutor executor_{&clock_};
  FakeExecutor stalled_{&clock_};  // runs only what a test has it run
  Executor* heavy_ = &executor_;
  SeededIdSource ids_{1};
  log::SimulatedLog log_{{.shard_count = 2}, &clock_, &executor_, &ids_};
  InMemoryKeyRows key_rows_;
  InMemoryReadAudit audit_;
  NoAuth authenticator_;
  InMemoryLogger logger_{&clock_};
  MemoryProjections memory_projections_;
  admin::ProjectionStore* projections_ = &memory_projections_;
  reference::StarterSet starter_;
  std::set<log::ShardId> hold_;
  std::map<log::Stream, std::shared_ptr<store::MemoryDatabase>> rows_;
  std::unique_ptr<log::SimulatedConnection> connection_;
  std::unique_ptr<HeldLog> held_;
  std::unique_ptr<MadeAheadKeyStore> keys_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<rpc::LocalClient> client_;
  std::unique_ptr<NodeWatch> watch_;
  std::map<std::string, bool> serving_;
  std::vector<log::Stream> damaged_;
};

}  // namespace redress
