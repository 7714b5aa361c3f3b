// What a handler knows about the call it serves. No gRPC type: the same handler serves a socket, a gateway and a
// simulation.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/auth/authenticator.h"
#include "libs/auth/caller.h"
#include "libs/clock/clock.h"

namespace redress {

// Copied freely.
struct CallContext {
  // "redress.intake.v1.IntakeService/SubmitComplaint".
  std::string method;
  // Never null.
  std::shared_ptr<const Caller> caller;
  // When the caller stops waiting: on the wall clock, as an Order carries it, and on this process's monotonic clock. 0:
  // never.
  Millis deadline = 0;
  Millis monotonic_deadline = 0;
  // W3C trace context as given, or empty if there was none or it was malformed.
  std::string traceparent;
  // As given, e.g. "ar, fr;q=0.8"; empty if none, or malformed.
  std::string accept_language;
  // Where the call came from, as the transport says it.
  std::string peer;
};

namespace rpc {

// What a transport knows of a call before it is let in.
struct CallHeaders {
  absl::string_view method;
  // The whole header, "Bearer TOKEN", or empty.
  absl::string_view authorization;
  absl::string_view traceparent;
  absl::string_view accept_language;
  std::string peer;
  // Until the caller stops waiting; nothing: never.
  std::optional<Millis> time_left;
};

// UNAUTHENTICATED, as the authenticator says or (NOT_AUTHENTICATED) because the header is not of the form "Bearer
// TOKEN".
absl::StatusOr<CallContext> Admit(const CallHeaders& headers, const Authenticator& authenticator, const Clock& clock);

}  // namespace rpc
}  // namespace redress
