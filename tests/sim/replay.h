// Folds a finished log once more, on fresh rows, stopping wherever somebody's digest was taken on the way.
#pragma once

#include <vector>

#include "libs/log/log.h"
#include "libs/privacy/in_memory_key_rows.h"
#include "tests/sim/checker.h"

namespace redress::sim {

// The digests that the records of `evidence` give at each position of its digests.
std::vector<DigestSeen> ReplayDigests(const Evidence& evidence, const log::LogInfo& info, InMemoryKeyRows* keys);

}  // namespace redress::sim
