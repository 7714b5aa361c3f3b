#include "services/scheduling/scheduling_grpc.h"

#include <utility>

namespace redress::scheduling {

rpc::Service MakeRpcService(SchedulingService* service) {
  rpc::Service table("redress.scheduling.v1.SchedulingService");
#define REDRESS_BIND(Method)                                                          \
  table.Unary<v1::Method##Request, v1::Method##Response>(                             \
      #Method, [service](const CallContext& call, const v1::Method##Request& request, \
                         rpc::Done<v1::Method##Response> done) { service->Method(call, request, std::move(done)); })
  REDRESS_BIND(RegisterTechnician);
  REDRESS_BIND(SetAbsence);
  REDRESS_BIND(ListTechnicians);
  REDRESS_BIND(RequestVisit);
  REDRESS_BIND(FindSlots);
  REDRESS_BIND(ExplainSlots);
  REDRESS_BIND(HoldSlot);
  REDRESS_BIND(ReleaseHold);
  REDRESS_BIND(BookVisit);
  REDRESS_BIND(MoveVisit);
  REDRESS_BIND(StartVisit);
  REDRESS_BIND(CompleteVisit);
  REDRESS_BIND(ReportNoAccess);
  REDRESS_BIND(CancelVisit);
  REDRESS_BIND(GetIntervention);
  REDRESS_BIND(ListInterventions);
#undef REDRESS_BIND
  return table;
}

}  // namespace redress::scheduling
