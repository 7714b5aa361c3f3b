// Messages in files that people write: text format, or JSON.
#pragma once

#include <google/protobuf/message.h>

#include <istream>
#include <string>

#include "absl/status/status.h"

namespace redress::ctl {

// From proto JSON if the path ends in ".json", else from text format; "-" is text format on `in`. Usage errors
// (exit_codes.h) name file, line and column; unknown fields and enum names are errors in both.
absl::Status LoadMessage(const std::string& path, std::istream& in, google::protobuf::Message* into);

}  // namespace redress::ctl
