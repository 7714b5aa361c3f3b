// Errors as clients get them: google.rpc.Status, which gRPC carries in the trailer grpc-status-details-bin and a
// gateway as JSON.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/rpc/status.pb.h"

namespace redress::rpc {

// Message and details are cut to what every client accepts in a trailer (8 KiB of metadata): a long message ends in
// "…", a long list of bad fields in one that says how many more there are.
inline constexpr size_t kMaxMessageBytes = 512;
inline constexpr size_t kMaxDetailsBytes = 3000;

// Always holds an ErrorInfo: one made from the code ("NOT_FOUND", domain "redress") if the status was made without a
// reason. `status` is an error.
google::rpc::Status ToRpcStatus(const absl::Status& status);

// INVALID_ARGUMENT (MESSAGE_UNREADABLE): bytes that are no message of `type`.
absl::Status MessageUnreadable(absl::string_view type);

// The reverse: details become payloads, as libs/status/errors.h reads them.
absl::Status FromRpcStatus(const google::rpc::Status& status);

}  // namespace redress::rpc
