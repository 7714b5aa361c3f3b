#include "services/sla/sla_service.h"

#include <utility>

#include "absl/strings/strip.h"
#include "libs/ids/ids.h"
#include "libs/service/positions.h"
#include "libs/service/requests.h"
#include "libs/status/macros.h"
#include "services/sla/converters.h"
#include "services/sla/limits.h"

namespace redress::sla {
namespace {

using service::PositionOf;

// What a request for one clock asks.
struct OneClock {
  std::string complaint;
  uint16_t shard = 0;
  Question question;
};

template <typename Request>
absl::StatusOr<OneClock> ParseOne(const CallContext& call, const Request& request, uint32_t shard_count, Millis now) {
  RETURN_IF_ERROR(call.caller->Require(Permission::kReadReports));
  service::Violations violations;
  OneClock one;
  const auto id = service::ParseName("name", "clocks", request.name());
  if (!id.ok()) {
    violations.Merge(id.status());
  } else if (const auto parts = ParseId(*id); !parts.ok()) {
    violations.Add("name", "holds no complaint id");
  } else {
    one.complaint = *id;
    one.shard = static_cast<uint16_t>(ShardOf(parts->placement, shard_count));
  }
  one.question = ParseInstants(request.has_as_of_time(), request.as_of_time(), request.has_known_at_time(),
                               request.known_at_time(), "", now, &violations);
  one.question.filter = ParseFilter(v1::CaseFilter(), "", *call.caller, &violations);
  if (!violations.empty()) return violations.ToStatus();
  return one;
}

absl::StatusOr<Question> ParseReport(const CallContext& call, const v1::ReportScope& scope, Millis now) {
  RETURN_IF_ERROR(call.caller->Require(Permission::kReadReports));
  return ParseScope(scope, *call.caller, now);
}

CaseDimensions DimensionsOf(const rows::v1::AtRiskRow& row) {
  CaseDimensions result;
  result.agency = row.agency();
  result.office = row.office();
  result.team = row.team();
  result.agent = row.agent();
  result.category = row.category();
  result.kind = row.kind();
  result.urgency = row.urgency();
  result.channel = row.channel();
  return result;
}

}  // namespace

template <typename Response>
void SlaService::Answer(std::optional<types::v1::Position> position,
                        std::function<absl::StatusOr<Response>(const ReportSource&)> report, rpc::Done<Response> done) {
  runtime_->Read(position, [this, report = std::move(report),
                            done = std::move(done)](absl::StatusOr<std::shared_ptr<const store::Rows>> rows) {
    if (!rows.ok()) return done(rows.status());
    auto work = [this, report, done, rows = *std::move(rows)] {
      const auto reference = runtime_->reference()->Current();
      absl::StatusOr<Response> response = report({rows.get(), runtime_->shard_count(), reference.get()});
      if constexpr (requires(Response answer) { answer.add_positions(); }) {
        if (response.ok()) *response->mutable_positions() = service::PositionsIn(*runtime_, *rows);
      }
      done(std::move(response));
    };
    if (readers_ == nullptr) return work();
    readers_->Post(std::move(work));
  });
}

void SlaService::GetClock(const CallContext& call, const v1::GetClockRequest& request,
                          rpc::Done<v1::GetClockResponse> done) {
  const auto one = ParseOne(call, request, runtime_->shard_count(), Now());
  if (!one.ok()) return done(one.status());
  Answer<v1::GetClockResponse>(
      PositionOf(request),
      [this, one = *one](const ReportSource& source) -> absl::StatusOr<v1::GetClockResponse> {
        ASSIGN_OR_RETURN(v1::ClockExplanation explanation, ExplainOne(source, one.question, one.complaint));
        v1::GetClockResponse response;
        response.mutable_clock()->Swap(explanation.mutable_clock());
        *response.mutable_as_of_time() = service::WriteTime(one.question.now);
        *response.mutable_position() = service::PositionIn(*runtime_, *source.rows, one.shard);
        return response;
      },
      std::move(done));
}

void SlaService::ExplainClock(const CallContext& call, const v1::ExplainClockRequest& request,
                              rpc::Done<v1::ExplainClockResponse> done) {
  const auto one = ParseOne(call, request, runtime_->shard_count(), Now());
  if (!one.ok()) return done(one.status());
  Answer<v1::ExplainClockResponse>(
      PositionOf(request),
      [this, one = *one](const ReportSource& source) -> absl::StatusOr<v1::ExplainClockResponse> {
        v1::ExplainClockResponse response;
        ASSIGN_OR_RETURN(*response.mutable_explanation(), ExplainOne(source, one.question, one.complaint));
        *response.mutable_as_of_time() = service::WriteTime(one.question.now);
        *response.mutable_position() = service::PositionIn(*runtime_, *source.rows, one.shard);
        return response;
      },
      std::move(done));
}

void SlaService::ListCasesAtRisk(const CallContext& call, const v1::ListCasesAtRiskRequest& request,
                                 rpc::Done<v1::ListCasesAtRiskResponse> done) {
  const absl::Status allowed = call.caller->Require(Permission::kReadReports);
  if (!allowed.ok()) return done(allowed);
  Answer<v1::ListCasesAtRiskResponse>(
      PositionOf(request),
      [this, caller = call.caller, request](const ReportSource& source) {
        return ListAtRisk(*source.rows, *caller, request);
      },
      std::move(done));
}

absl::StatusOr<v1::ListCasesAtRiskResponse> SlaService::ListAtRisk(const store::Rows& rows, const Caller& caller,
                                                                   const v1::ListCasesAtRiskRequest& request) {
  service::Violations violations;
  const CaseFilter filter = ParseFilter(request.filter(), "filter", caller, &violations);
  if (request.lines_size() > kMaxFilterValues) violations.Add("lines", "has too many values");
  const absl::flat_hash_set<std::string> lines(request.lines().begin(), request.lines().end());
  Millis due_before = kForEver;
  if (request.has_due_before_time()) {
    due_before = service::ReadTime("due_before_time", true, request.due_before_time(), &violations);
  }
  const auto question = service::QuestionOf(request, "cases_at_risk", runtime_->info().log_id, kProjectionVersion);
  const auto page = service::ReadPage(request.page_size(), request.page_token(), question);
  if (!page.ok() && ReasonOf(page.status()) != "INVALID_FIELDS") return page.status();
  violations.Merge(page.status());
  if (!violations.empty()) return violations.ToStatus();
  // All pages count from the first one's instant.
  const Millis now = page->as_of != 0 ? page->as_of : Now();
  v1::ListCasesAtRiskResponse response;
  *response.mutable_as_of_time() = service::WriteTime(now);
  std::string last;
  ScanAtRisk(rows, runtime_->shard_count(), page->last_key, [&](const AtRisk& at_risk) {
    if (at_risk.due >= due_before) return false;
    if (!lines.empty() && !lines.contains(at_risk.line)) return true;
    if (!filter.Passes(DimensionsOf(at_risk.row))) return true;
    if (response.cases_size() == page->size) {
      response.set_next_page_token(service::WritePageToken(question, last, now));
      return false;
    }
    *response.add_cases() = WriteAtRisk(at_risk, now);
    last = at_risk.key;
    return true;
  });
  return response;
}

void SlaService::GetTimeToResolution(const CallContext& call, const v1::GetTimeToResolutionRequest& request,
                                     rpc::Done<v1::GetTimeToResolutionResponse> done) {
  const auto question = ParseReport(call, request.scope(), Now());
  if (!question.ok()) return done(question.status());
  if (!v1::View_IsValid(request.view())) return done(InvalidFields({{"view", "is no view"}}));
  const View view = request.view() == v1::VIEW_SETTLED ? View::kSettled : View::kProvisional;
  Answer<v1::GetTimeToResolutionResponse>(
      PositionOf(request.scope()),
      [question = *question, view](const ReportSource& source) {
        return ReportTimeToResolution(source, question, view);
      },
      std::move(done));
}

void SlaService::GetOnTimeRates(const CallContext& call, const v1::GetOnTimeRatesRequest& request,
                                rpc::Done<v1::GetOnTimeRatesResponse> done) {
  const auto question = ParseReport(call, request.scope(), Now());
  if (!question.ok()) return done(question.status());
  if (request.lines_size() > kMaxFilterValues) return done(InvalidFields({{"lines", "has too many values"}}));
  const absl::flat_hash_set<std::string> lines(request.lines().begin(), request.lines().end());
  Answer<v1::GetOnTimeRatesResponse>(
      PositionOf(request.scope()),
      [question = *question, lines](const ReportSource& source) { return ReportOnTime(source, question, lines); },
      std::move(done));
}

void SlaService::GetWaitingShares(const CallContext& call, const v1::GetWaitingSharesRequest& request,
                                  rpc::Done<v1::GetWaitingSharesResponse> done) {
  const auto question = ParseReport(call, request.scope(), Now());
  if (!question.ok()) return done(question.status());
  Answer<v1::GetWaitingSharesResponse>(
      PositionOf(request.scope()),
      [question = *question](const ReportSource& source) { return ReportWaiting(source, question); }, std::move(done));
}

void SlaService::GetBackdating(const CallContext& call, const v1::GetBackdatingRequest& request,
                               rpc::Done<v1::GetBackdatingResponse> done) {
  const auto question = ParseReport(call, request.scope(), Now());
  if (!question.ok()) return done(question.status());
  Answer<v1::GetBackdatingResponse>(
      PositionOf(request.scope()),
      [question = *question](const ReportSource& source) { return ReportBackdating(source, question); },
      std::move(done));
}

}  // namespace redress::sla
