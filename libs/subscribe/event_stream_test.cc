#include "libs/subscribe/event_stream.h"

#include <gtest/gtest.h>

#include <deque>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/auth/permissions.h"
#include "libs/clock/fake_clock.h"
#include "libs/ids/ids.h"
#include "libs/log/simulated/simulated_log.h"
#include "libs/status/errors.h"
#include "redress/intake/events/v1/events.pb.h"
#include "redress/log/v1/record.pb.h"

namespace redress::subscribe {
namespace {

// A transport that hands over one message each time it is asked to.
class FakeStream : public rpc::RawStream {
 public:
  void Read(google::protobuf::MessageLite*, std::function<void(bool)> on_read) override { on_read(false); }
  void Write(const google::protobuf::MessageLite& message, std::function<void(bool)> on_written) override {
    auto& response = written.emplace_back();
    response.ParseFromString(message.SerializeAsString());
    if (slow) {
      waiting = std::move(on_written);
    } else {
      on_written(true);
    }
  }
  // A call that is over holds nothing, as the real one.
  void Finish(absl::Status status) override {
    finished = status;
    cancels.clear();
  }
  void OnCancel(std::function<void()> callback) override { cancels.push_back(std::move(callback)); }
  void Cancel() {
    waiting = nullptr;
    for (auto& cancel : std::exchange(cancels, {})) cancel();
  }

  std::deque<public_v1::SubscribeResponse> written;
  std::optional<absl::Status> finished;
  bool slow = false;
  std::function<void(bool)> waiting;
  std::vector<std::function<void()>> cancels;
};

class EventStreamTest : public testing::Test {
 protected:
  EventStreamTest()
      : executor_(&clock_),
        ids_(1),
        log_({.shard_count = 2}, &clock_, &executor_, &ids_),
        connection_(log_.Connect()),
        stream_(connection_.get(), &executor_, {log::Stream::kIntake, log::Stream::kRouting},
                [this](log::ShardId id) { return PresentOf(id); }) {
    for (auto& state : states_) state = log::RuleState();
    for (uint32_t shard = 0; shard < 2; ++shard) {
      Append(shard, log::v1::KIND_CLAIM, "", 0);
    }
  }
  ~EventStreamTest() override { CancelAll(); }

  void CancelAll() {
    for (const auto& stream : std::exchange(opened_, {})) stream->Cancel();
    executor_.RunFor(kSecond);
  }

  // Routing has only its genesis.
  log::RuleState PresentOf(log::ShardId id) {
    if (id.stream == log::Stream::kIntake) return states_[id.shard];
    log::v1::Record genesis;
    genesis.ParseFromString(log_.Entries(id)[0].bytes);
    log::RuleState state;
    EXPECT_TRUE(log::Accept(0, genesis, &state).ok());
    return state;
  }

  void Append(uint32_t shard, log::v1::Kind kind, const std::string& body, int64_t fence_shift) {
    log::RuleState& state = states_[shard];
    if (state.chain.empty()) {
      log::v1::Record genesis;
      genesis.ParseFromString(log_.Entries({log::Stream::kIntake, shard})[0].bytes);
      ASSERT_TRUE(log::Accept(0, genesis, &state).ok());
    }
    log::v1::Record record;
    record.set_rule_version(log::kRuleVersion);
    record.set_kind(kind);
    record.set_body(body);
    if (kind != log::v1::KIND_CLAIM) {
      record.set_fence(state.fence + fence_shift);
      record.set_seq(state.seq + 1);
      record.set_chain(log::NextChain(state.chain, body));
    }
    const auto done = [](log::AppendOutcome) {};
    if (kind == log::v1::KIND_CLAIM) {
      connection_->AppendClaim({log::Stream::kIntake, shard}, record.SerializeAsString(), done);
    } else {
      connection_->Append({log::Stream::kIntake, shard}, {record.SerializeAsString()}, done);
    }
    executor_.RunFor(10);
    ASSERT_TRUE(log::Accept(state.next_offset, record, &state).ok());
  }

  // A complaint with one RECEIVED event and, when `facts` > 0, so many facts.
  void Complaint(uint32_t shard, const std::string& id, int facts = 0, bool is_void = false) {
    intake::events::v1::Event event;
    if (facts == 0) {
      event.mutable_complaint_received()->set_category("heating");
    } else {
      auto* imported = event.mutable_complaint_imported();
      for (int i = 0; i < facts; ++i) imported->add_facts()->set_kind(types::v1::FACT_KIND_ASSIGNED);
    }
    log::v1::Body body;
    body.set_recorded_at(clock_.Now());
    auto* stored = body.add_events();
    stored->set_aggregate("complaints/" + id);
    stored->set_version(1);
    stored->set_payload(event.SerializeAsString());
    Append(shard, log::v1::KIND_DECISION, body.SerializeAsString(), is_void ? -1 : 0);
  }

  std::shared_ptr<FakeStream> Subscribe(const public_v1::SubscribeRequest& request, bool slow = false,
                                        EventStream* events = nullptr) {
    auto stream = std::make_shared<FakeStream>();
    opened_.push_back(stream);
    stream->slow = slow;
    CallContext call;
    call.caller = std::make_shared<const Caller>("dash", std::vector<std::string>{"dashboard"}, PermissionSet::All());
    (events == nullptr ? stream_ : *events).service().methods()[0].stream(call, &request, stream);
    executor_.RunFor(100);
    return stream;
  }

  static std::vector<std::string> Ids(const FakeStream& stream) {
    std::vector<std::string> ids;
    for (const auto& response : stream.written) {
      for (const auto& event : response.events()) ids.push_back(event.id());
    }
    return ids;
  }

  FakeClock clock_{1'000'000};
  FakeExecutor executor_;
  SeededIdSource ids_;
  log::SimulatedLog log_;
  std::vector<std::shared_ptr<FakeStream>> opened_;
  std::unique_ptr<log::SimulatedConnection> connection_;
  EventStream stream_;
  log::RuleState states_[2];
};

TEST_F(EventStreamTest, EndsAtTheEndWithEveryAcceptedEventOnce) {
  Complaint(0, "a");
  Complaint(0, "void", 0, /*is_void=*/true);
  Complaint(1, "b");
  const auto stream = Subscribe({});
  ASSERT_TRUE(stream->finished.has_value());
  EXPECT_TRUE(stream->finished->ok());
  EXPECT_EQ(Ids(*stream), (std::vector<std::string>{"intake/complaints/a/1", "intake/complaints/b/1"}));
}

TEST_F(EventStreamTest, GoesOnFromAnyCursorWithoutMissOrRepeat) {
  for (int i = 0; i < 40; ++i) Complaint(i % 2, absl::StrCat("c", i), i % 10 == 9 ? 300 : 0);
  const auto whole = Subscribe({});
  const std::vector<std::string> all = Ids(*whole);
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), all.size());
  EXPECT_EQ(all.size(), 36u + 4 * 301);
  std::vector<std::string> before;
  for (const auto& response : whole->written) {
    EXPECT_LE(response.events_size(), 256);
    for (const auto& event : response.events()) before.push_back(event.id());
    public_v1::SubscribeRequest request;
    request.set_cursor(response.cursor());
    std::vector<std::string> joined = before;
    for (const std::string& id : Ids(*Subscribe(request))) joined.push_back(id);
    EXPECT_EQ(std::set<std::string>(joined.begin(), joined.end()), std::set<std::string>(all.begin(), all.end()));
    EXPECT_EQ(joined.size(), all.size());
  }
}

TEST_F(EventStreamTest, AFollowerSeesWhatComesLater) {
  public_v1::SubscribeRequest request;
  request.set_follow(true);
  const auto stream = Subscribe(request);
  EXPECT_FALSE(stream->finished.has_value());
  Complaint(1, "later");
  executor_.RunFor(100);
  EXPECT_EQ(Ids(*stream), (std::vector<std::string>{"intake/complaints/later/1"}));
  stream->Cancel();
  executor_.RunFor(100);
  const size_t messages = stream->written.size();
  Complaint(1, "after");
  EXPECT_EQ(stream->written.size(), messages);
}

TEST_F(EventStreamTest, ASlowSubscriberHoldsOneMessage) {
  for (int i = 0; i < 10; ++i) Complaint(0, absl::StrCat("c", i), 200);
  const auto stream = Subscribe({}, /*slow=*/true);
  executor_.RunFor(kMinute);
  EXPECT_EQ(stream->written.size(), 1u);
  while (stream->waiting) {
    auto on_written = std::exchange(stream->waiting, nullptr);
    on_written(true);
    executor_.RunFor(10);
  }
  EXPECT_EQ(Ids(*stream).size(), 2010u);
}

TEST_F(EventStreamTest, WhoStopsAtTheEndIsNotKeptByWhatComesMeanwhile) {
  for (int i = 0; i < 3; ++i) Complaint(0, absl::StrCat("c", i), 200);
  const auto stream = Subscribe({}, /*slow=*/true);
  int rounds = 0;
  for (; stream->waiting && rounds < 50; ++rounds) {
    Complaint(0, absl::StrCat("late", rounds));
    auto on_written = std::exchange(stream->waiting, nullptr);
    on_written(true);
    executor_.RunFor(10);
  }
  ASSERT_TRUE(stream->finished.has_value());
  EXPECT_TRUE(stream->finished->ok());
  EXPECT_LT(rounds, 10);
  EXPECT_GE(Ids(*stream).size(), 3 * 201u);
}

// Some shards cannot be read.
class HalfLog : public log::Log {
 public:
  HalfLog(log::Log* log, std::set<log::ShardId> broken) : log_(log), broken_(std::move(broken)) {}
  const log::LogInfo& info() const override { return log_->info(); }
  void AppendClaim(log::ShardId shard, std::string record, std::function<void(log::AppendOutcome)> done) override {
    log_->AppendClaim(shard, std::move(record), std::move(done));
  }
  void Append(log::ShardId shard, std::vector<std::string> records,
              std::function<void(log::AppendOutcome)> done) override {
    log_->Append(shard, std::move(records), std::move(done));
  }
  std::unique_ptr<log::Reader> Tail(log::ShardId shard, int64_t next_offset) override {
    struct Broken : log::Reader {
      absl::Status Read(int, std::vector<log::Entry>*) override { return absl::UnavailableError("away"); }
    };
    if (broken_.contains(shard)) return std::make_unique<Broken>();
    return log_->Tail(shard, next_offset);
  }
  void EndOf(log::ShardId shard, std::function<void(absl::StatusOr<int64_t>)> done) override {
    log_->EndOf(shard, std::move(done));
  }
  std::shared_ptr<void> OnAppend(log::ShardId shard, std::function<void()> wake) override {
    return log_->OnAppend(shard, std::move(wake));
  }

 private:
  log::Log* log_;
  std::set<log::ShardId> broken_;
};

TEST_F(EventStreamTest, AShardThatIsAwayKeepsNoOtherBack) {
  HalfLog half(connection_.get(), {{log::Stream::kIntake, 0}});
  EventStream events(&half, &executor_, {log::Stream::kIntake}, [](log::ShardId) { return log::RuleState(); });
  Complaint(1, "a");
  public_v1::SubscribeRequest request;
  request.set_follow(true);
  const auto stream = Subscribe(request, /*slow=*/false, &events);
  Complaint(1, "b");
  executor_.RunFor(kSecond);
  EXPECT_EQ(Ids(*stream), (std::vector<std::string>{"intake/complaints/a/1", "intake/complaints/b/1"}));
  EXPECT_FALSE(stream->finished.has_value());
  CancelAll();
}

TEST_F(EventStreamTest, FromNowOnBeginsWhereTheProcessStands) {
  Complaint(0, "a");
  Complaint(1, "b");
  public_v1::SubscribeRequest request;
  request.set_from_now(true);
  // Without following: the cursor of the present, for later.
  const auto here = Subscribe(request);
  ASSERT_TRUE(here->finished.has_value());
  EXPECT_TRUE(here->finished->ok());
  ASSERT_EQ(here->written.size(), 1u);
  EXPECT_EQ(here->written[0].events_size(), 0);

  request.set_follow(true);
  const auto following = Subscribe(request);
  ASSERT_EQ(following->written.size(), 1u) << "the cursor comes at once";
  Complaint(0, "void", 0, /*is_void=*/true);
  Complaint(0, "c");
  Complaint(1, "d");
  executor_.RunFor(kSecond);
  const std::vector<std::string> fresh = {"intake/complaints/c/1", "intake/complaints/d/1"};
  EXPECT_EQ(Ids(*following), fresh);
  CancelAll();

  // A cursor goes before it.
  request.set_follow(false);
  request.set_cursor(here->written[0].cursor());
  const auto resumed = Subscribe(request);
  EXPECT_EQ(Ids(*resumed), fresh);
}

TEST_F(EventStreamTest, FiltersStillMoveTheCursor) {
  const std::string a = MakeId(1, 0, 1), b = MakeId(1, 0, 2);
  Complaint(0, a);
  Complaint(0, b);
  public_v1::SubscribeRequest request;
  request.add_complaints("complaints/" + b);
  request.add_types("redress.complaint.received.v1");
  const auto stream = Subscribe(request);
  EXPECT_EQ(Ids(*stream), (std::vector<std::string>{absl::StrCat("intake/complaints/", b, "/1")}));
  request.set_cursor(stream->written.back().cursor());
  EXPECT_TRUE(Ids(*Subscribe(request)).empty());
}

TEST_F(EventStreamTest, FiltersThatNothingCanPassAreRefusedAllAtOnce) {
  public_v1::SubscribeRequest request;
  request.add_types("redress.complaint.received.v1");
  request.add_types("redress.complaint.received");
  request.add_complaints("complaints/" + MakeId(1, 0, 1));
  request.add_complaints("complaints/b");
  request.add_complaints("clocks/" + MakeId(1, 0, 1));
  const auto stream = Subscribe(request);
  ASSERT_TRUE(stream->finished.has_value());
  std::set<std::string> fields;
  for (const FieldViolation& violation : ViolationsOf(*stream->finished)) fields.insert(violation.field);
  EXPECT_EQ(fields, (std::set<std::string>{"types[1]", "complaints[1]", "complaints[2]"}));
}

TEST_F(EventStreamTest, RefusesBadCursorsSayingWhy) {
  Complaint(0, "a");
  const std::string cursor = Subscribe({})->written.back().cursor();
  public_v1::SubscribeRequest request;
  for (size_t size = 1; size < cursor.size(); size += 7) {
    request.set_cursor(cursor.substr(0, size));
    EXPECT_EQ(ReasonOf(*Subscribe(request)->finished), "CURSOR_MALFORMED");
  }
  const std::vector<log::ShardId> shards = {{log::Stream::kIntake, 0}};
  log::LogInfo other = connection_->info();
  other.log_id = std::string(16, 'x');
  request.set_cursor(WriteCursor(other, shards, {Place{}}));
  EXPECT_EQ(ReasonOf(*Subscribe(request)->finished), "ANOTHER_LOG");
  request.set_cursor(WriteCursor(connection_->info(), shards, {Place{}}));
  EXPECT_EQ(Subscribe(request)->finished->code(), absl::StatusCode::kInvalidArgument);
  // Written with a right hash by somebody else.
  const std::vector<log::ShardId> all = {
      {log::Stream::kIntake, 0}, {log::Stream::kIntake, 1}, {log::Stream::kRouting, 0}, {log::Stream::kRouting, 1}};
  std::vector<Place> places(all.size());
  places[0].state = {connection_->info().log_id, INT64_MAX - 1, 1, INT64_MAX - 2, std::string(16, 'c'), 0, 0};
  request.set_cursor(WriteCursor(connection_->info(), all, places));
  EXPECT_EQ(ReasonOf(*Subscribe(request)->finished), "CURSOR_MALFORMED");
  // What a fold could have left, if the log were so long.
  places[0].state.seq = INT64_MAX - 9;
  request.set_cursor(WriteCursor(connection_->info(), all, places));
  EXPECT_EQ(ReasonOf(*Subscribe(request)->finished), "OFFSET_OUT_OF_RANGE");
  places[0].state = {std::string(16, 'x'), 2, 1, 0, std::string(16, 'c'), 0, 0};
  request.set_cursor(WriteCursor(connection_->info(), all, places));
  EXPECT_EQ(ReasonOf(*Subscribe(request)->finished), "CURSOR_MALFORMED");
  request.set_cursor("");
  request.add_services("sla");
  EXPECT_EQ(Subscribe(request)->finished->code(), absl::StatusCode::kInvalidArgument);
}

// Walks everything reachable from the public messages.
void Walk(const google::protobuf::Descriptor* message, std::set<std::string>* seen) {
  if (!seen->insert(std::string(message->full_name())).second) return;
  for (int i = 0; i < message->field_count(); ++i) {
    const auto* field = message->field(i);
    for (const char* personal :
         {"name", "phone", "email", "dwelling", "description", "text", "person", "address", "care"}) {
      EXPECT_FALSE(absl::StrContains(field->name(), personal)) << field->full_name();
    }
    if (field->message_type() != nullptr) Walk(field->message_type(), seen);
  }
}

TEST(PublicContract, HoldsNoPersonalDataNotEvenSealed) {
  std::set<std::string> seen;
  Walk(public_v1::PublicEvent::descriptor(), &seen);
  EXPECT_FALSE(seen.contains("redress.types.v1.Sealed"));
  EXPECT_GT(seen.size(), 8u);
}

}  // namespace
}  // namespace redress::subscribe
