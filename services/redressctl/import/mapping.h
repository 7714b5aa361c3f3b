// Reads and checks mapping files (proto/redress/import/v1/mapping.proto).
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "redress/import/v1/mapping.pb.h"

namespace redress::importer {

// Parses a textproto and checks it. INVALID_ARGUMENT with reason BAD_MAPPING for what is no textproto of a Mapping,
// naming the line and column of the fault, an unknown field or enum name included; otherwise as CheckMapping.
absl::StatusOr<::redress::import::v1::Mapping> ParseMapping(absl::string_view text);

// The same from a file; errors name it. NOT_FOUND when there is none.
absl::StatusOr<::redress::import::v1::Mapping> LoadMapping(const std::string& path);

// INVALID_ARGUMENT (INVALID_FIELDS) lists everything the mapping contradicts itself in, or lacks. Knows nothing of any
// file.
absl::Status CheckMapping(const ::redress::import::v1::Mapping& mapping);

}  // namespace redress::importer
