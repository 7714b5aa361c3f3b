// What holds of everything that a mapping makes of a file.
#pragma once

#include <string>
#include <vector>

#include "libs/clock/millis.h"
#include "redress/import/v1/mapping.pb.h"

namespace redress::fuzz {

// What targets take for now: 2024-06-01T00:00:00Z.
inline constexpr Millis kImportNow = 1717200000000;

// A mapping of the seeds, in text format.
::redress::import::v1::Mapping MappingOf(const std::string& text);

// Maps the file twice, and checks what came of it; nothing when the file or the mapping is refused as a whole.
void CheckImport(const ::redress::import::v1::Mapping& mapping, const std::string& path);

}  // namespace redress::fuzz
