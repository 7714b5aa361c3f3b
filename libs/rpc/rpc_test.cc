#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "absl/strings/str_cat.h"
#include "libs/clock/fake_clock.h"
#include "libs/metrics/in_memory_metrics.h"
#include "libs/rpc/call_context.h"
#include "libs/rpc/call_metrics.h"
#include "libs/rpc/error_details.h"
#include "libs/rpc/local_client.h"
#include "libs/rpc/service.h"
#include "libs/status/errors.h"
#include "redress/testing/v1/echo.pb.h"

namespace redress::rpc {
namespace {

using ::redress::testing::v1::CountRequest;
using ::redress::testing::v1::CountResponse;
using ::redress::testing::v1::SayRequest;
using ::redress::testing::v1::SayResponse;
using ::testing::ElementsAre;
using ::testing::EndsWith;

constexpr char kEcho[] = "redress.testing.v1.EchoService";
constexpr char kSay[] = "redress.testing.v1.EchoService/Say";
constexpr char kTrace[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

std::unique_ptr<StaticTokens> OneToken() {
  return *StaticTokens::Parse(
      absl::StrCat("principals { id: 'call-centre' roles: 'call_centre' token_sha256: '", HashToken("secret"), "' }"));
}

TEST(Admit, TakesCallerDeadlineAndHeaders) {
  FakeClock clock(1'000'000);
  clock.Advance(500);
  CallHeaders headers;
  headers.method = kSay;
  headers.authorization = "bearer secret";
  headers.traceparent = kTrace;
  headers.accept_language = "ar, fr;q=0.8";
  headers.time_left = 2000;
  const auto context = Admit(headers, *OneToken(), clock);
  ASSERT_TRUE(context.ok()) << context.status();
  EXPECT_EQ(context->caller->id(), "call-centre");
  EXPECT_EQ(context->deadline, 1'002'500);
  EXPECT_EQ(context->monotonic_deadline, 2500);
  EXPECT_EQ(context->traceparent, kTrace);
  EXPECT_EQ(context->accept_language, "ar, fr;q=0.8");
}

TEST(Admit, RefusesWhoIsNobody) {
  FakeClock clock;
  for (const char* authorization : {"", "Bearer wrong", "Basic c2VjcmV0", "secret"}) {
    CallHeaders headers;
    headers.authorization = authorization;
    EXPECT_EQ(Admit(headers, *OneToken(), clock).status().code(), absl::StatusCode::kUnauthenticated) << authorization;
  }
}

TEST(Admit, MalformedTraceAndLanguageAreLeftOut) {
  FakeClock clock;
  NoAuth everybody;
  for (const std::string bad : {"x", "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
                                "00-0af7651916cd43dd8448eb211c80319c-Jeanne Dupont    -01"}) {
    CallHeaders headers;
    headers.traceparent = bad;
    headers.accept_language = "Jeanne@example.org";
    const auto context = Admit(headers, everybody, clock);
    ASSERT_TRUE(context.ok());
    EXPECT_EQ(context->traceparent, "");
    EXPECT_EQ(context->accept_language, "");
  }
}

TEST(ErrorDetails, ReasonFieldsAndDelayGoThereAndBack) {
  const absl::Status invalid = InvalidFields({{"a", "is missing"}, {"b", "is too long"}});
  EXPECT_EQ(FromRpcStatus(ToRpcStatus(invalid)), invalid);
  const absl::Status later =
      RetryLater(absl::StatusCode::kUnavailable, "NOT_OWNER", "ask another", 1500, {{"owner", "h:1"}});
  EXPECT_EQ(FromRpcStatus(ToRpcStatus(later)), later);
}

TEST(ErrorDetails, ErrorMadeElsewhereGetsAReasonFromItsCode) {
  const absl::Status back = FromRpcStatus(ToRpcStatus(absl::FailedPreconditionError("x")));
  EXPECT_EQ(ReasonOf(back), "FAILED_PRECONDITION");
  EXPECT_EQ(back.code(), absl::StatusCode::kFailedPrecondition);
}

TEST(ErrorDetails, LongErrorsAreCutAndSaySo) {
  std::vector<FieldViolation> many;
  for (int i = 0; i < 10'000; ++i) many.push_back({absl::StrCat("attachments[", i, "].sha256"), "must have 64 digits"});
  const google::rpc::Status cut = ToRpcStatus(InvalidFields(many));
  EXPECT_LE(cut.ByteSizeLong(), 4096u);
  EXPECT_THAT(cut.message(), EndsWith("…"));
  const absl::Status back = FromRpcStatus(cut);
  EXPECT_EQ(ReasonOf(back), "INVALID_FIELDS");
  const std::vector<FieldViolation> shown = ViolationsOf(back);
  ASSERT_GT(shown.size(), 10u);
  EXPECT_EQ(shown.back().description, absl::StrCat("and ", many.size() - (shown.size() - 1), " more"));

  // Cut between characters: every prefix of the message shifts them.
  for (int shift = 0; shift < 4; ++shift) {
    std::string text(shift, 'x');
    for (int i = 0; i < 400; ++i) text += "é";
    const google::rpc::Status status = ToRpcStatus(absl::InternalError(text));
    EXPECT_LE(status.message().size(), kMaxMessageBytes);
    google::rpc::Status parsed;
    EXPECT_TRUE(parsed.ParseFromString(status.SerializeAsString()));
  }
}

Service MakeEcho() {
  Service service(kEcho);
  service.Read<SayRequest, SayResponse>(
      "Say", [](const CallContext& context, const SayRequest& request) -> absl::StatusOr<SayResponse> {
        if (request.text().empty()) return InvalidFields({{"text", "is missing"}});
        SayResponse response;
        response.set_text(request.text());
        response.set_caller(context.caller->id());
        return response;
      });
  return service;
}

TEST(LocalClient, ReachesHandlersOfTheSameProcess) {
  FakeClock clock;
  const auto tokens = OneToken();
  const Service echo = MakeEcho();
  LocalClient client({&echo}, tokens.get(), &clock);
  const auto say = [&](const std::string& method, const std::string& text, const std::string& token) {
    SayRequest request;
    request.set_text(text);
    CallOptions options;
    options.token = token;
    absl::StatusOr<SayResponse> outcome = absl::UnknownError("not called");
    client.Call<SayResponse>(method, request, options, [&](absl::StatusOr<SayResponse> o) { outcome = std::move(o); });
    return outcome;
  };
  EXPECT_EQ(say(kSay, "hello", "secret")->text(), "hello");
  EXPECT_EQ(say(kSay, "hello", "secret")->caller(), "call-centre");
  EXPECT_EQ(ReasonOf(say(kSay, "", "secret").status()), "INVALID_FIELDS");
  EXPECT_EQ(ReasonOf(say(kSay, "hello", "wrong").status()), "TOKEN_UNKNOWN");
  EXPECT_EQ(say("a.B/C", "hello", "secret").status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(ReasonOf(say(kSay, "caf\xE9", "secret").status()), "MESSAGE_UNREADABLE");
}

TEST(LocalClient, AnAnswerThatNoSocketWouldCarryIsAnError) {
  FakeClock clock;
  const auto tokens = OneToken();
  Service broken(kEcho);
  broken.Read<SayRequest, SayResponse>("Say", [](const CallContext&, const SayRequest&) {
    SayResponse response;
    response.set_text("caf\xE9");
    return absl::StatusOr<SayResponse>(response);
  });
  LocalClient client({&broken}, tokens.get(), &clock);
  CallOptions options;
  options.token = "secret";
  absl::Status outcome;
  client.Call<SayResponse>(kSay, SayRequest(), options,
                           [&](const absl::StatusOr<SayResponse>& o) { outcome = o.status(); });
  EXPECT_EQ(ReasonOf(outcome), "MESSAGE_UNREADABLE");
}

TEST(CallMetrics, CountsByMethodAndCode) {
  InMemoryMetrics metrics;
  CallMetrics calls(&metrics);
  calls.Begun(kSay);
  calls.Begun(kSay);
  calls.Ended(kSay, absl::StatusCode::kNotFound, 20);
  EXPECT_EQ(metrics.Value(absl::StrCat("redress_calls_open{method=", kSay, "}")), 1);
  EXPECT_EQ(metrics.Value(absl::StrCat("redress_calls_total{method=", kSay, ",code=NOT_FOUND}")), 1);
  EXPECT_EQ(metrics.Value(absl::StrCat("redress_call_seconds{method=", kSay, "}")), 1);
}

TEST(Service, AReplyThatCannotBeVouchedForDoesNotLeave) {
  Service service(kEcho);
  bool damaged = false;
  service.Read<SayRequest, SayResponse>("Say", [&](const CallContext&, const SayRequest&) {
    damaged = true;  // met by the read itself
    return SayResponse();
  });
  service.CheckReplies([&] { return damaged ? absl::DataLossError("damaged") : absl::OkStatus(); });
  int answers = 0;
  service.methods()[0].unary(CallContext(), SayRequest(), [&](const absl::Status& status, const auto* response) {
    ++answers;
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_EQ(response, nullptr);
  });
  EXPECT_EQ(answers, 1);
}

// "There is no such complaint" of a block that cannot be read.
TEST(Service, ARefusalThatCannotBeVouchedForDoesNotLeave) {
  absl::Status refusal = absl::NotFoundError("no such");
  Service service(kEcho);
  service.Read<SayRequest, SayResponse>(
      "Say", [&](const CallContext&, const SayRequest&) -> absl::StatusOr<SayResponse> { return refusal; });
  bool damaged = false;
  service.CheckReplies([&] { return damaged ? absl::DataLossError("damaged") : absl::OkStatus(); });
  const auto code = [&] {
    absl::StatusCode answered = absl::StatusCode::kOk;
    service.methods()[0].unary(CallContext(), SayRequest(),
                               [&](const absl::Status& status, const auto*) { answered = status.code(); });
    return answered;
  };
  EXPECT_EQ(code(), absl::StatusCode::kNotFound);
  damaged = true;
  EXPECT_EQ(code(), absl::StatusCode::kDataLoss);
  refusal = absl::UnavailableError("ask the owner");
  EXPECT_EQ(code(), absl::StatusCode::kUnavailable) << "whoever is asked next may know";
}

TEST(Service, AGateAnswersInTheHandlersPlaceUntilItIsOpen) {
  int handled = 0;
  Service service(kEcho);
  service.Read<SayRequest, SayResponse>("Say", [&](const CallContext&, const SayRequest&) {
    ++handled;
    return SayResponse();
  });
  service.ServerStreaming<CountRequest, CountResponse>(
      "Count", [&](const CallContext&, const CountRequest&, const Writer<CountResponse>& writer) {
        ++handled;
        writer.Finish(absl::OkStatus());
      });
  bool open = false;
  service.Guard([&] { return open ? absl::OkStatus() : absl::UnavailableError("closed"); });
  struct Stream : RawStream {
    void Read(google::protobuf::MessageLite*, std::function<void(bool)>) override {}
    void Write(const google::protobuf::MessageLite&, std::function<void(bool)>) override {}
    void Finish(absl::Status status) override { finished = std::move(status); }
    void OnCancel(std::function<void()>) override {}
    std::optional<absl::Status> finished;
  };
  const auto codes = [&] {
    std::vector<absl::StatusCode> found;
    service.methods()[0].unary(CallContext(), SayRequest(),
                               [&](const absl::Status& status, const auto*) { found.push_back(status.code()); });
    const auto stream = std::make_shared<Stream>();
    const CountRequest request;
    service.methods()[1].stream(CallContext(), &request, stream);
    found.push_back(stream->finished.value_or(absl::UnknownError("never finished")).code());
    return found;
  };
  EXPECT_THAT(codes(), ElementsAre(absl::StatusCode::kUnavailable, absl::StatusCode::kUnavailable));
  EXPECT_EQ(handled, 0);
  open = true;
  EXPECT_THAT(codes(), ElementsAre(absl::StatusCode::kOk, absl::StatusCode::kOk));
  EXPECT_EQ(handled, 2);
}

TEST(Service, SaysWhichMethodsHaveNoHandler) {
  EXPECT_THAT(MakeEcho().Missing(), ElementsAre(absl::StrCat(kEcho, "/Count"), absl::StrCat(kEcho, "/Chat")));
}

TEST(ServiceDeathTest, MistakesInTheProgramEndIt) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto handler = [](const CallContext&, const SayRequest&) { return SayResponse(); };
  EXPECT_DEATH(Service("redress.testing.v1.Nobody"), "no linked proto");
  EXPECT_DEATH((Service(kEcho).Read<SayRequest, SayResponse>("Shout", handler)), "is not in the proto");
  EXPECT_DEATH((Service(kEcho).Read<SayRequest, SayResponse>("Count", handler)), "takes another request");
  EXPECT_DEATH((MakeEcho().Read<SayRequest, SayResponse>("Say", handler)), "registered twice");
}

}  // namespace
}  // namespace redress::rpc
