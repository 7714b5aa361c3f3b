// The handlers of SlaService: reads of clocks and figures.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "libs/clock/clock.h"
#include "libs/rpc/service.h"
#include "libs/runtime/service_runtime.h"
#include "redress/sla/v1/sla_service.pb.h"
#include "services/sla/sla_reports.h"

namespace redress::sla {

// Thread-safe. What the constructor is given outlives it and its open calls.
class SlaService {
 public:
  // `readers` runs what scans many rows; null: where the read arrives, which for a read at a position is a shard's
  // strand.
  SlaService(runtime::ServiceRuntime* runtime, Executor* readers) : runtime_(runtime), readers_(readers) {}

  void GetClock(const CallContext& call, const v1::GetClockRequest& request, rpc::Done<v1::GetClockResponse> done);
  void ExplainClock(const CallContext& call, const v1::ExplainClockRequest& request,
                    rpc::Done<v1::ExplainClockResponse> done);
  void ListCasesAtRisk(const CallContext& call, const v1::ListCasesAtRiskRequest& request,
                       rpc::Done<v1::ListCasesAtRiskResponse> done);
  void GetTimeToResolution(const CallContext& call, const v1::GetTimeToResolutionRequest& request,
                           rpc::Done<v1::GetTimeToResolutionResponse> done);
  void GetOnTimeRates(const CallContext& call, const v1::GetOnTimeRatesRequest& request,
                      rpc::Done<v1::GetOnTimeRatesResponse> done);
  void GetWaitingShares(const CallContext& call, const v1::GetWaitingSharesRequest& request,
                        rpc::Done<v1::GetWaitingSharesResponse> done);
  void GetBackdating(const CallContext& call, const v1::GetBackdatingRequest& request,
                     rpc::Done<v1::GetBackdatingResponse> done);

 private:
  // Reads at `position` and answers with what `report` makes of it, on the readers' strand, and up to where that was.
  template <typename Response>
  void Answer(std::optional<types::v1::Position> position,
              std::function<absl::StatusOr<Response>(const ReportSource&)> report, rpc::Done<Response> done);
  // Up to where `rows` hold a shard.
  absl::StatusOr<v1::ListCasesAtRiskResponse> ListAtRisk(const store::Rows& rows, const Caller& caller,
                                                         const v1::ListCasesAtRiskRequest& request);
  Millis Now() const { return runtime_->clock().Now(); }

  runtime::ServiceRuntime* const runtime_;
  Executor* const readers_;
};

}  // namespace redress::sla
