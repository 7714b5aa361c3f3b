// The hand-made map from stored events to the public contract: what leaves the house, and in which words.
#pragma once

#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "libs/log/log.h"
#include "redress/log/v1/record.pb.h"
#include "redress/public/v1/events.pb.h"

namespace redress::subscribe {

namespace public_v1 = ::redress::public_::v1;

// Every type there is, "redress.complaint.received.v1" …: one for each kind of data.
absl::Span<const absl::string_view> PublicTypes();

// What the world learns of one accepted decision; nothing for most of the register's and for what is nobody's business.
std::vector<public_v1::PublicEvent> PublicEventsOf(log::Stream stream, const log::v1::Body& body);

}  // namespace redress::subscribe
