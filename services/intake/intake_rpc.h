// Intake's handlers as a table that any transport serves.
#pragma once

#include "libs/rpc/service.h"
#include "services/intake/intake_service.h"

namespace redress::intake {

// `service` outlives what is made of it.
rpc::Service MakeIntakeRpc(IntakeService* service);

}  // namespace redress::intake
