// What scheduling gives the runtime.
#pragma once

#include <string>
#include <vector>

#include "libs/runtime/logic.h"

namespace redress::scheduling {

// Stateless; thread-safe.
class SchedulingLogic : public runtime::Logic {
 public:
  log::Stream stream() const override { return log::Stream::kScheduling; }
  int projection_version() const override;
  // All shards of routing and of intake: a visit lies where its agency does, a complaint where its home is.
  std::vector<log::ShardId> Follows(uint16_t shard, uint32_t shard_count) const override;
  absl::StatusOr<std::vector<runtime::NewEvent>> Decide(const store::Rows& rows, const runtime::v1::Order& order,
                                                        const runtime::DecideContext& context) const override;
  bool Knows(log::Stream stream, const log::v1::Event& event) const override;
  void Apply(const runtime::ApplyContext& context, const log::v1::Event& event, store::View* rows) const override;
  // A serialised redress.scheduling.v1.Intervention or Technician.
  std::string ResultOf(const runtime::ApplyContext& context, const store::Rows& rows) const override;
  absl::StatusOr<std::vector<runtime::v1::Order>> React(const runtime::Input& input,
                                                        const runtime::ReactContext& context) const override;
  // The one timer there is: a hold's time is over.
  void Fire(const runtime::Timer& timer, const runtime::ReactContext& context,
            std::function<void(std::optional<runtime::v1::Order>)> done) override;
};

}  // namespace redress::scheduling
