// RoutingService without a transport: permission, parsing, orders, rendering.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "libs/privacy/key_store.h"
#include "libs/rpc/call_context.h"
#include "libs/runtime/service_runtime.h"
#include "redress/routing/rows/v1/rows.pb.h"
#include "redress/routing/v1/routing_service.pb.h"

namespace redress::routing {

// All of it outlives the service.
struct RoutingDeps {
  runtime::ServiceRuntime* runtime = nullptr;
  KeyStore* keys = nullptr;
};

// Thread-safe. Every handler calls `done` once, inside the call or on a strand of the runtime. What each RPC does, and
// its errors, stand in routing_service.proto.
class RoutingService {
 public:
  template <typename Response>
  using Done = std::function<void(absl::StatusOr<Response>)>;

  explicit RoutingService(RoutingDeps deps) : deps_(deps) {}

  void AssignComplaint(const CallContext& call, const v1::AssignComplaintRequest& request,
                       Done<v1::AssignComplaintResponse> done);
  void GetAssignment(const CallContext& call, const v1::GetAssignmentRequest& request,
                     Done<v1::GetAssignmentResponse> done);
  void ListQueue(const CallContext& call, const v1::ListQueueRequest& request, Done<v1::ListQueueResponse> done);
  void ExplainRoute(const CallContext& call, const v1::ExplainRouteRequest& request,
                    Done<v1::ExplainRouteResponse> done);

 private:
  // A complaint at one instant of the projection.
  struct Seen {
    std::shared_ptr<const store::Rows> rows;
    uint16_t shard = 0;
    std::string id;
    rows::v1::ComplaintRow row;
    int64_t version = 0;
  };
  // The complaint of `name`, if routing knows it and the caller sees it.
  void ReadComplaint(const CallContext& call, const std::string& name,
                     const std::optional<types::v1::Position>& position,
                     std::function<void(absl::StatusOr<Seen>)> done);

  const RoutingDeps deps_;
};

}  // namespace redress::routing
