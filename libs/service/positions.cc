#include "libs/service/positions.h"

#include <string>

#include "libs/runtime/rows.h"

namespace redress::service {

types::v1::Position PositionIn(const runtime::ServiceRuntime& runtime, const store::Rows& rows, uint16_t shard) {
  types::v1::Position position;
  position.set_log_id(runtime.info().log_id);
  position.set_stream(std::string(log::StreamName(runtime.stream())));
  position.set_shard(shard);
  position.set_next(runtime::LoadRuleState(rows, shard).next_offset);
  return position;
}

google::protobuf::RepeatedPtrField<types::v1::Position> PositionsIn(const runtime::ServiceRuntime& runtime,
                                                                    const store::Rows& rows) {
  google::protobuf::RepeatedPtrField<types::v1::Position> positions;
  for (uint32_t shard = 0; shard < runtime.shard_count(); ++shard) {
    *positions.Add() = PositionIn(runtime, rows, static_cast<uint16_t>(shard));
  }
  return positions;
}

}  // namespace redress::service
