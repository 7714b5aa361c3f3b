// Sees every call begin and end: rates, latencies, codes and open calls are counted behind this port.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/clock/clock.h"

namespace redress::rpc {

// Thread-safe. `method` is one of a fixed set ("redress.intake.v1.IntakeService/GetComplaint").
class CallObserver {
 public:
  virtual ~CallObserver() = default;
  virtual void Begun(absl::string_view method) = 0;
  // Once for each Begun; streams too, when they end.
  virtual void Ended(absl::string_view method, absl::StatusCode code, Millis took) = 0;
};

}  // namespace redress::rpc
