// What a call brings besides its request, and what an error brings back: headers and google.rpc.Status.
//
//   input   = authorization LF traceparent LF accept-language LF status
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "google/rpc/status.pb.h"
#include "libs/auth/authenticator.h"
#include "libs/clock/fake_clock.h"
#include "libs/rpc/call_context.h"
#include "libs/rpc/error_details.h"
#include "libs/status/errors.h"
#include "libs/status/utf8.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace redress::fuzz {
namespace {

const StaticTokens& Tokens() {
  // The hash is that of "secret".
  static const auto* const tokens = StaticTokens::Parse(R"(principals {
    id: "ana" roles: "agent" agencies: "north"
    token_sha256: "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b" })")
                                        ->release();
  return *tokens;
}

void CheckHeaders(const rpc::CallHeaders& headers) {
  const FakeClock clock(1'790'000'000'000);
  const auto nobody = rpc::Admit(headers, Tokens(), clock);
  const auto local = rpc::Admit(headers, NoAuth(), clock);
  if (nobody.ok()) {
    Check(nobody->caller->id() == "ana" && !nobody->caller->all_agencies(), "who has the token is let in");
    Check(absl::StrContains(headers.authorization, "secret"), "and nobody else");
  } else {
    Check(absl::IsUnauthenticated(nobody.status()) && !ReasonOf(nobody.status()).empty(), "the others are told");
    // The same words whatever was given: none of it is the token's.
    bool said = false;
    for (const char* other : {"", "Bearer 1", "1"}) {
      rpc::CallHeaders wrong = headers;
      wrong.authorization = other;
      said = said || rpc::Admit(wrong, Tokens(), clock).status() == nobody.status();
    }
    Check(said, "and not their token");
  }
  if (!local.ok()) return;
  for (const std::string& kept : {local->traceparent, local->accept_language}) {
    for (const char c : kept) Check(c >= ' ' && c < 0x7F, "what is kept can be logged");
    Check(kept.size() <= 200, "and is short");
  }
  Check(local->traceparent.empty() || local->traceparent == headers.traceparent, "as it came");
}

size_t SizeOf(const google::rpc::Status& status) {
  size_t size = 0;
  for (const auto& detail : status.details()) size += detail.value().size();
  return size;
}

// From a server that may be any.
void CheckStatus(absl::string_view bytes) {
  google::rpc::Status status;
  if (!status.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  const absl::Status read = rpc::FromRpcStatus(status);
  if (read.ok()) return;
  const auto violations = ViolationsOf(read);
  const std::string reason = ReasonOf(read);
  const Metadata metadata = MetadataOf(read);
  const absl::Status more = WithMetadata(Annotate(read, "context"), {{"key", "value"}});
  Check(more.code() == read.code() && ReasonOf(more) == reason, "context changes neither code nor reason");
  Check(ViolationsOf(more).size() == violations.size(), "nor what is wrong");
  // Passed on, it fits into a trailer.
  const google::rpc::Status out = rpc::ToRpcStatus(more);
  Check(out.message().size() <= rpc::kMaxMessageBytes && SizeOf(out) <= rpc::kMaxDetailsBytes, "it fits");
  Check(FirstInvalidUtf8(out.message()) == absl::string_view::npos, "and can be sent");
  Check(out.code() == static_cast<int>(read.code()), "with its code");
  google::rpc::Status sent;
  Check(sent.ParseFromString(out.SerializeAsString()), "and be read");
}

void Run(absl::string_view bytes) {
  Input input(bytes);
  rpc::CallHeaders headers;
  headers.method = "redress.intake.v1.IntakeService/GetComplaint";
  headers.authorization = input.TextLine();
  headers.traceparent = input.TextLine();
  headers.accept_language = input.TextLine();
  CheckHeaders(headers);
  CheckStatus(input.Rest());
}

const Target kTarget("headers", Run);

}  // namespace
}  // namespace redress::fuzz
