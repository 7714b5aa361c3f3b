#include "libs/rpc/grpc/keepalive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "absl/strings/str_cat.h"
#include "libs/clock/system_clock.h"
#include "libs/rpc/grpc/grpc_client.h"
#include "libs/rpc/grpc/server.h"
#include "libs/rpc/grpc/silent_line.h"
#include "redress/testing/v1/echo.pb.h"

namespace redress::rpc {
namespace {

using ::redress::testing::v1::ChatRequest;
using ::redress::testing::v1::ChatResponse;
using ::redress::testing::v1::CountRequest;
using ::redress::testing::v1::CountResponse;
using ::redress::testing::v1::SayRequest;
using ::redress::testing::v1::SayResponse;

constexpr char kEcho[] = "redress.testing.v1.EchoService";
constexpr char kCount[] = "redress.testing.v1.EchoService/Count";
// Far beyond any test: that side does not ping.
constexpr Keepalive kNever = {24 * 60 * 60 * kSecond, kSecond};
constexpr Keepalive kSoon = {100, 500};

// A stream that sends one message and then nothing, as a subscription on a quiet night; over a line that can break.
class KeepaliveTest : public ::testing::Test {
 protected:
  KeepaliveTest() {
    service_.Unary<SayRequest, SayResponse>(
        "Say", [](const CallContext&, const SayRequest&, Done<SayResponse> done) { done(SayResponse()); });
    service_.ServerStreaming<CountRequest, CountResponse>(
        "Count", [this](const CallContext&, const CountRequest&, Writer<CountResponse> writer) {
          writer.OnCancel([this] { lost_.set_value(); });
          writer.Write(CountResponse(), [writer](bool) {});
        });
    service_.Bidi<ChatRequest, ChatResponse>(
        "Chat", [](const CallContext&, BidiStream<ChatRequest, ChatResponse> stream) { stream.OnCancel([] {}); });
  }

  // Returns once the stream's first message has come.
  void Begin(const Keepalive& of_client, const Keepalive& of_server, Millis min_ping_interval) {
    ServerOptions options;
    options.authenticator = &auth_;
    options.clock = &clock_;
    options.keepalive = of_server;
    options.min_ping_interval = min_ping_interval;
    auto server = Server::Start(options, {&service_});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    line_ = std::make_unique<SilentLine>(server_->port(), &carrier_);
    client_ = GrpcClient::Connect(absl::StrCat("127.0.0.1:", line_->port()), of_client);
    stream_ = client_->Subscribe(kCount, CountRequest(), {});
    CountResponse message;
    ASSERT_TRUE(stream_->Read(&message));
  }

  SystemClock clock_;
  ThreadExecutor carrier_;
  NoAuth auth_;
  std::promise<void> lost_;
  Service service_{kEcho};
  std::unique_ptr<Server> server_;
  std::unique_ptr<SilentLine> line_;
  std::unique_ptr<GrpcClient> client_;
  std::unique_ptr<ClientStream> stream_;
};

// More pings than gRPC sends by itself (two) while no data flow.
constexpr int kManyPings = 4;

TEST_F(KeepaliveTest, ClientNoticesAServerThatFellSilentOnAQuietStream) {
  Begin(kSoon, kNever, 10);
  ASSERT_TRUE(line_->AwaitPings(SilentLine::kClient, kManyPings));
  line_->Silence();
  CountResponse message;
  EXPECT_FALSE(stream_->Read(&message));
  const absl::Status ended = stream_->Finish();
  EXPECT_EQ(ended.code(), absl::StatusCode::kUnavailable) << ended;
}

TEST_F(KeepaliveTest, ServerNoticesAClientThatFellSilentOnAQuietStream) {
  Begin(kNever, kSoon, 10);
  ASSERT_TRUE(line_->AwaitPings(SilentLine::kServer, kManyPings));
  line_->Silence();
  lost_.get_future().wait();
}

TEST_F(KeepaliveTest, PatientPingsAreWelcome) {
  Begin(kSoon, kNever, 10);
  ASSERT_TRUE(line_->AwaitPings(SilentLine::kClient, kManyPings));
  SayResponse said;
  EXPECT_TRUE(client_->CallAndWait("redress.testing.v1.EchoService/Say", SayRequest(), &said, {}).ok());
}

TEST_F(KeepaliveTest, HastyClientsAreSentAway) {
  Begin(kSoon, kNever, 60 * kSecond);
  CountResponse message;
  EXPECT_FALSE(stream_->Read(&message));
  const absl::Status ended = stream_->Finish();
  EXPECT_EQ(ended.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(ended.message()), ::testing::HasSubstr("Too many pings"));
}

}  // namespace
}  // namespace redress::rpc
