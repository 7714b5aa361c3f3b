#include "libs/rpc/call_context.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"

namespace redress::rpc {
namespace {

constexpr absl::string_view kScheme = "Bearer ";

// version(2)-trace id(32)-parent id(16)-flags(2), lower case hexadecimal. It goes into the log, so nothing else gets
// in.
bool IsTraceparent(absl::string_view text) {
  if (text.size() != 55) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 2 || i == 35 || i == 52;
    if (dash ? text[i] != '-' : !absl::ascii_isxdigit(text[i]) || absl::ascii_isupper(text[i])) return false;
  }
  return true;
}

bool IsLanguageList(absl::string_view text) {
  return text.size() <= 200 && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(c) || absl::string_view("-,;=.* ").find(c) != absl::string_view::npos;
         });
}

absl::StatusOr<absl::string_view> TokenOf(absl::string_view authorization) {
  if (authorization.empty()) return "";
  if (!absl::StartsWithIgnoreCase(authorization, kScheme)) {
    return MakeError(absl::StatusCode::kUnauthenticated, "NOT_AUTHENTICATED",
                     "the header authorization is not of the form: Bearer TOKEN");
  }
  return absl::StripAsciiWhitespace(authorization.substr(kScheme.size()));
}

}  // namespace

absl::StatusOr<CallContext> Admit(const CallHeaders& headers, const Authenticator& authenticator, const Clock& clock) {
  CallContext context;
  ASSIGN_OR_RETURN(const absl::string_view token, TokenOf(headers.authorization));
  ASSIGN_OR_RETURN(context.caller, authenticator.Authenticate(token));
  context.method = std::string(headers.method);
  if (headers.time_left.has_value()) {
    context.deadline = clock.Now() + *headers.time_left;
    context.monotonic_deadline = clock.Monotonic() + *headers.time_left;
  }
  if (IsTraceparent(headers.traceparent)) context.traceparent = std::string(headers.traceparent);
  if (IsLanguageList(headers.accept_language)) context.accept_language = std::string(headers.accept_language);
  context.peer = headers.peer;
  return context;
}

}  // namespace redress::rpc
