// What the policies of all services have in common: how they refuse an input.
#pragma once

#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"
#include "redress/log/v1/record.pb.h"

namespace redress::service {

// DATA_LOSS, reason EVENT_UNREADABLE: the payload of another service's event is no message of it. The input is parked.
inline absl::Status EventUnreadable(const log::v1::Event& event) {
  return MakeError(absl::StatusCode::kDataLoss, "EVENT_UNREADABLE",
                   absl::StrCat(event.aggregate(), " version ", event.version(), " cannot be read"));
}

}  // namespace redress::service
