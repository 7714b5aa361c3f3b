// What is sealed in a recording, and what it holds for whoever has the keys.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "redress/types/v1/sealed.pb.h"
#include "tests/golden/recording.h"

namespace google::protobuf {
class Message;
}

namespace redress::golden {

// The message that events of `stream` are stored as.
const google::protobuf::Message& EventOf(log::Stream stream);

// One sealed text, and the place that it is bound to.
struct Box {
  std::string owner;
  std::string field;
  types::v1::Sealed sealed;
};

// All boxes of accepted decisions, in the order of shards and offsets.
std::vector<Box> BoxesOf(const Recording& recording);

// A line a box: owner, field, key id, the key's secret and the text in hex; "-" for both once the key is destroyed.
// DATA_LOSS for a box that does not open with its key.
absl::StatusOr<std::string> FormatBoxes(const Recording& recording);
// What `text`, as FormatBoxes wrote it, says of keys.
absl::StatusOr<std::map<std::string, std::string>> KeysOf(absl::string_view text);

}  // namespace redress::golden
