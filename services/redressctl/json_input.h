// Requests as people and programs write them: proto JSON, read strictly.
#pragma once

#include <google/protobuf/message.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace redress::ctl {

// Reads one JSON object into `into`, which is cleared first. Field names may be camelCase or as in the proto.
//
// INVALID_ARGUMENT, reason BAD_JSON, naming line and column, for what is no JSON or not UTF-8; reason INVALID_FIELDS
// with every unknown field, field given twice, and enum name or number that the proto does not have; BAD_JSON with the
// path for a value of the wrong type.
absl::Status ReadJson(absl::string_view text, google::protobuf::Message* into);

}  // namespace redress::ctl
