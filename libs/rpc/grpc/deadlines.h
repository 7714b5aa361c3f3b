// gRPC's deadlines lie on clocks of its own: the one place that reads them, to turn deadlines into durations and back.
#pragma once

#include <grpc/support/time.h>

#include <optional>

#include "libs/clock/millis.h"

namespace redress::rpc {

// Until `deadline`, perhaps negative; nothing: it never comes.
std::optional<Millis> TimeUntil(gpr_timespec deadline);

// So long from now.
gpr_timespec DeadlineIn(Millis duration);

}  // namespace redress::rpc
