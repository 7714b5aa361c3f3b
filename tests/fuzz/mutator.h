// Changes inputs of lines (Grammar) so that they stay lines: a field of a message, a line, the order of lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "tests/fuzz/target.h"

namespace redress::fuzz {

// Changes `size` bytes at `data` in place, to at most `max_size`; returns how many there are then.
using MutateBytes = size_t (*)(uint8_t* data, size_t size, size_t max_size);

// The same for the same seed, as far as `mutate_bytes` is.
std::string Mutate(const Grammar& grammar, absl::string_view bytes, uint64_t seed, MutateBytes mutate_bytes);

}  // namespace redress::fuzz
