// What every mutating call does between parsing and rendering: execute the order, and tell a retry from a mistake.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "libs/privacy/fingerprint.h"
#include "libs/privacy/key_store.h"
#include "libs/rpc/call_context.h"
#include "libs/runtime/service_runtime.h"

namespace redress::service {

// Computes the fingerprint of the plain request under a key; field by field, in the order of proto field numbers.
using Fingerprint = std::function<std::string(const SecretKey& key)>;

// An order with what every caller's order carries: actor and caller scope (the caller's id), deadline, traceparent,
// request id. The rest is the service's: stream, shard, aggregate, command, etag.
runtime::v1::Order CallerOrder(const CallContext& call, absl::string_view request_id);

// What the caller sees, as the command carries it to the decider: all agencies, or some, sorted.
template <typename Scope>
Scope ScopeOf(const Caller& caller) {
  Scope scope;
  scope.set_all_agencies(caller.all_agencies());
  scope.mutable_agencies()->Assign(caller.agencies().begin(), caller.agencies().end());
  std::sort(scope.mutable_agencies()->begin(), scope.mutable_agencies()->end());
  return scope;
}

// Puts the fingerprint under `key` into the order. Commands that bind a text key use that, others the first index key.
void SetFingerprint(const Key& key, const Fingerprint& fingerprint, runtime::v1::Order* order);

// Executes `order`. A known request id is answered with its first receipt, if CheckSameRequest lets it. `done` runs on a
// strand of the runtime: it must not block.
void Mutate(runtime::ServiceRuntime* runtime, KeyStore* keys, runtime::v1::Order order, Fingerprint fingerprint,
            std::function<void(absl::StatusOr<runtime::v1::Receipt>)> done);

// The check alone, for whoever finds a known request by other means. ALREADY_EXISTS (REQUEST_ID_REUSED) when the stored
// fingerprint differs from what `fingerprint` computes. OK when its key is destroyed or lost: nothing can be compared
// ever again. The key store's error when it is away: the call may be made again.
absl::Status CheckSameRequest(KeyStore* keys, const std::string& stored_fingerprint, const std::string& stored_key,
                              const Fingerprint& fingerprint);

}  // namespace redress::service
