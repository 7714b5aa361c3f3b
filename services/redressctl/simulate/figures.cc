#include "services/redressctl/simulate/figures.h"

#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "libs/calendar/zone.h"
#include "libs/service/requests.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "redress/scheduling/v1/scheduling_service.pb.h"
#include "redress/sla/v1/sla_service.pb.h"
#include "services/redressctl/simulate/road.h"
#include "services/redressctl/simulate/visit_figures.h"

namespace redress::simulate {
namespace {

constexpr const char* kSla = "redress.sla.v1.SlaService/";
constexpr const char* kScheduling = "redress.scheduling.v1.SchedulingService/";

// Calls, and runs the services until they have answered.
template <typename Response>
absl::StatusOr<Response> Ask(const std::string& method, const google::protobuf::Message& request, rpc::Client* client,
                             FakeExecutor* executor) {
  auto answer = std::make_shared<std::optional<absl::StatusOr<Response>>>();
  client->Call<Response>(method, request, {},
                         [answer](absl::StatusOr<Response> response) { *answer = std::move(response); });
  executor->RunReady();
  for (int i = 0; i < 3600 && !answer->has_value(); ++i) executor->RunFor(kSecond);
  if (answer->has_value()) return **std::move(answer);
  return MakeError(absl::StatusCode::kInternal, "SIMULATION_STUCK", absl::StrCat(method, " was never answered"));
}

std::string StateName(const sla::v1::WaitingShare& share) {
  std::string name = absl::AsciiStrToLower(sla::v1::WaitState_Name(share.state()));
  name.erase(0, std::string("wait_state_").size());
  return share.pause().empty() ? name : absl::StrCat(name, ".", share.pause());
}

std::optional<double> Ratio(double part, int64_t whole) {
  if (whole == 0) return std::nullopt;
  return part / static_cast<double>(whole);
}

class Questions {
 public:
  Questions(const LandlordModel& model, rpc::Client* client, FakeExecutor* executor)
      : model_(model), client_(client), executor_(executor) {
    *scope_.mutable_as_of_time() = service::WriteTime(model.ends());
  }

  absl::Status TimeToResolution() {
    sla::v1::GetTimeToResolutionRequest request;
    *request.mutable_scope() = scope_;
    request.set_view(sla::v1::VIEW_PROVISIONAL);
    ASSIGN_OR_RETURN(const auto answer, Ask<sla::v1::GetTimeToResolutionResponse>(
                                            absl::StrCat(kSla, "GetTimeToResolution"), request, client_, executor_));
    const sla::v1::TimeToResolutionRow& total = answer.total();
    Count("complaints", v1::BETTER_NEITHER, total.cases());
    for (const auto& [name, share] : {std::pair("ttr_p50_hours", 0.5), std::pair("ttr_p90_hours", 0.9)}) {
      std::optional<double> hours;
      for (const sla::v1::Percentile& percentile : total.percentiles()) {
        if (percentile.share() != share || !percentile.has_time()) continue;
        hours = (static_cast<double>(percentile.time().seconds()) + percentile.time().nanos() * 1e-9) / 3600;
      }
      figures_.push_back({name, v1::UNIT_HOURS, v1::BETTER_LOWER, hours});
    }
    Count("censored", v1::BETTER_LOWER, total.censored());
    return absl::OkStatus();
  }

  absl::Status OnTime() {
    sla::v1::GetOnTimeRatesRequest request;
    *request.mutable_scope() = scope_;
    ASSIGN_OR_RETURN(const auto answer, Ask<sla::v1::GetOnTimeRatesResponse>(absl::StrCat(kSla, "GetOnTimeRates"),
                                                                             request, client_, executor_));
    for (const sla::v1::OnTimeRow& row : answer.totals()) {
      figures_.push_back({absl::StrCat("on_time_rate.", row.line()), v1::UNIT_SHARE, v1::BETTER_HIGHER,
                          row.has_rate() ? std::optional(row.rate()) : std::nullopt});
    }
    return absl::OkStatus();
  }

  absl::Status Visits(double detour_factor) {
    std::vector<scheduling::v1::Intervention> visits;
    scheduling::v1::ListInterventionsRequest request;
    request.set_page_size(service::kMaxPageSize);
    do {
      ASSIGN_OR_RETURN(auto page, Ask<scheduling::v1::ListInterventionsResponse>(
                                      absl::StrCat(kScheduling, "ListInterventions"), request, client_, executor_));
      for (auto& visit : *page.mutable_interventions()) visits.push_back(std::move(visit));
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    ASSIGN_OR_RETURN(const calendar::Zone zone, calendar::ZoneFor(model_.territory().agencies(0).zone()));
    const VisitFigures made = CountVisits(visits, Road(model_.territory(), detour_factor), zone, model_.ends());
    Count("promises_due", v1::BETTER_NEITHER, made.promises_due);
    figures_.push_back({"promises_kept", v1::UNIT_SHARE, v1::BETTER_HIGHER,
                        Ratio(static_cast<double>(made.promises_kept), made.promises_due)});
    Count("no_access", v1::BETTER_LOWER, made.no_access);
    figures_.push_back({"kilometres", v1::UNIT_KILOMETRES, v1::BETTER_LOWER, made.kilometres});
    figures_.push_back(
        {"kilometres_per_visit", v1::UNIT_KILOMETRES, v1::BETTER_LOWER, Ratio(made.kilometres, made.visits_made)});
    figures_.push_back({"visits_per_complaint", v1::UNIT_RATIO, v1::BETTER_LOWER,
                        Ratio(static_cast<double>(made.visits_made), made.complaints_visited)});
    return absl::OkStatus();
  }

  absl::Status Waiting() {
    sla::v1::GetWaitingSharesRequest request;
    *request.mutable_scope() = scope_;
    ASSIGN_OR_RETURN(const auto answer, Ask<sla::v1::GetWaitingSharesResponse>(absl::StrCat(kSla, "GetWaitingShares"),
                                                                               request, client_, executor_));
    for (const sla::v1::WaitingShare& share : answer.total().shares()) {
      figures_.push_back(
          {absl::StrCat("waiting_share.", StateName(share)), v1::UNIT_SHARE, v1::BETTER_NEITHER, share.share()});
    }
    return absl::OkStatus();
  }

  Figures Take() { return std::move(figures_); }

 private:
  void Count(const char* name, v1::Better better, int64_t count) {
    figures_.push_back({name, v1::UNIT_COUNT, better, static_cast<double>(count)});
  }

  const LandlordModel& model_;
  rpc::Client* client_;
  FakeExecutor* executor_;
  sla::v1::ReportScope scope_;
  Figures figures_;
};

}  // namespace

absl::StatusOr<Figures> AskFigures(const LandlordModel& model, double detour_factor, rpc::Client* client,
                                   FakeExecutor* executor) {
  Questions questions(model, client, executor);
  RETURN_IF_ERROR(questions.TimeToResolution());
  RETURN_IF_ERROR(questions.OnTime());
  RETURN_IF_ERROR(questions.Visits(detour_factor));
  RETURN_IF_ERROR(questions.Waiting());
  return questions.Take();
}

}  // namespace redress::simulate
