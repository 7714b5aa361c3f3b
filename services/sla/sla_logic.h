// The sla service as the runtime sees it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "libs/runtime/logic.h"

namespace redress::sla {

// Stateless; thread-safe.
class SlaLogic : public runtime::Logic {
 public:
  log::Stream stream() const override { return log::Stream::kSla; }
  int projection_version() const override;
  std::vector<log::ShardId> Follows(uint16_t shard, uint32_t shard_count) const override;
  absl::StatusOr<std::vector<runtime::NewEvent>> Decide(const store::Rows& rows, const runtime::v1::Order& order,
                                                        const runtime::DecideContext& context) const override;
  bool Knows(log::Stream stream, const log::v1::Event& event) const override;
  void Apply(const runtime::ApplyContext& context, const log::v1::Event& event, store::View* rows) const override;
  void ApplyAll(const runtime::ApplyContext& context, const std::vector<const log::v1::Event*>& events,
                store::View* rows) const override;
  std::string ResultOf(const runtime::ApplyContext& context, const store::Rows& rows) const override;
  absl::StatusOr<std::vector<runtime::v1::Order>> React(const runtime::Input& input,
                                                        const runtime::ReactContext& context) const override;
  void Fire(const runtime::Timer& timer, const runtime::ReactContext& context,
            std::function<void(std::optional<runtime::v1::Order>)> done) override;
};

}  // namespace redress::sla
