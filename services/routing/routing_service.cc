#include "services/routing/routing_service.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/ids/ids.h"
#include "libs/runtime/rows.h"
#include "libs/service/checks.h"
#include "libs/service/mutate.h"
#include "libs/service/positions.h"
#include "libs/service/request_fingerprint.h"
#include "libs/service/requests.h"
#include "libs/status/macros.h"
#include "services/routing/assignment.h"
#include "services/routing/converters.h"
#include "services/routing/limits.h"
#include "services/routing/routing_errors.h"
#include "services/routing/routing_projection.h"
#include "services/routing/rules.h"

namespace redress::routing {
namespace {

using service::PositionOf;
using service::Violations;

struct Name {
  std::string id;
  uint16_t shard = 0;
};

Name ReadName(const std::string& name, uint32_t shard_count, Violations* violations) {
  const auto id = service::ParseName("name", "complaints", name);
  violations->Merge(id.status());
  if (!id.ok()) return {};
  const auto parts = ParseId(*id);
  if (!parts.ok()) violations->Add("name", "holds no id that this service gives out");
  return parts.ok() ? Name{*id, static_cast<uint16_t>(ShardOf(parts->placement, shard_count))} : Name{};
}

bool Sees(const Caller& caller, const rows::v1::ComplaintRow& row) {
  return row.state() != rows::v1::ComplaintRow::STATE_UNSPECIFIED && caller.Sees(AgencyOf(row));
}

Command ReadChoice(const v1::AssignComplaintRequest& request, Violations* violations) {
  Command command;
  auto* choice = command.mutable_assign_by_hand();
  service::CheckCode("team", request.team(), /*required=*/true, violations);
  service::CheckCode("agent", request.agent(), /*required=*/false, violations);
  service::CheckReason("reason", request.reason(), /*required=*/false, violations);
  if (request.priority() < 0 || request.priority() > kLowestPriority) {
    violations->Add("priority", absl::StrCat("must lie between 1 and ", kLowestPriority, ", or be 0"));
  }
  choice->set_team(request.team());
  choice->set_agent(request.agent());
  choice->set_reason(request.reason());
  choice->set_priority(request.priority());
  if (request.has_visit_needed()) choice->set_visit_needed(request.visit_needed());
  return command;
}

// A place in a queue as page tokens keep it: "2/01JD…".
std::string FormatPlace(const QueuePlace& place) { return absl::StrCat(place.priority, "/", place.complaint); }
QueuePlace ParsePlace(const std::string& text) {
  QueuePlace place;
  const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits('/', 1));
  if (parts.size() == 2 && absl::SimpleAtoi(parts[0], &place.priority)) place.complaint = parts[1];
  return place;
}

using Entries = std::vector<std::pair<QueuePlace, rows::v1::QueueRow>>;

// The first `count` entries behind `after` over all shards.
Entries MergeQueues(const store::Rows& rows, uint32_t shards, const v1::ListQueueRequest& request, const Caller& caller,
                    const QueuePlace& after, size_t count) {
  const Queue queue = request.agent().empty() ? Queue::kTeam : Queue::kAgent;
  const std::string& code = request.agent().empty() ? request.team() : request.agent();
  Entries entries;
  for (uint32_t shard = 0; shard < shards; ++shard) {
    size_t taken = 0;
    ScanQueue(rows, static_cast<uint16_t>(shard), queue, code, after,
              [&](const QueuePlace& place, const rows::v1::QueueRow& row) {
                const bool asked = request.team().empty() || row.team() == request.team();
                if (!asked || !caller.Sees(row.agency())) return true;
                entries.emplace_back(place, row);
                return ++taken < count;
              });
  }
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  if (entries.size() > count) entries.resize(count);
  return entries;
}

}  // namespace

void RoutingService::ReadComplaint(const CallContext& call, const std::string& name,
                                   const std::optional<types::v1::Position>& position,
                                   std::function<void(absl::StatusOr<Seen>)> done) {
  Violations violations;
  const Name read = ReadName(name, deps_.runtime->shard_count(), &violations);
  if (!violations.empty()) return done(violations.ToStatus());
  deps_.runtime->Read(position, [caller = call.caller, name, read, done = std::move(done)](auto rows) {
    if (!rows.ok()) return done(rows.status());
    Seen seen{*rows, read.shard, read.id, LoadComplaint(**rows, read.shard, read.id), 0};
    if (!Sees(*caller, seen.row)) return done(AssignmentNotFound(name));
    seen.version = runtime::VersionOf(**rows, read.shard, name);
    done(std::move(seen));
  });
}

void RoutingService::AssignComplaint(const CallContext& call, const v1::AssignComplaintRequest& request,
                                     Done<v1::AssignComplaintResponse> done) {
  if (const auto status = call.caller->Require(Permission::kRouteByHand); !status.ok()) return done(status);
  Violations violations;
  service::CheckRequestId(request.request_id(), &violations);
  const Name name = ReadName(request.name(), deps_.runtime->shard_count(), &violations);
  Command command = ReadChoice(request, &violations);
  const auto etag = service::ParseEtag(request.etag());
  violations.Merge(etag.status());
  if (!violations.empty()) return done(violations.ToStatus());
  // The decider asks again; this is so that an etag's refusal reveals nothing.
  const rows::v1::ComplaintRow row = LoadComplaint(*deps_.runtime->database(), name.shard, name.id);
  if (row.state() != rows::v1::ComplaintRow::STATE_UNSPECIFIED && !Sees(*call.caller, row)) {
    return done(AssignmentNotFound(request.name()));
  }
  const auto keys = deps_.keys->IndexKeys();
  if (!keys.ok()) return done(keys.status());
  *command.mutable_scope() = service::ScopeOf<commands::v1::Scope>(*call.caller);
  runtime::v1::Order order = service::CallerOrder(call, request.request_id());
  order.set_stream("routing");
  order.set_shard(name.shard);
  order.set_aggregate(request.name());
  order.set_etag(*etag);
  order.set_command(command.SerializeAsString());
  service::Fingerprint fingerprint = service::FingerprintOf(request);
  service::SetFingerprint(keys->front(), fingerprint, &order);
  service::Mutate(deps_.runtime, deps_.keys, std::move(order), std::move(fingerprint),
                  [runtime = deps_.runtime, name = request.name(), at = name,
                   done = std::move(done)](absl::StatusOr<runtime::v1::Receipt> receipt) {
                    if (!receipt.ok()) return done(receipt.status());
                    rows::v1::ComplaintRow row;
                    row.ParseFromString(receipt->result());
                    // Nothing was recorded: it was so already.
                    if (receipt->result().empty()) row = LoadComplaint(*runtime->database(), at.shard, at.id);
                    v1::AssignComplaintResponse response;
                    *response.mutable_assignment() = ToApi(name, row, receipt->version());
                    *response.mutable_position() = receipt->position();
                    done(std::move(response));
                  });
}

void RoutingService::GetAssignment(const CallContext& call, const v1::GetAssignmentRequest& request,
                                   Done<v1::GetAssignmentResponse> done) {
  if (const auto status = call.caller->Require(Permission::kReadComplaints); !status.ok()) return done(status);
  ReadComplaint(call, request.name(), PositionOf(request),
                [name = request.name(), runtime = deps_.runtime, done = std::move(done)](absl::StatusOr<Seen> seen) {
                  if (!seen.ok()) return done(seen.status());
                  v1::GetAssignmentResponse response;
                  *response.mutable_position() = service::PositionIn(*runtime, *seen->rows, seen->shard);
                  *response.mutable_assignment() = ToApi(name, seen->row, seen->version);
                  done(std::move(response));
                });
}

void RoutingService::ListQueue(const CallContext& call, const v1::ListQueueRequest& request,
                               Done<v1::ListQueueResponse> done) {
  if (const auto status = call.caller->Require(Permission::kReadComplaints); !status.ok()) return done(status);
  Violations violations;
  if (request.team().empty() && request.agent().empty()) violations.Add("team", "is missing, and so is agent");
  service::CheckCode("team", request.team(), /*required=*/false, &violations);
  service::CheckCode("agent", request.agent(), /*required=*/false, &violations);
  if (!violations.empty()) return done(violations.ToStatus());
  const auto question = service::QuestionOf(request, "queue", deps_.runtime->info().log_id, kRoutingProjectionVersion);
  const auto page = service::ReadPage(request.page_size(), request.page_token(), question);
  if (!page.ok()) return done(page.status());
  deps_.runtime->Read(PositionOf(request), [request, question, page = *page, caller = call.caller,
                                            runtime = deps_.runtime, done = std::move(done)](auto rows) {
    if (!rows.ok()) return done(rows.status());
    const auto size = static_cast<size_t>(page.size);
    Entries entries =
        MergeQueues(**rows, runtime->shard_count(), request, *caller, ParsePlace(page.last_key), size + 1);
    v1::ListQueueResponse response;
    *response.mutable_positions() = service::PositionsIn(*runtime, **rows);
    if (entries.size() > size) {
      entries.resize(size);
      response.set_next_page_token(service::WritePageToken(question, FormatPlace(entries.back().first)));
    }
    for (const auto& [place, row] : entries) {
      const auto parts = ParseId(place.complaint);
      *response.add_entries() = ToApi(place.complaint, parts.ok() ? parts->at_ms : 0, row);
    }
    done(std::move(response));
  });
}

void RoutingService::ExplainRoute(const CallContext& call, const v1::ExplainRouteRequest& request,
                                  Done<v1::ExplainRouteResponse> done) {
  if (const auto status = call.caller->Require(Permission::kReadComplaints); !status.ok()) return done(status);
  if (request.number() < 0) return done(InvalidFields({{"number", "is negative"}}));
  ReadComplaint(call, request.name(), PositionOf(request),
                [name = request.name(), number = request.number(), runtime = deps_.runtime,
                 done = std::move(done)](absl::StatusOr<Seen> seen) {
                  if (!seen.ok()) return done(seen.status());
                  const int64_t asked = number == 0 ? seen->row.assigned().assignment() : number;
                  const auto assigned = FindAssignment(*seen->rows, seen->shard, seen->id, asked);
                  if (!assigned.has_value())
                    return done(AssignmentNotFound(absl::StrCat(name, ", assignment ", asked)));
                  v1::ExplainRouteResponse response;
                  *response.mutable_explanation() = ToExplanation(name, *assigned);
                  *response.mutable_position() = service::PositionIn(*runtime, *seen->rows, seen->shard);
                  done(std::move(response));
                });
}

}  // namespace redress::routing
