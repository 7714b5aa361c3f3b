// Text files of protos that people write.
#pragma once

#include <google/protobuf/message.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace redress {

// Reads `text` into `*into`. INVALID_ARGUMENT with `reason` when it is no textproto of its type, saying as
// "line 3, column 5: …" where it cannot be read on (more than one, separated by "; ", when its words are broken before
// that); or naming each text in it that is not UTF-8, which no proto could carry. `*into` then holds what could be read.
absl::Status ParseTextproto(absl::string_view text, absl::string_view reason, google::protobuf::Message* into);

}  // namespace redress
