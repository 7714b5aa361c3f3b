#include "libs/service/mutate.h"

#include <utility>

#include "libs/status/errors.h"
#include "libs/status/macros.h"

namespace redress::service {

runtime::v1::Order CallerOrder(const CallContext& call, absl::string_view request_id) {
  runtime::v1::Order order;
  order.set_order_class(runtime::v1::ORDER_CLASS_CALLER);
  order.set_actor(call.caller->id());
  order.set_caller_scope(call.caller->id());
  order.set_request_id(std::string(request_id));
  order.set_deadline(call.deadline);
  order.set_traceparent(call.traceparent);
  return order;
}

void SetFingerprint(const Key& key, const Fingerprint& fingerprint, runtime::v1::Order* order) {
  order->set_fingerprint(fingerprint(key.secret));
  order->set_fingerprint_key(key.id);
}

absl::Status CheckSameRequest(KeyStore* keys, const std::string& stored_fingerprint, const std::string& stored_key,
                              const Fingerprint& fingerprint) {
  if (stored_fingerprint.empty()) return absl::OkStatus();
  const auto key = keys->Find(stored_key);
  // With the key gone nothing can ever be said, and the first answer stands.
  if (absl::IsNotFound(key.status()) || absl::IsDataLoss(key.status())) return absl::OkStatus();
  RETURN_IF_ERROR(key.status());
  if (CompareFingerprints(stored_fingerprint, fingerprint(key->secret)) != FingerprintMatch::kDifferent) {
    return absl::OkStatus();
  }
  return MakeError(absl::StatusCode::kAlreadyExists, "REQUEST_ID_REUSED",
                   "this request id was used with other content; nothing was done");
}

void Mutate(runtime::ServiceRuntime* runtime, KeyStore* keys, runtime::v1::Order order, Fingerprint fingerprint,
            std::function<void(absl::StatusOr<runtime::v1::Receipt>)> done) {
  runtime->Execute(std::move(order), [keys, fingerprint = std::move(fingerprint),
                                      done = std::move(done)](absl::StatusOr<runtime::v1::Receipt> receipt) {
    if (receipt.ok() && receipt->known()) {
      const absl::Status same = CheckSameRequest(keys, receipt->fingerprint(), receipt->fingerprint_key(), fingerprint);
      if (!same.ok()) return done(same);
    }
    done(std::move(receipt));
  });
}

}  // namespace redress::service
