// The one place where absl::Status becomes grpc::Status, and back.
#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "google/protobuf/message_lite.h"

namespace redress::rpc {

// With grpc-status-details-bin; every error carries an ErrorInfo (libs/rpc/error_details.h).
grpc::Status ToGrpc(const absl::Status& status);

// Details of the server become payloads. An error that gRPC itself made has none.
absl::Status FromGrpc(const grpc::Status& status);

// The message as gRPC carries it, copied once.
grpc::ByteBuffer Serialize(const google::protobuf::MessageLite& message);

// RESOURCE_EXHAUSTED (MESSAGE_TOO_LARGE) past `max_bytes`, saying both sizes; INVALID_ARGUMENT (MESSAGE_UNREADABLE) if
// the bytes are no such message, or hold text that is not UTF-8.
absl::Status Parse(grpc::ByteBuffer* bytes, size_t max_bytes, google::protobuf::MessageLite* message);

}  // namespace redress::rpc
