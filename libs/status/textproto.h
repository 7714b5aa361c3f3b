// Text files of protos that people write, read with every fault named.
#pragma once

#include <google/protobuf/message.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace redress {

// Reads `text` into `*into`. INVALID_ARGUMENT with `reason` when it is no textproto of its type, listing every fault as
// "line 3, column 5: …", separated by "; ", or "is not UTF-8"; `*into` then holds what could be read.
absl::Status ParseTextproto(absl::string_view text, absl::string_view reason, google::protobuf::Message* into);

}  // namespace redress
