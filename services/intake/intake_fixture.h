// For tests: one instance of intake on a simulated log, in one thread, with everything it needs.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/clock/fake_clock.h"
#include "libs/ids/ids.h"
#include "libs/log/acceptance.h"
#include "libs/log/simulated/simulated_log.h"
#include "libs/privacy/in_memory_key_store.h"
#include "libs/privacy/read_audit.h"
#include "libs/reference/register_view.h"
#include "libs/reference/snapshot_builder.h"
#include "libs/reference/test_territory.h"
#include "libs/status/errors.h"
#include "libs/store/memory/memory_database.h"
#include "services/intake/intake_logic.h"
#include "services/intake/intake_projection.h"
#include "services/intake/intake_service.h"

namespace redress::intake::testing {

inline constexpr Millis kStart = 1'700'000'000'000;
inline constexpr uint32_t kShards = 4;
inline constexpr char kInstallation[] = "test";

// Agencies north and south, categories lift, noise (re-open window 7 days) and rent (texts are kept for 30 days).
inline std::shared_ptr<const reference::Snapshot> SmallRegister() {
  ::redress::register_::v1::Organisation organisation;
  auto* lift = organisation.add_categories();
  lift->set_code("lift");
  lift->set_default_urgency(types::v1::URGENCY_URGENT);
  organisation.add_categories()->set_code("noise");
  organisation.mutable_categories(1)->set_reopen_window_days(7);
  organisation.add_categories()->set_code("rent");
  organisation.mutable_categories(2)->set_retention_days(30);
  return reference::SnapshotBuilder().Add(reference::testing::SmallTerritory()).Add(organisation).Build();
}

// A key store that can be away.
class FlakyKeyStore : public InMemoryKeyStore {
 public:
  using InMemoryKeyStore::InMemoryKeyStore;
  bool away = false;     // nothing can be asked
  bool keeps = false;    // nothing can be destroyed
  int lost_after = -1;   // so many keys are still handed out, then rows of the store are damaged; -1: never
  int destructions = 0;  // how often something was destroyed

  absl::StatusOr<Key> TakeKey(KeyKind kind) override {
    if (lost_after == 0)
      return MakeError(absl::StatusCode::kDataLoss, "KEY_STORE_CORRUPT", "a block that cannot be read");
    if (lost_after > 0) --lost_after;
    return away ? Away() : InMemoryKeyStore::TakeKey(kind);
  }
  absl::StatusOr<Key> Find(absl::string_view id) override { return away ? Away() : InMemoryKeyStore::Find(id); }
  absl::Status DestroyAll(absl::Span<const std::string> ids) override {
    ++destructions;
    return away || keeps ? Away() : InMemoryKeyStore::DestroyAll(ids);
  }
  absl::StatusOr<std::vector<Key>> IndexKeys() override {
    if (away) return Away();
    return InMemoryKeyStore::IndexKeys();
  }

 private:
  static absl::Status Away() {
    return MakeError(absl::StatusCode::kUnavailable, "KEY_STORE_FAILED", "the key store is away");
  }
};

// One instance and its rows.
struct Instance {
  std::unique_ptr<log::SimulatedConnection> log;
  std::shared_ptr<store::MemoryDatabase> rows = std::make_shared<store::MemoryDatabase>();
  std::unique_ptr<Lookups> lookups;
  std::unique_ptr<IntakeLogic> logic;
  std::unique_ptr<runtime::ServiceRuntime> runtime;
  std::unique_ptr<IntakeService> service;
};

inline CallContext CallOf(Caller caller) {
  CallContext call;
  call.caller = std::make_shared<const Caller>(std::move(caller));
  return call;
}
// May everything, sees everything.
inline CallContext Everybody(const std::string& id = "staff-1") { return CallOf(Caller(id, {}, PermissionSet::All())); }
inline CallContext Only(Permission permission) { return CallOf(Caller("staff-2", {}, PermissionSet(permission))); }
inline CallContext OfAgency(const std::string& agency) {
  return CallOf(Caller("staff-3", {}, PermissionSet::All(), {agency}));
}

// Names a change for IntakeTest::Change.
template <typename RequestType, typename ResponseType>
struct Verb {
  using Request = RequestType;
  using Response = ResponseType;
};
inline constexpr Verb<v1::AcknowledgeComplaintRequest, v1::AcknowledgeComplaintResponse> kAcknowledge;
inline constexpr Verb<v1::StartComplaintRequest, v1::StartComplaintResponse> kBegin;
inline constexpr Verb<v1::AnswerComplaintRequest, v1::AnswerComplaintResponse> kAnswer;
inline constexpr Verb<v1::ResolveComplaintRequest, v1::ResolveComplaintResponse> kResolve;
inline constexpr Verb<v1::ConfirmComplaintRequest, v1::ConfirmComplaintResponse> kConfirm;
inline constexpr Verb<v1::ContestComplaintRequest, v1::ContestComplaintResponse> kContest;
inline constexpr Verb<v1::ReopenComplaintRequest, v1::ReopenComplaintResponse> kReopen;
inline constexpr Verb<v1::WithdrawComplaintRequest, v1::WithdrawComplaintResponse> kWithdraw;
inline constexpr Verb<v1::AmendComplaintRequest, v1::AmendComplaintResponse> kAmend;
inline constexpr Verb<v1::AddMessageRequest, v1::AddMessageResponse> kAddMessage;
inline constexpr Verb<v1::AddNoteRequest, v1::AddNoteResponse> kAddNote;
inline constexpr Verb<v1::AddAttachmentRequest, v1::AddAttachmentResponse> kAddAttachment;
inline constexpr Verb<v1::RecordFactRequest, v1::RecordFactResponse> kRecordFact;

class IntakeTest : public ::testing::Test {
 protected:
  IntakeTest() : clock_(kStart), executor_(&clock_), ids_(11), keys_(&ids_, &clock_, 8) {
    log_ = std::make_unique<log::SimulatedLog>(
        log::SimulatedLog::Options{.installation = kInstallation, .shard_count = kShards}, &clock_, &executor_, &ids_);
    main_ = Boot("one", true);
    executor_.RunFor(1000);
  }

  std::unique_ptr<Instance> Boot(const std::string& name, bool own) {
    auto instance = std::make_unique<Instance>();
    instance->log = log_->Connect();
    instance->lookups = std::make_unique<Lookups>(kInstallation, "33", &keys_);
    instance->logic = std::make_unique<IntakeLogic>(instance->lookups.get(), &keys_, &executor_);
    runtime::ServiceOptions options;
    options.instance = name;
    options.log = instance->log.get();
    options.executors = {&executor_};
    options.clock = &clock_;
    options.ids = &ids_;
    options.database = instance->rows;
    options.logic = instance->logic.get();
    options.reference = &reference_;
    instance->runtime = std::make_unique<runtime::ServiceRuntime>(options);
    instance->logic->Bind([runtime = instance->runtime.get()] { return runtime->database(); }, ReadyOf(*instance),
                          [this] { return in_grace_; });
    instance->service = MakeService(*instance, &keys_);
    instance->runtime->Start();
    if (own) instance->runtime->AssignAll();
    return instance;
  }

  std::function<bool()> ReadyOf(const Instance& instance) {
    return [this, runtime = instance.runtime.get()] { return !behind_ && runtime->Ready(); };
  }
  std::unique_ptr<IntakeService> MakeService(const Instance& instance, KeyStore* keys) {
    IntakeOptions options;
    options.runtime = instance.runtime.get();
    options.keys = keys;
    options.audit = &audit_;
    options.lookups = instance.lookups.get();
    options.ids = &ids_;
    options.executor = &executor_;
    options.ready = ReadyOf(instance);
    return std::make_unique<IntakeService>(options);
  }

  // What a handler answers, time moving on until it does.
  template <typename Response, typename Request>
  absl::StatusOr<Response> Ask(void (IntakeService::*handler)(const CallContext&, const Request&, rpc::Done<Response>),
                               const Request& request, const CallContext& call = Everybody()) {
    std::optional<absl::StatusOr<Response>> answer;
    (main_->service.get()->*handler)(call, request,
                                     [&](absl::StatusOr<Response> response) { answer = std::move(response); });
    for (int i = 0; i < 1000 && !answer.has_value(); ++i) executor_.RunFor(10);
    if (!answer.has_value()) return absl::InternalError("no answer within 10 s");
    return *std::move(answer);
  }

  v1::SubmitComplaintRequest SubmitRequest(const std::string& request_id = "") {
    v1::SubmitComplaintRequest request;
    request.set_request_id(request_id.empty() ? NextId() : request_id);
    request.set_category("lift");
    request.set_channel(types::v1::CHANNEL_PHONE);
    request.set_residence("rn");
    return request;
  }
  absl::StatusOr<v1::SubmitComplaintResponse> Submit(const v1::SubmitComplaintRequest& request,
                                                     const CallContext& call = Everybody()) {
    return Ask(&IntakeService::SubmitComplaint, request, call);
  }
  // The name of a new complaint.
  std::string NewComplaint(const std::string& residence = "rn") {
    auto request = SubmitRequest();
    request.set_residence(residence);
    const auto response = Submit(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? response->complaint().name() : "";
  }

  // A change of a complaint; `fill` adds what the verb needs.
  template <typename V>
  absl::StatusOr<typename V::Response> Change(V, const std::string& name,
                                              std::function<void(typename V::Request*)> fill = nullptr,
                                              const CallContext& call = Everybody()) {
    typename V::Request request;
    request.set_request_id(NextId());
    request.set_name(name);
    if (fill) fill(&request);
    return Ask(&IntakeService::Change<typename V::Request, typename V::Response>, request, call);
  }
  absl::Status Resolve(const std::string& name) {
    return Change(kResolve, name, [](auto* request) { request->set_outcome(types::v1::OUTCOME_FIXED); }).status();
  }

  v1::Complaint Get(const std::string& name, bool personal = false) {
    v1::GetComplaintRequest request;
    request.set_name(name);
    request.set_personal_data(personal);
    if (personal) request.set_purpose("test");
    const auto response = Ask(&IntakeService::GetComplaint, request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? response->complaint() : v1::Complaint();
  }

  rows::v1::Complaint RowOf(const std::string& name) {
    return LoadComplaint(*main_->rows, static_cast<uint16_t>(ShardOfName(name)), ComplaintIdOf(name));
  }

  // Appends a decision to a stream that nobody here owns, as its service would.
  void AppendForeign(log::ShardId shard, const std::vector<std::pair<std::string, std::string>>& events) {
    log::RuleState& state = foreign_[shard];
    FoldForeign(shard, &state);
    if (state.fence == 0) {
      log::v1::Record claim;
      claim.set_rule_version(log::kRuleVersion);
      claim.set_kind(log::v1::KIND_CLAIM);
      claim.set_body(log::v1::Claim().SerializeAsString());
      main_->log->AppendClaim(shard, claim.SerializeAsString(), [](log::AppendOutcome) {});
      executor_.RunFor(10);
      FoldForeign(shard, &state);
    }
    log::v1::Body body;
    body.set_recorded_at(clock_.Now());
    for (const auto& [aggregate, payload] : events) {
      log::v1::Event* event = body.add_events();
      event->set_aggregate(aggregate);
      event->set_version(++foreign_versions_[aggregate]);
      event->set_payload(payload);
    }
    log::v1::Record record;
    record.set_rule_version(log::kRuleVersion);
    record.set_kind(log::v1::KIND_DECISION);
    record.set_fence(state.fence);
    record.set_seq(state.seq + 1);
    record.set_body(body.SerializeAsString());
    record.set_chain(log::NextChain(state.chain, record.body()));
    main_->log->Append(shard, {record.SerializeAsString()}, [](log::AppendOutcome) {});
    executor_.RunFor(1000);
  }
  void FoldForeign(log::ShardId shard, log::RuleState* state) {
    for (const log::Entry& entry : log_->Entries(shard)) {
      if (entry.offset < state->next_offset) continue;
      log::v1::Record record;
      record.ParseFromString(entry.bytes);
      EXPECT_TRUE(log::Accept(entry.offset, record, state).ok());
    }
  }

  uint32_t ShardOfName(const std::string& name) {
    return ShardOf(ParseId(name.substr(name.find('/') + 1))->placement, kShards);
  }
  // Of all that decisions rest on.
  std::string Digest(const Instance& instance) {
    std::string digests;
    for (uint16_t shard = 0; shard < kShards; ++shard) {
      digests += log::Hex(store::DigestOf(*instance.rows, shard, store::DigestScope::kAll)) + " ";
    }
    return digests;
  }
  // Every byte that an attacker with disks and log could read.
  std::string EveryByte() {
    std::string bytes;
    for (uint32_t shard = 0; shard < kShards; ++shard) {
      for (const log::Entry& entry : log_->Entries({log::Stream::kIntake, shard})) bytes += entry.bytes;
    }
    main_->rows->Scan("", "", [&](absl::string_view key, absl::string_view value) {
      absl::StrAppend(&bytes, key, value);
      return true;
    });
    return bytes;
  }
  // As if the register were not read yet; and as it is.
  void SetRegisterAway(bool away) {
    reference_.Set(away ? reference::SnapshotBuilder().Complete(false).Build() : SmallRegister());
  }
  std::string NextId() { return absl::StrCat("request-", ++requests_); }

  FakeClock clock_;
  FakeExecutor executor_;
  SeededIdSource ids_;
  FlakyKeyStore keys_;
  InMemoryReadAudit audit_;
  reference::FixedReference reference_{SmallRegister()};
  std::unique_ptr<log::SimulatedLog> log_;
  std::unique_ptr<Instance> main_;
  bool behind_ = false;    // as if shards were not read yet
  bool in_grace_ = false;  // as if the log had just been made
  int requests_ = 0;
  std::map<log::ShardId, log::RuleState> foreign_;
  std::map<std::string, int64_t> foreign_versions_;
};

// A caller's end of a stream: what it sends is read when asked for, what is written to it is kept.
template <typename Request, typename Response>
class FakeStream : public rpc::RawStream {
 public:
  explicit FakeStream(Executor* executor) : executor_(executor) {}

  void Send(Request request) {
    sent_.push_back(std::move(request));
    Pump();
  }
  // No more is sent.
  void Close() {
    closed_ = true;
    Pump();
  }
  // The line breaks.
  void Break() {
    broken_ = true;
    if (on_cancel_) on_cancel_();
    if (on_read_) std::exchange(on_read_, nullptr)(false);
    for (auto& held : held_) held(false);
    held_.clear();
  }
  // Holds back the transport: answers are taken, but not handed on until released.
  void Hold(bool hold) {
    hold_ = hold;
    if (hold) return;
    for (auto& held : held_) executor_->Post([held] { held(true); });
    held_.clear();
  }

  const std::vector<Response>& answers() const { return answers_; }
  const std::optional<absl::Status>& finished() const { return finished_; }
  size_t taken() const { return taken_; }

  void Read(google::protobuf::MessageLite* into, std::function<void(bool)> on_read) override {
    if (broken_ || finished_.has_value()) return on_read(false);
    into_ = into;
    on_read_ = std::move(on_read);
    Pump();
  }
  void Write(const google::protobuf::MessageLite& message, std::function<void(bool)> on_written) override {
    if (broken_) return on_written(false);
    Response response;
    response.ParseFromString(message.SerializeAsString());
    answers_.push_back(std::move(response));
    if (hold_) {
      held_.push_back(std::move(on_written));
    } else {
      executor_->Post([on_written = std::move(on_written)] { on_written(true); });
    }
  }
  // As gRPC does, a read under way is told that there is nothing more.
  void Finish(absl::Status status) override {
    finished_ = std::move(status);
    if (on_read_) executor_->Post([on_read = std::exchange(on_read_, nullptr)] { on_read(false); });
  }
  void OnCancel(std::function<void()> callback) override { on_cancel_ = std::move(callback); }

 private:
  void Pump() {
    if (!on_read_ || (sent_.empty() && !closed_)) return;
    const bool any = !sent_.empty();
    if (any) {
      into_->ParseFromString(sent_.front().SerializeAsString());
      sent_.pop_front();
      ++taken_;
    }
    executor_->Post([on_read = std::exchange(on_read_, nullptr), any] { on_read(any); });
  }

  Executor* const executor_;
  std::deque<Request> sent_;
  bool closed_ = false;
  bool broken_ = false;
  bool hold_ = false;
  size_t taken_ = 0;
  google::protobuf::MessageLite* into_ = nullptr;
  std::function<void(bool)> on_read_;
  std::function<void()> on_cancel_;
  std::vector<std::function<void(bool)>> held_;
  std::vector<Response> answers_;
  std::optional<absl::Status> finished_;
};

}  // namespace redress::intake::testing
