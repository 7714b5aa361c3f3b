// RoutingService and RegisterService as tables of handlers, to be served.
#pragma once

#include "libs/rpc/service.h"
#include "services/routing/routing_register_service.h"
#include "services/routing/routing_service.h"

namespace redress::routing {

// `service` outlives it.
rpc::Service MakeRpcService(RoutingService* service);
rpc::Service MakeRpcService(RegisterService* service);

}  // namespace redress::routing
