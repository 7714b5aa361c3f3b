#include "libs/rpc/grpc/deadlines.h"

namespace redress::rpc {

std::optional<Millis> TimeUntil(gpr_timespec deadline) {
  if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0) return std::nullopt;
  return gpr_time_to_millis(gpr_time_sub(deadline, gpr_now(deadline.clock_type)));
}

gpr_timespec DeadlineIn(Millis duration) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(duration, GPR_TIMESPAN));
}

}  // namespace redress::rpc
