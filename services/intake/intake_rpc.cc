#include "services/intake/intake_rpc.h"

#include <utility>

namespace redress::intake {
namespace {

template <typename Request, typename Response>
void Add(absl::string_view method, IntakeService* service,
         void (IntakeService::*handler)(const CallContext&, const Request&, rpc::Done<Response>), rpc::Service* rpc) {
  rpc->Unary<Request, Response>(
      method, [service, handler](const CallContext& call, const Request& request, rpc::Done<Response> done) {
        (service->*handler)(call, request, std::move(done));
      });
}

}  // namespace

rpc::Service MakeIntakeRpc(IntakeService* service) {
  rpc::Service rpc("redress.intake.v1.IntakeService");
#define REDRESS_RPC(Method) Add(#Method, service, &IntakeService::Method, &rpc)
#define REDRESS_CHANGE(Method) \
  Add(#Method, service, &IntakeService::Change<v1::Method##Request, v1::Method##Response>, &rpc)
  REDRESS_RPC(SubmitComplaint);
  REDRESS_CHANGE(AcknowledgeComplaint);
  REDRESS_CHANGE(StartComplaint);
  REDRESS_CHANGE(AnswerComplaint);
  REDRESS_CHANGE(ResolveComplaint);
  REDRESS_CHANGE(ConfirmComplaint);
  REDRESS_CHANGE(ContestComplaint);
  REDRESS_CHANGE(ReopenComplaint);
  REDRESS_CHANGE(WithdrawComplaint);
  REDRESS_CHANGE(AmendComplaint);
  REDRESS_CHANGE(AddMessage);
  REDRESS_CHANGE(AddNote);
  REDRESS_CHANGE(AddAttachment);
  REDRESS_CHANGE(RecordFact);
  REDRESS_RPC(GetAttachmentKey);
  REDRESS_RPC(GetComplaint);
  REDRESS_RPC(ListComplaints);
  REDRESS_RPC(ListComplaintHistory);
  REDRESS_RPC(LookUpTrackingCode);
  REDRESS_RPC(GetPerson);
  REDRESS_RPC(FindPeople);
  REDRESS_RPC(ErasePerson);
  REDRESS_RPC(ExportPerson);
  REDRESS_RPC(RedactText);
  Add("SetLegalHold", service, &IntakeService::Hold<v1::SetLegalHoldRequest, v1::SetLegalHoldResponse>, &rpc);
  Add("LiftLegalHold", service, &IntakeService::Hold<v1::LiftLegalHoldRequest, v1::LiftLegalHoldResponse>, &rpc);
  REDRESS_RPC(ListLegalHolds);
#undef REDRESS_RPC
#undef REDRESS_CHANGE
  rpc.Bidi<v1::PushTicketsRequest, v1::PushTicketsResponse>(
      "PushTickets",
      [service](const CallContext& call, auto stream) { service->PushTickets(call, std::move(stream)); });
  rpc.Bidi<v1::ImportComplaintsRequest, v1::ImportComplaintsResponse>(
      "ImportComplaints",
      [service](const CallContext& call, auto stream) { service->ImportComplaints(call, std::move(stream)); });
  return rpc;
}

}  // namespace redress::intake
