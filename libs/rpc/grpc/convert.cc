#include "libs/rpc/grpc/convert.h"

#include <grpcpp/support/proto_buffer_reader.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "google/rpc/status.pb.h"
#include "libs/rpc/error_details.h"
#include "libs/status/errors.h"

namespace redress::rpc {

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const google::rpc::Status details = ToRpcStatus(status);
  return grpc::Status(static_cast<grpc::StatusCode>(details.code()), details.message(), details.SerializeAsString());
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  google::rpc::Status details;
  if (!status.error_details().empty() && details.ParseFromString(status.error_details()) &&
      details.code() == static_cast<int>(status.error_code())) {
    return FromRpcStatus(details);
  }
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

grpc::ByteBuffer Serialize(const google::protobuf::MessageLite& message) {
  const size_t size = message.ByteSizeLong();
  grpc::Slice slice(size);
  message.SerializeWithCachedSizesToArray(const_cast<uint8_t*>(slice.begin()));
  return grpc::ByteBuffer(&slice, 1);
}

absl::Status Parse(grpc::ByteBuffer* bytes, size_t max_bytes, google::protobuf::MessageLite* message) {
  if (bytes->Valid() && bytes->Length() > max_bytes) {
    return MakeError(absl::StatusCode::kResourceExhausted, "MESSAGE_TOO_LARGE",
                     absl::StrCat("the message has ", bytes->Length(), " bytes; at most ", max_bytes, " are taken"),
                     {{"max_bytes", absl::StrCat(max_bytes)}});
  }
  grpc::ProtoBufferReader reader(bytes);
  if (bytes->Valid() && message->ParseFromZeroCopyStream(&reader)) return absl::OkStatus();
  return MessageUnreadable(message->GetTypeName());
}

}  // namespace redress::rpc
