// The fingerprint of a whole request, so that no service lists its fields by hand.
#pragma once

#include <google/protobuf/message.h>

#include "libs/service/mutate.h"

namespace redress::service {

// Fields that are set, in the order of their numbers, nested messages too; all but `request_id` itself. A field that is
// added to the request later and left out by a caller changes nothing. Maps are not supported. Holds a copy of
// `request`.
Fingerprint FingerprintOf(const google::protobuf::Message& request);

}  // namespace redress::service
