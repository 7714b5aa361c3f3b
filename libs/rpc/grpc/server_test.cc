#include "libs/rpc/grpc/server.h"

#include <gmock/gmock.h>
#include <google/protobuf/empty.pb.h>
#include <google/protobuf/unknown_field_set.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <map>

#include "absl/strings/str_cat.h"
#include "libs/clock/system_clock.h"
#include "libs/rpc/grpc/grpc_client.h"
#include "libs/status/errors.h"
#include "libs/status/mutex.h"
#include "redress/testing/v1/echo.pb.h"

namespace redress::rpc {
namespace {

using ::redress::testing::v1::ChatRequest;
using ::redress::testing::v1::ChatResponse;
using ::redress::testing::v1::CountRequest;
using ::redress::testing::v1::CountResponse;
using ::redress::testing::v1::SayRequest;
using ::redress::testing::v1::SayResponse;
using ::testing::HasSubstr;

constexpr char kEcho[] = "redress.testing.v1.EchoService";
constexpr char kSay[] = "redress.testing.v1.EchoService/Say";
constexpr char kCount[] = "redress.testing.v1.EchoService/Count";
constexpr char kChat[] = "redress.testing.v1.EchoService/Chat";
// Only ever waited out by a test that fails.
constexpr Millis kLong = 60 * kSecond;

class CountingObserver : public CallObserver {
 public:
  void Begun(absl::string_view) override { ++open_; }
  void Ended(absl::string_view method, absl::StatusCode code, Millis) override {
    MutexLock lock(mutex_);
    ++ended_[absl::StrCat(method.substr(method.find('/') + 1), " ", absl::StatusCodeToString(code))];
    --open_;
  }
  int ended(const std::string& what) {
    MutexLock lock(mutex_);
    return ended_[what];
  }
  int open() const { return open_; }

 private:
  std::atomic<int> open_{0};
  Mutex mutex_;
  std::map<std::string, int> ended_ ABSL_GUARDED_BY(mutex_);
};

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    service_.Unary<SayRequest, SayResponse>("Say", [this](const CallContext& context, const SayRequest& request,
                                                          Done<SayResponse> done) { Say(context, request, done); });
    service_.ServerStreaming<CountRequest, CountResponse>(
        "Count", [this](const CallContext&, const CountRequest& request, Writer<CountResponse> writer) {
          count_(request.count(), writer);
        });
    service_.Bidi<ChatRequest, ChatResponse>(
        "Chat", [this](const CallContext&, BidiStream<ChatRequest, ChatResponse> stream) { chat_(stream); });
    ServerOptions options;
    options.authenticator = &auth_;
    options.clock = &clock_;
    options.observer = &observer_;
    auto server = Server::Start(options, {&service_});
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    client_ = GrpcClient::Connect(absl::StrCat("127.0.0.1:", server_->port()));
  }

  void Say(const CallContext& context, const SayRequest& request, Done<SayResponse> done) {
    if (request.behaviour() == "wait") {
      MutexLock lock(mutex_);
      waiting_.push_back(std::move(done));
      last_context_ = context;
      changed_.NotifyAll();
      return;
    }
    if (request.behaviour() == "invalid") return done(InvalidFields({{"a", "is missing"}, {"b[1]", "is too long"}}));
    if (request.behaviour() == "plain error") return done(absl::NotFoundError("nothing there"));
    SayResponse response;
    response.set_text(request.text());
    response.set_caller(context.caller->id());
    done(response);
  }
  void AwaitWaiting(size_t calls) {
    MutexLock lock(mutex_);
    while (waiting_.size() < calls) changed_.Wait(mutex_);
  }
  absl::Status CallSay(const std::string& behaviour, const std::string& text, SayResponse* response,
                       Millis timeout = kLong) {
    SayRequest request;
    request.set_behaviour(behaviour);
    request.set_text(text);
    CallOptions options;
    options.timeout = timeout;
    return client_->CallAndWait(kSay, request, response, options);
  }
  // Starts a call that waits in its handler; the future holds how it ended.
  std::future<absl::Status> StartWaiting(Millis timeout = kLong) {
    auto ended = std::make_shared<std::promise<absl::Status>>();
    SayRequest request;
    request.set_behaviour("wait");
    CallOptions options;
    options.timeout = timeout;
    client_->Call<SayResponse>(kSay, request, options,
                               [ended](absl::StatusOr<SayResponse> o) { ended->set_value(o.status()); });
    return ended->get_future();
  }

  SystemClock clock_;
  NoAuth auth_;
  CountingObserver observer_;
  Mutex mutex_;
  CondVar changed_;
  std::vector<Done<SayResponse>> waiting_;
  CallContext last_context_;
  std::function<void(int, Writer<CountResponse>)> count_;
  std::function<void(BidiStream<ChatRequest, ChatResponse>)> chat_;
  Service service_{kEcho};
  std::unique_ptr<Server> server_;
  std::unique_ptr<GrpcClient> client_;
};

TEST_F(ServerTest, AnswersAndKnowsItsCaller) {
  SayResponse response;
  const absl::Status status = CallSay("", "bonjour", &response);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(response.text(), "bonjour");
  EXPECT_EQ(response.caller(), "local");
  EXPECT_EQ(observer_.ended("Say OK"), 1);
}

TEST_F(ServerTest, ErrorDetailsReachTheClient) {
  SayResponse response;
  const absl::Status invalid = CallSay("invalid", "", &response);
  EXPECT_EQ(invalid.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(invalid), "INVALID_FIELDS");
  ASSERT_EQ(ViolationsOf(invalid).size(), 2u);
  EXPECT_EQ(ViolationsOf(invalid)[1].field, "b[1]");
  EXPECT_EQ(ReasonOf(CallSay("plain error", "", &response)), "NOT_FOUND");
}

TEST_F(ServerTest, TooLargeAMessageIsRefusedWithBothSizes) {
  SayResponse response;
  EXPECT_TRUE(CallSay("", std::string(3 << 20, 'x'), &response).ok());
  const absl::Status refused = CallSay("", std::string(5 << 20, 'x'), &response);
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(refused), "MESSAGE_TOO_LARGE");
  EXPECT_THAT(std::string(refused.message()), HasSubstr("at most 4194304"));
  // Far past it gRPC refuses by itself.
  EXPECT_EQ(CallSay("", std::string(20 << 20, 'x'), &response).code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(ServerTest, InvalidUtf8IsRefused) {
  // The wire form of a SayRequest whose text is no UTF-8; CountResponse.payload may hold it.
  CountResponse carrier;
  google::protobuf::UnknownFieldSet* fields = carrier.GetReflection()->MutableUnknownFields(&carrier);
  fields->AddLengthDelimited(1, "\xFF\xFE");
  SayResponse response;
  const absl::Status status = client_->CallAndWait(kSay, carrier, &response, {});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), "MESSAGE_UNREADABLE");
}

TEST_F(ServerTest, DeadlineReachesTheHandlerAndEndsTheCall) {
  const Millis before = clock_.Now();
  auto ended = StartWaiting(200);
  AwaitWaiting(1);
  EXPECT_EQ(ended.get().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_GE(last_context_.deadline, before);
  EXPECT_LE(last_context_.deadline, before + 60'000);
  EXPECT_NE(last_context_.monotonic_deadline, 0);
  // Too late: nobody listens, nothing breaks.
  waiting_[0](SayResponse());
  SayResponse response;
  EXPECT_TRUE(CallSay("", "still there", &response).ok());
}

TEST_F(ServerTest, AnswerFromAnotherThreadArrives) {
  auto ended = StartWaiting();
  AwaitWaiting(1);
  waiting_[0](SayResponse());
  EXPECT_TRUE(ended.get().ok());
}

TEST_F(ServerTest, DestroyedClientCancelsAndAnswersItsCalls) {
  auto ended = StartWaiting();
  AwaitWaiting(1);
  client_.reset();
  EXPECT_EQ(ended.get().code(), absl::StatusCode::kCancelled);
}

TEST_F(ServerTest, DrainEndsWaitingCallsAndTurnsNewOnesAway) {
  auto one = StartWaiting();
  auto other = StartWaiting();
  AwaitWaiting(2);
  server_->Drain();
  for (auto* ended : {&one, &other}) {
    const absl::Status status = ended->get();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(ReasonOf(status), "SERVER_STOPPING");
  }
  EXPECT_EQ(observer_.open(), 0);
  waiting_[0](SayResponse());
  SayResponse response;
  EXPECT_EQ(CallSay("", "", &response).code(), absl::StatusCode::kUnavailable);
}

TEST_F(ServerTest, StreamIsWrittenAsFastAsItIsRead) {
  constexpr int kMessages = 2000;
  std::atomic<int> written{0};
  // The next is written when the last was taken: 64 KiB each, far more than any window in all.
  std::function<void(Writer<CountResponse>)> next = [&](Writer<CountResponse> writer) {
    CountResponse message;
    message.set_number(written);
    message.set_payload(std::string(64 << 10, 'x'));
    writer.Write(message, [&, writer](bool ok) {
      if (!ok) return;
      if (++written < kMessages) return next(writer);
      writer.Finish(absl::OkStatus());
    });
  };
  count_ = [&](int, Writer<CountResponse> writer) { next(writer); };
  const auto stream = client_->Subscribe(kCount, CountRequest(), {});
  CountResponse message;
  int lead = 0;
  for (int i = 0; i < kMessages; ++i) {
    ASSERT_TRUE(stream->Read(&message));
    ASSERT_EQ(message.number(), i);
    lead = std::max(lead, written - i);
  }
  EXPECT_FALSE(stream->Read(&message));
  EXPECT_TRUE(stream->Finish().ok());
  // Bounded by windows and socket buffers.
  EXPECT_LT(lead, kMessages / 4);
}

TEST_F(ServerTest, QueuedWritesArriveInOrderBeforeTheEnd) {
  count_ = [](int count, Writer<CountResponse> writer) {
    for (int i = 0; i < count; ++i) {
      CountResponse message;
      message.set_number(i);
      writer.Write(message, [](bool) {});
    }
    writer.Finish(MakeError(absl::StatusCode::kAborted, "ENOUGH", "enough"));
    writer.Write(CountResponse(), [](bool ok) { EXPECT_FALSE(ok); });
  };
  CountRequest request;
  request.set_count(100);
  const auto stream = client_->Subscribe(kCount, request, {});
  CountResponse message;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(stream->Read(&message));
    EXPECT_EQ(message.number(), i);
  }
  EXPECT_FALSE(stream->Read(&message));
  EXPECT_EQ(ReasonOf(stream->Finish()), "ENOUGH");
}

TEST_F(ServerTest, CancelledStreamTellsItsHandler) {
  std::promise<void> open, cancelled, dropped;
  count_ = [&](int, Writer<CountResponse> writer) {
    writer.OnCancel([&] { cancelled.set_value(); });
    writer.Write(CountResponse(), [&, writer](bool) { open.set_value(); });
  };
  auto stream = client_->Subscribe(kCount, CountRequest(), {});
  CountResponse message;
  ASSERT_TRUE(stream->Read(&message));
  open.get_future().wait();
  stream->Cancel();
  EXPECT_EQ(stream->Finish().code(), absl::StatusCode::kCancelled);
  cancelled.get_future().wait();
}

TEST_F(ServerTest, DrainEndsStreamsWithAReaderThatDoesNotRead) {
  std::promise<void> stuck;
  std::atomic<int> written{0};
  std::promise<void> refused;
  std::function<void(Writer<CountResponse>)> next = [&](Writer<CountResponse> writer) {
    CountResponse message;
    message.set_payload(std::string(1 << 20, 'x'));
    writer.Write(message, [&, writer](bool ok) {
      if (!ok) return refused.set_value();
      ++written;
      next(writer);
    });
  };
  count_ = [&](int, Writer<CountResponse> writer) {
    next(writer);
    stuck.set_value();
  };
  const auto stream = client_->Subscribe(kCount, CountRequest(), {});
  stuck.get_future().wait();
  server_->Drain(100);
  refused.get_future().wait();
  EXPECT_FALSE(stream->Finish().ok());
  EXPECT_EQ(observer_.open(), 0);
}

TEST_F(ServerTest, BidiReadsOnlyWhatIsAskedFor) {
  // The handler answers each message and asks for the next; at the end of the caller's it finishes.
  std::function<void(BidiStream<ChatRequest, ChatResponse>)> step = [&](BidiStream<ChatRequest, ChatResponse> stream) {
    stream.Read([&, stream](std::optional<ChatRequest> request) {
      if (!request.has_value()) return stream.Finish(absl::OkStatus());
      ChatResponse response;
      response.set_number(request->number());
      stream.Write(response, [&, stream](bool ok) {
        if (ok) step(stream);
      });
    });
  };
  chat_ = step;
  const auto stream = client_->Open(kChat, {});
  for (int i = 0; i < 100; ++i) {
    ChatRequest request;
    request.set_number(i);
    ASSERT_TRUE(stream->Write(request));
    ChatResponse response;
    ASSERT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.number(), i);
  }
  stream->WritesDone();
  ChatResponse response;
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(ServerTest, HandlerThatDoesNotReadHoldsAFastSender) {
  chat_ = [](BidiStream<ChatRequest, ChatResponse> stream) { stream.OnCancel([] {}); };
  CallOptions options;
  options.timeout = 500;
  const auto stream = client_->Open(kChat, options);
  ChatRequest request;
  request.set_payload(std::string(1 << 20, 'x'));
  int written = 0;
  // The sender is stopped by flow control until its deadline; without it 1 GiB would go through.
  while (written < 1024 && stream->Write(request)) ++written;
  EXPECT_LT(written, 64);
  EXPECT_EQ(stream->Finish().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(ServerTest, TooLargeAMessageEndsABidiStreamAndIsNamed) {
  std::promise<bool> read;
  chat_ = [&](BidiStream<ChatRequest, ChatResponse> stream) {
    stream.Read([&, stream](std::optional<ChatRequest> first) {
      EXPECT_TRUE(first.has_value());
      stream.Read([&, stream](std::optional<ChatRequest> request) { read.set_value(request.has_value()); });
    });
  };
  const auto stream = client_->Open(kChat, {});
  ChatRequest request;
  stream->Write(request);
  request.set_payload(std::string(5 << 20, 'x'));
  stream->Write(request);
  EXPECT_FALSE(read.get_future().get());
  ChatResponse response;
  EXPECT_FALSE(stream->Read(&response));
  const absl::Status refused = stream->Finish();
  EXPECT_EQ(ReasonOf(refused), "MESSAGE_TOO_LARGE");
  EXPECT_THAT(std::string(refused.message()), ::testing::HasSubstr("message 2 of the stream"));
}

// Health and reflection are spoken on the wire here, by field numbers, as any client does.

std::string FieldOne(const std::string& text) {
  SayRequest request;
  request.set_text(text);
  return request.SerializeAsString();
}

TEST_F(ServerTest, HealthIsNotServingUntilTold) {
  const auto health = [&](const std::string& service) -> absl::StatusOr<uint64_t> {
    SayRequest request;  // HealthCheckRequest { string service = 1; }
    request.set_text(service);
    google::protobuf::Empty response;  // HealthCheckResponse { ServingStatus status = 1; }
    const absl::Status status = client_->CallAndWait("grpc.health.v1.Health/Check", request, &response, {});
    if (!status.ok()) return status;
    const auto& fields = response.GetReflection()->GetUnknownFields(response);
    return fields.field_count() == 1 ? fields.field(0).varint() : 0;
  };
  constexpr uint64_t kServing = 1, kNotServing = 2;
  EXPECT_EQ(*health(""), kNotServing);
  EXPECT_EQ(*health(kEcho), kNotServing);
  server_->SetServing(kEcho, true);
  EXPECT_EQ(*health(kEcho), kServing);
  EXPECT_EQ(*health(""), kNotServing);
  EXPECT_EQ(health("other").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ServerTest, DrainReturnsWhileHealthIsWatched) {
  SayRequest request;
  request.set_text(kEcho);
  const auto watch = client_->Subscribe("grpc.health.v1.Health/Watch", request, {});
  google::protobuf::Empty response;
  ASSERT_TRUE(watch->Read(&response));
  server_->Drain(100);
  while (watch->Read(&response)) {
  }
  EXPECT_FALSE(watch->Finish().ok());
}

TEST_F(ServerTest, ReflectionListsTheService) {
  const auto stream = client_->Open("grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", {});
  google::protobuf::Empty request;  // ServerReflectionRequest { string list_services = 7; }
  request.GetReflection()->MutableUnknownFields(&request)->AddLengthDelimited(7, "");
  ASSERT_TRUE(stream->Write(request));
  google::protobuf::Empty response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_THAT(response.SerializeAsString(), HasSubstr(FieldOne(kEcho)));
}

TEST_F(ServerTest, TakenPortAndMissingHandlersAreRefused) {
  ServerOptions options;
  options.authenticator = &auth_;
  options.clock = &clock_;
  options.address = absl::StrCat("127.0.0.1:", server_->port());
  EXPECT_EQ(ReasonOf(Server::Start(options, {&service_}).status()), "CANNOT_LISTEN");
  options.address = "127.0.0.1:0";
  const Service empty(kEcho);
  const absl::Status incomplete = Server::Start(options, {&empty}).status();
  EXPECT_EQ(ReasonOf(incomplete), "SERVICE_INCOMPLETE");
  EXPECT_THAT(std::string(incomplete.message()), HasSubstr(kChat));
}

}  // namespace
}  // namespace redress::rpc
