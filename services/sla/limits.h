// What one request to the sla service may ask for.
#pragma once

#include <cstddef>

namespace redress::sla {

// Dimensions of one split.
inline constexpr int kMaxGroupBy = 4;
// Values in one list of a filter.
inline constexpr int kMaxFilterValues = 1000;
inline constexpr size_t kMaxCodeBytes = 256;
// Groups of one answer, so that it fits into a message.
inline constexpr size_t kMaxGroups = 5000;

}  // namespace redress::sla
