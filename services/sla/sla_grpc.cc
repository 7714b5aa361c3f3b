#include "services/sla/sla_grpc.h"

#include <utility>

namespace redress::sla {
namespace {

template <typename Request, typename Response>
void BindOne(absl::string_view method, SlaService* sla,
             void (SlaService::*handler)(const CallContext&, const Request&, rpc::Done<Response>),
             rpc::Service* service) {
  service->Unary<Request, Response>(
      method, [sla, handler](const CallContext& call, const Request& request, rpc::Done<Response> done) {
        (sla->*handler)(call, request, std::move(done));
      });
}

}  // namespace

void Bind(SlaService* sla, rpc::Service* service) {
  BindOne("GetClock", sla, &SlaService::GetClock, service);
  BindOne("ExplainClock", sla, &SlaService::ExplainClock, service);
  BindOne("ListCasesAtRisk", sla, &SlaService::ListCasesAtRisk, service);
  BindOne("GetTimeToResolution", sla, &SlaService::GetTimeToResolution, service);
  BindOne("GetOnTimeRates", sla, &SlaService::GetOnTimeRates, service);
  BindOne("GetWaitingShares", sla, &SlaService::GetWaitingShares, service);
  BindOne("GetBackdating", sla, &SlaService::GetBackdating, service);
}

}  // namespace redress::sla
