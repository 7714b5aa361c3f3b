// Up to where a read has seen: what its answer carries, and a later read can ask for.
#pragma once

#include <google/protobuf/repeated_field.h>

#include <cstdint>
#include <optional>

#include "libs/runtime/service_runtime.h"
#include "libs/store/store.h"
#include "redress/types/v1/position.pb.h"

namespace redress::service {

// What `request` asks to be read up to at least; nothing when it does not say.
template <typename Request>
std::optional<types::v1::Position> PositionOf(const Request& request) {
  if (!request.has_position()) return std::nullopt;
  return request.position();
}

// Of one shard of the runtime's own stream, at the instant of `rows`.
types::v1::Position PositionIn(const runtime::ServiceRuntime& runtime, const store::Rows& rows, uint16_t shard);
// Of all its shards, in order.
google::protobuf::RepeatedPtrField<types::v1::Position> PositionsIn(const runtime::ServiceRuntime& runtime,
                                                                    const store::Rows& rows);

}  // namespace redress::service
