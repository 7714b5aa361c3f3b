// Binds the handlers to the RPCs of redress.sla.v1.SlaService.
#pragma once

#include "libs/rpc/service.h"
#include "services/sla/sla_service.h"

namespace redress::sla {

inline constexpr absl::string_view kSlaServiceName = "redress.sla.v1.SlaService";

// Fills `service`, made with kSlaServiceName. `sla` outlives it.
void Bind(SlaService* sla, rpc::Service* service);

}  // namespace redress::sla
