// When everything is over: each service has taken in all that others recorded, and has nothing of its own on its way.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "tests/bench/connection.h"

namespace redress::bench {

// Asks until three looks in a row, 20 ms apart, show every shard idle and where it was. Returns how many nanoseconds
// ago the first of the three was: until then it took. DEADLINE_EXCEEDED after `seconds`.
absl::StatusOr<int64_t> Settle(Connection* connection, double seconds);

}  // namespace redress::bench
