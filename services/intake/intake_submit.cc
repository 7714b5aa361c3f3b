#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/runtime/rows.h"
#include "libs/service/request_fingerprint.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "services/intake/converters.h"
#include "services/intake/intake_errors.h"
#include "services/intake/intake_projection.h"
#include "services/intake/intake_service.h"

namespace redress::intake {
namespace {

using runtime::v1::Receipt;

}  // namespace

void IntakeService::SubmitComplaint(const CallContext& call, const v1::SubmitComplaintRequest& request,
                                    rpc::Done<v1::SubmitComplaintResponse> done) {
  const absl::Status allowed = call.caller->Require(Permission::kSubmit);
  if (!allowed.ok()) return done(allowed);
  SubmitInTurn(call, request, /*patient=*/false, nullptr,
               [done = std::move(done)](absl::StatusOr<SubmitOutcome> outcome) {
                 if (!outcome.ok()) return done(outcome.status());
                 done(std::move(outcome->response));
               });
}

void IntakeService::SubmitInTurn(const CallContext& call, const v1::SubmitComplaintRequest& request, bool patient,
                                 std::function<bool()> gone, rpc::Done<SubmitOutcome> done) {
  const std::string turn = absl::StrCat(call.caller->id(), absl::string_view("\0", 1), request.request_id());
  {
    MutexLock lock(mutex_);
    const auto [at, first] = submitting_.try_emplace(turn);
    if (!first) {
      at->second.push_back([this, turn, call, request, patient, gone, done] {
        SubmitNow(call, request, patient, gone, EndTurn(turn, done));
      });
      return;
    }
  }
  SubmitNow(call, request, patient, std::move(gone), EndTurn(turn, std::move(done)));
}

rpc::Done<SubmitOutcome> IntakeService::EndTurn(const std::string& turn, rpc::Done<SubmitOutcome> done) {
  return [this, turn, done = std::move(done)](absl::StatusOr<SubmitOutcome> outcome) {
    done(std::move(outcome));
    std::function<void()> next;
    {
      MutexLock lock(mutex_);
      const auto at = submitting_.find(turn);
      if (at->second.empty()) {
        submitting_.erase(at);
      } else {
        next = std::move(at->second.front());
        at->second.pop_front();
      }
    }
    if (next) next();
  };
}

void IntakeService::SubmitNow(const CallContext& call, const v1::SubmitComplaintRequest& request, bool patient,
                              std::function<bool()> gone, rpc::Done<SubmitOutcome> answer) {
  // Everything that can fail for a while, not the order alone: register, key store, audit.
  const auto done = [this, call, request, patient, gone, answer](absl::StatusOr<SubmitOutcome> outcome) {
    if (outcome.ok() || !patient || !MayTryAgain(outcome.status()) || gone()) return answer(std::move(outcome));
    TryAgainSoon([this, call, request, gone, answer] { SubmitNow(call, request, true, gone, answer); });
  };
  auto known = FindKnownSubmit(call, request);
  if (!known.ok()) return done(known.status());
  if (known->has_value()) return done(**std::move(known));
  auto prepared = PrepareSubmit(call, request);
  if (!prepared.ok()) return done(prepared.status());
  const auto render = [this, caller = call.caller->id(), fingerprint = prepared->fingerprint,
                       code = prepared->tracking_code, done](absl::StatusOr<Receipt> receipt) {
    if (!receipt.ok()) return done(receipt.status());
    if (receipt->known()) {
      const absl::Status same =
          service::CheckSameRequest(keys_, receipt->fingerprint(), receipt->fingerprint_key(), fingerprint);
      if (!same.ok()) return done(same);
    }
    done(RenderSubmit(caller, *receipt, code));
  };
  if (patient) return ExecutePatiently(std::move(prepared->order), std::move(gone), render);
  runtime_->Execute(std::move(prepared->order), render);
}

void IntakeService::ExecutePatiently(runtime::v1::Order order, std::function<bool()> gone, runtime::Done done) {
  runtime_->Execute(order,
                    [this, order, gone = std::move(gone), done = std::move(done)](absl::StatusOr<Receipt> receipt) {
                      if (receipt.ok() || !MayTryAgain(receipt.status()) || gone()) return done(std::move(receipt));
                      TryAgainSoon([this, order, gone, done] { ExecutePatiently(order, gone, done); });
                    });
}

absl::StatusOr<std::optional<SubmitOutcome>> IntakeService::FindKnownSubmit(
    const CallContext& call, const v1::SubmitComplaintRequest& request) const {
  const auto rows = Rows();
  for (uint32_t shard = 0; shard < shard_count(); ++shard) {
    const auto row = runtime::FindRequest(*rows, static_cast<uint16_t>(shard), call.caller->id(), request.request_id());
    if (!row.has_value()) continue;
    RETURN_IF_ERROR(
        service::CheckSameRequest(keys_, row->fingerprint(), row->fingerprint_key(), service::FingerprintOf(request)));
    const Receipt receipt = ReceiptOf(static_cast<uint16_t>(shard), *row);
    ASSIGN_OR_RETURN(SubmitOutcome outcome, RenderSubmit(call.caller->id(), receipt, ""));
    return std::optional<SubmitOutcome>(std::move(outcome));
  }
  return std::optional<SubmitOutcome>();
}

types::v1::Sealed IntakeService::TrackingCodeOf(const Receipt& receipt, const rows::v1::Result& result) const {
  const auto shard = static_cast<uint16_t>(receipt.position().shard());
  const auto row = LoadComplaint(*Rows(), shard, ComplaintIdOf(receipt.aggregate()));
  if (row.texts_erased()) return {};
  // A redaction since then has put it under another key.
  return row.has_tracking_code() ? row.tracking_code() : result.complaint().tracking_code();
}

absl::StatusOr<SubmitOutcome> IntakeService::RenderSubmit(const std::string& caller, const Receipt& receipt,
                                                          const std::string& drawn_code) const {
  rows::v1::Result result;
  if (!result.ParseFromString(receipt.result()) || !result.has_complaint()) {
    return RequestIdReused();
  }
  SubmitOutcome outcome;
  outcome.known = receipt.known();
  *outcome.response.mutable_complaint() = ToApi(receipt.aggregate(), result.complaint());
  *outcome.response.mutable_position() = receipt.position();
  if (!receipt.known()) {
    outcome.response.set_tracking_code(drawn_code);
  } else {
    RETURN_IF_ERROR(Open(TrackingCodeOf(receipt, result), receipt.aggregate(), field::kTrackingCode,
                         {caller, "submit_complaint"}, outcome.response.mutable_tracking_code()));
  }
  return outcome;
}

}  // namespace redress::intake
