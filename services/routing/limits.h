// What requests may hold at most.
#pragma once

#include <cstddef>

namespace redress::routing {

// Of a territory in one upload, all messages together.
inline constexpr size_t kMaxTerritoryBytes = size_t{64} << 20;
// Of nodes in one record: what kMaxTerritoryPart allows, less what surrounds them.
inline constexpr size_t kTerritoryPageBytes = 396 * 1024;

}  // namespace redress::routing
