// Inside of Commotion: how its stories call.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/service/requests.h"
#include "libs/status/errors.h"
#include "redress/intake/v1/intake_service.pb.h"
#include "redress/register/v1/register_service.pb.h"
#include "redress/routing/v1/routing_service.pb.h"
#include "redress/scheduling/v1/scheduling_service.pb.h"
#include "tests/sim/commotion.h"

namespace redress::sim {

namespace in = intake::v1;
namespace rt = routing::v1;
namespace sc = scheduling::v1;
namespace rg = register_::v1;
using service::WriteTime;

inline constexpr const char* kIntake = "redress.intake.v1.IntakeService/";
inline constexpr const char* kRouting = "redress.routing.v1.RoutingService/";
inline constexpr const char* kScheduling = "redress.scheduling.v1.SchedulingService/";
inline constexpr const char* kRegister = "redress.register.v1.RegisterService/";

// Refusals that tell of people in each other's way; anything else is a mistake of the services or of this file.
inline bool IsRefusal(const absl::Status& status) {
  return absl::IsFailedPrecondition(status) || absl::IsAborted(status) || absl::IsNotFound(status) ||
         absl::IsAlreadyExists(status);
}

// Several who want the same slot.
struct Commotion::Race {
  struct Runner {
    std::string complaint;
    std::string visit;
  };
  std::vector<Runner> runners;
  sc::Slot slot;
};

template <typename Request, typename Response>
void Commotion::Call(const std::string& method, Request request, std::function<void(const Response&)> then) {
  client_->Call<Response>(method, request, {},
                          [this, method, then = std::move(then)](absl::StatusOr<Response> response) {
                            if (response.ok()) {
                              if (then) then(*response);
                            } else if (IsRefusal(response.status())) {
                              ++reasons_[ReasonOf(response.status())];
                            } else {
                              ++unexpected_[absl::StrCat(method, " ", response.status().ToString())];
                            }
                          });
}

template <typename Request, typename Response>
void Commotion::Do(const std::string& method, const std::string& name, std::function<void(Request*)> fill,
                   std::function<void(const Response&)> then) {
  Request request;
  request.set_name(name);
  // Others may have done it already, or ended what it is about.
  request.set_request_id(NextId(/*perhaps_nothing=*/true));
  if (fill) fill(&request);
  Call<Request, Response>(method, std::move(request), [this, then = std::move(then)](const Response& response) {
    if constexpr (requires { response.complaint().name(); }) {
      complaints_[response.complaint().name()] = response.position();
    }
    if (then) then(response);
  });
}

}  // namespace redress::sim
