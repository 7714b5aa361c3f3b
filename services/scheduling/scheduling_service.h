// SchedulingService without a transport: permission, parsing, orders, rendering.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "libs/ids/ids.h"
#include "libs/privacy/key_store.h"
#include "libs/privacy/sealer.h"
#include "libs/rpc/call_context.h"
#include "libs/runtime/service_runtime.h"
#include "libs/service/requests.h"
#include "redress/scheduling/commands/v1/commands.pb.h"
#include "redress/scheduling/rows/v1/rows.pb.h"
#include "redress/scheduling/v1/scheduling_service.pb.h"

namespace redress::scheduling {

// All of it outlives the service.
struct SchedulingDeps {
  runtime::ServiceRuntime* runtime = nullptr;
  KeyStore* keys = nullptr;
  const Opener* opener = nullptr;
  IdSource* ids = nullptr;
};

// Thread-safe. Every handler calls `done` once, inside the call or on a strand of the runtime. What each RPC does, and
// its errors, stand in scheduling_service.proto.
class SchedulingService {
 public:
  template <typename Response>
  using Done = std::function<void(absl::StatusOr<Response>)>;

  explicit SchedulingService(SchedulingDeps deps) : deps_(deps) {}

  void RegisterTechnician(const CallContext& call, const v1::RegisterTechnicianRequest& request,
                          Done<v1::RegisterTechnicianResponse> done);
  void SetAbsence(const CallContext& call, const v1::SetAbsenceRequest& request, Done<v1::SetAbsenceResponse> done);
  void ListTechnicians(const CallContext& call, const v1::ListTechniciansRequest& request,
                       Done<v1::ListTechniciansResponse> done);

  void RequestVisit(const CallContext& call, const v1::RequestVisitRequest& request,
                    Done<v1::RequestVisitResponse> done);
  void FindSlots(const CallContext& call, const v1::FindSlotsRequest& request, Done<v1::FindSlotsResponse> done);
  void ExplainSlots(const CallContext& call, const v1::ExplainSlotsRequest& request,
                    Done<v1::ExplainSlotsResponse> done);

  void HoldSlot(const CallContext& call, const v1::HoldSlotRequest& request, Done<v1::HoldSlotResponse> done);
  void ReleaseHold(const CallContext& call, const v1::ReleaseHoldRequest& request, Done<v1::ReleaseHoldResponse> done);
  void BookVisit(const CallContext& call, const v1::BookVisitRequest& request, Done<v1::BookVisitResponse> done);
  void MoveVisit(const CallContext& call, const v1::MoveVisitRequest& request, Done<v1::MoveVisitResponse> done);
  void StartVisit(const CallContext& call, const v1::StartVisitRequest& request, Done<v1::StartVisitResponse> done);
  void CompleteVisit(const CallContext& call, const v1::CompleteVisitRequest& request,
                     Done<v1::CompleteVisitResponse> done);
  void ReportNoAccess(const CallContext& call, const v1::ReportNoAccessRequest& request,
                      Done<v1::ReportNoAccessResponse> done);
  void CancelVisit(const CallContext& call, const v1::CancelVisitRequest& request, Done<v1::CancelVisitResponse> done);

  void GetIntervention(const CallContext& call, const v1::GetInterventionRequest& request,
                       Done<v1::GetInterventionResponse> done);
  void ListInterventions(const CallContext& call, const v1::ListInterventionsRequest& request,
                         Done<v1::ListInterventionsResponse> done);

 private:
  using RowsPtr = std::shared_ptr<const store::Rows>;
  // A change of a technician or of a visit, as far as its handler has parsed it.
  struct Change;

  Millis Now() const { return deps_.runtime->clock().Now(); }
  std::shared_ptr<const store::Rows> Local() const { return deps_.runtime->database(); }
  uint16_t ShardOfAgency(absl::string_view agency) const;

  // Executes, and answers with the aggregate as the change left it.
  void Execute(const CallContext& call, Change change,
               std::function<void(absl::StatusOr<std::string> aggregate, const types::v1::Position&)> done);
  template <typename Request, typename Response>
  void ChangeVisit(const CallContext& call, const Request& request, commands::v1::Command command,
                   service::Violations violations, Done<Response> done);
  template <typename Response>
  void ChangeTechnician(const CallContext& call, Change change, Done<Response> done);
  // Takes what a visit by hand does not say from the complaint's last visit that the caller sees.
  void FillVisit(const Caller& caller, commands::v1::RequestVisit* visit) const;
  // 0 when absent. PERMISSION_DENIED for what is long past, without the permission to backdate.
  absl::StatusOr<int64_t> ReadOccurred(const Caller& caller, bool present, const google::protobuf::Timestamp& time,
                                       absl::string_view reason, service::Violations* violations) const;
  void AddConflicts(const std::string& technician, uint16_t shard, const v1::Absence& absence,
                    v1::SetAbsenceResponse response, Done<v1::SetAbsenceResponse> done);

  // A visit at one instant of the projection.
  struct Seen {
    RowsPtr rows;
    uint16_t shard = 0;
    std::string id;
    rows::v1::InterventionRow row;
  };
  // Reads the visit of `name`, if the caller sees it; NOT_FOUND otherwise. `violations`: of the rest of the request.
  void ReadVisitRow(const CallContext& call, const std::string& name,
                    const std::optional<types::v1::Position>& position, service::Violations violations,
                    std::function<void(absl::StatusOr<Seen>)> done);
  absl::Status OpenInto(const Caller& caller, const rows::v1::InterventionRow& row, v1::Intervention* out) const;

  const SchedulingDeps deps_;
};

// Whether the caller only makes visits: then other technicians' visits are not theirs.
bool OnlyVisits(const Caller& caller);

}  // namespace redress::scheduling
