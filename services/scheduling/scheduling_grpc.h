// SchedulingService as a table of handlers, to be served.
#pragma once

#include "libs/rpc/service.h"
#include "services/scheduling/scheduling_service.h"

namespace redress::scheduling {

// `service` outlives it.
rpc::Service MakeRpcService(SchedulingService* service);

}  // namespace redress::scheduling
